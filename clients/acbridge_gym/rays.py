"""
Rays from the car to the edges of the road, as a range finder would see them.

The functions of this module are in the subset that numba compiles.
"""

import math
from typing import Any

from acbridge_gym.rules import RAYS
from acbridge_gym.seen import Seen
from acbridge_sim.model.surface import Road

FAN = math.pi
"""Angle from the first ray to the last; the one in the middle points forward."""
APART = FAN / (RAYS - 1)
REACH_M = 200.0
"""Length of a ray that meets nothing."""
AROUND_M = 260.0
"""Way along the centre line, ahead and behind, of the edges that rays can meet."""
SLACK = 1e-9
"""A ray meets a piece of an edge that it passes by so much, of the piece: rays slip through no joint."""


def cast_rays(seen: Seen, road: Road, out: Any, at: int) -> None:
    """
    Write the ways to the nearest edge along rays, m, from the left of the car to its right.

    Args:
        seen: The car, located.
        road: The track's tables.
        out: Where to write `RAYS` numbers; nan if the car's place is not finite.
        at: Index of the first.
    """
    known = math.isfinite(seen.x) and math.isfinite(seen.z) and math.isfinite(seen.heading)
    for k in range(RAYS):
        out[at + k] = REACH_M if known else math.nan
    if not known:
        return
    sin_h = math.sin(seen.heading)
    cos_h = math.cos(seen.heading)
    reach = min(road.points // 2 + 1, int(AROUND_M / road.spacing) + 1)
    for side in range(2):
        ahead = aside = angle = 0.0
        for n in range(2 * reach + 1):
            i = (seen.near - reach + n) % road.points
            out_by = road.left[i] if side == 0 else -road.right[i]
            # Left of a direction (fx, fz) lies (fz, -fx).
            dx = road.x[i] + out_by * road.forward_z[i] - seen.x
            dz = road.z[i] - out_by * road.forward_x[i] - seen.z
            ahead_before, aside_before, angle_before = ahead, aside, angle
            ahead = cos_h * dz - sin_h * dx
            aside = -(cos_h * dx + sin_h * dz)
            angle = math.atan2(aside, ahead)
            if n > 0 and (ahead > 0 or ahead_before > 0):
                meet(ahead_before, aside_before, angle_before, ahead, aside, angle, out, at)


def meet(
    ahead: float,
    aside: float,
    angle: float,
    ahead_after: float,
    aside_after: float,
    angle_after: float,
    out: Any,
    at: int,
) -> None:
    """Shorten the rays that meet a piece of an edge: from one point to the next, each with its angle from the car."""
    least = min(angle, angle_after)
    most = max(angle, angle_after)
    if most - least > math.pi:  # the short way between them is behind the car
        least, most = -math.pi, math.pi
    first = max(0, math.ceil((least + FAN / 2) / APART - SLACK))
    last = min(RAYS - 1, math.floor((most + FAN / 2) / APART + SLACK))
    long = ahead_after - ahead
    wide = aside_after - aside
    for k in range(first, last + 1):
        cos = math.cos(k * APART - FAN / 2)
        sin = math.sin(k * APART - FAN / 2)
        across = cos * wide - sin * long
        if across != 0:
            way = (ahead * wide - aside * long) / across
            part = (ahead * sin - aside * cos) / across
            if way >= 0 and -SLACK <= part <= 1 + SLACK and way < out[at + k]:
                out[at + k] = way
