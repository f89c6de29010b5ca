"""
The timing line, and where the car is in relation to it.

The zero of `normalizedCarPosition` is the start of the AI line, which need not be the timing line: on one track the lap
ends at 0.98. On an open track start and finish are two places. Both are learned from the lap clock and the lap count.
"""

import math

from acbridge.derived.lap.clock import BEGAN, ClockStep

GRID_SHARE = 0.9
"""
A clock that starts behind this place, before any lap was counted, starts on the grid or at a rolling start.

Then the line is still ahead, and most likely at 0.
"""
CLOSED = 0.02
"""Start and finish closer than this share of the AI line are one place: the track is a circuit."""
JUMP_M = 100.0
"""A change of place that is larger than the speed allows by so much is a jump."""
LATE_MS, LATE_SAMPLES = 1000, 3
"""For how long after the clock began a run, in milliseconds or samples, the position may be that of the run before."""
AMBIGUOUS = 0.4
"""A car that may have driven this share of the line unseen may have gone either way round."""


def nearest(share: float) -> float:
    """Return a difference of two places the shorter way round, -0.5 to 0.5."""
    return (share + 0.5) % 1.0 - 0.5


class TimingLine:
    """
    Where timing starts and ends on the AI line.

    ==============================  ==========================================  =========================
    What happened                   And                                         Learned
    ==============================  ==========================================  =========================
    nothing yet                                                                 start at 0, a circuit
    the clock starts from 0         behind 0.9, before any lap was counted      nothing: it is the grid
    the clock starts from 0         elsewhere                                   start here
    the clock starts over           running on                                  start here
    a lap is counted                the clock started over and runs on          a circuit
    a lap is counted                the clock stops or runs on past it          finish here
    any of these                    in the pit lane                             nothing
    the clock stops, and no lap     (a reset, back to the pits)                 nothing
    ==============================  ==========================================  =========================

    Attributes:
        start: Position of the start on the AI line.
    """

    __slots__ = ("_finish", "_known", "start")

    def __init__(self) -> None:
        self.start = 0.0
        self._finish: float | None = None
        self._known = False

    @property
    def length(self) -> float:
        """Share of the AI line from start to finish; 1 on a circuit, and until a finish is known."""
        if self._finish is None:
            return 1.0
        share = (self._finish - self.start) % 1.0
        return share if CLOSED < share < 1.0 - CLOSED else 1.0

    def clock_began(self, step: ClockStep, place: float) -> None:
        """Take the place at which the clock began a run."""
        if step is ClockStep.STARTS and not self._known and place > GRID_SHARE:
            return
        self._known = self._known or step is ClockStep.STARTS_OVER
        self.start = place

    def lap_counted(self, start: float | None, finish: float | None) -> None:
        """
        Take the two ends of a lap that was counted.

        Args:
            start: Where it began; ``None`` if that was not seen, or if it began at the line that is known.
            finish: Where it ended; ``None`` if the next lap began there.
        """
        self._known = True
        if finish is not None and start is not None:
            self.start = start
        self._finish = finish

    def progress(self, share: float) -> float:
        """Return the share of the timed part driven, from the share of the AI line since the start."""
        driven = share / self.length
        return 0.0 if driven < 0.0 else min(1.0, driven)

    def progress_at(self, position: float) -> float:
        """Return the share of the timed part that lies behind a car of which no run is timed."""
        share, length = (position - self.start) % 1.0, self.length
        if share <= length:
            return share / length
        return 1.0 if share - length < (1.0 - length) / 2 else 0.0


class LapPlace:
    """
    How far the car has come since the run began, as a share of the AI line, over its zero and back.

    Position and clock pass the line in different samples, and a car may stand on the line or roll back over it. So the
    way is counted on from sample to sample, and begins anew only with the clock. A jump is a change of position that is
    larger than the car could drive.

    ===========================================  ============================================
    Sample                                       Way
    ===========================================  ============================================
    the clock began a run                        what the car drove since, by its speed
    the first, or after a position that is none  from the line that is known, forward
    a jump, right after the clock began          as if the clock began now: the position came late
    a jump, later                                from the beginning of the run, forward
    any other                                    and the shorter way from the sample before
    ===========================================  ============================================

    Attributes:
        origin: Position at which the run began.
        way: Share of the AI line since then; ``None`` without an AI line or a position.
    """

    __slots__ = ("_began_at", "_changed_at", "_position", "_samples", "_speed", "origin", "way")

    def __init__(self) -> None:
        self.origin = 0.0
        self.way: float | None = None
        self._position: float | None = None
        self._speed = 0.0
        self._changed_at = self._began_at = self._samples = 0

    @property
    def position(self) -> float:
        """The newest position; only with a way."""
        return self._position or 0.0

    def update(
        self, now_ms: int, position: float, speed: float, length_m: float, clock: tuple[ClockStep, int], line: float
    ) -> bool:
        """
        Take one sample, and return whether it says where a run began.

        Args:
            now_ms: Milliseconds of the sim.
            position: `normalizedCarPosition`.
            speed: m/s.
            length_m: `trackSPlineLength`.
            clock: What the lap clock did, and its time.
            line: Where the timing line is thought to be.
        """
        before, before_speed = self._position, self._speed
        self._speed = speed = speed if math.isfinite(speed) else 0.0
        if not (length_m > 0 and 0 <= position <= 1):
            self._position = self.way = None
            return False
        self._position = position
        step, clock_ms = clock
        self._samples += 1
        if step in BEGAN:
            self._began_at, self._samples = now_ms, 0
            self._begin(now_ms, speed * clock_ms / 1000 / length_m)
            return True
        if self.way is None or before is None:
            self.origin = line
            self.way = (position - line) % 1.0
            self._changed_at = now_ms
        elif position != before:
            moved = nearest(position - before)
            driven = max(speed, before_speed) * (now_ms - self._changed_at) / 1000 / length_m
            self._changed_at = now_ms
            if driven <= AMBIGUOUS and abs(moved) <= driven + JUMP_M / length_m:
                self.way += moved
            elif clock_ms and (now_ms - self._began_at <= LATE_MS or self._samples <= LATE_SAMPLES):
                self._begin(now_ms, speed * clock_ms / 1000 / length_m)
                return True
            else:
                self.way = (position - self.origin) % 1.0
        return False

    def _begin(self, now_ms: int, way: float) -> None:
        self.way = way
        self.origin = (self.position - way) % 1.0
        self._changed_at = now_ms
