"""
The sim's pages on Linux: files in /dev/shm that a bridge under Proton shares with the game.

They are read with `pread`, not mapped: a mapped file that shrinks kills the process that reads it, and a copy costs the
same. Reading leaves the file alone; nothing is created, resized or locked.
"""

import os
import stat
import sys
from pathlib import Path

from acbridge.sources import PAGE_SIZES, Pages, Presence

assert sys.platform != "win32"  # noqa: S101  for the type checker; Windows has named_mappings


_PHYSICS, _GRAPHICS, _STATIC = PAGE_SIZES.values()


class PageFiles:
    """Three files, of any size that holds the page."""

    def __init__(self, directory: Path, prefix: str) -> None:
        self._paths = {page: directory / f"{prefix}{page}" for page in PAGE_SIZES}
        self._open: dict[str, tuple[int, os.stat_result]] = {}

    def attach(self) -> str | None:
        """Open the files, again if one was replaced, and return why not if they cannot be used."""
        for page, path in self._paths.items():
            problem = self._attach(page, path)
            if problem is not None:
                self.detach()
                return problem
        return None

    def read(self) -> Pages | None:
        """Copy the three pages; ``None`` if a file is gone or has shrunk."""
        if not self._open:
            return None
        (physics, _), (graphics, _), (static, _) = self._open.values()
        try:
            pages = Pages(
                os.pread(physics, _PHYSICS, 0), os.pread(graphics, _GRAPHICS, 0), os.pread(static, _STATIC, 0)
            )
        except OSError:
            return None
        whole = len(pages.physics) == _PHYSICS and len(pages.graphics) == _GRAPHICS and len(pages.static) == _STATIC
        return pages if whole else None

    def detach(self) -> None:
        """Close the files."""
        for handle, _ in self._open.values():
            os.close(handle)
        self._open.clear()

    def inspect(self) -> list[Presence]:
        """Look at every file, and open it for an instant if it looks right."""
        return [_inspect(path, PAGE_SIZES[page]) for page, path in self._paths.items()]

    def _attach(self, page: str, path: Path) -> str | None:
        held = self._open.get(page)
        try:
            found = path.stat()
            problem = _unusable(path, found, PAGE_SIZES[page])
            if problem is not None or (held is not None and os.path.samestat(held[1], found)):
                return problem
            # Not blocking: the path may have become a pipe since it was looked at.
            handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        except OSError as error:
            return _unreadable(path, error)
        opened = os.fstat(handle)
        problem = _unusable(path, opened, PAGE_SIZES[page])
        if problem is not None:
            os.close(handle)
            return problem
        if held is not None:
            os.close(held[0])
        self._open[page] = handle, opened
        return None


def _inspect(path: Path, needed: int) -> Presence:
    try:
        found = path.stat()
        detail = f"{found.st_size} bytes, mode {stat.S_IMODE(found.st_mode):04o}, uid {found.st_uid}"
        problem = _unusable(path, found, needed)
        if problem is None:
            os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK))
    except OSError as error:
        return Presence(str(path), not isinstance(error, FileNotFoundError), _unreadable(path, error))
    return Presence(str(path), there=True, problem=problem, detail=detail)


def _unreadable(path: Path, error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return f"there is no {path}; start the sim (under Proton a bridge such as simshmbridge makes the file)"
    return f"cannot read {path}: {error.strerror}"


def _unusable(path: Path, found: os.stat_result, needed: int) -> str | None:
    """Return why a file cannot be a page that may be believed."""
    if not stat.S_ISREG(found.st_mode):
        return f"{path} is not a regular file"
    if found.st_uid not in (0, os.geteuid()):
        # Every user may put a file into /dev/shm; only files of our own user or root are trusted.
        return f"{path} belongs to another user (uid {found.st_uid}); run the daemon as the user who runs the sim"
    if found.st_size < needed:
        return f"{path} has {found.st_size} bytes, the page needs {needed}; is it Assetto Corsa's?"
    return None
