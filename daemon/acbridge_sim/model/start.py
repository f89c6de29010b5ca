"""Where a run may start. Pure, and the same check for one car and for many."""

import math

from acbridge_sim.model.surface import Road, barrier_space, over_edge, point_before

MOST_SPEED = 200.0
"""Highest speed that a car can be put at, m/s."""


def check_start(road: Road, distance: float, offset: float, heading: float, speed: float) -> None:
    """
    Check where and how fast a run starts.

    Raises:
        ValueError: A number is not finite, the speed is out of range, or the place lies behind a barrier.
    """
    if not (math.isfinite(distance) and math.isfinite(offset) and math.isfinite(heading)):
        raise ValueError(f"a start needs finite numbers, not {distance:g} m, {offset:g} m, {heading:g} rad")
    if not 0.0 <= speed <= MOST_SPEED:
        raise ValueError(f"a start has a speed from 0 to {MOST_SPEED:g} m/s, not {speed:g}")
    near, _ = point_before(road, distance)
    beyond = over_edge(road, near, offset) - barrier_space(road, near, distance % road.length, offset)
    if beyond > 0:
        raise ValueError(
            f"a start lies inside the barriers; at {distance:g} m, {offset:g} m is {beyond:.1f} m behind one"
        )
