"""
Maps of tracks: a closed line with its height and the way to both edges, from the stand-in, CSV, laps or the game.

`track_map` is the map itself, with its limits; `csv_file` reads and writes it, `folders` finds it by track and layout.
`learn` makes one of recorded laps, `fast_lane` of the game's own file; both stand on `edges` and `shape`, which are
geometry. Pure but for reading and writing files; no numpy.
"""

from acbridge.track_map.csv_file import from_csv, read, to_csv, write
from acbridge.track_map.folders import find, folders
from acbridge.track_map.track_map import Borders, Spot, TrackMap

__all__ = ["Borders", "Spot", "TrackMap", "find", "folders", "from_csv", "read", "to_csv", "write"]
