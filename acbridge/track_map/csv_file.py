"""
Maps as CSV: our own format in both directions, and what other programs write.

Our files begin with ``# acbridge-track 1`` and a JSON object; then come the names of the columns, and a row for each
point. Numbers are written with all their digits, so that a map that was written and read is equal to the last bit.
Pure but for :func:`read` and :func:`write`.
"""

import csv
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from acbridge.errors import TrackMapError
from acbridge.track_map import edges
from acbridge.track_map.track_map import MOST_POINTS, Borders, TrackMap

MARK, VERSION = "# acbridge-track", "1"
MOST_BYTES = 256 * MOST_POINTS
"""No file of a map is larger."""
COLUMNS = ("s", "x", "y", "z", "left", "right", "speed")
LINE_COLUMNS = (
    ("x", "y", "z", "left", "right", "speed"),
    ("x", "y", "z", "left", "right"),
    ("x", "z", "left", "right"),
)
"""Columns of a file of another program: as many of them as it has."""
BORDER_COLUMNS = (
    ("left_x", "left_z", "right_x", "right_z"),
    ("left_border_x", "left_border_y", "right_border_x", "right_border_y"),
)
"""Or else these: x and z of the left and of the right border. The second row are the names of assetto_corsa_gym."""


def to_csv(found: TrackMap) -> str:
    """Return the text of a map's file."""
    header = {
        "name": found.name,
        "configuration": found.configuration,
        "length": found.length,
        "borders": str(found.borders),
        "origin": found.origin,
    }
    lines = [f"{MARK} {VERSION} {json.dumps(header)}", ",".join(found.columns)]
    lines += (",".join(map(repr, row)) for row in zip(*found.columns.values(), strict=True))
    return "\n".join(lines) + "\n"


def from_csv(text: str, name: str, configuration: str = "") -> TrackMap:
    """
    Return the map that a text holds.

    Args:
        text: Of a file of ours, or of one with the columns x, z, left, right, and perhaps y and speed, or with the
            columns of both borders.
        name: Name of the track, for a text that is not ours.
        configuration: Of the layout, as name.

    Raises:
        ValueError: It holds no map; the text says what is wrong.
    """
    first, _, rest = text.partition("\n")
    if first.startswith(MARK):
        return _own(first, rest)
    columns = _columns(text)
    line = next((names for names in LINE_COLUMNS if set(names) <= columns.keys()), None)
    if line is not None:
        found = edges.respaced(_finite(columns, line))
        return edges.drawn(found, name, configuration, Borders.FILE, "a CSV file")
    borders = next((names for names in BORDER_COLUMNS if set(names) <= columns.keys()), None)
    if borders is None:
        choices = " or ".join(", ".join(each) for each in (LINE_COLUMNS[-1], *BORDER_COLUMNS))
        raise ValueError(f"it needs the columns {choices}; it has {', '.join(columns) or 'none'}")
    left_x, left_z, right_x, right_z = _finite(columns, borders).values()
    middle = {
        "x": [(a + b) / 2 for a, b in zip(left_x, right_x, strict=True)],
        "z": [(a + b) / 2 for a, b in zip(left_z, right_z, strict=True)],
    }
    found = edges.between({"x": left_x, "z": left_z}, {"x": right_x, "z": right_z}, middle)
    if median(found["left"]) < 0:  # which border is the left one depends on the order of the rows
        found["left"], found["right"] = ([-width for width in found[name]] for name in ("right", "left"))
    return edges.drawn(found, name, configuration, Borders.FILE, "a CSV file of borders")


def read(path: Path, name: str | None = None, configuration: str = "") -> TrackMap:
    """
    Read the map in a file.

    Args:
        path: The file.
        name: Name of the track, for a file that is not ours; the file's own name if not given.
        configuration: Of the layout, as name.

    Raises:
        OSError: The file cannot be read.
        TrackMapError: It holds no map.
    """
    with path.open("rb") as file:
        data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise TrackMapError(path, f"it is larger than {MOST_BYTES // 1_000_000} MB")
    try:
        return from_csv(data.decode("utf-8-sig"), name or path.stem, configuration)
    except ValueError as error:
        raise TrackMapError(path, str(error)) from error


def write(found: TrackMap, path: Path) -> None:
    """
    Write a map to a file, whole or not at all; its folder is made if it is not there.

    Raises:
        OSError: It cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_text(to_csv(found), encoding="utf-8", newline="\n")
    part.replace(path)


def _own(first: str, rest: str) -> TrackMap:
    version, _, header = first.removeprefix(MARK).strip().partition(" ")
    if version != VERSION:
        raise ValueError(f"it is a map of format {version or '(none)'}; this version reads format {VERSION}")
    try:
        facts: Any = json.loads(header)
        text = {key: facts[key] for key in ("name", "configuration", "borders", "origin")}
        length = float(facts["length"])
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise ValueError(f"its first line lacks a JSON object with all facts: {error}") from error
    if not all(isinstance(value, str) for value in text.values()):
        raise ValueError("the facts in its first line have wrong types")
    columns = _columns(rest)
    missing = [key for key in COLUMNS[:-1] if key not in columns]
    if missing:
        raise ValueError(f"it lacks the columns {', '.join(missing)}")
    s, x, y, z, left, right = (tuple(columns[key]) for key in COLUMNS[:-1])
    return TrackMap(
        text["name"],
        text["configuration"],
        length,
        s,
        x,
        y,
        z,
        left,
        right,
        tuple(columns["speed"]) if "speed" in columns else None,
        Borders(text["borders"]),
        text["origin"],
    )


def _finite(columns: Mapping[str, list[float]], names: Sequence[str]) -> dict[str, list[float]]:
    """Return the columns of these names."""
    for name in names:
        for number, value in enumerate(columns[name], 1):
            if not math.isfinite(value):
                raise ValueError(f"{name} of row {number} is not a finite number")
    return {name: columns[name] for name in names}


def _columns(text: str) -> dict[str, list[float]]:
    """Return the columns of numbers by name."""
    rows = csv.reader(text.splitlines())
    try:
        names = [name.strip() for name in next(rows, list[str]())]
        found: dict[str, list[float]] = {name: [] for name in names if name}
        wanted = [(i, found[name]) for i, name in enumerate(names) if name]
        for number, row in enumerate(rows, 1):
            if number > MOST_POINTS:
                raise ValueError(f"it has more than {MOST_POINTS} rows")
            if row and len(row) < len(names):
                raise ValueError(f"row {number} is cut off: {len(row)} of {len(names)} values")
            for i, column in wanted if row else ():
                column.append(_number(row[i]))
    except csv.Error as error:
        raise ValueError(f"it is no CSV file: {error}") from error
    return found


def _number(text: str) -> float:
    """Return a number; nan for a text that is none, which matters only in the columns of a map."""
    try:
        return float(text)
    except ValueError:
        return math.nan
