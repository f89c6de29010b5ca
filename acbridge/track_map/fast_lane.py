"""
Maps of the game's own ``fast_lane.ai``: the line that its drivers follow, and how far both edges are from it.

The format is that of gro-ove/actools (AiFile) and of a second, independent reader, which agree. Little-endian: four
int32 (version 7, number of points, lap time, samples); for each point float32 x, y, z and the distance along the line,
and an int32; then an int32 and as many records of 18 float32, whose numbers 5 and 6, counted from 0, are the distances
to the left and to the right edge; then a grid, which is ignored. Pure but for :func:`read`.

The file is a racing line, and its first point need not be the timing line. The map's line is in the middle.
"""

import math
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from acbridge.errors import TrackMapError
from acbridge.track_map import edges, shape
from acbridge.track_map.track_map import FARTHEST_M, MOST_POINTS, WIDTH_M, Borders, TrackMap

FILE = "fast_lane.ai"
VERSION = 7
MOST_BYTES = 8_000_000
"""No file of the game is larger."""
ASSUMED_M = 5.0
"""From the line to each edge, when the file has no edges."""
_HEADER, _COUNT, _POINT, _SIDES = (
    struct.Struct("<4i"),
    struct.Struct("<i"),
    struct.Struct("<4fi"),
    struct.Struct("<18f"),
)
_LEFT, _RIGHT = 5, 6


def parse(
    data: bytes,
    name: str,
    configuration: str = "",
    *,
    swapped: bool = False,
    begin: tuple[float, float] | None = None,
) -> TrackMap:
    """
    Return the map in the bytes of a file.

    Args:
        data: All of them.
        name: Name of the track.
        configuration: Of the layout.
        swapped: Whether left and right are swapped, as in mirrored mods.
        begin: Where the timing line is, x and z, if it is known; else the map begins with the first point.

    Raises:
        ValueError: They hold no closed track; the text says what is wrong.
    """
    line = _columns(data)
    if begin is not None and line["x"]:
        k = min(range(len(line["x"])), key=lambda i: math.hypot(line["x"][i] - begin[0], line["z"][i] - begin[1]))
        line = {key: column[k:] + column[:k] for key, column in line.items()}
    even = edges.respaced(line)
    if "left" not in even:
        width = [ASSUMED_M] * len(even["x"])
        return edges.drawn({**even, "left": width, "right": width}, name, configuration, Borders.ASSUMED, FILE)
    left, right = ("right", "left") if swapped else ("left", "right")
    on_left, on_right = _border(even, even[left]), _border(even, [-width for width in even[right]])
    found = edges.between(on_left, on_right, {key: even[key] for key in ("x", "y", "z")})
    return edges.drawn(found, name, configuration, Borders.FILE, FILE)


def read(
    path: Path,
    name: str,
    configuration: str = "",
    *,
    swapped: bool = False,
    begin: tuple[float, float] | None = None,
) -> TrackMap:
    """
    Read the map in a file; the arguments are those of :func:`parse`.

    Raises:
        OSError: The file cannot be read.
        TrackMapError: It holds no closed track.
    """
    with path.open("rb") as file:
        data = file.read(MOST_BYTES + 1)
    try:
        return parse(data, name, configuration, swapped=swapped, begin=begin)
    except ValueError as error:
        raise TrackMapError(path, str(error)) from error


def names_of(path: Path) -> tuple[str, str] | None:
    """Return track and layout by a file's place in the game: ``tracks/TRACK/[LAYOUT/]ai/``; ``None`` elsewhere."""
    folders = path.absolute().parts[:-1]
    for depth in (2, 3):
        if len(folders) > depth and folders[-1].lower() == "ai" and folders[-depth - 1].lower() == "tracks":
            track, *layout = folders[-depth:-1]
            return track, "".join(layout)
    return None


def _columns(data: bytes) -> dict[str, list[float]]:
    """Return the columns x, y and z of a file's bytes, and left and right if it has them for each point."""
    if len(data) > MOST_BYTES:
        raise ValueError(f"it is larger than {MOST_BYTES // 1_000_000} MB")
    version, count, _, _ = _unpacked(_HEADER, data, 0, "its header")
    if version != VERSION:
        raise ValueError(f"it is of version {version}; the game's are of version {VERSION}")
    points, at = _rows(_POINT, data, _HEADER.size, count, "point")
    (sides_count,) = _unpacked(_COUNT, data, at, "the number of its edges")
    sides, _ = _rows(_SIDES, data, at + _COUNT.size, sides_count, "the edges of point")
    found = {key: [row[k] for row in points] for k, key in enumerate(("x", "y", "z"))}
    limits = dict.fromkeys(found, FARTHEST_M)
    if sides_count == count:
        found |= {"left": [row[_LEFT] for row in sides], "right": [row[_RIGHT] for row in sides]}
        limits |= {"left": WIDTH_M[1], "right": WIDTH_M[1]}
    for key, column in found.items():
        for i, value in enumerate(column, 1):
            if not abs(value) <= limits[key]:
                raise ValueError(f"{key} of point {i} is {value:g}, which is not finite or too large")
    return found


def _rows(form: struct.Struct, data: bytes, at: int, count: int, what: str) -> tuple[list[tuple[Any, ...]], int]:
    """Return so many records, and where they end."""
    if not 0 <= count <= MOST_POINTS:
        raise ValueError(f"it says that {what} goes up to {count}; 0 to {MOST_POINTS} are allowed")
    rows = [_unpacked(form, data, at + i * form.size, f"{what} {i + 1} of {count}") for i in range(count)]
    return rows, at + count * form.size


def _unpacked(form: struct.Struct, data: bytes, at: int, what: str) -> tuple[Any, ...]:
    if at + form.size > len(data):
        raise ValueError(f"it ends before {what}")
    return form.unpack_from(data, at)


def _border(line: Mapping[str, list[float]], offset: list[float]) -> dict[str, list[float]]:
    x, z = shape.beside(line["x"], line["z"], edges.unfolded(line["x"], line["z"], offset))
    return {"x": x, "z": z}
