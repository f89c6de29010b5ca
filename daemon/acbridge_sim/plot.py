"""One lap as a picture, to judge the stand-in by eye. Needs matplotlib, the extra ``plot``."""

import math
from pathlib import Path
from typing import Any, NamedTuple

from acbridge_sim.session import SessionType
from acbridge_sim.world import World


class Point(NamedTuple):
    """The car at one place of the lap."""

    distance: float
    x: float
    z: float
    speed_kmh: float
    gas: float
    brake: float
    steer: float
    gear: int
    right_g: float
    forward_g: float
    front_slip: float
    rear_slip: float


def drive_lap(world: World) -> tuple[list[Point], int]:
    """Drive to the finish line and then one lap; return its points, 33 a second, and the lap time in ms."""
    while not world.timing.current_ms:
        world.step()
    points: list[Point] = []
    while not world.timing.crossed:
        if world.steps % 10 == 0:
            points.append(_point(world))
        world.step()
    return points, world.timing.last_ms


def _point(world: World) -> Point:
    car = world.car
    sin_h, cos_h = math.sin(car.heading), math.cos(car.heading)
    ax, _, az = car.acceleration
    slips = [wheel.slip for wheel in car.wheels]
    return Point(
        car.place.distance,
        car.x,
        car.z,
        3.6 * car.speed,
        car.gas,
        car.brake,
        car.steer,
        car.gear - 1,
        -(cos_h * ax + sin_h * az) / 9.80665,
        (cos_h * az - sin_h * ax) / 9.80665,
        max(slips[:2]),
        max(slips[2:]),
    )


def plot_lap(world: World, path: Path) -> int:
    """
    Write the picture of a lap of a hotlap session and return the lap time in ms.

    Raises:
        ImportError: matplotlib is not installed.
    """
    import matplotlib as mpl  # noqa: PLC0415  an extra

    mpl.use("Agg")
    import matplotlib.pyplot as plt  # noqa: PLC0415  an extra

    assert world.session is SessionType.HOTLAP  # noqa: S101  the caller makes it so
    points, lap_ms = drive_lap(world)
    figure: Any = plt.figure(figsize=(16, 9), constrained_layout=True)  # pyright: ignore[reportUnknownMemberType]  # half typed
    where = f"{world.track.name} {world.track.configuration}"
    figure.suptitle(f"{world.car.spec.model}, {where}: {lap_ms / 1000:.3f} s, {world.track.length:.0f} m")
    left, right = figure.subfigures(1, 2, width_ratios=(1, 1.25))
    track, circle = left.subplots(2, 1, height_ratios=(2.2, 1))
    _map(track, world, points, figure)
    circle.scatter([p.right_g for p in points], [p.forward_g for p in points], s=4)
    circle.set(xlabel="g to the right", ylabel="g forward", aspect="equal")
    circle.grid(visible=True, alpha=0.3)
    traces = (
        ("km/h", [("speed", [p.speed_kmh for p in points])]),
        ("pedals", [("gas", [p.gas for p in points]), ("brake", [p.brake for p in points])]),
        ("steer, right +", [("steer", [p.steer for p in points])]),
        ("gear", [("gear", [p.gear for p in points])]),
        ("slip over peak", [("front", [p.front_slip for p in points]), ("rear", [p.rear_slip for p in points])]),
    )
    rows = right.subplots(len(traces), 1, sharex=True)
    for axes, (label, lines) in zip(rows, traces, strict=True):
        for name, values in lines:
            axes.plot([p.distance for p in points], values, linewidth=1, label=name)
        axes.set_ylabel(label)
        axes.grid(visible=True, alpha=0.3)
        if len(lines) > 1:
            axes.legend(loc="upper right")
    rows[-1].set_xlabel("metres from the line")
    figure.savefig(path, dpi=100, format="png")
    plt.close(figure)
    return lap_ms


def _map(axes: Any, world: World, points: list[Point], figure: Any) -> None:
    """Draw the track from above, north up, and the lap on it coloured by speed."""
    track = world.track
    for side, widths in ((1, track.left), (-1, track.right)):
        xs = [x + side * w * math.cos(h) for x, w, h in zip(track.x, widths, track.heading, strict=True)]
        zs = [-(z + side * w * math.sin(h)) for z, w, h in zip(track.z, widths, track.heading, strict=True)]
        axes.plot([*xs, xs[0]], [*zs, zs[0]], color="black", linewidth=0.6)
    dots = axes.scatter([p.x for p in points], [-p.z for p in points], c=[p.speed_kmh for p in points], s=6)
    figure.colorbar(dots, ax=axes, label="km/h")
    axes.set(aspect="equal", xlabel="metres east", ylabel="metres north")
