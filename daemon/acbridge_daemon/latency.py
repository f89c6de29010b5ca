"""
A histogram of how late ticks were during the last minute. Pure: the caller passes in every value and the time slices.

A bucket is 2^(1/4) times as wide as the one before, so a percentile is at most 19 % too high; the maximum is exact.
"""

import math
from collections import deque
from typing import NamedTuple

SLICES = 60
"""Time slices that are kept; the daemon begins one every second."""
_BUCKETS_PER_DOUBLING = 4
_BUCKETS = 128
"""The last bucket begins at 2**31 ns (two seconds) and has no upper end."""


class Summary(NamedTuple):
    """
    How late the ticks of the last minute were, in seconds.

    Attributes:
        p50: Median.
        p99: 99th percentile.
        largest: Maximum.
    """

    p50: float
    p99: float
    largest: float


class LatencyHistogram:
    """Buckets over the last minute, in slices that are dropped one by one."""

    def __init__(self) -> None:
        self._past: deque[tuple[list[int], int]] = deque()
        self._total = [0] * _BUCKETS
        self._counts = [0] * _BUCKETS
        self._largest = 0

    def record(self, late_ns: int) -> None:
        """Count one tick that was so many nanoseconds late."""
        bucket = min(int(_BUCKETS_PER_DOUBLING * math.log2(late_ns)), _BUCKETS - 1) if late_ns > 1 else 0
        self._counts[bucket] += 1
        self._total[bucket] += 1
        self._largest = max(self._largest, late_ns)

    def rotate(self) -> None:
        """Begin another time slice, and drop the oldest one if there are more than a minute of them."""
        self._past.append((self._counts, self._largest))
        self._counts, self._largest = [0] * _BUCKETS, 0
        if len(self._past) >= SLICES:
            oldest, _ = self._past.popleft()
            self._total = [count - old for count, old in zip(self._total, oldest, strict=True)]

    def summary(self) -> Summary | None:
        """Return the percentiles of the last minute; ``None`` before the first tick."""
        count = sum(self._total)
        if not count:
            return None
        largest = max(self._largest, *(largest for _, largest in self._past), 0) * 1e-9
        p50, p99 = _upper_end(self._total, count * 0.5), _upper_end(self._total, count * 0.99)
        return Summary(min(largest, p50), min(largest, p99), largest)


def _upper_end(counts: list[int], rank: float) -> float:
    """Return the upper end, in seconds, of the bucket that holds the value of a rank."""
    below = 0
    for bucket, count in enumerate(counts):
        below += count
        if below >= rank and bucket < _BUCKETS - 1:
            return 2 ** ((bucket + 1) / _BUCKETS_PER_DOUBLING) * 1e-9
    return math.inf
