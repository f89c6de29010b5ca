"""
The native recording of the daemon: what each tick leaves goes to a page log, through a queue to a thread.

While the sim rests and its pages stay as they are, only the first and the last tick are kept: nothing happens in
between. It never waits for a disk, except for the head of the first file.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import structlog

from acbridge.derived import Thresholds
from acbridge.derived.tick import is_another_car_or_track
from acbridge.pages import Game, Graphics, Pages, Static
from acbridge.recording.page_log.file import PageLogDirectory, PageLogFile
from acbridge.recording.page_log.head import Head, to_json
from acbridge.recording.page_log.rows import NoteKind, Row, RowKind, note
from acbridge.recording.page_log.side_file import SideFile
from acbridge.recording.writing.backlog import Backlog, Item
from acbridge.recording.writing.files import name_of
from acbridge.recording.writing.rotation import MEGABYTE, MINUTE_NS, Rotation
from acbridge.recording.writing.writer import Writer
from acbridge.status import SimState
from acbridge.wire import Stamp


@dataclass(frozen=True, slots=True)
class RecordOptions:
    """
    How to record.

    Attributes:
        target: A file, or a directory.
        directory: Whether it is a directory, which is made when the recording begins.
        rotation: When a file in a directory is long enough.
        min_free: MB that stay free on the disk.
        names: Whether the names of persons stay in the pages.
    """

    target: Path
    directory: bool = False
    rotation: Rotation = field(default_factory=Rotation)
    min_free: float = 512.0
    names: bool = False


class Daemon(NamedTuple):
    """
    What the head of a recording says of the daemon.

    Attributes:
        run: Random 32-bit number of its run.
        version: Its version.
        source: Where its pages come from.
    """

    run: int
    version: str
    source: str


class Recorder:
    """Records the ticks of one run of the daemon."""

    def __init__(
        self, options: RecordOptions, game: Game, daemon: Daemon, rate: float, thresholds: Callable[[], Thresholds]
    ) -> None:
        """
        Make the directory or open the file, and keep what a killed daemon left in it.

        Args:
            options: How to record.
            game: The game whose pages are recorded.
            daemon: For the heads.
            rate: Ticks per second at first.
            thresholds: Returns the detection thresholds in force.

        Raises:
            NotARecording: The file holds something else.
            OSError: The file cannot be written.
        """
        self._game = game
        self._daemon = daemon
        self._rate = rate
        self._thresholds = thresholds
        self._options = options
        self._blank = _Blanked(game, names=options.names)
        self._log = structlog.get_logger()
        self._backlog: Backlog[Row] = Backlog(self._gap)
        self._newest = Row(RowKind.NONE, SimState.ABSENT, 0, Stamp(0, 0.0))
        self._skipped: Row | None = None
        self._files = 0
        self._begun_ns = self._begun_laps = 0
        self._static: Static | None = None
        self._static_page = b""
        self._session: int | None = None
        self._session_of = Graphics.reader("session")
        self._side = SideFile(self._report)
        self._directory: PageLogDirectory | None = None
        self._file: PageLogFile | None = None
        if options.directory:
            options.target.mkdir(parents=True, exist_ok=True)
            self._directory = PageLogDirectory(options.target, self._side)
        else:
            self._file = PageLogFile.continued(options.target, self._side)
        min_free = int(options.min_free * MEGABYTE)
        self._writer = Writer(self._backlog, self._file, self._directory, min_free, self._report, packed=True)

    def tick(self, tick: int, stamp: Stamp, state: SimState, pages: Pages | None, reason: str, laps: int) -> None:
        """
        Record what a tick read.

        Args:
            tick: Turn of the daemon's loop.
            stamp: When the pages were read.
            state: The sim's state after it.
            pages: The pages; ``None`` if there are none.
            reason: Why there are none.
            laps: Laps completed before it.
        """
        before = self._newest
        kind = RowKind.NONE if pages is None else RowKind.PAGES
        row = Row(kind, state, tick, stamp, pages if pages is None else self._blank(pages), reason)
        self._newest = row
        if self._files and not state.flows and row._replace(tick=before.tick, stamp=before.stamp) == before:
            self._skipped = row
            return
        self._put(row, laps)

    def torn(self, tick: int, stamp: Stamp, laps: int) -> None:
        """Record that the pages never held still at a tick."""
        self._put(Row(RowKind.TORN, self._newest.state, tick, stamp), laps)

    def mark(self, tick: int, stamp: Stamp, text: str) -> None:
        """Record a mark."""
        self._note(NoteKind.MARK, tick, stamp, text=text)

    def change_thresholds(self, tick: int, stamp: Stamp, values: dict[str, float]) -> None:
        """Record a change of thresholds: the values that are new."""
        self._note(NoteKind.THRESHOLDS, tick, stamp, values=values)

    def change_rate(self, tick: int, stamp: Stamp, rate: float) -> None:
        """Record another rate, Hz."""
        self._rate = rate
        self._note(NoteKind.RATE, tick, stamp, rate=rate)

    @property
    def written(self) -> int:
        """Ticks written."""
        return self._writer.ticks

    @property
    def dropped(self) -> int:
        """Ticks that found no room in the backlog; a note says so."""
        return self._backlog.dropped

    def close(self) -> None:
        """Write what waits and finish the file."""
        self._keep_skipped()
        self._writer.close()
        self._log.info(
            "recording_ended",
            ticks=self.written,
            mb=round(self._writer.total / MEGABYTE, 3),
            dropped=self.dropped,
            problem=self._writer.problem or None,
        )

    def _put(self, row: Row, laps: int) -> None:
        self._keep_skipped()
        self._begin_if_due(row, laps)
        if self._files:
            self._keep(row, row.tick)

    def _note(self, kind: str, tick: int, stamp: Stamp, **details: Any) -> None:
        if self._files:
            self._keep_skipped()
            self._keep(note(kind, tick, stamp, self._newest.state, **details))

    def _keep_skipped(self) -> None:
        row, self._skipped = self._skipped, None
        if row is not None and self._files:
            self._keep(row, row.tick)

    def _keep(self, row: Row, tick: int | None = None) -> None:
        self._side.add(row)
        self._backlog.put(Item(row, tick))

    def _begin_if_due(self, row: Row, laps: int) -> None:
        """Begin a file: the first, one for another car, track or session, or one because the last is long enough."""
        if self._directory is None:
            if not self._files:
                self._begin(row, "", laps)
            return
        if not row.state.flows or row.pages is None:
            return
        page = row.pages[self._game.pages.index(Static)]
        begins = not self._files
        if page != self._static_page:
            before, self._static_page, self._static = self._static, page, Static.from_page(page)
            begins = begins or (before is not None and is_another_car_or_track(self._static, before))
        minutes = (row.stamp.mono_ns - self._begun_ns) / MINUTE_NS
        session = self._session_of(row.pages[self._game.pages.index(Graphics)])
        begins = begins or session != self._session
        self._session = session
        if begins or self._options.rotation.due(self._size, minutes, laps - self._begun_laps):
            static = None if self._static is None else vars(self._static)
            kind = self._game.session_name(session) or "unknown"
            self._begin(row, name_of(row.stamp.timestamp, static, kind), laps)

    def _begin(self, row: Row, name: str, laps: int) -> None:
        """Begin a file; the head is its first row."""
        self._files += 1
        self._begun_ns, self._begun_laps = row.stamp.mono_ns, laps
        head = Head(self._game, *self._daemon, self._rate, self._thresholds(), self._options.names)
        first = Row(RowKind.HEAD, row.state, row.tick, row.stamp, text=to_json(head))
        self._side.expect()
        if self._files == 1:
            if self._begin_now(name, first):
                return
            name = "" if self._file is not None else name
        self._backlog.put(Item(first, name=name))

    def _begin_now(self, name: str, head: Row) -> bool:
        """
        Begin the first file before any row, and return whether the disk took the head.

        Later the side file of the file before keeps the rows until the writer begins the next; now there is none.
        """
        try:
            if self._directory is not None:
                self._file = self._directory.begin(name)
                self._writer.begin_with(self._file)
            if self._file is not None:
                self._file.append([head])
        except OSError:
            return False
        return True

    @property
    def _size(self) -> int:
        """Bytes of the open file; 0 while the writer is still at the file before."""
        return self._writer.size if self._writer.files == self._files else 0

    def _gap(self, first: int, last: int, ticks: int) -> Row:
        newest, stamp = self._newest, self._newest.stamp
        # It stands before the newest row: a reader knows the order by the steady time.
        stamp = Stamp(stamp.mono_ns - 1, stamp.timestamp)
        return note(NoteKind.GAP, last, stamp, newest.state, first_tick=first, last_tick=last, ticks=ticks)

    def _report(self, text: str) -> None:
        self._log.warning("recording", detail=text)


class _Blanked:
    """Returns pages without the names of persons."""

    def __init__(self, game: Game, *, names: bool) -> None:
        kinds = () if names else game.pages
        self._kinds = [(i, kind) for i, kind in enumerate(kinds) if any(column.personal for column in kind.columns)]
        self._known: dict[int, tuple[bytes, bytes]] = {}

    def __call__(self, pages: Pages) -> Pages:
        blanked = list(pages)
        for place, kind in self._kinds:
            page = pages[place]
            known = self._known.get(place)
            if known is None or known[0] != page:
                known = self._known[place] = page, kind.without_names(page)
            blanked[place] = known[1]
        return tuple(blanked)
