"""
The built-in driver: a line round the track, a speed for every place on it, and the feet and hands to keep to both.

The line bends as little as the track's width allows (each point is drawn to where the fourth differences of the line
vanish, within the edges); the speed is what the tyres can hold there, and what the brakes can reach before the next
bend.
"""

import math

from acbridge_sim.model.car import AIR_DENSITY, Car, G
from acbridge_sim.model.spec import FIRST, REVERSE, CarCommands, CarSpec
from acbridge_sim.model.track import Track

EDGE_MARGIN = 1.5
"""From the car's middle to the edge at the least, beside half its width."""
STRIDE = 4
"""Points of the centre line between two of the line that is being drawn."""
ROUNDS = 260
GRIP_USED = 0.86
BRAKE_USED = 0.80
WINGS = 0.0004
"""Downforce over mass and squared speed, 1/m, that a driver does not count on when braking; more comes from wings."""
LOST = 1.3
"""Angle to the line, rad, from which the driver turns round before anything else."""
TURNING_SPEED = 6.0
STUCK_SPEED, STUCK_LOOKS = 1.0, 150
"""A car slower than this in m/s for so many looks, while the driver wants to go, is stuck."""
BACK_LOOKS, STOP_LOOKS = 300, 80
"""Looks for which the driver then goes backwards, and those at their end in which it stops the wheels again."""
BACK_SPEED = 4.0
SLOWEST_PACE, FASTEST_PACE = 0.2, 1.0
LOOK_EVERY = 3
"""Steps between two looks: a driver at 111 Hz is quick enough."""


class RacingLine:
    """
    A line round a track with a speed for every place.

    Attributes:
        offset: From the centre line at each of its points, positive to the left.
        bend: Curvature, 1/m, positive to the right.
        speed: m/s.
    """

    def __init__(self, track: Track, spec: CarSpec) -> None:
        self._track = track
        self.offset = _smooth_offsets(track, spec)
        count = len(self.offset)
        left = [(math.cos(h), math.sin(h)) for h in track.heading]
        self.x = [track.x[i] + self.offset[i] * left[i][0] for i in range(count)]
        self.z = [track.z[i] + self.offset[i] * left[i][1] for i in range(count)]
        self.bend = [_bend_of(self.x, self.z, i) for i in range(count)]
        self.speed = self._speeds(spec)

    def at(self, distance: float) -> tuple[float, float, float]:
        """Return x, z and speed at a distance along the centre line."""
        at = (distance / self._track.spacing) % len(self.x)
        i = int(at)
        j = (i + 1) % len(self.x)
        part = at - i
        return (
            self.x[i] + (self.x[j] - self.x[i]) * part,
            self.z[i] + (self.z[j] - self.z[i]) * part,
            self.speed[i] + (self.speed[j] - self.speed[i]) * part,
        )

    def _speeds(self, spec: CarSpec) -> list[float]:
        mass = spec.mass + 0.5 * spec.tank
        grip = spec.compound.peak * 0.97 * GRIP_USED
        lift = 0.5 * AIR_DENSITY * spec.lift_area / mass
        wings = wings_of(spec)
        count = len(self.bend)
        top = [math.sqrt(grip * G / max(abs(bend) - grip * lift, 1 / 900)) for bend in self.bend]
        speed = list(top)
        for i in reversed(range(2 * count)):  # twice, so that the end of the lap knows the beginning
            here, following = i % count, (i + 1) % count
            length = math.hypot(self.x[following] - self.x[here], self.z[following] - self.z[here])
            sideways = min(1.0, (speed[following] / top[following]) ** 2)
            held = G + wings * speed[following] ** 2
            brake = BRAKE_USED * grip * held * math.sqrt(max(0.02, 1 - sideways * sideways))
            speed[here] = min(speed[here], math.sqrt(speed[following] ** 2 + 2 * brake * length))
        return speed


class BuiltInDriver:
    """
    Drives a car along a line, out of the pit lane first if it stands there, and backwards out of where it is stuck.

    Attributes:
        drive_off_track: Whether to keep off the track, to the right of it.
    """

    def __init__(self, line: RacingLine, car: Car, seed: int = 0, pace: float = 1.0) -> None:
        """
        Take the wheel.

        Args:
            line: Where to drive.
            car: What to drive.
            seed: Every seed is a slightly different driver; the same seed is always the same one.
            pace: Share of the highest speeds that it drives at, 0.2 to 1.

        Raises:
            ValueError: The pace is out of range.
        """
        if not SLOWEST_PACE <= pace <= FASTEST_PACE:
            raise ValueError(f"a pace lies from {SLOWEST_PACE:g} to {FASTEST_PACE:g}, not {pace:g}")
        self._line = line
        self._car = car
        # A driver's character, from the seed alone: up to half a percent of pace, and how far ahead to look.
        character = (seed * 2654435761 % 2**32) / 2**32
        self._pace = (1.0 - 0.005 * character) * pace
        self._reach_s = 0.22 + 0.02 * character
        self._wings = wings_of(car.spec)
        self._commands = CarCommands()
        self._looks = self._stuck = self._back = 0
        self.drive_off_track = False

    def run_up(self, distance: float, speed: float) -> tuple[float, float]:
        """Return the offset of the line at a distance, positive to the left, and a speed that can be driven there."""
        i = int(distance / self._car.track.spacing) % len(self._line.offset)
        return self._line.offset[i], min(speed, self._line.speed[i])

    def state(self) -> list[float]:
        """Return the state, for :meth:`restore`."""
        commands = self._commands
        return [self._looks, self._stuck, self._back, commands.steer, commands.gas, commands.brake]

    def restore(self, state: list[float]) -> None:
        """Return to a state."""
        self._looks, self._stuck, self._back = (int(count) for count in state[:3])
        self._commands = CarCommands(state[3], state[4], state[5])

    def drive(self) -> CarCommands:
        """Return what to do now."""
        if self._looks % LOOK_EVERY == 0:
            self._look()
        self._looks += 1
        return self._commands

    def _look(self) -> None:
        car, place, track = self._car, self._car.place, self._car.track
        speed = car.speed
        pit = track.pit
        in_lane = track.in_pit_lane(place)
        reach = 5.0 + self._reach_s * speed
        x, z, _ = self._line.at(place.distance + reach)
        _, _, wanted = self._line.at(place.distance + 0.06 * speed)
        wanted *= self._pace
        if pit is not None and in_lane:
            x, z, _ = track.point(place.distance + reach, track.pit_middle(place.distance + reach))
            wanted = min(wanted, 75 / 3.6)
        if self.drive_off_track:
            x, z, _ = track.point(place.distance + reach, -track.right[place.near] - 1.8)
            wanted = min(wanted, speed)  # no braking on grass
        car.limiter = in_lane
        sin_h, cos_h = math.sin(car.heading), math.cos(car.heading)
        dx, dz = x - car.x, z - car.z
        ahead, aside = -sin_h * dx + cos_h * dz, cos_h * dx + sin_h * dz
        bend = 2 * aside / max(1.0, ahead * ahead + aside * aside)  # of the circle through the point, to the left
        spec = car.spec
        understeer = 0.00035 * speed * speed / (1 + self._wings * speed * speed / G)
        wheel = -math.atan(spec.wheelbase * bend * (1 + understeer))
        slide = math.atan2(cos_h * car.velocity[0] + sin_h * car.velocity[2], max(3.0, speed))
        wheel -= 0.35 * (slide + spec.wheelbase * spec.front_share * -car.yaw_rate / max(6.0, speed))
        commands = self._commands
        if self._goes_back(speed):
            # The nose turns towards the line when the wheels point away from it.
            commands.steer = math.copysign(1.0, aside)
            commands.gas, commands.brake = (0.0, 0.7) if self._back < STOP_LOOKS else (0.35, 0.0)
            if speed > BACK_SPEED:
                commands.gas = 0.0
            return
        if abs(math.atan2(aside, ahead)) > LOST:
            # Facing the wrong way: stop, then turn on the spot as far as a car can.
            commands.steer = -math.copysign(1.0, aside)
            commands.gas, commands.brake = (0.0, 0.6) if speed > TURNING_SPEED else (0.3, 0.0)
            return
        commands.steer = max(-1.0, min(1.0, wheel / spec.steer_lock))
        commands.gas, commands.brake = self._feet(speed, wanted)

    def _goes_back(self, speed: float) -> bool:
        """Return whether to go backwards now, after choosing the gear for it or for going on."""
        car = self._car
        if self._back > 0:
            self._back -= 1
            if self._back == 0:
                car.shifts_asked = FIRST - car.gear
                car.auto_shift = True
            return self._back > 0
        self._stuck = self._stuck + 1 if speed < STUCK_SPEED and self._commands.gas > 0 else 0
        if self._stuck < STUCK_LOOKS:
            return False
        self._stuck, self._back = 0, BACK_LOOKS
        car.auto_shift = False
        car.shifts_asked = REVERSE - car.gear
        return True

    def _feet(self, speed: float, wanted: float) -> tuple[float, float]:
        off = wanted - speed
        if off < -0.4:
            front = max(self._car.wheels[0].slip, self._car.wheels[1].slip)
            return 0.0, max(0.0, min(1.0, 0.22 * -off + 0.1)) * max(0.25, min(1.0, 2.2 - 1.4 * front))
        share = self._car.spec.front_drive
        wheels = self._car.wheels[0 if share > 0 else 2 : 4 if share < 1 else 2]
        driven = max(wheel.slip for wheel in wheels)
        gas = max(0.0, min(1.0, 0.35 + 0.5 * off))
        return gas * max(0.15, min(1.0, 2.6 - 1.9 * driven)), 0.0


def wings_of(spec: CarSpec) -> float:
    """Return the downforce of wings over mass and squared speed, 1/m; 0 for a car that has none worth counting on."""
    return max(0.0, 0.5 * AIR_DENSITY * spec.lift_area / (spec.mass + 0.5 * spec.tank) - WINGS)


def _smooth_offsets(track: Track, spec: CarSpec) -> list[float]:
    """Return offsets of the line that bends least."""
    count = len(track.x)
    picks = list(range(0, count, STRIDE))
    n = len(picks)
    margin = spec.track_width / 2 + EDGE_MARGIN
    room_left = [track.left[i] - margin for i in picks]
    room_right = [track.right[i] - margin for i in picks]
    cx, cz = [track.x[i] for i in picks], [track.z[i] for i in picks]
    lx, lz = [math.cos(track.heading[i]) for i in picks], [math.sin(track.heading[i]) for i in picks]
    offset = [0.0] * n
    x, z = list(cx), list(cz)
    for _ in range(ROUNDS):
        for i in range(n):
            a, b, d, e = i - 2, i - 1, (i + 1) % n, (i + 2) % n
            qx = (4 * (x[b] + x[d]) - x[a] - x[e]) / 6
            qz = (4 * (z[b] + z[d]) - z[a] - z[e]) / 6
            wanted = (qx - cx[i]) * lx[i] + (qz - cz[i]) * lz[i]
            wanted = offset[i] + 1.5 * (wanted - offset[i])
            wanted = max(-room_right[i], min(room_left[i], wanted))
            offset[i] = wanted
            x[i], z[i] = cx[i] + wanted * lx[i], cz[i] + wanted * lz[i]
    fine = [
        offset[i // STRIDE % n] + (offset[(i // STRIDE + 1) % n] - offset[i // STRIDE % n]) * _part(i, picks, count)
        for i in range(count)
    ]
    for _ in range(6):  # the corners between the picks
        fine = [(fine[i - 1] + 2 * fine[i] + fine[(i + 1) % count]) / 4 for i in range(count)]
    return fine


def _part(i: int, picks: list[int], count: int) -> float:
    k = i // STRIDE
    end = picks[k + 1] if k + 1 < len(picks) else count
    return (i - picks[k]) / (end - picks[k])


def _bend_of(x: list[float], z: list[float], i: int) -> float:
    """Return the curvature of the circle through a point and its neighbours six metres away, positive to the right."""
    a, b = (i - 3) % len(x), (i + 3) % len(x)
    ax, az, bx, bz = x[i] - x[a], z[i] - z[a], x[b] - x[i], z[b] - z[i]
    cross = ax * bz - az * bx
    return 2 * cross / max(1e-9, math.hypot(ax, az) * math.hypot(bx, bz) * math.hypot(x[b] - x[a], z[b] - z[a]))
