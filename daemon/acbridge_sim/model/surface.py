"""
The surface under a car, from the tables of a track: where a point lies, how high the ground is, what a wheel stands on.

The functions of this module are in the subset that numba compiles. Angles grow when turning right, as the sim's heading
does; offsets from the centre line are positive to the left. Metres and radians everywhere.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

TURN = 2 * math.pi
SKEW = 1.7
"""How far along the road its bumps have moved a metre to the left, m: both sides of a car feel different ones."""
AHEAD = 1024.0
"""Metres added to places, so that those before the line and beside the road are positive."""
GRASS_ROUGHNESS = 4.0
"""Height of the bumps of grass over those of asphalt: the border of classes C and D of ISO 8608."""
KERB_RISE, KERB_RAMP = 0.03, 0.3
"""Height of a kerb in its middle, and the width of the ramp on each side, m."""
TOOTH, TEETH = 0.012, 0.8
"""Half the height of the teeth of a kerb, and their distance, m."""


class Road(NamedTuple):
    """
    The tables of a track: of lists for plain Python, of arrays for the compiled model.

    Attributes:
        points: Number of points of the centre line.
        spacing, length: Between its points; of the whole.
        x, z, heading, bend: Its points, their direction and curvature (1/m).
        forward_x, forward_z: Its direction at each point, as a unit vector.
        left, right: Distance to the edges at each point, both positive.
        kerb: Width of the kerbs at each point; 0 where there are none.
        height: Height of the ground at each point beside that of the swells; empty where it has no other.
        run_off: From an edge to the barrier behind it.
        splits: Distance of each sector's end but the last.
        wave_height, wave_x, wave_z, wave_phase: The swells of the ground.
        rough: Heights of the bumps along the road, which repeat: see `roughness`.
        rough_per: How many of them a metre has.
        has_pit: Whether there is a pit lane; the following fields are its own, see `track.PitLane`.
    """

    points: int
    spacing: float
    length: float
    x: Sequence[float]
    z: Sequence[float]
    heading: Sequence[float]
    bend: Sequence[float]
    forward_x: Sequence[float]
    forward_z: Sequence[float]
    left: Sequence[float]
    right: Sequence[float]
    kerb: Sequence[float]
    height: Sequence[float]
    run_off: float
    splits: Sequence[float]
    wave_height: Sequence[float]
    wave_x: Sequence[float]
    wave_z: Sequence[float]
    wave_phase: Sequence[float]
    rough: Sequence[float]
    rough_per: float
    has_pit: bool
    pit_begins: float
    pit_ends: float
    pit_offset: float
    pit_half_width: float
    pit_ramp: float
    pit_mouth: float


def wrap(angle: float) -> float:
    """Return an angle between -3 pi and 3 pi brought to -pi to pi; exact, as `math.remainder`, which numba lacks."""
    if angle > math.pi:
        return angle - TURN
    if angle < -math.pi:
        return angle + TURN
    return angle


def locate(road: Road, x: float, z: float, near: int) -> tuple[int, float, float, float]:
    """
    Return where a point lies: index of the nearest point of the line, distance along it, offset, curvature there.

    Args:
        road: The tables.
        x: World coordinate.
        z: World coordinate.
        near: Index of a point near it, such as the last one; the search walks from there.
    """
    i = near
    ahead = offset = along = bend = 0.0
    half = road.spacing / 2
    came = 0
    for _ in range(road.points):
        fx = road.forward_x[i]
        fz = road.forward_z[i]
        dx = x - road.x[i]
        dz = z - road.z[i]
        ahead = dx * fx + dz * fz
        # Left of a direction (fx, fz) lies (fz, -fx). Outside a bend the way is longer than along the line.
        offset = dx * fz - dz * fx
        bend = road.bend[i]
        along = ahead / max(0.2, 1 + bend * offset)
        step = 1 if along > half else (-1 if along < -half else 0)
        if step == 0 or step == -came:
            break  # there, or on the seam between two points
        i = (i + step) % road.points
        came = step
    return i, (i * road.spacing + along) % road.length, offset + bend * ahead * ahead / 2, bend


def point_before(road: Road, distance: float) -> tuple[int, float]:
    """Return the index of the point before a distance along the line, and the share of the way to the next, 0 to 1."""
    at = (distance / road.spacing) % road.points
    if at >= road.points:
        return 0, 0.0  # a hair before the finish line: the remainder is rounded up to the whole
    i = int(at)
    return i, at - i


def point_at(road: Road, distance: float, offset: float) -> tuple[float, float, float]:
    """Return x, z and the line's heading at a distance along it and an offset from it."""
    i, part = point_before(road, distance)
    j = (i + 1) % road.points
    heading = road.heading[i] + wrap(road.heading[j] - road.heading[i]) * part
    x = road.x[i] + (road.x[j] - road.x[i]) * part + offset * math.cos(heading)
    z = road.z[i] + (road.z[j] - road.z[i]) * part + offset * math.sin(heading)
    return x, z, wrap(heading)


def ground(road: Road, x: float, z: float, near: int) -> tuple[float, float, float]:
    """
    Return the height of the ground and its slope towards x and towards z.

    Args:
        road: The tables.
        x: World coordinate.
        z: World coordinate.
        near: Index of a point of the line near it, as for :func:`locate`.
    """
    height = slope_x = slope_z = 0.0
    for k in range(len(road.wave_height)):
        angle = road.wave_x[k] * x + road.wave_z[k] * z + road.wave_phase[k]
        height += road.wave_height[k] * math.sin(angle)
        slope = road.wave_height[k] * math.cos(angle)
        slope_x += slope * road.wave_x[k]
        slope_z += slope * road.wave_z[k]
    if len(road.height) > 0:
        i, distance, offset, bend = locate(road, x, z, near)
        climb, grade = height_along(road, distance)
        grade /= max(0.2, 1 + bend * offset)
        height += climb
        slope_x += grade * road.forward_x[i]
        slope_z += grade * road.forward_z[i]
    return height, slope_x, slope_z


def height_along(road: Road, distance: float) -> tuple[float, float]:
    """Return the height of the line at a distance, on a curve through its points, and its slope along the line."""
    i, part = point_before(road, distance)
    j = (i + 1) % road.points
    here = road.height[i]
    rise = road.height[j] - here
    slope = (road.height[j] - road.height[i - 1]) / 2
    turn = (road.height[(j + 1) % road.points] - here) / 2
    # The cubic with these heights and slopes at both ends.
    square = 3 * rise - 2 * slope - turn
    cube = slope + turn - 2 * rise
    height = here + part * (slope + part * (square + part * cube))
    return height, (slope + part * (2 * square + 3 * part * cube)) / road.spacing


def bump(road: Road, distance: float, offset: float, over: float, kerb: float, off: bool) -> float:
    """
    Return how high a place is above the smooth ground: the roughness of asphalt or grass, and a kerb with its teeth.

    Args:
        road: The tables.
        distance: Along the line.
        offset: From it, positive to the left.
        over: How far outside the edge of the track, negative inside.
        kerb: Width of the kerb there, 0 for none.
        off: Whether it is on grass.
    """
    at = (distance + SKEW * offset + AHEAD) * road.rough_per
    i = int(at)
    count = len(road.rough)
    here = road.rough[i % count]
    height = here + (road.rough[(i + 1) % count] - here) * (at - i)
    if off:
        return height * (1 + (GRASS_ROUGHNESS - 1) * min(1.0, over - kerb))
    if 0 < over <= kerb:
        tooth = TOOTH * math.cos(distance * TURN / TEETH)
        return height + (KERB_RISE + tooth) * min(1.0, over / KERB_RAMP, (kerb - over) / KERB_RAMP)
    return height


def over_edge(road: Road, near: int, offset: float) -> float:
    """Return how far a point lies outside the edge, kerb not counted; negative inside."""
    return offset - road.left[near] if offset > 0 else -offset - road.right[near]


def along_pit(road: Road, distance: float) -> bool:
    """Return whether the pit lane runs beside the track at a distance."""
    if not road.has_pit:
        return False
    return (distance - road.pit_begins) % road.length < (road.pit_ends - road.pit_begins) % road.length


def pit_middle(road: Road, distance: float) -> float:
    """Return the offset of the pit lane's middle at a distance; meaningful only where :func:`along_pit` is true."""
    since = (distance - road.pit_begins) % road.length
    left = (road.pit_ends - road.pit_begins) % road.length - since
    share = max(0.0, min(1.0, min(since / road.pit_ramp, left / road.pit_ramp)))
    return road.pit_mouth + (road.pit_offset - road.pit_mouth) * share


def in_pit_lane(road: Road, distance: float, offset: float) -> bool:
    """Return whether a point lies on the pit lane."""
    if not along_pit(road, distance):
        return False
    return abs(offset - pit_middle(road, distance)) <= road.pit_half_width and offset < road.pit_mouth


def barrier_space(road: Road, near: int, distance: float, offset: float) -> float:
    """Return how far behind the edge the barrier stands; beside the pit lane it stands behind the lane."""
    if offset < 0 and along_pit(road, distance):
        return max(road.run_off, road.pit_half_width - road.pit_offset - road.right[near] + 1.0)
    return road.run_off
