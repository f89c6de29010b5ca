"""
Whether the daemon can be heard, and what to report when it cannot.

Prints nothing itself. A recording counts as heard while it plays.
"""

import threading
import time

from acbridge import AcbridgeError, Bridge, Status
from acbridge.client import Silence
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
        self._explanation: _Explanation | None = None
        self._reported = False
        source.trust(Status)  # from now on its frames are received

    @property
    def endpoint(self) -> str:
        """Where frames come from."""
        return self._source.endpoint

    @property
    def ever_heard(self) -> bool:
        """Whether the daemon was heard since the beginning; a recording counts as heard."""
        return not isinstance(self._source, Bridge) or self._source.trust(Status).received > 0

    @property
    def alive(self) -> bool:
        """Whether the daemon was heard lately."""
        return self._source.trust(Status).alive

    @property
    def silent(self) -> bool:
        """Whether the daemon has had time to be heard, and was not heard lately."""
        silent = not self.alive and time.perf_counter() - self._begun > SILENCE_S
        if not silent:
            self._explanation = None
        return silent

    @property
    def silence(self) -> Silence | None:
        """Why the daemon is silent; ``None`` if it is not, and for a few seconds while the reason is looked for."""
        if not self.silent:
            return None
        if self._explanation is None:
            self._explanation = _Explanation(self._source)
            self._explanation.start()
        return self._explanation.silence

    def frame_came(self) -> None:
        """Record that the daemon is heard: the next silence is another one."""
        self._reported = False

    def new_silence(self) -> Silence | None:
        """Return why the daemon is silent, once for each time that it falls silent."""
        silence = self.silence
        if silence is None:
            self._reported = self._reported and self.silent
            return None
        reported, self._reported = self._reported, True
        return None if reported else silence


class _Explanation(threading.Thread):
    """
    Looks for the reason of a silence, beside the sink, which goes on.

    Attributes:
        silence: The reason, once it is found.
    """

    def __init__(self, source: FrameSource) -> None:
        super().__init__(name="acbridge-silence", daemon=True)
        self.silence: Silence | None = None
        self._source = source

    def run(self) -> None:
        """Ask the daemon, and look at its ports."""
        source, found = self._source, None
        if isinstance(source, Bridge):
            try:
                found = source.why_silent()
            except AcbridgeError:
                return  # the sink ends
        absent = Silence(f"no daemon answers at {source.endpoint}", FIX, absent=True)
        self.silence = absent if found is None or found.absent else found
