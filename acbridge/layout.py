"""
The layout of shared-memory pages: records to page bytes and back.

A page class is a table whose columns stand in memory as the sim's compiler laid them out. This module computes the byte
offsets and a `struct` from the table. It refuses to know any field by name, and opens nothing: bytes in, records out.
"""

import struct
from codecs import utf_16_le_decode
from collections.abc import Mapping
from typing import Any, ClassVar, Self, dataclass_transform

from acbridge.errors import PageError
from acbridge.schema import CHAR16, FLOAT32, INT32, WHEELS, Column, Record


def i32(meaning: str, *, unit: str = "") -> Any:
    """Declare a 32-bit signed integer of a page."""
    return Column("", INT32, (), unit, meaning)


def f32(meaning: str, *, unit: str = "", shape: tuple[int, ...] = (), axes: str = "") -> Any:
    """Declare a 32-bit float of a page, or an array of them."""
    return Column("", FLOAT32, shape, unit, meaning, axes)


def f32x3(meaning: str, *, unit: str = "", axes: str) -> Any:
    """Declare a vector of three 32-bit floats; ``axes`` says which three."""
    return f32(meaning, unit=unit, shape=(3,), axes=axes)


def f32x4(meaning: str, *, unit: str = "") -> Any:
    """Declare one 32-bit float per wheel."""
    return f32(meaning, unit=unit, shape=(4,), axes=WHEELS)


def text(units: int, meaning: str, *, personal: bool = False) -> Any:
    """Declare a text of a page: ``units`` UTF-16 units, ended by a NUL."""
    return Column("", CHAR16, (units,), "", meaning, personal=personal)


_Slot = tuple[str, int, int, bool, tuple[int, ...]]
"""A column's name, its first and last place among the unpacked values, whether it is text, its shape."""


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(i32, f32, f32x3, f32x4, text))
class Page(Record):
    """
    A record that the sim keeps in shared memory, with the layout that its compiler gave it.

    Little-endian, packed to 4, text as UTF-16 in 2-byte units.

    Attributes:
        page_size: Bytes that the sim writes.
        offsets: Where each column starts, in bytes.
    """

    page_size: ClassVar[int]
    offsets: ClassVar[Mapping[str, int]]
    _struct: ClassVar[struct.Struct]
    _slots: ClassVar[tuple[_Slot, ...]]

    def __init_subclass__(cls, *, topic: str = "") -> None:
        super().__init_subclass__(topic=topic)
        offsets: dict[str, int] = {}
        slots: list[_Slot] = []
        code, end, index = "<", 0, 0
        for column in cls.columns:
            pad = -end % column.kind.align
            offsets[column.name] = end + pad
            code += f"{pad}x" + (f"{2 * column.count}s" if column.is_text else f"{column.count}{column.kind.code}")
            stop = index + (1 if column.is_text else column.count)
            slots.append((column.name, index, stop, column.is_text, column.shape))
            end += pad + column.count * column.kind.size
            index = stop
        cls.page_size = end + -end % INT32.align
        cls.offsets = offsets
        cls._struct = struct.Struct(code + f"{cls.page_size - end}x")
        cls._slots = tuple(slots)

    @classmethod
    def from_page(cls, page: bytes) -> Self:
        """
        Read the record out of a snapshot of its page.

        Args:
            page: At least :attr:`page_size` bytes; what follows is ignored (sections are rounded up).

        Raises:
            PageError: The snapshot is too short.
        """
        if len(page) < cls.page_size:
            raise PageError(cls.topic, len(page), cls.page_size)
        flat = cls._struct.unpack_from(page)
        values: dict[str, Any] = {}
        for name, start, stop, is_text, shape in cls._slots:
            if not shape:
                values[name] = flat[start]
            elif is_text:
                values[name] = read_text(flat[start])
            elif len(shape) == 1:
                values[name] = flat[start:stop]
            else:
                values[name] = tuple(flat[i : i + shape[1]] for i in range(start, stop, shape[1]))
        return cls.adopt(values)

    @classmethod
    def pack(cls, values: Mapping[str, Any]) -> bytes:
        """
        Lay values out as the sim does, without making a record of them.

        Args:
            values: One for each column; text is cut to fit with its NUL.
        """
        flat: list[Any] = []
        for name, _, _, is_text, shape in cls._slots:
            value = values[name]
            if not shape:
                flat.append(value)
            elif is_text:
                flat.append(value.encode("utf-16-le", "replace")[: 2 * (shape[0] - 1)])
            elif len(shape) == 1:
                flat += value
            else:
                for row in value:
                    flat += row
        return cls._struct.pack(*flat)

    def to_page(self) -> bytes:
        """Lay the record out as the sim does, :attr:`page_size` bytes."""
        return self.pack(vars(self))


def read_text(units: bytes) -> str:
    """Decode UTF-16 units up to the first NUL; what is not UTF-16 becomes U+FFFD."""
    return utf_16_le_decode(units, "replace", True)[0].partition("\0")[0]
