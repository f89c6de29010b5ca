"""
What learning sees of a car: the few values that observations, rewards and ends are made of.

The same values come from the pages of the game (:meth:`Seen.of`) and from the stand-in's model (:func:`see`). Here the
axes are converted once: **right and forward are positive**, in the pages and in the model left is. The position is the
mean of the four contact points, which are of the physics page: `carCoordinates` is of the graphics page, and up to a
rendered frame old.

The functions of this module are in the subset that numba compiles.
"""

import math
from dataclasses import dataclass, field
from typing import Annotated, Self

from acbridge.derived import Derived
from acbridge.pages import Physics, Static
from acbridge_sim.model.car import Car, G, force_feedback
from acbridge_sim.model.spec import CarSpec
from acbridge_sim.model.surface import Road, locate
from acbridge_sim.model.table import Column
from acbridge_sim.model.timing import Timing

ANGLES_FROM = 3.0
"""Up to this speed slip angles are 0, m/s: those of a car that stands mean nothing."""


@dataclass(slots=True)
class Seen:
    """A car at one instant, and where it is on the track once :func:`find` has looked."""

    packet: Annotated[int, Column("3 ms", "Physics steps: of the process by the pages, of the run by the model.")] = 0
    x: Annotated[float, Column("m", "Mean of the contact points, in the world.")] = 0.0
    z: Annotated[float, Column("m", "As x.")] = 0.0
    heading: Annotated[float, Column("rad", "Grows when turning right.")] = 0.0
    forward: Annotated[float, Column("m/s", "Speed in the car's frame.")] = 0.0
    right: Annotated[float, Column("m/s", "As forward.")] = 0.0
    up: Annotated[float, Column("m/s", "As forward.")] = 0.0
    yaw_rate: Annotated[float, Column("rad/s", "Positive turning right.")] = 0.0
    acceleration_forward: Annotated[float, Column("g", "In the car's frame, without gravity.")] = 0.0
    acceleration_right: Annotated[float, Column("g", "As acceleration_forward.")] = 0.0
    rpm: Annotated[float, Column("1/min", "Engine speed.")] = 0.0
    max_rpm: Annotated[float, Column("1/min", "Engine speed of the limiter; 0 if the sim does not say.")] = 0.0
    gear: Annotated[int, Column("", "-1 reverse, 0 neutral, 1 first.")] = 0
    wheels_off: Annotated[int, Column("", "Wheels off the track, 0 to 4.")] = 0
    steer: Annotated[float, Column("", "Steering as applied, -1 left to 1 right.")] = 0.0
    gas: Annotated[float, Column("", "Throttle as applied, 0 to 1.")] = 0.0
    brake: Annotated[float, Column("", "Brake as applied, 0 to 1.")] = 0.0
    damage: Annotated[float, Column("km/h", "Sum of the hardest impacts of the four sides.")] = 0.0
    fuel: Annotated[float, Column("", "In the tank, of what it holds.")] = 0.0
    force_feedback: Annotated[float, Column("", "Force on the steering wheel, 1 for the most that it shows.")] = 0.0
    laps: Annotated[int, Column("", "Laps completed.")] = 0
    last_lap_s: Annotated[float, Column("s", "The last lap; 0 when none.")] = 0.0
    last_lap_valid: Annotated[bool, Column("", "Whether the last lap had no cut.")] = False
    near: Annotated[int, Column("", "Index of the nearest point of the centre line.")] = 0
    distance: Annotated[float, Column("m", "Along the centre line.")] = 0.0
    offset: Annotated[float, Column("m", "From the centre line, positive to the right.")] = 0.0
    slip: Annotated[list[float], Column("", "Combined slip over slip at peak grip: FL, FR, RL, RR.")] = field(
        default_factory=lambda: [0.0] * 4
    )
    slip_angle: Annotated[
        list[float], Column("rad", "From where a wheel points to where it goes, positive to the right; 0 up to 3 m/s.")
    ] = field(default_factory=lambda: [0.0] * 4)
    load: Annotated[list[float], Column("N", "Of each wheel on the ground.")] = field(default_factory=lambda: [0.0] * 4)
    temperature: Annotated[list[float], Column("degC", "Of each tyre's core.")] = field(
        default_factory=lambda: [0.0] * 4
    )

    @classmethod
    def of(cls, physics: Physics, static: Static, derived: Derived | None = None) -> Self:
        """
        Return what the pages show.

        Laps stay 0: the roll-over of a lap is spread over several pages, so laps come from the events of `derived`.

        Args:
            physics: The physics page.
            static: The static page of the same process of the sim.
            derived: What the daemon derived of the same tick; without it the slip angles stay 0.
        """
        angles = None if derived is None else derived.slip_angle
        points = physics.tyreContactPoint
        left, up, forward = physics.localVelocity
        return cls(
            packet=physics.packetId,
            x=(points[0][0] + points[1][0] + points[2][0] + points[3][0]) / 4,
            z=(points[0][2] + points[1][2] + points[2][2] + points[3][2]) / 4,
            heading=physics.heading,
            forward=forward,
            right=-left,
            up=up,
            yaw_rate=-physics.localAngularVel[1],
            acceleration_forward=physics.accG[2],
            acceleration_right=-physics.accG[0],
            rpm=float(physics.rpms),
            max_rpm=float(physics.currentMaxRpm or static.maxRpm),
            gear=physics.gear - 1,
            wheels_off=physics.numberOfTyresOut,
            steer=physics.steerAngle,
            gas=physics.gas,
            brake=physics.brake,
            damage=sum(physics.carDamage[:4]),
            fuel=physics.fuel / static.maxFuel if static.maxFuel > 0 else 0.0,
            force_feedback=physics.finalFF,
            slip=list(physics.wheelSlip),
            slip_angle=[0.0] * 4 if angles is None else [-angle for angle in angles],
            load=list(physics.wheelLoad),
            temperature=list(physics.tyreCoreTemperature),
        )


def see(car: Car, spec: CarSpec, clock: Timing, seen: Seen) -> None:
    """
    Fill in what the model shows: the same values as the pages made from it, not rounded to float32.

    Args:
        car: The car.
        spec: Its parameters.
        clock: Its lap clock.
        seen: Where to write.
    """
    sin_h = math.sin(car.heading)
    cos_h = math.cos(car.heading)
    sin_p = math.sin(car.pitch)
    cos_p = math.cos(car.pitch)
    sin_r = math.sin(car.roll)
    cos_r = math.cos(car.roll)
    ahead = aside = damage = 0.0
    off = 0
    for i in range(4):
        wheel = car.wheels[i]
        ahead += wheel.ahead
        aside += wheel.aside
        damage += car.damage[i]
        seen.slip[i] = wheel.slip
        seen.load[i] = wheel.load
        seen.temperature[i] = wheel.tyre.core
        if wheel.off:
            off += 1
    ahead /= 4
    aside /= 4
    seen.packet = car.steps
    seen.x = car.x - sin_h * ahead + cos_h * aside
    seen.z = car.z + cos_h * ahead + sin_h * aside
    seen.heading = car.heading
    # The body's axes, as `telemetry.body_axes` has them: left and up lean with the roll.
    forward_x = -sin_h * cos_p
    forward_z = cos_h * cos_p
    up_x = sin_h * sin_p
    up_z = -cos_h * sin_p
    left_x = cos_r * cos_h - sin_r * up_x
    left_y = -sin_r * cos_p
    left_z = cos_r * sin_h - sin_r * up_z
    vx = car.velocity_x
    vy = car.velocity_y
    vz = car.velocity_z
    seen.forward = vx * forward_x + vy * sin_p + vz * forward_z
    seen.right = -(vx * left_x + vy * left_y + vz * left_z)
    seen.up = vx * (sin_r * cos_h + cos_r * up_x) + vy * cos_r * cos_p + vz * (sin_r * sin_h + cos_r * up_z)
    seen.yaw_rate = -car.yaw_rate
    ax = car.acceleration_x
    ay = car.acceleration_y
    az = car.acceleration_z
    seen.acceleration_forward = (ax * forward_x + ay * sin_p + az * forward_z) / G
    seen.acceleration_right = -(ax * left_x + ay * left_y + az * left_z) / G
    seen.rpm = car.rpm
    seen.max_rpm = spec.limit_rpm
    seen.gear = car.gear - 1
    seen.wheels_off = off
    seen.steer = car.steer
    seen.gas = car.gas
    seen.brake = car.brake
    seen.damage = damage
    seen.fuel = car.fuel / spec.tank
    seen.force_feedback = force_feedback(car, spec)
    see_slip_angles(car, seen)
    seen.laps = clock.laps
    seen.last_lap_s = clock.last_ms / 1000
    seen.last_lap_valid = clock.laps > 0 and not clock.last_cut


def see_slip_angles(car: Car, seen: Seen) -> None:
    """Fill in the slip angles, by the velocity of each contact patch, as `derived` finds them."""
    for i in range(4):
        wheel = car.wheels[i]
        along = seen.forward - car.yaw_rate * wheel.aside
        across = car.yaw_rate * wheel.ahead - seen.right
        sin = math.sin(wheel.steer)
        cos = math.cos(wheel.steer)
        slides = math.atan2(across * cos - along * sin, abs(along * cos + across * sin))
        seen.slip_angle[i] = -slides if abs(seen.forward) > ANGLES_FROM else 0.0


def find(seen: Seen, road: Road, near: int) -> None:
    """
    Find out where a car is on the track.

    Args:
        seen: The car; a position that is not finite counts as the point `near` of the centre line.
        road: The track's tables.
        near: Index of a point of the centre line near it, such as the one before.
    """
    if math.isfinite(seen.x) and math.isfinite(seen.z):
        seen.near, distance, offset, _ = locate(road, seen.x, seen.z, near)
        if math.isfinite(distance) and math.isfinite(offset):
            seen.distance = distance
            seen.offset = -offset
            return
    seen.near = near
    seen.distance = near * road.spacing
    seen.offset = 0.0


def nearest(road: Road, x: float, z: float) -> int:
    """Return the index of the point of the centre line that is nearest to a point, searching the whole line."""
    best = 0
    least = math.inf
    for i in range(road.points):
        dx = road.x[i] - x
        dz = road.z[i] - z
        apart = dx * dx + dz * dz
        if apart < least:
            least = apart
            best = i
    return best
