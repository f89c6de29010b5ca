"""
Creates the pages the way the game does: 2048-byte files in shared memory on Linux, named mappings on Windows.

The stand-in takes the game's place, so it creates pages and fills them; what only reads them never does. Pages that
somebody else keeps rewriting are left alone.
"""

import mmap
import os
import sys
import time
from pathlib import Path

from acbridge.pages import PAGES, Physics
from acbridge.sim.controls import PAGE as CONTROL_PAGE
from acbridge.sim.controls import SIZE as CONTROL_SIZE
from acbridge.sources import PAGE_FILE_SIZE

LOOK_S = 0.05
"""A sim that runs rewrites its physics page many times in this."""
_PACKET = slice(Physics.offsets["packetId"], Physics.offsets["packetId"] + 4)


class InUseError(Exception):
    """Another sim is writing these pages."""


class SharedPages:
    """The three pages, and the control page if the stand-in is to be driven from outside."""

    def __init__(self, directory: Path, prefix: str, *, controls: bool) -> None:
        """
        Create or take over the pages.

        Raises:
            InUseError: Another sim is writing them.
            OSError: They cannot be created.
        """
        self._directory = directory
        self._prefix = prefix
        self._maps: dict[str, mmap.mmap] = {}
        self._handles: list[int] = []
        for page in PAGES:
            self._maps[page.topic] = self._open(page.topic)
        if self._alive():
            self.close()
            raise self._in_use()
        if controls:
            self._maps[CONTROL_PAGE] = self._open(CONTROL_PAGE)
            self._maps[CONTROL_PAGE][:CONTROL_SIZE] = bytes(CONTROL_SIZE)

    def write(self, name: str, page: bytes) -> None:
        """Copy a page into shared memory in one go."""
        self._maps[name][: len(page)] = page

    def write_torn(self, name: str, page: bytes, gap_s: float) -> None:
        """Copy a page in two halves with a gap between them."""
        half = len(page) // 2
        memory = self._maps[name]
        memory[:half] = page[:half]
        end = time.perf_counter() + gap_s
        while time.perf_counter() < end:
            pass
        memory[half : len(page)] = page[half:]

    def write_half(self, name: str, page: bytes) -> None:
        """Copy the first half of a page only, as a sim that dies does."""
        half = len(page) // 2
        self._maps[name][:half] = page[:half]

    def controls(self) -> bytes | None:
        """Return the control page as it is now; ``None`` if it was being rewritten, or there is none."""
        memory = self._maps.get(CONTROL_PAGE)
        if memory is None:
            return None
        page = memory[:CONTROL_SIZE]
        return page if page == memory[:CONTROL_SIZE] else None

    def close(self) -> None:
        """Let go of the pages; on Linux the files stay, as the game's do."""
        for memory in self._maps.values():
            memory.close()
        self._maps.clear()
        for handle in self._handles:
            os.close(handle)
        self._handles.clear()

    def _open(self, name: str) -> mmap.mmap:
        if sys.platform == "win32":
            return mmap.mmap(-1, PAGE_FILE_SIZE, tagname=f"Local\\{self._prefix}{name}")
        # Anyone may put a link into /dev/shm: it is not followed to somebody's file.
        handle = os.open(self._directory / f"{self._prefix}{name}", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        self._handles.append(handle)  # kept: the lock goes with it
        if not _locked(handle):
            self.close()
            raise self._in_use()
        if os.fstat(handle).st_size < PAGE_FILE_SIZE:
            os.ftruncate(handle, PAGE_FILE_SIZE)
        return mmap.mmap(handle, PAGE_FILE_SIZE)

    def _in_use(self) -> InUseError:
        return InUseError(
            f"a sim is already writing the pages {self._prefix}*; end it, or choose another --page-prefix for this one"
        )

    def _alive(self) -> bool:
        memory = self._maps[Physics.topic]
        before = memory[_PACKET]
        end = time.perf_counter() + LOOK_S
        while time.perf_counter() < end:
            time.sleep(0.002)
            if memory[_PACKET] != before:
                return True
        return False


def _locked(handle: int) -> bool:
    """Take the file for this stand-in alone, whatever it does with it; the game itself takes no lock."""
    if sys.platform == "win32":
        return True
    import fcntl  # noqa: PLC0415  exists elsewhere only

    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
