"""The commands: each reads its files once or twice, makes a map, and prints what the map is."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import click

from acbridge import DecodeError, MissingExtra, TrackMapError, track_map
from acbridge.cli import ExitCode, exit_codes, fail, needs_extra, report, writing_stdout
from acbridge.recording import RecordedTick, open_recording, read_ticks
from acbridge.track_map import Borders, TrackMap, fast_lane
from acbridge.track_map.folders import VARIABLE, file_name
from acbridge.track_map.learn import DrivenLap, laps_of, learned
from acbridge.track_map.track_map import check_name
from acbridge_ctl.track import picture
from acbridge_ctl.track.inside import wheels_inside

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_RECORDING = click.Path(exists=True, path_type=Path)
_PICTURES = (".svg", ".png")
CODES = exit_codes(ExitCode.OK, ExitCode.USAGE, ExitCode.DATA, ExitCode.IO, ExitCode.CONFIG)


def output_option(command: click.decorators.FC) -> click.decorators.FC:
    """Add --output; the command takes it as ``output``."""
    return click.option(
        "--output",
        type=click.Path(dir_okay=False, path_type=Path),
        help=f"File to write; by default in the folder of maps ({VARIABLE}, or the user's own), by track and layout.",
    )(command)


@click.group(epilog=f"docs/guides/track-maps.md has the file format.\n\n{CODES}")
def track() -> None:
    """Make maps of tracks, and show them."""


@track.command(
    epilog="\b\nExamples:\n  acbridge-ctl track learn lap.jsonl.gz\n"
    "  acbridge-ctl track learn laps.jsonl --left left.jsonl --right right.jsonl"
)
@click.argument("recording", type=_RECORDING)
@click.option("--left", type=_RECORDING, help="Recording of laps with the left wheels on the left edge.")
@click.option("--right", type=_RECORDING, help="Recording of laps with the right wheels on the right edge.")
@output_option
def learn(recording: Path, left: Path | None, right: Path | None, output: Path | None) -> None:
    """
    Make the map of the track on which RECORDING was driven.

    RECORDING is a file that acbridge-sink jsonl wrote, or a directory of them, with at least one whole lap that counts;
    of several laps the mean is the line. Without border laps the edges are assumed to be 5 m away.
    """
    if (left is None) != (right is None):
        raise click.UsageError("--left and --right are given both, or neither")
    with reading():
        laps = driven(recording)
        borders = [[] if path is None else driven(path) for path in (left, right)]
        try:
            found = learned(laps, *borders)
        except ValueError as error:
            fail(f"{recording}: {error}", ExitCode.DATA)
    write(found, output)
    if found.borders is Borders.ASSUMED:
        report("the edges are assumed; drive a lap along each, slowly, and add --left and --right")


@track.command(
    "import",
    epilog="\b\nExamples:\n  acbridge-ctl track import content/tracks/monza/ai/fast_lane.ai --check lap.jsonl\n"
    "  acbridge-ctl track import borders.csv --track monza",
)
@click.argument("path", type=_FILE)
@click.option("--track", "name", help="Folder name of the track; by default from the file's place in the game.")
@click.option("--layout", default="", help="Folder name of the layout, for a track with several.")
@click.option(
    "--check", type=_RECORDING, help="Recording of laps on the track, whose wheels must lie inside its edges."
)
@output_option
def import_map(path: Path, name: str | None, layout: str, check: Path | None, output: Path | None) -> None:
    """
    Make a map of the game's fast_lane.ai, or of a CSV file with borders.

    With --check, 99 % of the wheels must lie inside the edges; if they do only with left and right swapped, as in
    mirrored tracks, the edges are swapped. The map then begins at the timing line; else it begins with the file's first
    point, which on some tracks is not on that line.
    """
    names = (name, layout) if name else fast_lane.names_of(path)
    if names is None:
        if path.suffix == ".ai":
            raise click.UsageError(f"{path} is not in the game's folder tracks; give --track, and perhaps --layout")
        names = (path.stem, layout)
    try:
        check_name(names[0])
        check_name(names[1], optional=True)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    with reading():
        laps = [] if check is None else laps_of(ticks(check)).laps
        begin = (laps[0].path["x"][0], laps[0].path["z"][0]) if laps else None
        found = load(path, names, begin=begin)
        if check is not None:
            found = checked(found, path, names, check, begin)
    write(found, output)


def load(
    path: Path, names: tuple[str, str], *, swapped: bool = False, begin: tuple[float, float] | None = None
) -> TrackMap:
    """Return the map in a file of the game or in a CSV file, which has names of its own if it is a map of ours."""
    if path.suffix == ".ai":
        return fast_lane.read(path, *names, swapped=swapped, begin=begin)
    found = track_map.read(path, *names)
    return replace(found, left=found.right, right=found.left) if swapped else found


def checked(
    found: TrackMap, path: Path, names: tuple[str, str], check: Path, begin: tuple[float, float] | None
) -> TrackMap:
    """Return a map that fits a recording, with left and right swapped if it fits only so; else end the program."""
    wheels = wheels_inside(found, ticks(check))
    if wheels.looked_at == 0:
        fail(f"{check}: no tick shows all wheels on the track", ExitCode.DATA)
    if wheels.fits:
        report(f"{wheels.share:.1%} of {wheels.looked_at} wheels lie inside the edges")
        return found
    try:
        other = load(path, names, swapped=True, begin=begin)
        swapped = wheels_inside(other, ticks(check))
    except TrackMapError:
        other, swapped = found, wheels
    if not swapped.fits:
        fail(
            f"{path}: only {wheels.share:.1%} of the wheels in {check} lie inside the edges, and {swapped.share:.1%} "
            "with left and right swapped; is it the same track and layout?",
            ExitCode.DATA,
        )
    report(f"left and right are swapped: so {swapped.share:.1%} of {swapped.looked_at} wheels lie inside the edges")
    return other


@track.command(epilog="\b\nExample:\n  acbridge-ctl track show monza.csv --output monza.svg")
@click.argument("path", metavar="MAP", type=_FILE)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help='Draw the map as .svg, or as .png (extra "plot").',
)
def show(path: Path, output: Path | None) -> None:
    """Print what the map in a file is, and draw it."""
    if output is not None and output.suffix not in _PICTURES:
        raise click.UsageError(f"--output ends with {' or '.join(_PICTURES)}, not {output.suffix or 'nothing'}")
    with reading():
        found = track_map.read(path)
    facts = facts_of(found)
    if output is not None:
        try:
            if output.suffix == ".svg":
                output.write_text(picture.svg(found, facts), encoding="utf-8")
            else:
                with needs_extra("plot", f"--output {output.name}"):
                    picture.png(found, facts, output)
        except OSError as error:
            fail(f"cannot write {output}: {error.strerror}", ExitCode.IO)
    echo(facts)


def facts_of(found: TrackMap) -> list[tuple[str, str]]:
    """Return what a map is, as pairs of name and text."""
    low, high = found.widths
    facts = [
        ("track", found.title),
        ("line", f"{found.length:.1f} m long, {len(found.s)} points {found.spacing:.2f} m apart"),
        ("borders", f"{found.borders}, {low:.1f} to {high:.1f} m apart"),
        ("height", f"{min(found.y):z.1f} to {max(found.y):z.1f} m"),
    ]
    if found.speed is not None:
        facts.append(("speed", f"{3.6 * min(found.speed):.0f} to {3.6 * max(found.speed):.0f} km/h"))
    return [*facts, ("made of", found.origin), ("sha", found.sha)]


def write(found: TrackMap, output: Path | None) -> None:
    """Write a map, and print where and what it is."""
    path = output or track_map.folders()[0] / file_name(found.name, found.configuration)
    try:
        track_map.write(found, path)
    except OSError as error:
        fail(f"cannot write {path}: {error.strerror}", ExitCode.IO)
    echo([("file", str(path)), *facts_of(found)])


def echo(facts: list[tuple[str, str]]) -> None:
    """Print pairs of name and text."""
    with writing_stdout():
        for name, text in facts:
            click.echo(f"{name:<9} {text}")


def driven(path: Path) -> list[DrivenLap]:
    """Return the laps of a recording that count, at least one; else end the program."""
    found = laps_of(ticks(path))
    for reason in found.left_out:
        report(f"{path}: left out {reason}")
    if not found.laps:
        problem = (
            "no lap of it counts and is seen whole"
            if found.left_out
            else "it shows no whole lap; record from before the timing line until a moment after it"
            if found.ticks
            else "it has no tick with physics, graphics and static"
        )
        fail(f"{path}: {problem}", ExitCode.DATA)
    return found.laps


def ticks(path: Path) -> Iterator[RecordedTick]:
    """
    Yield the ticks of a recording; the errors of its lines name the file.

    Raises:
        TrackMapError: It is no recording.
    """
    try:
        yield from read_ticks(open_recording(path))
    except DecodeError as error:
        raise TrackMapError(path, str(error)) from error


@contextmanager
def reading() -> Generator[None]:
    """End the program with one line if a file cannot be read, or does not hold what it should."""
    try:
        yield
    except TrackMapError as error:
        fail(str(error), ExitCode.DATA)
    except MissingExtra as error:
        fail(str(error), ExitCode.CONFIG)
    except OSError as error:
        fail(f"{error.filename or 'a file'}: {error.strerror or error}", ExitCode.IO)
