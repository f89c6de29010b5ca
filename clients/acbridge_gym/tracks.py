"""Tracks by name, for environments on the stand-in."""

import re
from collections.abc import Sequence
from functools import cache

from acbridge_sim import LAYOUTS, Track, layout
from acbridge_sim.roads import random_road

RANDOM = "random:"
SEVERAL = re.compile(r"random:(\d{1,9})-(\d{1,9})")
MOST_ROADS = 1000


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


def tracks_of(names: str | Track | Sequence[str | Track]) -> list[Track]:
    """
    Return tracks.

    Args:
        names: One, as :func:`track_of` has it; ``random:FIRST-LAST`` for several random roads; or several of these.

    Raises:
        ValueError: There is no such track, or there are none.
    """
    if isinstance(names, str) and (seeds := SEVERAL.fullmatch(names)):
        first, last = int(seeds[1]), int(seeds[2])
        if not first <= last < first + MOST_ROADS:
            raise ValueError(f"random:FIRST-LAST has 1 to {MOST_ROADS} roads, the lowest seed first, not {names!r}")
        return [_random(seed) for seed in range(first, last + 1)]
    if isinstance(names, str | Track):
        return [track_of(names)]
    tracks = [track for name in names for track in tracks_of(name)]
    if not tracks:
        raise ValueError("there is no track in the list")
    return tracks


@cache
def _random(seed: int) -> Track:
    return random_road(seed)
