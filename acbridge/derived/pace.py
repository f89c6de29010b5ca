"""
Pace: how far round the lap the car is, and how its time there compares with the best lap seen.

The AI line's zero need not be the timing line (on one track the lap ends at 0.98), so where the clock starts over is
learned. Nothing here reads a clock: times are those of the sim.
"""

import math
from functools import lru_cache

GRID = 1000
"""Places of a lap at which its time is remembered."""
GRID_GAP = 100
"""A jump over more places than this is no driving."""
NEAR_ZERO = 0.005
"""A timing line this close to position 0 is taken to be there."""
END, START = 0.9, 0.1
"""Shares of a lap beyond which a car is about to pass the line, or has just passed it."""


class Trace:
    """
    The time of one lap at each place of a grid of thousandths.

    Attributes:
        times: Milliseconds at the places passed so far, the first at the line.
    """

    __slots__ = ("_last_ms", "_last_progress", "times")

    def __init__(self) -> None:
        self.times: list[float] = []
        self._last_progress = self._last_ms = 0.0

    def follow(self, progress: float, clock_ms: float) -> None:
        """Take the place and the clock of one tick; a place that lies behind, or too far ahead, tells nothing."""
        reached = min(int(progress * GRID), GRID - 1)
        known = len(self.times)
        if known <= reached < known + GRID_GAP:
            self._fill(reached, progress, clock_ms)

    def finish(self, lap_ms: int) -> list[float] | None:
        """Return the times at every place, the end included; ``None`` if some are missing."""
        if not GRID - GRID_GAP < len(self.times) <= GRID:
            return None
        self._fill(GRID, 1.0, lap_ms)
        return self.times

    def _fill(self, reached: int, progress: float, clock_ms: float) -> None:
        span = progress - self._last_progress
        for place in range(len(self.times), reached + 1):
            part = (place / GRID - self._last_progress) / span if span > 0 else 1.0
            self.times.append(self._last_ms + (clock_ms - self._last_ms) * part)
        self._last_progress, self._last_ms = progress, clock_ms


class Pace:
    """
    Where the running lap stands.

    Attributes:
        progress: Share of the lap driven; ``None`` on a track without an AI line.
        delta_ms: Behind the best valid lap seen at the same place; ``None`` without one.
        best_ms: That lap's time; 0 without one.
    """

    def __init__(self) -> None:
        self.progress: float | None = None
        self.delta_ms: float | None = None
        self.best_ms = 0
        self._best: list[float] = []
        self._line: float | None = None
        self._wrapped_at_ms: int | None = None
        self._reset_at_ms: int | None = None

    def crossed(self, now_ms: int, position: float, speed: float, clock_ms: int, length: float) -> bool:
        """
        Learn where the timing line is: the lap clock has just started over, on the track and at speed.

        Returns:
            Whether it is elsewhere than was thought: then places of the lap before are worth nothing.

        Args:
            now_ms: Milliseconds of the sim.
            position: `normalizedCarPosition`.
            speed: m/s.
            clock_ms: `iCurrentTime`: how long ago it was.
            length: `trackSPlineLength`, m.
        """
        self._reset_at_ms, self._wrapped_at_ms = now_ms, None
        if self._line is None and length > 0 and 0 <= position <= 1:
            line = (position - speed * clock_ms / 1000 / length) % 1.0
            self._line = line if NEAR_ZERO < line < 1 - NEAR_ZERO else 0.0
            return self._line > 0
        return False

    def locate(self, now_ms: int, position: float, length: float, patience_ms: float) -> float | None:
        """
        Return the share of the lap driven, and keep it.

        Position and clock pass the line in different samples: while only one has, the other is taken to be at the line.

        Args:
            now_ms: Milliseconds of the sim.
            position: `normalizedCarPosition`.
            length: `trackSPlineLength`, m; 0 on tracks without an AI line.
            patience_ms: For how long the two may differ.
        """
        if not (length > 0 and 0 <= position <= 1):
            self.progress = None
            return None
        share = (position - (self._line or 0.0)) % 1.0
        before = self.progress
        if share > END and self._reset_at_ms is not None and now_ms - self._reset_at_ms < patience_ms:
            share = 0.0
        elif share < START and before is not None and before > END and not self._was_reset(now_ms, patience_ms):
            if self._wrapped_at_ms is None:
                self._wrapped_at_ms = now_ms
            if now_ms - self._wrapped_at_ms < patience_ms:
                share = 1.0
        else:
            self._wrapped_at_ms = None
        self.progress = share
        return share

    def _was_reset(self, now_ms: int, patience_ms: float) -> bool:
        return self._reset_at_ms is not None and now_ms - self._reset_at_ms < patience_ms

    def compare(self, clock_ms: int) -> None:
        """Compare the clock with the best lap's at this place."""
        progress = self.progress
        if progress is None or not self._best:
            self.delta_ms = None
            return
        place = progress * GRID
        i = min(int(place), GRID - 1)
        there = self._best[i] + (self._best[i + 1] - self._best[i]) * (place - i)
        self.delta_ms = clock_ms - there

    def keep(self, trace: Trace, lap_ms: int) -> None:
        """Take a valid lap; it becomes the one to beat if it is the best seen, and seen at every place."""
        if self.best_ms and lap_ms >= self.best_ms:
            return
        times = trace.finish(lap_ms)
        if times is not None:
            self._best, self.best_ms = times, lap_ms


@lru_cache(maxsize=4)
def lap_ms(text: str) -> int:
    """Return the milliseconds of a time as the sim writes it, ``m:ss:mmm``; 0 for ``-:--:---`` and for nonsense."""
    minutes, _, rest = text.partition(":")
    seconds, _, thousandths = rest.partition(":")
    if not (minutes.isdecimal() and seconds.isdecimal() and thousandths.isdecimal()):
        return 0
    return min(int(minutes) * 60_000 + int(seconds) * 1000 + int(thousandths), 2**31 - 1)


def lap_distance_m(position: float, line_length: float) -> float | None:
    """Return metres along the AI line from the normalised position; ``None`` without a line, or a position."""
    return position * line_length if line_length > 0 and math.isfinite(position) else None
