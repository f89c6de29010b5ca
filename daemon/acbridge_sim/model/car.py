"""
The car: a body on four spinning wheels, driven over a track.

A double-track model in the plane of the ground: the body has three degrees of freedom, each wheel its spin; loads
follow weight, aerodynamics, the ground's slope and the body's accelerations with the lag of a suspension. Every
quantity is in the sim's own frame: X left, Y up, Z forward, angles as `heading`. One step is 3 ms; the wheels' spin,
which is stiff, is integrated implicitly (W. F. Milliken, D. L. Milliken, Race Car Vehicle Dynamics, chapters 2, 18).
"""

import math
from bisect import bisect_right

from acbridge_sim.model.spec import CarCommands, CarSpec
from acbridge_sim.model.track import KERB_WIDTH, Track
from acbridge_sim.model.tyre import SLOPE, Tyre, grip_share

STEP_S = 0.003
"""One physics step of the sim."""
G = 9.80665
AIR_DENSITY = 1.2
SLOWEST = 2.0
"""Speed in m/s under which slips are measured against this instead: at rest there is nothing to divide by."""
SLOW_STEPS = 10
"""Steps between two updates of what changes slowly: temperatures, wear, pressure."""
LOAD_LAG_S = 0.06
SHIFT_S = 0.09
CUT_S = 0.03
GRASS_GRIP, KERB_GRIP = 0.55, 0.95
GRASS_DRAG = 0.09
BOUNCE = 0.25


class Wheel:
    """
    One wheel at one instant.

    Attributes:
        ahead, aside: Where it sits from the centre of gravity: metres forward, metres to the left.
        front: Whether it steers.
        spin: rad/s, positive rolling forward.
        load: N.
        ratio: Slip ratio.
        tangent: Tangent of the slip angle, positive when it slides to the left.
        slip: Combined slip in units of the slip at peak grip.
        force_ahead, force_aside: In the body's frame, N.
        steer: Angle of the wheel, rad, positive to the left.
        brake_temperature: degC.
        tyre: What use has made of its tyre.
        off: Whether it is off the track.
        on_kerb: Whether it is on a kerb.
    """

    __slots__ = (
        "ahead",
        "aside",
        "brake_temperature",
        "force_ahead",
        "force_aside",
        "front",
        "heat",
        "load",
        "off",
        "on_kerb",
        "ratio",
        "slip",
        "spin",
        "steer",
        "tangent",
        "tyre",
    )

    def __init__(self, ahead: float, aside: float, tyre: Tyre, air: float) -> None:
        self.ahead = ahead
        self.aside = aside
        self.front = ahead > 0
        self.tyre = tyre
        self.brake_temperature = air
        self.off = self.on_kerb = False
        self.heat = 0.0
        self.spin = self.load = self.ratio = self.tangent = self.slip = 0.0
        self.force_ahead = self.force_aside = self.steer = 0.0


class Car:
    """
    The car's state.

    Attributes:
        x, y, z: Centre of gravity in the world.
        heading: rad, growing when turning right.
        velocity: In the world, m/s.
        acceleration: In the world, m/s2: exactly what changed the velocity in the last step.
        yaw_rate: rad/s, positive turning left: exactly what changed the heading.
        wheels: FL, FR, RL, RR.
        gear: The sim's index: 0 reverse, 1 neutral, 2 first.
        rpm: Engine speed.
        clutch: 1 engaged to 0.
        damage: Front, rear, left, right: hardest impact, km/h.
        place: Where it is on the track.
    """

    def __init__(self, spec: CarSpec, track: Track, *, fuel: float, air: float = 22.0, road: float = 29.0) -> None:
        self.spec = spec
        self.track = track
        self.air, self.road = air, road
        self.fuel = fuel
        front, rear = spec.wheelbase * (1 - spec.front_share), -spec.wheelbase * spec.front_share
        half = spec.track_width / 2
        warm = 65.0
        self.wheels = [
            Wheel(ahead, aside, Tyre(spec.compound, warm), air)
            for ahead, aside in ((front, half), (front, -half), (rear, half), (rear, -half))
        ]
        self.damage = [0.0, 0.0, 0.0, 0.0]
        self.damage_rate = self.wear_rate = self.fuel_rate = 1.0
        self.surface_grip = 0.98
        self.auto_shift = True
        self.ai = False
        self.limiter = False
        self._rpms = [rpm for rpm, _ in spec.torque]
        self._torques = [torque for _, torque in spec.torque]
        self.put(0.0, 0.0)

    def put(self, distance: float, offset: float, speed: float = 0.0) -> None:
        """Put the car on the track, along it, at a speed in m/s, with everything settled."""
        spec = self.spec
        self.x, self.z, self.heading = self.track.point(distance, offset)
        height, slope_x, slope_z = self.track.ground(self.x, self.z)
        self.y = height + spec.cg_height
        fx, fz = -math.sin(self.heading), math.cos(self.heading)
        self.velocity = (speed * fx, speed * (slope_x * fx + slope_z * fz), speed * fz)
        self.acceleration = (0.0, 0.0, 0.0)
        self.yaw_rate = 0.0
        self.steer = self.gas = self.brake = 0.0
        self.clutch = 1.0
        self.gear = 1
        self.rpm = spec.idle_rpm
        self._ahead_lag = self._aside_lag = 0.0
        self._shift_left = self._cut_left = 0.0
        self._next_gear = 1
        self._asked = 0
        self._age = 0
        self.pitch = self.roll = self.body_roll = 0.0
        self.place = self.track.locate(self.x, self.z)
        for wheel in self.wheels:
            wheel.spin = speed / spec.tyre_radius
            wheel.heat = 0.0
            wheel.load = spec.mass * G * (spec.front_share if wheel.front else 1 - spec.front_share) / 2
            wheel.ratio = wheel.tangent = wheel.slip = wheel.force_ahead = wheel.force_aside = wheel.steer = 0.0
            wheel.off = wheel.on_kerb = False
        if speed > 1:
            rolling = speed / spec.tyre_radius * spec.final_drive * 30 / math.pi
            fits = [i for i, ratio in enumerate(spec.gears) if ratio > 0 and ratio * rolling < 0.9 * spec.limit_rpm]
            self.gear = self._next_gear = fits[0] if fits else len(spec.gears) - 1
            self.rpm = max(spec.idle_rpm, spec.gears[self.gear] * rolling)

    def repair(self) -> None:
        """Mend what impacts did, as the pit crew does."""
        self.damage = [0.0, 0.0, 0.0, 0.0]

    @property
    def speed(self) -> float:
        """Length of the velocity, m/s."""
        return math.hypot(*self.velocity)

    @property
    def total_mass(self) -> float:
        """Car and fuel, kg."""
        return self.spec.mass + 0.74 * self.fuel

    @property
    def downforce(self) -> float:
        """Aerodynamic load on the wheels, N."""
        ahead = -math.sin(self.heading) * self.velocity[0] + math.cos(self.heading) * self.velocity[2]
        return 0.5 * AIR_DENSITY * self.spec.lift_area * ahead * ahead

    def step(self, commands: CarCommands) -> None:
        """Let one physics step of 3 ms pass."""
        spec = self.spec
        dt = STEP_S
        sin_h, cos_h = math.sin(self.heading), math.cos(self.heading)
        vx, vy, vz = self.velocity
        ahead = -sin_h * vx + cos_h * vz
        aside = cos_h * vx + sin_h * vz
        self.steer = max(-1.0, min(1.0, commands.steer))
        self.brake = max(0.0, min(1.0, commands.brake))
        torque = self._drive(commands, ahead)
        force_ahead, force_aside, moment = self._wheels(ahead, aside, torque)
        mass = self.total_mass
        pull = 0.5 * AIR_DENSITY * spec.drag_area * ahead * abs(ahead)
        _, slope_x, slope_z = self.track.ground(self.x, self.z)
        acc_ahead = (force_ahead - pull) / mass - G * (-sin_h * slope_x + cos_h * slope_z)
        acc_aside = force_aside / mass - G * (cos_h * slope_x + sin_h * slope_z)
        new_vx = vx + dt * (-sin_h * acc_ahead + cos_h * acc_aside)
        new_vz = vz + dt * (cos_h * acc_ahead + sin_h * acc_aside)
        self.yaw_rate += dt * moment / spec.yaw_inertia
        self.x += dt * new_vx
        self.z += dt * new_vz
        self.heading = math.remainder(self.heading - dt * self.yaw_rate, 2 * math.pi)
        self.place = self.track.locate(self.x, self.z, self.place.near)
        new_vx, new_vz = self._barrier(new_vx, new_vz)
        height, slope_x, slope_z = self.track.ground(self.x, self.z)
        new_vy = (height + spec.cg_height - self.y) / dt
        self.y = height + spec.cg_height
        self.velocity = (new_vx, new_vy, new_vz)
        self.acceleration = ((new_vx - vx) / dt, (new_vy - vy) / dt, (new_vz - vz) / dt)
        self._loads(acc_ahead, acc_aside, mass)
        self._lean(slope_x, slope_z)
        self._surfaces()
        self._age += 1
        if self._age % SLOW_STEPS == 0:
            self._use(SLOW_STEPS * dt)

    def _drive(self, commands: CarCommands, ahead: float) -> float:
        """Run engine, clutch and gearbox, and return the torque on each driven wheel, Nm."""
        spec = self.spec
        self._shift(commands)
        gas = max(0.0, min(1.0, commands.gas))
        if self.limiter and ahead > 80 / 3.6:
            gas = 0.0
        ratio = spec.gears[self.gear] * spec.final_drive
        # Negative when the car rolls against its gear: then the clutch slips, and the engine brakes nothing.
        rolling = (self.wheels[2].spin + self.wheels[3].spin) / 2 * ratio * 30 / math.pi
        shifting = self._shift_left > 0
        self.clutch = 0.0 if shifting or ratio == 0 else max(0.0, min(1.0, commands.clutch))
        if self.fuel <= 0:
            gas = 0.0
        if self.rpm > spec.limit_rpm:
            self._cut_left = CUT_S
        if self._cut_left > 0:
            self._cut_left -= STEP_S
            gas = 0.0
        if shifting:
            gas = gas * 0.3
        self.gas = gas
        torque = self._torque(self.rpm) * gas - (18.0 + 0.006 * self.rpm) * (1 - gas)
        if gas > 0:
            power = max(0.0, torque) * self.rpm * math.pi / 30
            self.fuel = max(0.0, self.fuel - self.fuel_rate * STEP_S * (0.00008 + power * 8.2e-8))
        if self.clutch > 0 and rolling > 1.15 * spec.idle_rpm:
            self.rpm = rolling
            return torque * self.clutch * ratio * 0.93 / 2
        if self.clutch > 0 and ratio != 0:
            # Pulling away: the clutch slips until the wheels have caught up with the engine.
            held = max(spec.idle_rpm, spec.idle_rpm + 2800 * gas)
            self.rpm += (held - self.rpm) * min(1.0, STEP_S / 0.08)
            self.clutch *= 0.15 + 0.85 * gas
            pull = max(0.0, self._torque(self.rpm) * gas) if gas > 0 else 0.0
            return pull * ratio * 0.93 / 2
        wanted = spec.idle_rpm + (spec.limit_rpm - spec.idle_rpm) * gas if ratio == 0 else max(spec.idle_rpm, rolling)
        self.rpm += (wanted - self.rpm) * min(1.0, STEP_S / 0.06)
        return 0.0

    def _torque(self, rpm: float) -> float:
        i = bisect_right(self._rpms, rpm)
        if i == 0 or i == len(self._rpms):
            return self._torques[min(i, len(self._rpms) - 1)]
        part = (rpm - self._rpms[i - 1]) / (self._rpms[i] - self._rpms[i - 1])
        return self._torques[i - 1] + (self._torques[i] - self._torques[i - 1]) * part

    def _shift(self, commands: CarCommands) -> None:
        if commands.shift:
            self.auto_shift = False  # who shifts by hand does not want to be helped
            self._asked += commands.shift
        if self._shift_left > 0:
            self._shift_left -= STEP_S
            if self._shift_left <= SHIFT_S / 2:
                self.gear = self._next_gear
            return
        wanted = self.gear
        if self._asked:
            step = 1 if self._asked > 0 else -1
            self._asked -= step
            wanted += step
        elif self.auto_shift and commands.gas + commands.brake > 0:
            wanted = self._automatic(commands)
        if wanted != self.gear and 0 <= wanted < len(self.spec.gears):
            self._next_gear = wanted
            self._shift_left = SHIFT_S

    def _automatic(self, commands: CarCommands) -> int:
        """Return the gear that the automatic gearbox wants."""
        spec, gear = self.spec, self.gear
        if gear == 1 and commands.gas > 0:
            return 2
        if gear < 2:  # noqa: PLR2004  reverse is chosen by hand
            return gear
        rolling = (self.wheels[2].spin + self.wheels[3].spin) / 2 * spec.final_drive * 30 / math.pi
        if gear + 1 < len(spec.gears) and rolling * spec.gears[gear] > 0.965 * spec.limit_rpm and commands.gas > 0:
            return gear + 1
        low = (0.8 if commands.brake > 0 else 0.72) * spec.limit_rpm
        if gear > 2 and rolling * spec.gears[gear - 1] < low:  # noqa: PLR2004  below is first, and neutral
            return gear - 1
        return gear

    def _wheels(  # noqa: PLR0915  one loop without calls: it is what a step costs
        self, ahead: float, aside: float, torque: float
    ) -> tuple[float, float, float]:
        """Turn the wheels, and return what they do to the body: force ahead, force to the left, moment to the left."""
        spec = self.spec
        radius, inertia, dt = spec.tyre_radius, spec.wheel_inertia, STEP_S
        compound = spec.compound
        peak_ratio, peak_angle = compound.peak_ratio, compound.peak_angle
        yaw = self.yaw_rate
        lock = -self.steer * spec.steer_lock
        gear = spec.gears[self.gear] * spec.final_drive * (1.0 if self.clutch >= 1 else 0.0)
        driven_inertia = inertia + spec.engine_inertia * gear * gear / 2
        locking = 40.0 * (self.wheels[2].spin - self.wheels[3].spin)
        sum_ahead = sum_aside = moment = 0.0
        for i, wheel in enumerate(self.wheels):
            hub_ahead = ahead - yaw * wheel.aside
            hub_aside = aside + yaw * wheel.ahead
            if wheel.front:
                # Ackermann: the inner wheel stands more.
                steer = lock / (1 - lock * wheel.aside / spec.wheelbase)
                sin_s, cos_s = math.sin(steer), math.cos(steer)
                rolling = hub_ahead * cos_s + hub_aside * sin_s
                sliding = hub_aside * cos_s - hub_ahead * sin_s
                brake = self.brake * spec.brake_torque * spec.brake_bias * 2
                drive, own = 0.0, inertia
            else:
                steer, sin_s, cos_s = 0.0, 0.0, 1.0
                rolling, sliding = hub_ahead, hub_aside
                brake = self.brake * spec.brake_torque * (1 - spec.brake_bias) * 2
                drive = torque + (-locking if i == 2 else locking)  # noqa: PLR2004  rear left
                own = driven_inertia
            wheel.steer = steer
            per = 1.0 / max(abs(rolling), SLOWEST)
            ratio = (wheel.spin * radius - rolling) * per
            tangent = sliding * per
            slip_ahead, slip_aside = ratio / peak_ratio, tangent / peak_angle
            slip = math.sqrt(slip_ahead * slip_ahead + slip_aside * slip_aside)
            load = wheel.load
            peak = compound.peak * (1 - compound.load_loss * (load / compound.reference_load - 1))
            peak *= load * wheel.tyre.grip * self.surface_grip
            if wheel.off:
                peak *= GRASS_GRIP
            elif wheel.on_kerb:
                peak *= KERB_GRIP
            scale = peak * grip_share(slip) / slip if slip > 1e-9 else peak * SLOPE  # noqa: PLR2004  no 0 / 0
            force = scale * slip_ahead
            across = -scale * slip_aside
            resist = load * (0.012 + (GRASS_DRAG if wheel.off else 0.0)) * max(-1.0, min(1.0, rolling))
            # The slope of the force over spin keeps the step stable at any speed.
            stiff = own + dt * radius * radius * peak * SLOPE / peak_ratio * per
            spin = wheel.spin + dt * (drive - force * radius) / stiff
            stop = dt * brake / stiff
            wheel.spin = 0.0 if abs(spin) <= stop else spin - math.copysign(stop, spin)
            wheel.ratio, wheel.tangent = ratio, tangent
            wheel.slip = slip if load > 0 else 0.0
            lost = abs(force * (wheel.spin * radius - rolling)) + abs(across * sliding)
            wheel.heat += lost + 0.004 * load * abs(rolling)
            if brake:
                wheel.brake_temperature += dt * brake * abs(wheel.spin) / 2600
            force -= resist
            body_ahead = force * cos_s - across * sin_s
            body_aside = force * sin_s + across * cos_s
            wheel.force_ahead, wheel.force_aside = force, across
            sum_ahead += body_ahead
            sum_aside += body_aside
            moment += wheel.ahead * body_aside - wheel.aside * body_ahead
        return sum_ahead, sum_aside, moment

    def _loads(self, acc_ahead: float, acc_aside: float, mass: float) -> None:
        """Share weight and downforce among the wheels; their sum is exactly both."""
        spec = self.spec
        lag = STEP_S / LOAD_LAG_S
        self._ahead_lag += (acc_ahead - self._ahead_lag) * lag
        self._aside_lag += (acc_aside - self._aside_lag) * lag
        weight = max(0.0, mass * (G + self.acceleration[1]))
        down = self.downforce
        moved = mass * self._ahead_lag * spec.cg_height / spec.wheelbase
        front = weight * spec.front_share + down * spec.lift_share - moved
        rear = weight + down - front
        if front < 0 or rear < 0:
            front, rear = (0.0, weight + down) if front < 0 else (weight + down, 0.0)
        out = mass * self._aside_lag * spec.cg_height / spec.track_width
        left, right, rear_left, rear_right = self.wheels
        left.load, right.load = _split(front, out * spec.roll_share)
        rear_left.load, rear_right.load = _split(rear, out * (1 - spec.roll_share))

    def _lean(self, slope_x: float, slope_z: float) -> None:
        """Let the body follow the ground and lean against its accelerations."""
        sin_h, cos_h = math.sin(self.heading), math.cos(self.heading)
        self.pitch = math.atan(-sin_h * slope_x + cos_h * slope_z) + 0.0022 * self._ahead_lag
        self.body_roll = -0.0035 * self._aside_lag
        self.roll = -math.atan(cos_h * slope_x + sin_h * slope_z) + self.body_roll

    def _surfaces(self) -> None:
        """Find out what each wheel stands on."""
        track, place = self.track, self.place
        line = track.heading[place.near]
        turned = self.heading - line
        sin_t, cos_t = math.sin(turned), math.cos(turned)
        kerb = KERB_WIDTH if track.kerb[place.near] else 0.0
        pit = track.in_pit_lane(place)
        left, right = track.left[place.near], track.right[place.near]
        for wheel in self.wheels:
            # In the line's frame, left of it is positive; the line itself bends away below the wheel.
            along = wheel.ahead * cos_t + wheel.aside * sin_t
            offset = place.offset - wheel.ahead * sin_t + wheel.aside * cos_t + place.bend * along * along / 2
            over = offset - left if offset > 0 else -offset - right
            wheel.off = over > kerb and not pit
            wheel.on_kerb = 0 < over <= kerb

    def _barrier(self, vx: float, vz: float) -> tuple[float, float]:
        """Keep the car inside the barriers, and remember how hard it hit them."""
        over = self.track.over_edge(self.place) - self.track.space(self.place)
        if over <= 0:
            return vx, vz
        sign = math.copysign(1.0, self.place.offset)
        line = self.track.heading[self.place.near]
        out_x, out_z = sign * math.cos(line), sign * math.sin(line)
        self.x -= over * out_x
        self.z -= over * out_z
        hit = vx * out_x + vz * out_z
        if hit <= 0:
            return vx, vz
        sin_h, cos_h = math.sin(self.heading), math.cos(self.heading)
        front, left = -sin_h * out_x + cos_h * out_z, cos_h * out_x + sin_h * out_z
        zone = (0 if front > 0 else 1) if abs(front) > abs(left) else (2 if left > 0 else 3)
        self.damage[zone] = max(self.damage[zone], hit * 3.6 * self.damage_rate)
        self.yaw_rate *= 0.5
        vx, vz = vx - (1 + BOUNCE) * hit * out_x, vz - (1 + BOUNCE) * hit * out_z
        return vx * 0.97, vz * 0.97

    def _use(self, seconds: float) -> None:
        """Let what changes slowly change."""
        speed = self.speed
        for wheel in self.wheels:
            heat, wheel.heat = wheel.heat / SLOW_STEPS, 0.0
            camber = self.spec.camber[0 if wheel.front else 1]
            wheel.tyre.use(seconds, heat, -10 * camber, speed, self.air, self.wear_rate, off=wheel.off)
            cooling = 0.008 + 0.0009 * speed
            wheel.brake_temperature -= seconds * cooling * (wheel.brake_temperature - self.air)


def _split(axle: float, out: float) -> tuple[float, float]:
    """Share an axle's load between left and right when so much moves to the right; no wheel pulls at the ground."""
    left = min(axle, max(0.0, axle / 2 - out))
    return left, axle - left
