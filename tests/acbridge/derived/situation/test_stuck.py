"""Stuck: a car that wants to go on and cannot."""

import math
from typing import Any

import pytest

from deriving import Drive, moving

NAN = math.nan


def test_gas_without_speed_for_3_s_is_stuck() -> None:
    drive = Drive(gear=2, clutch=1.0)
    drive.tick(gas=0.21, **moving(0.83))  # 2.99 km/h
    assert drive.go(2997, every=27).stuck is False
    assert drive.go(3).stuck is True
    assert drive.tick(**moving(0.84)).stuck is False


@pytest.mark.parametrize(
    "freely",
    [
        {"gas": 0.2},
        {"gas": 1.0, "clutch": 0.0},  # the pedal is down
        {"gas": 1.0, "brake": 0.06},  # it is held on purpose
        {"gas": 1.0, "gear": 1},  # it waits in neutral
        {"gas": 1.0, "speedKmh": 3.0},
        {"gas": 1.0, "isInPitLane": 1},
        {"gas": 1.0, "sessionTimeLeft": math.inf},  # it waits for the lights
        {"gas": 1.0, "sessionTimeLeft": math.nan},  # the same from a recording, which has no inf
        {"gas": 1.0, "isInPit": 1},
        {"gas": NAN},
        {"numberOfTyresOut": 2},
        {"numberOfTyresOut": 4, "speedKmh": 5.0},
        {"numberOfTyresOut": 4, "isInPitLane": 1},
    ],
)
def test_a_car_that_could_go_on_is_not_stuck(freely: dict[str, Any]) -> None:
    usual: dict[str, Any] = {"gear": 2, "clutch": 1.0}
    drive = Drive(**usual | freely)
    for _ in range(100):
        assert drive.go(90, every=90).stuck is False


def test_no_speed_off_the_track_for_5_s_is_stuck() -> None:
    drive = Drive(numberOfTyresOut=3, **moving(1.38))  # 4.97 km/h
    assert drive.go(4998, every=6).stuck is False
    assert drive.go(3).stuck is True
    assert drive.go(99, numberOfTyresOut=2).stuck is True
    assert drive.go(6).stuck is False


def test_a_build_that_does_not_write_the_clutch_is_found_out_by_driving() -> None:
    drive = Drive(gear=2, gas=1.0)
    assert drive.go(6000, every=30).stuck is False
    drive.go(300, every=30, **moving(10.0))
    assert drive.go(6000, every=30, **moving(0.0)).stuck is True


def test_a_spell_of_gas_does_not_add_up() -> None:
    drive = Drive(gear=2, clutch=1.0)
    for _ in range(3):
        drive.go(2700, every=30, gas=1.0)
        drive.tick(gas=0.0)
    assert drive.record.stuck is False
