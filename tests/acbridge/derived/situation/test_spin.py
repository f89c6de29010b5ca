"""Spins: the car has turned round, or slid across until it stood."""

import math
from typing import Any

import pytest

from acbridge import EventKind
from deriving import Drive, moving, on_wheels

NAN = math.nan


def drifting(angle: float, speed: float = 20.0) -> dict[str, Any]:
    """Return the fields of a car whose body slips by an angle in rad."""
    return moving(speed * math.cos(angle), speed * math.sin(angle))


@pytest.mark.parametrize("angle", [1.58, -1.58, 3.1, -2.0])
def test_a_car_that_has_turned_round_for_a_fifth_of_a_second_has_spun(angle: float) -> None:
    drive = Drive(gear=3, **moving(20.0))
    drive.tick()
    drive.tick(**drifting(angle))
    drive.go(198)
    assert [] == drive.of(EventKind.SPIN)
    drive.go(3)
    assert 1 == len(drive.of(EventKind.SPIN))


@pytest.mark.parametrize(
    "fields",
    [
        drifting(1.56),
        drifting(-1.56),
        drifting(1.5, 5.0),
        drifting(math.pi) | {"gear": 0},
        moving(NAN, 20.0),
    ],
)
def test_a_car_that_does_not_slide_across_does_not_spin(fields: dict[str, Any]) -> None:
    drive = Drive(gear=3, **moving(20.0))
    drive.tick()
    drive.go(3000, every=30, **fields)
    assert [] == drive.of(EventKind.SPIN)


def test_a_slide_that_is_caught_in_time_is_no_spin() -> None:
    drive = Drive(gear=3, **moving(20.0))
    drive.tick()
    for _ in range(5):
        drive.go(198, **drifting(1.5))
        drive.tick(**drifting(1.1))
    assert [] == drive.of(EventKind.SPIN)


def test_a_drift_at_80_degrees_that_is_caught_is_no_spin() -> None:
    drive = Drive(gear=3, **moving(20.0))
    drive.tick()
    for _ in range(3):
        drive.go(900, **drifting(math.radians(80.0)))
        drive.go(900, **drifting(math.radians(-80.0)))
        drive.go(900, **drifting(0.1))
    assert [] == drive.of(EventKind.SPIN)


def test_a_car_that_slides_across_until_it_stands_has_spun() -> None:
    drive = Drive(gear=3, **moving(20.0))
    drive.tick()
    drive.go(900, **drifting(math.radians(80.0)))
    drive.go(600, **drifting(math.radians(80.0), 4.9))
    assert 1 == len(drive.of(EventKind.SPIN))


def test_a_spin_all_the_way_round_is_one() -> None:
    drive = Drive(gear=3)
    for i in range(127):
        drive.tick(5, **drifting(i * 0.05))
    drive.go(600, **drifting(0.0))
    assert 1 == len(drive.of(EventKind.SPIN))


def test_a_spin_that_wavers_is_one() -> None:
    drive = Drive(gear=3, **moving(20.0))
    drive.tick()
    for angle in (1.7, 0.31, 1.7, -0.5, -1.7):
        drive.go(600, every=30, **drifting(angle))
    assert 1 == len(drive.of(EventKind.SPIN))


@pytest.mark.parametrize(
    ("over", "spins"), [(drifting(0.29), 2), (drifting(-0.29), 2), (drifting(1.5, 5.0), 1), (moving(0.0), 1)]
)
def test_after_a_spin_another_takes_a_car_that_went_straight_again(over: dict[str, Any], spins: int) -> None:
    drive = Drive(gear=3, **moving(20.0))
    drive.tick()
    for fields in (drifting(2.0), over, drifting(2.0)):
        drive.go(600, every=30, **fields)
    assert spins == len(drive.of(EventKind.SPIN))


def test_a_car_that_rolls_backward_out_of_gear_does_not_spin() -> None:
    drive = Drive(gear=0, **moving(-8.0))
    drive.go(600, every=30)
    drive.go(600, every=30, gear=1)
    assert [] == drive.of(EventKind.SPIN)


def test_a_car_that_stops_on_a_slope_and_rolls_back_does_not_spin() -> None:
    drive = Drive(gear=3, **moving(20.0))
    drive.go(300, every=30)
    for speed in (8.0, 4.0, 0.0, -4.0, -8.0):
        drive.go(600, every=30, gear=1, **moving(speed))
    assert [] == drive.of(EventKind.SPIN)


def test_a_car_that_was_put_down_sideways_does_not_spin() -> None:
    drive = Drive(gear=3, **on_wheels(), **moving(20.0))
    drive.go(990, every=30, **on_wheels(at=(300.0, 400.0)), **drifting(2.0))
    assert [] == drive.of(EventKind.SPIN)
