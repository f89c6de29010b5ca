"""
JSON lines back to records, for files of unknown origin.

Every value is checked before it is used, and whatever is wrong with a line is a `DecodeError`. A null in a float column
is read as nan.

Pure: it opens nothing and reads no clock.
"""

import json
import math
from collections.abc import Mapping
from typing import Any, NamedTuple, NoReturn, TypeVar, cast

from acbridge.checks import check
from acbridge.derived import Thresholds
from acbridge.errors import DecodeError, shown
from acbridge.pages import Static
from acbridge.plain_text import plain_values
from acbridge.recording.lines import SCHEMA, Layout
from acbridge.schema import FLOAT32, FLOAT64, Column, Record
from acbridge.topics import BY_NAME, TICK_RECORDS
from acbridge.wire import MAX_TIMESTAMP

R = TypeVar("R", bound=Record)

_MOST = 2**63 - 1
"""The largest count that is read."""
_MOST_RUN = 2**32 - 1
_FLOATS = (FLOAT32, FLOAT64)


class Header(NamedTuple):
    """
    What a header line says about the lines that follow.

    Attributes:
        run: Random 32-bit number of the daemon's run.
        layout: How frames became lines.
        topics: Names of the recorded topics.
        fields: Names of the only fields that were recorded; empty for all.
        static: Car, track and rules; ``None`` if they were not known.
        thresholds: Detection thresholds; ``None`` if they were not known.
        daemon: The daemon's version, rate (Hz) and source, and its thresholds as numbers, each ``None`` if not known.
    """

    run: int
    layout: Layout
    topics: frozenset[str]
    fields: frozenset[str]
    static: Static | None
    thresholds: Thresholds | None
    daemon: dict[str, Any]


class TickLine(NamedTuple):
    """
    The records of one tick.

    Attributes:
        tick: Turn of the daemon's loop.
        timestamp: When the pages were sampled, Unix seconds.
        mono_ns: The same instant on the daemon machine's monotonic clock.
        records: The records in the order of the line, without those that lack a column or whose frame was lost.
    """

    tick: int
    timestamp: float
    mono_ns: int
    records: tuple[Record, ...]


class FrameLine(NamedTuple):
    """
    One frame that has a line of its own.

    Attributes:
        tick: Turn of the daemon's loop.
        timestamp: When the pages were sampled, Unix seconds.
        mono_ns: The same instant on the daemon machine's monotonic clock.
        record: Its record; ``None`` if it lacks a column.
    """

    tick: int
    timestamp: float
    mono_ns: int
    record: Record | None


class GapLine(NamedTuple):
    """
    Frames that are missing right before the next line.

    Attributes:
        lost: Frames by topic.
    """

    lost: dict[str, int]


Line = Header | TickLine | FrameLine | GapLine


def parse(line: str) -> Line | None:
    """
    Read a line.

    Args:
        line: A whole line, or the part of one.

    Returns:
        What it says; ``None`` for a line of a type that this version does not know or that concerns no reader.

    Raises:
        DecodeError: It is not a line of a recording.
    """
    try:
        values: object = json.loads(line, parse_constant=_refuse)
    except RecursionError:
        raise DecodeError("its arrays or objects are nested too deeply") from None
    except ValueError as error:
        raise DecodeError(str(error)) from error
    return _line(_object(values, "it"))


def thresholds_in(text: str) -> dict[str, float]:
    """
    Return the new values in the text of a ``thresholds_changed`` event, by name.

    Raises:
        DecodeError: The text holds something else.
    """
    try:
        return {name: float(value) for name, _, value in (word.partition("=") for word in text.split())}
    except ValueError:
        raise DecodeError(f"thresholds are NAME=VALUE, not {shown(text)}") from None


def _line(values: dict[str, Any]) -> Line | None:
    kind = values.pop("type", None)
    if kind == "header":
        return _header(values)
    if kind == "gap":
        ticks = _count(values.get("ticks", 0), "ticks")
        lost = _object(values.get("lost") or {}, "lost")
        known = {topic: _count(count, f"lost {topic}") for topic, count in lost.items() if topic in BY_NAME}
        return GapLine(known or {record.topic: ticks for record in TICK_RECORDS})
    if kind is None and "topic" not in values:
        return TickLine(*_time(values), _records(values))
    topic = values.pop("topic") if kind is None else kind
    if not isinstance(topic, str):
        raise DecodeError(f"{shown(topic)} names no topic")
    if topic not in BY_NAME:
        return None
    return FrameLine(*_time(values), _record(BY_NAME[topic].record, values))


def _header(values: dict[str, Any]) -> Header:
    if values.get("schema") != SCHEMA:
        raise DecodeError(f"its schema is {shown(values.get('schema'))}, not {SCHEMA!r}")
    layout, static, named = values.get("layout", Layout.TICK), values.get("static"), values.get("thresholds")
    if layout not in list(Layout):
        raise DecodeError(f"its layout is {shown(layout)}, not {' or '.join(Layout)}")
    version, rate, source = values.get("version"), values.get("rate"), values.get("source")
    if not isinstance(version, str | None) or not isinstance(source, str | None):
        raise DecodeError("version and source of a daemon are text")
    try:
        thresholds = None if named is None else Thresholds().changed(_object(named, "thresholds"))
    except ValueError as error:
        raise DecodeError(str(error)) from error
    return Header(
        _count(values.get("run"), "run", _MOST_RUN),
        Layout(layout),
        _names(values, "topics"),
        _names(values, "fields"),
        None if static is None else _record(Static, _object(static, "static")),
        thresholds,
        plain_values(
            {
                "version": version,
                "rate": None if rate is None else _number(rate, "rate", 0.0, math.inf),
                "source": source,
                "thresholds": named,
            }
        ),
    )


def _time(values: dict[str, Any]) -> tuple[int, float, int]:
    """Remove and return tick, timestamp and mono_ns; recordings of earlier versions have no mono_ns."""
    tick = _count(values.pop("tick", None), "tick")
    timestamp = _number(values.pop("timestamp", None), "timestamp", 0.0, MAX_TIMESTAMP)
    return tick, timestamp, _count(values.pop("mono_ns", round(timestamp * 1e9)), "mono_ns")


def _records(values: Mapping[str, Any]) -> tuple[Record, ...]:
    found = [
        _record(BY_NAME[topic].record, _object(fields, topic))
        for topic, fields in values.items()
        if fields is not None and topic in BY_NAME
    ]
    return tuple([record for record in found if record is not None])


def _record(kind: type[R], values: Mapping[str, Any]) -> R | None:
    """Return a record; ``None`` if a column is missing."""
    try:
        found = {column.name: _value(column, values[column.name]) for column in kind.columns}
    except KeyError:
        return None
    check(kind, found, ranges=True)
    return kind.adopt(found)


def _value(column: Column, value: Any) -> Any:
    """Return a value of a column with tuples for arrays, and nan for what JSON has no number for."""
    floats = column.kind in _FLOATS
    if column.shape:
        return _array(value, len(column.shape), floats=floats)
    return math.nan if value is None and floats and not column.nullable else value


def _array(value: Any, axes: int, *, floats: bool) -> Any:
    if not isinstance(value, list):
        return value
    elements = cast("list[Any]", value)
    if axes > 1:
        return tuple([_array(element, axes - 1, floats=floats) for element in elements])
    if floats and None in elements:
        return tuple([math.nan if element is None else element for element in elements])
    return tuple(elements)


def _object(value: object, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise DecodeError(f"{name} is no JSON object: {shown(value)}")
    return cast("dict[str, Any]", value)


def _names(values: Mapping[str, Any], name: str) -> frozenset[str]:
    found: object = values.get(name, [])
    if not isinstance(found, list) or not all(isinstance(each, str) for each in cast("list[object]", found)):
        raise DecodeError(f"{name} is no list of names: {shown(cast('object', found))}")
    return frozenset(cast("list[str]", found))


def _count(value: object, name: str, most: int = _MOST) -> int:
    if type(value) is not int or not 0 <= value <= most:
        raise DecodeError(f"{name} is no count: {shown(value)}")
    return value


def _number(value: object, name: str, low: float, high: float) -> float:
    if type(value) not in (int, float) or not low <= cast("float", value) <= high:
        raise DecodeError(f"{name} is no number from {low:g} to {high:g}: {shown(value)}")
    return cast("float", value)


def _refuse(constant: str) -> NoReturn:
    raise DecodeError(f"{constant} is not JSON")
