"""
Many cars at once: each lane has a car, a lap clock and a delay line between command and car.

The functions of this module are in the subset that numba compiles; `acbridge_sim.batch` calls them on arrays.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated

from acbridge_sim.model.car import Car, put, refit, step
from acbridge_sim.model.spec import CarSpec
from acbridge_sim.model.surface import Road
from acbridge_sim.model.table import Column
from acbridge_sim.model.timing import Timing, abandon, tick

MOST_LAG = 20
"""Longest delay between command and car, in steps."""
SLOTS = MOST_LAG + 1
MOST_SHIFT = 10
"""Most gears that one command shifts, up or down."""
COMMAND = 5
"""Numbers of a command: steer, gas, brake, clutch, shift."""

RANGES: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "mass": (0.5, 2.0),
        "power": (0.2, 5.0),
        "grip": (0.2, 2.0),
        "brake_bias": (0.0, 1.0),
        "fuel": (0.0, 1.0),
        "temperature": (0.0, 150.0),
        "lag": (0, MOST_LAG),
    }
)
"""
What can differ from lane to lane and from run to run, with its limits: mass, power and grip as factors of the spec's,
fuel as a share of the tank, tyre temperature in degC, lag in steps of 3 ms.
"""


@dataclass(slots=True)
class Lane:
    """One car of a batch, with its lap clock and the commands on their way."""

    car: Annotated[Car, Column("", "The car.")]
    clock: Annotated[Timing, Column("", "Its lap clock.")]
    lag: Annotated[int, Column("3 ms", "Steps between command and car, 0 to 20.")]
    slot: Annotated[int, Column("", "Where the next command enters the delay line.")]
    line: Annotated[list[list[float]], Column("", "The delay line: the last 21 commands.")]


def advance(
    lanes: Sequence[Lane], specs: Sequence[CarSpec], road: Road, commands: Sequence[Sequence[float]], count: int
) -> None:
    """
    Advance every lane by a number of steps.

    Args:
        lanes: The lanes.
        specs: The parameters of each car.
        road: The track's tables.
        commands: Steer, gas, brake, clutch and shift for each lane; the shift counts in the first step only.
        count: Number of steps.
    """
    for i in range(len(lanes)):
        lane = lanes[i]
        spec = specs[i]
        for k in range(count):
            advance_lane(lane, spec, road, commands[i], k == 0)


def advance_lane(lane: Lane, spec: CarSpec, road: Road, command: Sequence[float], first: bool) -> None:
    """Advance one lane by one step: a command enters its delay line, and the one of `lag` steps ago drives the car."""
    car = lane.car
    entering = lane.line[lane.slot]
    for i in range(COMMAND):
        entering[i] = command[i]
    if not first:
        entering[4] = 0.0
    taken = lane.line[(lane.slot - lane.lag) % SLOTS]
    lane.slot = (lane.slot + 1) % SLOTS
    before = car.distance
    step(car, spec, road, taken[0], taken[1], taken[2], taken[3], int(taken[4]))
    off = 0
    for i in range(4):
        if car.wheels[i].off:
            off += 1
    tick(lane.clock, road, before, car.distance, off)


def begin(
    lane: Lane,
    spec: CarSpec,
    road: Road,
    distance: float,
    offset: float,
    heading: float,
    speed: float,
    fuel: float,
    temperature: float,
) -> None:
    """Begin a run of one lane: a fresh car, settled at a place and speed, a clock that waits, no command on its way."""
    refit(lane.car, spec, fuel, temperature)
    put(lane.car, spec, road, distance, offset, speed, heading)
    abandon(lane.clock)
    for i in range(SLOTS):
        for k in range(COMMAND):
            lane.line[i][k] = 0.0
        lane.line[i][3] = 1.0
