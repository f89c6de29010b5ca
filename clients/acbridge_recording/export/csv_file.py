"""CSV: MoTeC i2's own export layout, which in-game apps and web services import, or plain for Excel and pandas."""

import csv
import math
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from acbridge_recording.export.table import TableColumn, TableRow, columns

CHANNELS = {
    "Distance": ("lap_distance_m", "m", 1.0),
    "Ground Speed": ("speedKmh", "km/h", 1.0),
    "Throttle Pos": ("gas", "%", 100.0),
    "Brake Pos": ("brake", "%", 100.0),
    "Engine RPM": ("rpms", "rpm", 1.0),
    "Gear": ("gear_number", "", 1.0),
    "CG Accel Lateral": ("accG_left", "G", 1.0),
    "CG Accel Longitudinal": ("accG_forward", "G", 1.0),
    "Car Coord X": ("carCoordinates_x", "m", -1.0),
    "Car Coord Y": ("carCoordinates_z", "m", 1.0),
    "Car Coord Z": ("carCoordinates_y", "m", 1.0),
    "Fuel Level": ("fuel", "l", 1.0),
    "Car Pos Norm": ("normalizedCarPosition", "", 1.0),
    "Lap Number": ("lap_number", "", 1.0),
}
"""ACTI's names in i2's layout: our column, the unit, and the factor."""


class Facts(NamedTuple):
    """
    What the head of a file says.

    Attributes:
        track: The track with its layout.
        car: The car.
        rate: Rows per second.
        timestamp: When it begins, Unix seconds.
        seconds: How long the recording is, on the game's clock.
    """

    track: str
    car: str
    rate: float
    timestamp: float
    seconds: float


def write_plain(path: Path, table: Iterable[TableRow], *, excel: bool = False) -> int:
    """
    Write one row of names with units, then the data; return the number of rows.

    Args:
        path: The file.
        table: The rows.
        excel: Whether to write for Excel in a country of decimal commas: semicolons, commas, and a mark of UTF-8.
    """
    known = columns()
    count = 0
    with path.open("w", encoding="utf-8-sig" if excel else "utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=";" if excel else ",")
        names = [f"{column.name} [{column.unit}]" if column.unit else column.name for column in known]
        writer.writerow(["t [s]", "tick", "timestamp", "lap", *names])
        for row in table:
            cells = [f"{row.t:.3f}", str(row.tick), f"{row.timestamp:.6f}", str(row.lap)]
            cells += [_cell(column.read(row.values)) for column in known]
            writer.writerow([cell.replace(".", ",") for cell in cells] if excel else cells)
            count += 1
    return count


def write_i2(path: Path, table: Iterable[TableRow], facts: Facts, beacons: Iterable[float]) -> int:
    """
    Write the layout in which i2 exports; return the number of rows.

    Args:
        path: The file.
        table: The rows.
        facts: For the head.
        beacons: When laps ended, seconds from the beginning.
    """
    by_name = {column.name: column for column in columns()}
    channels = [(by_name[name], factor) for name, _, factor in CHANNELS.values()]
    duration = math.ceil((facts.seconds - 1e-6) * facts.rate) / facts.rate  # the last row is at or behind the end
    begun = datetime.fromtimestamp(facts.timestamp).astimezone()
    head = [
        ["Format", "MoTeC CSV File", "", "", "Workbook", ""],
        ["Venue", facts.track, "", "", "Worksheet", ""],
        ["Vehicle", facts.car, "", "", "Vehicle Desc", ""],
        ["Driver", "", "", "", "Engine ID", ""],
        ["Device", "acbridge"],
        ["Comment", f"local time {begun:%Z}", "", "", "Session", ""],
        ["Log Date", f"{begun:%d/%m/%Y}", "", "", "Origin Time", "0.000", "s"],
        ["Log Time", f"{begun:%H:%M:%S}", "", "", "Start Time", "0.000", "s"],
        ["Sample Rate", f"{facts.rate:.3f}", "Hz", "", "End Time", f"{duration:.3f}", "s"],
        ["Duration", f"{duration:.3f}", "s", "", "Start Distance", "0", "m"],
        ["Range", "entire outing", "", "", "End Distance", "", "m"],
        ["Beacon Markers", " ".join(f"{time:.3f}" for time in beacons)],
        [],
        [],
        ["Time", *CHANNELS],
        ["s", *[unit for _, unit, _ in CHANNELS.values()]],
        [],
        [],
    ]
    count = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerows(head)
        for row in table:
            writer.writerow([f"{row.t:.3f}", *[_scaled(column, factor, row) for column, factor in channels]])
            count += 1
    return count


def _scaled(column: TableColumn, factor: float, row: TableRow) -> str:
    value = column.read(row.values)
    return "" if value is None else _cell(value * factor)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(int(value))
    return f"{value:.7g}" if isinstance(value, float) else str(value)
