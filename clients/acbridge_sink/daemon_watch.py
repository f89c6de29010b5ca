"""Whether a daemon answers, and what to say if none does. Prints nothing itself."""

import time

from acbridge import Bridge, NoFrame, StaleFrame, Status

SILENCE_S = 2.0
"""A daemon that says nothing for so long is called missing: it sends its status every second."""

FIX = "start acbridge-daemon, or check --connect; acbridge-ctl doctor tells more"


class DaemonWatch:
    """Remembers when the daemon was heard last; a daemon has two seconds from the beginning to speak."""

    def __init__(self, bridge: Bridge) -> None:
        self._bridge = bridge
        self._heard = time.perf_counter()
        self._told = False

    @property
    def complaint(self) -> str:
        """What to say if it is missing."""
        return f"no daemon answers at {self._bridge.endpoint}; {FIX}"

    def heard(self) -> None:
        """Take note that it spoke."""
        self._heard = time.perf_counter()
        self._told = False

    def status(self) -> Status | None:
        """Return what it says of itself now that no frames come; ``None`` if it has not said anything lately."""
        try:
            status = self._bridge.latest(Status, timeout=0.0, max_age=SILENCE_S).record
        except (NoFrame, StaleFrame):
            return None
        self.heard()
        return status

    def missing(self) -> bool:
        """Return whether it has been silent for two seconds."""
        return time.perf_counter() - self._heard > SILENCE_S

    def begins_to_miss(self) -> bool:
        """Return whether it is missing, once each time."""
        if self._told or not self.missing():
            return False
        self._told = True
        return True
