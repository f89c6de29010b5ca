"""
The systems of a car: traction control, anti-lock brakes, a turbocharger, an electric motor, a flap in the wing.

All of them work by themselves, since the commands of a driver have no switches: the motor helps at full throttle and
recovers energy under braking, the flap opens on straights. A parameter of 0 stands for a car without the system. The
functions of this module are in the subset that numba compiles; they change nothing.
"""

import math

from acbridge_sim.model.spec import CarSpec
from acbridge_sim.model.surface import Road

RADIANS = math.pi / 30
"""Radians a second of one turn a minute."""
RELEASE = 0.5
"""From the limit of a system on, it lets go over this share of the limit more."""
FULL_GAS, PRESSED = 0.9, 0.05
"""Throttle from which the motor helps and the flap opens, and brake from which energy is recovered."""
MOTOR_SPEED = 300.0
"""Speed of the motor in rad/s up to which its torque, not its power, is the limit."""
STRAIGHT = 1 / 600
"""Most curvature of what counts as straight, 1/m."""
LOOK_M, LOOKS = 40.0, 4
"""Distance between the places ahead where the flap's zone looks for bends, and their number."""
FLAP_SPEED = 25.0
"""Least speed of an open flap, m/s."""


def let_go(slip: float, limit: float) -> float:
    """
    Return the share of brake or throttle that a system leaves at a slip ratio: all up to its limit, then less.

    Args:
        slip: Slip ratio, positive towards locking for brakes, towards spinning for traction control.
        limit: Slip ratio from which it lets go, above 0.
    """
    return max(0.0, min(1.0, 1 - (slip / limit - 1) / RELEASE))


def boost_wanted(spec: CarSpec, gas: float, rpm: float) -> float:
    """Return the pressure over that of the air that a turbocharger settles at, bar."""
    turns = min(1.0, rpm / spec.turbo_rpm)
    return spec.turbo_boost * gas * turns * turns


def filling(spec: CarSpec, boost: float) -> float:
    """Return the torque at a boost in bar, over that of the torque curve, which is at full boost."""
    return (1 + boost) / (1 + spec.turbo_boost)


def motor_torque(spec: CarSpec, gas: float, brake: float, rpm: float, charge: float, spent: float) -> float:
    """
    Return the torque of the electric motor on the engine's shaft, N m; negative while it recovers energy.

    Args:
        spec: The car.
        gas: Throttle, 0 to 1.
        brake: Brake, 0 to 1.
        rpm: Of the engine.
        charge: Of the battery, 0 to 1.
        spent: Energy used in this lap, J.
    """
    power = 0.0
    if brake > PRESSED and charge < 1:
        power = -spec.motor_recovery
    elif gas > FULL_GAS and charge > 0 and spent < spec.motor_lap:
        power = spec.motor_power
    return power / max(rpm * RADIANS, MOTOR_SPEED)


def may_open(road: Road, near: int) -> bool:
    """Return whether the flap of a wing may open at a point of the centre line: the road ahead is straight."""
    ahead = max(1, int(LOOK_M / road.spacing))
    tightest = 0.0
    for k in range(LOOKS + 1):
        tightest = max(tightest, abs(road.bend[(near + k * ahead) % road.points]))
    return tightest <= STRAIGHT
