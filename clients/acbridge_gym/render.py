"""
A picture from above: the edges of the track, the trail of the last seconds, and the car. numpy only, no display.

The car drives upward at a fixed place of the picture.
"""

import math
from collections import deque
from typing import Any

import numpy as np
import numpy.typing as npt

from acbridge_sim import Track

SIZE = 400
"""Width and height, pixels."""
METRES = 100.0
"""Width of what is shown."""
TRAIL_S = 5.0
CAR_Y = 300
"""Where the car is, pixels from the top."""
LENGTH_M, WIDTH_M = 4.0, 1.7
FINE_M = METRES / SIZE
"""Metres of a pixel."""
GRASS, ROAD, EDGE, TRAIL, CAR = (46, 74, 46), (70, 70, 74), (235, 235, 235), (240, 180, 60), (220, 50, 40)


class Picture:
    """Draws one car on one track."""

    def __init__(self, track: Track, step_ms: int) -> None:
        """
        Prepare the points to draw: rows across the road, dense enough that a turned picture has no holes.

        Args:
            track: The track.
            step_ms: Time from one point of the trail to the next.
        """
        self._trail: deque[tuple[float, float]] = deque(maxlen=max(1, round(TRAIL_S * 1000 / step_ms)))
        x, z = np.array(track.x), np.array(track.z)
        left_x, left_z = np.cos(track.heading), np.sin(track.heading)
        left, right = np.array(track.left), np.array(track.right)
        parts = max(2, math.ceil(1.5 * track.spacing / FINE_M))
        left_edge = _dense(np.stack([x + left * left_x, z + left * left_z], 1), parts)
        right_edge = _dense(np.stack([x - right * left_x, z - right * left_z], 1), parts)
        across = max(2, math.ceil(1.5 * float((left + right).max()) / FINE_M))
        shares = np.linspace(0.0, 1.0, across)[None, :, None]
        self._rows = (left_edge[:, None] + shares * (right_edge - left_edge)[:, None]).astype(np.float32)
        self._parts = parts
        self._middles = np.stack([x, z], 1)

    def begin(self) -> None:
        """Forget the trail."""
        self._trail.clear()

    def follow(self, seen: Any) -> None:
        """Add the car's place to the trail."""
        self._trail.append((float(seen.x), float(seen.z)))

    def draw(self, seen: Any) -> npt.NDArray[np.uint8]:
        """Return the picture of a car: rows of pixels, red, green, blue."""
        picture = np.empty((SIZE, SIZE, 3), np.uint8)
        picture[:] = GRASS
        x, z, heading = float(seen.x), float(seen.z), float(seen.heading)
        if not (math.isfinite(x) and math.isfinite(z) and math.isfinite(heading)):
            return picture
        away = self._middles - (x, z)
        ahead = away[:, 1] * math.cos(heading) - away[:, 0] * math.sin(heading)
        aside = away[:, 0] * math.cos(heading) + away[:, 1] * math.sin(heading)
        around = (np.abs(aside) < METRES / 2 + 15) & (ahead < METRES) & (ahead > -METRES / 2)
        rows = self._rows[np.repeat(around, self._parts)]
        _dots(picture, rows[:, 1:-1].reshape(-1, 2), x, z, heading, ROAD)
        _dots(picture, rows[:, [0, -1]].reshape(-1, 2), x, z, heading, EDGE)
        if len(self._trail) > 1:
            _dots(picture, _dense(np.array(self._trail), 12, closed=False), x, z, heading, TRAIL)
        rows, columns = np.mgrid[
            CAR_Y - round(LENGTH_M / 2 / FINE_M) : CAR_Y + round(LENGTH_M / 2 / FINE_M),
            SIZE // 2 - round(WIDTH_M / 2 / FINE_M) : SIZE // 2 + round(WIDTH_M / 2 / FINE_M) + 1,
        ]
        picture[rows, columns] = CAR
        return picture


def _dense(points: npt.NDArray[np.float64], parts: int, *, closed: bool = True) -> npt.NDArray[np.float64]:
    """Return a line with so many points for every piece of it."""
    ends = np.roll(points, -1, 0) if closed else points[1:]
    begins = points if closed else points[:-1]
    shares = np.arange(parts) / parts
    return (begins[:, None] + shares[None, :, None] * (ends - begins)[:, None]).reshape(-1, 2)


def _dots(
    picture: npt.NDArray[np.uint8],
    points: npt.NDArray[Any],
    x: float,
    z: float,
    heading: float,
    colour: tuple[int, int, int],
) -> None:
    sin, cos = math.sin(heading) / FINE_M, math.cos(heading) / FINE_M
    px, pz = points[:, 0], points[:, 1]
    rows = ((CAR_Y + 0.5 + cos * z - sin * x) - cos * pz + sin * px).astype(np.int32)
    columns = ((SIZE / 2 + 0.5 + cos * x + sin * z) - cos * px - sin * pz).astype(np.int32)
    inside = (rows >= 0) & (rows < SIZE) & (columns >= 0) & (columns < SIZE)
    picture[rows[inside], columns[inside]] = colour
