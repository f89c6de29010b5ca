"""
How the car moves: slip of the wheels and of the body, from values of the physics page. Pure functions.

Formulas: W. F. Milliken, D. L. Milliken, Race Car Vehicle Dynamics, chapters 2 and 5; H. B. Pacejka, Tyre and Vehicle
Dynamics, 3rd ed., section 1.2.1. All of it is *estimated*: the sim's shared memory holds neither slip ratio nor angle.
Frames: forward and left of the car; angles and yaw rate are positive to the left.
"""

import math
from typing import NamedTuple

from acbridge.schema import Vec3, Wheels, WheelVecs

_SLOWEST = 2.0
"""m/s under which slip is divided by this instead."""


class WheelPosition(NamedTuple):
    """Where a wheel is and points: metres forward and left of the middle of the four, and its steering angle, rad."""

    ahead: float
    aside: float
    steer: float


class ContactGeometry(NamedTuple):
    """
    How the car stands on its wheels.

    Attributes:
        x, z: Middle of the four contact points in the world, m.
        wheels: FL, FR, RL, RR.
        wheelbase: m.
    """

    x: float
    z: float
    wheels: tuple[WheelPosition, WheelPosition, WheelPosition, WheelPosition]
    wheelbase: float


def contact_geometry(heading: float, contacts: WheelVecs, backward: WheelVecs) -> ContactGeometry | None:
    """
    Return how the car stands on its wheels, seen from above.

    Args:
        heading: `heading`, rad.
        contacts: `tyreContactPoint`, m.
        backward: `tyreContactHeading`: unit vectors that point backward along the wheels.

    Returns:
        ``None`` if the sim does not say: builds before 1.11 leave these fields 0.
    """
    if not math.isfinite(heading):
        return None
    sin, cos = math.sin(heading), math.cos(heading)
    fl, fr, rl, rr = contacts
    x = (fl[0] + fr[0] + rl[0] + rr[0]) / 4
    z = (fl[2] + fr[2] + rl[2] + rr[2]) / 4
    if not math.isfinite(x + z):
        return None
    a = _wheel_position(fl, backward[0], x, z, sin, cos)
    b = _wheel_position(fr, backward[1], x, z, sin, cos)
    c = _wheel_position(rl, backward[2], x, z, sin, cos)
    d = _wheel_position(rr, backward[3], x, z, sin, cos)
    if a is None or b is None or c is None or d is None:
        return None
    wheelbase = (a[0] + b[0] - c[0] - d[0]) / 2
    return ContactGeometry(x, z, (a, b, c, d), wheelbase) if wheelbase > 0 else None


def _wheel_position(point: Vec3, back: Vec3, x: float, z: float, sin: float, cos: float) -> WheelPosition | None:
    """Return where a wheel is and points, seen from the middle of the four; ``None`` if the sim does not say."""
    dx, dz, bx, bz = point[0] - x, point[2] - z, back[0], back[2]
    along = sin * bx - cos * bz
    if not abs(along) > 0.1:  # noqa: PLR2004  no unit vector, or a wheel that stands across
        return None
    return WheelPosition(cos * dz - sin * dx, cos * dx + sin * dz, math.atan2(-cos * bx - sin * bz, along))


def wheel_velocity(place: WheelPosition, forward: float, left: float, yaw_rate: float) -> tuple[float, float]:
    """
    Return how fast a wheel's contact patch moves along and across (to the left of) where the wheel points, m/s.

    Args:
        place: Where the wheel is from the centre of gravity, and its steering angle.
        forward: Velocity of the centre of gravity, forward part, m/s.
        left: Part to the left, m/s.
        yaw_rate: rad/s, positive turning left.
    """
    ahead, aside, steer = place
    along, across = forward - yaw_rate * aside, left + yaw_rate * ahead
    sin, cos = math.sin(steer), math.cos(steer)
    return along * cos + across * sin, across * cos - along * sin


def slip_ratio(wheel_speed: float, radius: float, ground_speed: float) -> float:
    """
    Return how much faster a wheel turns than it rolls, as a share of the ground speed: 0 rolling, -1 locked.

    The sign follows the way the car goes: a locked wheel gives -1 in reverse, too.

    Args:
        wheel_speed: rad/s, positive rolling forward.
        radius: Effective rolling radius, m.
        ground_speed: Of the contact patch along the wheel, m/s; under 2 m/s the slip is a share of 2 m/s.
    """
    return (wheel_speed * radius - ground_speed) / math.copysign(max(abs(ground_speed), _SLOWEST), ground_speed)


def slip_angle(along: float, across: float) -> float:
    """Return the angle in rad from where a wheel points to where it goes, positive to the left; speeds in m/s."""
    return math.atan2(across, abs(along))


def body_slip_angle(forward: float, left: float, min_speed: float) -> float | None:
    """
    Return the angle in rad from the car's axis to its velocity, positive to the left.

    Args:
        forward: Forward part of the velocity, m/s.
        left: Part to the left, m/s.
        min_speed: ``None`` is returned at or under this speed forward, where the angle is noise.
    """
    return math.atan2(left, forward) if forward > min_speed else None


def understeer_angle(steer: float, wheelbase: float, yaw_rate: float, forward: float) -> float:
    """
    Return how much more the front wheels are steered than the bend needs, in rad; negative when the car oversteers.

    Steering minus wheelbase over radius, counted in the direction of the turn.

    Args:
        steer: Mean angle of the front wheels, rad, positive to the left.
        wheelbase: m.
        yaw_rate: rad/s, positive turning left; not 0.
        forward: Velocity, m/s; not 0.
    """
    return math.copysign(1.0, yaw_rate) * (steer - wheelbase * yaw_rate / forward)


def avg_wheel_slip(wheel_slip: Wheels, cap: float) -> float:
    """Return the mean of `wheelSlip`, each wheel cut at a cap; a value that is not a number counts as the cap."""
    a, b, c, d = wheel_slip
    return (min(cap, a) + min(cap, b) + min(cap, c) + min(cap, d)) / 4


def grip_used(wheel_slip: float) -> float:
    """
    Return the share of its slip at peak grip that a wheel uses: `wheelSlip` cut at 1, where it begins to slide.

    It is no share of force: a tyre gives most of its force long before. What is not a number counts as sliding.
    """
    return min(1.0, wheel_slip)


def past_peak(wheel_slip: float) -> bool:
    """Return whether a wheel slips more than at its peak grip; what is not a number counts as sliding."""
    return not wheel_slip <= 1.0
