"""
The wheels of one car: how they slip now, and which are locked or spin for longer than an instant.

It learns what the sim does not say: where the centre of gravity is between the wheels, and how far a wheel rolls.
"""

import math
from typing import NamedTuple

from acbridge.derived import motion
from acbridge.derived.motion import ContactGeometry
from acbridge.derived.thresholds import Thresholds
from acbridge.pages import Graphics, Physics, Static
from acbridge.schema import Wheels

STANDING_KMH = 0.5
"""Under it the two pages describe the same place, and the centre of gravity can be found between the wheels."""
SMALLEST_RADIUS, LARGEST_RADIUS = 0.1, 1.0
"""m; a `tyreRadius` outside is no radius."""
NO_WHEELS = (math.nan, math.nan, math.nan, math.nan)
"""A value for each wheel that cannot be known."""
GAP_MS = 100
"""Ticks farther apart than this do not say whether a wheel slipped in between."""
STEADY_G = 0.05
"""g; also rad of pitch, share of gas, rad/s of yaw: a car with less rolls along steadily."""
LEVELLED_G = 0.3
"""g; up to this, the weight that acceleration and slope move from axle to axle is taken back by `cgHeight`."""
STEADY_SAMPLES = 100
"""Samples after which the weight on the axles is known."""
SPEED_STEP = 10.0
"""m/s; the rolling radius is learned for each step of speed: a tyre grows with it."""
ROLLING_SAMPLES = 20
"""Samples of free rolling after which a rolling radius is known."""
ROLLING_RANGE = (0.98, 1.05)
"""Rolling radius over `tyreRadius`: real cars lie from 1.0015 to 1.024; outside, the wheel does not roll freely."""


class Slips(NamedTuple):
    """
    Slip ratio and slip angle (rad) of each wheel, at any speed.

    Attributes:
        ratios: nan for a wheel without a radius; ``None`` if no wheel has one, or the velocity is not known.
        angles: ``None`` if the sim does not say where the wheels are.
    """

    ratios: Wheels | None
    angles: Wheels | None


class CentreOfGravity:
    """
    How far the centre of gravity is ahead of the middle of the wheels.

    =========  =============================================  ===========================================
    State      Sample                                         Becomes
    =========  =============================================  ===========================================
    middle     100 in motion, by the load of the axles        by load
    middle     at a standstill, by `carCoordinates`           by place
    by load    more in motion                                 by load, the mean
    by load    at a standstill                                by place
    by place   at a standstill                                by place, the newest
    =========  =============================================  ===========================================

    Attributes:
        ahead: m; 0 until it is learned.
        known: Whether it is learned.
        by_place: Whether it was learned at a standstill, which is exact.
    """

    __slots__ = ("_mean", "_samples", "ahead", "by_place", "known")

    def __init__(self) -> None:
        self.ahead = 0.0
        self.known = False
        self.by_place = False
        self._samples = 0
        self._mean = 0.0

    def stands(self, ahead: float, wheelbase: float) -> None:
        """Take where `carCoordinates` is while the car stands, m ahead of the middle of the wheels."""
        if abs(ahead) < wheelbase / 2:
            self.ahead, self.known, self.by_place = ahead, True, True

    def drives(self, load: Wheels, wheelbase: float, moved: float) -> None:
        """
        Take the load of the wheels in motion.

        Args:
            load: `wheelLoad`, N.
            wheelbase: m.
            moved: By how much acceleration and slope move the weight to the rear, m.
        """
        front, rear = load[0] + load[1], load[2] + load[3]
        if not (front > 0 and rear > 0):
            return
        self._samples += 1
        self._mean += ((front / (front + rear) - 0.5) * wheelbase + moved - self._mean) / self._samples
        if self._samples >= STEADY_SAMPLES:
            self.ahead, self.known = self._mean, True


class RollingRadius:
    """The rolling radius of each wheel over `tyreRadius`, learned for each step of speed while the wheels roll free."""

    __slots__ = ("_steps",)

    def __init__(self) -> None:
        self._steps: dict[int, tuple[int, Wheels]] = {}

    def rolls(self, speed: float, gains: Wheels) -> None:
        """Take how far each wheel rolls, over what its `tyreRadius` says, at a speed in m/s."""
        low, high = ROLLING_RANGE
        if not all(low < gain < high for gain in gains):
            return
        step = int(speed / SPEED_STEP)
        count, means = self._steps.get(step, (0, gains))
        count = min(count + 1, 1000)
        a, b, c, d = (mean + (gain - mean) / count for mean, gain in zip(means, gains, strict=True))
        self._steps[step] = count, (a, b, c, d)

    def at(self, speed: float) -> Wheels | None:
        """Return the learned gains at a speed in m/s; ``None`` if they are not known there."""
        found = self._steps.get(int(speed / SPEED_STEP))
        return found[1] if found is not None and found[0] >= ROLLING_SAMPLES else None


class Chassis:
    """
    The car on its wheels.

    Attributes:
        locked: Which wheels are locked.
        spinning: Which wheels spin.
    """

    def __init__(self) -> None:
        self.locked, self.spinning = SlipDetector(), SlipDetector()
        self._radii: Wheels = NO_WHEELS
        self._centre = CentreOfGravity()
        self._rolling = RollingRadius()
        self._speeds: tuple[float, ...] = (0.0,) * 4

    def set_wheels(self, static: Static) -> None:
        """Take a static page: the radii of the wheels."""
        a, b, c, d = (
            radius if SMALLEST_RADIUS <= radius <= LARGEST_RADIUS else math.nan for radius in static.tyreRadius
        )
        self._radii = (a, b, c, d)

    def calibrated(self, speed: float) -> bool:
        """Return whether centre of gravity and rolling radii are learned, at a speed in m/s."""
        return self._centre.known and math.isfinite(speed) and self._rolling.at(abs(speed)) is not None

    def learn(self, physics: Physics, graphics: Graphics, geometry: ContactGeometry) -> None:
        """Learn from a tick of a live session in which the car stands, drives steadily, or rolls free."""
        if physics.speedKmh < STANDING_KMH:
            x, _, z = graphics.carCoordinates
            ahead = math.cos(physics.heading) * (z - geometry.z) - math.sin(physics.heading) * (x - geometry.x)
            self._centre.stands(ahead, geometry.wheelbase)
            return
        left, _, forward = physics.accG
        speed = physics.localVelocity[2]
        if not speed > SPEED_STEP / 2:
            return
        if not self._centre.by_place and abs(physics.pitch) < STEADY_G:
            height = physics.cgHeight
            if abs(forward) < (LEVELLED_G if height > 0 else STEADY_G):
                self._centre.drives(physics.wheelLoad, geometry.wheelbase, height * (forward + physics.pitch))
        if physics.brake == 0 and physics.gas < STEADY_G and abs(left) < STEADY_G and abs(forward) < STEADY_G:
            if not abs(physics.localAngularVel[1]) < STEADY_G:
                return
            a, b, c, d = (
                ground / (wheel * radius) if wheel * radius > 0 else math.nan
                for wheel, radius, ground in zip(physics.wheelAngularSpeed, self._radii, self._speeds, strict=True)
            )
            self._rolling.rolls(speed, (a, b, c, d))

    def slips(self, physics: Physics, geometry: ContactGeometry | None, limits: Thresholds) -> Slips:
        """Return how the wheels slip; without a geometry the ratios are against the car's speed, not the wheels'."""
        left, _, forward = physics.localVelocity
        yaw_rate = physics.localAngularVel[1]
        self._speeds = NO_WHEELS
        if not math.isfinite(left + forward + yaw_rate):
            return Slips(None, None)
        if geometry is None:
            speeds, angles = (forward,) * 4, None
        else:
            velocity, slip_angle = motion.wheel_velocity, motion.slip_angle
            a, b, c, d = geometry.wheels
            left -= yaw_rate * self._centre.ahead  # of the middle of the wheels
            p, s = velocity(a, forward, left, yaw_rate)
            q, t = velocity(b, forward, left, yaw_rate)
            r, u = velocity(c, forward, left, yaw_rate)
            o, v = velocity(d, forward, left, yaw_rate)
            speeds = (p, q, r, o)
            angles = (slip_angle(p, s), slip_angle(q, t), slip_angle(r, u), slip_angle(o, v))
        self._speeds = speeds
        radii = self._radii
        gains = self._rolling.at(abs(forward))
        if gains is None:
            gain = limits.effective_radius
            gains = (gain, gain, gain, gain)
        ratio = motion.slip_ratio
        turn = physics.wheelAngularSpeed
        ratios = (
            ratio(turn[0], radii[0] * gains[0], speeds[0]),
            ratio(turn[1], radii[1] * gains[1], speeds[1]),
            ratio(turn[2], radii[2] * gains[2], speeds[2]),
            ratio(turn[3], radii[3] * gains[3], speeds[3]),
        )
        known = ratios[0] == ratios[0] or ratios[1] == ratios[1] or ratios[2] == ratios[2] or ratios[3] == ratios[3]
        return Slips(ratios if known else None, angles)

    def watch(self, now_ms: int, physics: Physics, ratios: Wheels | None, limits: Thresholds) -> None:
        """Find out which wheels are locked and which spin, at a tick of a live session."""
        braking = physics.brake > limits.lock_min_brake and abs(physics.localVelocity[2]) > limits.lock_min_speed
        powered = physics.gas > limits.wheelspin_min_gas
        slip = None
        if braking:
            a, b, c, d = ratios or NO_WHEELS
            slip = self._with_bounds(physics, (-a, -b, -c, -d), -limits.lock_slip_ratio, -limits.lock_release, sign=-1)
        self.locked.update(slip, now_ms, -limits.lock_slip_ratio, -limits.lock_release, limits.wheel_hold_s)
        slip = None
        if powered:
            begin, release = limits.wheelspin_slip_ratio, limits.wheelspin_release
            slip = self._with_bounds(physics, ratios or NO_WHEELS, begin, release, sign=1)
        self.spinning.update(slip, now_ms, limits.wheelspin_slip_ratio, limits.wheelspin_release, limits.wheel_hold_s)

    def _with_bounds(self, physics: Physics, slip: Wheels, begin: float, release: float, *, sign: int) -> Wheels:
        """Return the slip, and for a wheel without a radius what holds with any; nan if that depends on it."""
        if math.isfinite(slip[0] + slip[1] + slip[2] + slip[3]):
            return slip
        found: list[float] = []
        for value, wheel, speed in zip(slip, physics.wheelAngularSpeed, self._speeds, strict=True):
            if not math.isnan(value):
                found.append(value)
                continue
            bounds = [sign * motion.slip_ratio(wheel, radius, speed) for radius in (SMALLEST_RADIUS, LARGEST_RADIUS)]
            least, most = min(bounds), max(bounds)
            found.append(least if least > begin else most if most <= release else math.nan)
        a, b, c, d = found
        return a, b, c, d


class SlipDetector:
    """
    Which wheels slip for longer than an instant: hysteresis with a hold, for locked and for spinning wheels.

    ========  ===================================================  ========
    Wheel     Slip                                                 Becomes
    ========  ===================================================  ========
    rolls     above `begin` for `hold_s`, in ticks close enough    slips
    rolls     above `begin`, the tick before too long ago          unknown
    slips     at or under `release`                                rolls
    unknown   above `begin` for `hold_s`, in ticks close enough    slips
    unknown   at or under `begin`                                  rolls
    any       not a number: it cannot be known                     unknown
    any       nothing can slip (no brake, no gas, no speed)        rolls
    ========  ===================================================  ========

    Attributes:
        wheels: FL, FR, RL, RR; ``None`` for a wheel of which it cannot be known.
    """

    def __init__(self) -> None:
        self.wheels: list[bool | None] = []
        self._since: list[int | None] = []
        self._last_ms: int | None = None
        self._reset()

    def _reset(self) -> None:
        self.wheels = [False, False, False, False]
        self._since = [None, None, None, None]
        self._at_rest = True

    def update(self, slip: Wheels | None, now_ms: int, begin: float, release: float, hold_s: float) -> None:
        """
        Take the slip of each wheel, counted so that more is worse.

        Args:
            slip: ``None`` when nothing can slip now (no brake, no speed).
            now_ms: Milliseconds of the sim.
            begin: A wheel slips above this slip,
            release: and until it falls to this slip.
            hold_s: For at least so long.
        """
        last, self._last_ms = self._last_ms, now_ms
        if slip is None or (max(slip) <= release and slip[0] + slip[1] + slip[2] + slip[3] <= 4 * release):
            if not self._at_rest:
                self._reset()
            return
        self._at_rest = False
        hold_ms = hold_s * 1000
        unseen = hold_ms > 0 and last is not None and now_ms - last > max(hold_ms, GAP_MS)
        for i, value in enumerate(slip):
            slips = self.wheels[i]
            if math.isnan(value):
                self.wheels[i], self._since[i] = None, None
            elif not value > (release if slips else begin):
                self.wheels[i], self._since[i] = False, None
            elif not slips:
                since = self._since[i]
                if since is None or unseen:
                    self._since[i] = since = now_ms
                    self.wheels[i] = None if unseen else slips
                if now_ms - since >= hold_ms:
                    self.wheels[i] = True
