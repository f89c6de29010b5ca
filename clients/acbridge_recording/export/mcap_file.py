"""
MCAP for PlotJuggler, Foxglove and Lichtblick: a topic for each record, JSON messages with JSON Schemas.

Needs mcap (extra ``mcap``), which is imported only here.
"""

import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, cast

from mcap.writer import CompressionType, Writer

import acbridge
from acbridge import Event
from acbridge.errors import DecodeError
from acbridge.json_lines import fast_json, to_json
from acbridge.pages import Static
from acbridge.recording.lines import Layout
from acbridge.recording.parsing import FrameLine, Header, Line, TickLine
from acbridge.schema import Record
from acbridge_recording.laps import Lap

CHUNK_BYTES = 1 << 20
_SEQUENCE = 0xFFFFFFFF
_EARLY_NS = 2e6


def write_mcap(path: Path, lines: Iterable[tuple[Header, Line]]) -> int:
    """
    Write the records of ticks and the events; return the number of ticks.

    Car, track and rules are written when they change; names of persons never are. Both times of a message are when the
    pages were sampled, and its sequence number is the tick. The file ends with its index and summary, without which
    PlotJuggler refuses it.

    Raises:
        DecodeError: The recording has a line for each frame, or no ticks.
    """
    count = 0
    with path.open("wb") as file:
        writer = Writer(file, chunk_size=CHUNK_BYTES, compression=CompressionType.ZSTD)
        writer.start(profile="", library=f"acbridge {acbridge.__version__}")
        topics = _Topics(writer)
        known: Static | None = None
        for header, line in lines:
            if header.layout is not Layout.TICK:
                raise DecodeError("this recording has a line per frame; ticks are in those with a line per tick")
            if not isinstance(line, TickLine | FrameLine):
                continue
            if header.static is not None and header.static is not known and header.static != known:
                known = header.static
                topics.write(known, line)
                writer.add_metadata("acbridge", _facts(known))
            if isinstance(line, TickLine):
                count += 1
                for record in line.records:
                    topics.write(record, line)
            elif isinstance(line.record, Event):
                topics.write(line.record, line)
        if not count:
            raise DecodeError("there are no ticks in the recording")
        writer.finish()
    return count


def of_lap(lines: Iterable[tuple[Header, Line]], lap: Lap) -> Iterator[tuple[Header, Line]]:
    """Yield the lines of a lap, with the event of its end, which comes in the tick after its last."""
    for header, line in lines:
        last = lap.last_tick if isinstance(line, TickLine) else lap.completed_tick or lap.last_tick
        if isinstance(line, TickLine | FrameLine) and header.run == lap.run and lap.first_tick <= line.tick <= last:
            yield header, line


def at_most(lines: Iterable[tuple[Header, Line]], rate: float) -> Iterator[tuple[Header, Line]]:
    """
    Yield at most so many ticks for each second, and every other line.

    A tick that comes a little early counts as in time: no clock ticks evenly.
    """
    period = 1e9 / rate
    early = min(period / 4, _EARLY_NS)
    due = -math.inf
    for header, line in lines:
        if isinstance(line, TickLine):
            late = line.mono_ns - due
            if -2 * period < late < -early:
                continue
            # Another run has another clock, and a pause leaves nothing to make up for.
            due = due + period if abs(late) < period else line.mono_ns + period
        yield header, line


def schema_of(record: type[Record]) -> dict[str, Any]:
    """
    Return the JSON Schema of a record as viewers take it.

    Foxglove and Lichtblick refuse a whole topic if one of its fields may be null, or is an array of arrays. So null is
    not among the types, a field that is nil is left out of its message, and an array of arrays has no property.
    """
    schema = record.json_schema()
    properties = cast("dict[str, dict[str, Any]]", schema["properties"])
    plain = {name: _without_null(each) for name, each in properties.items()}
    del schema["required"]
    left_out = _personal(record)
    shown = {name: each for name, each in plain.items() if name not in left_out and not _is_nested(each)}
    return {**schema, "properties": shown}


class _Topics:
    """Writes records, each under its topic, whose channel and schema are written before the first one."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._channels: dict[type[Record], int] = {}
        self._left_out: dict[type[Record], set[str]] = {}

    def write(self, record: Record, line: TickLine | FrameLine) -> None:
        kind = type(record)
        if kind not in self._channels:
            data = to_json(schema_of(kind))
            schema = self._writer.register_schema(f"acbridge.{kind.__name__}", "jsonschema", data)
            self._channels[kind] = self._writer.register_channel(kind.topic, "json", schema)
            self._left_out[kind] = _personal(kind)
        # A float64 of Unix seconds is exact to a quarter of a microsecond.
        time_ns = round(line.timestamp * 1e6) * 1000
        left_out = self._left_out[kind]
        values = {name: value for name, value in vars(record).items() if value is not None and name not in left_out}
        data = fast_json(values)
        self._writer.add_message(self._channels[kind], time_ns, data, time_ns, line.tick & _SEQUENCE)


def _facts(static: Static) -> dict[str, str]:
    return {
        "car": static.carModel,
        "track": static.track,
        "configuration": static.trackConfiguration,
        "version": acbridge.__version__,
    }


def _personal(record: type[Record]) -> set[str]:
    return {column.name for column in record.columns if column.personal}


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    kind: str | list[str] = schema["type"]
    plain = {**schema, "type": kind if isinstance(kind, str) else kind[0]}
    return {**plain, "items": _without_null(schema["items"])} if "items" in schema else plain


def _is_nested(schema: dict[str, Any]) -> bool:
    return "items" in schema and schema["items"]["type"] == "array"
