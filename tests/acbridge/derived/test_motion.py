"""How the car moves: slip of wheels and body in states whose answers are known."""

import math
from typing import Any

import pytest

from acbridge.derived import motion
from acbridge.derived.motion import ContactGeometry, WheelPosition
from deriving import HEADINGS, ahead_of, on_wheels

NAN, INF = math.nan, math.inf
ZERO = (0.0, 0.0, 0.0)
BACK = (0.0, 0.0, -1.0)
"""The contact heading of a wheel that points along +z: it points backward."""


def stand(fields: dict[str, Any]) -> ContactGeometry | None:
    return motion.contact_geometry(fields["heading"], fields["tyreContactPoint"], fields["tyreContactHeading"])


@pytest.mark.parametrize("heading", HEADINGS)
def test_where_the_wheels_are_does_not_depend_on_where_the_car_looks(heading: float) -> None:
    found = stand(on_wheels(heading, at=(300.0, -700.0), front=1.2, rear=1.4, track=1.6, steer=(0.2, 0.18, 0.0, -0.02)))
    assert found is not None
    assert 2.6 == pytest.approx(found.wheelbase)
    x, z = ahead_of(heading, -0.1)  # the middle of the wheels lies behind the centre of gravity
    assert (300.0 + x, -700.0 + z) == pytest.approx((found.x, found.z))
    expected = ((1.3, 0.8, 0.2), (1.3, -0.8, 0.18), (-1.3, 0.8, 0.0), (-1.3, -0.8, -0.02))
    for place, wheel in zip(expected, found.wheels, strict=True):
        assert place == pytest.approx(tuple(wheel), abs=1e-9)


def test_a_car_at_heading_0_has_its_left_wheels_at_greater_x_and_its_front_at_greater_z() -> None:
    contacts = ((1.75, 0.0, 12.5), (0.25, 0.0, 12.5), (1.75, 0.0, 10.0), (0.25, 0.0, 10.0))
    found = motion.contact_geometry(0.0, contacts, (BACK, BACK, BACK, BACK))
    assert found is not None
    assert (1.0, 11.25, 2.5) == pytest.approx((found.x, found.z, found.wheelbase))
    assert (1.25, 0.75, 0.0) == pytest.approx(tuple(found.wheels[0]))
    assert (-1.25, -0.75, 0.0) == pytest.approx(tuple(found.wheels[3]))


def test_a_kart_stands_on_its_wheels_too() -> None:
    found = stand(on_wheels(front=0.4, rear=0.4, track=0.6))
    assert found is not None
    assert 0.8 == pytest.approx(found.wheelbase)


def test_a_wheel_steered_left_points_to_greater_x_at_heading_0() -> None:
    left = (-math.sin(0.1), 0.0, -math.cos(0.1))  # backward of a wheel that points forward and to +x
    found = motion.contact_geometry(0.0, on_wheels()["tyreContactPoint"], (left, left, BACK, BACK))
    assert found is not None
    assert [0.1, 0.1, 0.0, 0.0] == pytest.approx([wheel.steer for wheel in found.wheels])


def test_a_heading_grows_to_the_right() -> None:
    # At heading +pi/2 the car looks along -x: to someone who looks along +z, +x is left.
    contacts = ((-1.25, 0.0, 0.75), (-1.25, 0.0, -0.75), (1.25, 0.0, 0.75), (1.25, 0.0, -0.75))
    back = (1.0, 0.0, 0.0)
    found = motion.contact_geometry(math.pi / 2, contacts, (back, back, back, back))
    assert found is not None
    assert (1.25, 0.75, 0.0) == pytest.approx(tuple(found.wheels[0]), abs=1e-9)
    assert (-1.25, -0.75, 0.0) == pytest.approx(tuple(found.wheels[3]), abs=1e-9)


@pytest.mark.parametrize(
    "wrong",
    [
        {"tyreContactHeading": (ZERO, ZERO, ZERO, ZERO)},
        {"tyreContactPoint": (ZERO, ZERO, ZERO, ZERO)},
        {"tyreContactPoint": ((NAN, 0.0, 1.0), (-0.7, 0.0, 1.0), (0.7, 0.0, -1.0), (-0.7, 0.0, -1.0))},
        {"tyreContactPoint": ((0.7, 0.0, 1.0), (-0.7, 0.0, 1.0), (0.7, 0.0, -1.0), (-0.7, 0.0, NAN))},
        {"tyreContactPoint": ((0.7, 0.0, -1.0), (-0.7, 0.0, -1.0), (0.7, 0.0, 1.0), (-0.7, 0.0, 1.0))},
        {"tyreContactHeading": (BACK, BACK, BACK, (0.0, 0.0, NAN))},
        {"heading": math.pi / 2},  # wheels that stand across the car
        {"heading": NAN},
        {"heading": INF},
    ],
)
def test_pages_that_do_not_say_how_the_car_stands_have_no_stance(wrong: dict[str, Any]) -> None:
    assert stand(on_wheels()) is not None
    assert stand(on_wheels() | wrong) is None


@pytest.mark.parametrize(
    ("place", "forward", "left", "yaw_rate", "along", "across"),
    [
        (WheelPosition(1.2, 0.7, 0.0), 20.0, 0.0, 0.0, 20.0, 0.0),
        (WheelPosition(1.2, 0.7, 0.0), 20.0, 3.0, 0.0, 20.0, 3.0),
        (WheelPosition(1.2, 0.7, 0.0), 20.0, 0.0, 0.5, 19.65, 0.6),  # turning left, the left wheel is on the inside
        (WheelPosition(1.2, -0.7, 0.0), 20.0, 0.0, 0.5, 20.35, 0.6),
        (WheelPosition(-1.2, 0.7, 0.0), 20.0, 1.0, 0.5, 19.65, 0.4),  # the tail swings to the right
        (WheelPosition(-1.2, 0.7, 0.0), 20.0, 1.0, -0.5, 20.35, 1.6),
        (WheelPosition(1.2, 0.7, 0.1), 20.0, 0.0, 0.0, 20.0 * math.cos(0.1), -20.0 * math.sin(0.1)),
        (WheelPosition(1.2, 0.7, -0.1), 20.0, 0.0, 0.0, 20.0 * math.cos(0.1), 20.0 * math.sin(0.1)),
        (WheelPosition(1.2, 0.7, math.pi / 2), 20.0, 3.0, 0.0, 3.0, -20.0),
    ],
)
def test_a_wheel_moves_with_the_car_and_around_it(
    place: WheelPosition, forward: float, left: float, yaw_rate: float, along: float, across: float
) -> None:
    assert (along, across) == pytest.approx(motion.wheel_velocity(place, forward, left, yaw_rate))


@pytest.mark.parametrize(
    ("wheel_speed", "ground_speed", "ratio"),
    [
        (50.0 / 0.3, 50.0, 0.0),
        (0.0, 50.0, -1.0),
        (40.0 / 0.3, 50.0, -0.2),
        (75.0 / 0.3, 50.0, 0.5),
        (-50.0 / 0.3, 50.0, -2.0),
        (-50.0 / 0.3, -50.0, 0.0),
        (0.0, -50.0, -1.0),
        (-75.0 / 0.3, -50.0, 0.5),
        (0.0, 0.0, 0.0),
        (1.0 / 0.3, 0.0, 0.5),  # under 2 m/s it is a share of 2 m/s
        (0.0, 1.0, -0.5),
        (0.0, -1.0, -0.5),
        (0.0, 2.0, -1.0),
    ],
)
def test_a_slip_ratio_is_0_rolling_and_minus_1_locked_both_ways(
    wheel_speed: float, ground_speed: float, ratio: float
) -> None:
    assert ratio == pytest.approx(motion.slip_ratio(wheel_speed, 0.3, ground_speed))


@pytest.mark.parametrize(
    ("along", "across", "angle"),
    [
        (20.0, 0.0, 0.0),
        (20.0, 20.0 * math.tan(0.1), 0.1),
        (20.0, -20.0 * math.tan(0.1), -0.1),
        (-20.0, 20.0 * math.tan(0.1), 0.1),  # backward, too, the side counts
        (0.0, 1.0, math.pi / 2),
        (0.0, 0.0, 0.0),
    ],
)
def test_a_wheel_s_slip_angle_is_positive_when_it_slides_to_the_left(along: float, across: float, angle: float) -> None:
    assert angle == pytest.approx(motion.slip_angle(along, across))


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
    assert angle == pytest.approx(motion.body_slip_angle(forward, left, 3.0))


@pytest.mark.parametrize("forward", [3.0, 0.0, -30.0, NAN])
def test_a_car_that_hardly_moves_forward_has_no_body_slip_angle(forward: float) -> None:
    assert motion.body_slip_angle(forward, 1.0, 3.0) is None


@pytest.mark.parametrize("side", [1.0, -1.0])
@pytest.mark.parametrize(("more", "angle"), [(0.0, 0.0), (0.03, 0.03), (-0.12, -0.12)])
def test_the_understeer_angle_is_what_is_steered_beyond_the_bend(side: float, more: float, angle: float) -> None:
    # 20 m/s on a radius of 50 m with a wheelbase of 2.5 m: the bend needs 0.05 rad.
    assert angle == pytest.approx(motion.understeer_angle(side * (0.05 + more), 2.5, side * 0.4, 20.0))


@pytest.mark.parametrize(
    ("slip", "average"),
    [
        ((0.0, 0.0, 0.0, 0.0), 0.0),
        ((0.5, 1.0, 1.5, 2.0), 1.25),
        ((1e6, 0.0, 0.0, 0.0), 2.5),
        ((INF, 10.0, 12.0, 1e6), 10.0),
        ((0.0, 0.0, NAN, 0.0), 2.5),
        ((1e6, NAN, 0.5, 0.5), 5.25),
    ],
)
def test_wheel_slip_is_cut_before_it_is_averaged(slip: tuple[float, float, float, float], average: float) -> None:
    assert average == motion.avg_wheel_slip(slip, 10.0)


def test_wheel_slip_is_cut_where_one_says() -> None:
    assert 2.5 == motion.avg_wheel_slip((1.0, 2.0, 3.0, 1e6), 4.0)


@pytest.mark.parametrize(("slip", "used"), [(0.0, 0.0), (0.4, 0.4), (1.0, 1.0), (1.5, 1.0), (1e6, 1.0), (NAN, 1.0)])
def test_grip_is_used_up_at_the_peak(slip: float, used: float) -> None:
    assert used == motion.grip_used(slip)


@pytest.mark.parametrize(("slip", "past"), [(0.99, False), (1.0, False), (1.01, True), (INF, True), (NAN, True)])
def test_a_wheel_is_past_its_peak_only_above_1(slip: float, past: bool) -> None:
    assert past is motion.past_peak(slip)
