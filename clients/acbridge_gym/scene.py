"""
What a person sees: the road ahead of the car, its trail, another car, the inputs, the laps, a map. Needs pygame.

The picture turns with the car, which drives upward at a fixed place. It is drawn on any surface, with or without a
window.
"""

import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pygame

from acbridge_sim import Track
from acbridge_sim.model.surface import along_pit, pit_middle

Colour = tuple[int, int, int]
Points = npt.NDArray[np.float64]

GRASS, MOWN, ASPHALT, PIT, LINE = (58, 92, 58), (64, 100, 62), (62, 64, 70), (74, 76, 82), (236, 236, 230)
KERB_RED, KERB_WHITE = (196, 52, 46), (232, 232, 226)
CAR_RED, GHOST_BLUE, GLASS, TYRE = (226, 62, 48), (92, 160, 240), (28, 34, 44), (20, 20, 22)
GAS, BRAKE, COAST = (92, 200, 110), (232, 76, 66), (232, 190, 92)
TEXT, DIM, PANEL, BAR = (240, 240, 236), (158, 164, 170), (14, 18, 22, 186), (52, 58, 64)
AHEAD = 0.85
"""Where the car is: share of the height from the top."""
LEAST_M, MORE_S = 75.0, 1.1
"""Height of what is shown: so many metres, and so many seconds of driving more."""
LENGTH_M, WIDTH_M = 4.0, 1.75
MOWN_M = 16.0
"""The grass has squares of this size: without them nothing would show the speed there."""
DELTA_S = 2.0
"""Difference to the ghost that fills its bar."""


class Place(NamedTuple):
    """Where a car is: x and z in the world, m, and its heading, rad."""

    x: float
    z: float
    heading: float


class Inputs(NamedTuple):
    """What the driver does, and the car: -1 to 1 and 0 to 1; km/h; -1 reverse, 0 neutral; share of the limiter's."""

    steer: float = 0.0
    gas: float = 0.0
    brake: float = 0.0
    speed_kmh: float = 0.0
    gear: int = 0
    rpm: float = 0.0
    wheels_off: int = 0


class Laps(NamedTuple):
    """
    The lap clock.

    Attributes:
        number: The running lap, from 1.
        running_s: Its time; ``None`` before the line.
        valid: Whether it is valid so far.
        last_s, last_valid: The lap before; ``None`` if there is none.
        best_s: The best valid lap; ``None`` if there is none.
    """

    number: int = 1
    running_s: float | None = None
    valid: bool = True
    last_s: float | None = None
    last_valid: bool = True
    best_s: float | None = None


class Rival(NamedTuple):
    """
    Another car to drive against.

    Attributes:
        name: Who drives it.
        place: Where it is; ``None`` if it is nowhere.
        lap_s: Its lap; ``None`` if unknown.
        delta_s: How much later the driver is than it was here; negative when ahead, ``None`` if unknown.
    """

    name: str
    place: Place | None = None
    lap_s: float | None = None
    delta_s: float | None = None


class Shown(NamedTuple):
    """What a picture shows; the trail has the places of the last seconds and the pedal there, gas positive."""

    car: Place
    inputs: Inputs = Inputs()
    laps: Laps = Laps()
    rival: Rival | None = None
    trail: Sequence[tuple[float, float, float]] = ()
    note: str = ""


def lap_text(seconds: float | None) -> str:
    """Return a lap time as people write it, such as 1:37.802; dashes if there is none."""
    if seconds is None:
        return "-:--.---"
    milliseconds = round(seconds * 1000)
    return f"{milliseconds // 60_000}:{milliseconds // 1000 % 60:02}.{milliseconds % 1000:03}"


class Scene:
    """Draws cars on one track."""

    def __init__(self, track: Track) -> None:
        """Prepare the edges of a track, its kerbs, its pit lane and its map."""
        pygame.font.init()
        self._fonts: dict[int, pygame.font.Font] = {}
        self._track = track
        self._middle = np.stack([np.array(track.x), np.array(track.z)], 1)
        aside = np.stack([np.cos(track.heading), np.sin(track.heading)], 1)
        left, right = np.array(track.left)[:, None], np.array(track.right)[:, None]
        kerb = np.array(track.road.kerb)[:, None]
        self._kerbed = kerb[:, 0] > 0
        self._edges = self._middle + left * aside, self._middle - right * aside
        self._kerbs = self._edges[0] + kerb * aside, self._edges[1] - kerb * aside
        lane = [self._pit_lane(i) for i in range(len(track.x))]
        self._in_pit = np.array([where is not None for where in lane])
        middle = np.array([0.0 if where is None else where[0] for where in lane])[:, None]
        half = np.array([0.0 if where is None else where[1] for where in lane])[:, None]
        self._pit = self._middle + (middle + half) * aside, self._middle + (middle - half) * aside
        self._map: pygame.Surface | None = None
        self._map_of: tuple[int, float, float, float] = (0, 0.0, 0.0, 1.0)

    def draw(self, surface: pygame.Surface, shown: Shown) -> None:
        """Draw a picture on a surface of any size."""
        surface.fill(GRASS)
        if all(math.isfinite(value) for value in shown.car):
            self._draw_world(surface, shown)
        self._draw_laps(surface, shown.laps)
        self._draw_inputs(surface, shown.inputs)
        if shown.rival is not None:
            self._draw_rival(surface, shown.rival)
        self._draw_map(surface, shown)
        if shown.note:
            width, height = surface.get_size()
            self._text(surface, shown.note, (width - 16, height - 14), 20, TEXT, "bottomright")

    def _pit_lane(self, i: int) -> tuple[float, float] | None:
        """Return the offset of the pit lane's middle beside a point of the line and half its width."""
        road, distance = self._track.road, i * self._track.spacing
        return (pit_middle(road, distance), road.pit_half_width) if along_pit(road, distance) else None

    # ---- the world

    def _draw_world(self, surface: pygame.Surface, shown: Shown) -> None:
        width, height = surface.get_size()
        scale = height / (LEAST_M + MORE_S * max(0.0, shown.inputs.speed_kmh) / 3.6)
        view = _View(shown.car, width / 2, AHEAD * height, scale)
        reach = math.hypot(width, height) / scale
        self._draw_grass(surface, view, shown.car, reach)
        near = np.hypot(*(self._middle - shown.car[:2]).T) < reach + 20
        for run in _runs(near):
            pit = run[self._in_pit[run]]
            for part in _pieces(pit):
                _ribbon(surface, PIT, view.of(self._pit[0][part]), view.of(self._pit[1][part]))
            _ribbon(surface, ASPHALT, view.of(self._edges[0][run]), view.of(self._edges[1][run]))
            self._draw_kerbs(surface, view, run)
            for edge in self._edges:
                if len(run) > 1:
                    pygame.draw.aalines(surface, LINE, False, view.of(edge[run]).tolist())
        self._draw_line(surface, view)
        self._draw_trail(surface, view, shown.trail)
        if shown.rival is not None and shown.rival.place is not None:
            x, y = view.of(np.array([shown.rival.place[:2]]))[0]
            turned = shown.rival.place.heading - shown.car.heading
            _blit_car(surface, GHOST_BLUE, (x, y), scale, 0.0, turned, alpha=150)
        _blit_car(surface, CAR_RED, (view.x, view.y), scale, shown.inputs.steer)

    def _draw_grass(self, surface: pygame.Surface, view: "_View", car: Place, reach: float) -> None:
        count = math.ceil(reach / MOWN_M)
        column, row = math.floor(car.x / MOWN_M), math.floor(car.z / MOWN_M)
        i, j = np.mgrid[column - count : column + count + 1, row - count : row + count + 1].reshape(2, -1)
        corners = [view.of(MOWN_M * np.stack([i + a, j + b], 1)) for a, b in ((0, 0), (1, 0), (1, 1), (0, 1))]
        squares = np.stack(corners, 1)[(i + j) % 2 == 0]
        inside = (squares.max(1) > 0).all(1) & (squares.min(1) < surface.get_size()).all(1)
        for square in squares[inside].round().astype(int).tolist():
            pygame.draw.polygon(surface, MOWN, square)

    def _draw_kerbs(self, surface: pygame.Surface, view: "_View", run: npt.NDArray[np.intp]) -> None:
        for inner, outer in zip(self._edges, self._kerbs, strict=True):
            a, b = view.of(inner[run]), view.of(outer[run])
            for i in np.flatnonzero(self._kerbed[run][:-1]):
                colour = KERB_RED if run[i] % 2 else KERB_WHITE
                pygame.draw.polygon(surface, colour, [a[i], a[i + 1], b[i + 1], b[i]])

    def _draw_line(self, surface: pygame.Surface, view: "_View") -> None:
        """Draw the chequered finish line."""
        left, right = self._edges[0][0], self._edges[1][0]
        ahead = np.array([-math.sin(self._track.heading[0]), math.cos(self._track.heading[0])])
        columns = max(2, round(float(np.hypot(*(right - left)))))
        for row in range(2):
            for column in range(columns):
                shares = np.array([[column], [column + 1]]) / columns
                near = left + shares * (right - left) + (row - 1) * ahead
                corners = np.concatenate([near, near[::-1] + ahead])
                pygame.draw.polygon(surface, LINE if (row + column) % 2 else TYRE, view.of(corners).tolist())

    def _draw_trail(self, surface: pygame.Surface, view: "_View", trail: Sequence[tuple[float, float, float]]) -> None:
        if len(trail) < 2:  # noqa: PLR2004  a line has two ends
            return
        values = np.array(trail)
        points = view.of(values[:, :2]).round().astype(int).tolist()
        for i in range(len(points) - 1):
            pedal = values[i, 2]
            colour = GAS if pedal > 0.02 else (BRAKE if pedal < -0.02 else COAST)  # noqa: PLR2004  a foot at rest
            pygame.draw.line(surface, colour, points[i], points[i + 1], 3)

    # ---- the instruments

    def _draw_laps(self, surface: pygame.Surface, laps: Laps) -> None:
        _panel(surface, pygame.Rect(16, 16, 236, 132))
        self._text(surface, f"LAP {laps.number}", (32, 28), 20, DIM)
        if not laps.valid:
            self._text(surface, "CUT", (236, 28), 20, BRAKE, "topright")
        self._text(surface, lap_text(laps.running_s), (32, 46), 46, TEXT if laps.valid else BRAKE)
        for row, (name, seconds, valid) in enumerate(
            (("last", laps.last_s, laps.last_valid), ("best", laps.best_s, True))
        ):
            self._text(surface, name, (32, 92 + 24 * row), 22, DIM)
            self._text(surface, lap_text(seconds), (92, 92 + 24 * row), 22, TEXT if valid else BRAKE)
            if not valid:
                self._text(surface, "cut", (180, 92 + 24 * row), 22, BRAKE)

    def _draw_rival(self, surface: pygame.Surface, rival: Rival) -> None:
        middle = surface.get_width() // 2
        _panel(surface, pygame.Rect(middle - 130, 16, 260, 62))
        lap = "" if rival.lap_s is None else f"  {lap_text(rival.lap_s)}"
        self._text(surface, f"against {rival.name}{lap}", (middle, 24), 18, DIM, "midtop")
        bar = pygame.Rect(middle - 114, 62, 228, 6)
        pygame.draw.rect(surface, BAR, bar, border_radius=3)
        if rival.delta_s is None:
            return
        colour = GAS if rival.delta_s < 0 else BRAKE
        self._text(surface, f"{rival.delta_s:+.2f}", (middle, 38), 26, colour, "midtop")
        long = round(min(1.0, abs(rival.delta_s) / DELTA_S) * bar.width / 2)
        begin = middle if rival.delta_s < 0 else middle - long
        pygame.draw.rect(surface, colour, pygame.Rect(begin, bar.top, long, bar.height), border_radius=3)

    def _draw_inputs(self, surface: pygame.Surface, inputs: Inputs) -> None:
        box = pygame.Rect(16, surface.get_height() - 110, 400, 94)
        _panel(surface, box)
        self._text(surface, f"{inputs.speed_kmh:.0f}", (box.centerx + 14, box.top + 8), 58, TEXT, "topright")
        self._text(surface, "km/h", (box.centerx + 20, box.top + 30), 20, DIM)
        gear = {-1: "R", 0: "N"}.get(inputs.gear, str(inputs.gear))
        self._text(surface, gear, (box.centerx + 92, box.top + 8), 58, TEXT, "midtop")
        self._draw_rpm(surface, pygame.Rect(box.left + 96, box.bottom - 34, 208, 8), inputs.rpm)
        rail = pygame.Rect(box.left + 96, box.bottom - 18, 208, 6)
        pygame.draw.rect(surface, BAR, rail, border_radius=3)
        knob = rail.centerx + round(max(-1.0, min(1.0, inputs.steer)) * (rail.width / 2 - 5))
        pygame.draw.rect(surface, TEXT, pygame.Rect(knob - 5, rail.top - 4, 10, 14), border_radius=4)
        for at, share, colour, name in (
            (box.left + 24, inputs.brake, BRAKE, "brake"),
            (box.left + 58, inputs.gas, GAS, "gas"),
        ):
            column = pygame.Rect(at, box.top + 12, 16, 56)
            pygame.draw.rect(surface, BAR, column, border_radius=4)
            long = round(max(0.0, min(1.0, share)) * column.height)
            pygame.draw.rect(surface, colour, pygame.Rect(column.left, column.bottom - long, 16, long), border_radius=4)
            self._text(surface, name, (column.centerx, box.bottom - 22), 16, DIM, "midtop")
        wheels = (box.right - 62, box.top + 16)
        for i in range(4):
            spot = pygame.Rect(wheels[0] + 22 * (i % 2), wheels[1] + 32 * (i // 2), 12, 22)
            pygame.draw.rect(surface, BRAKE if i < inputs.wheels_off else BAR, spot, border_radius=3)

    def _draw_rpm(self, surface: pygame.Surface, box: pygame.Rect, rpm: float) -> None:
        lights = 13
        for i in range(lights):
            on = rpm * lights > i + 0.5 and math.isfinite(rpm)
            colour = BAR if not on else (GAS if i < 7 else (COAST if i < 11 else BRAKE))  # noqa: PLR2004  as shift lights
            light = pygame.Rect(box.left + i * box.width // lights, box.top, box.width // lights - 3, box.height)
            pygame.draw.rect(surface, colour, light, border_radius=2)

    def _draw_map(self, surface: pygame.Surface, shown: Shown) -> None:
        size = max(120, surface.get_height() // 4)
        if self._map is None or self._map_of[0] != size:
            self._map = self._make_map(size)
        at = surface.get_width() - size - 16, 16
        surface.blit(self._map, at)
        _, x, z, scale = self._map_of
        rival = None if shown.rival is None else shown.rival.place
        for place, colour in ((rival, GHOST_BLUE), (shown.car, CAR_RED)):
            if place is not None and all(math.isfinite(value) for value in place):
                dot = at[0] + size / 2 - (place.x - x) * scale, at[1] + size / 2 - (place.z - z) * scale
                pygame.draw.circle(surface, TYRE, dot, 6)
                pygame.draw.circle(surface, colour, dot, 5)

    def _make_map(self, size: int) -> pygame.Surface:
        """Return the map, with z up and x to the left, as the world is."""
        low, high = self._middle.min(0), self._middle.max(0)
        x, z = (low + high) / 2
        scale = (size - 36) / max(1.0, float((high - low).max()))
        points = 2 * (size / 2 - (self._middle - (x, z)) * scale)
        large = pygame.Surface((2 * size, 2 * size), pygame.SRCALPHA)
        _panel(large, pygame.Rect(0, 0, 2 * size, 2 * size), radius=20)
        pygame.draw.lines(large, BAR, True, points.tolist(), 14)
        pygame.draw.lines(large, LINE, True, points.tolist(), 6)
        pygame.draw.circle(large, BRAKE, points[0].tolist(), 8)
        self._map_of = size, float(x), float(z), scale
        return pygame.transform.smoothscale(large, (size, size))

    def _text(
        self,
        surface: pygame.Surface,
        text: str,
        at: tuple[int, int],
        size: int,
        colour: Colour,
        anchor: str = "topleft",
    ) -> None:
        font = self._fonts.get(size)
        if font is None:
            font = self._fonts[size] = pygame.font.Font(None, size)
        drawn = font.render(text, True, colour)
        place: dict[str, Any] = {anchor: at}
        surface.blit(drawn, drawn.get_rect(**place))


class _View:
    """From the world to pixels: the car at a place of the picture, driving upward."""

    def __init__(self, car: Place, x: float, y: float, scale: float) -> None:
        self._car, self.x, self.y, self._scale = car, x, y, scale
        self._sin, self._cos = math.sin(car.heading), math.cos(car.heading)

    def of(self, points: Points) -> Points:
        """Return pixels for points of the world."""
        dx, dz = points[:, 0] - self._car.x, points[:, 1] - self._car.z
        ahead, left = self._cos * dz - self._sin * dx, self._cos * dx + self._sin * dz
        return np.stack([self.x - self._scale * left, self.y - self._scale * ahead], 1)


def _runs(chosen: npt.NDArray[np.bool_]) -> Iterator[npt.NDArray[np.intp]]:
    """Yield the indices of each run of chosen points, a run over the end of the line included."""
    if chosen.all():
        yield np.append(np.arange(len(chosen)), 0)
        return
    first = int(np.flatnonzero(~chosen)[0])
    turned = np.roll(chosen, -first)
    for run in _pieces(np.flatnonzero(turned)):
        yield (run + first) % len(chosen)


def _pieces(indices: npt.NDArray[np.intp]) -> list[npt.NDArray[np.intp]]:
    """Return rising indices as pieces without a gap."""
    return [part for part in np.split(indices, np.flatnonzero(np.diff(indices) != 1) + 1) if len(part)]


def _ribbon(surface: pygame.Surface, colour: Colour, left: Points, right: Points) -> None:
    """Fill what lies between two lines, piece by piece, since the whole may cross itself."""
    for i in range(0, len(left) - 1, 8):
        part = slice(i, i + 9)
        pygame.draw.polygon(surface, colour, [*left[part].tolist(), *right[part][::-1].tolist()])


def _panel(surface: pygame.Surface, box: pygame.Rect, radius: int = 10) -> None:
    """Darken a part of the picture, so that what stands on it can be read."""
    shade = pygame.Surface(box.size, pygame.SRCALPHA)
    pygame.draw.rect(shade, PANEL, shade.get_rect(), border_radius=radius)
    surface.blit(shade, box)


def _blit_car(
    surface: pygame.Surface,
    colour: Colour,
    at: tuple[float, float],
    scale: float,
    steer: float,
    turned: float = 0.0,
    alpha: int = 255,
) -> None:
    """Draw a car from above, turned to the right by an angle; large, then scaled down, so that it has soft edges."""
    fine = 4.0 * scale
    size = math.ceil((LENGTH_M + 1) * fine)
    car = pygame.Surface((size, size), pygame.SRCALPHA)
    middle = size / 2

    def box(ahead: float, aside: float, long: float, wide: float) -> pygame.Rect:
        """Return a box by the place of its middle, m ahead and to the right, and its size, m."""
        x, y = middle + (aside - wide / 2) * fine, middle - (ahead + long / 2) * fine
        return pygame.Rect(round(x), round(y), max(1, round(wide * fine)), max(1, round(long * fine)))

    for ahead in (1.25, -1.25):
        for aside in (-0.78, 0.78):
            wheel = pygame.Surface(box(0, 0, 0.72, 0.3).size, pygame.SRCALPHA)
            wheel.fill(TYRE)
            angle = -25 * steer if ahead > 0 else 0.0
            wheel = pygame.transform.rotate(wheel, angle)
            car.blit(wheel, wheel.get_rect(center=box(ahead, aside, 0.1, 0.1).center))
    dark = (colour[0] * 2 // 3, colour[1] * 2 // 3, colour[2] * 2 // 3)
    pygame.draw.rect(car, dark, box(0.0, 0.0, LENGTH_M, 1.36), border_radius=round(0.45 * fine))
    pygame.draw.rect(car, colour, box(0.0, 0.0, LENGTH_M - 0.12, 1.2), border_radius=round(0.4 * fine))
    pygame.draw.rect(car, GLASS, box(-0.25, 0.0, 1.5, 1.02), border_radius=round(0.28 * fine))
    pygame.draw.rect(car, colour, box(-0.4, 0.0, 0.8, 0.84), border_radius=round(0.2 * fine))
    pygame.draw.rect(car, dark, box(-1.88, 0.0, 0.24, WIDTH_M), border_radius=round(0.08 * fine))
    drawn = pygame.transform.rotozoom(car, -math.degrees(turned), 0.25)
    drawn.set_alpha(alpha)
    surface.blit(drawn, drawn.get_rect(center=(round(at[0]), round(at[1]))))
