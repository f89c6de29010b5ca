"""What a report draws of a recording: its laps, and a few numbers of every moment. Lines in, numbers out."""

import math
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from acbridge import Derived, Graphics, Physics
from acbridge.layout import counter_steps
from acbridge.pages import Static
from acbridge.recording.parsing import Header, Line, TickLine
from acbridge_recording.laps import Lap, laps_of

STEPS = 4
"""Physics steps between samples at least: 12 ms, in which a car moves a metre or less."""
CHANNELS = (
    "time", "share", "line_m", "speed", "gas", "brake", "steer", "gear",
    "tyre_fl", "tyre_fr", "tyre_rl", "tyre_rr", "x", "z", "g_right", "g_forward", "air", "road", "grip", "fuel",
)  # fmt: skip
"""
Numbers of a sample.

Time of the lap, s; position on the AI line, 0 to 1; length of that line, m; speed, km/h; pedals, %; steering, % to the
right; gear as a driver counts; tyre cores, degC; place, m; acceleration, g; air and road, degC; grip, %; fuel, L.
"""


class Samples(NamedTuple):
    """
    Samples of a run of the daemon, or of a part of it.

    Attributes:
        ticks: The tick of each.
        columns: The numbers of all, by channel.
        compounds: The tyre compound of each.
    """

    ticks: "array[int]"
    columns: "dict[str, array[float]]"
    compounds: list[str]

    def between(self, first: int, last: int) -> "Samples":
        """Return the samples of these ticks."""
        part = slice(bisect_left(self.ticks, first), bisect_right(self.ticks, last))
        columns = {name: values[part] for name, values in self.columns.items()}
        return Samples(self.ticks[part], columns, self.compounds[part])


class Drive(NamedTuple):
    """
    A recording as a report needs it.

    Attributes:
        name: What a person calls it, such as the name of its file.
        laps: Its laps, whole and unfinished.
        samples: The samples by run.
    """

    name: str
    laps: list[Lap]
    samples: dict[int, Samples]

    def of(self, lap: Lap) -> Samples:
        """Return the samples of a lap."""
        return self.samples.get(lap.run, _none()).between(lap.first_tick, lap.last_tick)


def drive_of(name: str, lines: Iterable[tuple[Header, Line]]) -> Drive:
    """Return laps and samples of a recording, which is read once."""
    samples: dict[int, Samples] = {}
    return Drive(name, laps_of(_noted(lines, samples)), samples)


def _none() -> Samples:
    return Samples(array("q"), {name: array("d") for name in CHANNELS}, [])


def _noted(lines: Iterable[tuple[Header, Line]], into: dict[int, Samples]) -> Iterator[tuple[Header, Line]]:
    packet: int | None = None
    for header, line in lines:
        yield header, line
        if not isinstance(line, TickLine) or header.static is None:
            continue
        records = {type(record): record for record in line.records}
        physics, graphics, derived = records.get(Physics), records.get(Graphics), records.get(Derived)
        if not (isinstance(physics, Physics) and isinstance(graphics, Graphics) and isinstance(derived, Derived)):
            continue
        if packet is not None and 0 <= counter_steps(packet, physics.packetId) < STEPS:
            continue
        packet = physics.packetId
        numbers = _numbers(physics, graphics, derived, header.static)
        if not all(map(math.isfinite, numbers)):
            continue
        samples = into.setdefault(header.run, _none())
        if samples.ticks and samples.ticks[-1] >= line.tick:
            continue
        samples.ticks.append(line.tick)
        samples.compounds.append(graphics.tyreCompound)
        for name, number in zip(CHANNELS, numbers, strict=True):
            samples.columns[name].append(number)


def _numbers(physics: Physics, graphics: Graphics, derived: Derived, static: Static) -> tuple[float, ...]:
    x, _, z = graphics.carCoordinates
    return (
        graphics.iCurrentTime / 1000,
        graphics.normalizedCarPosition,
        static.trackSPlineLength,
        physics.speedKmh,
        100 * physics.gas,
        100 * physics.brake,
        100 * physics.steerAngle,
        derived.gear_number,
        *physics.tyreCoreTemperature,
        x,
        z,
        derived.acc_right_g,
        derived.acc_forward_g,
        physics.airTemp,
        physics.roadTemp,
        100 * graphics.surfaceGrip,
        physics.fuel,
    )
