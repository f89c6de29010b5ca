"""
Creates the pages the way the game does: 2048-byte files in shared memory on Linux, named mappings on Windows.

The stand-in takes the game's place, so it creates pages and fills them; programs that only read them never do. It
refuses to take over pages that another process keeps rewriting.
"""

import mmap
import os
import sys
import time
from pathlib import Path

from acbridge.pages import AC1, Physics
from acbridge_sim.control_page import PAGE as CONTROL_PAGE
from acbridge_sim.control_page import SIZE as CONTROL_SIZE

LOOK_S = 0.05
"""Time to watch the physics page for; a running sim rewrites it many times in this."""
_PACKET = slice(Physics.offsets["packetId"], Physics.offsets["packetId"] + 4)


class InUseError(Exception):
    """Another sim is writing these pages."""


class SharedPages:
    """The three pages, and the control page if another program is to drive."""

    def __init__(self, directory: Path, prefix: str, *, controls: bool) -> None:
        """
        Create the pages, or take over those of a sim that has ended.

        Args:
            directory: Where the page files are (Linux).
            prefix: First part of the pages' names.
            controls: Whether to create the control page too.

        Raises:
            InUseError: Another sim is writing the pages.
            OSError: The pages cannot be created.
        """
        self._directory = directory
        self._prefix = prefix
        self._maps: dict[str, mmap.mmap] = {}
        self._handles: list[int] = []
        for page in AC1.pages:
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
        """Return the control page as it is now; ``None`` if it is being rewritten, or was not created."""
        memory = self._maps.get(CONTROL_PAGE)
        if memory is None:
            return None
        page = memory[:CONTROL_SIZE]
        return page if page == memory[:CONTROL_SIZE] else None

    def close(self) -> None:
        """Close the pages; on Linux the files stay, as the game's do."""
        for memory in self._maps.values():
            memory.close()
        self._maps.clear()
        for handle in self._handles:
            os.close(handle)
        self._handles.clear()

    def _open(self, name: str) -> mmap.mmap:
        if sys.platform == "win32":
            return mmap.mmap(-1, AC1.page_file_size, tagname=f"Local\\{self._prefix}{name}")
        # Any user may put a link into /dev/shm: following it could overwrite a file elsewhere.
        handle = os.open(self._directory / f"{self._prefix}{name}", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        self._handles.append(handle)  # kept open: closing it would release the lock
        if not _locked(handle):
            self.close()
            raise self._in_use()
        if os.fstat(handle).st_size < AC1.page_file_size:
            os.ftruncate(handle, AC1.page_file_size)
        return mmap.mmap(handle, AC1.page_file_size)

    def _in_use(self) -> InUseError:
        return InUseError(
            f"another sim is writing the pages {self._prefix}*; stop it, or choose another --page-prefix for this one"
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
    """Lock the file against other stand-ins, and return whether that succeeded; the game itself takes no lock."""
    if sys.platform == "win32":
        return True
    import fcntl  # noqa: PLC0415  exists elsewhere only

    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
