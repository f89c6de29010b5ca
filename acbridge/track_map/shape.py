"""
Geometry of closed lines in the plane: directions, even spacing, cross-sections, crossings. Pure, without numpy.

A line is two columns of coordinates; its last point is not the first again. Angles grow when turning right, as the
sim's heading does; offsets from a line are positive to the left. Metres and radians everywhere.
"""

import math
from collections.abc import Sequence

Column = Sequence[float]

PARALLEL = 1e-6
"""Angle in rad below which two pieces of a line have one direction."""
LEAST_CELL_M = 1.0
MOST_COMPARED = 500
"""Pieces that are compared with each piece on average, before a line counts as one that crosses itself."""


def steps_of(x: Column, z: Column) -> list[float]:
    """Return the distance from each point of a closed line to the next."""
    count = len(x)
    return [math.hypot(x[(i + 1) % count] - x[i], z[(i + 1) % count] - z[i]) for i in range(count)]


def distances_of(steps: Sequence[float]) -> tuple[list[float], float]:
    """Return the distance of each point from the first, and the length of the whole line."""
    at, total = list[float](), 0.0
    for step in steps:
        at.append(total)
        total += step
    return at, total


def forwards(x: Column, z: Column) -> list[tuple[float, float]]:
    """Return the direction of a closed line at each point, from the point before to the one after, as unit vectors."""
    count = len(x)
    found: list[tuple[float, float]] = []
    for i in range(count):
        dx, dz = x[(i + 1) % count] - x[i - 1], z[(i + 1) % count] - z[i - 1]
        long = math.hypot(dx, dz) or 1.0
        found.append((dx / long, dz / long))
    return found


def beside(x: Column, z: Column, offset: Column) -> tuple[list[float], list[float]]:
    """Return the line that runs at an offset from a closed line, positive to the left."""
    # Left of a direction (fx, fz) lies (fz, -fx).
    ways = forwards(x, z)
    return (
        [x[i] + offset[i] * fz for i, (_, fz) in enumerate(ways)],
        [z[i] - offset[i] * fx for i, (fx, _) in enumerate(ways)],
    )


def interpolated(at: Column, length: float, values: Column, places: Column, *, smooth: bool) -> list[float]:
    """
    Return values of a closed line at other places along it.

    Args:
        at: Distance of each known value, rising from 0.
        length: Of the whole line.
        values: The known values.
        places: Rising distances, 0 or more and below the length.
        smooth: Whether to lay a curve with an even slope through the values, or straight pieces.
    """
    count = len(at)
    gaps = [(at[i + 1] if i + 1 < count else length) - at[i] for i in range(count)]
    slopes: list[float] = []
    if smooth:
        rates = [(values[(i + 1) % count] - values[i]) / gaps[i] for i in range(count)]
        # That of the parabola through a value and its two neighbours.
        slopes = [(rates[i - 1] * gaps[i] + rates[i] * gaps[i - 1]) / (gaps[i - 1] + gaps[i]) for i in range(count)]
    found: list[float] = []
    i = 0
    for place in places:
        while i + 1 < count and at[i + 1] <= place:
            i += 1
        j, gap = (i + 1) % count, gaps[i]
        part = (place - at[i]) / gap
        if not smooth:
            found.append(values[i] + (values[j] - values[i]) * part)
            continue
        left = 1 - part
        found.append(
            left * left * (1 + 2 * part) * values[i]
            + part * part * (3 - 2 * part) * values[j]
            + gap * part * left * (left * slopes[i] - part * slopes[j])
        )
    return found


def sections(x: Column, z: Column, across_x: Column, across_z: Column) -> list[tuple[int, float, float]]:
    """
    Return where another closed line passes each point of a line: its index, the share to the next, and the offset.

    Args:
        x: The line.
        z: As x.
        across_x: The other line, which runs beside it in the same direction.
        across_z: As across_x.
    """
    count = len(across_x)
    k = min(range(count), key=lambda i: (across_x[i] - x[0]) ** 2 + (across_z[i] - z[0]) ** 2)
    found: list[tuple[int, float, float]] = []
    for (fx, fz), px, pz in zip(forwards(x, z), x, z, strict=True):

        def ahead(i: int, fx: float = fx, fz: float = fz, px: float = px, pz: float = pz) -> float:
            return (across_x[i] - px) * fx + (across_z[i] - pz) * fz

        for _ in range(count):
            if ahead(k) <= 0:
                break
            k = (k - 1) % count
        here, j = ahead(k), (k + 1) % count
        for _ in range(count):
            there = ahead(j)
            if there > 0:
                break
            k, here, j = j, there, (j + 1) % count
        there = ahead(j)
        part = here / (here - there) if there > here else 0.0
        cx = across_x[k] + (across_x[j] - across_x[k]) * part
        cz = across_z[k] + (across_z[j] - across_z[k]) * part
        found.append((k, part, (cx - px) * fz - (cz - pz) * fx))
    return found


def smoothed(values: Column, rounds: int) -> list[float]:
    """Return a closed column in which each value has moved towards its neighbours, by a quarter of each, in rounds."""
    found = list(values)
    for _ in range(rounds):
        found = [(found[i - 1] + 2 * found[i] + found[(i + 1) % len(found)]) / 4 for i in range(len(found))]
    return found


def crossing(x: Column, z: Column, y: Column | None = None, bridge: float = math.inf) -> int | None:
    """
    Return the index of a piece of a closed line that crosses another piece, or ``None``.

    Args:
        x: The line.
        z: As x.
        y: Its height; without it, all is in one plane.
        bridge: Pieces whose heights differ by so much pass over each other, m.
    """
    count = len(x)
    steps = steps_of(x, z)
    cell = max(2 * sum(steps) / count, LEAST_CELL_M)
    cells: dict[tuple[int, int], list[int]] = {}
    compared = 0
    for i in range(count):
        j = (i + 1) % count
        columns = range(*_span(x[i], x[j], cell))
        rows = range(*_span(z[i], z[j], cell))
        for place in ((column, row) for column in columns for row in rows):
            others = cells.setdefault(place, [])
            compared += len(others)
            if compared > MOST_COMPARED * count:
                return i
            for k in others:
                if 1 < i - k < count - 1 and (y is None or abs(y[i] - y[k]) < bridge) and _cross(x, z, i, k):
                    return i
            others.append(i)
    return None


def _span(a: float, b: float, cell: float) -> tuple[int, int]:
    low, high = (a, b) if a < b else (b, a)
    return math.floor(low / cell), math.floor(high / cell) + 1


def _cross(x: Column, z: Column, i: int, k: int) -> bool:
    """Return whether two pieces of a closed line cross; pieces of one direction, as on a straight, do not."""
    count = len(x)
    ax, az = x[(i + 1) % count] - x[i], z[(i + 1) % count] - z[i]
    bx, bz = x[(k + 1) % count] - x[k], z[(k + 1) % count] - z[k]
    dx, dz = x[k] - x[i], z[k] - z[i]
    area = ax * bz - az * bx
    if abs(area) <= PARALLEL * math.hypot(ax, az) * math.hypot(bx, bz):
        return False
    here, there = (dx * bz - dz * bx) / area, (dx * az - dz * ax) / area  # shares of the two pieces
    return -PARALLEL <= here <= 1 + PARALLEL and -PARALLEL <= there <= 1 + PARALLEL
