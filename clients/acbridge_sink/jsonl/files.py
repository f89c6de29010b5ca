"""
Files that hold whole lines, whatever happens.

What is handed to `write` is written whole or not at all. A file that exists is continued after what a killed sink left
unfinished is cut off; a file that is not ours is never touched.
"""

import errno
import os
import re
import stat
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from acbridge import DecodeError
from acbridge.recording import lines
from acbridge.recording.compression import SUFFIXES, compressor, expand

PART = ".part"
"""What the name of a file in a directory ends in until it is finished."""
_CHUNK = 65536
_LOCKED_BYTE = 2**30
"""Far behind what a recording is likely to reach: on Windows a locked byte cannot be written."""
_BUSY_S = 0.01


class NotARecording(Exception):  # noqa: N818  the name says what happened
    """A file that exists and is not ours is never written to."""

    def __init__(self, path: Path, what: str = "exists and is not a recording of acbridge-sink") -> None:
        super().__init__(f"{path} {what}; choose another name or move it away")


class File:
    """
    One file, or a pipe, that lines are added to.

    Attributes:
        path: Its name.
        size: Bytes of it.
    """

    def __init__(self, path: Path, descriptor: int, compression: str | None) -> None:
        self.path = path
        self.size = 0
        self._file = descriptor
        self._final = path
        self._compression = compression
        self._pack = compressor(compression) if compression else bytes
        self._on_disk = stat.S_ISREG(os.fstat(descriptor).st_mode)

    @classmethod
    def of_stdout(cls, compression: str | None) -> "File":
        """Return stdout: whoever reads it gets what he can."""
        return cls(Path("stdout"), os.dup(1), compression)

    @classmethod
    def continued(cls, path: Path, compression: str | None, layout: str = "tick") -> "File":
        """
        Open a file and go on behind its last whole line, or begin it.

        Raises:
            NotARecording: It holds something else, or lines of another layout.
            OSError: It cannot be written, or another program is recording into it.
        """
        file = cls(path, _open(path), compression)
        try:
            _lock(file._file)
            if file._on_disk:
                file._repair(layout)
        except BaseException:
            os.close(file._file)
            raise
        return file

    @classmethod
    def begun(cls, directory: Path, name: str, compression: str | None) -> "File":
        """
        Begin a file of a name that nobody has; while it is written, ``.part`` follows the name.

        Raises:
            OSError: It cannot be created.
        """
        suffix = f".jsonl{SUFFIXES[compression] if compression else ''}"
        number = 1
        while True:
            final = directory / f"{name}{f'-{number}' if number > 1 else ''}{suffix}"
            part = final.with_name(final.name + PART)
            number += 1
            if final.exists():
                continue
            try:
                file = cls(part, _open(part, os.O_EXCL), compression)
            except FileExistsError:
                continue
            file._final = final
            return file

    @property
    def on_disk(self) -> bool:
        """Whether it takes room on a disk; a pipe or a device does not."""
        return self._on_disk

    @property
    def compressed(self) -> bool:
        """Whether lines should come in larger pieces."""
        return self._compression is not None

    def write(self, data: bytes) -> None:
        """
        Add some lines, whole or not at all.

        Raises:
            OSError: They cannot be written; the file is as it was.
        """
        rest = memoryview(self._pack(data))
        size = self.size + len(rest)
        try:
            while rest:
                try:
                    rest = rest[os.write(self._file, rest) :]
                except BlockingIOError:  # a pipe that somebody made so
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
        Bring what was written to the disk.

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
        Finish it: bring it to the disk, and give it the name of a finished one.

        Raises:
            OSError: The disk failed; the file keeps its ``.part``.
        """
        try:
            self.sync()
        finally:
            os.close(self._file)
        if self._final != self.path:
            self.path = self.path.rename(self._final)

    def _repair(self, layout: str) -> None:
        """Check that the file is a recording, cut off what is broken at its end, and stand behind the rest."""
        size = os.lseek(self._file, 0, os.SEEK_END)
        if size == 0:
            return
        os.lseek(self._file, 0, os.SEEK_SET)
        if self._compression:
            self.size = self._whole_members(layout)
        else:
            self._meet(os.read(self._file, _CHUNK), layout)
            self.size = self._last_line_end(size)
        os.ftruncate(self._file, self.size)
        os.lseek(self._file, self.size, os.SEEK_SET)
        if 0 < self.size < size:
            self.write(lines.repaired(size - self.size))

    def _whole_members(self, layout: str) -> int:
        """Return where the last whole member ends."""
        assert self._compression is not None  # noqa: S101  for the type checker
        start, good = b"", 0
        try:
            with os.fdopen(os.dup(self._file), "rb") as file:
                for piece, good in expand(file, self._compression):  # noqa: B007  the last one counts
                    start = start or piece
        except DecodeError:
            raise NotARecording(self.path) from None
        self._meet(start, layout)
        return good

    def _meet(self, start: bytes, layout: str) -> None:
        """Make sure that what a file begins with is a header, and that its lines are laid out as ours."""
        if not lines.HEADER_START.startswith(start[: len(lines.HEADER_START)]):
            raise NotARecording(self.path)
        header, whole, _ = start.partition(b"\n")
        found = lines.layout_of(header) if whole else None
        if found not in (None, layout):
            raise NotARecording(self.path, f"is a recording with --layout {found}")

    def _last_line_end(self, size: int) -> int:
        at = size
        while at > 0:
            start = max(0, at - _CHUNK)
            os.lseek(self._file, start, os.SEEK_SET)
            newline = os.read(self._file, at - start).rfind(b"\n")
            if newline >= 0:
                return start + newline + 1
            at = start
        return 0


def named(path: Path, compression: str | None) -> Path:
    """Return the path with the suffix that its compression has."""
    suffix = SUFFIXES[compression] if compression else ""
    return path if path.name.endswith(suffix) else path.with_name(path.name + suffix)


def name_of(timestamp: float, static: dict[str, Any] | None, session: str) -> str:
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


def _lock(file: int) -> None:
    """
    Keep other recordings out of the file; the lock goes with the handle.

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
