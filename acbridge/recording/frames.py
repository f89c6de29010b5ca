"""
Lines of a recording to frames, as a daemon would have published them.

A recording has no ``seq`` for most topics and seldom a status: both are made here, the status from what the header and
the graphics page say.

Pure: it opens nothing and reads no clock.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from acbridge.pages import STATUS_LIVE, STATUS_PAUSE, STATUS_REPLAY, Graphics, Static
from acbridge.recording.parsing import FrameLine, GapLine, Header, Line, TickLine
from acbridge.schema import Column, Record
from acbridge.status import SimState, Status
from acbridge.wire import Frame

STATUS_EVERY_NS = 1_000_000_000
"""How often a daemon publishes its status."""
_EMPTY = {"integer": 0, "number": 0.0, "boolean": False, "string": ""}
_SIM_STATES = {STATUS_REPLAY: SimState.REPLAY, STATUS_LIVE: SimState.LIVE, STATUS_PAUSE: SimState.PAUSED}


def to_frames(lines: Iterable[tuple[Header, Line]]) -> Iterator[Frame[Any]]:
    """
    Yield the frames of a recording in the order in which they were published.

    A header is followed by a static frame if it knows the static record. Where the recording has no status frames, one
    is made for every second and for every change of the sim's state. Records of which columns are missing are left out.

    Args:
        lines: Such as :func:`read_lines` gives.
    """
    counted = _Counter()
    status = _StatusMaker()
    static: Static | None = None
    for header, line in lines:
        if isinstance(line, Header):
            counted.begin(line.run)
            static = line.static
        elif isinstance(line, GapLine):
            counted.lose(line.lost)
        elif isinstance(line, FrameLine):
            if line.record is not None:
                yield counted.frame(line.record, line)
        else:
            records = list(line.records)
            if static is not None:
                records.insert(0, static)  # the change of car or track is known before its first tick
                static = None
            if Status.topic not in header.topics:
                records += status.due(header, line, records)
            for record in records:
                yield counted.frame(record, line)


class _Counter:
    """Gives frames their ``seq`` and the number of lost frames before them."""

    def __init__(self) -> None:
        self._run = 0
        self._next: dict[str, int] = {}
        self._lost: dict[str, int] = {}

    def begin(self, run: int) -> None:
        """Begin the lines of a run; another run counts from 0."""
        if run != self._run:
            self._run = run
            self._next.clear()

    def lose(self, lost: dict[str, int]) -> None:
        """Note frames that are missing before the next ones."""
        for topic, count in lost.items():
            self._lost[topic] = self._lost.get(topic, 0) + count

    def frame(self, record: Record, line: TickLine | FrameLine) -> Frame[Any]:
        """Return the record as a frame."""
        lost = self._lost.pop(record.topic, 0)
        seq = self._next.get(record.topic, 0) + lost
        self._next[record.topic] = seq + 1
        return Frame(record, self._run, line.tick, seq, line.timestamp, line.mono_ns, lost)


class _StatusMaker:
    """Makes the status frames that a recording does not hold."""

    def __init__(self) -> None:
        self._said: tuple[int, str] | None = None
        self._at_ns = 0

    def due(self, header: Header, line: TickLine, records: list[Record]) -> list[Record]:
        """Return a status record if one is due at this tick."""
        graphics = next((record for record in records if isinstance(record, Graphics)), None)
        state = SimState.LIVE if graphics is None else _SIM_STATES.get(graphics.status, SimState.IDLE)
        unchanged = self._said == (header.run, state)
        if unchanged and 0 <= line.mono_ns - self._at_ns < STATUS_EVERY_NS:
            return []
        self._said, self._at_ns = (header.run, state), line.mono_ns
        known = {**header.daemon, "sim_state": str(state), "sim_state_since": line.timestamp}
        values = {column.name: known.get(column.name) or _empty(column) for column in Status.columns}
        return [Status.adopt(values)]


def _empty(column: Column) -> Any:
    """Return the value of a column about which a recording says nothing."""
    return None if column.nullable else _EMPTY[column.kind.json]
