"""
Random roads by seed: circuits of straights and bends that close, for learners that must not know the track by heart.

A candidate is refused when it cannot be closed, is too short or too long, or comes too near to itself; the next one is
then drawn from the same generator, so a seed is always the same road.
"""

import math
import random
from functools import cache

from acbridge.errors import shown, suggest
from acbridge_sim.model.circuits import LAYOUTS, layout
from acbridge_sim.model.road import Bend, Straight, lay
from acbridge_sim.model.track import Track, Wave

RANDOM = "random:"
SHORTEST, LONGEST = 1400.0, 5000.0
"""Length of a road, m."""
LEAST_GAP = 34.0
"""Least distance between two centre lines that run beside each other, m."""
APART = 70.0
"""Distance along the road from which two places count as beside each other, m."""
COARSE = 12
"""Metres between the points that are compared for the gap."""
TRIES = 4000
MOST_DIGITS = 9
"""Of a seed in a name."""


def track_named(name: str) -> Track:
    """
    Return a track by its name: a layout of the table, or ``random:SEED`` for a random road.

    Raises:
        ValueError: There is none of that name; the text has the nearest names.
    """
    if name in LAYOUTS:
        return layout(name)
    seed = name.removeprefix(RANDOM)
    if name.startswith(RANDOM) and seed.isascii() and seed.isdecimal() and len(seed) <= MOST_DIGITS:
        return _random(int(seed))
    raise ValueError(f"there is no track {shown(name)}; {suggest([name], (*LAYOUTS, RANDOM + 'SEED'))}")


@cache
def _random(seed: int) -> Track:
    return random_road(seed)


def random_road(seed: int) -> Track:
    """
    Return the road of a seed: 1.4 to 5 km, 9 to 14 m wide, hilly, without a pit lane.

    Raises:
        ValueError: No candidate was accepted, which no seed has been seen to cause.
    """
    rng = random.Random(seed)  # noqa: S311  chance, not secrets
    for _ in range(TRIES):
        pieces = _draw(rng)
        if pieces is None:
            continue
        try:
            points = lay(pieces, 4.0)
        except ValueError:
            continue
        if SHORTEST < 4.0 * len(points) < LONGEST and _keeps_apart(points[:: COARSE // 4]):
            waves = (
                Wave(rng.uniform(0, 6), 0.0052, 0.0021, rng.uniform(0, 6)),
                Wave(rng.uniform(0, 3.5), -0.0031, 0.0068, rng.uniform(0, 6)),
            )
            return Track("random", str(seed), lay(pieces, 1.0), half_width=rng.uniform(4.6, 7.0), waves=waves)
    raise ValueError(f"no road came of seed {seed} in {TRIES} tries; choose another seed")


def _draw(rng: random.Random) -> list[Straight | Bend] | None:
    """Draw straights and bends whose angles add up to a turn, or ``None`` if they are far from it."""
    count = rng.randint(8, 14)
    angles = [float(rng.choice((1, 1, 1, -1)) * rng.choice((30, 45, 60, 75, 90, 100, 120))) for _ in range(count)]
    turned = abs(sum(angles))
    if not 200 <= turned < 360 / 0.55:  # noqa: PLR2004  degrees
        return None
    angles = [angle * 360 / turned for angle in angles]
    if max(map(abs, angles)) > 170:  # noqa: PLR2004  degrees
        return None
    free = set(rng.sample(range(count), 2))
    pieces: list[Straight | Bend] = []
    for i, angle in enumerate(angles):
        pieces.append(Straight(None) if i in free else Straight(rng.choice((10.0, 30.0, 60.0, 120.0, 200.0, 300.0))))
        radius = rng.choice((22.0, 30.0, 40.0, 55.0, 75.0, 110.0))
        arc = math.radians(abs(angle)) * radius
        pieces.append(Bend(angle, radius, min(30.0 if radius > 28 else 18.0, arc * 0.8)))  # noqa: PLR2004  metres
    return pieces


def _keeps_apart(points: list[tuple[float, float]]) -> bool:
    """Return whether places far apart along the road are far apart on the ground too."""
    count, away = len(points), int(APART // COARSE) + 1
    for i, (x, z) in enumerate(points):
        for j in range(i + away, min(count, count - away + i + 1)):
            if (points[j][0] - x) ** 2 + (points[j][1] - z) ** 2 < LEAST_GAP**2:
                return False
    return True
