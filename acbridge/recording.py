"""
Recordings: the JSON lines that `acbridge-sink jsonl` writes, read back, and derived from again.

Takes lines, gives records; it opens no file. A float that was inf or nan is null in JSON and comes back as nan.
"""

import json
import math
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, TypeVar, cast

from acbridge.derived import Derived, Deriver, Event, Thresholds
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
        physics, graphics, static, derived: Its records; ``None`` for one that was not recorded, or by an older
            version.
        thresholds: What was counted as what when the header was written; ``None`` if it does not say.
    """

    run: int
    tick: int
    timestamp: float
    physics: Physics | None
    graphics: Graphics | None
    static: Static | None
    derived: Derived | None
    thresholds: Thresholds | None


def read_ticks(lines: Iterable[str]) -> Iterator[RecordedTick]:
    """
    Yield the ticks of a recording in their order; lines of other kinds are skipped.

    Args:
        lines: Such as an open text file.

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
    time in which the sim rested, nor thresholds that were changed on the way.

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
        yield tick, *deriver.tick(tick.physics, tick.graphics, tick.static)


class _Head(NamedTuple):
    run: int
    static: Static | None
    thresholds: Thresholds | None


def _object(line: str) -> dict[str, Any]:
    values = json.loads(line)
    if not isinstance(values, dict):
        raise DecodeError("it is no JSON object")
    return cast("dict[str, Any]", values)


def _head(values: dict[str, Any]) -> _Head:
    if values.get("schema") != SCHEMA:
        raise DecodeError(f"its schema is {values.get('schema')!r}, not {SCHEMA!r}")
    named: dict[str, object] | None = values.get("thresholds")
    return _Head(
        values["run"], _record(Static, values["static"]), Thresholds().changed(named) if named is not None else None
    )


def _tick(values: dict[str, Any], head: _Head | None) -> RecordedTick:
    if head is None:
        raise DecodeError("a tick stands before the header")
    return RecordedTick(
        head.run,
        values["tick"],
        values["timestamp"],
        _record(Physics, values["physics"]),
        _record(Graphics, values["graphics"]),
        head.static,
        _derived(values["derived"]),
        head.thresholds,
    )


def _derived(values: dict[str, Any] | None) -> Derived | None:
    """Return the derived record; ``None`` for one of an older version, which has fewer columns."""
    whole = values is not None and all(column.name in values for column in Derived.columns)
    return _record(Derived, values) if whole else None


def _record(kind: type[R], values: dict[str, Any] | None) -> R | None:
    if values is None:
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
