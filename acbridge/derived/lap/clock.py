"""The lap clock: what `iCurrentTime` did since the tick before. It decides when a run begins, ends, or has a hole."""

from enum import Enum, auto

SLACK_MS = 1000
"""A clock that started over shows at most the time that was not seen, and so much more."""


class ClockStep(Enum):
    """What the lap clock did."""

    WAITS = auto()
    STARTS = auto()
    RUNS = auto()
    STANDS = auto()
    STOPS = auto()
    STARTS_OVER = auto()
    IS_SET = auto()


FELL = (ClockStep.STOPS, ClockStep.STARTS_OVER)
"""Steps that end a run."""
BEGAN = (ClockStep.STARTS, ClockStep.STARTS_OVER)
"""Steps that begin a timed run."""


class LapClock:
    """
    The lap clock.

    ======  ====================================  ===========
    Before  Now                                   Step
    ======  ====================================  ===========
    0       0                                     WAITS
    0       above 0                               STARTS
    above   the same                              STANDS
    above   more                                  RUNS
    above   0                                     STOPS
    above   less, at most what was not seen       STARTS_OVER
    above   less, but more than was not seen      IS_SET
    ======  ====================================  ===========

    Attributes:
        ms: The clock now.
        before_ms: The clock before it last changed.
        stood_ms: Milliseconds of the sim for which it stood before it changed in this tick.
    """

    __slots__ = ("_changed_at", "before_ms", "ms", "stood_ms")

    def __init__(self, now_ms: int, clock_ms: int) -> None:
        self.ms = self.before_ms = max(0, clock_ms)
        self.stood_ms = 0
        self._changed_at = now_ms

    def update(self, now_ms: int, clock_ms: int) -> ClockStep:
        """Take the clock of a tick and return what it did."""
        before, now = self.ms, clock_ms
        if now == before:
            if now:
                return ClockStep.STANDS
            self._changed_at = now_ms  # a clock that waits hides nothing
            return ClockStep.WAITS
        self.before_ms, self.ms = before, now
        self.stood_ms = now_ms - self._changed_at
        self._changed_at = now_ms
        if now > before:
            return ClockStep.RUNS if before else ClockStep.STARTS
        if now == 0:
            return ClockStep.STOPS
        return ClockStep.STARTS_OVER if now <= self.stood_ms + SLACK_MS else ClockStep.IS_SET
