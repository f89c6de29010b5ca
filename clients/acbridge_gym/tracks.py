"""Tracks by name, for environments on the stand-in."""

from functools import cache

from acbridge_sim import LAYOUTS, Track, layout
from acbridge_sim.roads import random_road

RANDOM = "random:"


def track_of(name: str | Track) -> Track:
    """
    Return a track.

    Args:
        name: A layout of the stand-in, ``random:SEED`` for a random road, or the track itself.

    Raises:
        ValueError: There is no such track.
    """
    if isinstance(name, Track):
        return name
    if name in LAYOUTS:
        return layout(name)
    seed = name.removeprefix(RANDOM)
    if name.startswith(RANDOM) and seed.isdecimal():
        return _random(int(seed))
    raise ValueError(f"a track is one of {', '.join(LAYOUTS)}, or {RANDOM}SEED, not {name!r}")


@cache
def _random(seed: int) -> Track:
    return random_road(seed)
