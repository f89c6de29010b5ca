"""
Files that hold whole pieces, whatever happens.

`write` writes its bytes whole or not at all. A file that exists is continued, after its broken end, if a killed program
left one, is cut off. A file that is not a recording is never changed.
"""

import errno
import os
import re
import stat
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from acbridge.recording.compression import PART

_LOCKED_BYTE = 2**30
"""Far behind what a recording is likely to reach: on Windows a locked byte cannot be written."""
_BUSY_S = 0.01


class NotARecording(Exception):  # noqa: N818  the name says what happened
    """A file exists and is not a recording that can be continued."""

    def __init__(self, path: Path, what: str = "exists and is not a recording of acbridge-sink") -> None:
        super().__init__(f"{path} {what}; choose another name or move it away")


class Format(Protocol):
    """What a file consists of."""

    @property
    def suffix(self) -> str:
        """The end of a file's name, such as ``.jsonl.gz``."""
        ...

    def pack(self, data: bytes, /) -> bytes:
        """Return the bytes that are written for some pieces."""
        ...

    def whole(self, path: Path, descriptor: int) -> int:
        """
        Return where the last whole piece of a file ends.

        Args:
            path: The file, for messages.
            descriptor: The file, open for reading, at its beginning; it holds something.

        Raises:
            NotARecording: The file holds something else.
        """
        ...

    def repaired(self, cut_bytes: int) -> bytes:
        """Return the piece that says how many bytes of a broken end were cut off; empty for none."""
        ...


class File:
    """
    One file or pipe to which pieces are appended.

    Attributes:
        path: The file.
        size: Bytes in the file.
    """

    def __init__(self, path: Path, descriptor: int, content: Format) -> None:
        self.path = path
        self.size = 0
        self._file = descriptor
        self._final = path
        self._format = content
        self._on_disk = stat.S_ISREG(os.fstat(descriptor).st_mode)

    @classmethod
    def of_stdout(cls, content: Format) -> "File":
        """Return stdout."""
        return cls(Path("stdout"), os.dup(1), content)

    @classmethod
    def continued(cls, path: Path, content: Format) -> "File":
        """
        Open a file and continue behind its last whole piece, or create it.

        Raises:
            NotARecording: The file holds something else, or pieces of another kind.
            OSError: The file cannot be written, or another program is recording into it.
        """
        file = cls(path, _open(path), content)
        try:
            lock(file._file)
            if file._on_disk:
                file._repair()
        except BaseException:
            os.close(file._file)
            raise
        return file

    @classmethod
    def begun(cls, directory: Path, name: str, content: Format) -> "File":
        """
        Create a file whose name is not taken; while it is written, ``.part`` follows the name.

        Raises:
            OSError: The file cannot be created.
        """
        number = 1
        while True:
            final = directory / f"{name}{f'-{number}' if number > 1 else ''}{content.suffix}"
            part = final.with_name(final.name + PART)
            number += 1
            if final.exists():
                continue
            try:
                file = cls(part, _open(part, os.O_EXCL), content)
            except FileExistsError:
                continue
            file._final = final
            return file

    @property
    def on_disk(self) -> bool:
        """Whether the file takes space on a disk; a pipe or a device does not."""
        return self._on_disk

    def append(self, pieces: Sequence[bytes]) -> None:
        """Append some pieces; see :meth:`write`."""
        self.write(b"".join(pieces))

    def write(self, data: bytes) -> None:
        """
        Append bytes, whole or not at all.

        Raises:
            OSError: They cannot be written; the file is as it was.
        """
        rest = memoryview(self._format.pack(data))
        size = self.size + len(rest)
        try:
            while rest:
                try:
                    rest = rest[os.write(self._file, rest) :]
                except BlockingIOError:  # a pipe that another program made non-blocking
                    time.sleep(_BUSY_S)
        except OSError:
            if self._on_disk:
                with suppress(OSError):
                    os.ftruncate(self._file, self.size)
                    os.lseek(self._file, self.size, os.SEEK_SET)
            raise
        self.size = size

    def sync(self) -> None:
        """
        Flush the file to the disk.

        Raises:
            OSError: The disk failed.
        """
        try:
            os.fsync(self._file)
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.EROFS):  # a device or a pipe has no disk behind it
                raise

    def close(self) -> None:
        """
        Finish the file: flush it to the disk, and remove ``.part`` from its name.

        Raises:
            OSError: The disk failed; the file keeps its ``.part``.
        """
        try:
            self.sync()
        finally:
            os.close(self._file)
        if self._final != self.path:
            self.path = self.path.rename(self._final)

    def _repair(self) -> None:
        """Check that the file is a recording, cut off its broken end, and move to the end of the rest."""
        size = os.lseek(self._file, 0, os.SEEK_END)
        if size == 0:
            return
        os.lseek(self._file, 0, os.SEEK_SET)
        self.size = self._format.whole(self.path, self._file)
        os.ftruncate(self._file, self.size)
        os.lseek(self._file, self.size, os.SEEK_SET)
        if 0 < self.size < size and (piece := self._format.repaired(size - self.size)):
            self.write(piece)


def name_of(timestamp: float, static: Mapping[str, Any] | None, session: str) -> str:
    """Return a file's name in a directory, such as ``2026-11-22T13-15-00Z_monza_bmw_z4_gt3_practice``."""
    known = static or {}
    track = "-".join(part for part in (known.get("track"), known.get("trackConfiguration")) if part)
    parts = (
        datetime.fromtimestamp(timestamp, UTC).strftime("%Y-%m-%dT%H-%M-%SZ"),
        track or "unknown",
        known.get("carModel") or "unknown",
        session,
    )
    return "_".join(re.sub(r"[^A-Za-z0-9._-]", "-", part)[:60] for part in parts)


def _open(path: Path, flags: int = 0) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0) | flags, 0o644)


def lock(file: int) -> None:
    """
    Lock the file against other recordings; closing the handle releases the lock.

    Raises:
        OSError: Another program holds it.
    """
    if sys.platform == "win32":
        import msvcrt  # noqa: PLC0415  exists on Windows only

        os.lseek(file, _LOCKED_BYTE, os.SEEK_SET)
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        os.lseek(file, 0, os.SEEK_SET)
        return
    import fcntl  # noqa: PLC0415  exists elsewhere only

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise OSError(error.errno, "another program is recording into it") from error
