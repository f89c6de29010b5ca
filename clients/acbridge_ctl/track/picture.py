"""A map from above as a picture: SVG by our own hands, PNG by matplotlib, the extra ``plot``."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

from acbridge.track_map import Borders, TrackMap, shape

Points = Sequence[tuple[float, float]]

RULERS_M = (10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000)
SIZE = 1000.0
"""Width and height of the drawing, in units of the SVG."""
MARGIN = 60.0
LINE_HEIGHT = 20.0
EVERY_M = 500.0
"""Distance between two marks along the track."""
AWAY = 0.03
"""From the edge to marks and arrow, as a share of the drawing."""
ARROW_M = 40.0
"""Length of the arrow that shows the direction, at the least."""
GRASS, ROAD, EDGE, LINE, START = "#eef2ea", "#8a8f98", "#2b2f36", "#ffffff", "#c8281e"
DASHED = (Borders.ASSUMED,)
"""Edges that were not measured are dashed."""


_TIP = (
    '<defs><marker id="tip" orient="auto" markerWidth="8" markerHeight="8" refX="4" refY="4">'
    f'<path d="M0,0 L8,4 L0,8Z" fill="{START}"/></marker></defs>'
)
"""The tip of an arrow."""


class Drawing(NamedTuple):
    """
    What a picture shows, in metres: x to the right and z downwards, so that north is up.

    Attributes:
        left, right: The edges.
        line: The line of the map.
        start: Both ends of the timing line.
        arrow: The direction of the lap, from its beginning to its tip.
        marks: Places every 500 m, and what is written there.
    """

    left: Points
    right: Points
    line: Points
    start: Points
    arrow: Points
    marks: Sequence[tuple[float, float, str]]


def drawing(found: TrackMap) -> Drawing:
    """Return what the picture of a map shows."""
    left = list(zip(*shape.beside(found.x, found.z, found.left), strict=True))
    right = list(zip(*shape.beside(found.x, found.z, [-width for width in found.right]), strict=True))
    aside = found.widths[1] / 2 + AWAY * max(max(column) - min(column) for column in (found.x, found.z))
    arrow = [found.at(at, aside) for at in (0.0, max(ARROW_M, found.length / 40))]
    places = [EVERY_M * k for k in range(1, math.ceil(found.length / EVERY_M))]
    marks = [(spot.x, spot.z, f"{at:.0f}") for at in places for spot in [found.at(at, -aside)]]
    return Drawing(
        left,
        right,
        list(zip(found.x, found.z, strict=True)),
        [left[0], right[0]],
        [(spot.x, spot.z) for spot in arrow],
        marks,
    )


class _View(NamedTuple):
    """From metres to the units of an SVG."""

    low_x: float
    low_z: float
    scale: float

    def at(self, x: float, z: float) -> tuple[float, float]:
        return (x - self.low_x) * self.scale + MARGIN, (z - self.low_z) * self.scale + MARGIN

    def path(self, points: Points, *, closed: bool = False) -> str:
        places = " L".join("{:.1f},{:.1f}".format(*self.at(x, z)) for x, z in points)
        return f"M{places}{'Z' if closed else ''}"


def svg(found: TrackMap, facts: Sequence[tuple[str, str]]) -> str:
    """
    Return the picture of a map as the text of an SVG.

    Args:
        found: The map.
        facts: Names and texts to write below it.
    """
    shown = drawing(found)
    xs, zs = zip(*shown.left, *shown.right, strict=True)
    scale = (SIZE - 2 * MARGIN) / max(max(xs) - min(xs), max(zs) - min(zs))
    view = _View(min(xs), min(zs), scale)
    right, bottom = view.at(max(xs), max(zs))
    edges = [view.path(edge, closed=True) for edge in (shown.left, shown.right)]
    dashes = "6 4" if found.borders in DASHED else "none"
    ruler = next(metres for metres in RULERS_M if metres * scale > SIZE / 20)
    ruled = [view.at(view.low_x + metres, max(zs))[0] for metres in (0, ruler)]
    below = bottom + MARGIN
    wide = max(right + MARGIN, SIZE / 2)
    high = below + LINE_HEIGHT * len(facts) + 40
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide:.0f} {high:.0f}" font-family="sans-serif">',
        f"<title>{escape(found.title)}</title>",
        _TIP,
        f'<rect width="100%" height="100%" fill="{GRASS}"/>',
        f'<path d="{" ".join(edges)}" fill="{ROAD}" fill-rule="evenodd"/>',
        *(_stroke(edge, EDGE, 1.5, dashes) for edge in edges),
        _stroke(view.path(shown.line, closed=True), LINE, 0.8, "4 4"),
        _stroke(view.path(shown.start), START, 4),
        _stroke(view.path(shown.arrow), START, 2).replace("/>", ' marker-end="url(#tip)"/>'),
        *(_text(*view.at(x, z), 13, text, "middle") for x, z, text in shown.marks),
        _stroke(f"M{ruled[0]:.1f},{below:.1f} H{ruled[1]:.1f}", EDGE, 3),
        _text(ruled[1] + 8, below + 4, 13, f"{ruler} m"),
        *(
            _text(MARGIN, below + LINE_HEIGHT * (i + 1.5), 15, f"{name}: {text}")
            for i, (name, text) in enumerate(facts)
        ),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _stroke(path: str, colour: str, width: float, dashes: str = "none") -> str:
    return f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="{width:g}" stroke-dasharray="{dashes}"/>'


def _text(x: float, y: float, size: int, text: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}">{escape(text)}</text>'


def png(found: TrackMap, facts: Sequence[tuple[str, str]], path: Path) -> None:
    """
    Write the picture of a map as PNG.

    Raises:
        ModuleNotFoundError: matplotlib is not installed.
        OSError: The file cannot be written.
    """
    import matplotlib as mpl  # noqa: PLC0415  an extra

    mpl.use("Agg")
    import matplotlib.pyplot as plt  # noqa: PLC0415  an extra

    shown = drawing(found)
    figure: Any = plt.figure(figsize=(10, 10), constrained_layout=True)  # pyright: ignore[reportUnknownMemberType]  # half typed
    axes: Any = figure.subplots()
    style = "--" if found.borders in DASHED else "-"
    for edge in (shown.left, shown.right):
        axes.plot(*zip(*edge, edge[0], strict=True), style, color=EDGE, linewidth=0.8)
    axes.plot(*zip(*shown.line, shown.line[0], strict=True), ":", color=ROAD, linewidth=0.8)
    axes.plot(*zip(*shown.start, strict=True), color=START, linewidth=3)
    axes.annotate("", shown.arrow[1], shown.arrow[0], arrowprops={"color": START, "arrowstyle": "->"})
    for x, z, text in shown.marks:
        axes.text(x, z, text, ha="center", va="center", fontsize=8)
    axes.invert_yaxis()
    axes.set(aspect="equal", xlabel="x, m", ylabel="z, m", title="\n".join(f"{name} {text}" for name, text in facts))
    figure.savefig(path, dpi=100, format="png")
    plt.close(figure)
