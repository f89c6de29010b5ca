"""Whether a map fits a recording: the share of the wheels that lie inside its edges while the sim counts none out."""

from collections.abc import Iterable
from typing import NamedTuple

from acbridge.pages import STATUS_LIVE, Graphics, Physics
from acbridge.recording import RecordedTick
from acbridge.track_map import TrackMap
from acbridge_sim import Track, track_of

KERB_M = 1.2
"""A wheel so far outside an edge is on a kerb, which the sim counts as track."""
LEAST_SHARE = 0.99
"""Share of the wheels that lie inside the edges of a map that fits."""
LEAST_STEP_M = 1.0
"""Ticks nearer to the one before are skipped: a car that stands says no more than once."""
FAR_M = 30.0
"""A place farther from the line is looked for on the whole line."""


class Wheels(NamedTuple):
    """How many wheels were looked at, and how many of them lie inside."""

    inside: int
    looked_at: int

    @property
    def share(self) -> float:
        """The share that lies inside; 0 without any."""
        return self.inside / self.looked_at if self.looked_at else 0.0

    @property
    def fits(self) -> bool:
        """Whether the map fits."""
        return self.share >= LEAST_SHARE


def wheels_inside(found: TrackMap, ticks: Iterable[RecordedTick]) -> Wheels:
    """
    Count the wheels of a recording that lie inside the edges of a map.

    Args:
        found: The map.
        ticks: The recording; ticks in the pit lane, or with a wheel off the track, are skipped.
    """
    track = track_of(found)
    inside = looked_at = 0
    near: int | None = None
    at = (0.0, 0.0)
    for tick in ticks:
        physics, graphics = tick.physics, tick.graphics
        if physics is None or graphics is None or not _on_track(physics, graphics):
            continue
        x, _, z = physics.tyreContactPoint[0]
        if not (x - at[0]) ** 2 + (z - at[1]) ** 2 >= LEAST_STEP_M**2:  # not finite either
            continue
        at = (x, z)
        for x, _, z in physics.tyreContactPoint:
            over, near = _over_edge(track, x, z, near)
            inside += over <= KERB_M
            looked_at += 1
    return Wheels(inside, looked_at)


def _on_track(physics: Physics, graphics: Graphics) -> bool:
    return graphics.status == STATUS_LIVE and not graphics.isInPitLane and physics.numberOfTyresOut == 0


def _over_edge(track: Track, x: float, z: float, near: int | None) -> tuple[float, int]:
    """Return how far a place lies outside the nearer edge, and the index of the nearest point of the line."""
    place = track.locate(x, z, near)
    if near is not None and not abs(place.offset) < FAR_M:
        place = track.locate(x, z)
    edge = track.left[place.near] if place.offset > 0 else track.right[place.near]
    return abs(place.offset) - edge, place.near
