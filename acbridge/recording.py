"""
Recordings: the JSON lines that `acbridge-sink jsonl` writes, read back, and derived from again.

Takes lines, gives records; only `open_recording` opens a file, and it only reads. A float that was inf or nan is null
in JSON and comes back as nan.
"""

import json
import math
from codecs import getincrementaldecoder
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, cast

from acbridge import compression
from acbridge.derived import Derived, Deriver, Event, EventKind, Thresholds
from acbridge.errors import DecodeError
from acbridge.pages import Graphics, Physics, Static
from acbridge.schema import FLOAT32, FLOAT64, Column, Record

SCHEMA = "acbridge/1"
"""What the header line of a recording says."""

R = TypeVar("R", bound=Record)


class RecordedTick(NamedTuple):
    """
    One tick of a recording.

    Attributes:
        run: The daemon's life in which it was recorded.
        tick: Turn of that daemon's loop.
        timestamp: When the pages were sampled, Unix seconds.
        physics, graphics, static, derived: Its records; ``None`` for one that was not recorded, or not with all its
            fields, or by an older version.
        thresholds: What was counted as what at that tick; ``None`` if the recording does not say.
    """

    run: int
    tick: int
    timestamp: float
    physics: Physics | None
    graphics: Graphics | None
    static: Static | None
    derived: Derived | None
    thresholds: Thresholds | None


def open_recording(path: str | Path) -> Iterator[str]:
    """
    Yield the lines of a recording, plain or compressed, as far as they are whole.

    A recording that a killed sink left, or one that is still written, ends where its last whole line does.

    Args:
        path: The file; its name tells how it is compressed (``.gz``, ``.zst``; ``.part`` after that is no matter).

    Raises:
        OSError: It cannot be opened.
        DecodeError: What it holds is not what its name says.
        MissingExtra: It is compressed with zstd, and this Python has none.
    """
    path = Path(path)
    kind = compression.kind_of(path.name)
    with path.open("rb") as file:
        if kind is None:
            pieces = iter(lambda: file.read(_CHUNK), b"")
        else:
            pieces = (piece for piece, _ in compression.expand(file, kind))
        text, decode = "", getincrementaldecoder("utf-8")().decode
        for piece in pieces:
            *whole, text = (text + decode(piece)).split("\n")
            yield from (line + "\n" for line in whole)


def thresholds_in(text: str) -> dict[str, float]:
    """Return what the text of a ``thresholds_changed`` event says: name to new value."""
    return {name: float(value) for name, _, value in (word.partition("=") for word in text.split())}


def read_ticks(lines: Iterable[str]) -> Iterator[RecordedTick]:
    """
    Yield the ticks of a recording in their order; lines of other kinds are skipped.

    Args:
        lines: Such as :func:`open_recording` gives, or an open text file.

    Raises:
        DecodeError: A line is not one of a recording; its number is told. A last line without its end is: a killed
            sink left it, so it is skipped.
    """
    head: _Head | None = None
    for number, line in enumerate(lines, 1):
        try:
            values = _object(line)
            if values.get("type") == "header":
                head = _head(values)
            elif head is not None and "type" in values:
                head = _follow(head, values)
            elif "type" not in values:
                yield _tick(values, head)
        except (ValueError, KeyError, TypeError, DecodeError) as error:
            if not line.endswith("\n"):
                return
            raise DecodeError(f"line {number} is not one of a recording of acbridge-sink: {error}") from error


def derive_again(
    ticks: Iterable[RecordedTick], thresholds: Thresholds | None = None
) -> Iterator[tuple[RecordedTick, Derived, list[Event]]]:
    """
    Derive again from a recording: the same numbers as live, or what other thresholds would have given.

    What is derived depends on the ticks before it, so the numbers are the same where the recording holds every tick
    since the session began. A recording that starts later, or has gaps, knows less at first; and it does not hold the
    time in which the sim rested. Thresholds that were changed on the way change here too, at the same tick.

    Args:
        ticks: Of a recording; those without physics, graphics or static are skipped.
        thresholds: What to count as what; as it was recorded if not given.
    """
    deriver = Deriver(thresholds)
    run: int | None = None
    for tick in ticks:
        if tick.physics is None or tick.graphics is None or tick.static is None:
            continue
        if tick.run != run:
            run = tick.run
            deriver = Deriver(thresholds or tick.thresholds)
        elif thresholds is None and tick.thresholds is not None and tick.thresholds != deriver.thresholds:
            deriver.set_thresholds(tick.thresholds)
        yield tick, *deriver.tick(tick.physics, tick.graphics, tick.static)


_CHUNK = 1 << 16


class _Head(NamedTuple):
    """What holds for the ticks that follow."""

    run: int
    static: Static | None
    thresholds: Thresholds | None
    partial: bool


def _object(line: str) -> dict[str, Any]:
    values = json.loads(line)
    if not isinstance(values, dict):
        raise DecodeError("it is no JSON object")
    return cast("dict[str, Any]", values)


def _head(values: dict[str, Any]) -> _Head:
    if values.get("schema") != SCHEMA:
        raise DecodeError(f"its schema is {values.get('schema')!r}, not {SCHEMA!r}")
    if values.get("layout", "tick") != "tick":
        raise DecodeError("it holds a line per frame; only recordings with a line per tick can be read back")
    named: dict[str, object] | None = values.get("thresholds")
    return _Head(
        values["run"],
        _record(Static, values["static"]),
        Thresholds().changed(named) if named is not None else None,
        partial=bool(values.get("fields")),
    )


def _follow(head: _Head, values: dict[str, Any]) -> _Head:
    """Return what holds after a line that is neither header nor tick."""
    if values["type"] == Static.topic and not head.partial:
        return head._replace(static=_record(Static, values))
    if values["type"] == Event.topic and values.get("kind") == EventKind.THRESHOLDS_CHANGED:
        return head._replace(thresholds=(head.thresholds or Thresholds()).changed(thresholds_in(values["text"])))
    return head


def _tick(values: dict[str, Any], head: _Head | None) -> RecordedTick:
    if head is None:
        raise DecodeError("a tick stands before the header")
    return RecordedTick(
        head.run,
        values["tick"],
        values["timestamp"],
        _record(Physics, values.get("physics"), partial=head.partial),
        _record(Graphics, values.get("graphics"), partial=head.partial),
        head.static,
        # One of an older version has fewer columns.
        _record(Derived, values.get("derived"), partial=True),
        head.thresholds,
    )


def _record(kind: type[R], values: dict[str, Any] | None, *, partial: bool = False) -> R | None:
    """Return the record; ``None`` if there is none, or if it may be `partial` and lacks a column."""
    if values is None or (partial and not all(column.name in values for column in kind.columns)):
        return None
    return kind.adopt({column.name: _value(column, values[column.name]) for column in kind.columns})


def _value(column: Column, value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_number(column, element) for element in cast("list[Any]", value))
    return None if value is None and column.nullable else _number(column, value)


def _number(column: Column, value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_number(column, element) for element in cast("list[Any]", value))
    return math.nan if value is None and column.kind in (FLOAT32, FLOAT64) else value
