"""
The memory that this process uses, and its return to the system.

libzmq takes memory for each peer from the C library, which keeps it for the next peer. Only glibc can be asked to
return it; elsewhere nothing happens here.
"""

import ctypes
import os
import sys
from pathlib import Path

UNUSUAL_BYTES = 8 << 20
"""The daemon gives memory back when it uses so much more than at its start."""
TRIM_EVERY_NS = 10_000_000_000


class Memory:
    """Gives memory back that many or greedy peers made the C library take."""

    def __init__(self) -> None:
        self._usual = 0
        self._due_ns = 0
        self._trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None

    def measure(self) -> None:
        """Take what the process uses now as usual."""
        self._usual = resident_bytes()

    def give_back(self, mono_ns: int) -> None:
        """Give back what the C library keeps for later, if that may be much, and not every second."""
        if self._trim is None or mono_ns < self._due_ns or resident_bytes() - self._usual < UNUSUAL_BYTES:
            return
        self._due_ns = mono_ns + TRIM_EVERY_NS
        self._trim(0)


def resident_bytes() -> int:
    """Return how much memory this process uses; 0 where the system does not say."""
    if sys.platform != "linux":
        return 0
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
