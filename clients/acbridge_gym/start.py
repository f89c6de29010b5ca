"""
Where an episode starts: by a name, at a given place, or anywhere. Pure.

Offsets and angles are positive to the right here, as everywhere in this package; the stand-in has left as positive.
"""

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from acbridge_sim import RacingLine, Track
from acbridge_sim.session import GRID_M, RUN_UP_M, RUN_UP_SPEED

Start = str | Mapping[str, float]
"""
``hotlap``, ``grid``, ``pits``, ``anywhere``, or a mapping with ``s`` and optionally ``offset``, ``heading``, ``speed``.
"""

NAMES = ("hotlap", "grid", "pits", "anywhere")
KEYS = ("s", "offset", "heading", "speed")
BESIDE_M = 2.0
"""Most distance from the racing line of a start anywhere."""
MARGIN_M = 1.3
"""Least distance of it from the edge."""
TURNED = math.radians(5)
"""Most angle to the track of a start anywhere."""
BACK_M = (40.0, 220.0)
"""How far before a crash a second try starts."""


class Place(NamedTuple):
    """
    Where a run starts.

    Attributes:
        name: ``hotlap``, ``grid`` or ``pits``, or empty for a place by its numbers.
        distance: Along the centre line, m.
        offset: From it, positive to the right, m.
        heading: From its direction, positive to the right, rad.
        speed: In the direction of the car, m/s.
    """

    name: str
    distance: float
    offset: float
    heading: float
    speed: float


def check_name(start: Start) -> Start:
    """
    Return a start as it was given.

    Raises:
        ValueError: It is neither a known name nor a mapping with ``s``.
    """
    if isinstance(start, str):
        if start not in NAMES:
            raise ValueError(
                f"a start is one of {', '.join(NAMES)}, or has s, offset, heading and speed, not {start!r}"
            )
    elif "s" not in start or not set(start) <= set(KEYS):
        raise ValueError(f"a start has s, and may have offset, heading and speed, not {', '.join(start) or 'nothing'}")
    return start


def place_of(start: Start, track: Track, line: RacingLine, rng: np.random.Generator) -> Place:
    """
    Return the place of a start.

    Args:
        start: As :data:`Start` says.
        track: The track.
        line: The racing line, which starts follow.
        rng: Chooses a start anywhere.

    Raises:
        ValueError: The start is unknown.
    """
    check_name(start)
    if not isinstance(start, str):
        given = [float(start.get(key, 0.0)) for key in KEYS]
        return Place("", *given)
    if start == "hotlap":
        i = int(RUN_UP_M / track.spacing) % len(line.offset)
        return Place(start, RUN_UP_M, -line.offset[i], 0.0, min(RUN_UP_SPEED, line.speed[i]))
    if start == "grid":
        return Place(start, GRID_M, 0.0, 0.0, 0.0)
    if start == "pits":
        box = (10.0, 0.0) if track.pit is None else (track.pit.box, -track.pit.offset)
        return Place(start, *box, 0.0, 0.0)
    return near_line(float(rng.random()) * track.length, track, line, rng)


def before_crash(crash: float, track: Track, line: RacingLine, rng: np.random.Generator) -> Place:
    """Return a place some way before a crash, at most at the speed of the racing line: a second try."""
    return near_line((crash - float(rng.uniform(*BACK_M))) % track.length, track, line, rng)


def near_line(distance: float, track: Track, line: RacingLine, rng: np.random.Generator) -> Place:
    """Return a place near the racing line, at any speed up to that of the line."""
    i = int(distance / track.spacing) % len(line.offset)
    beside, share, turned = (float(number) for number in rng.random(3))
    offset = -line.offset[i] + (2 * beside - 1) * BESIDE_M
    offset = max(MARGIN_M - track.left[i], min(track.right[i] - MARGIN_M, offset))
    return Place("", distance, offset, (2 * turned - 1) * TURNED, line.speed[i] * share)
