"""Impacts: rises of the damage of one side."""

import math
from typing import Any

import pytest

from acbridge import EventKind, Thresholds
from deriving import Drive

NAN = math.nan


def hit(front: float = 0.0, rear: float = 0.0, left: float = 0.0, right: float = 0.0) -> dict[str, Any]:
    return {"carDamage": (front, rear, left, right, max(front, rear, left, right))}


def limits(**values: float) -> Thresholds:
    return Thresholds().changed(values)


def impacts(drive: Drive) -> list[tuple[str | None, float | None]]:
    return [(event.zone, event.impact_kmh) for event in drive.of(EventKind.IMPACT)]


@pytest.mark.parametrize("zone", ["front", "rear", "left", "right"])
def test_an_impact_is_emitted_once_when_it_is_over(zone: str) -> None:
    drive = Drive()
    drive.tick(**hit(**{zone: 13.5}))
    drive.go(99)
    assert [] == impacts(drive)
    drive.go(3)
    assert [(zone, 13.5)] == impacts(drive)
    drive.go(3000, every=30)
    assert [(zone, 13.5)] == impacts(drive)


def test_rises_within_a_tenth_of_a_second_are_one_impact() -> None:
    drive = Drive()
    for damage in (4.0, 9.0, 13.5):
        drive.tick(10, **hit(front=damage))
    drive.go(600)
    assert [("front", 13.5)] == impacts(drive)


def test_a_side_that_is_hit_harder_later_was_hit_again() -> None:
    drive = Drive()
    drive.go(600, **hit(front=10.0))
    drive.go(600, **hit(front=25.0))
    assert [("front", 10.0), ("front", 25.0)] == impacts(drive)


def test_each_side_has_its_own_impact() -> None:
    drive = Drive()
    drive.tick(**hit(front=30.0))
    drive.go(51)
    drive.go(600, **hit(front=30.0, left=12.0))
    assert [("front", 30.0), ("left", 12.0)] == impacts(drive)


def test_a_small_rise_is_no_impact() -> None:
    drive = Drive()
    drive.go(600, **hit(rear=1.0))
    assert [] == impacts(drive)
    drive.go(600, **hit(rear=1.01))
    drive.go(600, **hit(rear=2.0))
    assert [("rear", 1.01)] == impacts(drive)


def test_damage_met_is_no_impact() -> None:
    drive = Drive(**hit(40.0, 30.0, 20.0, 10.0))
    drive.go(600)
    assert [] == impacts(drive)
    drive.go(600, **hit(41.5, 30.0, 20.0, 10.0))
    assert [("front", 41.5)] == impacts(drive)


def test_a_repair_is_no_impact_and_the_next_one_counts_again() -> None:
    drive = Drive()
    drive.go(600, **hit(front=40.0, left=20.0))
    drive.go(600, **hit(left=5.0))
    assert [("front", 40.0), ("left", 20.0)] == impacts(drive)
    drive.go(600, **hit(front=8.0, left=7.0))
    assert [("front", 8.0), ("left", 7.0)] == impacts(drive)[2:]


def test_an_impact_after_a_repair_that_cut_one_short_has_its_own_size() -> None:
    drive = Drive(**hit(front=10.0))
    drive.go(30, **hit(front=60.0))
    drive.go(600)  # still 60 for long enough
    drive.go(30, **hit(front=90.0))
    drive.go(600, **hit())  # repaired before that impact was over
    drive.go(600, **hit(front=20.0))
    assert [("front", 60.0), ("front", 20.0)] == impacts(drive)


def test_the_largest_of_the_zones_is_not_one_of_them() -> None:
    drive = Drive()
    drive.go(600, carDamage=(0.0, 0.0, 0.0, 0.0, 50.0))
    assert [] == impacts(drive)


def test_damage_that_is_not_a_number_is_none() -> None:
    drive = Drive(carDamage=(NAN, 0.0, 0.0, 0.0, 0.0))
    drive.go(600, carDamage=(20.0, NAN, 0.0, 0.0, 20.0))
    drive.go(600, carDamage=(NAN, 0.0, 0.0, 0.0, 20.0))
    drive.go(600, carDamage=(20.0, 0.0, 0.0, 0.0, 20.0))
    assert [("front", 20.0)] == impacts(drive)


def test_what_is_an_impact_can_be_changed() -> None:
    drive = Drive(limits(impact_rise=5.0, impact_s=0.0))
    drive.tick(**hit(front=5.0))
    assert [] == impacts(drive)
    drive.tick(**hit(front=5.1))
    assert [("front", 5.1)] == impacts(drive)
