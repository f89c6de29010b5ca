"""
Charts as inline SVG in HTML.

Pure: numbers in, text out. A chart's x is the number of the place on the grid and its y goes from 0 (top) to 1000, so
that it stretches to any width, and the page's script reads the numbers back from the lines. Texts stand beside the SVG,
where they do not stretch.
"""

import math
from collections.abc import Sequence
from html import escape
from itertools import pairwise
from typing import NamedTuple

from acbridge_recording.report.comparison import Comparison, levels

HEIGHT = 1000
MAP_PIECES = 150
MAP_SIZE = 1000


class Scale(NamedTuple):
    """
    The values at the bottom and at the top of a chart, and those that are labelled.

    Attributes:
        low: At the bottom.
        high: At the top.
        marks: Those that are labelled.
    """

    low: float
    high: float
    marks: list[float]

    def y(self, value: float) -> int:
        """Return the y of a value."""
        return round(HEIGHT * (self.high - value) / (self.high - self.low))


def scale(low: float, high: float, *, steps: int = 4) -> Scale:
    """Return a scale with round marks around some values."""
    span = max(high - low, 1e-3, 1e-9 * abs(high))
    size = 10.0 ** math.floor(math.log10(span / steps))
    step = next(size * factor for factor in (1, 2, 5, 10) if size * factor * steps >= span * 0.999)
    first, last = math.floor(low / step), math.ceil(high / step)
    last = max(last, first + 1)
    return Scale(first * step, last * step, [number * step for number in range(first, last + 1)])


class Series(NamedTuple):
    """
    A line of a chart.

    Attributes:
        kind: ``a``, ``b`` or ``d``: which lap, or the delta.
        values: A value for each place.
    """

    kind: str
    values: Sequence[float]


def panel(
    compared: Comparison,
    title: str,
    unit: str,
    lines: Sequence[Series],
    axis: Scale,
    *,
    decimals: int = 0,
    size: str = "",
    shapes: str = "",
) -> str:
    """Return a chart over distance with its title, its scale, and room for the values at the cursor."""
    count = len(compared.distance) - 1
    drawn = "".join(
        f'<polyline class="{line.kind}" points="{_points(line.values, axis)}"/>' for line in reversed(lines)
    )
    rules = "".join(
        f'<line class="rule" x1="0" x2="{count}" y1="{axis.y(mark)}" y2="{axis.y(mark)}"/>' for mark in axis.marks
    )
    walls = "".join(f'<line class="wall" x1="{at}" x2="{at}" y1="0" y2="{HEIGHT}"/>' for at in compared.sectors)
    labels = "".join(
        f'<i class="mark" style="top:{axis.y(mark) / HEIGHT:.2%}">{_number(mark)}</i>' for mark in axis.marks
    )
    reads = "".join(f'<output class="{line.kind}"></output>' for line in lines)
    return (
        f'<section class="panel" data-low="{axis.low:g}" data-high="{axis.high:g}" data-decimals="{decimals}">'
        f"<h2>{escape(title)} <small>{escape(unit)}</small>{reads}</h2>"
        f'<div class="plot {size}"><svg viewBox="0 0 {count} {HEIGHT}" preserveAspectRatio="none" aria-hidden="true">'
        f'{rules}{walls}{shapes}{drawn}</svg>{labels}<span class="cursor"></span></div>'
        f"{_distances(compared)}</section>"
    )


def delta_shapes(compared: Comparison, axis: Scale) -> str:
    """Return the areas between the delta and 0: behind, and ahead."""
    count, zero = len(compared.delta) - 1, axis.y(0)
    behind = _points([max(each, 0.0) for each in compared.delta], axis)
    ahead = _points([min(each, 0.0) for each in compared.delta], axis)
    return "".join(
        f'<polygon class="{kind}" points="0,{zero} {points} {count},{zero}"/>'
        for kind, points in (("lost", behind), ("won", ahead))
    )


def mini_sectors(compared: Comparison) -> str:
    """Return a bar for each mini-sector: up is lost, down is gained."""
    amounts = [compared.gained(begin, end) for begin, end in compared.minis]
    most = max(0.001, *map(abs, amounts))
    axis = scale(-most, most)
    bars = ""
    for (begin, end), amount, level in zip(compared.minis, amounts, levels(amounts), strict=True):
        top, bottom = axis.y(max(amount, 0.0)), axis.y(min(amount, 0.0))
        gap = 0.06 * (end - begin)
        bars += (
            f'<rect class="level{level}" x="{begin + gap:.1f}" width="{end - begin - 2 * gap:.1f}" y="{top}" '
            f'height="{max(bottom - top, 4)}"/>'
        )
    steps = [0.0] * len(compared.distance)
    for (begin, end), amount in zip(compared.minis, amounts, strict=True):
        steps[begin : end + 1] = [amount] * (end + 1 - begin)
    text = panel(compared, "Mini-sectors", "s", [Series("d", steps)], axis, decimals=3, shapes=bars)
    return text.replace('class="panel"', 'class="panel minis"', 1)


def track_map(compared: Comparison) -> str:
    """Return the track seen from above, north up, coloured by what the second lap gains and loses."""
    a = list(zip(compared.a["x"], compared.a["z"], strict=True))
    b = list(zip(compared.b["x"], compared.b["z"], strict=True))
    west, east = min(x for x, _ in a), max(x for x, _ in a)
    north, south = min(z for _, z in a), max(z for _, z in a)
    unit = MAP_SIZE / max(east - west, south - north, 1.0)
    count = len(a) - 1

    def points(places: Sequence[tuple[float, float]]) -> str:
        return " ".join(f"{(x - west) * unit:.0f},{(z - north) * unit:.0f}" for x, z in places)

    edges = sorted({round(count * number / MAP_PIECES) for number in range(MAP_PIECES + 1)})
    pieces = list(pairwise(edges))
    level = levels([compared.gained(begin, end) for begin, end in pieces])
    road = "".join(
        f'<polyline class="level{value}" points="{points(a[begin : end + 1])}"/>'
        for (begin, end), value in zip(pieces, level, strict=True)
    )
    ends = [0, *compared.sectors]
    places = [((a[at][0] - west) * unit, (a[at][1] - north) * unit) for at in ends]
    dots = "".join(
        f'<circle class="{"line" if not number else "end"}" cx="{x:.0f}" cy="{y:.0f}" r="13"/>'
        for number, (x, y) in enumerate(places)
    )
    width, height = (east - west) * unit, (south - north) * unit
    return (
        f'<section class="panel map"><h2>Track <small>where B gains and loses</small></h2>'
        f'<svg viewBox="-40 -40 {width + 80:.0f} {height + 80:.0f}" role="img" aria-label="Map of the track">'
        f'<polyline class="way" data-lap="a" points="{points(a)}"/><polyline class="way hidden" data-lap="b" '
        f'points="{points(b)}"/><g class="road">{road}</g>{dots}'
        f'<circle class="dot b" r="16"/><circle class="dot a" r="16"/></svg>'
        '<p class="legend"><span>gains</span><i class="level-3"></i><i class="level-2"></i><i class="level-1"></i>'
        '<i class="level0"></i><i class="level1"></i><i class="level2"></i><i class="level3"></i><span>loses</span></p>'
        "</section>"
    )


def g_g(compared: Comparison) -> str:
    """Return the acceleration of both laps: braking is down, right-hand bends are right; a circle for each g."""
    laps = [("b", compared.b), ("a", compared.a)]
    most = max(abs(value) for _, lap in laps for name in ("g_right", "g_forward") for value in lap[name])
    rings = max(1, math.ceil(min(most, 6.0)))
    unit = 480 / rings
    circles = "".join(f'<circle class="rule" r="{unit * ring:.0f}"/>' for ring in range(1, rings + 1))
    names = "".join(f'<text x="6" y="{6 - unit * ring + 24:.0f}">{ring} g</text>' for ring in range(1, rings + 1))
    clouds = ""
    for kind, lap in laps:
        dots = "".join(
            f"M{right * unit:.0f},{-forward * unit:.0f}h0"
            for right, forward in zip(lap["g_right"], lap["g_forward"], strict=True)
        )
        clouds += f'<path class="cloud {kind}" data-lap="{kind}" d="{dots}"/>'
    return (
        '<section class="panel gg"><h2>g-g <small>up: accelerating, down: braking</small></h2>'
        f'<svg viewBox="-500 -500 1000 1000" role="img" aria-label="Acceleration">{circles}'
        f'<line class="rule" x1="-480" x2="480"/><line class="rule" y1="-480" y2="480"/>{clouds}{names}'
        '<circle class="dot b" r="16"/>'
        '<circle class="dot a" r="16"/></svg></section>'
    )


def _points(values: Sequence[float], axis: Scale) -> str:
    return " ".join(f"{number},{axis.y(value)}" for number, value in enumerate(values))


def _distances(compared: Comparison) -> str:
    length = compared.distance[-1]
    marks = [mark for mark in scale(0, length, steps=6).marks if mark < 0.97 * length]
    words = "".join(f'<i style="left:{mark / length:.2%}">{mark:.0f}</i>' for mark in marks[1:])
    return f'<p class="metres">{words}<i class="unit">m</i></p>'


def _number(value: float) -> str:
    return f"{round(value, 6) + 0.0:g}"
