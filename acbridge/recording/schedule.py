"""
When a recorded frame is due on this machine's clock.

Pure: the time comes from outside.
"""

LONGEST_HOLE_S = 1.0
"""A longer hole in the recorded time (a menu, a restart of the daemon) is played as a hole of this length, s."""
LATE_S = 0.1
"""A frame that is later than this moves all that follow, so that late frames do not come in one bunch, s."""


class Schedule:
    """Keeps the recorded distances between frames, divided by the speed."""

    def __init__(self, speed: float) -> None:
        """
        Begin.

        Args:
            speed: Recorded seconds per second.
        """
        self._speed = speed
        self._run: int | None = None
        self._recorded = 0
        self._due = 0

    def due(self, run: int, mono_ns: int, now_ns: int) -> int:
        """
        Return when a frame is due, in nanoseconds on the clock of ``now_ns``.

        Args:
            run: Run of the daemon; another run may have another machine's clock.
            mono_ns: When the frame was sampled, on the recorded clock.
            now_ns: Now, on this machine's monotonic clock.
        """
        if self._run is None:
            self._due = now_ns
        else:
            hole = LONGEST_HOLE_S if run != self._run else min((mono_ns - self._recorded) / 1e9, LONGEST_HOLE_S)
            self._due += round(max(0.0, hole) / self._speed * 1e9)
        if now_ns - self._due > LATE_S * 1e9:
            self._due = now_ns
        self._run, self._recorded = run, mono_ns
        return self._due
