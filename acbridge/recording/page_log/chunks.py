"""
Chunks: what a page log consists of, a head or a block each, with length and CRC.

There is no index, so nothing is missing after a kill: whole chunks are found by hopping over lengths, and behind damage
by looking for the next tag. It opens no file; it takes open ones.
"""

import struct
import zlib
from collections.abc import Iterator, Sequence
from typing import BinaryIO, NamedTuple

from acbridge.errors import DecodeError
from acbridge.recording.page_log import blocks
from acbridge.recording.page_log.rows import Row, wall_ns

MAGIC = b"\xacACREC\r\n"
"""How every page log begins; the high byte and the line end show when a program has changed it as if it were text."""
HEAD_TAG = b"\xacHD\n"
BLOCK_TAG = b"\xacBK\n"
MAX_STORED_BYTES = 1 << 24
"""The longest chunk that is read."""
MAX_FALSE_TAGS = 500
"""Tags without a chunk behind them, after which a file is given up."""

PREFIX = struct.Struct("<4sIIIqqq")
CRC = struct.Struct("<I")
_SIZE = PREFIX.size + CRC.size
_WINDOW = 1 << 20


class Chunk(NamedTuple):
    """
    A whole chunk.

    Attributes:
        offset: Where it begins in the file.
        end: Where it ends.
        tag: Whether it is a head or a block.
        raw_length: Bytes decompressed.
        rows: Rows of a block.
        tick: The first tick of a block.
        mono_ns: The steady time of its first row.
        wall_ns: The wall time of its first row, Unix nanoseconds.
        stored: The bytes; empty if they were skipped.
    """

    offset: int
    end: int
    tag: bytes
    raw_length: int
    rows: int
    tick: int
    mono_ns: int
    wall_ns: int
    stored: bytes

    @property
    def is_head(self) -> bool:
        """Whether it is a head."""
        return self.tag == HEAD_TAG


class Damage(NamedTuple):
    """
    Bytes that belong to no whole chunk.

    Attributes:
        offset: Where they begin.
        end: Where they end.
    """

    offset: int
    end: int


def head_chunk(data: bytes, row: Row) -> bytes:
    """Return a head as a chunk."""
    return chunk(HEAD_TAG, data, len(data), 0, row)


def block_chunk(rows: Sequence[Row], *, pack: bool = True) -> bytes:
    """Return some rows as a chunk, compressed or not."""
    stored, length = blocks.encode(rows, pack=pack)
    return chunk(BLOCK_TAG, stored, length, len(rows), rows[0])


def read_chunks(file: BinaryIO) -> Iterator[Chunk | Damage]:
    """
    Yield the whole chunks of a page log, and what lies between them.

    Args:
        file: Open for reading; it must be able to seek.

    Raises:
        DecodeError: It is not a page log.
    """
    file.seek(0)
    if file.read(len(MAGIC)) != MAGIC:
        raise DecodeError("it is not a page log: it begins otherwise")
    at, damaged_from, false_tags = len(MAGIC), None, 0
    while True:
        found = _chunk_at(file, at)
        if found is not None:
            if damaged_from is not None:
                yield Damage(damaged_from, at)
                damaged_from = None
            yield found
            at = found.end
            continue
        damaged_from = at if damaged_from is None else damaged_from
        false_tags += 1
        if false_tags > MAX_FALSE_TAGS:
            raise DecodeError(f"it is damaged throughout, from byte {damaged_from} on")
        place = _next_tag(file, at + 1)
        if place is None:
            end = file.seek(0, 2)
            if end > damaged_from:
                yield Damage(damaged_from, end)
            return
        at = place


def chunk(tag: bytes, stored: bytes, raw_length: int, rows: int, first: Row) -> bytes:
    """Return bytes as a chunk, with the time of its first row."""
    stamp = first.stamp
    prefix = PREFIX.pack(tag, len(stored), raw_length, rows, first.tick, stamp.mono_ns, wall_ns(stamp.timestamp))
    return b"".join([prefix, CRC.pack(zlib.crc32(stored, zlib.crc32(prefix))), stored])


def _chunk_at(file: BinaryIO, at: int) -> Chunk | None:
    file.seek(at)
    prefix, crc = file.read(PREFIX.size), file.read(CRC.size)
    if len(crc) < CRC.size:
        return None
    tag, length, raw_length, rows, tick, mono_ns, began_ns = PREFIX.unpack(prefix)
    if tag not in (HEAD_TAG, BLOCK_TAG) or length > MAX_STORED_BYTES:
        return None
    stored = file.read(length)
    if len(stored) < length or zlib.crc32(stored, zlib.crc32(prefix)) != CRC.unpack(crc)[0]:
        return None
    return Chunk(at, at + _SIZE + length, tag, raw_length, rows, tick, mono_ns, began_ns, stored)


def _next_tag(file: BinaryIO, at: int) -> int | None:
    """Return where the next tag stands at or after a place; ``None`` if there is none."""
    overlap = len(BLOCK_TAG) - 1
    while True:
        file.seek(at)
        data = file.read(_WINDOW)
        places = [place for tag in (HEAD_TAG, BLOCK_TAG) if (place := data.find(tag)) >= 0]
        if places:
            return at + min(places)
        if len(data) < _WINDOW:
            return None
        at += len(data) - overlap
