"""Tracks by name, by file, or by what the static page of a game says."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from acbridge import TrackMapError, track_map
from acbridge.pages import Static
from acbridge.track_map import TrackMap
from acbridge_sim import LAYOUTS, Track, layout, track_named
from acbridge_sim import track_of as driveable
from acbridge_sim.model.circuits import NAME

SEVERAL = re.compile(r"random:(\d{1,9})-(\d{1,9})")
MOST_ROADS = 1000
FILE = ".csv"

AnyTrack = str | Path | Track | TrackMap
"""A layout of the stand-in, ``random:SEED`` for a random road, a CSV file, a map, or the track itself."""


def track_of(name: AnyTrack) -> Track:
    """
    Return a track to drive on.

    Args:
        name: Which one.

    Raises:
        TrackMapError: The file cannot be read, or holds no track.
        ValueError: There is no such track.
    """
    if isinstance(name, Track):
        return name
    if isinstance(name, TrackMap):
        return driveable(name)
    if not isinstance(name, str | Path):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ValueError(f"track is a name, a {FILE} file, a map or a track, not {name!r}")  # noqa: TRY004  one error for all bad values
    if isinstance(name, Path) or name.endswith(FILE):
        try:
            return driveable(track_map.read(Path(name)))
        except OSError as error:
            raise TrackMapError(Path(name), error.strerror or str(error)) from error
    try:
        return track_named(name)
    except ValueError as error:
        raise ValueError(f"{error} Or name a {FILE} file.") from error


def track_under(static: Static) -> Track:
    """
    Return the track that a static page names: the stand-in's own, or that of a map.

    Raises:
        OSError: The file of a map cannot be read.
        TrackMapError: It holds no map of this track.
        TrackUnknown: There is no map; the text names the command that makes one.
    """
    if static.track == NAME and static.trackConfiguration in LAYOUTS:
        return layout(static.trackConfiguration)
    return driveable(track_map.find(static.track, static.trackConfiguration))


def tracks_of(names: AnyTrack | Sequence[AnyTrack]) -> list[Track]:
    """
    Return tracks.

    Args:
        names: One, as :func:`track_of` has it; ``random:FIRST-LAST`` for several random roads; or several of these.

    Raises:
        TrackMapError: A file cannot be read, or holds no track.
        ValueError: There is no such track, or there are none.
    """
    if isinstance(names, str) and (seeds := SEVERAL.fullmatch(names)):
        first, last = int(seeds[1]), int(seeds[2])
        if not first <= last < first + MOST_ROADS:
            raise ValueError(f"random:FIRST-LAST has 1 to {MOST_ROADS} roads, the lowest seed first, not {names!r}")
        return [track_named(f"random:{seed}") for seed in range(first, last + 1)]
    if isinstance(names, str | Path | Track | TrackMap):
        return [track_of(names)]
    if not isinstance(names, Iterable):  # pyright: ignore[reportUnnecessaryIsInstance]
        return [track_of(names)]
    tracks = [track for name in names for track in tracks_of(name)]
    if not tracks:
        raise ValueError("there is no track in the list")
    return tracks
