"""
A modest world: one car that laps one closed circuit, the same way every time.

The car follows a line at the speed that a friction limit allows. What the pages carry is worked out from that motion in
the sim's own units, signs and frames; what this world does not model (temperatures that move, wear, damage) stands
still at a plausible value. It keeps no clock: step it, then ask for the pages.
"""

import math
from bisect import bisect_right
from typing import NamedTuple

from acbridge.pages import SM_VERSION, STATUS_LIVE, Graphics, Physics, Static
from acbridge.schema import Vec3, Wheels

STEP_S = 0.003
"""One physics step of the sim."""
STEPS_PER_FRAME = 6
"""Physics steps per rendered frame: 55.6 frames a second."""

G = 9.80665
POINTS = 1440
GRIP_G = 1.3
DRIVE_G = 0.45
BRAKE_G = 1.1
TOP_SPEED = 62.0
MASS = 1150.0
WHEELBASE = 2.5
TRACK_WIDTH = 1.5
CG_HEIGHT = 0.5
TYRE_RADIUS = 0.308
FULL_STEER = 0.434
"""Road-wheel angle at full steering input, rad."""
GEAR_TOP_SPEED = (14.0, 22.0, 31.0, 41.0, 52.0, 66.0)
"""Speed in m/s at which each forward gear reaches the limiter."""
MAX_RPM = 7500
IDLE_RPM = 900
CORNERS = (
    (WHEELBASE / 2, TRACK_WIDTH / 2),
    (WHEELBASE / 2, -TRACK_WIDTH / 2),
    (-WHEELBASE / 2, TRACK_WIDTH / 2),
    (-WHEELBASE / 2, -TRACK_WIDTH / 2),
)
"""Wheels from the centre of gravity: metres ahead, metres to the left."""
SECTORS = (0.0, 0.31, 0.66)
"""Where the sectors begin, as a share of the lap."""
TANK = 45.0
FUEL_PER_METRE = 0.0006
UP = (0.0, 1.0, 0.0)


class _Lap(NamedTuple):
    """The line, cut into points: where each lies, which way it points, how it bends, when the car is there."""

    distance: list[float]
    x: list[float]
    z: list[float]
    heading: list[float]
    curvature: list[float]
    speed: list[float]
    time: list[float]


class World:
    """
    The circuit and the car.

    Attributes:
        steps: Physics steps since the session began.
    """

    def __init__(self) -> None:
        self._lap = _drive(*_circuit())
        self.steps = 0
        # The session's clock starts with the car on the line; a lap takes a whole number of steps, as in the sim.
        self._lap_steps = round(self._lap.time[-1] / STEP_S)

    def step(self, count: int = 1) -> None:
        """Let physics steps of 3 ms pass."""
        self.steps += count

    def pages(self) -> tuple[bytes, bytes, bytes]:
        """Return physics, graphics and static as the sim would have written them by now."""
        frame_steps = self.steps - self.steps % STEPS_PER_FRAME
        return self._physics(self.steps).to_page(), self._graphics(frame_steps).to_page(), _STATIC_PAGE

    def _at(self, steps: int) -> tuple[int, float, int, float]:
        """Return laps done, seconds into the lap, the point before the car, and how far it is to the next."""
        laps, lap_steps = divmod(steps, self._lap_steps)
        seconds = lap_steps * STEP_S
        point = min(bisect_right(self._lap.time, seconds) - 1, POINTS - 1)
        span = self._lap.time[point + 1] - self._lap.time[point]
        return laps, seconds, point, min(1.0, (seconds - self._lap.time[point]) / span)

    def _physics(self, steps: int) -> Physics:
        laps, _, i, part = self._at(steps)
        lap = self._lap
        speed = _mix(lap.speed, i, part)
        heading = _turn(lap.heading[i], lap.heading[i + 1], part)
        bend = _mix(lap.curvature, i, part)
        length = lap.distance[i + 1] - lap.distance[i]
        along_g = (lap.speed[i + 1] ** 2 - lap.speed[i] ** 2) / (2 * length) / G
        right_g = speed * speed * bend / G
        forward = (-math.sin(heading), 0.0, math.cos(heading))
        left = (math.cos(heading), 0.0, math.sin(heading))
        centre = (_mix(lap.x, i, part), CG_HEIGHT, _mix(lap.z, i, part))
        gear, rpms = _gearbox(speed)
        driven = laps * lap.distance[-1] + _mix(lap.distance, i, part)
        wheel = speed / TYRE_RADIUS
        front_left, front_right, rear_left, rear_right = (_contact(centre, forward, left, *at) for at in CORNERS)
        backward = (-forward[0], 0.0, -forward[2])
        gas = min(1.0, max(0.0, along_g / DRIVE_G))
        return Physics(
            packetId=steps,
            gas=gas,
            brake=min(1.0, max(0.0, -along_g / BRAKE_G)),
            fuel=max(1.0, TANK - FUEL_PER_METRE * driven),
            gear=gear,
            rpms=rpms,
            steerAngle=max(-1.0, min(1.0, math.atan(WHEELBASE * bend) / FULL_STEER)),
            speedKmh=3.6 * speed,
            velocity=(speed * forward[0], 0.0, speed * forward[2]),
            accG=(-right_g, 0.0, along_g),
            wheelSlip=_all(math.hypot(right_g, along_g) / GRIP_G),
            wheelLoad=_loads(right_g, along_g),
            wheelsPressure=(26.0, 26.0, 25.5, 25.5),
            wheelAngularSpeed=_all(wheel),
            tyreWear=_all(100.0),
            tyreDirtyLevel=_all(0.0),
            tyreCoreTemperature=(78.0, 78.0, 74.0, 74.0),
            camberRAD=(-0.035, 0.035, -0.03, 0.03),
            suspensionTravel=(0.08, 0.08, 0.09, 0.09),
            drs=0.0,
            tc=0.0,
            heading=heading,
            pitch=0.0,
            roll=0.0,
            cgHeight=CG_HEIGHT,
            carDamage=(0.0, 0.0, 0.0, 0.0, 0.0),
            numberOfTyresOut=0,
            pitLimiterOn=0,
            abs=0.0,
            kersCharge=0.0,
            kersInput=0.0,
            autoShifterOn=1,
            rideHeight=(0.12, 0.13),
            turboBoost=0.0,
            ballast=0.0,
            airDensity=1.2,
            airTemp=22.0,
            roadTemp=29.0,
            localAngularVel=(0.0, -speed * bend, 0.0),
            finalFF=max(-1.0, min(1.0, -right_g / GRIP_G)),
            performanceMeter=0.0,
            engineBrake=0,
            ersRecoveryLevel=0,
            ersPowerLevel=0,
            ersHeatCharging=0,
            ersIsCharging=0,
            kersCurrentKJ=0.0,
            drsAvailable=0,
            drsEnabled=0,
            brakeTemp=(180.0, 180.0, 140.0, 140.0),
            clutch=1.0,
            tyreTempI=(82.0, 82.0, 77.0, 77.0),
            tyreTempM=(79.0, 79.0, 75.0, 75.0),
            tyreTempO=(76.0, 76.0, 73.0, 73.0),
            isAIControlled=1,
            tyreContactPoint=(front_left, front_right, rear_left, rear_right),
            tyreContactNormal=(UP, UP, UP, UP),
            tyreContactHeading=(backward, backward, backward, backward),
            brakeBias=0.6,
            localVelocity=(0.0, 0.0, speed),
            P2PActivations=0,
            P2PStatus=0,
            currentMaxRpm=MAX_RPM,
        )

    def _graphics(self, steps: int) -> Graphics:
        laps, seconds, i, part = self._at(steps)
        lap = self._lap
        now, last = round(seconds / STEP_S) * 3, self._lap_steps * 3 if laps else 0
        sector = bisect_right(SECTORS, _mix(lap.distance, i, part) / lap.distance[-1]) - 1
        bounds = [0, *(round(_time_at(lap, share) / STEP_S) * 3 for share in SECTORS[1:]), self._lap_steps * 3]
        split = bounds[sector] - bounds[sector - 1] if sector else (bounds[-1] - bounds[-2] if laps else 0)
        position = _mix(lap.distance, i, part) / lap.distance[-1]
        return Graphics(
            packetId=2 * (steps // STEPS_PER_FRAME) + 1,
            status=STATUS_LIVE,
            session=0,
            currentTime=lap_text(now),
            lastTime=lap_text(last),
            bestTime=lap_text(last),
            split=lap_text(split) if split else " ",
            completedLaps=laps,
            position=1,
            iCurrentTime=now,
            iLastTime=last,
            iBestTime=last,
            sessionTimeLeft=-1000.0 * steps * STEP_S,
            distanceTraveled=laps * lap.distance[-1] + _mix(lap.distance, i, part),
            isInPit=0,
            currentSectorIndex=sector,
            lastSectorTime=split,
            numberOfLaps=0,
            tyreCompound="Semislicks (SM)",
            replayTimeMultiplier=1.0,
            normalizedCarPosition=min(position, 0.999999),
            carCoordinates=(_mix(lap.x, i, part), CG_HEIGHT, _mix(lap.z, i, part)),
            penaltyTime=0.0,
            flag=0,
            idealLineOn=0,
            isInPitLane=0,
            surfaceGrip=0.98,
            mandatoryPitDone=0,
            windSpeed=0.0,
            windDirection=0.0,
            x_timeLimitedRemaining=-1,
            x_escMenuVisible=0,
        )


def lap_text(milliseconds: int) -> str:
    """Return a time as the sim writes it, ``m:ss:mmm``, or ``-:--:---`` for none."""
    if milliseconds <= 0:
        return "-:--:---"
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes}:{rest // 1000:02}:{rest % 1000:03}"


def _circuit() -> tuple[list[float], list[float], list[float]]:
    """Return the line's points x, z (the last is the first again) and the distance to each."""
    x: list[float] = []
    z: list[float] = []
    for i in range(POINTS):
        angle = 2 * math.pi * i / POINTS
        radius = 300 + 75 * math.cos(2 * angle + 0.5) + 45 * math.cos(3 * angle) + 12 * math.cos(5 * angle + 1)
        x.append(radius * math.cos(angle))
        z.append(radius * math.sin(angle))
    x.append(x[0])
    z.append(z[0])
    distance = [0.0]
    for i in range(POINTS):
        distance.append(distance[-1] + math.hypot(x[i + 1] - x[i], z[i + 1] - z[i]))
    return x, z, distance


def _drive(x: list[float], z: list[float], distance: list[float]) -> _Lap:
    """Drive the line as fast as grip, engine and brakes allow."""
    heading: list[float] = []
    curvature: list[float] = []
    for i in range(POINTS):
        x1, z1 = x[i + 1] - x[i - 1 if i else POINTS - 1], z[i + 1] - z[i - 1 if i else POINTS - 1]
        heading.append(math.atan2(-x1, z1))
    for i in range(POINTS):
        before, after = heading[i - 1], heading[(i + 1) % POINTS]
        length = distance[i + 1] - distance[i] + (distance[i] - distance[i - 1] if i else distance[-1] - distance[-2])
        curvature.append(math.remainder(after - before, 2 * math.pi) / length)
    speed = [min(TOP_SPEED, math.sqrt(0.9 * GRIP_G * G / max(abs(k), 1e-6))) for k in curvature]
    for _ in range(2):  # twice round, so that the end of the lap meets its beginning
        for i in range(POINTS):
            length = distance[i + 1] - distance[i]
            following = (i + 1) % POINTS
            speed[following] = min(speed[following], math.sqrt(speed[i] ** 2 + 2 * DRIVE_G * G * length))
        for i in reversed(range(POINTS)):
            length = distance[i + 1] - distance[i]
            speed[i] = min(speed[i], math.sqrt(speed[(i + 1) % POINTS] ** 2 + 2 * BRAKE_G * G * length))
    time = [0.0]
    for i in range(POINTS):
        time.append(time[-1] + 2 * (distance[i + 1] - distance[i]) / (speed[i] + speed[(i + 1) % POINTS]))
    return _Lap(distance, x, z, [*heading, heading[0]], [*curvature, curvature[0]], [*speed, speed[0]], time)


def _all(value: float) -> Wheels:
    return value, value, value, value


def _mix(values: list[float], i: int, part: float) -> float:
    return values[i] + (values[i + 1] - values[i]) * part


def _turn(before: float, after: float, part: float) -> float:
    return math.remainder(before + math.remainder(after - before, 2 * math.pi) * part, 2 * math.pi)


def _time_at(lap: _Lap, share: float) -> float:
    return lap.time[bisect_right(lap.distance, share * lap.distance[-1]) - 1]


def _contact(centre: Vec3, forward: Vec3, left: Vec3, ahead: float, aside: float) -> Vec3:
    return (
        centre[0] + ahead * forward[0] + aside * left[0],
        0.0,
        centre[2] + ahead * forward[2] + aside * left[2],
    )


def _loads(right_g: float, along_g: float) -> Wheels:
    """Return wheel loads in N: weight, moved back by acceleration and outwards by bends."""
    each = MASS * G / 4
    back = MASS * G * along_g * CG_HEIGHT / WHEELBASE / 2
    out = MASS * G * right_g * CG_HEIGHT / TRACK_WIDTH / 2
    return each - back + out, each - back - out, each + back + out, each + back - out


def _gearbox(speed: float) -> tuple[int, int]:
    """Return the sim's gear index and the engine speed for a speed in m/s."""
    number = next(i for i, top in enumerate(GEAR_TOP_SPEED) if speed < 0.97 * top)
    return number + 2, max(IDLE_RPM, round(MAX_RPM * speed / GEAR_TOP_SPEED[number]))


_STATIC_PAGE = Static(
    smVersion=SM_VERSION,
    acVersion="1.16.4",
    numberOfSessions=1,
    numCars=1,
    carModel="acbridge_stand_in",
    track="acbridge_circuit",
    playerName="Stand-in",
    playerSurname="Stand-in",
    playerNick="Stand-in",
    sectorCount=len(SECTORS),
    maxTorque=210.0,
    maxPower=125_000.0,
    maxRpm=MAX_RPM,
    maxFuel=TANK,
    suspensionMaxTravel=(0.12, 0.12, 0.13, 0.13),
    tyreRadius=_all(TYRE_RADIUS),
    maxTurboBoost=0.0,
    deprecated_1=0.0,
    deprecated_2=0.0,
    penaltiesEnabled=1,
    aidFuelRate=1.0,
    aidTireRate=0.0,
    aidMechanicalDamage=0.0,
    aidAllowTyreBlankets=1,
    aidStability=0.0,
    aidAutoClutch=1,
    aidAutoBlip=1,
    hasDRS=0,
    hasERS=0,
    hasKERS=0,
    kersMaxJ=0.0,
    engineBrakeSettingsCount=0,
    ersPowerControllerCount=0,
    trackSPlineLength=_circuit()[2][-1],
    trackConfiguration="",
    ersMaxJ=0.0,
    isTimedRace=0,
    hasExtraLap=0,
    carSkin="plain",
    reversedGridPositions=0,
    PitWindowStart=0,
    PitWindowEnd=0,
).to_page()
