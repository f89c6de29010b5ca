"""
Write page logs: `append` gathers rows, and `sync`, which the writer calls once a second, makes a block of them.

A file is only ever appended to. Its side file begins and ends with it; rows come into it from elsewhere.
"""

import errno
import os
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from acbridge.errors import DecodeError
from acbridge.recording.page_log import head
from acbridge.recording.page_log.chunks import MAGIC, Chunk, block_chunk, head_chunk, read_chunks
from acbridge.recording.page_log.reading import SUFFIX, rows_left, tail_of
from acbridge.recording.page_log.rows import Row, RowKind
from acbridge.recording.page_log.side_file import SideFile
from acbridge.recording.writing.files import File, NotARecording

MOST_ROWS = 1000
"""Rows after which a block is written before its second is over."""


class PageLogFormat:
    """What a page log consists of, for :class:`File`."""

    suffix = SUFFIX

    def pack(self, data: bytes) -> bytes:
        """Return the bytes as they are: blocks are compressed already."""
        return data

    def whole(self, path: Path, descriptor: int) -> int:
        """
        Return where the last whole chunk ends.

        Raises:
            NotARecording: The file holds something else, or pages that this version lays out otherwise.
        """
        with os.fdopen(os.dup(descriptor), "rb") as file:
            start = file.read(len(MAGIC))
            if start != MAGIC:
                if MAGIC.startswith(start):
                    return 0
                raise NotARecording(path, "exists and is not a recording of acbridge-daemon")
            try:
                return _end_of_chunks(file)
            except DecodeError as error:
                raise NotARecording(path, f"exists and cannot be continued: {error}") from error

    def repaired(self, cut_bytes: int) -> bytes:  # noqa: ARG002  lines say it; here whole chunks speak for themselves
        """Return nothing: a reader finds whole chunks by itself."""
        return b""


def _end_of_chunks(file: BinaryIO) -> int:
    """Return where the last whole chunk ends; a head that cannot be read is refused."""
    end = len(MAGIC)
    for chunk in read_chunks(file):
        if isinstance(chunk, Chunk):
            end = chunk.end
            if chunk.is_head:
                head.parse(chunk.stored)
    return end


class PageLogFile:
    """One page log that is being written."""

    def __init__(self, file: File, side: SideFile) -> None:
        self._file = file
        self._side = side
        self._open: list[Row] = []

    @classmethod
    def continued(cls, path: Path, side: SideFile) -> "PageLogFile":
        """
        Open a page log and continue behind its last whole block, or create it; rows of a killed daemon are kept.

        Raises:
            NotARecording: The file holds something else, or a page log of another version.
            OSError: The file cannot be written, or another program is recording into it.
        """
        file = cls(File.continued(path, PageLogFormat()), side)
        try:
            file._keep_tail()
        except BaseException:
            file._file.close()
            raise
        return file

    @property
    def path(self) -> Path:
        """The file."""
        return self._file.path

    @property
    def size(self) -> int:
        """Bytes in the file, without the open block."""
        return self._file.size

    @property
    def on_disk(self) -> bool:
        """Whether the file takes space on a disk."""
        return self._file.on_disk

    def append(self, pieces: Sequence[Row]) -> None:
        """
        Append some rows, all or none; a head ends the block before it.

        Raises:
            OSError: They cannot be written.
        """
        if pieces[0].kind is RowKind.HEAD:
            self._begin(pieces[0])
            pieces = pieces[1:]
        if len(self._open) >= MOST_ROWS:
            self._write_block()
        self._open += pieces

    def sync(self) -> None:
        """
        Write the open block, and flush the file to the disk.

        Raises:
            OSError: The disk failed; the rows stay in the side file.
        """
        self._write_block()
        self._file.sync()

    def close(self) -> None:
        """
        Write the open block, finish the file, and remove the side file.

        Raises:
            OSError: The disk failed; the rows stay in the side file.
        """
        self._write_block()
        self._side.end()
        self._file.close()

    def _begin(self, row: Row) -> None:
        """Write a head, and begin the side file anew."""
        self._write_block()
        data = head_chunk(row.text.encode(), row)
        self._file.write(data if self._file.size else MAGIC + data)
        if self._file.on_disk:
            self._side.begin(tail_of(self._file.path), MAGIC + data, row.stamp.mono_ns)

    def _write_block(self) -> None:
        if self._open:
            self._file.write(block_chunk(self._open))
            self._open = []

    def _keep_tail(self) -> None:
        """Write the rows that a killed daemon left in the side file as blocks."""
        path = self._file.path
        if not self._file.size or not tail_of(path).exists():
            return
        try:
            rows = rows_left(path)
        except DecodeError as error:
            raise NotARecording(path, f"exists and cannot be continued: {error}") from error
        for begin in range(0, len(rows), MOST_ROWS):
            self._file.write(block_chunk(rows[begin : begin + MOST_ROWS]))


def check_target(path: Path) -> None:
    """
    Check that a page log can be begun or continued, and change nothing.

    Args:
        path: A file, or a directory in which files begin.

    Raises:
        NotARecording: The file holds something else, or a page log of another version.
        OSError: It cannot be written.
    """
    place = path if path.exists() else path.parent
    place.stat()
    if not os.access(place, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(place))
    if place.is_file():
        with place.open("rb") as file:
            if os.fstat(file.fileno()).st_size:
                PageLogFormat().whole(place, file.fileno())


class PageLogDirectory:
    """
    A directory in which page logs begin.

    Attributes:
        path: The directory.
    """

    def __init__(self, path: Path, side: SideFile) -> None:
        self.path = path
        self._side = side

    def begin(self, name: str) -> PageLogFile:
        """
        Create a page log of this name, without its suffix; a name that is taken gets a number.

        Raises:
            OSError: The file cannot be created.
        """
        return PageLogFile(File.begun(self.path, name, PageLogFormat()), self._side)
