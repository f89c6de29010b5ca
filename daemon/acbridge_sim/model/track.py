"""
A closed track: its centre line, its edges, the ground under it, and where a point lies on it.

The centre line is laid by `road`, or loaded from the two borders of a real track. Angles grow when turning right, as
the sim's heading does; offsets from the line are positive to the left. Metres everywhere.
"""

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import NamedTuple

BORDER_COLUMNS = (
    ("left_x", "left_z", "right_x", "right_z"),
    ("left_border_x", "left_border_y", "right_border_x", "right_border_y"),
)
"""Columns of a file of borders: x and z of the left and of the right one, in metres."""
FEWEST_ROWS = 20
"""A track of fewer places has no shape."""
OPEN_M, OPEN_STEPS = 30.0, 10.0
"""Borders whose ends lie farther apart than this, in metres and in steps from row to row, are open."""
SPACING = 2.0
"""Metres between neighbouring points of the centre line, nearly."""
KERB_WIDTH = 1.2
"""A kerb still counts as track."""
KERB_BEND = 1 / 150
"""Bends tighter than this have kerbs, on both sides."""


class TrackPosition(NamedTuple):
    """
    Where a point lies.

    Attributes:
        near: Index of the nearest point of the centre line; a good hint for the next search.
        distance: Along the centre line from the finish line.
        offset: From the centre line, positive to the left.
        bend: Curvature of the centre line there, 1/m, positive to the right.
    """

    near: int
    distance: float
    offset: float
    bend: float


class Wave(NamedTuple):
    """One swell of the ground: height, direction and length (metres), and phase."""

    height: float
    along_x: float
    along_z: float
    phase: float


@dataclass(frozen=True, slots=True)
class PitLane:
    """
    A lane beside the track, to the right of it.

    Attributes:
        begins: Distance along the centre line where it leaves the track (before the finish line, so nearly a lap).
        ends: Distance where it comes back, in the next lap.
        offset: Of its middle from the centre line, negative.
        half_width: Of the lane.
        box: Distance of the pit box.
        ramp: Length of each end, on which the lane comes from the track or returns to it.
        mouth: Offset where the ramps meet the track.
    """

    begins: float
    ends: float
    offset: float
    half_width: float
    box: float
    ramp: float = 80.0
    mouth: float = -3.5


class Track:
    """
    A closed track.

    Attributes:
        name: Folder name, as `static.track`.
        configuration: Folder name of the layout, as `static.trackConfiguration`.
        length: Of the centre line.
        spacing: Between its points.
        x, z: Its points.
        heading: Its direction at each, rad.
        bend: Its curvature at each, 1/m.
        left, right: Distance to the edges at each, both positive.
        run_off: From an edge to the barrier behind it.
        sectors: Where sectors begin, as shares of the length; the first is 0.
        pit: The pit lane, if there is one.
    """

    def __init__(
        self,
        name: str,
        configuration: str,
        points: Sequence[tuple[float, float]],
        *,
        half_width: float | Sequence[tuple[float, float]],
        sectors: tuple[float, ...] = (0.0, 1 / 3, 2 / 3),
        run_off: float = 12.0,
        waves: tuple[Wave, ...] = (),
        pit: PitLane | None = None,
    ) -> None:
        """
        Make a track of a closed polygon that is dense enough to be a line.

        Args:
            name: Folder name of the track.
            configuration: Folder name of the layout.
            points: The centre line, x and z; the last point is not the first again.
            half_width: From the centre to each edge, or one pair (left, right) for each point.
            sectors: Where sectors begin.
            run_off: From an edge to the barrier.
            waves: The swells of the ground.
            pit: The pit lane.
        """
        self.name = name
        self.configuration = configuration
        self.sectors = sectors
        self.run_off = run_off
        self.pit = pit
        self._waves = waves
        widths = [(half_width, half_width)] * len(points) if isinstance(half_width, float | int) else list(half_width)
        resampled = _resample([(*p, *w) for p, w in zip(points, widths, strict=True)])
        self.length, self.x, self.z, self.left, self.right = resampled
        count = len(self.x)
        self.spacing = self.length / count
        self.heading = [
            math.atan2(-(self.x[(i + 1) % count] - self.x[i - 1]), self.z[(i + 1) % count] - self.z[i - 1])
            for i in range(count)
        ]
        self.bend = [
            math.remainder(self.heading[(i + 1) % count] - self.heading[i - 1], 2 * math.pi) / (2 * self.spacing)
            for i in range(count)
        ]
        self._forward = [(-math.sin(h), math.cos(h)) for h in self.heading]
        self.kerb = _kerbs(self.bend, self.spacing)

    def locate(self, x: float, z: float, hint: int | None = None) -> TrackPosition:
        """
        Return where a point lies.

        Args:
            x: World coordinate.
            z: World coordinate.
            hint: Index of a point near it, such as the last place's; without one the whole line is searched.
        """
        count = len(self.x)
        i = self._nearest(x, z) if hint is None else hint
        ahead = offset = along = bend = 0.0
        half = self.spacing / 2
        came = 0
        for _ in range(count):
            fx, fz = self._forward[i]
            dx, dz = x - self.x[i], z - self.z[i]
            ahead = dx * fx + dz * fz
            # Left of a direction (fx, fz) lies (fz, -fx). Outside a bend the way is longer than along the line.
            offset = dx * fz - dz * fx
            bend = self.bend[i]
            along = ahead / max(0.2, 1 + bend * offset)
            step = 1 if along > half else -1 if along < -half else 0
            if step in {0, -came}:
                break  # there, or on the seam between two points
            i, came = (i + step) % count, step
        return TrackPosition(i, (i * self.spacing + along) % self.length, offset + bend * ahead * ahead / 2, bend)

    def point(self, distance: float, offset: float = 0.0) -> tuple[float, float, float]:
        """Return x, z and the line's heading at a distance along it and an offset from it."""
        at = (distance / self.spacing) % len(self.x)
        i = int(at)
        j = (i + 1) % len(self.x)
        part = at - i
        heading = self.heading[i] + math.remainder(self.heading[j] - self.heading[i], 2 * math.pi) * part
        x = self.x[i] + (self.x[j] - self.x[i]) * part + offset * math.cos(heading)
        z = self.z[i] + (self.z[j] - self.z[i]) * part + offset * math.sin(heading)
        return x, z, math.remainder(heading, 2 * math.pi)

    def ground(self, x: float, z: float) -> tuple[float, float, float]:
        """Return the height of the ground and its slope towards x and towards z."""
        height = slope_x = slope_z = 0.0
        for wave in self._waves:
            angle = wave.along_x * x + wave.along_z * z + wave.phase
            height += wave.height * math.sin(angle)
            slope = wave.height * math.cos(angle)
            slope_x += slope * wave.along_x
            slope_z += slope * wave.along_z
        return height, slope_x, slope_z

    def over_edge(self, place: TrackPosition) -> float:
        """Return how far a point lies outside the edge, kerb not counted; negative inside."""
        return place.offset - self.left[place.near] if place.offset > 0 else -place.offset - self.right[place.near]

    def space(self, place: TrackPosition) -> float:
        """Return how far behind the edge the barrier stands; beside the pit lane it stands behind that."""
        if self.pit is not None and place.offset < 0 and self._along_pit(place):
            return max(self.run_off, self.pit.half_width - self.pit.offset - self.right[place.near] + 1.0)
        return self.run_off

    def in_pit_lane(self, place: TrackPosition) -> bool:
        """Whether a point lies on the pit lane."""
        pit = self.pit
        if pit is None or not self._along_pit(place):
            return False
        return abs(place.offset - self.pit_middle(place.distance)) <= pit.half_width and place.offset < pit.mouth

    def pit_middle(self, distance: float) -> float:
        """Return the offset of the pit lane's middle at a distance; on the track where there is no lane."""
        pit = self.pit
        if pit is None:
            return 0.0
        since = (distance - pit.begins) % self.length
        left = (pit.ends - pit.begins) % self.length - since
        share = max(0.0, min(1.0, since / pit.ramp, left / pit.ramp))
        return pit.mouth + (pit.offset - pit.mouth) * share

    def _along_pit(self, place: TrackPosition) -> bool:
        pit = self.pit
        if pit is None:
            return False
        return (place.distance - pit.begins) % self.length < (pit.ends - pit.begins) % self.length

    def _nearest(self, x: float, z: float) -> int:
        return min(range(len(self.x)), key=lambda i: (self.x[i] - x) ** 2 + (self.z[i] - z) ** 2)


def load_borders(path: Path, name: str) -> Track:
    """
    Make a track of a CSV file with one row per place along it.

    Its columns are left_x, left_z, right_x, right_z, or those of assetto_corsa_gym: left_border_x, left_border_y,
    right_border_x, right_border_y.

    Raises:
        ValueError: The file does not hold a closed track; the text says what is wrong.
    """
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    found = {column.strip(): column for column in rows[0] if column} if rows else {}
    names = next((each for each in BORDER_COLUMNS if found.keys() >= set(each)), None)
    if names is None or len(rows) < FEWEST_ROWS:
        choices = ", or ".join(", ".join(each) for each in BORDER_COLUMNS)
        raise ValueError(
            f"{path} needs at least {FEWEST_ROWS} rows with the columns {choices}; it has {len(rows)} rows with the "
            f"columns {', '.join(found) or '(none)'}"
        )
    wanted = [found[name] for name in names]
    try:
        borders = [[float(row[column]) for column in wanted] for row in rows]
    except (TypeError, ValueError) as error:
        raise ValueError(f"{path} holds something that is not a number: {error}") from error
    if not all(math.isfinite(value) for border in borders for value in border):
        raise ValueError(f"{path} holds a coordinate that is not finite")
    points = [((lx + rx) / 2, (lz + rz) / 2) for lx, lz, rx, rz in borders]
    widths = [math.hypot(lx - rx, lz - rz) / 2 for lx, lz, rx, rz in borders]
    if min(widths) < 2:  # noqa: PLR2004  a car is nearly that wide
        raise ValueError(f"{path} has borders less than 4 m apart")
    steps = [math.dist(a, b) for a, b in zip(points, [*points[1:], points[0]], strict=True)]
    if min(steps) == 0:
        raise ValueError(f"{path} has two rows for the same place; the last row must not be the first again")
    if steps[-1] > max(OPEN_M, OPEN_STEPS * median(steps)):
        raise ValueError(
            f"{path} is no closed track: from its last row to its first it is {steps[-1]:.0f} m, "
            f"and {median(steps):.1f} m between the others; the stand-in drives circuits only"
        )
    return Track(name, "", points, half_width=[(w, w) for w in widths])


def _resample(
    points: list[tuple[float, float, float, float]],
) -> tuple[float, list[float], list[float], list[float], list[float]]:
    """Put points of x, z, left and right at even distances along a closed line."""
    at = [0.0]
    for a, b in zip(points, [*points[1:], points[0]], strict=True):
        at.append(at[-1] + math.hypot(b[0] - a[0], b[1] - a[1]))
    length = at[-1]
    count = round(length / SPACING)
    columns: tuple[list[float], list[float], list[float], list[float]] = ([], [], [], [])
    i = 0
    for k in range(count):
        distance = k * length / count
        while at[i + 1] <= distance:
            i += 1
        part = (distance - at[i]) / (at[i + 1] - at[i])
        a, b = points[i], points[(i + 1) % len(points)]
        for column, before, after in zip(columns, a, b, strict=True):
            column.append(before + (after - before) * part)
    return length, *columns


def _kerbs(bend: list[float], spacing: float) -> list[bool]:
    """Say at which points there are kerbs: along every tight bend and ten metres before and after it."""
    count, reach = len(bend), round(10 / spacing)
    tight = {i for i, value in enumerate(bend) if abs(value) > KERB_BEND}
    return [any((i + k) % count in tight for k in range(-reach, reach + 1)) for i in range(count)]
