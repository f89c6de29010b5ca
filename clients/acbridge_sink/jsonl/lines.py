"""
What the lines of a recording say, and how they become JSON.

It opens nothing.
"""

import json
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from acbridge import WIRE_VERSION, Frame, json_lines
from acbridge.recording import SCHEMA
from acbridge.schema import Record
from acbridge_sink.pump import Choice, Tick

HEADER_START = f'{{"type":"header","schema":"{SCHEMA}",'.encode()
"""What a recording begins with; a file that begins otherwise is not ours."""


def header(
    hello: dict[str, Any], static: dict[str, Any] | None, first: Tick | Frame[Any], choice: Choice, layout: str
) -> dict[str, Any]:
    """Return the line that says what holds for those that follow."""
    return {
        "type": "header",
        "schema": SCHEMA,
        "wire": WIRE_VERSION,
        "version": hello.get("version"),
        "run": first.run,
        "rate": hello.get("rate"),
        "max_rate": choice.max_rate,
        "source": hello.get("source"),
        "timestamp": first.timestamp,
        "layout": layout,
        "topics": [record.topic for record in choice.records],
        "fields": sorted(choice.fields),
        "thresholds": hello.get("thresholds"),
        "static": static,
        "units": {
            record.topic: {column.name: column.unit for column in record.columns if column.unit}
            for record in choice.records
        },
    }


def layout_of(header: bytes) -> str | None:
    """Return the layout that a header names; ``None`` if it cannot be read."""
    try:
        return json.loads(header).get("layout")
    except ValueError:
        return None


def values(record: Record, choice: Choice) -> dict[str, Any]:
    """Return the fields of a record that were asked for."""
    whole = vars(record)
    names = choice.names(type(record)) if choice.fields else None
    return whole if names is None else {name: whole[name] for name in names}


def tick_line(tick: Tick, choice: Choice, topics: Iterable[str]) -> bytes:
    """Return a tick as one line: an object for each topic, null for one whose frame was lost."""
    found = {frame.topic: values(frame.record, choice) for frame in tick.frames}
    line = {"tick": tick.number, "timestamp": tick.timestamp, **{topic: found.get(topic) for topic in topics}}
    return to_json(line) + b"\n"


def frame_line(frame: Frame[Any], choice: Choice) -> bytes:
    """Return a frame as one flat line."""
    said = {"topic": frame.topic, "tick": frame.tick, "seq": frame.seq, "timestamp": frame.timestamp}
    return to_json(said | values(frame.record, choice)) + b"\n"


def other_line(frame: Frame[Any], choice: Choice) -> bytes:
    """Return a frame that does not come at every tick as a line among ticks."""
    said = {"type": frame.topic, "tick": frame.tick, "timestamp": frame.timestamp}
    return to_json(said | values(frame.record, choice)) + b"\n"


def not_received(tick: int, timestamp: float, lost: dict[str, int], *, restarted: bool) -> bytes:
    """Return the line that tells which frames never arrived, right before the tick that did."""
    gap = {"type": "gap", "reason": "not_received", "tick": tick, "timestamp": timestamp, "lost": lost}
    return to_json({**gap, "restarted": restarted}) + b"\n"


def not_written(first: int, last: int, ticks: int) -> bytes:
    """Return the line that tells which ticks arrived and found no place on the disk."""
    return to_json({"type": "gap", "reason": "not_written", "tick": first, "last_tick": last, "ticks": ticks}) + b"\n"


def repaired(cut_bytes: int) -> bytes:
    """Return the line that tells how much of a broken end was cut off."""
    return to_json({"type": "repair", "cut_bytes": cut_bytes}) + b"\n"


plain_json = partial(json_lines.to_json, ensure_ascii=False)
"""Encode with what Python has."""


def _fastest() -> Callable[[dict[str, Any]], bytes]:
    """Return orjson if it is installed (the extra ``fast``): the same lines, an eighth of the time."""
    try:
        import orjson  # noqa: PLC0415  optional
    except ModuleNotFoundError:
        return plain_json
    return orjson.dumps


to_json = _fastest()
"""Encode an object as one line of JSON, without its end."""
