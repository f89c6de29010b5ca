"""
Where maps are found: the folder in ``ACBRIDGE_TRACKS``, then the user's own, by track and layout.

A map is a file named ``TRACK.csv`` or ``TRACK-LAYOUT.csv``, whose first line names the same track and layout.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from acbridge.errors import TrackMapError, TrackUnknown
from acbridge.track_map.csv_file import read
from acbridge.track_map.track_map import TrackMap, check_name

VARIABLE = "ACBRIDGE_TRACKS"


def folders(environment: Mapping[str, str] = os.environ) -> list[Path]:
    """Return the folders in which maps are looked for, in order; new maps are written to the first."""
    chosen = environment.get(VARIABLE)
    return [*([Path(chosen)] if chosen else []), _of_user(environment)]


def file_name(track: str, configuration: str) -> str:
    """
    Return the name of a map's file.

    Raises:
        ValueError: A name cannot be that of a folder.
    """
    parts = (check_name(track), check_name(configuration, optional=True))
    return "-".join(part for part in parts if part) + ".csv"


def find(track: str, configuration: str) -> TrackMap:
    """
    Return the map of a track.

    Args:
        track: Folder name of the track, as `static.track`.
        configuration: Folder name of the layout, as `static.trackConfiguration`.

    Raises:
        TrackUnknown: There is none; the text names the command that makes one.
        TrackMapError: Its file is no map, or that of another track.
        OSError: Its file cannot be read.
    """
    searched = folders()
    try:
        name = file_name(track, configuration)
    except ValueError:
        raise TrackUnknown(track, configuration, searched[0]) from None
    for folder in searched:
        path = folder / name
        if path.is_file():
            found = read(path, track, configuration)
            if (found.name, found.configuration) != (track, configuration):
                raise TrackMapError(path, f"it is the map of {found.title}, as its first line says")
            return found
    raise TrackUnknown(track, configuration, searched[0])


def _of_user(environment: Mapping[str, str]) -> Path:
    """Return the folder of the user's maps, where the system keeps data of programs."""
    home = Path.home()
    if sys.platform == "win32":
        base = Path(environment.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = home / "Library" / "Application Support"
    else:
        base = Path(environment.get("XDG_DATA_HOME") or home / ".local" / "share")
    return base / "acbridge" / "tracks"
