"""
Deadlines at a fixed rate. The pacer does arithmetic: it never sleeps and reads no clock.

Deadlines are counted from the start, so they cannot drift. A turn that comes late skips the deadlines that have passed
and counts them; they are never made up for, because shared memory holds only the present.
"""


class Pacer:
    """
    The schedule of one rate.

    Attributes:
        rate: Turns per second.
    """

    def __init__(self, rate: float, start_ns: int) -> None:
        """
        Begin a schedule.

        Args:
            rate: Turns per second.
            start_ns: When the first turn is due, in nanoseconds on any steady clock.
        """
        self.rate = rate
        self._start_ns = start_ns
        self._turn = 0

    @property
    def deadline_ns(self) -> int:
        """When the next turn is due."""
        return self._due(self._turn)

    def take(self, now_ns: int) -> int:
        """
        Take the turn that is due and return how many were skipped before it.

        Args:
            now_ns: Now, at or after the deadline.
        """
        latest = max(self._turn, int((now_ns - self._start_ns) * self.rate // 1e9))
        # The division above may be one off either way; the deadlines themselves decide.
        while latest > self._turn and self._due(latest) > now_ns:
            latest -= 1
        while self._due(latest + 1) <= now_ns:
            latest += 1
        skipped = latest - self._turn
        self._turn = latest + 1
        return skipped

    def _due(self, turn: int) -> int:
        return self._start_ns + round(turn * 1e9 / self.rate)
