"""
Which frame begins what: a header, a file, a gap.

A segment is the part of a recording for which one header holds. A new one begins with each run of the daemon, with each
change of car, track or layout, and when a file in a directory is long enough.

Pure: the time is that of the frames, and the daemon is asked by the caller.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple

from acbridge import DecodeError, Event, EventKind, Static
from acbridge.derived import CAR_AND_TRACK
from acbridge.recording.parsing import thresholds_in
from acbridge.recording.writing.rotation import MINUTE_NS, Rotation


class Start(NamedTuple):
    """
    What begins with a frame.

    Attributes:
        segment: Whether a header precedes it.
        restarted: Whether it is the first of another run, so that frames between the runs may be missing.
    """

    segment: bool
    restarted: bool


class Segments:
    """
    Follows the frames of a recording.

    Attributes:
        header: The values of the header that holds now.
        laps: Laps completed so far.
    """

    def __init__(self, rotation: Rotation) -> None:
        """
        Begin.

        Args:
            rotation: When a segment is long enough.
        """
        self.header: dict[str, Any] = {"static": {}}
        self.laps = 0
        self._rotation = rotation
        self._run: int | None = None
        self._packet = 0
        self._rested = False
        self._begun_ns = 0
        self._laps_before = 0

    def tick(
        self,
        run: int,
        packet: int | None,
        mono_ns: int,
        size: int,
        ask: Callable[[], dict[str, Any]],
        *,
        replay: bool = False,
    ) -> Start:
        """
        Take a tick.

        Args:
            run: Run of the daemon.
            packet: The tick's physics.packetId; ``None`` if it has no physics.
            mono_ns: When the tick was sampled.
            size: Bytes of the open file.
            ask: Returns a new header; called only when the daemon, the car or the track may be another.
            replay: Whether the sim shows a replay, which has packetIds of its own: that one falls says nothing.
        """
        restarted = self._run is not None and run != self._run
        packet = self._packet if packet is None or replay else packet
        begins = False
        if run != self._run or self._rested or packet < self._packet:
            header = ask()
            begins = restarted or header["static"] != self.header["static"]
            if begins:
                self.header = header
        self._run, self._packet, self._rested = run, packet, False
        return Start(self._begin_if(begins, mono_ns, size), restarted)

    def frame(self, run: int, mono_ns: int, size: int, ask: Callable[[], dict[str, Any]]) -> Start:
        """Take a frame of a recording without topics of the tick; the arguments are those of :meth:`tick`."""
        begins = run != self._run
        if begins:
            self._run, self.header = run, ask()
        return Start(self._begin_if(begins, mono_ns, size), restarted=False)

    def has_begun(self, run: int) -> bool:
        """Return whether a header of this run was written."""
        return run == self._run

    def rest(self) -> None:
        """Note that no frames come: the sim rests, and may come back with another car."""
        self._rested = True

    def is_news(self, static: Static, *, with_ticks: bool) -> bool:
        """
        Return whether a static record is to be written as a line.

        Args:
            static: The record.
            with_ticks: Whether ticks are recorded: the tick after a change of car or track then brings a header.
        """
        known = self.header["static"]
        if vars(static) == known:
            return False
        if with_ticks and known and any(getattr(static, name) != known.get(name) for name in CAR_AND_TRACK):
            self.rest()
            return False
        self.header["static"] = vars(static)
        return True

    def event(self, event: Event) -> None:
        """Count laps, and keep what the next header says about thresholds true."""
        if event.kind == EventKind.LAP_COMPLETED:
            self.laps += 1
        if event.kind == EventKind.THRESHOLDS_CHANGED and self.header.get("thresholds"):
            with suppress(DecodeError):  # of a daemon that is not ours
                self.header["thresholds"] |= thresholds_in(event.text or "")

    def _begin_if(self, begins: bool, mono_ns: int, size: int) -> bool:
        age = (mono_ns - self._begun_ns) / MINUTE_NS
        if not begins and not self._rotation.due(size, age, self.laps - self._laps_before):
            return False
        self._begun_ns, self._laps_before = mono_ns, self.laps
        return True
