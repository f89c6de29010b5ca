"""
The lines of a recording: frames become JSON lines, which `parsing` reads.

A recording begins with a header line. Then comes a line per tick with an object per topic, or, with the layout
``frame``, a flat line per frame; frames of other topics, gaps and repairs are lines with a ``type``. JSON has neither
inf nor nan: both are written as null.

Pure: it opens nothing and reads no clock.
"""

import json
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, cast

from acbridge.json_lines import fast_json
from acbridge.selection import Selection
from acbridge.topics import BY_NAME
from acbridge.wire import WIRE_VERSION, Frame

SCHEMA = "acbridge/1"
"""The schema that the header line names."""
HEADER_START = f'{{"type":"header","schema":"{SCHEMA}",'.encode()
"""The first bytes of every recording; a file that begins otherwise is not ours."""


class Layout(StrEnum):
    """How frames become lines."""

    TICK = "tick"
    """A line per tick, with an object per topic."""
    FRAME = "frame"
    """A flat line per frame."""


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
        values: object = json.loads(header)
    except (ValueError, RecursionError):
        return None
    layout = cast("dict[str, object]", values).get("layout") if isinstance(values, dict) else None
    return layout if isinstance(layout, str) else None


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
