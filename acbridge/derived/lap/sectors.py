"""Sector times: when a sector has ended, and which time is its own."""

from typing import NamedTuple

EARLY_MS = 10
"""A sector's time may be later than the lap clock by so much: the clock may lag a frame behind."""
SLACK_MS = 250
"""A sector's time may be earlier than the lap clock by so much, besides what the clock advanced in that tick."""
OWN_CLOCK_MS = 100
"""Our own clock stands in for the sim's sector time only if it advanced by no more in that tick."""


class Split(NamedTuple):
    """A sector that has ended, and whose time may not have appeared yet: since when, the clock then, its advance."""

    since_ms: int
    clock_ms: int
    advanced_ms: int


class Sectors:
    """
    The sector times of the running lap.

    =======================  ==========================================  =====================================
    `currentSectorIndex`     And                                         Sectors
    =======================  ==========================================  =====================================
    grows by 1               no time is awaited                          await `lastSectorTime`
    grows by 1               a time is awaited                           unknown in this lap
    grows by more                                                        unknown in this lap
    falls                                                                no time is awaited any more
    the same                 the time changed and fits the lap clock     that time
    the same                 it is awaited for too long, and fits        that time
    the same                 for too long, and it does not fit           the lap clock, if it ran in small steps
    =======================  ==========================================  =====================================

    Attributes:
        times: Times of the sectors that are completed, ms; ``None`` if one is not known.
    """

    def __init__(self, index: int, last_ms: int) -> None:
        self.times: list[int] | None = None
        self._index = index
        self._known_ms = last_ms
        self._split: Split | None = None

    def begin_lap(self, *, whole: bool) -> None:
        """Begin a lap; one that is not seen whole has no sector times."""
        self.times = [] if whole else None
        self._split = None

    def lose(self) -> None:
        """Discard the sector times of this lap: a part of it was not seen."""
        self.times = self._split = None

    def lap_completed(self, last_ms: int) -> None:
        """Record that a lap is completed: `lastSectorTime` belongs to it, not to the next."""
        self._known_ms = last_ms

    def update(
        self, now_ms: int, index: int, last_ms: int, clock_ms: int, advanced_ms: int, patience_s: float
    ) -> int | None:
        """
        Take one sample and return the time of a sector that is known now.

        Args:
            now_ms: Milliseconds of the sim.
            index: `currentSectorIndex`.
            last_ms: `lastSectorTime`.
            clock_ms: `iCurrentTime`.
            advanced_ms: By how much the clock advanced, or was not seen, since the tick before.
            patience_s: How long a time may take to appear.
        """
        if index != self._index:
            grown, self._index = index - self._index, index
            if grown > 1 or (grown > 0 and self._split is not None):
                self.lose()
            self._split = Split(now_ms, clock_ms, advanced_ms) if grown > 0 else None
        split, times = self._split, self.times
        if split is None or times is None:
            return None
        ours = split.clock_ms - sum(times)
        fits = -EARLY_MS <= ours - last_ms <= SLACK_MS + split.advanced_ms
        waited = now_ms - split.since_ms >= patience_s * 1000
        if not (waited or (fits and last_ms != self._known_ms)):
            return None
        if not fits and split.advanced_ms > OWN_CLOCK_MS:
            self.lose()
            return None
        self._split, self._known_ms = None, last_ms
        times.append(last_ms if fits else ours)
        return times[-1]


def all_sectors(times: list[int] | None, count: int, lap_ms: int | None) -> tuple[int, ...] | None:
    """Return the times of all sectors of a lap, the last being what the others leave; ``None`` if not all are known."""
    if count < 2 or times is None or lap_ms is None or len(times) != count - 1:  # noqa: PLR2004  one is the whole lap
        return None
    rest = lap_ms - sum(times)
    return (*times, rest) if rest > 0 else None
