"""
The observation: one function writes the numbers of all channels, in the order of the table in `channels`.

The same source runs plain, for a game and for a single stand-in, and compiled, for the lanes of a batch. Nothing that
is not finite comes out, and nothing outside the limits of the table. The functions of this module are in the subset
that numba compiles.
"""

import math
from collections.abc import Sequence
from typing import Any

from acbridge_gym.memory import Memory
from acbridge_gym.rays import cast_rays
from acbridge_gym.rules import PLACES, RAYS, Rules
from acbridge_gym.seen import Seen
from acbridge_sim.model.surface import Road, point_before

LOOK_S = (0.2, 0.4, 0.6, 0.8, 1.0, 1.25, 1.5, 1.8, 2.1, 2.5, 2.9, 3.4, 4.0, 4.6, 5.3, 6.0)
"""How far ahead the places are, in seconds of driving."""
SLOWEST = 8.0
"""Least speed that the places ahead are chosen with, m/s: a car that stands sees 48 m."""
SLOW = 3.0
"""Least speed that the slip angle is found with, m/s: that of a car that stands means nothing."""
FARTHEST = 300.0
"""Most distance of a place along the track, m."""
NEAR_M, FAR_SHARE = 6.0, 0.35
"""A place's coordinates are divided by 6 m + 0.35 of its distance: what is near is seen finely."""


def observe(seen: Seen, road: Road, memory: Memory, rules: Rules, out: Any) -> int:
    """
    Write an observation.

    Args:
        seen: The car, located by `seen.find`.
        road: The track's tables.
        memory: The episode; its `raw` holds the numbers in their units afterwards.
        rules: Limits and scales of the channels, and the number of axes of an action.
        out: Where to write `rules.numbers` scaled numbers: a list or a row of float32.

    Returns:
        How many values were not finite, and became 0.
    """
    raw = memory.raw
    step_s = rules.step_s
    heading = seen.heading if math.isfinite(seen.heading) else 0.0
    sin_h = math.sin(heading)
    cos_h = math.cos(heading)
    raw[0] = seen.forward
    raw[1] = seen.right
    raw[2] = seen.up
    raw[3] = seen.yaw_rate
    raw[4] = seen.acceleration_forward
    raw[5] = seen.acceleration_right
    raw[6] = seen.forward * seen.forward
    raw[7] = math.atan2(seen.right, max(SLOW, abs(seen.forward)))
    describe_place(seen, road, sin_h, cos_h, raw)
    describe_course(seen, road, sin_h, cos_h, raw)
    at = 13 + 5 * PLACES
    for i in range(4):
        raw[at + i] = seen.slip[i]
    raw[at + 4] = seen.rpm / seen.max_rpm if seen.max_rpm > 0 else 0.0
    raw[at + 5] = float(seen.gear)
    raw[at + 6] = float(seen.wheels_off)
    raw[at + 7] = seen.steer
    raw[at + 8] = seen.gas
    raw[at + 9] = seen.brake
    at += 10
    for k in range(3):
        for i in range(rules.axes):
            raw[at] = memory.actions[k][i]
            at += 1
    raw[at] = memory.age_s / step_s
    raw[at + 1] = memory.step_s / step_s
    raw[at + 2] = memory.lag_s / step_s
    at += 3
    if rules.rays:
        cast_rays(seen, road, raw, at)
        at += RAYS
    if rules.wheels:
        for i in range(4):
            raw[at + i] = seen.load[i]
            raw[at + 4 + i] = seen.temperature[i]
        at += 8
    if rules.fuel:
        raw[at] = seen.fuel
        at += 1
    if rules.damage:
        raw[at] = seen.damage
    if not math.isfinite(seen.heading):
        raw[8] = raw[9] = seen.heading
    return scale(raw, rules, out)


def describe_place(seen: Seen, road: Road, sin_h: float, cos_h: float, raw: list[float]) -> None:
    """Write the angle to the track's direction, the offset from its middle, and the way to both edges."""
    i, part = point_before(road, seen.distance)
    j = (i + 1) % road.points
    forward_x = road.forward_x[i] + (road.forward_x[j] - road.forward_x[i]) * part
    forward_z = road.forward_z[i] + (road.forward_z[j] - road.forward_z[i]) * part
    left = road.left[i] + (road.left[j] - road.left[i]) * part
    right = road.right[i] + (road.right[j] - road.right[i]) * part
    long = math.sqrt(forward_x * forward_x + forward_z * forward_z)
    raw[8] = (sin_h * forward_z + cos_h * forward_x) / long
    raw[9] = (cos_h * forward_z - sin_h * forward_x) / long
    raw[10] = (seen.offset - (right - left) / 2) / max(0.5, (left + right) / 2)
    raw[11] = left + seen.offset
    raw[12] = right - seen.offset


def describe_course(seen: Seen, road: Road, sin_h: float, cos_h: float, raw: list[float]) -> None:
    """Write both edges at the places ahead, in the car's frame, and the curvature there."""
    pace = SLOWEST
    if seen.forward > SLOWEST and math.isfinite(seen.forward):
        pace = seen.forward
    at = 13
    for k in range(PLACES):
        ahead = min(FARTHEST, LOOK_S[k] * pace)
        i, part = point_before(road, seen.distance + ahead)
        j = (i + 1) % road.points
        x = road.x[i] + (road.x[j] - road.x[i]) * part - seen.x
        z = road.z[i] + (road.z[j] - road.z[i]) * part - seen.z
        forward_x = road.forward_x[i] + (road.forward_x[j] - road.forward_x[i]) * part
        forward_z = road.forward_z[i] + (road.forward_z[j] - road.forward_z[i]) * part
        left = road.left[i] + (road.left[j] - road.left[i]) * part
        right = road.right[i] + (road.right[j] - road.right[i]) * part
        per = 1 / (NEAR_M + FAR_SHARE * ahead)
        # Left of a direction (fx, fz) lies (fz, -fx).
        dx = x + left * forward_z
        dz = z - left * forward_x
        raw[at] = (cos_h * dz - sin_h * dx) * per
        raw[at + 1] = -(cos_h * dx + sin_h * dz) * per
        dx = x - right * forward_z
        dz = z + right * forward_x
        raw[at + 2] = (cos_h * dz - sin_h * dx) * per
        raw[at + 3] = -(cos_h * dx + sin_h * dz) * per
        at += 4
        raw[13 + 4 * PLACES + k] = road.bend[i] + (road.bend[j] - road.bend[i]) * part


def scale(raw: Sequence[float], rules: Rules, out: Any) -> int:
    """Write values cut off at their limits and divided by their scales; return how many were not finite."""
    bad = 0
    low = rules.low
    high = rules.high
    scales = rules.scale
    for i in range(rules.numbers):
        value = raw[i]
        if math.isfinite(value):
            if value < low[i]:
                value = low[i]
            elif value > high[i]:
                value = high[i]
            out[i] = value / scales[i]
        else:
            out[i] = 0.0
            bad += 1
    return bad
