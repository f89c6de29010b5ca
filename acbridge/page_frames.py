"""
Page bytes to frame bytes, without decoding in between.

A page frame is laid out once from the table: numbers first, each at a fixed byte offset, text last. Encoding one is
then a gather: `bytes.translate` looks up every byte of the output in a table made of the page and of the few constant
bytes (keys and type markers), byte order included. The columns of a group come after the other numbers.
"""

import math
from collections.abc import Callable
from functools import lru_cache

from acbridge import packing
from acbridge.errors import PageError
from acbridge.layout import SIZES, Page, Place, read_utf8, read_utf16
from acbridge.schema import CHAR8, CHAR16, INT32, Column
from acbridge.wire import HEADER_BYTES, Header, pack_header


class PageEncoder:
    """
    Encodes copies of one page as frames, without decoding them.

    Attributes:
        offsets: Byte offset of each number in the frame, big-endian. For an array that of the first element; the
            elements are 5 bytes apart, and each row of an array of arrays adds one more.
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
        self._strided: list[_Strided] = []
        at = HEADER_BYTES
        numbers = [place for place in page.places if not place.column.is_text]
        dense = [place for place in numbers if _is_dense(place)]
        for column, offset, _ in dense:
            cells, first = _number_cells(column, column.shape, offset)
            self.offsets[column.name] = at + first
            at += len(cells)
            if not gathers or not gathers[-1].add(cells):
                gathers.append(_Gather(cells))
        for place in numbers:
            if place not in dense:
                strided = _Strided(place)
                self._strided.append(strided)
                self.offsets[place.column.name] = at + strided.first
                at += len(strided)
        self._plan = [gather.plan() for gather in gathers]
        self._texts = [entry for place in page.places if place.column.is_text for entry in _texts(place, names=names)]

    def encode(self, header: Header, page: bytes) -> bytes:
        """
        Encode a copy of at least ``page_size`` bytes.

        Raises:
            PageError: It is shorter.
        """
        if len(page) < self._page.page_size:
            raise PageError(self._page.topic, len(page), self._page.page_size)
        if page != self._seen:
            self._seen, self._body = page, self._gather(page)
        return pack_header(header, len(self._page.columns)) + self._body

    def _gather(self, page: bytes) -> bytes:
        parts = [index.translate(page[start:stop] + rest) for index, start, stop, rest in self._plan]
        if self._strided:
            parts += [strided.gather(page) for strided in self._strided]
        for key, start, stop, pack in self._texts:
            parts.append(key)
            parts.append(pack(page[start:stop]))
        return b"".join(parts)


@lru_cache(maxsize=512)
def _packed_utf16(units: bytes) -> bytes:
    # Most texts of a page stay the same for minutes. A lone surrogate cannot reach msgpack: it was replaced.
    return packing.pack(read_utf16(units))


@lru_cache(maxsize=512)
def _packed_utf8(units: bytes) -> bytes:
    return packing.pack(read_utf8(units))


_PACK_TEXT = {CHAR16: _packed_utf16, CHAR8: _packed_utf8}

_Text = tuple[bytes, int, int, Callable[[bytes], bytes]]
"""What stands before a text in the frame, where the text begins and ends in the page, and what packs it."""


def _texts(place: Place, *, names: bool) -> list[_Text]:
    column, offset, stride = place
    size = 0 if column.personal and not names else column.units * SIZES[column.kind]
    before, pack = packing.pack(column.name), _PACK_TEXT[column.kind]
    if not column.shape:
        return [(before, offset, offset + size, pack)]
    (count,) = column.shape
    starts = [offset + stride * element for element in range(count)]
    return [(b"" if i else before + _array_marker(count), start, start + size, pack) for i, start in enumerate(starts)]


_Cell = int
"""One byte of output: a page offset, or ``~constant`` (negative)."""


def _array_marker(length: int) -> bytes:
    """Return how msgpack begins an array; up to 15 elements take one byte."""
    short = length < 16  # noqa: PLR2004  as msgpack has it
    return bytes([0x90 | length]) if short else b"\xdc" + length.to_bytes(2, "big")


def _number_cells(column: Column, shape: tuple[int, ...], offset: int) -> tuple[list[_Cell], int]:
    """Return the cells of a key and its numbers, and where among them the first number's bytes start."""
    key = [~byte for byte in packing.pack(column.name)]
    markers = sum(len(_array_marker(length)) for length in shape)
    return key + _value_cells(shape, _number_marker(column), offset), len(key) + markers + 1


def _number_marker(column: Column) -> _Cell:
    return ~0xD2 if column.kind is INT32 else ~0xCA


def _value_cells(shape: tuple[int, ...], marker: _Cell, offset: int) -> list[_Cell]:
    if not shape:
        return [marker, offset + 3, offset + 2, offset + 1, offset]
    cells = [~byte for byte in _array_marker(shape[0])]
    for element in range(shape[0]):
        cells += _value_cells(shape[1:], marker, offset + element * 4 * math.prod(shape[1:]))
    return cells


_TABLE_SIZE = 256


def _is_dense(place: Place) -> bool:
    """Return whether one table has room for a column: it is not in a group, and its array is short."""
    column, offset, _ = place
    return column.group is None and _Gather.fits(_number_cells(column, column.shape, offset)[0])


class _Gather:
    """Neighbouring cells that one call of `bytes.translate` can look up: page bytes and constants, at most 256."""

    def __init__(self, cells: list[_Cell]) -> None:
        self._cells: list[_Cell] = []
        self.add(cells)

    def add(self, cells: list[_Cell]) -> bool:
        """Add more cells if they fit, and return whether they did."""
        both = self._cells + cells
        if not self.fits(both):
            return False
        self._cells = both
        return True

    @classmethod
    def fits(cls, cells: list[_Cell]) -> bool:
        """Return whether one table has room for all cells."""
        start, stop, constants = cls._extent(cells)
        return stop - start + len(constants) <= _TABLE_SIZE

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


class _Strided:
    """
    A column whose elements are far apart in the page or many: a group's, or a long array.

    The frame bytes are a template. One slice assignment fills in the same byte of every element, taken from the page
    with a stride.

    Attributes:
        first: Where in the column's bytes the first number starts.
    """

    def __init__(self, place: Place) -> None:
        column, offset, stride = place
        count, *inner = column.shape
        head = packing.pack(column.name) + _array_marker(count)
        element = _value_cells(tuple(inner), _number_marker(column), offset)
        self._template = head + count * bytes(~cell if cell < 0 else 0 for cell in element)
        self._slices = [
            (slice(len(head) + i, None, len(element)), slice(cell, cell + stride * (count - 1) + 1, stride))
            for i, cell in enumerate(element)
            if cell >= 0
        ]
        self.first = len(head) + sum(len(_array_marker(length)) for length in inner) + 1

    def __len__(self) -> int:
        return len(self._template)

    def gather(self, page: bytes) -> bytes:
        """Return the column's bytes in the frame: its key and its numbers."""
        frame = bytearray(self._template)
        for there, here in self._slices:
            frame[there] = page[here]
        return bytes(frame)
