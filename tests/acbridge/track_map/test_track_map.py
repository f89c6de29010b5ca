"""A map closes, has its limits, and knows its places."""

import math
from dataclasses import replace
from typing import Any

import pytest

from acbridge.track_map import Borders, TrackMap
from acbridge_sim import layout, map_of


def ring(count: int = 200, radius: float = 100.0, half_width: float = 5.0, **changes: Any) -> TrackMap:
    """Return a circle that turns right."""
    angles = [2 * math.pi * i / count for i in range(count)]
    step = 2 * radius * math.sin(math.pi / count)
    values: dict[str, Any] = {
        "name": "ring",
        "configuration": "",
        "length": count * step,
        "s": tuple(i * step for i in range(count)),
        "x": tuple(radius * math.cos(a) for a in angles),
        "y": (0.0,) * count,
        "z": tuple(radius * math.sin(a) for a in angles),
        "left": (half_width,) * count,
        "right": (half_width,) * count,
        "speed": None,
        "borders": Borders.FILE,
        "origin": "a test",
    }
    return TrackMap(**values | changes)


def with_value(found: TrackMap, name: str, i: int, value: float) -> dict[str, Any]:
    column = list(getattr(found, name))
    column[i] = value
    return {name: tuple(column)}


@pytest.mark.parametrize("name", ["circuit", "oval"])
@pytest.mark.parametrize("offset", [-4.0, 0.0, 2.5])
def test_a_place_of_the_map_is_that_of_the_track(name: str, offset: float) -> None:
    track = layout(name)
    found = map_of(track)
    for distance in (-12.5, 0.0, 1.0, 777.7, track.length - 0.1, track.length + 5):
        x, z, heading = track.point(distance, offset)
        spot = found.at(distance, offset)
        assert (spot.x, spot.z) == pytest.approx((x, z), abs=1e-3)
        assert math.remainder(spot.heading - heading, 2 * math.pi) == pytest.approx(0, abs=1e-4)
        assert spot.y == pytest.approx(track.ground(*track.point(distance)[:2])[0], abs=0.01)


def test_a_map_knows_its_width_its_spacing_and_whether_it_is_even() -> None:
    found = ring(**with_value(ring(), "left", 3, 7.0))
    assert ((10.0, 12.0), True) == (found.widths, found.even)
    assert found.spacing == pytest.approx(math.pi, abs=0.001)
    assert not ring(**with_value(found, "s", 3, found.s[3] + 0.01)).even


@pytest.mark.parametrize("spacing", [1.0, 2.0, 7.0])
def test_a_resampled_ring_is_round(spacing: float) -> None:
    found = ring().resampled(spacing)
    assert found.even
    assert found.spacing == pytest.approx(spacing, rel=0.01)
    assert {round(math.hypot(x, z), 2) for x, z in zip(found.x, found.z, strict=True)} == {100.0}
    assert found.resampled(spacing) is found


def test_equal_maps_have_one_sha_and_others_another() -> None:
    assert ring().sha == ring().sha
    assert len({ring().sha, ring(name="other").sha, ring(**with_value(ring(), "left", 3, 5.1)).sha}) == 3


@pytest.mark.parametrize("name", ["..", "a/b", "a\\b", "c:", "", " a", "a.", "a\n", "x" * 65])
def test_a_name_that_no_folder_has_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="not the name of a track"):
        ring(name=name)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (with_value(ring(), "x", 5, math.nan), "x of point 6 is nan"),
        (with_value(ring(), "left", 5, math.inf), "left of point 6 is inf"),
        (with_value(ring(), "y", 5, 1e6), "y of point 6 is 1e.06, which is not finite or too large"),
        ({"speed": (250.0,) * 200}, "speed of point 1 is 250"),
        ({"speed": (50.0,) * 199}, "different lengths"),
        ({"length": math.nan}, "length is nan"),
        ({"length": 900.0}, "from point 200 to the next it is 274"),
        (with_value(ring(), "s", 0, 0.1), "first point is at 0.1 m"),
        (with_value(ring(), "s", 4, 3 * math.pi), r"from point 4 to the next it is 0\.00 m along the line"),
        (with_value(ring(), "x", 4, 103.0), r"from point 4 to the next it is 3\.14 m along the line, and 4\.\d"),
        (with_value(ring(), "left", 4, -0.5), r"edge at point 5 is -0\.50 m away"),
        (with_value(ring(), "left", 4, 56.0), r"edges at point 5 are 61\.0 m apart"),
        ({"left": (0.5,) * 200, "right": (1.0,) * 200}, r"1\.5 m apart; 2 to 60 m are allowed"),
    ],
)
def test_what_cannot_be_a_track_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ring(**changes)


@pytest.mark.parametrize(("count", "message"), [(12, "points, not 12"), (100_001, "points, not 100001")])
def test_too_few_and_too_many_points_are_refused(count: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ring(count, radius=count / math.pi)


def test_an_open_line_is_refused() -> None:
    arc = ring(300, 200.0)
    columns: dict[str, Any] = {name: column[:200] for name, column in arc.columns.items()}
    with pytest.raises(ValueError, match="no closed track: from its last point to its first it is 3"):
        replace(arc, **columns, length=arc.s[200])


def test_borders_that_cross_are_refused() -> None:
    with pytest.raises(ValueError, match="its right border crosses itself near"):
        ring(60, radius=20.0, left=(5.0,) * 60, right=(25.0,) * 30 + (5.0,) * 30)


def eight(height: float) -> TrackMap:
    """Return a track that crosses itself, one way this much higher than the other."""
    count = 400
    x = [300 * math.sin(2 * math.pi * i / count) for i in range(count)]
    z = [150 * math.sin(4 * math.pi * i / count) for i in range(count)]
    y = [height * (1 + math.cos(2 * math.pi * i / count)) / 2 for i in range(count)]
    s, total = [0.0], 0.0
    for i in range(count):
        total += math.dist((x[i], z[i]), (x[(i + 1) % count], z[(i + 1) % count]))
        s.append(total)
    both = (5.0,) * count
    return TrackMap(
        "eight", "", total, tuple(s[:-1]), tuple(x), tuple(y), tuple(z), both, both, None, Borders.FILE, "a test"
    )


def test_a_track_may_cross_itself_on_a_bridge_only() -> None:
    with pytest.raises(ValueError, match=r"its line crosses itself near x -?0 m, z -?0 m"):
        eight(2.0)
    assert eight(8.0).widths == (10.0, 10.0)
