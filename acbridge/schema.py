"""
Columns and records: the one table from which every layout is derived.

A record class *is* its table: one line per field with the field's name, type, unit and meaning. This module turns such
a class into a list of columns. It refuses to know any field by name or any byte: where a sim keeps a record in shared
memory is the subject of `layout`, what a frame looks like that of `wire`.
"""

import hashlib
import math
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self, dataclass_transform

from acbridge.errors import DecodeError

Vec3 = tuple[float, float, float]
"""Three floats along three axes; the column says which."""
Wheels = tuple[float, float, float, float]
"""One float per wheel: front left, front right, rear left, rear right."""
WheelFlags = tuple[bool, bool, bool, bool]
"""One flag per wheel: front left, front right, rear left, rear right."""
WheelsKnown = tuple[bool | None, bool | None, bool | None, bool | None]
"""One flag per wheel, ``None`` for a wheel of which it cannot be known."""
WheelVecs = tuple[Vec3, Vec3, Vec3, Vec3]
"""One vector per wheel: [wheel][x, y, z]."""

WHEELS = "FL, FR, RL, RR"

ANY_LENGTH = 0
"""The length of an axis that varies."""


@dataclass(frozen=True, slots=True)
class Kind:
    """
    The type of one element of a column.

    Attributes:
        name: The name used in the documentation.
        json: Its JSON Schema type.
    """

    name: str
    json: str


INT32 = Kind("int32", "integer")
FLOAT32 = Kind("float32", "number")
CHAR8 = Kind("char8", "string")
"""A text of a page in UTF-8."""
CHAR16 = Kind("char16", "string")
"""A text of a page in UTF-16."""
FLOAT64 = Kind("float64", "number")
INT64 = Kind("int64", "integer")
BOOL = Kind("bool", "boolean")
STRING = Kind("str", "string")


@dataclass(frozen=True, slots=True)
class Column:
    """
    One field of a record.

    Attributes:
        name: The sim's own name verbatim (camelCase), or ours (snake_case).
        kind: The type of one element.
        shape: Elements per axis, ``()`` for a single one, 0 for any number; a text is one element.
        unit: SI unless the name says otherwise; empty for counts, flags and text.
        meaning: One sentence.
        axes: What the positions of an array stand for, such as ``"FL, FR, RL, RR"``.
        nullable: The value may be absent (nil on the wire, ``None`` in Python); in an array of flags, each of them.
        personal: The value may name a person; it is published only with ``--names``.
    """

    name: str
    kind: Kind
    shape: tuple[int, ...]
    unit: str
    meaning: str
    axes: str = ""
    nullable: bool = False
    personal: bool = False

    @property
    def count(self) -> int:
        """The number of elements of all axes together."""
        return math.prod(self.shape)

    @property
    def is_text(self) -> bool:
        """Whether the elements are text, whose length on the wire varies."""
        return self.kind.json == "string"

    @property
    def type_name(self) -> str:
        """The type as printed in the documentation, such as ``float32[4][3]``."""
        return ("str" if self.is_text else self.kind.name) + "".join(f"[{n or ''}]" for n in self.shape)

    def json_schema(self) -> dict[str, Any]:
        """
        Describe the column's JSON form.

        A float may be null, since JSON has no inf and no nan.
        """
        nullable = self.kind.json == "number" or (self.nullable and (not self.shape or self.kind is BOOL))
        schema: dict[str, Any] = {"type": [self.kind.json, "null"] if nullable else self.kind.json}
        for n in reversed(self.shape):
            bounds = {} if n == ANY_LENGTH else {"minItems": n, "maxItems": n}
            schema = {"type": "array", "items": schema, **bounds}
        if self.nullable and self.shape and self.kind is not BOOL:
            schema["type"] = ["array", "null"]
        axes, unit = f" [{self.axes}]" if self.axes else "", f" Unit: {self.unit}." if self.unit else ""
        return {**schema, "description": self.meaning + axes + unit}


def f64(meaning: str, *, unit: str = "", shape: tuple[int, ...] = (), axes: str = "", nullable: bool = False) -> Any:
    """Declare a float of ours, or an array of them."""
    return Column("", FLOAT64, shape, unit, meaning, axes, nullable)


def integer(meaning: str, *, unit: str = "", shape: tuple[int, ...] = (), nullable: bool = False) -> Any:
    """Declare an integer of ours, or an array of them."""
    return Column("", INT64, shape, unit, meaning, nullable=nullable)


def flag(meaning: str, *, shape: tuple[int, ...] = (), axes: str = "", nullable: bool = False) -> Any:
    """Declare a boolean of ours, or an array of them."""
    return Column("", BOOL, shape, "", meaning, axes, nullable)


def string(meaning: str, *, nullable: bool = False) -> Any:
    """Declare a text of ours."""
    return Column("", STRING, (), "", meaning, nullable=nullable)


@dataclass_transform(
    kw_only_default=True,
    frozen_default=True,
    field_specifiers=(f64, integer, flag, string),
)
class Record:
    """
    The values of one topic at one instant; immutable.

    Subclasses declare columns as class attributes and are built with keywords. ``vars(record)`` is the record as a
    dictionary.

    Attributes:
        topic: The topic that carries the record.
        columns: The table, in the order of declaration.
    """

    topic: ClassVar[str]
    columns: ClassVar[tuple[Column, ...]]
    _names: ClassVar[frozenset[str]]

    def __init_subclass__(cls, *, topic: str = "") -> None:
        if getattr(cls, "columns", ()):
            raise TypeError(f"{cls.__name__} extends a record that has columns; a table stands on its own")
        cls.topic = topic
        declared = [(name, value) for name, value in vars(cls).items() if isinstance(value, Column)]
        cls.columns = tuple(replace(column, name=name) for name, column in declared)
        cls._names = frozenset(column.name for column in cls.columns)
        for name, _ in declared:
            delattr(cls, name)

    def __init__(self, **values: Any) -> None:
        if values.keys() != self._names:
            wrong = sorted(values.keys() ^ self._names)
            raise TypeError(f"{type(self).__name__} takes exactly its columns; missing or unknown: {', '.join(wrong)}")
        self.__dict__.update({column.name: values[column.name] for column in self.columns})

    @classmethod
    def adopt(cls, values: dict[str, Any]) -> Self:
        """
        Make a record around a decoded map, without copying it.

        Keys that the table does not know are kept (``vars(record)`` shows them), so that frames of a newer daemon can
        be read.

        Raises:
            DecodeError: A column is missing, because the daemon is older than this library.
        """
        if not values.keys() >= cls._names:
            missing = min(cls._names - values.keys())
            raise DecodeError(
                f"a {cls.topic} record lacks {missing!r}: the daemon is older than this library, upgrade it"
            )
        return cls.wrap(values)

    @classmethod
    def wrap(cls, values: dict[str, Any]) -> Self:
        """Make a record around a map that is known to have all columns, without copying or checking it."""
        record = object.__new__(cls)
        object.__setattr__(record, "__dict__", values)
        return record

    @classmethod
    def fingerprint(cls) -> str:
        """Return 16 hex digits that change with any name, type, shape or unit of the table."""
        table = [(c.name, c.type_name, c.unit, c.nullable) for c in cls.columns]
        return hashlib.sha256(repr(table).encode()).hexdigest()[:16]

    @classmethod
    def json_schema(cls) -> dict[str, Any]:
        """Describe the record's JSON form as a JSON Schema object (draft 2020-12)."""
        return {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": cls.__name__,
            "description": " ".join((cls.__doc__ or "").split("\n\n")[0].split()),
            "type": "object",
            "properties": {column.name: column.json_schema() for column in cls.columns},
            "required": [column.name for column in cls.columns],
            "additionalProperties": True,
        }

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable")

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and vars(other) == vars(self)

    __hash__ = None  # type: ignore[assignment]  # records hold measurements, not keys

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in vars(self).items())})"
