"""The command `report` of acbridge-recording."""

from pathlib import Path

import click

from acbridge.cli import writing_stdout
from acbridge.errors import DecodeError
from acbridge.recording import open_recording
from acbridge.recording.reader import read_lines
from acbridge_recording.cut import finished
from acbridge_recording.laps import Lap, best_of, choose
from acbridge_recording.opening import one_line
from acbridge_recording.report.comparison import compare
from acbridge_recording.report.page import page
from acbridge_recording.report.samples import Drive, drive_of
from acbridge_recording.report.trace import Trace, trace_of

LAPS = 2
PATH = click.Path(path_type=Path)
EPILOG = """\b
Examples:
  acbridge-recording report evening.acrec -o evening.html
  acbridge-recording report evening.acrec --lap best --lap 3 -o evening.html
  acbridge-recording report mine.acrec friend.acrec -o duel.html
"""


@click.command(epilog=EPILOG)
@click.argument("recording", type=PATH)
@click.argument("other", type=PATH, required=False)
@click.option("-o", "--output", "target", type=PATH, required=True, help="The page to write.")
@click.option(
    "--lap", "wanted", multiple=True, metavar="N|best",
    help="Compare this lap; give it twice to choose both. Of two recordings, each has its own.",
)  # fmt: skip
def report(recording: Path, other: Path | None, target: Path, wanted: tuple[str, ...]) -> None:
    """
    Write two laps over distance as one page of HTML, which needs no network.

    It shows speed, delta time, pedals, steering, gear and tyres, the track coloured by gain and loss, mini-sectors and
    g-g. Without --lap it compares the best lap with the newest other valid one, or the best laps of two recordings.
    """
    if len(wanted) > LAPS:
        raise click.UsageError("a report compares two laps: give --lap at most twice")
    with writing_stdout(), one_line(recording):
        mine = _drive(recording)
        if other is None:
            first, second = two_of(mine.laps, wanted)
            names = (f"lap {first.number}", f"lap {second.number}")
            compared = compare(_trace(mine, first), _trace(mine, second))
        else:
            theirs = _drive(other)
            choices = [*wanted, "best", "best"]
            first, second = choose(mine.laps, choices[0]), choose(theirs.laps, choices[1])
            names = (f"{mine.name}, lap {first.number}", f"{theirs.name}, lap {second.number}")
            compared = compare(_trace(mine, first), _trace(theirs, second))
        with finished(target, *(path for path in (recording, other) if path is not None)) as part:
            part.write_text(page(compared, names), encoding="utf-8")
    click.echo(f"{target}: {names[0]} and {names[1]}")


def two_of(laps: list[Lap], wanted: tuple[str, ...]) -> tuple[Lap, Lap]:
    """
    Return the two laps of one recording to compare.

    The first is the one that was named first, else the best. The second is the one that was named second, else the
    best, else the newest other valid one.

    Raises:
        DecodeError: There are no two such laps.
    """
    first = choose(laps, wanted[0] if wanted else "best")
    if len(wanted) > 1:
        second = choose(laps, wanted[1])
        if second == first:
            raise DecodeError(f"lap {first.number} was chosen twice; a report compares two laps")
        return first, second
    best = best_of(laps)
    if best is not None and best != first:
        return first, best
    others = [lap for lap in laps if lap.valid and lap != first]
    if not others:
        raise DecodeError(f"there is no valid lap beside lap {first.number}; name one with --lap, or give another file")
    return first, others[-1]


def _drive(path: Path) -> Drive:
    return drive_of(path.stem, read_lines(open_recording(path)))


def _trace(drive: Drive, lap: Lap) -> Trace:
    return trace_of(lap, drive.of(lap), f"{drive.name}, lap {lap.number}")
