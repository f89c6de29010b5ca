"""
Whether the daemon can be heard, and what to report when it cannot.

Prints nothing itself. A recording counts as heard while it plays.
"""

import time

from acbridge import Status
from acbridge.frame_source import FrameSource
from acbridge.topics import BY_NAME

SILENCE_S = BY_NAME[Status.topic].stale_after
"""A daemon whose status has not come for so long is silent, s; it publishes one every second."""

FIX = "start acbridge-daemon, or check --connect; acbridge-ctl doctor finds the cause"


class DaemonWatch:
    """Watches the status of the daemon, which has `SILENCE_S` from the beginning to be heard."""

    def __init__(self, source: FrameSource) -> None:
        self._source = source
        self._begun = time.perf_counter()
        self._reported = False
        source.trust(Status)  # from now on its frames are received

    @property
    def alive(self) -> bool:
        """Whether the daemon was heard lately."""
        return self._source.trust(Status).alive

    @property
    def silent(self) -> bool:
        """Whether the daemon has had time to be heard, and was not heard lately."""
        return not self.alive and time.perf_counter() - self._begun > SILENCE_S

    @property
    def complaint(self) -> str:
        """What to report when it is silent."""
        return f"no daemon answers at {self._source.endpoint}; {FIX}"

    def frame_came(self) -> None:
        """Record that the daemon is heard: the next silence is another one."""
        self._reported = False

    def just_went_silent(self) -> bool:
        """Return whether the daemon is silent, once for each time that it falls silent."""
        silent = self.silent
        first, self._reported = silent and not self._reported, silent
        return first
