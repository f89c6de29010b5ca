"""
The lines of a recording, in both directions: frames become JSON lines, JSON lines become records.

A recording begins with a header line. Then comes a line per tick with an object per topic, or, with the layout
``frame``, a flat line per frame; frames of other topics, gaps and repairs are lines with a ``type``. JSON has neither
inf nor nan: both are written as null, and null in a float column is read as nan.

Pure: it opens nothing and reads no clock.
"""

import json
import math
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple, TypeVar, cast

from acbridge.derived import Thresholds
from acbridge.errors import DecodeError
from acbridge.json_lines import fast_json
from acbridge.pages import Static
from acbridge.schema import FLOAT32, FLOAT64, Column, Record
from acbridge.selection import Selection
from acbridge.topics import BY_NAME, TICK_RECORDS
from acbridge.wire import WIRE_VERSION, Frame

SCHEMA = "acbridge/1"
"""The schema that the header line names."""
HEADER_START = f'{{"type":"header","schema":"{SCHEMA}",'.encode()
"""The first bytes of every recording; a file that begins otherwise is not ours."""

R = TypeVar("R", bound=Record)


class Layout(StrEnum):
    """How frames become lines."""

    TICK = "tick"
    """A line per tick, with an object per topic."""
    FRAME = "frame"
    """A flat line per frame."""


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
        daemon: The daemon's version, rate (Hz) and source, and its thresholds as numbers.
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
        records: Fields by topic; ``None`` for a topic whose frame was lost.
    """

    tick: int
    timestamp: float
    mono_ns: int
    records: dict[str, dict[str, Any] | None]


class FrameLine(NamedTuple):
    """
    One frame that has a line of its own.

    Attributes:
        topic: Its topic.
        tick: Turn of the daemon's loop.
        timestamp: When the pages were sampled, Unix seconds.
        mono_ns: The same instant on the daemon machine's monotonic clock.
        values: Its fields.
    """

    topic: str
    tick: int
    timestamp: float
    mono_ns: int
    values: dict[str, Any]


class GapLine(NamedTuple):
    """
    Frames that are missing right before the next line.

    Attributes:
        lost: Frames by topic.
    """

    lost: dict[str, int]


Line = Header | TickLine | FrameLine | GapLine


def header(
    hello: Mapping[str, Any], static: Mapping[str, Any] | None, first: Frame[Any], selection: Selection, layout: str
) -> dict[str, Any]:
    """
    Return the header of the lines that follow.

    Args:
        hello: The daemon's reply to ``hello``; empty if there was none.
        static: The fields of the static record; ``None`` if they are not known.
        first: The first frame that follows.
        selection: The topics and fields that are recorded.
        layout: How frames become lines.
    """
    return {
        "type": "header",
        "schema": SCHEMA,
        "wire": WIRE_VERSION,
        "version": hello.get("version"),
        "run": first.run,
        "rate": hello.get("rate"),
        "max_rate": selection.max_rate,
        "source": hello.get("source"),
        "timestamp": first.timestamp,
        "layout": layout,
        "topics": list(selection.topics),
        "fields": sorted(selection.fields),
        "thresholds": hello.get("thresholds"),
        "static": static,
        "units": {
            record.topic: {column.name: column.unit for column in record.columns if column.unit}
            for record in selection.records
        },
    }


def layout_of(header: bytes) -> str | None:
    """Return the layout that a header line names; ``None`` if the line cannot be read."""
    try:
        return json.loads(header).get("layout")
    except ValueError:
        return None


def to_line(values: Mapping[str, Any]) -> bytes:
    """Encode an object as one line."""
    return fast_json(values) + b"\n"


def tick_line(frames: Sequence[Frame[Any]], selection: Selection) -> bytes:
    """
    Return the frames of one tick as a line; a selected topic that was due at this tick and has no frame is null.

    Args:
        frames: At least one, all of one tick.
        selection: The topics and fields to write.
    """
    found = {frame.topic: selection.values(frame.record) for frame in frames}
    first = frames[0]
    time: dict[str, Any] = {"tick": first.tick, "timestamp": first.timestamp, "mono_ns": first.mono_ns}
    for topic in selection.topics:
        if topic in found or BY_NAME[topic].due(first.tick):
            time[topic] = found.get(topic)
    return to_line(time)


def frame_line(frame: Frame[Any], selection: Selection) -> bytes:
    """Return a frame as one flat line, for the layout ``frame``."""
    time = {"tick": frame.tick, "seq": frame.seq, "timestamp": frame.timestamp, "mono_ns": frame.mono_ns}
    return to_line({"topic": frame.topic, **time, **selection.values(frame.record)})


def typed_line(frame: Frame[Any], selection: Selection) -> bytes:
    """Return a frame that does not belong to a tick as a line among ticks; its topic is the line's ``type``."""
    time = {"tick": frame.tick, "timestamp": frame.timestamp, "mono_ns": frame.mono_ns}
    return to_line({"type": frame.topic, **time, **selection.values(frame.record)})


def not_received(tick: int, timestamp: float, lost: Mapping[str, int], *, restarted: bool) -> bytes:
    """Return the gap line for frames that never arrived; it precedes the frame that did."""
    gap = {"type": "gap", "reason": "not_received", "tick": tick, "timestamp": timestamp}
    return to_line({**gap, "lost": lost, "restarted": restarted})


def not_written(first: int, last: int, ticks: int) -> bytes:
    """Return the gap line for ticks that arrived and were dropped because the disk was too slow or full."""
    return to_line({"type": "gap", "reason": "not_written", "tick": first, "last_tick": last, "ticks": ticks})


def repaired(cut_bytes: int) -> bytes:
    """Return the line that says how many bytes of a broken end were cut off."""
    return to_line({"type": "repair", "cut_bytes": cut_bytes})


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
        values: object = json.loads(line)
        if not isinstance(values, dict):
            raise DecodeError("it is no JSON object")
        return _parse(cast("dict[str, Any]", values))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        if isinstance(error, DecodeError):
            raise
        raise DecodeError(str(error)) from error


def to_record(kind: type[R], values: Mapping[str, Any] | None) -> R | None:
    """Return a record; ``None`` if there are no values, or if a column is missing."""
    if values is None or not all(column.name in values for column in kind.columns):
        return None
    return kind.adopt({column.name: _value(column, values[column.name]) for column in kind.columns})


def thresholds_in(text: str) -> dict[str, float]:
    """Return the new values in the text of a ``thresholds_changed`` event, by name."""
    return {name: float(value) for name, _, value in (word.partition("=") for word in text.split())}


def _parse(values: dict[str, Any]) -> Line | None:
    kind = values.pop("type", None)
    if kind == "header":
        return _header(values)
    if kind == "gap":
        ticks: int = values.get("ticks", 0)
        return GapLine(values.get("lost") or dict.fromkeys((record.topic for record in TICK_RECORDS), ticks))
    if kind is None and "topic" not in values:
        time = _time(values)
        return TickLine(*time, {topic: _object(found) for topic, found in values.items()})
    topic = values.pop("topic") if kind is None else kind
    if topic not in BY_NAME:
        return None
    return FrameLine(topic, *_time(values), values)


def _header(values: dict[str, Any]) -> Header:
    if values.get("schema") != SCHEMA:
        raise DecodeError(f"its schema is {values.get('schema')!r}, not {SCHEMA!r}")
    named: dict[str, object] | None = values.get("thresholds")
    return Header(
        values["run"],
        Layout(values.get("layout", Layout.TICK)),
        frozenset(values.get("topics", ())),
        frozenset(values.get("fields", ())),
        to_record(Static, values["static"]),
        Thresholds().changed(named) if named is not None else None,
        {name: values.get(name) for name in ("version", "rate", "source", "thresholds")},
    )


def _time(values: dict[str, Any]) -> tuple[int, float, int]:
    """Remove and return tick, timestamp and mono_ns; recordings of earlier versions have no mono_ns."""
    tick, timestamp = values.pop("tick"), values.pop("timestamp")
    return tick, timestamp, values.pop("mono_ns") if "mono_ns" in values else round(timestamp * 1e9)


def _object(values: object) -> dict[str, Any] | None:
    if values is not None and not isinstance(values, dict):
        raise DecodeError(f"{values!r} stands where an object should")
    return cast("dict[str, Any] | None", values)


def _value(column: Column, value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_number(column, element) for element in cast("list[Any]", value))
    return None if value is None and column.nullable else _number(column, value)


def _number(column: Column, value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_number(column, element) for element in cast("list[Any]", value))
    return math.nan if value is None and column.kind in (FLOAT32, FLOAT64) else value
