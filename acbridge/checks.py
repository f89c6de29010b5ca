"""
Checks of decoded values against the columns of their record: types, lengths and ranges; texts become plain.

A frame comes from the program that listens at an address, and a recording from any other user. The values of a
record are looked at in groups of equal columns, so that a check costs less than the decoding.

Pure: it opens nothing and reads no clock.
"""

import math
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from itertools import chain, groupby
from operator import itemgetter
from typing import Any, NamedTuple

from acbridge.errors import DecodeError, shown
from acbridge.plain_text import plain, plain_values
from acbridge.schema import ANY_LENGTH, BOOL, FLOAT32, FLOAT64, INT32, INT64, Column, Kind, Record

_TYPES: Mapping[str, tuple[type, ...]] = {
    "integer": (int,),
    "number": (float, int),
    "boolean": (bool,),
    "string": (str,),
}
"""The Python types of one element, by its JSON Schema type."""
_RANGES: Mapping[Kind, tuple[float, float]] = {
    INT32: (-(2**31), 2**31 - 1),
    INT64: (-(2**63), 2**63 - 1),
    FLOAT32: (-3.4028235e38, 3.4028235e38),
    FLOAT64: (-sys.float_info.max, sys.float_info.max),
}
"""The numbers that an element may be, apart from inf and nan."""
_TUPLE = frozenset({tuple})


class _Group(NamedTuple):
    """
    Columns of the same type that are checked in one pass.

    Attributes:
        names: Their names.
        pick: Returns their values as a tuple.
        lengths: The length of the arrays along each axis; ``None`` for any length.
        types: The types that an element may have.
        range: The smallest and the largest number that an element may be; ``None`` for what is no number.
        nullable: Whether a value may be ``None``.
        text: Whether the elements are text.
    """

    names: tuple[str, ...]
    pick: Callable[[Mapping[str, Any]], tuple[Any, ...]]
    lengths: tuple[frozenset[int] | None, ...]
    types: frozenset[type]
    range: tuple[float, float] | None
    nullable: bool
    text: bool


def check(record: type[Record], values: dict[str, Any], *, ranges: bool = False) -> None:
    """
    Check decoded values, which have all columns of a record, and make their texts plain in place.

    Keys that the table does not know, as a newer daemon sends them, may hold anything.

    Args:
        record: The record class.
        values: Its values by name.
        ranges: Whether numbers are checked too for what their column can hold: JSON has numbers of any size.

    Raises:
        DecodeError: A value has not the type or the length that its column says, or is out of its range.
    """
    for group in _groups(record):
        elements = _elements(group, group.pick(values))
        if elements is None or (ranges and not _in_range(elements, group.range)):
            raise DecodeError(_wrong(record, values))
        if group.text and not "".join(elements).isprintable():
            values.update({name: plain_values(values[name]) for name in group.names})
    if len(values) > len(record.columns):
        for name in values.keys() - {column.name for column in record.columns}:
            values[plain(name)] = plain_values(values.pop(name))


@cache
def _groups(record: type[Record]) -> tuple[_Group, ...]:
    def alike(column: Column) -> tuple[object, ...]:
        return column.kind.name, column.shape, column.nullable

    return tuple(_group(list(found)) for _, found in groupby(sorted(record.columns, key=alike), key=alike))


def _group(columns: list[Column]) -> _Group:
    names = tuple(column.name for column in columns)
    kind, shape, nullable = columns[0].kind, columns[0].shape, columns[0].nullable
    lengths = tuple(None if length == ANY_LENGTH else frozenset({length}) for length in shape)
    types = set(_TYPES[kind.json])
    if nullable and shape and kind is BOOL:  # each of the flags may be absent, not the array
        types.add(type(None))
        nullable = False
    return _Group(names, _picker(names), lengths, frozenset(types), _RANGES.get(kind), nullable, columns[0].is_text)


def _picker(names: Sequence[str]) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
    if len(names) > 1:
        return itemgetter(*names)
    name = names[0]
    return lambda values: (values[name],)


def _elements(group: _Group, level: tuple[Any, ...]) -> tuple[Any, ...] | None:
    """Return all elements of some values of a group; ``None`` if a type or a length is wrong."""
    if group.nullable:
        level = tuple([value for value in level if value is not None])
    for lengths in group.lengths:
        if not _TUPLE.issuperset(map(type, level)) or not (lengths is None or lengths.issuperset(map(len, level))):
            return None
        level = tuple(chain.from_iterable(level))
    return level if group.types.issuperset(map(type, level)) else None


def _in_range(elements: tuple[Any, ...], bounds: tuple[float, float] | None) -> bool:
    if bounds is None or not elements:
        return True
    low, high = bounds
    if low <= min(elements) and max(elements) <= high:
        return True
    return all(
        low <= element <= high or (type(element) is float and not math.isfinite(element)) for element in elements
    )


def _wrong(record: type[Record], values: Mapping[str, Any]) -> str:
    """Return what is wrong with values of which one is."""
    for column in record.columns:
        value, group = values[column.name], _group([column])
        elements = _elements(group, (value,))
        if elements is None or not _in_range(elements, group.range):
            return f"{column.name} of {record.topic} is no {column.type_name}: {shown(value)}"
    return f"a value of {record.topic} has the wrong type"
