"""
Page bytes to frame bytes, without decoding in between.

A page frame is laid out once from the table: numbers first, each at a fixed byte offset, text last. Encoding one is
then a gather: `bytes.translate` looks up every byte of the output in a table made of the page and of the few constant
bytes (keys and type markers), byte order included.
"""

import math
from functools import lru_cache

from acbridge import packing
from acbridge.errors import PageError
from acbridge.layout import Page, read_text
from acbridge.schema import INT32, Column
from acbridge.wire import HEADER_BYTES, Header, pack_header


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
        return pack_header(header, len(self._page.columns)) + self._body

    def _gather(self, page: bytes) -> bytes:
        parts = [index.translate(page[start:stop] + rest) for index, start, stop, rest in self._plan]
        for key, start, stop in self._texts:
            parts.append(key)
            parts.append(_packed_text(page[start:stop]))
        return b"".join(parts)


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
