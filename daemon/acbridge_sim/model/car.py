"""
The car: a body on four spinning wheels, driven over a track.

A double-track model: the body has three degrees of freedom in the plane of the ground and three on its springs
(`suspension`), each wheel its spin and its travel. Every quantity is in the sim's own frame: X left, Y up, Z forward,
angles as `heading`. One step is 3 ms; the wheels' spin, which is stiff, is integrated implicitly (W. F. Milliken, D. L.
Milliken, Race Car Vehicle Dynamics, chapters 2, 18). Lateral force lags behind the slip angle by the relaxation length
of the tyre (H. B. Pacejka, Tyre and Vehicle Dynamics, 3rd ed., section 7.2); the aligning torque turns the wheels back
against the spring of the steering.

The functions of this module are in the subset that numba compiles; they take the tables apart from each other: a car, a
spec, a road. `Car` joins the three for plain Python.
"""

import math
from dataclasses import dataclass, field
from typing import Annotated

from acbridge_sim.model.drivetrain import STEP_S, drive, gear_for_speed
from acbridge_sim.model.spec import CarCommands, CarSpec
from acbridge_sim.model.start import check_start
from acbridge_sim.model.surface import (
    TURN,
    Road,
    barrier_space,
    ground,
    locate,
    over_edge,
    point_at,
    point_before,
    wrap,
)
from acbridge_sim.model.suspension import G, find_surfaces, fit_springs, ride, stand
from acbridge_sim.model.systems import FLAP_SPEED, FULL_GAS, PRESSED, let_go, may_open
from acbridge_sim.model.table import Column
from acbridge_sim.model.track import Track, TrackPosition
from acbridge_sim.model.tyre import SLOPE, Tyre, grip_share, renew, use

__all__ = ["AIR_DENSITY", "STEP_S", "Car", "G", "Wheel"]

AIR_DENSITY = 1.2
SLOWEST = 2.0
"""Least speed in m/s that slips are divided by: at rest the speed is 0."""
SLOW_STEPS = 10
"""Steps between two updates of what changes slowly: temperatures, wear, pressure."""
LEAST_PEAK = 0.4
"""Share of the grip coefficient that is left under any load."""
STEER_LAG_S = 0.02
"""Time in which the steering gives way to the aligning torque."""
FULL_FORCE = 0.028
"""Lever in m by which the car's weight turns the steering wheel at full force feedback."""
GRASS_GRIP, KERB_GRIP = 0.55, 0.95
GRASS_DRAG = 0.09
BOUNCE = 0.25
SURFACE_GRIP = 0.98
WARM = 65.0
"""Temperature of tyres at the start of a session, degC."""
_SPLITTER = 134217729.0
"""2**27 + 1: halves the digits of a float (T. J. Dekker, A floating-point technique, 1971)."""


@dataclass(slots=True)
class Wheel:
    """The state of one wheel."""

    tyre: Annotated[Tyre, Column("", "Its tyre.")]
    ahead: Annotated[float, Column("m", "Hub before the centre of gravity.")]
    aside: Annotated[float, Column("m", "Hub to the left of the centre of gravity.")]
    brake_temperature: Annotated[float, Column("degC", "Of the disc.")]
    spin: Annotated[float, Column("rad/s", "Positive rolling forward.")] = 0.0
    load: Annotated[float, Column("N", "On the ground.")] = 0.0
    rest: Annotated[float, Column("m", "What spring and tyre give way when the car stands.")] = 0.0
    travel: Annotated[float, Column("m", "Of the suspension, from hanging free.")] = 0.0
    bump: Annotated[float, Column("m", "Height of what it stands on above the smooth ground.")] = 0.0
    ratio: Annotated[float, Column("", "Slip ratio.")] = 0.0
    tangent: Annotated[float, Column("", "Tangent of the slip angle, positive sliding to the left.")] = 0.0
    lagging: Annotated[float, Column("", "The tangent that the lateral force has followed so far.")] = 0.0
    slip: Annotated[float, Column("", "Combined slip in units of the slip at peak grip.")] = 0.0
    force_ahead: Annotated[float, Column("N", "In the wheel's direction.")] = 0.0
    force_aside: Annotated[float, Column("N", "To the left of the wheel's direction.")] = 0.0
    steer: Annotated[float, Column("rad", "Angle of the wheel, positive to the left.")] = 0.0
    heat: Annotated[float, Column("W", "Lost power, summed up until the next update of the tyre.")] = 0.0
    off: Annotated[bool, Column("", "Whether it is off the track.")] = False
    on_kerb: Annotated[bool, Column("", "Whether it is on a kerb.")] = False

    @property
    def front(self) -> bool:
        """Whether the wheel steers."""
        return self.ahead > 0


@dataclass(slots=True, eq=False)
class Car:
    """The state of a car, with its parameters and its track beside it."""

    spec: CarSpec
    track: Track
    fuel: Annotated[float, Column("L", "In the tank.")]
    air: Annotated[float, Column("degC", "Air temperature.")] = 22.0
    road: Annotated[float, Column("degC", "Road temperature.")] = 29.0
    x: Annotated[float, Column("m", "Centre of gravity in the world.")] = 0.0
    y: Annotated[float, Column("m", "As x.")] = 0.0
    z: Annotated[float, Column("m", "As x.")] = 0.0
    heading: Annotated[float, Column("rad", "Grows when turning right.")] = 0.0
    velocity_x: Annotated[float, Column("m/s", "In the world.")] = 0.0
    velocity_y: Annotated[float, Column("m/s", "In the world.")] = 0.0
    velocity_z: Annotated[float, Column("m/s", "In the world.")] = 0.0
    acceleration_x: Annotated[float, Column("m/s2", "In the world: change of velocity in the last step.")] = 0.0
    acceleration_y: Annotated[float, Column("m/s2", "As acceleration_x.")] = 0.0
    acceleration_z: Annotated[float, Column("m/s2", "As acceleration_x.")] = 0.0
    yaw_rate: Annotated[float, Column("rad/s", "Positive turning left: change of heading in the last step.")] = 0.0
    pitch: Annotated[float, Column("rad", "Of the body.")] = 0.0
    roll: Annotated[float, Column("rad", "Of the body.")] = 0.0
    pitch_rate: Annotated[float, Column("rad/s", "Change of pitch, positive nose up.")] = 0.0
    roll_rate: Annotated[float, Column("rad/s", "Change of roll, positive right side up.")] = 0.0
    aligning: Annotated[float, Column("N m", "Torque of the front tyres on the steering, positive to the right.")] = 0.0
    give: Annotated[float, Column("rad", "Angle by which the steering gives way to it.")] = 0.0
    slope_x: Annotated[float, Column("", "Slope of the ground under the car towards x.")] = 0.0
    slope_z: Annotated[float, Column("", "Slope of the ground under the car towards z.")] = 0.0
    near: Annotated[int, Column("", "Index of the nearest point of the centre line.")] = 0
    distance: Annotated[float, Column("m", "Along the centre line.")] = 0.0
    offset: Annotated[float, Column("m", "From the centre line, positive to the left.")] = 0.0
    bend: Annotated[float, Column("1/m", "Curvature of the centre line, positive to the right.")] = 0.0
    steer: Annotated[float, Column("", "Steering as applied, -1 left to 1 right.")] = 0.0
    gas: Annotated[float, Column("", "Throttle as applied, 0 to 1.")] = 0.0
    brake: Annotated[float, Column("", "Brake as applied, 0 to 1.")] = 0.0
    clutch: Annotated[float, Column("", "1 engaged to 0.")] = 1.0
    gear: Annotated[int, Column("", "The sim's index: 0 reverse, 1 neutral, 2 first.")] = 1
    next_gear: Annotated[int, Column("", "The gear that a running shift ends in.")] = 1
    shifts_asked: Annotated[int, Column("", "Shifts by hand that are still to come; negative down.")] = 0
    shift_left: Annotated[float, Column("s", "Time until a running shift is over.")] = 0.0
    cut_left: Annotated[float, Column("s", "Time until the limiter lets go.")] = 0.0
    rpm: Annotated[float, Column("1/min", "Engine speed.")] = 0.0
    boost: Annotated[float, Column("bar", "Of the turbocharger, over the pressure of the air.")] = 0.0
    charge: Annotated[float, Column("", "Of the battery of the electric motor, 0 to 1.")] = 0.0
    assist: Annotated[float, Column("", "Share of its power that the electric motor gives, 0 to 1.")] = 0.0
    spent: Annotated[float, Column("J", "Energy that the electric motor has given in this lap.")] = 0.0
    flap_ready: Annotated[bool, Column("", "Whether the flap of the wing may open here.")] = False
    flap: Annotated[bool, Column("", "Whether it is open.")] = False
    steps: Annotated[int, Column("", "Steps since the car was put somewhere.")] = 0
    surface_grip: Annotated[float, Column("", "Factor on all grip.")] = SURFACE_GRIP
    fuel_rate: Annotated[float, Column("", "The session's multiplier of fuel used.")] = 1.0
    wear_rate: Annotated[float, Column("", "The session's multiplier of tyre wear.")] = 1.0
    damage_rate: Annotated[float, Column("", "The session's multiplier of damage.")] = 1.0
    auto_shift: Annotated[bool, Column("", "Whether the gearbox shifts by itself.")] = True
    limiter: Annotated[bool, Column("", "Whether the pit limiter is on.")] = False
    ai: Annotated[bool, Column("", "Whether the built-in driver drives.")] = False
    damage: Annotated[list[float], Column("km/h", "Hardest impact: front, rear, left, right.")] = field(
        default_factory=lambda: [0.0, 0.0, 0.0, 0.0]
    )
    wheels: Annotated[list[Wheel], Column("", "FL, FR, RL, RR.")] = field(init=False)

    def __post_init__(self) -> None:
        spec = self.spec
        self.wheels = [Wheel(Tyre(spec.compound, WARM), 0.0, 0.0, self.air) for _ in range(4)]
        place_wheels(self, spec)
        charge_battery(self, spec)
        self.put(0.0, 0.0)

    def put(self, distance: float, offset: float, speed: float = 0.0, heading: float = 0.0) -> None:
        """
        Put the car on the track; see :func:`put`.

        Raises:
            ValueError: A number is not finite, the speed is out of range, or the place lies behind a barrier.
        """
        check_start(self.track.road, distance, offset, heading, speed)
        put(self, self.spec, self.track.road, distance, offset, speed, heading)

    def step(self, commands: CarCommands) -> None:
        """Advance the car by one physics step of 3 ms."""
        step(
            self,
            self.spec,
            self.track.road,
            commands.steer,
            commands.gas,
            commands.brake,
            commands.clutch,
            commands.shift,
        )

    def repair(self) -> None:
        """Remove all damage, as the pit crew does."""
        self.damage = [0.0, 0.0, 0.0, 0.0]

    @property
    def place(self) -> TrackPosition:
        """Position on the track."""
        return TrackPosition(self.near, self.distance, self.offset, self.bend)

    @property
    def velocity(self) -> tuple[float, float, float]:
        """In the world, m/s."""
        return self.velocity_x, self.velocity_y, self.velocity_z

    @property
    def acceleration(self) -> tuple[float, float, float]:
        """In the world, m/s2: the change of velocity in the last step."""
        return self.acceleration_x, self.acceleration_y, self.acceleration_z

    @property
    def speed(self) -> float:
        """Length of the velocity, m/s."""
        return math.hypot(self.velocity_x, self.velocity_y, self.velocity_z)


def length(x: float, y: float, z: float) -> float:
    """
    Return the length of a vector, rounded as `math.hypot` rounds it, which numba does not have for three numbers.

    Squares are summed with their rounding errors (T. J. Dekker, A floating-point technique for extending the available
    precision, 1971), and the square root is corrected once by Newton's method.
    """
    total = error = 0.0
    for i in range(3):
        part = x if i == 0 else (y if i == 1 else z)
        square, lost = exact_square(part)
        grown = total + square
        back = grown - total
        error += (total - (grown - back)) + (square - back) + lost
        total = grown
    if total == 0.0:
        return 0.0
    root = math.sqrt(total + error)
    square, lost = exact_square(root)
    return root + ((total - square) - lost + error) / (2 * root)


def exact_square(value: float) -> tuple[float, float]:
    """Return the square of a number and the error of its rounding."""
    big = value * _SPLITTER
    high = big - (big - value)
    low = value - high
    square = value * value
    return square, ((high * high - square) + 2 * high * low) + low * low


def place_wheels(car: Car, spec: CarSpec) -> None:
    """Set where the wheels sit from the wheelbase, the track width and the centre of gravity."""
    half = spec.track_width / 2
    for i in range(4):
        wheel = car.wheels[i]
        wheel.ahead = spec.wheelbase * (1 - spec.front_share) if i < 2 else -spec.wheelbase * spec.front_share
        wheel.aside = half if i % 2 == 0 else -half
    fit_springs(car, spec)


def charge_battery(car: Car, spec: CarSpec) -> None:
    """Charge the battery of the electric motor, if there is one."""
    car.charge = 1.0 if spec.motor_power > 0 else 0.0
    car.spent = 0.0


def refit(car: Car, spec: CarSpec, fuel: float, temperature: float) -> None:
    """Prepare a car for a new run: new tyres at a temperature in degC, cold brakes, fuel, no damage, automatic."""
    place_wheels(car, spec)
    charge_battery(car, spec)
    car.fuel = fuel
    car.auto_shift = True
    car.limiter = False
    for i in range(4):
        wheel = car.wheels[i]
        renew(wheel.tyre, spec.compound, temperature)
        wheel.brake_temperature = car.air
        car.damage[i] = 0.0


def put(car: Car, spec: CarSpec, road: Road, distance: float, offset: float, speed: float, heading: float) -> None:
    """
    Put a car on the track with wheels, gear and engine at its speed, and no acceleration.

    Args:
        car: The car; fuel, tyres, damage and the gearbox's mode stay.
        spec: Its parameters.
        road: The track's tables.
        distance: Along the centre line, m.
        offset: From it, positive to the left, m.
        speed: In the direction of the car, m/s.
        heading: From the line's direction, positive to the right, rad.
    """
    car.x, car.z, line = point_at(road, distance, offset)
    car.heading = wrap(line + heading % TURN)
    start, _ = point_before(road, distance)
    height, car.slope_x, car.slope_z = ground(road, car.x, car.z, start)
    car.y = height + spec.cg_height
    forward_x = -math.sin(car.heading)
    forward_z = math.cos(car.heading)
    car.velocity_x = speed * forward_x
    car.velocity_y = speed * (car.slope_x * forward_x + car.slope_z * forward_z)
    car.velocity_z = speed * forward_z
    car.acceleration_x = car.acceleration_y = car.acceleration_z = 0.0
    car.yaw_rate = 0.0
    car.steer = car.gas = car.brake = 0.0
    car.clutch = 1.0
    car.shift_left = car.cut_left = 0.0
    car.shifts_asked = 0
    car.steps = 0
    car.aligning = car.give = 0.0
    car.boost = car.assist = 0.0
    car.flap = car.flap_ready = False
    car.near, car.distance, car.offset, car.bend = locate(road, car.x, car.z, start)
    for i in range(4):
        wheel = car.wheels[i]
        wheel.spin = speed / spec.tyre_radius
        wheel.heat = 0.0
        wheel.ratio = wheel.tangent = wheel.lagging = wheel.slip = wheel.force_ahead = wheel.force_aside = (
            wheel.steer
        ) = 0.0
    find_surfaces(car, road)
    stand(car, spec, height, total_mass(car, spec), downforce(spec, speed))
    gear_for_speed(car, spec, speed)


def total_mass(car: Car, spec: CarSpec) -> float:
    """Return the mass of car and fuel, kg."""
    return spec.mass + 0.74 * car.fuel


def downforce(spec: CarSpec, ahead: float) -> float:
    """Return the downforce at a speed forward in m/s, N."""
    return 0.5 * AIR_DENSITY * spec.lift_area * ahead * ahead


def step(
    car: Car,
    spec: CarSpec,
    road: Road,
    steer: float,
    gas: float,
    brake: float,
    clutch: float,
    shift: int,
) -> None:
    """
    Advance a car by one physics step of 3 ms.

    Args:
        car: The car.
        spec: Its parameters.
        road: The track's tables.
        steer: -1 full left to 1 full right; what lies beyond is cut off, here and below.
        gas: 0 to 1.
        brake: 0 to 1.
        clutch: 1 engaged to 0.
        shift: Gears to shift: 1 up, -1 down, 0 none.
    """
    dt = STEP_S
    sin_h = math.sin(car.heading)
    cos_h = math.cos(car.heading)
    vx = car.velocity_x
    vy = car.velocity_y
    vz = car.velocity_z
    ahead = -sin_h * vx + cos_h * vz
    aside = cos_h * vx + sin_h * vz
    car.steer = max(-1.0, min(1.0, steer))
    car.brake = max(0.0, min(1.0, brake))
    torque = drive(car, spec, gas, brake, clutch, shift, ahead)
    force_ahead, force_aside, moment = turn_wheels(car, spec, ahead, aside, torque)
    mass = total_mass(car, spec)
    pull = 0.5 * AIR_DENSITY * spec.drag_area * ahead * abs(ahead)
    down = downforce(spec, ahead)
    if spec.flap_drag > 0:
        car.flap_ready = ahead > FLAP_SPEED and may_open(road, car.near)
        car.flap = car.flap_ready and gas > FULL_GAS and brake < PRESSED
        if car.flap:
            pull *= 1 - spec.flap_drag
            down *= 1 - spec.flap_lift
    acc_ahead = (force_ahead - pull) / mass - G * (-sin_h * car.slope_x + cos_h * car.slope_z)
    acc_aside = force_aside / mass - G * (cos_h * car.slope_x + sin_h * car.slope_z)
    new_vx = vx + dt * (-sin_h * acc_ahead + cos_h * acc_aside)
    new_vz = vz + dt * (cos_h * acc_ahead + sin_h * acc_aside)
    car.yaw_rate += dt * moment / spec.yaw_inertia
    car.x += dt * new_vx
    car.z += dt * new_vz
    car.heading = wrap(car.heading - dt * car.yaw_rate)
    before = car.distance
    car.near, car.distance, car.offset, car.bend = locate(road, car.x, car.z, car.near)
    if car.distance - before < -road.length / 2:
        car.spent = 0.0
    new_vx, new_vz = hit_barrier(car, road, new_vx, new_vz)
    height, car.slope_x, car.slope_z = ground(road, car.x, car.z, car.near)
    find_surfaces(car, road)
    ride(car, spec, height, force_ahead, force_aside, mass, down)
    car.velocity_x = new_vx
    car.velocity_z = new_vz
    car.acceleration_x = (new_vx - vx) / dt
    car.acceleration_y = (car.velocity_y - vy) / dt
    car.acceleration_z = (new_vz - vz) / dt
    car.steps += 1
    if car.steps % SLOW_STEPS == 0:
        wear_off(car, spec, SLOW_STEPS * dt)


def turn_wheels(car: Car, spec: CarSpec, ahead: float, aside: float, torque: float) -> tuple[float, float, float]:
    """Turn the wheels, and return what they do to the body: force ahead, force to the left, moment to the left."""
    radius = spec.tyre_radius
    inertia = spec.wheel_inertia
    dt = STEP_S
    compound = spec.compound
    peak_ratio = compound.peak_ratio
    peak_angle = compound.peak_angle
    yaw = car.yaw_rate
    lock = -car.steer * spec.steer_lock - car.give
    aligning = 0.0
    gear = spec.gears[car.gear] * spec.final_drive * (1.0 if car.clutch >= 1 else 0.0)
    engine = spec.engine_inertia * gear * gear / 2
    front = spec.front_drive
    spin_front = car.wheels[0].spin - car.wheels[1].spin
    spin_rear = car.wheels[2].spin - car.wheels[3].spin
    between = 0.0
    if spec.centre > 0:
        ahead_of = car.wheels[0].spin + car.wheels[1].spin - car.wheels[2].spin - car.wheels[3].spin
        between = spec.centre * ahead_of / 4
    sum_ahead = sum_aside = moment = 0.0
    for i in range(4):
        wheel = car.wheels[i]
        hub_ahead = ahead - yaw * wheel.aside
        hub_aside = aside + yaw * wheel.ahead
        if i < 2:
            # Ackermann: the inner wheel turns further.
            steer = lock / (1 - lock * wheel.aside / spec.wheelbase)
            sin_s = math.sin(steer)
            cos_s = math.cos(steer)
            rolling = hub_ahead * cos_s + hub_aside * sin_s
            sliding = hub_aside * cos_s - hub_ahead * sin_s
            brake = car.brake * spec.brake_torque * spec.brake_bias * 2
            locking = spec.differential[0] * spin_front
            drive_torque = torque * front - between + (-locking if i == 0 else locking)
            own = inertia + engine * front
        else:
            steer = 0.0
            sin_s = 0.0
            cos_s = 1.0
            rolling = hub_ahead
            sliding = hub_aside
            brake = car.brake * spec.brake_torque * (1 - spec.brake_bias) * 2
            locking = spec.differential[1] * spin_rear
            drive_torque = torque * (1 - front) + between + (-locking if i == 2 else locking)
            own = inertia + engine * (1 - front)
        wheel.steer = steer
        per = 1.0 / max(abs(rolling), SLOWEST)
        ratio = (wheel.spin * radius - rolling) * per
        tangent = sliding * per
        if spec.abs_limit > 0:
            brake *= let_go(-ratio, spec.abs_limit)
        # The way of a step over the relaxation length; implicit, so that it is stable at any speed.
        part = dt / (compound.relaxation * per)
        lagging = (wheel.lagging + part * tangent) / (1 + part)
        slip_ahead = ratio / peak_ratio
        slip_aside = lagging / peak_angle
        slip = math.sqrt(slip_ahead * slip_ahead + slip_aside * slip_aside)
        load = wheel.load
        left = 1 - compound.load_loss * (load / compound.reference_load - 1)
        left = max(left, LEAST_PEAK)
        peak = compound.peak * left * load * wheel.tyre.grip * car.surface_grip
        if wheel.off:
            peak *= GRASS_GRIP
        elif wheel.on_kerb:
            peak *= KERB_GRIP
        scale = peak * grip_share(slip) / slip if slip > 1e-9 else peak * SLOPE
        force = scale * slip_ahead
        across = -scale * slip_aside
        resist = load * (0.012 + (GRASS_DRAG if wheel.off else 0.0)) * max(-1.0, min(1.0, rolling))
        # The slope of the force over spin keeps the step stable at any speed.
        stiff = own + dt * radius * radius * peak * SLOPE / peak_ratio * per
        spin = wheel.spin + dt * (drive_torque - force * radius) / stiff
        stop = dt * brake / stiff
        spin = 0.0 if abs(spin) <= stop else spin - math.copysign(stop, spin)
        wheel.spin = spin
        wheel.ratio = ratio
        wheel.tangent = tangent
        wheel.lagging = lagging
        aside_now = tangent / peak_angle
        wheel.slip = math.sqrt(slip_ahead * slip_ahead + aside_now * aside_now) if load > 0 else 0.0
        lost = abs(force * (spin * radius - rolling)) + abs(across * sliding)
        wheel.heat += lost + 0.004 * load * abs(rolling)
        if brake > 0:
            wheel.brake_temperature += dt * brake * abs(spin) / 2600
        force -= resist
        body_ahead = force * cos_s - across * sin_s
        body_aside = force * sin_s + across * cos_s
        wheel.force_ahead = force
        wheel.force_aside = across
        sum_ahead += body_ahead
        sum_aside += body_aside
        moment += wheel.ahead * body_aside - wheel.aside * body_ahead
        if i < 2:
            trail = spec.trail
            if slip < 1:
                trail += compound.pneumatic_trail * (1 - slip)
            aligning += across * trail
    car.aligning = aligning
    car.give += (aligning / spec.steer_spring - car.give) * (dt / STEER_LAG_S)
    return sum_ahead, sum_aside, moment


def hit_barrier(car: Car, road: Road, vx: float, vz: float) -> tuple[float, float]:
    """Keep the car inside the barriers, record how hard it hit them, and return its velocity after that."""
    over = over_edge(road, car.near, car.offset) - barrier_space(road, car.near, car.distance, car.offset)
    if over <= 0:
        return vx, vz
    sign = math.copysign(1.0, car.offset)
    line = road.heading[car.near]
    out_x = sign * math.cos(line)
    out_z = sign * math.sin(line)
    car.x -= over * out_x
    car.z -= over * out_z
    hit = vx * out_x + vz * out_z
    if hit <= 0:
        return vx, vz
    sin_h = math.sin(car.heading)
    cos_h = math.cos(car.heading)
    front = -sin_h * out_x + cos_h * out_z
    left = cos_h * out_x + sin_h * out_z
    zone = (0 if front > 0 else 1) if abs(front) > abs(left) else (2 if left > 0 else 3)
    car.damage[zone] = max(car.damage[zone], hit * 3.6 * car.damage_rate)
    car.yaw_rate *= 0.5
    vx -= (1 + BOUNCE) * hit * out_x
    vz -= (1 + BOUNCE) * hit * out_z
    return vx * 0.97, vz * 0.97


def force_feedback(car: Car, spec: CarSpec) -> float:
    """Return the force on the steering wheel, -1 to 1: the aligning torque, which falls before the grip does."""
    return max(-1.0, min(1.0, car.aligning / (spec.mass * G * FULL_FORCE)))


def wear_off(car: Car, spec: CarSpec, seconds: float) -> None:
    """Advance what changes slowly: temperatures, wear and dirt."""
    speed = length(car.velocity_x, car.velocity_y, car.velocity_z)
    cooling = 0.008 + 0.0009 * speed
    for i in range(4):
        wheel = car.wheels[i]
        heat = wheel.heat / SLOW_STEPS
        wheel.heat = 0.0
        camber = spec.camber[0 if i < 2 else 1]
        use(wheel.tyre, spec.compound, seconds, heat, -10 * camber, speed, car.air, car.wear_rate, wheel.off)
        wheel.brake_temperature -= seconds * cooling * (wheel.brake_temperature - car.air)
