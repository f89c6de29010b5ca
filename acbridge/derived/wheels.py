"""
The wheels of one car: how they slip now, and which slip for longer than an instant.

It remembers where the centre of gravity is between the wheels, which the sim tells only indirectly. It reads no clock.
"""

import math
from typing import NamedTuple

from acbridge.derived import motion
from acbridge.derived.motion import ContactGeometry, WheelPosition
from acbridge.derived.thresholds import Thresholds
from acbridge.pages import Graphics, Physics, Static
from acbridge.schema import Wheels

STANDING_KMH = 0.5
"""Under it the two pages tell the same place, and the centre of gravity can be found between the wheels."""
LARGEST_RADIUS = 10.0
"""m; what is larger is no radius."""


class Slips(NamedTuple):
    """Slip ratio and slip angle (rad) of each wheel, at any speed; ``None`` for what the sim does not tell."""

    ratios: Wheels | None
    angles: Wheels | None


class Chassis:
    """
    The car on its wheels.

    Attributes:
        locked, spinning: Which wheels do.
    """

    def __init__(self) -> None:
        self.locked, self.spinning = SlipDetector(), SlipDetector()
        self._radii: Wheels | None = None
        self._centre = 0.0

    def meet(self, static: Static) -> None:
        """Take a static page: the car's wheels."""
        radii = static.tyreRadius
        self._radii = radii if all(0 < radius < LARGEST_RADIUS for radius in radii) else None

    def find_centre(self, physics: Physics, graphics: Graphics, geometry: ContactGeometry) -> None:
        """Learn, while the car stands, how far ahead of the middle of the wheels its centre of gravity is."""
        if not physics.speedKmh < STANDING_KMH:
            return
        x, _, z = graphics.carCoordinates
        ahead = math.cos(physics.heading) * (z - geometry.z) - math.sin(physics.heading) * (x - geometry.x)
        if abs(ahead) < geometry.wheelbase / 2:
            self._centre = ahead

    def slips(self, physics: Physics, geometry: ContactGeometry | None, limits: Thresholds) -> Slips:
        """Return how the wheels slip; without a geometry the ratios are against the car's speed, not the wheels'."""
        left, _, forward = physics.localVelocity
        yaw_rate = physics.localAngularVel[1]
        if not math.isfinite(left + forward + yaw_rate):
            return Slips(None, None)
        if geometry is None:
            wheels, angles = [(forward, 0.0)] * 4, None
        else:
            wheels = [
                motion.wheel_velocity(WheelPosition(ahead - self._centre, aside, steer), forward, left, yaw_rate)
                for ahead, aside, steer in geometry.wheels
            ]
            a, b, c, d = (motion.slip_angle(along, across) for along, across in wheels)
            angles = (a, b, c, d)
        if self._radii is None:
            return Slips(None, angles)
        gain = limits.effective_radius
        a, b, c, d = (
            motion.slip_ratio(speed, radius * gain, wheel[0])
            for speed, radius, wheel in zip(physics.wheelAngularSpeed, self._radii, wheels, strict=True)
        )
        return Slips((a, b, c, d), angles)

    def watch(self, now_ms: int, physics: Physics, ratios: Wheels | None, limits: Thresholds) -> None:
        """Find out which wheels are locked and which spin, at a tick of a live session."""
        braking = physics.brake > limits.lock_min_brake and abs(physics.localVelocity[2]) > limits.lock_min_speed
        self.locked.update(
            (-ratios[0], -ratios[1], -ratios[2], -ratios[3]) if ratios is not None and braking else None,
            now_ms,
            -limits.lock_slip_ratio,
            -limits.lock_release,
            limits.wheel_hold_s,
        )
        powered = physics.gas > limits.wheelspin_min_gas
        self.spinning.update(
            ratios if powered else None,
            now_ms,
            limits.wheelspin_slip_ratio,
            limits.wheelspin_release,
            limits.wheel_hold_s,
        )


class SlipDetector:
    """
    Which wheels slip for longer than an instant: the memory of lock and of wheelspin.

    Attributes:
        wheels: FL, FR, RL, RR.
    """

    def __init__(self) -> None:
        self.wheels = [False, False, False, False]
        self._since: list[int | None] = [None, None, None, None]

    def update(self, slip: Wheels | None, now_ms: int, begin: float, release: float, hold_s: float) -> None:
        """
        Take the slip of each wheel, counted so that more is worse.

        Args:
            slip: ``None`` when nothing can slip now (no brake, no speed).
            now_ms: Milliseconds of the sim.
            begin: A wheel slips above it,
            release: and until it falls under this.
            hold_s: For at least so long.
        """
        for i in range(4):
            value = None if slip is None else slip[i]
            if value is None or not value > (release if self.wheels[i] else begin):
                self.wheels[i], self._since[i] = False, None
                continue
            since = self._since[i]
            if since is None:
                since = self._since[i] = now_ms
            self.wheels[i] = self.wheels[i] or now_ms - since >= hold_s * 1000
