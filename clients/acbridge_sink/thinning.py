"""
Thinning of frames to a rate.

Pure: the clock it goes by is that of the frames.
"""


class Thinning:
    """
    Passes at most so many frames per second, on average.

    A frame that comes up to half a period early is passed, because ticks jitter. The due times lie on a grid, so that
    the rate is kept; the grid begins again after a hole and with every run.
    """

    __slots__ = ("_due", "_lost", "_period", "_run")

    def __init__(self, max_rate: float | None) -> None:
        """
        Begin.

        Args:
            max_rate: Frames per second at most, Hz; ``None`` passes every frame.
        """
        self._period = round(1e9 / max_rate) if max_rate else 0
        self._due = self._lost = 0
        self._run: int | None = None

    def missing_before(self, run: int, mono_ns: int, lost: int = 0) -> int | None:
        """
        Decide about a frame.

        Args:
            run: Run of the daemon; another run may have another machine's clock.
            mono_ns: When the frame was sampled.
            lost: Frames that went missing right before it.

        Returns:
            How many frames that would have been passed went missing right before this one; ``None`` if the frame is
            not due.
        """
        if not self._period:
            return lost
        if run != self._run:
            self._run, self._due, self._lost = run, mono_ns + self._period, 0
            return lost
        self._lost += lost
        if mono_ns < self._due - self._period // 2:
            return None
        missing = max(0, min(self._lost, round((mono_ns - self._due) / self._period)))
        self._due = (self._due if mono_ns < self._due + self._period else mono_ns) + self._period
        self._lost = 0
        return missing
