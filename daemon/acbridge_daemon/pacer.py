"""
Deadlines at a fixed rate. The pacer does arithmetic: it never sleeps and reads no clock.

Deadlines are counted from the start, so they cannot drift. A late tick skips the deadlines that have passed and
counts them; no tick is made up for, because shared memory holds only the present.
"""


class Pacer:
    """
    The schedule of one rate.

    Attributes:
        rate: Ticks per second.
    """

    def __init__(self, rate: float, start_ns: int) -> None:
        """
        Start a schedule.

        Args:
            rate: Ticks per second.
            start_ns: When the first tick is due, in nanoseconds on any steady clock.
        """
        self.rate = rate
        self._start_ns = start_ns
        self._tick = 0

    @property
    def deadline_ns(self) -> int:
        """When the next tick is due, in nanoseconds on the same clock."""
        return self._due(self._tick)

    def take(self, now_ns: int) -> int:
        """
        Begin the tick that is due, and return the number of ticks skipped before it.

        Args:
            now_ns: Now, at or after the deadline.
        """
        latest = max(self._tick, int((now_ns - self._start_ns) * self.rate // 1e9))
        # The division above may be one too low or too high; the deadlines themselves decide.
        while latest > self._tick and self._due(latest) > now_ns:
            latest -= 1
        while self._due(latest + 1) <= now_ns:
            latest += 1
        skipped = latest - self._tick
        self._tick = latest + 1
        return skipped

    def _due(self, turn: int) -> int:
        return self._start_ns + round(turn * 1e9 / self.rate)
