"""Cars for the tests of the environments: seen on a track, mirrored, and driven at random."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from acbridge.pages import Physics, Static
from acbridge_gym.memory import Memory
from acbridge_gym.observation import observe
from acbridge_gym.rules import Rules
from acbridge_gym.seen import Seen, find, nearest
from acbridge_gym.settings import rules_of, settings_of
from acbridge_sim import Track, World
from acbridge_sim.model.surface import Road
from acbridge_sim.model.track import Wave

WAVES = (Wave(5.0, 0.0052, 0.0021, 0.4),)


def rules(**settings: Any) -> Rules:
    """Return the rules that follow from settings."""
    return rules_of(settings_of(settings))


def observation(seen: Seen, road: Road, table: Rules, memory: Memory | None = None) -> npt.NDArray[np.float32]:
    """Return what a car that is found on the whole line observes."""
    find(seen, road, nearest(road, seen.x, seen.z))
    out = [0.0] * table.numbers
    observe(seen, road, memory or Memory(), table, out)
    return np.array(out, np.float32)


def from_pages(world: World) -> Seen:
    """Return what the pages of a world show of its car."""
    physics, _, static = world.pages()
    return Seen.of(Physics.from_page(physics), Static.from_page(static))


def pair_of_tracks(track: Track) -> tuple[Track, Track]:
    """Return a track of the same points, and its mirror image."""
    points, widths = list(zip(track.x, track.z, strict=True)), list(zip(track.left, track.right, strict=True))
    mirrored = [Wave(w.height, -w.along_x, w.along_z, w.phase) for w in WAVES]
    return (
        Track("plain", "", points, half_width=widths, waves=WAVES),
        Track(
            "mirrored",
            "",
            [(-x, z) for x, z in points],
            half_width=[(right, left) for left, right in widths],
            waves=tuple(mirrored),
        ),
    )


def mirrored(seen: Seen) -> Seen:
    """Return the mirror image of a car."""
    fl, fr, rl, rr = seen.slip
    return replace(
        seen,
        x=-seen.x,
        heading=-seen.heading,
        right=-seen.right,
        yaw_rate=-seen.yaw_rate,
        acceleration_right=-seen.acceleration_right,
        steer=-seen.steer,
        slip=[fr, fl, rr, rl],
    )


def border_distances(track: Track, x: float, z: float, headings: Sequence[float]) -> npt.NDArray[np.float64]:
    """Return the ways from a point to the nearest edge of the whole track in several directions; inf if none."""
    pieces: list[npt.NDArray[np.float64]] = []
    for width, side in ((track.left, 1), (track.right, -1)):
        edge_x = np.array(track.x) + side * np.array(width) * np.cos(track.heading) - x
        edge_z = np.array(track.z) + side * np.array(width) * np.sin(track.heading) - z
        pieces.append(np.stack([edge_x, edge_z, np.roll(edge_x, -1) - edge_x, np.roll(edge_z, -1) - edge_z]))
    ax, az, ex, ez = np.concatenate(pieces, axis=1)
    found: list[float] = []
    for heading in headings:
        dx, dz = -np.sin(heading), np.cos(heading)
        across = dx * ez - dz * ex
        way, part = (ax * ez - az * ex) / across, (ax * dz - az * dx) / across
        found.append(float(np.min(way[(way >= 0) & (part >= -1e-9) & (part <= 1 + 1e-9)], initial=np.inf)))
    return np.array(found)


def random_actions(count: int, axes: int, seed: int) -> npt.NDArray[np.float32]:
    """Return actions that change slowly, as a learner's do."""
    rng = np.random.default_rng(seed)
    action = np.zeros(axes)
    found = np.empty((count, axes), np.float32)
    for k in range(count):
        action = np.clip(action + rng.normal(0, 0.2, axes), -1, 1)
        found[k] = action
    return found
