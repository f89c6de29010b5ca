"""
One clock for everything: `perf_counter`, with an anchor that turns it into wall time.

On Windows before Python 3.13 `time.time` steps by 15.6 ms, so it is read only to place the anchor. Intervals and ages
never depend on wall time; when the machine's clock is set, timestamps follow within a second and nothing else changes.
"""

import time
from collections.abc import Callable

from acbridge.wire import Stamp

STEP_S = 0.05
"""Smaller differences between wall time and the anchor's are the wall clock's coarseness and drift, and ignored."""
COARSEST_TICK_NS = 20_000_000
"""The coarsest step of any wall clock, in ns."""


class Clock:
    """The monotonic clock, with wall time computed from it."""

    def __init__(
        self, monotonic_ns: Callable[[], int] = time.perf_counter_ns, wall: Callable[[], float] = time.time
    ) -> None:
        self.mono_ns = monotonic_ns
        self._wall = wall
        self._anchor = self._place()

    def now(self) -> Stamp:
        """Return the present instant."""
        mono_ns = self.mono_ns()
        return Stamp(mono_ns, self._anchor.timestamp + (mono_ns - self._anchor.mono_ns) * 1e-9)

    def follow_wall(self) -> float:
        """Move the anchor if the wall clock was set; return the change in seconds, 0.0 if it was not set."""
        step = self._wall() - self.now().timestamp
        if abs(step) < STEP_S:
            return 0.0
        self._anchor = self._place()
        return step

    def _place(self) -> Stamp:
        """Read both clocks at the moment when the wall clock steps, so that the size of its step does not matter."""
        start_ns, before = self.mono_ns(), self._wall()
        while True:
            wall, mono_ns = self._wall(), self.mono_ns()
            if wall != before or mono_ns - start_ns > COARSEST_TICK_NS:
                return Stamp(mono_ns, wall)
