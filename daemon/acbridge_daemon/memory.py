"""
The memory that this process uses, how much is too much, and its return to the system.

libzmq takes memory for each peer from the C library, which keeps it for the next peer. Only glibc can be asked to
return it; elsewhere nothing happens here.
"""

import os
import sys
from collections.abc import Callable
from ctypes import CDLL

UNUSUAL_BYTES = 8 << 20
"""The daemon gives memory back when it uses so much more than at its start."""
TOO_MUCH_BYTES = 256 << 20
"""More than a thousand subscribers need that cannot keep up: a peer fills the daemon with a message without end."""
WATCH_EVERY_NS = 100_000_000
"""How often the daemon looks: such a peer sends 30 MB in this time."""
TRIM_EVERY_NS = 10_000_000_000
PATIENCE_NS = 1_000_000_000
"""How long libzmq may take to free the memory of closed sockets, before they are closed once more."""


class Memory:
    """Gives memory back that peers made the C library take, and notices when they hold too much of it."""

    def __init__(self) -> None:
        self._usual = 0
        self._watch_due_ns = self._trim_due_ns = self._patient_until_ns = 0
        self._trim = _malloc_trim()

    def measure(self) -> None:
        """Take what the process uses now as usual."""
        self._usual = 0 if self._trim is None else resident_bytes()

    def watch(self, mono_ns: int) -> bool:
        """
        Give back what the C library keeps for later, if that may be much.

        Returns:
            Whether the process uses so much that all peers should be disconnected.
        """
        if self._trim is None or mono_ns < self._watch_due_ns:
            return False
        self._watch_due_ns = mono_ns + WATCH_EVERY_NS
        if resident_bytes() - self._usual < UNUSUAL_BYTES:
            return False
        if mono_ns >= self._trim_due_ns or mono_ns < self._patient_until_ns:
            self._trim_due_ns = mono_ns + TRIM_EVERY_NS
            self._trim(0)
        if mono_ns < self._patient_until_ns or resident_bytes() - self._usual < TOO_MUCH_BYTES:
            return False
        self._patient_until_ns = mono_ns + PATIENCE_NS
        return True


def _malloc_trim() -> Callable[[int], int] | None:
    """Return glibc's function that gives memory back, where there is one."""
    if sys.platform != "linux":
        return None
    return getattr(CDLL(None), "malloc_trim", None)


def resident_bytes() -> int:
    """Return how much memory this process uses; 0 where the system does not say."""
    if sys.platform != "linux":
        return 0
    handle = os.open("/proc/self/statm", os.O_RDONLY)
    try:
        return int(os.read(handle, 128).split()[1]) * os.sysconf("SC_PAGE_SIZE")
    finally:
        os.close(handle)
