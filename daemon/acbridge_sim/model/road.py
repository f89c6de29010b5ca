"""
Lays roads the way they are built: straights and bends joined by clothoids, whose curvature grows evenly with distance.

The lengths of two straights are worked out so that the road closes. Angles grow when turning right, as the sim's
heading does. Metres everywhere.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple


class Straight(NamedTuple):
    """A piece without bend; ``None`` for a length that closes the track."""

    length: float | None


class Bend(NamedTuple):
    """
    A bend with a clothoid before and after its arc.

    Attributes:
        angle: Degrees, positive to the right.
        radius: Of the arc.
        ease: Length of each clothoid.
    """

    angle: float
    radius: float
    ease: float = 30.0


def lay(pieces: Sequence[Straight | Bend], step: float = 1.0) -> list[tuple[float, float]]:
    """
    Lay straights and bends behind one another from the origin, heading 0, and return the points.

    Exactly two straights must leave their length open; the bends must add up to 360 degrees either way.

    Raises:
        ValueError: The pieces cannot be closed.
    """
    turned = sum(piece.angle for piece in pieces if isinstance(piece, Bend))
    if abs(abs(turned) - 360) > 1e-6:
        raise ValueError(f"the bends add up to {turned:g} degrees; a closed track needs 360")
    headings = _headings(pieces)
    (x, z), unknown = _end(pieces), [i for i, piece in enumerate(pieces) if piece == Straight(None)]
    if len(unknown) != 2:
        raise ValueError(f"two straights must leave their length open, not {len(unknown)}")
    (ax, az), (bx, bz) = [(-math.sin(headings[i]), math.cos(headings[i])) for i in unknown]
    area = ax * bz - bx * az
    if abs(area) < 0.1:
        raise ValueError("the two open straights are nearly parallel and cannot close the track")
    lengths = ((-x * bz + bx * z) / area, (-ax * z + x * az) / area)
    if min(lengths) <= 0:
        raise ValueError(f"the open straights would be {lengths[0]:.0f} m and {lengths[1]:.0f} m long")
    closed = list(pieces)
    for i, length in zip(unknown, lengths, strict=True):
        closed[i] = Straight(length)
    return _points(closed, step)


def _headings(pieces: Sequence[Straight | Bend]) -> list[float]:
    headings = [0.0]
    for piece in pieces:
        headings.append(headings[-1] + (math.radians(piece.angle) if isinstance(piece, Bend) else 0.0))
    return headings


def _end(pieces: Sequence[Straight | Bend]) -> tuple[float, float]:
    """Return where the pieces end when open straights have no length."""
    return _points([Straight(0.0) if piece == Straight(None) else piece for piece in pieces], 0.25, end=True)[-1]


def _points(pieces: Sequence[Straight | Bend], step: float, *, end: bool = False) -> list[tuple[float, float]]:
    """Integrate heading along the pieces; with ``end`` the last point is kept, which else is the first again."""
    x = z = heading = 0.0
    points = [(x, z)]
    for piece in pieces:
        for bend, length in _curvatures(piece, step):
            middle = heading + bend * length / 2
            x -= math.sin(middle) * length
            z += math.cos(middle) * length
            heading += bend * length
            points.append((x, z))
    return points if end else points[:-1]


def _curvatures(piece: Straight | Bend, step: float) -> list[tuple[float, float]]:
    """Return curvature and length of short steps along a piece."""
    if isinstance(piece, Straight):
        length = piece.length or 0.0
        count = max(1, round(length / step))
        return [(0.0, length / count)] * count
    sign = math.copysign(1.0, piece.angle)
    arc = math.radians(abs(piece.angle)) * piece.radius - piece.ease
    if arc < 0:
        raise ValueError(
            f"a bend of {piece.angle:g} degrees and radius {piece.radius:g} m is shorter than its clothoids"
        )
    rising = max(2, round(piece.ease / step))
    into = [(sign / piece.radius * (i + 0.5) / rising, piece.ease / rising) for i in range(rising)]
    count = max(1, round(arc / step))
    return [*into, *[(sign / piece.radius, arc / count)] * count, *reversed(into)]
