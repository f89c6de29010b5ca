"""
The layout of shared-memory pages: page bytes to records and back.

A page class is a table whose columns stand in memory as the sim's compiler laid them out: little-endian, packed to 4,
text in a fixed number of code units. This module computes offsets and a `struct` from the table. It refuses to know any
field by name, and opens nothing: bytes in, records out.

A struct that a page repeats, such as one per car, is declared as a :class:`Group`. It is read by column: the field
`carId` of 64 structs becomes one column `carId` with 64 values.
"""

import math
import struct
from codecs import utf_8_decode, utf_16_le_decode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, groupby
from typing import Any, ClassVar, NamedTuple, Self, dataclass_transform

from acbridge.errors import PageError
from acbridge.generated import tuples_of, values_of
from acbridge.plain_text import plain
from acbridge.schema import CHAR8, CHAR16, FLOAT32, INT32, WHEELS, Column, Kind, Record

_CODES = {INT32: "i", FLOAT32: "f", CHAR8: "B", CHAR16: "H"}
"""The `struct` code of one element."""
SIZES = {kind: struct.calcsize(code) for kind, code in _CODES.items()}
"""Bytes of one element, or of one code unit of a text; the same number is its alignment."""


@dataclass(frozen=True, slots=True)
class Group:
    """
    A struct that stands in a page several times in a row.

    Its fields are declared one after the other in the table of the page, each with ``group=``.

    Attributes:
        count: How many structs there are.
        axis: What each of them stands for, such as ``"car slots"``.
    """

    count: int
    axis: str


@dataclass(frozen=True, slots=True)
class PageColumn(Column):
    """
    A column of a page.

    Attributes:
        units: Code units that a text has room for, its NUL included.
        group: The repeated struct that the column belongs to.
    """

    units: int = 0
    group: Group | None = None


def i32(meaning: str, *, unit: str = "", group: Group | None = None) -> Any:
    """Declare a 32-bit signed integer of a page."""
    return _declare(INT32, (), unit, meaning, group=group)


def f32(
    meaning: str, *, unit: str = "", shape: tuple[int, ...] = (), axes: str = "", group: Group | None = None
) -> Any:
    """Declare a 32-bit float of a page, or an array of them."""
    return _declare(FLOAT32, shape, unit, meaning, axes, group=group)


def f32x3(meaning: str, *, unit: str = "", axes: str, group: Group | None = None) -> Any:
    """Declare a vector of three 32-bit floats; ``axes`` says which three."""
    return f32(meaning, unit=unit, shape=(3,), axes=axes, group=group)


def f32x4(meaning: str, *, unit: str = "", group: Group | None = None) -> Any:
    """Declare one 32-bit float per wheel."""
    return f32(meaning, unit=unit, shape=(4,), axes=WHEELS, group=group)


def text(units: int, meaning: str, *, personal: bool = False) -> Any:
    """Declare a text of a page: UTF-16 in ``units`` units of 2 bytes, ended by a NUL."""
    return _declare(CHAR16, (), "", meaning, units=units, personal=personal)


def text8(units: int, meaning: str, *, personal: bool = False, group: Group | None = None) -> Any:
    """Declare a text of a page: UTF-8 in ``units`` bytes, ended by a NUL unless it fills them all."""
    return _declare(CHAR8, (), "", meaning, units=units, personal=personal, group=group)


def _declare(
    kind: Kind,
    shape: tuple[int, ...],
    unit: str,
    meaning: str,
    axes: str = "",
    *,
    units: int = 0,
    personal: bool = False,
    group: Group | None = None,
) -> PageColumn:
    if group is not None:
        shape = (group.count, *shape)
        axes = f"{group.axis}; {axes}" if axes else group.axis
    return PageColumn("", kind, shape, unit, meaning, axes, personal=personal, units=units, group=group)


class Place(NamedTuple):
    """
    Where a column stands in its page.

    Attributes:
        column: The column.
        offset: Where its first element starts, in bytes.
        stride: Bytes from one element of its first axis to the next.
    """

    column: PageColumn
    offset: int
    stride: int


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(i32, f32, f32x3, f32x4, text, text8))
class Page(Record):
    """
    A record that the sim keeps in shared memory, with the layout that its compiler gave it.

    Attributes:
        page_name: The name of the page in shared memory, without the prefix; by default that of the topic.
        page_size: Bytes that the sim writes.
        places: Where each column stands.
        offsets: Where each column starts, in bytes.
    """

    page_name: ClassVar[str]
    page_size: ClassVar[int]
    places: ClassVar[tuple[Place, ...]]
    offsets: ClassVar[Mapping[str, int]]
    _struct: ClassVar[struct.Struct]
    _flat: ClassVar[int]
    _values: ClassVar[Callable[[tuple[Any, ...]], dict[str, Any]]]
    _writers: ClassVar[tuple["_Writer", ...]]

    def __init_subclass__(cls, *, topic: str = "", page_name: str = "") -> None:
        super().__init_subclass__(topic=topic)
        cls.page_name = page_name or topic
        layout = _Layout()
        for group, members in groupby(_page_columns(cls.columns), lambda column: column.group):
            layout.add(tuple(members), group)
        layout.align(SIZES[INT32])
        cls.page_size = layout.end
        cls.places = tuple(layout.places)
        cls.offsets = {place.column.name: place.offset for place in layout.places}
        cls._struct = struct.Struct(layout.code)
        cls._flat = layout.flat
        cls._values = staticmethod(values_of(layout.values, layout.flat, _NAMES))
        cls._writers = tuple(layout.writers)

    @classmethod
    def from_page(cls, page: bytes) -> Self:
        """
        Read the record from a copy of its page.

        Text ends at its first NUL; bytes that are not UTF-16 or UTF-8, and characters that steer a terminal, become
        U+FFFD.

        Args:
            page: At least :attr:`page_size` bytes; what follows is ignored, since sections are rounded up.

        Raises:
            PageError: The copy is too short.
        """
        if len(page) < cls.page_size:
            raise PageError(cls.topic, len(page), cls.page_size)
        return cls.wrap(cls._values(cls._struct.unpack_from(page)))

    @classmethod
    def reader(cls, name: str) -> Callable[[bytes], Any]:
        """Return a function that reads one column outside a group, and nothing else, from a copy of the page."""
        column, offset, _ = next(place for place in cls.places if place.column.name == name)
        if column.is_text:
            decode, end = DECODERS[column.kind], offset + column.units * SIZES[column.kind]
            return lambda page: decode(page[offset:end])
        unpack_from = struct.Struct(f"<{_CODES[column.kind]}").unpack_from
        return lambda page: unpack_from(page, offset)[0]

    @classmethod
    def without_names(cls, page: bytes) -> bytes:
        """Return a copy of a page with zeros in place of every text that may name a person."""
        blank = bytearray(page)
        for column, offset, stride in cls.places:
            if column.personal:
                size = column.units * SIZES[column.kind]
                for element in range(column.count):
                    start = offset + element * stride
                    blank[start : start + size] = bytes(size)
        return bytes(blank)

    @classmethod
    def pack(cls, values: Mapping[str, Any]) -> bytes:
        """
        Lay values out as the sim does, without making a record of them.

        Args:
            values: One for each column; text is cut to fit with its NUL.
        """
        flat: list[Any] = [None] * cls._flat
        for name, where, convert in cls._writers:
            flat[where] = values[name] if convert is None else convert(values[name])
        return cls._struct.pack(*flat)

    def to_page(self) -> bytes:
        """Lay the record out as the sim does, :attr:`page_size` bytes."""
        return self.pack(vars(self))


def counter_steps(before: int, after: int) -> int:
    """Return how far an int32 counter of a page went on, negative if back; at 333 Hz it wraps after 74 days."""
    return (after - before + 2**31) % 2**32 - 2**31


def read_utf16(units: bytes) -> str:
    """Decode UTF-16 up to the first NUL; what is not UTF-16, or not plain text, becomes U+FFFD."""
    return plain(utf_16_le_decode(units, "replace", True)[0].partition("\0")[0])


def read_utf8(units: bytes) -> str:
    """Decode UTF-8 up to the first NUL; what is not UTF-8, or not plain text, becomes U+FFFD; half a character too."""
    return plain(utf_8_decode(units.partition(b"\0")[0], "replace", True)[0])


DECODERS: Mapping[Kind, Callable[[bytes], str]] = {CHAR8: read_utf8, CHAR16: read_utf16}

_NAMES: Mapping[str, object] = {kind.name: decode for kind, decode in DECODERS.items()} | {
    "tuple": tuple, "map": map, "zip": zip
}  # fmt: skip
"""The names in the expressions of columns."""
_Writer = tuple[str, int | slice, Callable[[Any], Any] | None]
"""A column's name, its place or places among the flat values, and what makes these from its value."""


class _Layout:
    """
    Lays columns out one after the other.

    Attributes:
        code: The format of the `struct`.
        end: Bytes so far.
        flat: Flat values so far: a `struct` knows no arrays, each number and each text is one.
        values: By column, its name and the expression that takes its value from the flat ones.
    """

    def __init__(self) -> None:
        self.code = "<"
        self.end = self.flat = 0
        self.places: list[Place] = []
        self.values: list[tuple[str, str]] = []
        self.writers: list[_Writer] = []

    def align(self, size: int) -> None:
        """Pad to a multiple of a size."""
        pad = -self.end % size
        self.code += f"{pad}x"
        self.end += pad

    def add(self, columns: tuple[PageColumn, ...], group: Group | None) -> None:
        """Lay out columns that are not in a group, or all those of one group."""
        if group is None:
            for column in columns:
                at = self.flat
                self.places.append(Place(column, self._append(column, column.shape), _row_bytes(column)))
                self.values.append((column.name, _value(column, at)))
                self.writers.append((column.name, *_writer(column, at)))
            return
        widest = max(SIZES[column.kind] for column in columns)
        self.align(widest)
        before, start, first = self.code, self.end, self.flat
        self.code = ""
        offsets: list[tuple[PageColumn, int, int]] = []
        for column in columns:
            at = self.flat
            offsets.append((column, self._append(column, column.shape[1:]), at))
        self.align(widest)
        stride, step = self.end - start, self.flat - first
        self.code = before + self.code * group.count
        self.end, self.flat = start + stride * group.count, first + step * group.count
        for column, offset, at in offsets:
            self.places.append(Place(column, offset, stride))
            places = [slice(at + i, self.flat, step) for i in range(math.prod(column.shape[1:]))]
            self.values.append((column.name, _group_value(column, places)))
            self.writers += _group_writers(column, places)

    def _append(self, column: PageColumn, shape: tuple[int, ...]) -> int:
        """Append one element of a column, or an array of them, and return its offset."""
        size, count = SIZES[column.kind], math.prod(shape)
        self.align(size)
        offset = self.end
        self.code += f"{column.units * size}s" if column.is_text else f"{count}{_CODES[column.kind]}"
        self.end += size * (column.units or count)
        self.flat += count
        return offset


def _page_columns(columns: Sequence[Column]) -> list[PageColumn]:
    found: list[PageColumn] = []
    for column in columns:
        if not isinstance(column, PageColumn):
            raise TypeError(f"{column.name} is declared as a {column.kind.name}, which no page holds")
        if len(column.shape) > 2:  # noqa: PLR2004  an array of arrays
            raise TypeError(f"{column.name} has {len(column.shape)} axes, a page's column has at most two")
        found.append(column)
    return found


def _row_bytes(column: PageColumn) -> int:
    return SIZES[column.kind] * math.prod(column.shape[1:]) if column.shape else 0


def _value(column: PageColumn, at: int) -> str:
    return f"{column.kind.name}(v{at})" if column.is_text else tuples_of(column.shape, at)


def _writer(column: PageColumn, at: int) -> tuple[int | slice, Callable[[Any], Any] | None]:
    if column.is_text:
        return at, _encoder(column)
    if not column.shape:
        return at, None
    return slice(at, at + column.count), None if len(column.shape) == 1 else chain.from_iterable


def _group_value(column: PageColumn, places: list[slice]) -> str:
    """Return the expression of a column of a group; each place holds one element of every struct."""
    parts = ["(" + "".join(f"v{i}, " for i in range(place.start, place.stop, place.step)) + ")" for place in places]
    if column.is_text:
        return f"tuple(map({column.kind.name}, {parts[0]}))"
    return parts[0] if len(column.shape) == 1 else f"tuple(zip({', '.join(parts)}))"


def _group_writers(column: PageColumn, places: list[slice]) -> list[_Writer]:
    if column.is_text:
        encode = _encoder(column)
        return [(column.name, places[0], lambda values: [encode(value) for value in values])]
    if len(column.shape) == 1:
        return [(column.name, places[0], None)]
    return [
        (column.name, place, lambda rows, i=i: [row[i] for row in rows])  # type: ignore[misc]
        for i, place in enumerate(places)
    ]


def _encoder(column: PageColumn) -> Callable[[str], bytes]:
    room = (column.units - 1) * SIZES[column.kind]
    if column.kind is CHAR16:
        return lambda value: value.encode("utf-16-le", "replace")[:room]
    # Cut between characters, not in one.
    return lambda value: value.encode("utf-8", "replace")[:room].decode("utf-8", "ignore").encode()
