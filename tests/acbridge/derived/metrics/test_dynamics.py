"""The dynamics of the derived record, for pages whose answers are known."""

import math
from typing import Any

import pytest

from acbridge import Derived, Thresholds
from deriving import HEADINGS, Drive, moving, on_wheels

NAN, INF = math.nan, math.inf
FIRST, NONE, REAR = (True, False, False, False), (False,) * 4, (False, False, True, True)
RADII = (0.3, 0.3, 0.32, 0.32)


def derived(**values: Any) -> Derived:
    """Derive from pages of zeros but for some fields."""
    return Drive(**values).record


def rolling(speed: float) -> tuple[float, ...]:
    """Return how fast wheels turn that neither lock nor spin, rad/s."""
    return tuple(speed / (1.0025 * radius) for radius in RADII)


def test_a_right_hand_bend_accelerates_to_the_right() -> None:
    bend = derived(accG=(-1.25, 0.1, 0.0))
    assert (1.25, 0.0) == (bend.acc_right_g, bend.acc_forward_g)


def test_braking_accelerates_backward() -> None:
    braking = derived(accG=(0.0, 0.1, -0.75))
    assert (0.0, -0.75) == (braking.acc_right_g, braking.acc_forward_g)


@pytest.mark.parametrize(
    ("forward", "left", "angle"),
    [
        (20.0, 0.0, 0.0),
        (20.0, 20.0 * math.tan(0.1), 0.1),
        (20.0, -20.0 * math.tan(0.1), -0.1),
        (5.0, 5.0, math.pi / 4),
        (3.1, 0.0, 0.0),
    ],
)
def test_the_body_s_slip_angle_is_positive_to_the_left(forward: float, left: float, angle: float) -> None:
    assert angle == pytest.approx(derived(localVelocity=(left, 0.3, forward)).body_slip_angle)


@pytest.mark.parametrize("forward", [3.0, 0.0, -30.0, NAN])
def test_a_car_that_hardly_moves_forward_has_no_body_slip_angle(forward: float) -> None:
    assert derived(localVelocity=(1.0, 0.0, forward)).body_slip_angle is None


@pytest.mark.parametrize("heading", HEADINGS)
@pytest.mark.parametrize("side", [1.0, -1.0])
def test_wheels_that_roll_through_a_crab_walk_slip_by_its_angle_alone(heading: float, side: float) -> None:
    found = derived(
        **on_wheels(heading, at=(-300.0, 120.0)),
        **moving(20.0, side * 20.0 * math.tan(0.1)),
        tyreRadius=RADII,
        wheelAngularSpeed=rolling(20.0),
    )
    assert (0.0,) * 4 == pytest.approx(found.slip_ratio, abs=1e-9)
    assert (side * 0.1,) * 4 == pytest.approx(found.slip_angle)
    assert side * 0.1 == pytest.approx(found.body_slip_angle)


@pytest.mark.parametrize("heading", HEADINGS)
def test_the_centre_of_gravity_learned_at_a_standstill_counts_at_speed(heading: float) -> None:
    geometry: dict[str, Any] = {"front": 0.9, "rear": 1.6, "track": 0.0}
    drive = Drive(**on_wheels(heading, **geometry))
    moved = on_wheels(heading, at=(5.0, 5.0), **geometry) | {"carCoordinates": (4.0, 0.8, 4.0)}  # of a frame before
    found = drive.tick(100, **moved, **moving(20.0, 0.0, 0.5))
    front, rear = math.atan2(0.5 * 0.9, 20.0), math.atan2(-0.5 * 1.6, 20.0)
    assert (front, front, rear, rear) == pytest.approx(found.slip_angle)


@pytest.mark.parametrize("forward", [3.01, -3.01, 50.0])
def test_above_3_m_s_there_is_slip(forward: float) -> None:
    found = derived(**on_wheels(), **moving(forward), tyreRadius=RADII)
    assert (-1.0,) * 4 == pytest.approx(found.slip_ratio)
    assert (0.0,) * 4 == pytest.approx(found.slip_angle)


@pytest.mark.parametrize("velocity", [moving(3.0), moving(-3.0), moving(0.0), moving(2.0, 30.0), moving(NAN)])
def test_up_to_3_m_s_forward_there_is_none(velocity: dict[str, Any]) -> None:
    found = derived(**on_wheels(), **velocity, tyreRadius=RADII)
    assert (None, None) == (found.slip_ratio, found.slip_angle)


def test_from_which_speed_there_is_slip_can_be_changed() -> None:
    limits = Thresholds().changed({"min_speed": 10.0})
    slow, fast = (Drive(limits, **on_wheels(), **moving(speed), tyreRadius=RADII).record for speed in (10.0, 10.1))
    assert (None, None, None) == (slow.slip_ratio, slow.slip_angle, slow.body_slip_angle)
    assert ((-1.0,) * 4, (0.0,) * 4, 0.0) == (fast.slip_ratio, fast.slip_angle, fast.body_slip_angle)


def test_a_car_that_does_not_say_its_wheels_has_slip_angles_only() -> None:
    found = derived(**on_wheels(), **moving(20.0))
    assert (None, (0.0,) * 4) == (found.slip_ratio, found.slip_angle)


def test_a_sim_without_contact_points_has_slip_ratios_only() -> None:
    found = derived(**moving(20.0), tyreRadius=RADII)
    assert ((-1.0,) * 4, None) == (found.slip_ratio, found.slip_angle)


def bend(radius: float, speed: float, more: float = 0.0, heading: float = 0.7) -> Derived:
    """Drive round a bend to the left (radius positive, m) as Ackermann steers it, and by so many rad more."""
    steer = [math.atan(2.6 / (radius - aside)) + more * math.copysign(1.0, radius) for aside in (0.75, -0.75)]
    return derived(
        **on_wheels(heading, front=1.2, rear=1.4, track=1.5, steer=(*steer, 0.0, 0.0)),
        **moving(speed, speed * 1.4 / radius, speed / radius),
    )


@pytest.mark.parametrize("heading", HEADINGS)
@pytest.mark.parametrize("radius", [50.0, -50.0, 120.0, -120.0])
def test_wheels_steered_as_the_bend_needs_have_no_understeer(radius: float, heading: float) -> None:
    assert 0.0 == pytest.approx(bend(radius, 15.0, heading=heading).understeer_angle, abs=2e-4)


@pytest.mark.parametrize("radius", [50.0, -50.0])
@pytest.mark.parametrize("more", [0.05, -0.05, -0.2])
def test_steering_beyond_what_the_bend_needs_is_understeer_both_ways(radius: float, more: float) -> None:
    assert more == pytest.approx(bend(radius, 15.0, more).understeer_angle, abs=2e-4)


@pytest.mark.parametrize(
    ("velocity", "known"),
    [
        (moving(8.01, 0.0, 0.5), True),
        (moving(8.0, 0.0, 0.5), False),
        (moving(-20.0, 0.0, 0.5), False),
        (moving(NAN, 0.0, 0.5), False),
        (moving(20.0, 0.0, 0.051), True),
        (moving(20.0, 0.0, -0.051), True),
        (moving(20.0, 0.0, 0.05), False),
        (moving(20.0, 0.0, -0.05), False),
        (moving(20.0, 0.0, 0.0), False),
        (moving(20.0, 0.0, NAN), False),
    ],
)
def test_the_understeer_angle_is_known_only_at_speed_in_a_bend(velocity: dict[str, Any], known: bool) -> None:
    assert known is (derived(**on_wheels(), **velocity).understeer_angle is not None)


def test_without_contact_points_the_understeer_angle_is_none() -> None:
    assert derived(**moving(20.0, 0.0, 0.5)).understeer_angle is None


@pytest.mark.parametrize(
    ("slip", "average"),
    [
        ((0.0, 0.0, 0.0, 0.0), 0.0),
        ((0.5, 1.0, 1.5, 2.0), 1.25),
        ((INF, 10.0, 12.0, 1e6), 10.0),
        ((1e6, NAN, 0.5, 0.5), 5.25),
    ],
)
def test_wheel_slip_is_cut_at_10_before_it_is_averaged(slip: tuple[float, ...], average: float) -> None:
    assert average == derived(wheelSlip=slip).avg_wheel_slip


def test_grip_is_used_up_at_a_wheel_slip_of_1() -> None:
    found = derived(wheelSlip=(0.25, 1.0, 1.01, NAN))
    assert (0.25, 1.0, 1.0, 1.0) == found.grip_used
    assert (False, False, True, True) == found.wheels_past_peak


def test_a_wheel_is_locked_once_it_has_stood_for_30_ms_and_until_it_turns() -> None:
    fl, fr, rl, rr = rolling(50.0)
    drive = Drive(**on_wheels(), **moving(50.0), tyreRadius=RADII, wheelAngularSpeed=(fl, fr, rl, rr))
    drive.tick(brake=1.0, wheelAngularSpeed=(0.0, fr, rl, rr))
    reported: list[tuple[bool | None, tuple[bool | None, ...]]] = []
    for ms, share in ((27, 0.0), (3, 0.0), (3, 0.89), (3, 0.91), (27, 0.0), (3, 0.0), (3, 0.0)):
        record = drive.go(ms, wheelAngularSpeed=(fl * share, fr, rl, rr))
        assert (share - 1, 0.0, 0.0, 0.0) == pytest.approx(record.slip_ratio, abs=1e-9)
        reported.append((record.wheel_lock_detected, record.locked_wheels))
    yes, no = (True, FIRST), (False, NONE)
    assert [no, yes, yes, no, no, no, yes] == reported
    assert drive.tick(brake=0.0).wheel_lock_detected is False


def test_ticks_too_far_apart_do_not_say_whether_a_wheel_is_locked() -> None:
    drive = Drive(**moving(-50.0), tyreRadius=RADII, wheelAngularSpeed=rolling(-50.0))
    for _ in range(3):
        record = drive.tick(34, brake=1.0, wheelAngularSpeed=(0.0,) * 4)
        assert ((None,) * 4, None) == (record.locked_wheels, record.wheel_lock_detected)
    assert ((True,) * 4, True) == (drive.tick(33).locked_wheels, drive.record.wheel_lock_detected)
    assert (True,) * 4 == drive.tick(100).locked_wheels  # it has not let go at either end
    assert (False,) * 4 == drive.tick(100, wheelAngularSpeed=rolling(-50.0)).locked_wheels


def test_wheels_spin_once_they_have_turned_too_fast_for_30_ms_and_until_they_grip() -> None:
    fl, fr, rl, rr = rolling(10.0)
    drive = Drive(**on_wheels(), **moving(10.0), tyreRadius=RADII, wheelAngularSpeed=(fl, fr, rl, rr))
    drive.tick(gas=1.0, wheelAngularSpeed=(fl, fr, 1.4 * rl, 1.4 * rr))
    reported: list[tuple[bool | None, tuple[bool | None, ...]]] = []
    for ms, share in ((27, 1.4), (3, 1.4), (3, 1.11), (3, 1.09)):
        record = drive.go(ms, wheelAngularSpeed=(fl, fr, share * rl, share * rr))
        reported.append((record.wheel_spin_detected, record.spinning_wheels))
    assert [(False, NONE), (True, REAR), (True, REAR), (False, NONE)] == reported


def test_wheels_that_spin_at_a_standstill_are_reported_without_a_slip_ratio() -> None:
    drive = Drive(**on_wheels(), tyreRadius=RADII, gas=1.0)
    record = drive.go(60, wheelAngularSpeed=(0.0, 0.0, 40.0, 40.0))
    assert (REAR, None) == (record.spinning_wheels, record.slip_ratio)


def test_gas_and_brake_overlap_by_the_smaller() -> None:
    assert [0.25, 0.25, 0.0] == [
        derived(gas=gas, brake=brake).brake_throttle_overlap for gas, brake in ((0.25, 0.5), (1.0, 0.25), (0.0, 1.0))
    ]


def test_driver_aids_are_reported_as_settings() -> None:
    found = derived(tc=0.125, abs=0.25)
    assert (0.125, 0.25) == (found.tc_setting, found.abs_setting)


def test_gears_are_numbered_as_a_driver_counts() -> None:
    assert [-1, 0, 1, 6] == [derived(gear=gear).gear_number for gear in (0, 1, 2, 7)]
