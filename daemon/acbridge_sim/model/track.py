"""
A closed track: its centre line, its edges, the ground under it, and where a point lies on it.

The centre line is laid by `road`, or comes from a map. Angles grow when turning right, as the sim's heading does;
offsets from the line are positive to the left. Metres everywhere.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from acbridge.track_map import shape
from acbridge_sim.model import roughness, surface
from acbridge_sim.model.surface import Road

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
        kerb: Whether there are kerbs at each point.
        pit: The pit lane, if there is one.
        finish_at: Position of the finish line along the spline of the game, which need not begin there, 0 to 1.
        road: The same as tables, for the functions of `surface`.
    """

    def __init__(
        self,
        name: str,
        configuration: str,
        points: Sequence[tuple[float, float]],
        *,
        half_width: float | Sequence[tuple[float, float]],
        length: float | None = None,
        height: Sequence[float] = (),
        sectors: tuple[float, ...] = (0.0, 1 / 3, 2 / 3),
        run_off: float = 12.0,
        waves: tuple[Wave, ...] = (),
        pit: PitLane | None = None,
        finish_at: float = 0.0,
    ) -> None:
        """
        Make a track of a closed polygon that is dense enough to be a line.

        Args:
            name: Folder name of the track.
            configuration: Folder name of the layout.
            points: The centre line, x and z; the last point is not the first again.
            half_width: From the centre to each edge, or one pair (left, right) for each point.
            length: Of the centre line, whose points are then at even distances as they are; a checked map knows it.
            height: Of the ground at each of these points, if it is more than swells.
            sectors: Where sectors begin.
            run_off: From an edge to the barrier.
            waves: The swells of the ground.
            pit: The pit lane.
            finish_at: Position of the finish line along the spline, 0 to 1.

        Raises:
            ValueError: The centre line crosses itself.
        """
        self.name = name
        self.configuration = configuration
        self.sectors = sectors
        self.run_off = run_off
        self.pit = pit
        self.finish_at = finish_at
        widths = [(half_width, half_width)] * len(points) if isinstance(half_width, float | int) else list(half_width)
        columns = [[row[k] for row in rows] for rows in (points, widths) for k in (0, 1)]
        if length is None:
            at, length = shape.distances_of(shape.steps_of(columns[0], columns[1]))
            count = round(length / SPACING)
            places = [i * length / count for i in range(count)]
            columns = [shape.interpolated(at, length, column, places, smooth=False) for column in columns]
            crossing = shape.crossing(columns[0], columns[1])
            if crossing is not None:
                x, z = columns[0][crossing], columns[1][crossing]
                raise ValueError(f"the centre line of {name} crosses itself near x {x:.0f} m, z {z:.0f} m")
        self.length = length
        self.x, self.z, self.left, self.right = columns
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
        self.kerb = _kerbs(self.bend, self.spacing)
        self.road = self._road(waves, height)

    def locate(self, x: float, z: float, hint: int | None = None) -> TrackPosition:
        """
        Return where a point lies.

        Args:
            x: World coordinate.
            z: World coordinate.
            hint: Index of a point near it, such as the last position's; without one the whole line is searched.
        """
        return TrackPosition(*surface.locate(self.road, x, z, self._nearest(x, z) if hint is None else hint))

    def point(self, distance: float, offset: float = 0.0) -> tuple[float, float, float]:
        """Return x, z and the line's heading at a distance along it and an offset from it."""
        return surface.point_at(self.road, distance, offset)

    def ground(self, x: float, z: float, hint: int | None = None) -> tuple[float, float, float]:
        """Return the height of the ground and its slope towards x and towards z; for the hint see :meth:`locate`."""
        near = self._nearest(x, z) if hint is None and self.road.height else hint or 0
        return surface.ground(self.road, x, z, near)

    def in_pit_lane(self, place: TrackPosition) -> bool:
        """Return whether a point lies on the pit lane."""
        return surface.in_pit_lane(self.road, place.distance, place.offset)

    def pit_middle(self, distance: float) -> float:
        """Return the offset of the pit lane's middle at a distance; on the track where there is no lane."""
        return surface.pit_middle(self.road, distance) if self.pit is not None else 0.0

    def _nearest(self, x: float, z: float) -> int:
        return min(range(len(self.x)), key=lambda i: (self.x[i] - x) ** 2 + (self.z[i] - z) ** 2)

    def _road(self, waves: tuple[Wave, ...], height: Sequence[float]) -> Road:
        rounds = max(
            1, round(self.length / (roughness.COUNT * roughness.STEP))
        )  # whole ones, so that the line has no step
        pit = self.pit or PitLane(begins=0.0, ends=0.0, offset=0.0, half_width=0.0, box=0.0)
        return Road(
            points=len(self.x),
            spacing=self.spacing,
            length=self.length,
            x=self.x,
            z=self.z,
            heading=self.heading,
            bend=self.bend,
            forward_x=[-math.sin(h) for h in self.heading],
            forward_z=[math.cos(h) for h in self.heading],
            left=self.left,
            right=self.right,
            kerb=[KERB_WIDTH if kerb else 0.0 for kerb in self.kerb],
            height=list(height),
            run_off=float(self.run_off),
            splits=[share * self.length for share in self.sectors[1:]],
            wave_height=[wave.height for wave in waves],
            wave_x=[wave.along_x for wave in waves],
            wave_z=[wave.along_z for wave in waves],
            wave_phase=[wave.phase for wave in waves],
            rough=roughness.heights(f"{self.name} {self.configuration}"),
            rough_per=rounds * roughness.COUNT / self.length,
            has_pit=self.pit is not None,
            pit_begins=pit.begins,
            pit_ends=pit.ends,
            pit_offset=pit.offset,
            pit_half_width=pit.half_width,
            pit_ramp=pit.ramp,
            pit_mouth=pit.mouth,
        )


def _kerbs(bend: list[float], spacing: float) -> list[bool]:
    """Say at which points there are kerbs: along every tight bend and ten metres before and after it."""
    count, reach = len(bend), round(10 / spacing)
    tight = {i for i, value in enumerate(bend) if abs(value) > KERB_BEND}
    return [any((i + k) % count in tight for k in range(-reach, reach + 1)) for i in range(count)]
