"""The command line of the stand-in."""

import sys
from contextlib import closing
from pathlib import Path

import click

from acbridge import TrackMapError
from acbridge.cli import ExitCode, FiniteRange, fail, needs_extra, report, stop_requested
from acbridge_sim import script
from acbridge_sim.faults import ROLLOVERS, Faults
from acbridge_sim.maps import load_track
from acbridge_sim.model.circuits import LAYOUTS
from acbridge_sim.model.garage import CARS, car_named
from acbridge_sim.model.track import Track
from acbridge_sim.plot import plot_lap
from acbridge_sim.roads import track_named
from acbridge_sim.session import SessionType
from acbridge_sim.shared_pages import InUseError, SharedPages
from acbridge_sim.show import Show
from acbridge_sim.world import World

EPILOG = """\b
Examples:
  acbridge-sim                                       drive laps until Ctrl-C
  acbridge-sim --script "live 10; pause 2; live 5; exit"
  acbridge-sim --layout oval --session hotlap --seed 7
  acbridge-sim --car gt3 --plot lap.png              draw one lap of another car as a picture
  acbridge-sim --torn-writes 5 --not-finite          inject two faults

\b
A script is a list of steps separated by semicolons:
""" + "\n".join(
    f"  {name + (' SECONDS' if name in script.LASTING else ''):<16} {meaning}"
    for name, meaning in (*script.LASTING.items(), *script.INSTANT.items())
)


@click.command(epilog=EPILOG, context_settings={"auto_envvar_prefix": "ACBRIDGE_SIM", "max_content_width": 100})
@click.option(
    "--layout",
    "layout_name",
    default=LAYOUTS[0],
    show_default=True,
    help=f"Track: one of {', '.join(LAYOUTS)}, or random:SEED for a random road.",
)
@click.option(
    "--borders",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Load the track from a CSV file instead: a map (docs/guides/track-maps.md) or borders.",
)
@click.option("--car", "car_name", default=next(iter(CARS)), show_default=True, help=f"One of {', '.join(CARS)}.")
@click.option(
    "--session",
    type=click.Choice([session.name.lower() for session in SessionType]),
    default="practice",
    show_default=True,
    help="Practice and qualify start in the pits, a race on the grid, a hotlap at speed.",
)
@click.option(
    "--driver",
    type=click.Choice(("ai", "none")),
    default="ai",
    show_default=True,
    help="Who drives: the built-in driver, or the program that writes the control page.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Each seed gives a slightly different driver.")
@click.option(
    "--pace",
    type=FiniteRange(0.2, 1),
    default=1.0,
    show_default=True,
    help="Share of the highest speeds that the built-in driver drives at.",
)
@click.option("--fps", type=FiniteRange(1, 333), default=60.0, show_default=True, help="Rendered frames per second.")
@click.option("--script", "script_text", help="Steps to run through; see below.")
@click.option("--page-prefix", default="acpmf_", show_default=True, help="Prefix of the pages' names.")
@click.option(
    "--page-dir",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path("/dev/shm") if sys.platform != "win32" else None,  # noqa: S108  where Linux keeps shared memory
    show_default=True,
    help="Directory of the page files (Linux).",
)
@click.option(
    "--plot", "plot_path", type=click.Path(dir_okay=False, path_type=Path), help="Draw one lap as a PNG and exit."
)
@click.option(
    "--torn-writes",
    type=FiniteRange(min=0),
    default=0.0,
    help="Fault: write physics in two halves, up to this many µs apart; readers cannot detect gaps above 20.",
)
@click.option("--frozen-packet-id", is_flag=True, help="Fault: physics.packetId stands still.")
@click.option(
    "--rollover",
    type=click.Choice(tuple(ROLLOVERS)),
    default="together",
    help="Fault: order in which the parts of a new lap appear.",
)
@click.option(
    "--finish-at", type=float, default=0.0, help="Fault: normalised position of the finish line, such as 0.98."
)
@click.option("--negative-rpm", is_flag=True, help="Fault: rpms sometimes reads -786.")
@click.option("--ninth-gear", is_flag=True, help="Fault: gear sometimes reads 9.")
@click.option("--not-finite", is_flag=True, help="Fault: some floats sometimes read nan or inf.")
@click.option("--wild-slip", is_flag=True, help="Fault: wheelSlip sometimes reads 1e6.")
@click.option("--sm-version", default="1.7", help="Fault: value of smVersion; 1.9 is another sim's.")
@click.option("--zero-pages", is_flag=True, help="Fault: every byte of every page is zero.")
@click.version_option(package_name="acbridge")
def main(
    layout_name: str,
    borders: Path | None,
    car_name: str,
    session: str,
    driver: str,
    seed: int,
    pace: float,
    fps: float,
    script_text: str | None,
    page_prefix: str,
    page_dir: Path | None,
    plot_path: Path | None,
    torn_writes: float,
    **faults: object,
) -> None:
    """
    Simulate Assetto Corsa: a car on a track, in the game's own shared memory.

    Creates the pages that Assetto Corsa creates, rewrites physics every 3 ms and graphics at every rendered frame;
    acbridge-daemon and other tools read them as they read the game's. Ctrl-C exits as the game does: the pages stay.
    """
    if any(separator in page_prefix for separator in ("/", "\\", "\0")):
        raise click.UsageError("--page-prefix is the first part of a file name and cannot contain / or \\")
    if plot_path is not None and (driver == "none" or script_text is not None):
        raise click.UsageError("--plot needs the built-in driver: it excludes --driver none and --script")
    try:
        steps = script.parse(script_text) if script_text is not None else None
        track = choose_track(layout_name, borders)
        chosen = SessionType.HOTLAP if plot_path is not None else SessionType[session.upper()]
        world = World(
            track=track,
            session=chosen,
            driver=driver,
            seed=seed,
            pace=pace,
            fps=fps,
            spec=car_named(car_name),
            faults=Faults(**faults),  # type: ignore[arg-type]  # click made them
        )
    except TrackMapError as error:
        fail(str(error), ExitCode.DATA)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    if plot_path is not None:
        draw(world, plot_path)
        return
    stopping = stop_requested()
    try:
        pages = SharedPages(page_dir or Path(), page_prefix, controls=driver == "none")
    except InUseError as error:
        fail(str(error), ExitCode.UNAVAILABLE)
    except OSError as error:
        fail(f"cannot create the pages in {page_dir}: {error.strerror}", ExitCode.IO)
    report(f"{track.name} {track.configuration}, {car_name}, {session}; pages {page_prefix}*")
    if driver == "none":
        report(f"drive it through the control page {page_prefix}controls")
    with closing(pages):
        Show(world, pages, torn_s=torn_writes * 1e-6).run(steps, stopping)


def choose_track(layout_name: str, borders: Path | None) -> Track:
    """
    Return the named track, or the track that a file of borders holds.

    Raises:
        ValueError: There is no such track.
        TrackMapError: The file does not hold a track.
    """
    return track_named(layout_name) if borders is None else load_track(borders)


def draw(world: World, path: Path) -> None:
    """Draw one lap; exit with one line if matplotlib is missing or the file cannot be written."""
    try:
        with needs_extra("plot", "--plot"):
            lap_ms = plot_lap(world, path)
    except OSError as error:
        fail(f"cannot write {path}: {error.strerror}", ExitCode.IO)
    click.echo(f"{path}: one lap of {world.track.name} {world.track.configuration} in {lap_ms / 1000:.3f} s", err=True)
