"""What is learned of a car: its centre of gravity and how far its wheels roll, and what holds until then."""

import math
from typing import Any

import pytest

from acbridge import Graphics, Physics, Static
from acbridge.derived.deriver import Deriver
from acbridge_sim import World, layout
from deriving import Drive, moving, on_wheels

RADII = (0.3, 0.3, 0.32, 0.32)
FRONT_HEAVY: dict[str, Any] = {"front": 0.9, "rear": 1.6, "track": 0.0}
LOAD = (3200.0, 3200.0, 1800.0, 1800.0)
"""N: 64 % on the front axle, as with the centre of gravity 0.9 m behind it and 1.6 m ahead of the rear axle."""


def rolling(speed: float, gain: float) -> tuple[float, ...]:
    return tuple(speed / (gain * radius) for radius in RADII)


def drive(speed: float, gain: float, **values: Any) -> Drive:
    fields: dict[str, Any] = {
        **on_wheels(0.4, **FRONT_HEAVY),
        **moving(speed),
        "carCoordinates": (0.0, 0.0, 0.0),
        "wheelLoad": LOAD,
        "tyreRadius": RADII,
        "wheelAngularSpeed": rolling(speed, gain),
    }
    return Drive(**fields | values)


def test_the_centre_of_gravity_is_learned_at_steady_speed_before_the_car_has_stood() -> None:
    car = drive(30.0, 1.0025)
    before = car.tick(**moving(20.0, 0.0, 0.5)).slip_angle
    assert math.atan2(-0.5 * 1.25, 20.0) == pytest.approx(before[2] if before else None)
    car.tick(**moving(30.0))
    car.go(330)
    after = car.tick(**moving(20.0, 0.0, 0.5)).slip_angle
    assert math.atan2(-0.5 * 1.6, 20.0) == pytest.approx(after[2] if after else None, rel=0.001)


@pytest.mark.parametrize("unsteady", [{"accG": (0.0, 0.0, -0.2)}, {"pitch": 0.1}, {"wheelLoad": (0.0,) * 4}])
def test_no_centre_is_learned_from_loads_that_shift(unsteady: dict[str, Any]) -> None:
    car = drive(30.0, 1.0025, **unsteady)
    car.go(990)
    assert "estimated" == car.record.slip_calibration
    found = car.tick(**moving(20.0, 0.0, 0.5)).slip_angle
    assert math.atan2(-0.5 * 1.25, 20.0) == pytest.approx(found[2] if found else None)


@pytest.mark.parametrize("gain", [1.0015, 1.01, 1.024])
def test_the_rolling_radius_is_learned_at_the_speed_at_which_the_wheels_roll(gain: float) -> None:
    car = drive(25.0, gain)
    assert "estimated" == car.record.slip_calibration
    assert (1.0025 / gain - 1,) * 4 == pytest.approx(car.record.slip_ratio, abs=1e-9)
    car.go(330)
    assert "learned" == car.record.slip_calibration
    assert (0.0,) * 4 == pytest.approx(car.record.slip_ratio, abs=1e-6)
    slower = car.tick(**moving(15.0), wheelAngularSpeed=rolling(15.0, gain))
    assert "estimated" == slower.slip_calibration  # not at this speed


@pytest.mark.parametrize("pushed", [{"gas": 0.3}, {"brake": 0.1}, {"localAngularVel": (0.0, 0.2, 0.0)}])
def test_no_radius_is_learned_from_wheels_that_do_not_roll_freely(pushed: dict[str, Any]) -> None:
    car = drive(25.0, 1.02)
    car.go(30, **pushed)
    car.go(600)
    assert "estimated" == car.record.slip_calibration


@pytest.mark.parametrize("radius", [0.0, -0.3, 0.05, 1.1, math.nan])
@pytest.mark.parametrize("every", [1, 5, 17])
def test_a_wheel_that_stands_at_speed_is_locked_whatever_its_radius(radius: float, every: int) -> None:
    car = Drive(**on_wheels(), **moving(50.0), tyreRadius=(0.3, 0.3, radius, radius), wheelAngularSpeed=(166.0,) * 4)
    car.tick(brake=1.0, wheelAngularSpeed=(166.0, 166.0, 0.0, 0.0))
    for _ in range(30 // every + 1):
        car.tick(every)
    assert (False, False, True, True) == car.record.locked_wheels
    assert car.record.wheel_lock_detected is True
    ratios = car.record.slip_ratio
    assert ratios is not None
    assert [False, False, True, True] == [math.isnan(ratio) for ratio in ratios]


def test_a_wheel_without_a_radius_that_turns_may_be_locked_or_not() -> None:
    car = Drive(**on_wheels(), **moving(50.0), wheelAngularSpeed=(166.0,) * 4, brake=1.0, gas=1.0)
    car.go(300)
    assert ((None,) * 4, None) == (car.record.locked_wheels, car.record.wheel_lock_detected)
    assert ((None,) * 4, None) == (car.record.spinning_wheels, car.record.wheel_spin_detected)
    assert car.record.slip_ratio is None
    calm = car.tick(brake=0.0, gas=0.0)
    assert ((False,) * 4, (False,) * 4) == (calm.locked_wheels, calm.spinning_wheels)


@pytest.mark.long
def test_a_car_met_at_speed_has_the_slip_angles_of_one_met_in_its_box() -> None:
    world = World(track=layout("oval"))
    known, met = Deriver(), Deriver()
    static, worst = Static.from_page(world.pages()[2]), 0.0
    for tick in range(8000):
        world.step(5)
        pages = world.pages()
        physics, graphics = Physics.from_page(pages[0]), Graphics.from_page(pages[1])
        expected, _ = known.tick(physics, graphics, static)
        if tick < 2000:
            continue
        record, _ = met.tick(physics, graphics, static)
        if tick > 4000 and record.slip_angle is not None and expected.slip_angle is not None:
            worst = max(worst, *(abs(a - b) for a, b in zip(record.slip_angle, expected.slip_angle, strict=True)))
    assert 0.0 < worst < 0.0005
