"""
Tracks as maps, and maps as tracks: what drives in the stand-in can be written to a file, and the other way round.

A track that was written and read is the same to the last bit, as far as a map goes: the line, its height and its edges.
Banking, sectors, run-off, kerbs and pit lane are not in a map.
"""

from pathlib import Path

from acbridge import track_map
from acbridge.track_map import Borders, TrackMap
from acbridge_sim.model.track import SPACING, Track


def map_of(track: Track) -> TrackMap:
    """Return the map of a track of the stand-in."""
    return TrackMap(
        track.name,
        track.configuration,
        track.length,
        tuple(i * track.spacing for i in range(len(track.x))),
        tuple(track.x),
        tuple(track.ground(x, z)[0] for x, z in zip(track.x, track.z, strict=True)),
        tuple(track.z),
        tuple(track.left),
        tuple(track.right),
        None,
        Borders.EXACT,
        "the stand-in",
    )


def track_of(found: TrackMap) -> Track:
    """
    Return a track to drive on.

    Raises:
        ValueError: The map breaks a limit when its points are put where the stand-in needs them.
    """
    even = found.resampled(SPACING)
    points = list(zip(even.x, even.z, strict=True))
    widths = list(zip(even.left, even.right, strict=True))
    height = even.y if any(even.y) else ()
    return Track(even.name, even.configuration, points, half_width=widths, length=even.length, height=height)


def load_track(path: Path) -> Track:
    """
    Return the track in a CSV file: a map of ours, or lines or borders of another program.

    Raises:
        OSError: The file cannot be read.
        TrackMapError: It holds no closed track; the text says what is wrong.
    """
    return track_of(track_map.read(path))
