"""Page logs without a daemon: rows of the stand-in, at any rate."""

from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

from acbridge import Thresholds
from acbridge.pages import AC1
from acbridge.recording.page_log.file import PageLogFile
from acbridge.recording.page_log.head import Head, to_json
from acbridge.recording.page_log.rows import Row, RowKind
from acbridge.recording.page_log.side_file import SideFile
from acbridge.status import SimState
from acbridge.wire import Stamp
from acbridge_sim import SessionType, World

RUN = 7
START = Stamp(1_000_000_000_000, 1.8e9)
STEP_MS = 3


@cache
def drive(seconds: float, rate: float = 60.0) -> tuple[Row, ...]:
    """Return the rows of a hotlap from its start."""
    return rows_of(World(session=SessionType.HOTLAP), seconds, rate)


def rows_of(world: World, seconds: float, rate: float) -> tuple[Row, ...]:
    """Drive a world in lock-step, and return its rows."""
    rows: list[Row] = []
    for number in range(round(seconds * rate)):
        due = round(number * 1000 / rate / STEP_MS)
        world.step(due - world.ticks)
        rows.append(row(number, tuple(world.pages())))
    return tuple(rows)


def row(number: int, pages: tuple[bytes, ...] | None, state: SimState = SimState.LIVE, rate: float = 60.0) -> Row:
    kind = RowKind.NONE if pages is None else RowKind.PAGES
    return Row(kind, state, number, stamp(number, rate), pages, "" if pages else "no pages")


def stamp(number: int, rate: float = 60.0) -> Stamp:
    return Stamp(START.mono_ns + round(number * 1e9 / rate), START.timestamp + number / rate)


def head_row(run: int = RUN, *, rate: float = 60.0, first: Stamp = START, **thresholds: float) -> Row:
    head = Head(AC1, run, "1.0", "sim", rate, Thresholds().changed(thresholds), names=False)
    return Row(RowKind.HEAD, SimState.LIVE, 0, first, text=to_json(head))


def write(path: Path, rows: Sequence[Row], *, run: int = RUN, block: int = 60, **head: float) -> Path:
    """Write rows as a finished page log of blocks of so many rows, or behind what is there."""
    file = PageLogFile.continued(path, SideFile(print))
    file.append([head_row(run, first=rows[0].stamp, **head)])
    for begin in range(0, len(rows), block):
        file.append(rows[begin : begin + block])
        file.sync()
    file.close()
    return path


def numbers(rows: Iterable[Row]) -> list[int]:
    return [row.tick for row in rows]
