"""What a car is made of, and what a driver can do with it."""

from dataclasses import dataclass, field

from acbridge_sim.model.tyre import Compound


@dataclass(frozen=True, slots=True)
class CarSpec:
    """
    What a car is made of. SI units; fractions are of the front.

    The defaults are a small rear-driven track-day car of our own invention.
    """

    model: str = "acbridge_stand_in"
    mass: float = 1080.0
    yaw_inertia: float = 1500.0
    wheelbase: float = 2.48
    front_share: float = 0.48
    track_width: float = 1.52
    cg_height: float = 0.46
    roll_share: float = 0.58
    tyre_radius: float = 0.308
    wheel_inertia: float = 1.1
    engine_inertia: float = 0.11
    drag_area: float = 0.72
    lift_area: float = 0.55
    lift_share: float = 0.44
    steer_lock: float = 0.434
    brake_torque: float = 1050.0
    brake_bias: float = 0.66
    tank: float = 45.0
    gears: tuple[float, ...] = (-3.2, 0.0, 3.1, 2.1, 1.55, 1.22, 1.0, 0.84)
    final_drive: float = 4.1
    idle_rpm: float = 950.0
    limit_rpm: float = 7600.0
    torque: tuple[tuple[float, float], ...] = (
        (0.0, 90.0),
        (1500.0, 165.0),
        (3000.0, 205.0),
        (4500.0, 226.0),
        (5800.0, 232.0),
        (7000.0, 212.0),
        (7600.0, 190.0),
        (8500.0, 40.0),
    )
    suspension_travel: tuple[float, float] = (0.115, 0.12)
    spring: tuple[float, float] = (78_000.0, 70_000.0)
    camber: tuple[float, float] = (-0.045, -0.035)
    compound: Compound = field(default_factory=Compound)


class CarCommands:
    """
    What the driver does with the car.

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
