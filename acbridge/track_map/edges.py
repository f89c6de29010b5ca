"""
From lines in the world to a map: even spacing, the middle between two borders, and the way to each of them. Pure.

A line here is a mapping of columns by name, with x, z and whatever else is known at each point.
"""

import math
from collections.abc import Mapping, Sequence
from statistics import median

from acbridge.track_map import shape
from acbridge.track_map.track_map import FEWEST_POINTS, Borders, TrackMap

Line = Mapping[str, Sequence[float]]

SPACING = 2.0
"""Metres between neighbouring points of a map, nearly."""
LEAST_STEP = 0.1
"""Points nearer to the one before are left out, m."""
OPEN_M, OPEN_STEPS = 30.0, 10.0
"""A line whose ends lie farther apart than this, in metres and in steps from point to point, is open."""
LONGEST_M = 100_000.0
ROUNDS = 3
"""How often points are put at even distances: the distances depend on the points."""
FOLDS = 100
"""Rounds in which an edge that folds is drawn nearer to the line."""


def respaced(line: Line) -> dict[str, list[float]]:
    """
    Return a closed line with points at even distances along it.

    Args:
        line: Finite numbers; x, y and z are laid as a curve, other columns as straight pieces.

    Raises:
        ValueError: The line is open, too short or too long.
    """
    found = _thinned(line)
    if len(found["x"]) < FEWEST_POINTS:
        raise ValueError(f"it has {len(found['x'])} places; a track has at least {FEWEST_POINTS}")
    steps = shape.steps_of(found["x"], found["z"])
    typical = median(steps)
    if steps[-1] > max(OPEN_M, OPEN_STEPS * typical):
        raise ValueError(
            f"it is no closed track: from its last point to its first it is {steps[-1]:.0f} m, "
            f"and {typical:.1f} m between the others"
        )
    for _ in range(ROUNDS):
        at, length = shape.distances_of(shape.steps_of(found["x"], found["z"]))
        if not SPACING * FEWEST_POINTS <= length <= LONGEST_M:
            raise ValueError(f"it is {length:.0f} m long; {SPACING * FEWEST_POINTS:g} to {LONGEST_M:g} m are allowed")
        count = round(length / SPACING)
        places = [i * length / count for i in range(count)]
        found = {
            name: shape.interpolated(at, length, column, places, smooth=name in ("x", "y", "z"))
            for name, column in found.items()
        }
    return found


def drawn(
    line: Line,
    name: str,
    configuration: str,
    borders: Borders,
    origin: str,
) -> TrackMap:
    """
    Return the map of an evenly spaced line with the columns left and right; edges that fold are drawn in.

    Args:
        line: As :func:`respaced` returns it, with left and right; perhaps with y and speed.
        name: Name of the track.
        configuration: Of the layout.
        borders: Where the edges come from.
        origin: What the map is made of, in words.

    Raises:
        ValueError: The map breaks a limit.
    """
    x, z = line["x"], line["z"]
    count = len(x)
    _, length = shape.distances_of(shape.steps_of(x, z))
    left, right = unfolded(x, z, line["left"]), unfolded(x, z, [-width for width in line["right"]])
    speed = line.get("speed")
    return TrackMap(
        name,
        configuration,
        _rounded(length),
        tuple(_rounded(i * length / count) for i in range(count)),
        tuple(map(_rounded, x)),
        tuple(map(_rounded, line.get("y") or [0.0] * count)),
        tuple(map(_rounded, z)),
        tuple(map(_rounded, left)),
        tuple(_rounded(-width) for width in right),
        None if speed is None else tuple(map(_rounded, speed)),
        borders,
        origin,
    )


def between(left: Line, right: Line, line: Line) -> dict[str, list[float]]:
    """
    Return the line in the middle between two borders, with the columns left and right.

    Args:
        left: The left border, as closed as the line.
        right: The right border.
        line: A line between them, driven in the same direction, with whatever else is to be kept.

    Raises:
        ValueError: A border is not beside the line.
    """
    found = respaced(line)
    for last in (False, True):
        to_left = [offset for *_, offset in shape.sections(found["x"], found["z"], left["x"], left["z"])]
        to_right = [offset for *_, offset in shape.sections(found["x"], found["z"], right["x"], right["z"])]
        if last:
            break
        middle = [(a + b) / 2 for a, b in zip(to_left, to_right, strict=True)]
        x, z = shape.beside(found["x"], found["z"], middle)
        found = respaced({**found, "x": x, "z": z})
    return {**found, "left": to_left, "right": [-offset for offset in to_right]}


def unfolded(x: Sequence[float], z: Sequence[float], offset: Sequence[float]) -> list[float]:
    """Return the offsets of an edge from a closed line, less where the edge would run backwards round a tight bend."""
    found = list(offset)
    ways = shape.forwards(x, z)
    count = len(x)
    for _ in range(FOLDS):
        bx, bz = shape.beside(x, z, found)
        folds = [
            i
            for i in range(count)
            if (bx[(i + 1) % count] - bx[i]) * ways[i][0] + (bz[(i + 1) % count] - bz[i]) * ways[i][1] <= 0
        ]
        if not folds:
            break
        for i in {k % count for fold in folds for k in (fold, fold + 1)}:
            found[i] *= 0.95
    return found


def _thinned(line: Line) -> dict[str, list[float]]:
    """Return the line without points that lie where the one before or the first lies."""
    x, z = line["x"], line["z"]
    kept: list[int] = []
    for i in range(len(x)):
        if not kept or math.hypot(x[i] - x[kept[-1]], z[i] - z[kept[-1]]) >= LEAST_STEP:
            kept.append(i)
    while len(kept) > 1 and math.hypot(x[kept[-1]] - x[0], z[kept[-1]] - z[0]) < LEAST_STEP:
        kept.pop()
    return {name: [column[i] for i in kept] for name, column in line.items()}


def _rounded(value: float) -> float:
    """Return a number to a hundredth of a millimetre: finer is noise, and makes files long."""
    return round(value, 5)
