"""
The sim's pages on Linux: files in /dev/shm that a bridge under Proton shares with the game.

They are read with `pread`, not mapped: a mapped file that shrinks kills the process that reads it, and a copy costs the
same. Reading leaves the file alone; nothing is created, resized or locked.
"""

import os
import stat
import sys
from pathlib import Path

from acbridge.layout import Page
from acbridge.pages import Pages
from acbridge.sources import PageCheck

assert sys.platform != "win32"  # noqa: S101  for the type checker; Windows has named_mappings


class PageFiles:
    """One file per page, of any size that holds the page."""

    def __init__(self, directory: Path, prefix: str, pages: tuple[type[Page], ...]) -> None:
        self._paths = {page: directory / f"{prefix}{page.page_name}" for page in pages}
        self._open: dict[type[Page], tuple[int, os.stat_result]] = {}
        self._reads: tuple[tuple[int, int], ...] = ()

    def attach(self) -> str | None:
        """Open the files, again if one was replaced, and return why not if they cannot be used."""
        for page, path in self._paths.items():
            problem = self._attach(page, path)
            if problem is not None:
                self.detach()
                return problem
        # In the order of the table, whichever file was opened last.
        self._reads = tuple((self._open[page][0], page.page_size) for page in self._paths)
        return None

    def read(self) -> Pages | None:
        """Copy the pages; ``None`` if a file is gone or has shrunk."""
        if not self._reads:
            return None
        pages: list[bytes] = []
        try:
            for handle, size in self._reads:
                page = os.pread(handle, size, 0)
                if len(page) != size:
                    return None
                pages.append(page)
        except OSError:
            return None
        return tuple(pages)

    def detach(self) -> None:
        """Close the files."""
        for handle, _ in self._open.values():
            os.close(handle)
        self._open.clear()
        self._reads = ()

    def inspect(self) -> list[PageCheck]:
        """Check every file, and open it for an instant if it seems usable."""
        return [_inspect(path, page.page_size) for page, path in self._paths.items()]

    def _attach(self, page: type[Page], path: Path) -> str | None:
        held = self._open.get(page)
        try:
            found = path.stat()
            problem = _unusable(path, found, page.page_size)
            if problem is not None or (held is not None and os.path.samestat(held[1], found)):
                return problem
            # Not blocking: the path may have become a pipe since it was checked.
            handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        except OSError as error:
            return _unreadable(path, error)
        opened = os.fstat(handle)
        problem = _unusable(path, opened, page.page_size)
        if problem is not None:
            os.close(handle)
            return problem
        if held is not None:
            os.close(held[0])
        self._open[page] = handle, opened
        return None


def _inspect(path: Path, needed: int) -> PageCheck:
    try:
        found = path.stat()
        detail = f"{found.st_size} bytes, mode {stat.S_IMODE(found.st_mode):04o}, uid {found.st_uid}"
        problem = _unusable(path, found, needed)
        if problem is None:
            os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK))
    except OSError as error:
        return PageCheck(str(path), not isinstance(error, FileNotFoundError), _unreadable(path, error))
    return PageCheck(str(path), there=True, problem=problem, detail=detail)


def _unreadable(path: Path, error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return f"there is no {path}; start the sim (under Proton a bridge such as simshmbridge makes the file)"
    return f"cannot read {path}: {error.strerror}"


def _unusable(path: Path, found: os.stat_result, needed: int) -> str | None:
    """Return why a file cannot be trusted as a page."""
    if not stat.S_ISREG(found.st_mode):
        return f"{path} is not a regular file"
    if found.st_uid not in (0, os.geteuid()):
        # Every user may put a file into /dev/shm; only files of our own user or root are trusted.
        return f"{path} belongs to another user (uid {found.st_uid}); run the daemon as the user who runs the sim"
    if found.st_size < needed:
        return f"{path} has {found.st_size} bytes, the page needs {needed}; did another program make it?"
    return None
