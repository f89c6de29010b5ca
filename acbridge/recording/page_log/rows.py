"""What one tick of the daemon leaves in a page log. Values only."""

import json
from enum import IntEnum
from typing import Any, NamedTuple, cast

from acbridge.errors import DecodeError
from acbridge.pages import Pages
from acbridge.plain_text import plain_values
from acbridge.status import SimState
from acbridge.wire import Stamp

STATES = (
    SimState.ABSENT,
    SimState.UNSUPPORTED,
    SimState.IDLE,
    SimState.REPLAY,
    SimState.LIVE,
    SimState.PAUSED,
    SimState.FROZEN,
)
"""The sim's states by the number that stands in a file; only ever extended at the end."""


class RowKind(IntEnum):
    """What a row holds; the number stands in the file."""

    PAGES = 0
    """A copy of every page that held still."""
    NONE = 1
    """There were no pages; the text says why."""
    TORN = 2
    """The pages never held still, so the tick was given up."""
    NOTE = 3
    """Something that the daemon was asked for between two ticks; the text is a JSON object."""
    HEAD = 4
    """The values of a head, as JSON: it begins a file or a run, and never stands in a block."""


class Row(NamedTuple):
    """
    One row.

    Attributes:
        kind: What it holds.
        state: The sim's state after the tick.
        tick: Turn of the daemon's loop; of a note, the turn before it.
        stamp: When the pages were sampled, or the note was made.
        pages: The pages, in the order of the game; ``None`` if the row has none.
        text: Why there are no pages, or what the note says.
    """

    kind: RowKind
    state: SimState
    tick: int
    stamp: Stamp
    pages: Pages | None = None
    text: str = ""


class NoteKind:
    """The kinds of notes."""

    MARK = "mark"
    """A moment was marked [text]."""
    THRESHOLDS = "thresholds"
    """Thresholds were changed [values: those that are new, by name]."""
    RATE = "rate"
    """The rate was changed [rate, Hz]."""
    GAP = "gap"
    """Ticks were not written because the disk was too slow or full [tick, last_tick, ticks]."""


def wall_ns(timestamp: float) -> int:
    """Return Unix seconds as whole nanoseconds, which divided by 1e9 give the same float again."""
    seconds = int(timestamp)  # one product would be rounded to 256 ns, as every float of this size is
    return seconds * 1_000_000_000 + round((timestamp - seconds) * 1e9)


def note(kind: str, tick: int, stamp: Stamp, state: SimState, **details: Any) -> Row:
    """Return a note as a row."""
    text = json.dumps({"note": kind, **details}, ensure_ascii=False, separators=(",", ":"))
    return Row(RowKind.NOTE, state, tick, stamp, text=text)


def read_note(row: Row) -> dict[str, Any]:
    """
    Return what a note says, with plain texts; its kind is ``note``.

    Raises:
        DecodeError: It is not a JSON object.
    """
    try:
        values: object = json.loads(row.text)
    except (ValueError, RecursionError) as error:
        raise DecodeError(f"a note is not JSON: {error}") from error
    if not isinstance(values, dict):
        raise DecodeError("a note is no JSON object")
    return plain_values(cast("dict[str, Any]", values))
