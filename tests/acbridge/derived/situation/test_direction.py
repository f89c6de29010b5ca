"""The wrong way: driving against the AI line."""

import math
from typing import Any

import pytest

from acbridge import Thresholds
from deriving import Drive, moving

NAN = math.nan


def limits(**values: float) -> Thresholds:
    return Thresholds().changed(values)


def way(begin: float, speed: float, seconds: float) -> list[float]:
    """Return where a car is on a line of 1000 m that it drives along at a speed in m/s, every 15 ms."""
    return [(begin + speed * 0.015 * i / 1000) % 1.0 for i in range(1, round(seconds / 0.015) + 1)]


def wrong(drive: Drive, places: list[float], **values: Any) -> list[bool | None]:
    return [drive.tick(5, normalizedCarPosition=place, **values).wrong_way for place in places]


def on_line(place: float = 0.5, thresholds: Thresholds | None = None, **values: Any) -> Drive:
    usual: dict[str, Any] = {"trackSPlineLength": 1000.0, "normalizedCarPosition": place, "gear": 3, **moving(20.0)}
    return Drive(thresholds, **usual | values)


def test_driving_against_the_line_for_1_5_s_is_the_wrong_way() -> None:
    drive = on_line()
    said = wrong(drive, way(0.5, -20.0, 3.0))
    assert [False] * 100 + [True] * 100 == said
    assert [False] * 20 == wrong(drive, way(0.44, 20.0, 0.3))


def test_driving_along_the_line_is_never_the_wrong_way() -> None:
    drive = on_line(0.0, limits(wrong_way_s=0.0))
    assert not any(wrong(drive, way(0.0, 20.0, 120.0)))  # twice round, over the wrap


def test_the_wrap_from_1_to_0_is_forward() -> None:
    drive = on_line(0.998, limits(wrong_way_s=0.0))
    assert [False] * 5 == wrong(drive, [0.999, 1.0, 0.0, 0.001, 0.002])


def test_the_wrap_from_0_to_1_is_backward() -> None:
    drive = on_line(0.003, limits(wrong_way_s=0.0))
    assert [True] * 4 == wrong(drive, [0.002, 0.001, 0.999, 0.998])


def test_the_direction_is_kept_while_pages_repeat_the_place() -> None:
    drive = on_line()
    said = wrong(drive, [place for place in way(0.5, -40.0, 1.5) for _ in range(2)])  # each page is seen twice
    assert [False] * 100 + [True] * 100 == said


@pytest.mark.parametrize(
    "fair",
    [
        {"gear": 0},
        moving(10.0 / 3.6),
        moving(-20.0),  # it slides or rolls backward
        moving(NAN),
        {"trackSPlineLength": 0.0},
    ],
)
def test_going_back_is_not_always_driving_the_wrong_way(fair: dict[str, Any]) -> None:
    drive = on_line(0.5, limits(wrong_way_s=0.0), **fair)
    assert not any(wrong(drive, way(0.5, -20.0, 3.0)))
    drive = on_line(0.5, limits(wrong_way_s=0.0))
    assert all(wrong(drive, way(0.5, -20.0, 3.0)))  # but for that, it is


@pytest.mark.parametrize("place", [NAN, -0.1, 1.1])
def test_a_position_outside_the_lap_gives_no_direction(place: float) -> None:
    drive = on_line(0.5, limits(wrong_way_s=0.0))
    assert [False, False, False] == wrong(drive, [0.51, place, 0.511])
    assert [True, True, False] == wrong(drive, [0.510, place, 0.511])
