"""
The suspension: the body on four springs, dampers, anti-roll bars and bump stops, over tyres that are springs too.

The body heaves, pitches and rolls; a wheel has no mass of its own, so the tyre's force is the spring's, damper's and
bar's at every instant, and loads add up to weight, downforce and the body's inertia exactly. What that leaves out is
the hop of a wheel at 10 to 15 Hz. The travel of each wheel is integrated implicitly, the body semi-implicitly, which is
stable at steps of 3 ms up to springs ten times as stiff as a racing car's (W. F. Milliken, D. L. Milliken, Race Car
Vehicle Dynamics, chapters 16 and 22; the massless wheel: T. D. Gillespie, Fundamentals of Vehicle Dynamics, chapter 5).

The functions of this module are in the subset that numba compiles; `car` is the table `car.Car`.
"""

import math
from typing import TYPE_CHECKING

from acbridge_sim.model.drivetrain import STEP_S
from acbridge_sim.model.spec import CarSpec
from acbridge_sim.model.surface import Road, bump, in_pit_lane

if TYPE_CHECKING:
    from acbridge_sim.model.car import Car

G = 9.80665
MOST_LEAN = 0.5
"""Angle between body and ground that the body does not exceed, rad: a car here does not roll over."""


def fit_springs(car: "Car", spec: CarSpec) -> None:
    """Set how far spring and tyre of each wheel give way together when the car stands with half a tank."""
    weight = (spec.mass + 0.37 * spec.tank) * G
    for i in range(4):
        axle = 0 if i < 2 else 1
        share = spec.front_share if i < 2 else 1 - spec.front_share
        car.wheels[i].rest = weight * share / 2 * (1 / spec.spring[axle] + 1 / spec.tyre_spring)


def find_surfaces(car: "Car", road: Road) -> None:
    """Find out what each wheel stands on, and how high that is above the smooth ground."""
    near = car.near
    turned = car.heading - road.heading[near]
    sin_t = math.sin(turned)
    cos_t = math.cos(turned)
    kerb = road.kerb[near]
    left = road.left[near]
    right = road.right[near]
    pit = in_pit_lane(road, car.distance, car.offset)
    for i in range(4):
        wheel = car.wheels[i]
        # In the line's frame, left of it is positive; the line itself bends away below the wheel.
        along = wheel.ahead * cos_t + wheel.aside * sin_t
        offset = car.offset - wheel.ahead * sin_t + wheel.aside * cos_t + car.bend * along * along / 2
        over = offset - left if offset > 0 else -offset - right
        wheel.off = over > kerb and not pit
        wheel.on_kerb = over > 0 and over <= kerb
        wheel.bump = bump(road, car.distance + along, offset, over, kerb, wheel.off)


def ride(
    car: "Car", spec: CarSpec, height: float, force_ahead: float, force_aside: float, mass: float, down: float
) -> None:
    """
    Advance the suspension by a step: loads and travel of the wheels, then heave, pitch and roll of the body.

    Args:
        car: The car, whose wheels know what they stand on.
        spec: Its parameters.
        height: Of the smooth ground under the centre of gravity.
        force_ahead: Of the tyres on the car, N.
        force_aside: The same to the left.
        mass: Of the car with its fuel, kg.
        down: Downforce, N.
    """
    dt = STEP_S
    sin_h = math.sin(car.heading)
    cos_h = math.cos(car.heading)
    # Height and lean of the body against the plane of the ground.
    lift = car.y - spec.cg_height - height
    nose = car.pitch - (cos_h * car.slope_z - sin_h * car.slope_x)
    side = car.roll + (cos_h * car.slope_x + sin_h * car.slope_z)
    tyre = spec.tyre_spring
    total = turning = rolling = 0.0
    for i in range(4):
        wheel = car.wheels[i]
        axle = 0 if i < 2 else 1
        travel = wheel.travel
        spring = spec.spring[axle]
        bar = spec.anti_roll[axle]
        other = car.wheels[i + 1 if i % 2 == 0 else i - 1].travel
        # What spring and tyre give way together, which is negative when a wheel hangs above the ground.
        both = wheel.rest + wheel.bump - lift - nose * wheel.ahead + side * wheel.aside
        push = -spring * travel - bar * (travel - other)
        stiff = spring + bar
        beyond = travel - spec.bump_travel
        if beyond > 0:
            push -= spec.bump_stop * beyond
            stiff += spec.bump_stop
        if both > travel:  # on the ground
            push += tyre * (both - travel)
            stiff += tyre
        damper = spec.damper[0 if push > 0 else 1]
        travel += push / (stiff + damper / dt)
        if travel < 0:
            travel = 0.0
        load = tyre * (both - travel)
        if load < 0:
            load = 0.0
        wheel.travel = travel
        wheel.load = load
        total += load
        turning += load * wheel.ahead
        rolling += load * wheel.aside
    # Tyres push at the ground, downforce at the axles, drag at the height of the centre of gravity.
    front = spec.wheelbase * (1 - spec.front_share)
    turning += force_ahead * spec.cg_height - down * (front - spec.wheelbase * (1 - spec.lift_share))
    car.velocity_y += dt * ((total - down) / mass - G)
    car.pitch_rate += dt * turning / spec.pitch_inertia
    car.roll_rate -= dt * (rolling + force_aside * spec.cg_height) / spec.roll_inertia
    car.y += dt * car.velocity_y
    if abs(nose) > MOST_LEAN and nose * car.pitch_rate > 0:
        car.pitch_rate = 0.0
    if abs(side) > MOST_LEAN and side * car.roll_rate > 0:
        car.roll_rate = 0.0
    car.pitch += dt * car.pitch_rate
    car.roll += dt * car.roll_rate


def stand(car: "Car", spec: CarSpec, height: float, mass: float, down: float) -> None:
    """Let the body rest on its springs, under its downforce and along the ground and its bumps; arguments as before."""
    front = mass * G * spec.front_share + down * spec.lift_share
    rear = mass * G + down - front
    lift_front = lift_rear = bumps_left = bumps_right = 0.0
    for i in range(4):
        wheel = car.wheels[i]
        wheel.load = (front if i < 2 else rear) / 2
        wheel.travel = wheel.load / spec.spring[0 if i < 2 else 1]
        lift = wheel.rest - wheel.travel - wheel.load / spec.tyre_spring + wheel.bump
        if i < 2:
            lift_front += lift / 2
        else:
            lift_rear += lift / 2
        if i % 2 == 0:
            bumps_left += wheel.bump / 2
        else:
            bumps_right += wheel.bump / 2
    sin_h = math.sin(car.heading)
    cos_h = math.cos(car.heading)
    # The centre of gravity is nearer to the heavier axle.
    car.y = height + spec.cg_height + lift_front * spec.front_share + lift_rear * (1 - spec.front_share)
    car.pitch = (lift_front - lift_rear) / spec.wheelbase + (cos_h * car.slope_z - sin_h * car.slope_x)
    car.roll = (bumps_right - bumps_left) / spec.track_width - (cos_h * car.slope_x + sin_h * car.slope_z)
    car.pitch_rate = car.roll_rate = 0.0
