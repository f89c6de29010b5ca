"""Laps side by side as a picture, to see what a policy does that a driver does not. Needs the extra ``plot``."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from acbridge_gym.seen import Seen, see
from acbridge_sim import Track, World
from acbridge_sim.session import SessionType

OFF_COLOUR = "tab:red"


class Point(NamedTuple):
    """The car at one place: m along and beside the centre line and in the world, km/h, inputs, and wheels off."""

    distance: float
    x: float
    z: float
    speed_kmh: float
    steer: float
    pedal: float
    wheels_off: int


class Trace:
    """
    The places of a car since it last crossed the line.

    Attributes:
        points: From the line until now, if the car has crossed the line; of the lap before if it has just done so.
    """

    def __init__(self) -> None:
        """Begin without a place."""
        self.points: list[Point] = []
        self._next: list[Point] = []
        self._laps = 0

    def follow(self, seen: Any) -> None:
        """Add the car as it is now; a new lap begins a new list."""
        if seen.laps > self._laps:
            self._laps = int(seen.laps)
            self.points, self._next = self._next, []
        point = Point(
            float(seen.distance), float(seen.x), float(seen.z), 3.6 * math.hypot(seen.forward, seen.right),
            float(seen.steer), float(seen.gas - seen.brake), int(seen.wheels_off),
        )  # fmt: skip
        if self._next and point.distance < self._next[-1].distance - 100:  # over the line without a lap: the run-up
            self._next = []
        self._next.append(point)


def driver_trace(track: Track) -> Trace:
    """Return the flying lap of the built-in driver."""
    world, trace, seen = World(track=track, session=SessionType.HOTLAP), Trace(), Seen()
    while world.timing.laps < 1:
        world.step(15)
        see(world.car, world.car.spec, world.timing, seen)
        seen.distance = world.car.place.distance
        trace.follow(seen)
    return trace


def draw(track: Track, traces: Mapping[str, Trace], path: Path) -> None:
    """
    Write the picture: the lines on the track, and speed, pedals, steering and wheels off over the distance.

    Args:
        track: The track.
        traces: Laps by name; the first is drawn with its wheels off the track.
        path: The PNG file.

    Raises:
        ImportError: matplotlib is not installed.
        OSError: The file cannot be written.
    """
    import matplotlib as mpl  # noqa: PLC0415  an extra

    mpl.use("Agg")
    import matplotlib.pyplot as plt  # noqa: PLC0415  an extra

    figure: Any = plt.figure(figsize=(18, 10), constrained_layout=True)  # pyright: ignore[reportUnknownMemberType]  # half typed
    left, right = figure.subfigures(1, 2, width_ratios=(1, 1))
    plan = left.subplots()
    for side, widths in ((1, track.left), (-1, track.right)):
        places = list(zip(track.x, track.z, widths, track.heading, strict=True))
        xs = [x + side * w * math.cos(h) for x, _, w, h in places]
        zs = [-(z + side * w * math.sin(h)) for _, z, w, h in places]
        plan.plot([*xs, xs[0]], [*zs, zs[0]], color="black", linewidth=0.6)
    rows = right.subplots(4, 1, sharex=True)
    for name, trace in traces.items():
        points = trace.points
        plan.plot([p.x for p in points], [-p.z for p in points], linewidth=1, label=name)
        along = [p.distance for p in points]
        values = (
            [p.speed_kmh for p in points],
            [p.pedal for p in points],
            [p.steer for p in points],
            [p.wheels_off for p in points],
        )
        for axes, each in zip(rows, values, strict=True):
            axes.plot(along, each, linewidth=1)
    off = [p for p in next(iter(traces.values())).points if p.wheels_off > 0]
    plan.scatter([p.x for p in off], [-p.z for p in off], s=8, color=OFF_COLOUR, label="wheels off", zorder=3)
    plan.legend()
    plan.set(aspect="equal", xlabel="metres east", ylabel="metres north")
    for axes, label in zip(rows, ("km/h", "gas +, brake -", "steer, right +", "wheels off"), strict=True):
        axes.set_ylabel(label)
        axes.grid(visible=True, alpha=0.3)
    rows[-1].set_xlabel("metres from the line")
    figure.savefig(path, dpi=90, format="png")
    plt.close(figure)
