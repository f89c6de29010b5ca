"""
A page log in place of the sim: the source of the pages, and the pace at which they come.

The recorded ticks and the recorded steady clock drive the daemon's logic, whatever the speed: a freeze of half a second
is one at any speed. Speed only decides when the next row is due. It reads files and no clock.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from acbridge.derived import Thresholds
from acbridge.errors import DecodeError
from acbridge.pages import Pages
from acbridge.recording.page_log.head import Head
from acbridge.recording.page_log.reading import is_page_log, read_rows
from acbridge.recording.page_log.rows import Row, RowKind
from acbridge.recording.reader import recordings_in
from acbridge.recording.schedule import Schedule
from acbridge.requests import MAX_RATE, MIN_RATE
from acbridge.status import SimState
from acbridge.wire import Stamp
from acbridge_daemon.sampler import TRIES, Reading

ENDED = "the recording has ended"
SEAM_NS = 1_000_000_000
"""What passes on the logic's clock between two runs, or between the end and the beginning of a loop."""


@dataclass(frozen=True, slots=True)
class ReplayOptions:
    """
    How a recording is replayed.

    Attributes:
        path: A page log, or a directory of them.
        speed: Recorded seconds per second; ``None`` for as fast as possible.
        from_lap: Number of the lap with which publishing begins; ``None`` for the beginning.
        loop: Whether it begins again at its end.
        recorded_stamps: Whether frames carry the recorded time; otherwise that at which they are published.
        thresholds: Values that replace recorded ones, by name.
    """

    path: Path
    speed: float | None = 1.0
    from_lap: int | None = None
    loop: bool = False
    recorded_stamps: bool = False
    thresholds: Mapping[str, float] = field(default_factory=dict[str, float])


class Replay:
    """
    The rows of a recording, one after the other: a page source and a pacer.

    Attributes:
        head: The head of the row.
        row: The row whose turn it is.
        restarted: Whether the row is the first of another run, or of the recording that begins again.
        deadline_ns: When the next row is due, on the clock of the caller.
        recorded_stamps: Whether frames carry the recorded time.
        ended: Whether the row is the one after the last.
        from_lap: The lap to begin with; 0 for the beginning.
        seeking: Whether rows are only derived from, because that lap has not been reached.
    """

    def __init__(self, options: ReplayOptions, now_ns: int) -> None:
        """
        Open the recording and read its first row.

        Raises:
            OSError: It cannot be read.
            DecodeError: There is no page log.
        """
        self._options = options
        self.from_lap = options.from_lap or 0
        self._schedule = None if options.speed is None else Schedule(options.speed)
        self._rows = self._shifted()
        self.recorded_stamps = options.recorded_stamps
        self.ended = False
        self.restarted = False
        self.seeking = self.from_lap > 0
        first = next(self._rows, None)
        if first is None:
            raise DecodeError(f"{options.path}: there is no recording of the sim's pages")
        self._pass, self.head, self.row = first
        self._next: tuple[int, Head, Row] | None = first
        self.deadline_ns = now_ns

    def take(self, now_ns: int) -> int:
        """
        Begin the turn of the next row; return the number of ticks skipped before it, which is none.

        Raises:
            DecodeError: The recording holds something that is none, or not the lap to begin with.
        """
        if self._next is None:
            self._check_lap()
            self._end()
            return 0
        passed, head, self.row = self._next
        self.restarted = (passed, head.run) != (self._pass, self.head.run)
        if passed != self._pass:
            self._check_lap()
            self.seeking = self.from_lap > 0
        self._pass, self.head = passed, head
        self._next = next(self._rows, None)
        if self._next is None or self._schedule is None or self.seeking:
            self.deadline_ns = now_ns
        else:
            passed, head, row = self._next
            self.deadline_ns = self._schedule.due(head.run + passed, row.stamp.mono_ns, now_ns)
        return 0

    def thresholds(self) -> Thresholds:
        """
        Return the thresholds with which a run begins.

        Raises:
            DecodeError: The option contradicts those that were recorded.
        """
        try:
            return self.head.thresholds.changed(self._options.thresholds)
        except ValueError as error:
            raise DecodeError(f"--threshold contradicts the thresholds of {self._options.path}: {error}") from error

    def rate(self) -> float:
        """Return the recorded rate, Hz."""
        return min(max(self.head.rate, MIN_RATE), MAX_RATE)

    def reached(self, lap: int) -> None:
        """Note the lap that the car is in; publishing begins with the first row of the lap to begin with."""
        self.seeking = self.seeking and lap < self.from_lap

    def attach(self) -> str | None:
        """Return why the row has no pages, ``None`` if it has."""
        return self.row.text or "there were no pages" if self.row.kind is RowKind.NONE else None

    def read(self) -> Pages | None:
        """Return the pages of the row; ``None`` if it has none."""
        return self.row.pages

    def reading(self) -> Reading:
        """Return what came of reading the pages, as the daemon that recorded them saw it."""
        torn = self.row.kind is RowKind.TORN
        return Reading(self.row.pages, TRIES if torn else 0, torn=torn)

    def detach(self) -> None:
        """Do nothing: no page is held."""

    def _check_lap(self) -> None:
        if self.seeking:
            raise DecodeError(f"{self._options.path}: there is no lap {self.from_lap}")

    def _end(self) -> None:
        """Make the turn after the last: there are no pages any more."""
        last = self.row
        stamp = Stamp(last.stamp.mono_ns + 1, last.stamp.timestamp)
        self.row = Row(RowKind.NONE, SimState.ABSENT, last.tick + 1, stamp, text=ENDED)
        self.restarted = False
        self.ended = True

    def _shifted(self) -> Iterator[tuple[int, Head, Row]]:
        """
        Yield all rows with their head and the number of the pass of a loop.

        Ticks and the steady time only grow, also from run to run and from pass to pass.
        """
        run: int | None = None
        tick_shift = ns_shift = tick = mono_ns = 0
        for passed in count():
            found = False
            for head, row in self._files():
                found = True
                if run is None:
                    run = head.run
                elif head.run + passed != run:
                    run = head.run + passed
                    tick_shift = tick + 1 - min(row.tick, tick + 1)
                    ns_shift = mono_ns + SEAM_NS - row.stamp.mono_ns
                tick, mono_ns = row.tick + tick_shift, row.stamp.mono_ns + ns_shift
                yield passed, head, row._replace(tick=tick, stamp=Stamp(mono_ns, row.stamp.timestamp))
            if not found or not self._options.loop:
                return

    def _files(self) -> Iterator[tuple[Head, Row]]:
        path = self._options.path
        for file in recordings_in(path) if path.is_dir() else [path]:
            if not is_page_log(file):
                file.open("rb").close()  # what cannot be read is an error of its own
                raise DecodeError(
                    f"{file} is not a recording of the sim's pages; acbridge-recording import makes one of JSON lines"
                )
            yield from read_rows(file)
