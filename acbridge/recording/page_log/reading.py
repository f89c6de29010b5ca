"""
Read page logs: files to rows.

The newest rows stand in a side file (``.tail``) beside a page log that is still written, or that a killed daemon left;
those that are in no block are read behind the blocks. Opens files for reading only.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from acbridge.errors import DecodeError
from acbridge.recording.compression import PART
from acbridge.recording.page_log import blocks, head
from acbridge.recording.page_log.chunks import MAGIC, Chunk, Damage, read_chunks
from acbridge.recording.page_log.head import Head
from acbridge.recording.page_log.rows import Row
from acbridge.recording.page_log.side_file import RING_BYTES

SUFFIX = ".acrec"
"""The end of the name of a page log."""
TAIL = ".tail"
"""What follows the name of a page log in the name of its side file."""


class Piece(NamedTuple):
    """
    A part of a page log in the order of the file.

    Attributes:
        path: The file, which may be the side file.
        head: The head that holds; ``None`` before the first.
        chunk: A head, a block, or bytes that are neither.
    """

    path: Path
    head: Head | None
    chunk: Chunk | Damage

    def rows(self) -> list[Row]:
        """
        Return the rows of a block.

        Raises:
            DecodeError: It is whole, and yet not a block of such pages; the message gives file and offset.
        """
        if self.head is None or not isinstance(self.chunk, Chunk) or self.chunk.is_head:
            return []
        chunk = self.chunk
        try:
            sizes = [page.page_size for page in self.head.game.pages]
            return blocks.decode(chunk.stored, chunk.raw_length, chunk.rows, sizes)
        except DecodeError as error:
            raise DecodeError(f"{self.path}, byte {chunk.offset}: {error}") from error


def is_page_log(path: Path) -> bool:
    """Return whether a file begins as a page log does; a file that cannot be opened does not."""
    try:
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


def tail_of(path: Path) -> Path:
    """Return the path of the side file, which stays the same when the page log is finished."""
    return path.with_name(path.name.removesuffix(PART) + TAIL)


def read_pieces(path: Path) -> Iterator[Piece]:
    """
    Yield the heads, blocks and damaged parts of a page log, then those of its side file.

    Raises:
        OSError: The file cannot be read.
        DecodeError: It is not a page log, or one that this version cannot read; the message gives file and offset.
    """
    yield from _pieces(path)
    try:
        yield from _pieces(tail_of(path))
    except (FileNotFoundError, DecodeError):
        return  # a kill may have cut it anywhere; what it has behind the cut is in no block yet


def read_rows(path: Path) -> Iterator[tuple[Head, Row]]:
    """
    Yield the rows of a page log, each with the head that holds for it; damaged blocks are left out.

    Raises:
        OSError: The file cannot be read.
        DecodeError: As :func:`read_pieces`, or a block holds no such rows.
    """
    for piece, row in _rows(path):
        if piece.head is not None:
            yield piece.head, row


def rows_left(path: Path) -> list[Row]:
    """
    Return the rows that stand in the side file of a page log and in none of its blocks.

    Raises:
        OSError: The file cannot be read.
        DecodeError: As :func:`read_rows`.
    """
    return [row for piece, row in _rows(path) if piece.path != path]


def _rows(path: Path) -> Iterator[tuple[Piece, Row]]:
    run, last_ns = None, -1
    left: list[tuple[Piece, Row]] = []
    for piece in read_pieces(path):
        if piece.head is None:
            continue
        if piece.path != path:
            if piece.chunk.end > RING_BYTES:
                break
            if piece.head.run == run and _is_of_a_ring(piece.chunk):  # an earlier run has its rows in blocks
                left += [(piece, row) for row in piece.rows() if row.stamp.mono_ns > last_ns]
            continue
        if piece.head.run != run:
            run, last_ns = piece.head.run, -1
        for row in piece.rows():
            last_ns = row.stamp.mono_ns
            yield piece, row
    yield from sorted(left, key=lambda found: found[1].stamp.mono_ns)  # it is a ring: the oldest row may stand anywhere


def _is_of_a_ring(chunk: Chunk | Damage) -> bool:
    """Return whether it is one row that takes no more memory than it takes in the file."""
    return isinstance(chunk, Chunk) and chunk.rows == 1 and len(chunk.stored) == chunk.raw_length


def _pieces(path: Path) -> Iterator[Piece]:
    known: Head | None = None
    with path.open("rb") as file:
        try:
            for chunk in read_chunks(file):
                if isinstance(chunk, Chunk) and chunk.is_head:
                    known = _head(path, chunk)
                yield Piece(path, known, chunk)
        except DecodeError as error:
            text = str(error)
            raise DecodeError(text if text.startswith(str(path)) else f"{path}: {text}") from error


def _head(path: Path, chunk: Chunk) -> Head:
    try:
        return head.parse(chunk.stored)
    except DecodeError as error:
        raise DecodeError(f"{path}, byte {chunk.offset}: {error}") from error
