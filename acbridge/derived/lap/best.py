"""The lap to compare with: the time of each lap at each place, and which lap is the best."""

from typing import NamedTuple

from acbridge.derived.lap.line import nearest

GRID = 1000
"""Places on the AI line at which the time of a lap is kept."""
KEPT = 8
"""Laps of which the times are kept: the fastest."""


class Trace:
    """
    The time of one lap at each thousandth of the AI line, counted from where the lap began.

    A place that was not seen has no time: neither what lay before a lap was met, nor what passed in a hole.

    Attributes:
        origin: Position at which the lap began.
        whole: Whether the lap was seen from its beginning.
    """

    __slots__ = ("_end", "_last_ms", "_last_way", "_times", "origin", "whole")

    def __init__(self, origin: float = 0.0, *, whole: bool = False) -> None:
        self.origin = origin
        self.whole = whole
        self._times: list[float | None] = [0.0] if whole else []
        self._last_way = 0.0
        self._last_ms: float | None = 0.0 if whole else None
        self._end: tuple[float, float] | None = None

    def follow(self, way: float, clock_ms: float, hole_ms: float) -> None:
        """Take the way and the clock of one sample; what passed in more than `hole_ms` has no time."""
        last_ms = self._last_ms
        if way > self._last_way or last_ms is None:
            if way < 0:
                return
            reached = int(way * GRID)
            times = self._times
            if len(times) <= reached:
                if last_ms is None or clock_ms - last_ms > hole_ms:
                    times += [None] * (reached + 1 - len(times))
                else:
                    slope = (clock_ms - last_ms) / (way - self._last_way)
                    times += [
                        last_ms + (place / GRID - self._last_way) * slope for place in range(len(times), reached + 1)
                    ]
            self._last_way = way
        self._last_ms = clock_ms

    def finish(self, lap_ms: int, pace: float) -> float:
        """
        Put the end to the lap and return the way at which it is.

        Args:
            lap_ms: The time of the lap.
            pace: Share of the AI line driven per millisecond at the end.
        """
        rest_ms = 0.0 if self._last_ms is None else min(max(lap_ms - self._last_ms, 0.0), 2000.0)
        end = self._last_way + pace * rest_ms
        self._end = (end, float(lap_ms))
        del self._times[int(end * GRID) + 1 :]
        return end

    def time_at(self, way: float, origin: float) -> float | None:
        """
        Return the time of the finished lap at a place; ``None`` where it was not seen.

        Args:
            way: Share of the AI line since `origin`.
            origin: Where another lap began.
        """
        way += nearest(origin - self.origin)
        end, lap_ms = self._end or (0.0, 0.0)
        if way >= end:
            return lap_ms
        if way < 0:
            return self._times[0] if self._times else None
        place = int(way * GRID)
        if place >= len(self._times):
            return None
        before = self._times[place]
        if before is None:
            return None
        at = place / GRID
        if place + 1 < len(self._times):
            after = self._times[place + 1]
            return None if after is None else before + (after - before) * (way - at) * GRID
        return before + (lap_ms - before) * (way - at) / (end - at)


class FinishedLap(NamedTuple):
    """
    A lap that may be the best.

    Attributes:
        number: Its number.
        lap_ms: Its time.
        valid: Whether it counts, by the verdict when it was completed.
        trace: Its time at each place.
    """

    number: int
    lap_ms: int
    valid: bool
    trace: Trace


class BestLap:
    """
    The best lap of the session that was seen.

    =======================================  ==========================================
    The sim's best time                      The best lap
    =======================================  ==========================================
    is not shown, or is the AI's             the fastest valid one
    is the time of a lap that was seen       that lap, whatever was thought of it
    is another time                          the fastest valid one that is not faster
    =======================================  ==========================================

    So a best time slower than a lap that was thought valid proves that the lap did not count.

    Attributes:
        lap: The best lap; ``None`` before the first.
    """

    def __init__(self) -> None:
        self.lap: FinishedLap | None = None
        self._laps: list[FinishedLap] = []
        self._sim_ms = 0
        self._not_ours: set[int] = set()

    @property
    def sim_ms(self) -> int:
        """The sim's best time, as far as a person drove it; 0 if there is none."""
        return 0 if self._sim_ms in self._not_ours else self._sim_ms

    def sim_says(self, best_ms: int) -> None:
        """Take the sim's best time."""
        if best_ms != self._sim_ms:
            self._sim_ms = best_ms
            self._choose()

    def driven_by_ai(self, lap_ms: int) -> None:
        """Take the time of a lap that is no person's."""
        if len(self._not_ours) < GRID:
            self._not_ours.add(lap_ms)
        self._choose()

    def add(self, lap: FinishedLap) -> None:
        """Take a lap of a person."""
        self._not_ours.discard(lap.lap_ms)
        self._laps = sorted([*self._laps, lap], key=lambda each: each.lap_ms)
        self._choose()
        if len(self._laps) > KEPT:
            self._laps.remove(next(each for each in reversed(self._laps) if each is not self.lap))

    def _choose(self) -> None:
        sim_ms = self.sim_ms
        said = [each for each in self._laps if each.lap_ms == sim_ms]
        seen = [each for each in self._laps if each.valid and each.lap_ms >= sim_ms]
        self.lap = next(iter(said or seen), None)
