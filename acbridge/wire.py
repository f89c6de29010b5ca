"""
The wire, version 1: frames to bytes and back.

A frame is one msgpack map with string keys: the header first, then the record's fields, flat. The header has the same
bytes at the same places in every frame, so it is read without decoding. Page frames are laid out once from the table:
numbers first, each at a fixed byte offset, text last. Encoding one is then a gather: `bytes.translate` looks every byte
of the output up in a table made of the page and of the few constant bytes (keys and type markers), byte order included.

It opens no socket and reads no clock.
"""

import math
import struct
from functools import lru_cache
from typing import Any, Generic, NamedTuple, TypeVar

from acbridge import packing
from acbridge.errors import DecodeError, PageError, WireVersionError
from acbridge.schema import INT32, Column, Page, Record, read_text

WIRE_VERSION = 1

MAX_FRAME_BYTES = 65536
"""No frame is larger; a peer that sends more is not one of ours."""

R = TypeVar("R", bound=Record)
R_co = TypeVar("R_co", bound=Record, covariant=True)


class Stamp(NamedTuple):
    """
    One instant on both clocks.

    Attributes:
        mono_ns: Nanoseconds on the machine's monotonic clock.
        timestamp: Unix seconds.
    """

    mono_ns: int
    timestamp: float


class Header(NamedTuple):
    """
    What every frame begins with, after the wire version.

    Attributes:
        run: Random 32-bit number of this life of the daemon.
        tick: Turn of the daemon's loop; shared by all frames of one sample.
        seq: Counts the frames of one topic in one run; a jump is a gap.
        timestamp: When the pages were sampled, Unix seconds.
        mono_ns: The same instant on the daemon machine's monotonic clock.
    """

    run: int
    tick: int
    seq: int
    timestamp: float
    mono_ns: int


class Frame(NamedTuple, Generic[R_co]):
    """
    A record with its header.

    Attributes:
        record: The values.
        run: Random 32-bit number of this life of the daemon; another number means that it restarted.
        tick: Turn of the daemon's loop; frames with the same tick were sampled together.
        seq: Counts the frames of this topic in this run.
        timestamp: When the pages were sampled, Unix seconds.
        mono_ns: The same instant on the daemon machine's monotonic clock (its ``time.perf_counter_ns()``).
        lost: Frames of this topic that went missing right before this one.
    """

    record: R_co
    run: int
    tick: int
    seq: int
    timestamp: float
    mono_ns: int
    lost: int = 0

    @property
    def topic(self) -> str:
        """The topic's name."""
        return self.record.topic


_HEADER = struct.Struct(">BH2sB5sI6sQ5sQ11sd9sQ")
_MAP16 = 0xDE
_KEYS = (b"\xa1v", b"\xa3run\xce", b"\xa4tick\xcf", b"\xa3seq\xcf", b"\xa9timestamp\xcb", b"\xa7mono_ns\xcf")
_HEADER_FIELDS = 6
HEADER_BYTES = _HEADER.size


def read_header(payload: bytes) -> Header:
    """
    Read the header of a frame without decoding the rest.

    Raises:
        DecodeError: The bytes are no frame of ours.
        WireVersionError: They are one of another wire version.
    """
    if len(payload) < HEADER_BYTES or payload[0] != _MAP16:
        raise DecodeError("these bytes do not begin with a frame's header; is this port an acbridge daemon's?")
    _, _, k0, v, k1, run, k2, tick, k3, seq, k4, timestamp, k5, mono_ns = _HEADER.unpack_from(payload)
    if k0 == _KEYS[0] and v != WIRE_VERSION:
        raise WireVersionError(v, WIRE_VERSION)
    if (k0, k1, k2, k3, k4, k5) != _KEYS:
        raise DecodeError("these bytes do not begin with a frame's header; is this port an acbridge daemon's?")
    return Header(run, tick, seq, timestamp, mono_ns)


def decode_map(payload: bytes) -> dict[str, Any]:
    """
    Decode a whole frame into a dictionary: the header's keys, then the record's.

    Raises:
        DecodeError: The bytes are no frame of ours.
        WireVersionError: They are one of another wire version.
    """
    read_header(payload)
    return packing.unpack_map(payload, packing.FRAME)


def decode(payload: bytes, record: type[R], lost: int = 0) -> Frame[R]:
    """
    Decode a frame of a known topic.

    Args:
        payload: The second part of a message.
        record: The record class of its topic.
        lost: What the caller knows to be missing right before it.

    Raises:
        DecodeError: The bytes are no frame of ours, or lack a field of the record (an older daemon).
        WireVersionError: They are a frame of another wire version.
    """
    values = decode_map(payload)
    del values["v"]
    run, tick, seq = values.pop("run"), values.pop("tick"), values.pop("seq")
    timestamp, mono_ns = values.pop("timestamp"), values.pop("mono_ns")
    return Frame(record.adopt(values), run, tick, seq, timestamp, mono_ns, lost)


def encode(header: Header, record: Record) -> bytes:
    """Encode a record of ours (not a page) as a frame."""
    values = vars(record)
    body = packing.pack(values)
    fields = len(values)
    marker_bytes = 1 if fields < 16 else 3  # noqa: PLR2004  msgpack: a fixmap holds up to 15 pairs, then map16
    return _head(header, fields) + body[marker_bytes:]


class PageEncoder:
    """
    Encodes snapshots of one page as frames, without decoding them.

    Attributes:
        offsets: Byte offset of each number in the frame (big-endian; the first element of an array, whose elements
            are 5 bytes apart, and an inner array's marker 1 byte more).
    """

    def __init__(self, page: type[Page], *, names: bool = False) -> None:
        """
        Lay the frame out.

        Args:
            page: The record class of the page.
            names: Whether columns that may name a person are published; otherwise they are empty.
        """
        self._page = page
        # A page often stays the same from tick to tick: graphics between two rendered frames, static for hours.
        self._seen = self._body = b""
        self.offsets: dict[str, int] = {}
        gathers: list[_Gather] = []
        at = HEADER_BYTES
        for column in page.columns:
            if column.is_text:
                continue
            cells, first = _number_cells(column, page.offsets[column.name])
            self.offsets[column.name] = at + first
            at += len(cells)
            if not gathers or not gathers[-1].add(cells):
                gathers.append(_Gather(cells))
        self._plan = [gather.plan() for gather in gathers]
        self._texts = [
            _text_plan(column, page.offsets[column.name], names=names) for column in page.columns if column.is_text
        ]

    def encode(self, header: Header, page: bytes) -> bytes:
        """
        Encode a snapshot of at least ``page_size`` bytes.

        Raises:
            PageError: It is shorter.
        """
        if len(page) < self._page.page_size:
            raise PageError(self._page.topic, len(page), self._page.page_size)
        if page != self._seen:
            self._seen, self._body = page, self._gather(page)
        return _head(header, len(self._page.columns)) + self._body

    def _gather(self, page: bytes) -> bytes:
        parts = [index.translate(page[start:stop] + rest) for index, start, stop, rest in self._plan]
        for key, start, stop in self._texts:
            parts.append(key)
            parts.append(_packed_text(page[start:stop]))
        return b"".join(parts)


def _head(header: Header, fields: int) -> bytes:
    k0, k1, k2, k3, k4, k5 = _KEYS
    run, tick, seq, timestamp, mono_ns = header
    return _HEADER.pack(
        _MAP16, fields + _HEADER_FIELDS, k0, WIRE_VERSION, k1, run, k2, tick, k3, seq, k4, timestamp, k5, mono_ns
    )


@lru_cache(maxsize=64)
def _packed_text(units: bytes) -> bytes:
    # Most texts of a page stay the same for minutes; a surrogate cannot reach here, read_text replaces it.
    return packing.pack(read_text(units))


def _text_plan(column: Column, offset: int, *, names: bool) -> tuple[bytes, int, int]:
    hidden = column.personal and not names
    return packing.pack(column.name), offset, offset if hidden else offset + 2 * column.count


_Cell = int
"""One byte of output: a page offset, or ``~constant`` (negative)."""


def _number_cells(column: Column, offset: int) -> tuple[list[_Cell], int]:
    """Return the cells of a key and its numbers, and where among them the first number's bytes start."""
    key = [~byte for byte in packing.pack(column.name)]
    marker = ~0xD2 if column.kind is INT32 else ~0xCA
    return key + _value_cells(column.shape, marker, offset), len(key) + len(column.shape) + 1


def _value_cells(shape: tuple[int, ...], marker: _Cell, offset: int) -> list[_Cell]:
    if not shape:
        return [marker, offset + 3, offset + 2, offset + 1, offset]
    cells = [~(0x90 | shape[0])]
    for element in range(shape[0]):
        cells += _value_cells(shape[1:], marker, offset + element * 4 * math.prod(shape[1:]))
    return cells


_TABLE_SIZE = 256


class _Gather:
    """Neighbouring cells that one call of `bytes.translate` can look up: page bytes and constants, at most 256."""

    def __init__(self, cells: list[_Cell]) -> None:
        self._cells: list[_Cell] = []
        self.add(cells)

    def add(self, cells: list[_Cell]) -> bool:
        """Take more cells if they fit."""
        both = self._cells + cells
        start, stop, constants = self._extent(both)
        if stop - start + len(constants) > _TABLE_SIZE:
            return False
        self._cells = both
        return True

    def plan(self) -> tuple[bytes, int, int, bytes]:
        """Return the places to look up, the page range, and what follows that range in the table."""
        start, stop, constants = self._extent(self._cells)
        place = {~constant: stop - start + i for i, constant in enumerate(constants)}
        index = bytes(place[cell] if cell < 0 else cell - start for cell in self._cells)
        return index, start, stop, bytes(constants).ljust(_TABLE_SIZE - (stop - start), b"\0")

    @staticmethod
    def _extent(cells: list[_Cell]) -> tuple[int, int, list[int]]:
        places = [cell for cell in cells if cell >= 0]
        return min(places), max(places) + 1, sorted({~cell for cell in cells if cell < 0})
