"""
How late ticks are: a histogram of the last minute. Pure: it is told what to count and reads no clock.

Buckets grow by a quarter of a doubling, so a percentile is at most 19 % above the truth; the largest is exact.
"""

import math
from collections import deque
from typing import NamedTuple

MINUTE = 60
"""Slices that are kept; the daemon begins one every second."""
_PER_DOUBLING = 4
_BUCKETS = 128
"""The last one begins at 2**31 ns, two seconds."""


class Summary(NamedTuple):
    """Median, 99th percentile and largest of the last minute, in seconds."""

    p50: float
    p99: float
    largest: float


class Lateness:
    """Counts how late each tick of the last minute was."""

    def __init__(self) -> None:
        self._past: deque[tuple[list[int], int]] = deque()
        self._all = [0] * _BUCKETS
        self._counts = [0] * _BUCKETS
        self._largest = 0

    def take(self, late_ns: int) -> None:
        """Count one tick."""
        place = min(int(_PER_DOUBLING * math.log2(late_ns)), _BUCKETS - 1) if late_ns > 1 else 0
        self._counts[place] += 1
        self._all[place] += 1
        self._largest = max(self._largest, late_ns)

    def turn(self) -> None:
        """Begin another slice; the oldest is forgotten after a minute of them."""
        self._past.append((self._counts, self._largest))
        self._counts, self._largest = [0] * _BUCKETS, 0
        if len(self._past) >= MINUTE:
            old, _ = self._past.popleft()
            self._all = [count - gone for count, gone in zip(self._all, old, strict=True)]

    def summary(self) -> Summary | None:
        """Return what the last minute was like; ``None`` before the first tick."""
        total = sum(self._all)
        if not total:
            return None
        largest = max(self._largest, *(largest for _, largest in self._past), 0) * 1e-9
        p50, p99 = _bound(self._all, total * 0.5), _bound(self._all, total * 0.99)
        return Summary(min(largest, p50), min(largest, p99), largest)


def _bound(counts: list[int], rank: float) -> float:
    """Return the upper end, in seconds, of the bucket that holds the value of a rank."""
    seen = 0
    for place, count in enumerate(counts):
        seen += count
        if seen >= rank and place < _BUCKETS - 1:  # the last bucket has no end
            return 2 ** ((place + 1) / _PER_DOUBLING) * 1e-9
    return math.inf
