"""
Random tracks by seed: closed, wide enough, and nowhere near themselves, so that a learner meets roads it has not seen.

Bends and straights are drawn and laid by `model.road`; what does not close, is too short or too long, or comes near
itself is drawn again. The same seed gives the same track. Pure.
"""

import math
from random import Random

from acbridge_sim.model.road import Bend, Straight, lay
from acbridge_sim.model.track import Track, Wave

SHORTEST, LONGEST = 1400.0, 5000.0
"""Limits of a random track's length, m."""
APART = 34.0
"""Least distance between two stretches of the centre line, m: two half widths and two run-offs of a narrow road."""
RUN_OFF = 10.0
ATTEMPTS = 5000
_ANGLES = (30, 45, 60, 75, 90, 100, 120)
_RADII = (22.0, 30.0, 40.0, 55.0, 75.0, 110.0)
_STRAIGHTS = (10.0, 30.0, 60.0, 120.0, 200.0, 300.0)
_SHARPEST = 170.0
_COARSE_M = 4.0
"""Spacing of the points with which a candidate is judged."""


def random_track(seed: int) -> Track:
    """
    Return the track of a seed: 8 to 14 bends, 9.2 to 14 m wide, hilly.

    Args:
        seed: Any integer.

    Raises:
        ValueError: No candidate was good enough; another seed will do.
    """
    random = Random(seed)  # noqa: S311  a game of chance, no secret
    for _ in range(ATTEMPTS):
        pieces = _candidate(random)
        if pieces is None:
            continue
        try:
            points = lay(pieces, _COARSE_M)
        except ValueError:  # cannot be closed
            continue
        if SHORTEST < _COARSE_M * len(points) < LONGEST and not _comes_near_itself(points):
            waves = (
                Wave(random.uniform(0, 6), 0.0052, 0.0021, random.uniform(0, 2 * math.pi)),
                Wave(random.uniform(0, 3.5), -0.0031, 0.0068, random.uniform(0, 2 * math.pi)),
            )
            half_width = random.uniform(4.6, 7.0)
            return Track("acbridge_random", str(seed), lay(pieces), half_width=half_width, waves=waves, run_off=RUN_OFF)
    raise ValueError(f"no track was found for seed {seed} in {ATTEMPTS} attempts; choose another seed")


def _candidate(random: Random) -> list[Straight | Bend] | None:
    """Return pieces whose bends add up to 360 degrees, or nothing if these draws cannot."""
    count = random.randint(8, 14)
    angles = [random.choice((1, 1, 1, -1)) * random.choice(_ANGLES) for _ in range(count)]
    total = sum(angles)
    if abs(total) < 200:  # noqa: PLR2004  stretching them to 360 would make hairpins of all
        return None
    factor = 360 / abs(total)
    if max(map(abs, angles)) * factor > _SHARPEST:
        return None
    free = set(random.sample(range(count), 2))
    pieces: list[Straight | Bend] = []
    for i, angle in enumerate(angles):
        pieces.append(Straight(None) if i in free else Straight(random.choice(_STRAIGHTS)))
        radius = random.choice(_RADII)
        arc = math.radians(abs(angle) * factor) * radius
        pieces.append(Bend(angle * factor, radius, min(30.0 if radius > 28 else 18.0, 0.8 * arc)))  # noqa: PLR2004
    return pieces


def _comes_near_itself(points: list[tuple[float, float]]) -> bool:
    """Return whether two points far apart along the line lie close together."""
    every = 3
    sparse = points[::every]
    count = len(sparse)
    beyond = math.ceil(2 * APART / (every * _COARSE_M))  # along a hairpin the line is allowed to come back
    return any(
        math.dist(sparse[i], sparse[k]) < APART
        for i in range(count)
        for k in range(i + beyond, min(count, i + count - beyond + 1))
    )
