"""
The body of a page's frame, both ways: page bytes to frame bytes without decoding in between, and frame bytes to values.

The body is laid out once from the table: numbers first, each at a fixed byte offset, text last; the columns of a group
come after the other numbers. Encoding is then a gather: `bytes.translate` looks up every byte of the output in a table
made of the page and of the few constant bytes (keys and type markers), byte order included. Decoding is one `struct`
for all numbers, after all constant bytes were compared at once.
"""

import math
import struct
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any

from acbridge import packing
from acbridge.generated import tuples_of, values_of
from acbridge.layout import SIZES, Page, Place, read_utf8, read_utf16
from acbridge.plain_text import plain
from acbridge.schema import CHAR8, CHAR16, INT32, Column, Record


class BodyEncoder:
    """
    Encodes copies of one page as bodies, without decoding them.

    Attributes:
        offsets: Byte offset of each number in the body, big-endian. For an array that of the first element; the
            elements are 5 bytes apart, and each row of an array of arrays adds one more.
    """

    def __init__(self, page: type[Page], *, names: bool) -> None:
        """
        Lay the body out.

        Args:
            page: The record class of the page.
            names: Whether columns that may name a person are published; otherwise they are empty.
        """
        self.offsets: dict[str, int] = {}
        gathers: list[_Gather] = []
        self._strided: list[_Strided] = []
        at = 0
        dense, sparse = _numbers(page)
        for column, offset, _ in dense:
            cells, first = _number_cells(column, column.shape, offset)
            self.offsets[column.name] = at + first
            at += len(cells)
            if not gathers or not gathers[-1].add(cells):
                gathers.append(_Gather(cells))
        for place in sparse:
            strided = _Strided(place)
            self._strided.append(strided)
            self.offsets[place.column.name] = at + strided.first
            at += len(strided)
        self._plan = [gather.plan() for gather in gathers]
        self._texts = [entry for place in page.places if place.column.is_text for entry in _texts(place, names=names)]

    def encode(self, page: bytes) -> bytes:
        """Return the body of a page of at least ``page_size`` bytes."""
        parts = [index.translate(page[start:stop] + rest) for index, start, stop, rest in self._plan]
        if self._strided:
            parts += [strided.gather(page) for strided in self._strided]
        for key, start, stop, pack in self._texts:
            parts.append(key)
            parts.append(pack(page[start:stop]))
        return b"".join(parts)


class BodyDecoder:
    """Decodes the bodies of one page whose numbers all stand at fixed places, several times faster than msgpack."""

    def __init__(self, page: type[Page]) -> None:
        """
        Prepare for the layout that `BodyEncoder` gives the page.

        Args:
            page: The record class of the page; it has no group and no long array.
        """
        code, mask, constants, values = ">", bytearray(), bytearray(), list[tuple[str, str]]()
        count = 0
        for column, offset, _ in _numbers(page)[0]:
            cells, _ = _number_cells(column, column.shape, offset)
            mask += bytes(0xFF if cell < 0 else 0 for cell in cells)
            constants += bytes(~cell if cell < 0 else 0 for cell in cells)
            values.append((column.name, tuples_of(column.shape, count)))
            count += column.count
            code += _struct_code(cells, "i" if column.kind is INT32 else "f")
        self._end = len(mask)
        self._mask = int.from_bytes(mask, "big")
        self._constants = int.from_bytes(constants, "big")
        self._unpack_from = struct.Struct(code).unpack_from
        self._values = values_of(values, count, {})
        self._texts = tuple(place.column.name for place in page.places if place.column.is_text)
        self._text_marker = _map_marker(len(self._texts))

    def decode(self, frame: bytes, start: int) -> dict[str, Any] | None:
        """
        Return the values of a frame's body by name.

        Args:
            frame: The whole frame.
            start: Where its body begins.

        Returns:
            ``None`` for a body with another layout: the caller decodes it by its keys.

        Raises:
            DecodeError: What follows the numbers is not msgpack.
        """
        end = start + self._end
        if int.from_bytes(frame[start:end], "big") & self._mask != self._constants:
            return None
        values: dict[str, Any] = self._values(self._unpack_from(frame, start))
        if self._texts:
            texts = packing.unpack_map(self._text_marker + frame[end:], packing.FRAME)
            if tuple(texts) != self._texts or not _STRING.issuperset(map(type, texts.values())):
                return None
            if not "".join(texts.values()).isprintable():
                texts = {name: plain(text) for name, text in texts.items()}
            values.update(texts)
        elif len(frame) != end:
            return None
        return values


@cache
def decoder_of(record: type[Record]) -> BodyDecoder | None:
    """Return the decoder of a page's bodies; ``None`` for another record, or a page with a group or a long array."""
    if not issubclass(record, Page) or _numbers(record)[1] or any(c.is_text and c.shape for c in record.columns):
        return None
    return BodyDecoder(record)


def _numbers(page: type[Page]) -> tuple[list[Place], list[Place]]:
    """Return where the numbers of a page stand: those that stand apart in the body, and those of groups after them."""
    numbers = [place for place in page.places if not place.column.is_text]
    return [place for place in numbers if _is_dense(place)], [place for place in numbers if not _is_dense(place)]


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


_STRING = frozenset({str})
_SHORT = 16
"""Arrays and maps with fewer elements have a marker of one byte."""
_Cell = int
"""One byte of output: a page offset, or ``~constant`` (negative)."""


def _map_marker(pairs: int) -> bytes:
    """Return how msgpack begins a map; up to 15 pairs take one byte."""
    return bytes([0x80 | pairs]) if pairs < _SHORT else b"\xde" + pairs.to_bytes(2, "big")


def _array_marker(length: int) -> bytes:
    """Return how msgpack begins an array; up to 15 elements take one byte."""
    return bytes([0x90 | length]) if length < _SHORT else b"\xdc" + length.to_bytes(2, "big")


def _struct_code(cells: list[_Cell], code: str) -> str:
    """Return the `struct` format of cells: each four page bytes are a number, the constants are left out."""
    found, at = "", 0
    while at < len(cells):
        constant = cells[at] < 0
        found += "x" if constant else code
        at += 1 if constant else SIZES[INT32]
    return found


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
