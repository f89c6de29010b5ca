"""The parameters of a car, and the commands that a driver gives it."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Annotated, Any

from acbridge_sim.model.table import Column
from acbridge_sim.model.tyre import Compound

REVERSE, NEUTRAL, FIRST = 0, 1, 2
"""Indices of gears, as the sim counts them."""


@dataclass(frozen=True, slots=True)
class CarSpec:
    """
    The parameters of a car.

    The defaults are a small rear-driven track-day car of our own invention.

    Raises:
        ValueError: A parameter is out of range; the text names it.
    """

    model: str = "acbridge_stand_in"
    mass: Annotated[float, Column("kg", "Without fuel.")] = 1080.0
    yaw_inertia: Annotated[float, Column("kg m2", "About the vertical axis.")] = 1500.0
    pitch_inertia: Annotated[float, Column("kg m2", "About the lateral axis.")] = 1350.0
    roll_inertia: Annotated[float, Column("kg m2", "About the longitudinal axis.")] = 380.0
    wheelbase: Annotated[float, Column("m", "From axle to axle.")] = 2.48
    front_share: Annotated[float, Column("", "Share of the weight on the front axle.")] = 0.48
    track_width: Annotated[float, Column("m", "From wheel to wheel of an axle.")] = 1.52
    cg_height: Annotated[float, Column("m", "Centre of gravity above the ground.")] = 0.46
    tyre_radius: Annotated[float, Column("m", "Effective rolling radius.")] = 0.308
    wheel_inertia: Annotated[float, Column("kg m2", "Of one wheel.")] = 1.1
    engine_inertia: Annotated[float, Column("kg m2", "Of the engine, at its own speed.")] = 0.11
    drag_area: Annotated[float, Column("m2", "Drag coefficient times area.")] = 0.72
    lift_area: Annotated[float, Column("m2", "Downforce coefficient times area.")] = 0.55
    lift_share: Annotated[float, Column("", "Share of the downforce at the front axle.")] = 0.44
    steer_lock: Annotated[float, Column("rad", "Angle of the front wheels at full lock.")] = 0.434
    brake_torque: Annotated[float, Column("N m", "Of one wheel at full brake with a bias of one half.")] = 1050.0
    brake_bias: Annotated[float, Column("", "Share of the brake torque at the front axle.")] = 0.66
    abs_limit: Annotated[float, Column("", "Slip ratio from which anti-lock brakes let go; 0 for none.")] = 0.0
    tc_limit: Annotated[float, Column("", "Slip ratio from which traction control cuts; 0 for none.")] = 0.0
    tank: Annotated[float, Column("L", "Fuel at the most.")] = 45.0
    power: Annotated[float, Column("", "Factor on the torque curve.")] = 1.0
    gears: Annotated[tuple[float, ...], Column("", "Ratios: reverse, neutral, first, ...")] = (
        -3.2, 0.0, 3.1, 2.1, 1.55, 1.22, 1.0, 0.84,
    )  # fmt: skip
    shift_time: Annotated[float, Column("s", "How long a shift takes.")] = 0.09
    front_drive: Annotated[float, Column("", "Share of the engine's torque at the front axle.")] = 0.0
    differential: Annotated[
        tuple[float, float],
        Column("N m s/rad", "Locking torque of the front and the rear axle, by difference of spin."),
    ] = (0.0, 40.0)
    centre: Annotated[float, Column("N m s/rad", "Locking torque between the axles, by difference of spin.")] = 0.0
    turbo_boost: Annotated[float, Column("bar", "Boost at the most, at which the torque curve holds; 0 for none.")] = (
        0.0
    )
    turbo_rpm: Annotated[float, Column("1/min", "Engine speed from which the boost is full.")] = 3000.0
    turbo_lag: Annotated[float, Column("s", "Time in which the boost follows the throttle.")] = 0.3
    motor_power: Annotated[float, Column("W", "Of an electric motor on the engine's shaft; 0 for none.")] = 0.0
    motor_recovery: Annotated[float, Column("W", "That it recovers under braking.")] = 0.0
    motor_lap: Annotated[float, Column("J", "Energy that it may use in a lap.")] = 0.0
    battery: Annotated[float, Column("J", "Energy of the full battery.")] = 0.0
    flap_drag: Annotated[float, Column("", "Share of the drag that an open flap saves; 0 for none.")] = 0.0
    flap_lift: Annotated[float, Column("", "Share of the downforce that it costs.")] = 0.0
    final_drive: Annotated[float, Column("", "Ratio of the final drive.")] = 4.1
    idle_rpm: Annotated[float, Column("1/min", "Engine speed at idle.")] = 950.0
    limit_rpm: Annotated[float, Column("1/min", "Engine speed of the limiter.")] = 7600.0
    torque: Annotated[tuple[tuple[float, float], ...], Column("1/min, N m", "Engine torque at full throttle.")] = (
        (0.0, 90.0),
        (1500.0, 165.0),
        (3000.0, 205.0),
        (4500.0, 226.0),
        (5800.0, 232.0),
        (7000.0, 212.0),
        (7600.0, 190.0),
        (8500.0, 40.0),
    )
    suspension_travel: Annotated[tuple[float, float], Column("m", "At the most, front and rear.")] = (0.115, 0.12)
    spring: Annotated[tuple[float, float], Column("N/m", "Wheel rate, front and rear.")] = (78_000.0, 70_000.0)
    damper: Annotated[tuple[float, float], Column("N s/m", "Damping rate at a wheel, in bump and in rebound.")] = (
        3_000.0, 5_500.0,
    )  # fmt: skip
    anti_roll: Annotated[
        tuple[float, float], Column("N/m", "Of the anti-roll bars, for the difference of travel, front and rear.")
    ] = (35_000.0, 5_000.0)
    bump_travel: Annotated[float, Column("m", "Travel at which the bump stops begin.")] = 0.075
    bump_stop: Annotated[float, Column("N/m", "Rate of a bump stop.")] = 250_000.0
    tyre_spring: Annotated[float, Column("N/m", "Vertical rate of a tyre.")] = 220_000.0
    ride_height: Annotated[tuple[float, float], Column("m", "Of the standing car, front and rear.")] = (0.12, 0.13)
    camber_gain: Annotated[float, Column("rad/m", "Camber towards negative for each metre of travel.")] = 0.5
    steer_spring: Annotated[float, Column("N m/rad", "Of the steering, against the aligning torque.")] = 30_000.0
    trail: Annotated[float, Column("m", "Mechanical trail of the front wheels.")] = 0.02
    camber: Annotated[tuple[float, float], Column("rad", "Front and rear.")] = (-0.045, -0.035)
    compound: Annotated[Compound, Column("", "The tyres' compound.")] = field(default_factory=Compound)

    def __post_init__(self) -> None:
        for names, holds, rule in _RULES:
            for name in names:
                value = getattr(self, name)
                if not holds(value):
                    raise ValueError(f"a car's {name} {rule}, not {value}")
        if self.steer_lock * self.track_width / 2 >= self.wheelbase or self.steer_lock >= math.pi / 2:
            raise ValueError(f"a car's steer_lock of {self.steer_lock:g} rad is too much for its wheelbase")
        if self.idle_rpm >= self.limit_rpm:
            raise ValueError(f"a car's idle_rpm is below its limit_rpm, not {self.idle_rpm:g}")
        if self.motor_power > 0 and self.battery <= 0:
            raise ValueError("a car with a motor_power has a battery above 0 J")


def _are_gears(gears: tuple[float, ...]) -> bool:
    return (
        len(gears) > FIRST
        and gears[REVERSE] < 0 == gears[NEUTRAL]
        and all(math.isfinite(ratio) for ratio in gears)
        and min(gears[FIRST:]) > 0
    )


def _is_curve(points: tuple[tuple[float, float], ...]) -> bool:
    finite = all(math.isfinite(number) for point in points for number in point)
    return bool(points) and finite and all(a < b for (a, _), (b, _) in pairwise(points))


_POSITIVE = (
    "mass",
    "yaw_inertia",
    "pitch_inertia",
    "roll_inertia",
    "wheelbase",
    "track_width",
    "cg_height",
    "bump_travel",
    "tyre_spring",
    "steer_spring",
    "tyre_radius",
    "wheel_inertia",
    "steer_lock",
    "brake_torque",
    "tank",
    "power",
    "final_drive",
    "idle_rpm",
    "limit_rpm",
    "shift_time",
    "turbo_rpm",
    "turbo_lag",
)
_RULES: tuple[tuple[tuple[str, ...], Callable[[Any], bool], str], ...] = (
    (_POSITIVE, lambda value: 0 < value < math.inf, "is above 0"),
    (
        (
            *("engine_inertia", "drag_area", "lift_area", "bump_stop", "camber_gain", "trail", "abs_limit", "tc_limit"),
            *("centre", "turbo_boost", "motor_power", "motor_recovery", "motor_lap", "battery"),
        ),
        lambda value: 0 <= value < math.inf,
        "is 0 or more",
    ),
    (
        ("front_share", "lift_share", "brake_bias", "front_drive", "flap_drag", "flap_lift"),
        lambda value: 0 <= value <= 1,
        "lies from 0 to 1",
    ),
    (("gears",), _are_gears, "are the ratios of reverse (negative), neutral (0) and at least one forward gear"),
    (("torque",), _is_curve, "is a curve of finite numbers in rising order of engine speed"),
    (
        ("spring", "damper", "ride_height"),
        lambda value: all(0 < number < math.inf for number in value),
        "is two numbers above 0",
    ),
    (
        ("anti_roll", "differential"),
        lambda value: all(0 <= rate < math.inf for rate in value),
        "is two rates of 0 or more",
    ),
)
"""What the parameters must fulfil, by name."""


class CarCommands:
    """
    The commands of a driver in one physics step.

    Attributes:
        steer: -1 full left to 1 full right.
        gas, brake: 0 to 1.
        clutch: 1 engaged (pedal up) to 0.
        shift: Gears to shift: 1 up, -1 down, 0 none.
    """

    __slots__ = ("brake", "clutch", "gas", "shift", "steer")

    def __init__(
        self, steer: float = 0.0, gas: float = 0.0, brake: float = 0.0, clutch: float = 1.0, shift: int = 0
    ) -> None:
        self.steer = steer
        self.gas = gas
        self.brake = brake
        self.clutch = clutch
        self.shift = shift
