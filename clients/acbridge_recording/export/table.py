"""
Ticks as rows of a table: one column for each number, wheels and vectors by name (`_fl`, `_left`, `_x`).

Pure: ticks in, rows out.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator
from operator import itemgetter
from typing import Any, NamedTuple

from acbridge import Derived, Graphics, Physics
from acbridge.layout import counter_steps
from acbridge.pages import AC1
from acbridge.recording import RecordedTick
from acbridge.schema import ANY_LENGTH, FLOAT32, Column
from acbridge_recording.export.channels import Sample

RECORDS = (Physics, Graphics, Derived)
STEP_S = AC1.step_ms / 1000
MOST_STEPS = round(5.0 / STEP_S)
"""Steps of the game's clock between two ticks beyond which something else begins: 5 s."""
_SHORT = {"largest of the four": "largest"}


class TableColumn(NamedTuple):
    """
    One column of a table.

    Attributes:
        name: Its name.
        kind: ``number``, ``integer``, ``boolean`` or ``string``, as JSON Schema has it.
        single: Whether it is a 32-bit float of a page.
        unit: Its unit; empty without one.
        read: Takes its value from the records by topic.
    """

    name: str
    kind: str
    single: bool
    unit: str
    read: Callable[[dict[str, dict[str, Any]]], Any]


class Moment(NamedTuple):
    """
    A tick and its time.

    Attributes:
        tick: The tick.
        sample: Its records.
        t: Seconds since the first tick on the game's clock. It stands still in a pause, and goes on without a step at
            another session or run, and where the clock jumps by more than `MOST_STEPS`.
        begins: Whether it is the first tick, or the first after such a jump.
    """

    tick: RecordedTick
    sample: Sample
    t: float
    begins: bool


class TableRow(NamedTuple):
    """
    One tick.

    Attributes:
        tick: Turn of the daemon's loop.
        timestamp: When it was sampled, Unix seconds.
        t: See :class:`Moment`.
        lap: Number of the lap.
        values: The records' values by topic and name.
    """

    tick: int
    timestamp: float
    t: float
    lap: int
    values: dict[str, dict[str, Any]]


def columns() -> list[TableColumn]:
    """Return the columns of a whole tick, in the order of the tables."""
    found: dict[str, TableColumn] = {}
    for record in RECORDS:
        for column in record.columns:
            for each in _columns_of(record.topic, column):
                name = f"{record.topic}_{each.name}" if each.name in found else each.name
                found[name] = each._replace(name=name)
    return list(found.values())


def moments(ticks: Iterable[RecordedTick]) -> Iterator[Moment]:
    """Yield the ticks that have all records, with their time."""
    run, packet, at = None, 0, 0
    for tick in ticks:
        if tick.physics is None or tick.graphics is None or tick.derived is None or tick.static is None:
            continue
        steps = counter_steps(packet, tick.physics.packetId)
        begins = tick.run != run or not 0 <= steps <= MOST_STEPS
        at += 0 if begins else steps
        run, packet = tick.run, tick.physics.packetId
        yield Moment(tick, Sample(tick.physics, tick.graphics, tick.static, tick.derived), at * STEP_S, begins)


def rows(ticks: Iterable[RecordedTick]) -> Iterator[TableRow]:
    """Yield the rows of the ticks that have all records."""
    for tick, sample, t, _ in moments(ticks):
        values = {record.topic: vars(tick.records[record]) for record in RECORDS}
        yield TableRow(tick.tick, tick.timestamp, round(t, 6), sample.d.lap_number, values)


def at_rate(table: Iterable[TableRow], rate: float) -> Iterator[TableRow]:
    """Yield at most so many rows for each second of the game's clock."""
    due = 0
    for row in table:
        if row.t * rate >= due - 1e-6:
            due = int(row.t * rate + 1e-6) + 1
            yield row


def on_grid(table: Iterable[TableRow], rate: float) -> Iterator[TableRow]:
    """Yield exactly so many rows for each second of the game's clock: at each instant the newest row."""
    newest: TableRow | None = None
    number = 0
    for row in table:
        while newest is not None and number / rate < row.t - 1e-6:
            yield newest._replace(t=number / rate)
            number += 1
        newest = row
    if newest is not None:
        yield newest._replace(t=number / rate)


def each_metre(table: Iterable[TableRow], step_m: float) -> Iterator[TableRow]:
    """Yield the first row of each step along the line, and of each lap."""
    place: tuple[int, int] | None = None
    for row in table:
        distance = row.values["derived"]["lap_distance_m"]
        now = (row.lap, int((distance or 0.0) / step_m))
        if now != place:
            place = now
            yield row


def _columns_of(topic: str, column: Column) -> Iterator[TableColumn]:
    single = column.kind is FLOAT32
    kind = column.kind.json
    if ANY_LENGTH in column.shape:
        return
    if not column.shape:
        yield TableColumn(column.name, kind, single, column.unit, _reader(topic, column.name, ()))
        return
    axes = [[_word(word) for word in axis.split(",")] for axis in column.axes.split(";")]
    for places in itertools.product(*[range(size) for size in column.shape]):
        words = "_".join(axis[place] for axis, place in zip(axes, places, strict=True))
        yield TableColumn(f"{column.name}_{words}", kind, single, column.unit, _reader(topic, column.name, places))


def _reader(topic: str, name: str, places: tuple[int, ...]) -> Callable[[dict[str, dict[str, Any]]], Any]:
    if not places:
        return lambda values: values[topic][name]
    first = itemgetter(places[0])
    if len(places) == 1:
        return lambda values: None if values[topic][name] is None else first(values[topic][name])
    second = places[1]
    return lambda values: first(values[topic][name])[second]


def _word(text: str) -> str:
    text = text.strip()
    return _SHORT.get(text, text.lower().replace(" ", "_"))
