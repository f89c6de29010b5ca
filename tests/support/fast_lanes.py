"""A writer of the game's ``fast_lane.ai``, for tests."""

import math
import struct
from collections.abc import Sequence

from acbridge_sim import CarSpec, RacingLine, Track


def fast_lane(
    line: Sequence[tuple[float, float, float]],
    sides: Sequence[tuple[float, float]],
    *,
    version: int = 7,
    count: int | None = None,
    sides_count: int | None = None,
) -> bytes:
    """
    Return the bytes of a file.

    Args:
        line: x, y and z of each point.
        sides: From each point to the left and to the right edge; empty for a file without edges.
        version: What it says of its version.
        count: How many points it says that it has.
        sides_count: How many records of edges it says that it has.
    """
    data = struct.pack("<4i", version, len(line) if count is None else count, 0, 0)
    at = 0.0
    for i, (x, y, z) in enumerate(line):
        if i:
            at += math.dist(line[i - 1], line[i])
        data += struct.pack("<4fi", x, y, z, at, i)
    data += struct.pack("<i", len(sides) if sides_count is None else sides_count)
    for left, right in sides:
        data += struct.pack("<18f", 50.0, 1.0, 0.0, 0.0, 99.0, left, right, *[0.0] * 11)
    return data + struct.pack("<i", 0)


def of_track(track: Track, *, step: int = 1, begin: int = 0, edges: bool = True) -> bytes:
    """
    Return the file of a track of the stand-in: its racing line, and the edges from there.

    Args:
        track: The track.
        step: Takes every so many points.
        begin: The point of the centre line that is the first.
        edges: Whether the file has edges.
    """
    line = RacingLine(track, CarSpec())
    picks = [(begin + i) % len(line.x) for i in range(0, len(line.x), step)]
    points = [(line.x[i], track.ground(line.x[i], line.z[i])[0], line.z[i]) for i in picks]
    sides = [(track.left[i] - line.offset[i], track.right[i] + line.offset[i]) for i in picks]
    return fast_lane(points, sides if edges else [])
