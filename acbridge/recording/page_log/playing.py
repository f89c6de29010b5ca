"""
Page logs to lines: what a recording of the daemon's frames would hold, derived from the pages by today's code.

Everything that reads recordings takes headers and lines, so a page log can stand wherever JSON lines can.
"""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, cast

from acbridge.derived import Derived, Event
from acbridge.derived.deriver import DERIVED_FROM, Deriver
from acbridge.derived.tick import is_another_car_or_track
from acbridge.errors import DecodeError
from acbridge.pages import Graphics, Physics, Static
from acbridge.recording.lines import Layout
from acbridge.recording.page_log.head import Head
from acbridge.recording.page_log.rows import NoteKind, Row, RowKind, read_note
from acbridge.recording.parsing import FrameLine, GapLine, Header, Line, TickLine
from acbridge.topics import TICK_RECORDS

if TYPE_CHECKING:
    from acbridge.schema import Record
    from acbridge.status import SimState

_TOPICS = frozenset([record.topic for record in (Physics, Graphics, Derived)] + [Event.topic, Static.topic])


class Player:
    """Turns rows into headers and lines; keeps what is derived through files of one run."""

    def __init__(self) -> None:
        self._head: Head | None = None
        self._deriver = Deriver()
        self._header: Header
        self._static: tuple[bytes, Static] | None = None
        self._has_header = False
        self._state: SimState | None = None

    def lines(self, rows: Iterable[tuple[Head, Row]]) -> Iterator[tuple[Header, Line]]:
        """
        Yield each line with the header that holds for it; a header comes before its lines.

        Raises:
            DecodeError: A note says what cannot be.
        """
        for head, row in rows:
            if head is not self._head:
                if self._head is None or head.run != self._head.run:
                    self._deriver = Deriver(head.thresholds)
                self._head = head
                self._header = _header(head)
                self._has_header = False
            yield from self._line(head, row)

    def _line(self, head: Head, row: Row) -> Iterator[tuple[Header, Line]]:
        if row.kind is RowKind.NOTE:
            yield from self._note(row)
        elif row.kind is RowKind.PAGES and row.state.flows and row.pages is not None:
            yield from self._tick(head, row)
        elif row.kind is not RowKind.TORN and row.state is not self._state:
            yield from self._events(row, self._deriver.set_state(row.state))
        if row.kind is not RowKind.NOTE:
            self._state = row.state

    def _tick(self, head: Head, row: Row) -> Iterator[tuple[Header, Line]]:
        pages = cast("tuple[bytes, ...]", row.pages)
        game = head.game
        static_page = pages[game.pages.index(Static)]
        before, known = self._static, self._has_header
        if before is None or before[0] != static_page:
            self._static = (static_page, Static.from_page(static_page))
        static = cast("tuple[bytes, Static]", self._static)[1]
        if not known or (before is not None and is_another_car_or_track(static, before[1])):
            self._has_header = True
            self._header = self._header._replace(static=static)
            yield self._header, self._header
        elif before is not self._static:
            self._header = self._header._replace(static=static)
            yield self._header, FrameLine(row.tick, row.stamp.timestamp, row.stamp.mono_ns, static)
        physics, graphics, _ = [page.from_page(pages[game.pages.index(page)]) for page in DERIVED_FROM]
        derived, events = self._deriver.tick(cast("Physics", physics), cast("Graphics", graphics), static)
        records = {Physics: physics, Graphics: graphics, Derived: derived}
        found = tuple([cast("Record", records[kind]) for kind in TICK_RECORDS if kind in records])
        yield self._header, TickLine(row.tick, row.stamp.timestamp, row.stamp.mono_ns, found)
        yield from self._events(row, events)

    def _note(self, row: Row) -> Iterator[tuple[Header, Line]]:
        values = read_note(row)
        kind = values.get("note")
        if kind == NoteKind.MARK:
            yield from self._events(row, [self._deriver.mark(str(values.get("text", "")))])
        elif kind == NoteKind.THRESHOLDS:
            try:
                thresholds = self._deriver.thresholds.changed(values.get("values") or {})
            except (ValueError, TypeError, AttributeError) as error:
                raise DecodeError(f"a note about thresholds: {error}") from error
            event = self._deriver.set_thresholds(thresholds)
            daemon = {**self._header.daemon, "thresholds": thresholds.values()}
            self._header = self._header._replace(thresholds=thresholds, daemon=daemon)
            yield from self._events(row, [event])
        elif kind == NoteKind.GAP:
            ticks = values.get("ticks")
            if type(ticks) is int and ticks > 0:
                yield self._header, GapLine({record.topic: ticks for record in TICK_RECORDS})

    def _events(self, row: Row, events: list[Event]) -> Iterator[tuple[Header, Line]]:
        if not self._has_header:
            return  # no header yet: nothing was published that they could belong to
        for event in events:
            yield self._header, FrameLine(row.tick, row.stamp.timestamp, row.stamp.mono_ns, event)


def _header(head: Head) -> Header:
    daemon = {
        "version": head.version,
        "rate": head.rate,
        "source": head.source,
        "thresholds": head.thresholds.values(),
    }
    return Header(head.run, Layout.TICK, _TOPICS, frozenset(), None, head.thresholds, daemon)
