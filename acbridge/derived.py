"""
What acbridge works out from the pages: the Derived record and the pure functions that fill it.

Functions take values and return values; they keep no state and read no clock, so a recording gives the same numbers as
the live sim. Each is marked *estimated* where the sim does not say it itself.
"""

import math
from collections.abc import Callable, Sequence
from typing import TypeVar

from acbridge.pages import Graphics, Physics, Static
from acbridge.schema import WHEELS, Record, WheelFlags, Wheels, f64, flag, integer, string

T = TypeVar("T")

WHEEL_SLIP_CAP = 10.0
"""Where `wheelSlip` is cut before averaging: it is unbounded, and above this a wheel is simply sliding."""
MIN_SPEED_FOR_ANGLES = 3.0
"""Forward speed in m/s under which a slip angle says nothing."""
DAMAGE_CAP = 100.0
"""Where the damage level ends; the sim's own numbers may pass it."""
OFF_TRACK = ("none", "partial", "partial", "off", "fully")
"""The word for each number of wheels off the track; the sim's usual rule allows two."""


class Derived(Record, topic="derived"):
    """What follows from the pages of one tick without knowing any other tick."""

    acc_right_g: float = f64("Acceleration to the right (-accG[0]); positive in a right-hand bend.", unit="g")
    acc_forward_g: float = f64("Acceleration forward (accG[2]); negative when braking.", unit="g")
    body_slip_angle: float | None = f64(
        "Angle from the car's axis to its velocity, positive to the left; nil under 3 m/s forward. Estimated.",
        unit="rad",
        nullable=True,
    )
    avg_wheel_slip: float = f64("Mean of wheelSlip over the wheels, each cut at 10; 1 is the limit of grip.")
    wheels_past_peak: WheelFlags = flag("wheelSlip above 1: past the tyre's peak grip.", shape=(4,), axes=WHEELS)
    tyre_grip_loss: Wheels = f64("Grip lost to wear, (100 - tyreWear) / 100.", shape=(4,), axes=WHEELS)
    damage_level: float = f64("Hardest impact of the four zones, cut at 100.", unit="km/h")
    off_track: str = string("By numberOfTyresOut: none 0, partial 1 or 2, off 3, fully 4. Not debounced.")
    gear_number: int = integer("Gear as a driver counts: -1 reverse, 0 neutral, 1 first.")
    fuel_fraction: float | None = f64("Fuel over maxFuel; nil if the car does not say its tank.", nullable=True)
    lap_distance_m: float | None = f64(
        "Way along the AI line, normalizedCarPosition * trackSPlineLength; nil on tracks without one.",
        unit="m",
        nullable=True,
    )


def derive(physics: Physics, graphics: Graphics, static: Static) -> Derived:
    """Work out the derived record of one tick from its three pages."""
    left, _, forward = physics.localVelocity
    acc_left, _, acc_forward = physics.accG
    return Derived(
        acc_right_g=-acc_left,
        acc_forward_g=acc_forward,
        body_slip_angle=body_slip_angle(forward, left),
        avg_wheel_slip=avg_wheel_slip(physics.wheelSlip),
        wheels_past_peak=_each(past_peak, physics.wheelSlip),
        tyre_grip_loss=_each(grip_loss, physics.tyreWear),
        damage_level=damage_level(physics.carDamage[:4]),
        off_track=OFF_TRACK[min(max(physics.numberOfTyresOut, 0), 4)],
        gear_number=physics.gear - 1,
        fuel_fraction=physics.fuel / static.maxFuel if static.maxFuel > 0 else None,
        lap_distance_m=lap_distance_m(graphics.normalizedCarPosition, static.trackSPlineLength),
    )


def body_slip_angle(forward: float, left: float) -> float | None:
    """
    Return the angle in rad from the car's axis to its velocity, positive to the left.

    Args:
        forward: Forward part of the velocity, m/s.
        left: Part to the left, m/s.

    Returns:
        ``None`` at or under 3 m/s forward, where the angle is noise.
    """
    return math.atan2(left, forward) if forward > MIN_SPEED_FOR_ANGLES else None


def avg_wheel_slip(wheel_slip: Sequence[float]) -> float:
    """Return the mean of `wheelSlip`, each wheel cut at 10; a value that is not a number counts as 10."""
    return sum(min(WHEEL_SLIP_CAP, slip) for slip in wheel_slip) / len(wheel_slip)


def past_peak(wheel_slip: float) -> bool:
    """Return whether a wheel slips more than at its peak grip; what is not a number counts as sliding."""
    return not wheel_slip <= 1.0


def grip_loss(tyre_wear: float) -> float:
    """Return the share of grip lost to wear: 0 new; a tyre that is scrubbing in starts a little above."""
    return (100.0 - tyre_wear) / 100.0


def damage_level(zones: Sequence[float]) -> float:
    """Return the hardest impact over the zones, cut at 100; a zone that is not a number is left out."""
    return min(DAMAGE_CAP, max((zone for zone in zones if zone == zone), default=0.0))  # noqa: PLR0124  nan is not itself


def lap_distance_m(position: float, line_length: float) -> float | None:
    """Return metres along the AI line from the normalised position; ``None`` without a line."""
    return position * line_length if line_length > 0 else None


def _each(function: Callable[[float], T], wheels: Wheels) -> tuple[T, T, T, T]:
    front_left, front_right, rear_left, rear_right = wheels
    return function(front_left), function(front_right), function(rear_left), function(rear_right)
