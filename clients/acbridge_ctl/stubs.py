"""
The page files that a bridge under Proton expects to find: made if they are not there, otherwise left as they are.

Nothing is overwritten, resized or followed through a link, and nothing is made if one of the files cannot be.
"""

import os
import stat
import sys
from pathlib import Path
from typing import NamedTuple

from acbridge.pages import AC1

assert sys.platform != "win32"  # noqa: S101  tells the type checker; this module is imported on Linux only

MODE = 0o600
"""Its owner alone: what is in the pages, the driver's name included, is nobody else's business."""


class InTheWayError(Exception):
    """Something has the name of a page and cannot be one."""


class Stub(NamedTuple):
    """
    A page file.

    Attributes:
        path: Where it is.
        made: Whether it was made just now.
        size: Its size in bytes.
        mode: Who may read and write it.
    """

    path: Path
    made: bool
    size: int = AC1.page_file_size
    mode: int = MODE


def make_stubs(directory: Path, prefix: str) -> list[Stub]:
    """
    Make the page files that are missing, all of them or none.

    Raises:
        InTheWayError: A file is there that no bridge can use.
        OSError: A file cannot be made.
    """
    stubs: list[Stub] = []
    for page in AC1.pages:
        path = directory / f"{prefix}{page.page_name}"
        stubs.append(_look(path, page.page_size) or Stub(path, made=True))
    done: list[Path] = []
    try:
        for stub in stubs:
            if stub.made:
                _make(stub.path)
                done.append(stub.path)
    except OSError:
        for path in done:
            path.unlink(missing_ok=True)
        raise
    return stubs


def _look(path: Path, needed: int) -> Stub | None:
    """Return the page that is there, if there is one."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return None
    mode = stat.S_IMODE(found.st_mode)
    if not stat.S_ISREG(found.st_mode):
        kind = "a link" if stat.S_ISLNK(found.st_mode) else "not a regular file"
        raise InTheWayError(f"{path} is {kind}; remove it")
    if found.st_uid != os.geteuid():
        raise InTheWayError(f"{path} belongs to another user (uid {found.st_uid}), who must remove it")
    if mode & MODE != MODE:
        raise InTheWayError(f"{path} has mode {mode:04o}, so a bridge of yours cannot use it; chmod 600 it")
    if found.st_size < needed:
        raise InTheWayError(
            f"{path} has {found.st_size} bytes, the page needs {needed}; remove it if neither bridge nor game runs"
        )
    return Stub(path, made=False, size=found.st_size, mode=mode)


def _make(path: Path) -> None:
    """Make a file of zeros that nobody else can open, or none."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, MODE)
    try:
        os.fchmod(handle, MODE)  # whatever the umask
        # Not truncated to its size: where memory is short, that would kill the game when it writes there.
        os.posix_fallocate(handle, 0, AC1.page_file_size)
    except OSError as error:
        path.unlink(missing_ok=True)
        error.filename = str(path)
        raise
    finally:
        os.close(handle)
