"""
The map of a track: a closed line with its height, and the way from it to both edges. Pure.

A map is checked when it is made, so one that exists can be driven: it closes, its borders do not cross, and every
number is finite. Offsets from the line are positive to the left; heights and distances are in metres.
"""

import hashlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from acbridge.track_map import shape

FEWEST_POINTS, MOST_POINTS = 20, 100_000
SPACING_M = (0.5, 20.0)
"""Limits of the distance from a point to the next, along the line."""
WIDTH_M = (2.0, 60.0)
"""Limits of the width from edge to edge."""
FARTHEST_M = 100_000.0
"""Limit of a coordinate."""
FASTEST = 200.0
"""Limit of a speed, m/s."""
STRAIGHTEST, MOST_BENT = 1.05, 0.8
"""Limits of the distance between two points through the air, as a share of that along the line."""
BRIDGE_M = 3.0
"""Places whose heights differ by so much may cross: one lies on a bridge."""
OPEN_STEPS = 2.0
"""A line whose ends lie farther apart than so many points is open."""
EVEN_M = 1e-4
"""Most deviation of a point from its place on an evenly spaced line."""
NAME_LENGTH = 64


class Borders(StrEnum):
    """Where the edges of a map come from."""

    EXACT = "exact"
    """From the stand-in, which drives on them."""
    MEASURED = "measured"
    """From laps driven along the borders."""
    FILE = "file"
    """From a file that another program made."""
    ASSUMED = "assumed"
    """From nothing: a fixed distance from the line that was driven."""


class Spot(NamedTuple):
    """
    A place in the world.

    Attributes:
        x, y, z: World coordinates.
        heading: Direction of the line there, rad, as the sim counts it.
    """

    x: float
    y: float
    z: float
    heading: float


@dataclass(frozen=True)
class TrackMap:
    """
    A closed track.

    Attributes:
        name: Folder name of the track, as `static.track`.
        configuration: Folder name of the layout, as `static.trackConfiguration`; empty for a track with one layout.
        length: Of the line, in the plane.
        s: Distance of each point along the line, rising from 0 at the timing line.
        x, y, z: World coordinates of each point; y is the height.
        left, right: From each point to the edges, both 0 or more.
        speed: Speed that was driven at each point, m/s; ``None`` if it is not known.
        borders: Where the edges come from.
        origin: What the map was made of, in words.
    """

    name: str
    configuration: str
    length: float
    s: tuple[float, ...]
    x: tuple[float, ...]
    y: tuple[float, ...]
    z: tuple[float, ...]
    left: tuple[float, ...]
    right: tuple[float, ...]
    speed: tuple[float, ...] | None
    borders: Borders
    origin: str

    def __post_init__(self) -> None:
        """
        Check the map.

        Raises:
            ValueError: It is none; the text says what is wrong, and where.
        """
        for problem in _problems(self):
            raise ValueError(problem)

    @cached_property
    def sha(self) -> str:
        """The first 16 digits of the SHA-256 of names, borders and numbers: equal for maps that drive the same."""
        digest = hashlib.sha256(repr((self.name, self.configuration, str(self.borders), self.length)).encode())
        for column in self.columns.values():
            digest.update(repr(column).encode())
        return digest.hexdigest()[:16]

    @property
    def columns(self) -> dict[str, tuple[float, ...]]:
        """The columns of numbers by name, in the order of a file."""
        known = {"s": self.s, "x": self.x, "y": self.y, "z": self.z, "left": self.left, "right": self.right}
        return known if self.speed is None else {**known, "speed": self.speed}

    @property
    def title(self) -> str:
        """Name and configuration, for people."""
        return f"{self.name} {self.configuration}".rstrip()

    @property
    def spacing(self) -> float:
        """The mean distance from a point to the next."""
        return self.length / len(self.s)

    @property
    def even(self) -> bool:
        """Whether all points are equally far apart along the line."""
        return all(abs(at - i * self.spacing) <= EVEN_M for i, at in enumerate(self.s))

    @property
    def widths(self) -> tuple[float, float]:
        """The least and the greatest width from edge to edge."""
        both = [left + right for left, right in zip(self.left, self.right, strict=True)]
        return min(both), max(both)

    def at(self, distance: float, offset: float = 0.0) -> Spot:
        """
        Return the place at a distance along the line and an offset from it.

        Args:
            distance: From the timing line; any number of laps more or less is the same place.
            offset: From the line, positive to the left.
        """
        distance %= self.length
        low, high = 0, len(self.s) - 1
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if self.s[middle] <= distance else (low, middle - 1)
        i, j = low, (low + 1) % len(self.s)
        end = self.s[j] if j else self.length
        part = min(1.0, (distance - self.s[i]) / (end - self.s[i]))
        here, there = self._forwards[i], self._forwards[j]
        fx, fz = (a + (b - a) * part for a, b in zip(here, there, strict=True))
        long = math.hypot(fx, fz) or 1.0
        x, y, z = (column[i] + (column[j] - column[i]) * part for column in (self.x, self.y, self.z))
        return Spot(x + offset * fz / long, y, z - offset * fx / long, math.atan2(-fx, fz))

    def resampled(self, spacing: float) -> "TrackMap":
        """
        Return the map with points at even distances, nearly so far apart; the map itself if it has them.

        Raises:
            ValueError: The map at that spacing breaks a limit.
        """
        count = round(self.length / spacing)
        if self.even and len(self.s) == count:
            return self
        places = [i * self.length / count for i in range(count)]

        def column(values: Sequence[float], *, smooth: bool) -> tuple[float, ...]:
            return tuple(shape.interpolated(self.s, self.length, values, places, smooth=smooth))

        return TrackMap(
            self.name,
            self.configuration,
            self.length,
            tuple(places),
            column(self.x, smooth=True),
            column(self.y, smooth=True),
            column(self.z, smooth=True),
            column(self.left, smooth=False),
            column(self.right, smooth=False),
            None if self.speed is None else column(self.speed, smooth=False),
            self.borders,
            self.origin,
        )

    @cached_property
    def _forwards(self) -> list[tuple[float, float]]:
        return shape.forwards(self.x, self.z)


def check_name(name: str, *, optional: bool = False) -> str:
    """
    Return the name of a track or layout.

    Args:
        name: The name.
        optional: Whether it may be empty.

    Raises:
        ValueError: It cannot be the name of a folder; such names can come from shared memory or the network.
    """
    whole = name.isprintable() and len(name) <= NAME_LENGTH and not set(name) & set('/\\:*?"<>|')
    if (not name and optional) or (name and whole and name[0] not in ". " and name[-1] not in ". "):
        return name
    raise ValueError(f"{name!r} is not the name of a track or layout")


def _problems(found: TrackMap) -> Iterator[str]:
    """Yield what is wrong with a map; later checks rely on earlier ones."""
    count = len(found.s)
    for name, optional in ((found.name, False), (found.configuration, True)):
        try:
            check_name(name, optional=optional)
        except ValueError as error:
            yield str(error)
    if any(len(column) != count for column in found.columns.values()):
        yield "the columns have different lengths"
    if not FEWEST_POINTS <= count <= MOST_POINTS:
        yield f"a map has {FEWEST_POINTS} to {MOST_POINTS} points, not {count}"
    for name, column in found.columns.items():
        limit = FASTEST if name == "speed" else math.inf if name == "s" else FARTHEST_M
        for i, value in enumerate(column):
            if not (math.isfinite(value) and abs(value) <= limit):
                yield f"{name} of point {i + 1} is {value:g}, which is not finite or too large"
    if not math.isfinite(found.length):
        yield f"its length is {found.length:g}"
    yield from _problems_of_line(found)
    yield from _problems_of_borders(found)


def _problems_of_line(found: TrackMap) -> Iterator[str]:
    if found.s[0] != 0:
        yield f"its first point is at {found.s[0]:g} m, not at 0"
    gaps = [b - a for a, b in pairwise((*found.s, found.length))]
    steps = shape.steps_of(found.x, found.z)
    typical = median(steps[:-1])
    if steps[-1] > OPEN_STEPS * max(typical, gaps[-1]) or steps[-1] > OPEN_STEPS * max(gaps[:-1]):
        yield (
            f"it is no closed track: from its last point to its first it is {steps[-1]:.0f} m, "
            f"and {typical:.1f} m between the others"
        )
    for i, (gap, step) in enumerate(zip(gaps, steps, strict=True)):
        place = f"from point {i + 1} to the next"
        if not SPACING_M[0] - EVEN_M <= gap <= SPACING_M[1] + EVEN_M:
            yield f"{place} it is {gap:.2f} m along the line; {SPACING_M[0]:g} to {SPACING_M[1]:g} m are allowed"
        if not MOST_BENT * gap <= step <= STRAIGHTEST * gap:
            yield f"{place} it is {gap:.2f} m along the line, and {step:.2f} m through the air"


def _problems_of_borders(found: TrackMap) -> Iterator[str]:
    for i, (left, right) in enumerate(zip(found.left, found.right, strict=True)):
        if left < 0 or right < 0:
            yield f"an edge at point {i + 1} is {min(left, right):.2f} m away: the line lies outside the track"
        if not WIDTH_M[0] <= left + right <= WIDTH_M[1]:
            yield (
                f"the edges at point {i + 1} are {left + right:.1f} m apart; "
                f"{WIDTH_M[0]:g} to {WIDTH_M[1]:g} m are allowed"
            )
    for name, offset in (("line", None), ("left border", found.left), ("right border", [-w for w in found.right])):
        x, z = (found.x, found.z) if offset is None else shape.beside(found.x, found.z, offset)
        i = shape.crossing(x, z, found.y, BRIDGE_M)
        if i is not None:
            yield f"its {name} crosses itself near x {x[i]:.0f} m, z {z[i]:.0f} m"
