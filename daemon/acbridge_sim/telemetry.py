"""
The three pages as the sim would write them: every field in its own unit, sign and frame.

The only place where the world becomes bytes. It changes nothing in the world, and reads no clock.
"""

import math
from collections.abc import Mapping
from typing import Any

from acbridge.pages import STATUS_OFF, Graphics, Physics, Static
from acbridge.schema import Vec3
from acbridge_sim.faults import Faults
from acbridge_sim.model.car import AIR_DENSITY, Car, G, force_feedback
from acbridge_sim.model.spec import CarSpec
from acbridge_sim.model.timing import Timing
from acbridge_sim.model.track import Track
from acbridge_sim.session import RACE_LAPS, STATUS_OF, Mode, SessionType, time_left_ms

NO_TIME = "-:--:---"
RADIUS_GAIN = 1.0025
"""The effective radius is a little more than the nominal one that `static.tyreRadius` holds."""
BOX_REACH_M = 1.5
"""A car this near to the middle of its pit box stands in it."""


def physics_page(car: Car, packet: int, delta_s: float, faults: Faults) -> bytes:
    """
    Return the physics page.

    Args:
        car: The car.
        packet: Physics steps so far.
        delta_s: Delta to the best lap.
        faults: Which of them spoil the values.
    """
    values = physics_values(car, packet, delta_s)
    faults.spoil_physics(values, packet)
    return Physics.pack(values)


def graphics_page(values: Mapping[str, Any], laps: Mapping[str, Mapping[str, Any]]) -> bytes:
    """
    Return the graphics page.

    Args:
        values: As :func:`graphics_values` returns them.
        laps: As :func:`timing_values` returns them; parts of it may be older than the rest.
    """
    merged = dict(values)
    for part in laps.values():
        merged.update(part)
    return Graphics.pack(merged)


def graphics_page_after_exit(frame: int) -> bytes:
    """Return the graphics page that a sim leaves behind: every field at its default, the status off."""
    defaults: dict[str, Any] = {column.name: "" if column.is_text else 0 for column in Graphics.columns}
    defaults["carCoordinates"] = (0.0, 0.0, 0.0)
    return Graphics.pack(defaults | {"packetId": 2 * frame + 1, "status": STATUS_OFF})


def static_page(
    spec: CarSpec, track: Track, *, cut_invalidates_lap: bool, rates: tuple[float, float, float], sm_version: str
) -> bytes:
    """
    Return the static page.

    Args:
        spec: The car.
        track: The track.
        cut_invalidates_lap: Whether a lap with a cut is invalid.
        rates: Multipliers of fuel, tyre wear and damage.
        sm_version: Version of the shared-memory layout to report.
    """
    values = static_values(spec, track, cut_invalidates_lap=cut_invalidates_lap, rates=rates)
    return Static.pack(values | {"smVersion": sm_version})


def empty_pages() -> tuple[bytes, bytes, bytes]:
    """Return the three pages with every byte zero, as before the sim has written them."""
    return bytes(Physics.page_size), bytes(Graphics.page_size), bytes(Static.page_size)


def body_axes(heading: float, pitch: float, roll: float) -> tuple[Vec3, Vec3, Vec3]:
    """Return the car's left, up and forward as unit vectors in the world."""
    sin_h, cos_h = math.sin(heading), math.cos(heading)
    sin_p, cos_p = math.sin(pitch), math.cos(pitch)
    sin_r, cos_r = math.sin(roll), math.cos(roll)
    forward = (-sin_h * cos_p, sin_p, cos_h * cos_p)
    level = (cos_h, 0.0, sin_h)
    up = (sin_h * sin_p, cos_p, -cos_h * sin_p)
    left = tuple(cos_r * level[i] - sin_r * up[i] for i in range(3))
    tilted = tuple(sin_r * level[i] + cos_r * up[i] for i in range(3))
    return left, tilted, forward  # type: ignore[return-value]  # three each


def physics_values(car: Car, packet: int, delta_s: float) -> dict[str, Any]:
    """
    Return the values of a physics page.

    Args:
        car: The car.
        packet: Physics steps so far.
        delta_s: Delta to the best lap.
    """
    spec = car.spec
    left, up, forward = body_axes(car.heading, car.pitch, car.roll)
    wheels = car.wheels
    contacts, normals, backward = _contacts(car)
    local = _into(car.velocity, left, up, forward)
    acc = _into(car.acceleration, left, up, forward)
    return {
        "packetId": packet,
        "gas": car.gas,
        "brake": car.brake,
        "fuel": car.fuel,
        "gear": car.gear,
        "rpms": round(car.rpm),
        "steerAngle": car.steer,
        "speedKmh": 3.6 * car.speed,
        "velocity": car.velocity,
        "accG": (acc[0] / G, acc[1] / G, acc[2] / G),
        "wheelSlip": [wheel.slip for wheel in wheels],
        "wheelLoad": [wheel.load for wheel in wheels],
        "wheelsPressure": [wheel.tyre.pressure for wheel in wheels],
        "wheelAngularSpeed": [wheel.spin for wheel in wheels],
        "tyreWear": [wheel.tyre.wear for wheel in wheels],
        "tyreDirtyLevel": [wheel.tyre.dirt for wheel in wheels],
        "tyreCoreTemperature": [wheel.tyre.core for wheel in wheels],
        # Negative camber reads negative on the left and positive on the right.
        "camberRAD": [camber if i % 2 == 0 else -camber for i, camber in enumerate(_cambers(car))],
        "suspensionTravel": [wheel.travel for wheel in wheels],
        "drs": float(car.flap),
        "tc": spec.tc_limit,
        "heading": car.heading,
        "pitch": car.pitch,
        "roll": car.roll,
        "cgHeight": spec.cg_height,
        "carDamage": (*car.damage, max(car.damage)),
        "numberOfTyresOut": sum(wheel.off for wheel in wheels),
        "pitLimiterOn": int(car.limiter),
        "abs": spec.abs_limit,
        "kersCharge": car.charge,
        "kersInput": car.assist,
        "autoShifterOn": int(car.auto_shift),
        "rideHeight": _ride_heights(car, contacts),
        "turboBoost": car.boost,
        "ballast": 0.0,
        "airDensity": AIR_DENSITY,
        "airTemp": car.air,
        "roadTemp": car.road,
        "localAngularVel": (-car.pitch_rate, car.yaw_rate, -car.roll_rate),
        "finalFF": force_feedback(car, spec),
        "performanceMeter": delta_s,
        "engineBrake": 0,
        "ersRecoveryLevel": 0,
        "ersPowerLevel": 0,
        "ersHeatCharging": 0,
        "ersIsCharging": 0,
        "kersCurrentKJ": car.spent / 1000,
        "drsAvailable": int(car.flap_ready),
        "drsEnabled": int(car.flap),
        "brakeTemp": [wheel.brake_temperature for wheel in wheels],
        "clutch": car.clutch,
        "tyreTempI": [wheel.tyre.tread[0] for wheel in wheels],
        "tyreTempM": [wheel.tyre.tread[1] for wheel in wheels],
        "tyreTempO": [wheel.tyre.tread[2] for wheel in wheels],
        "isAIControlled": int(car.ai),
        "tyreContactPoint": contacts,
        "tyreContactNormal": normals,
        "tyreContactHeading": backward,
        "brakeBias": spec.brake_bias,
        "localVelocity": local,
        "P2PActivations": 0,
        "P2PStatus": 0,
        "currentMaxRpm": round(spec.limit_rpm),
    }


def graphics_values(
    car: Car,
    *,
    session: SessionType,
    mode: Mode,
    frame: int,
    elapsed_s: float,
    travelled_m: float,
    laps: int,
) -> dict[str, Any]:
    """
    Return the values of a graphics page, those of :func:`timing_values` excepted.

    Args:
        car: The car.
        session: The session's type.
        mode: What the player does.
        frame: Rendered frames so far.
        elapsed_s: Time since the session began.
        travelled_m: Distance that the car has covered in this process of the sim.
        laps: Laps completed.
    """
    pit = car.track.pit
    in_lane = car.track.in_pit_lane(car.place)
    in_box = in_lane and pit is not None and abs(car.place.distance - pit.box) < BOX_REACH_M
    race_laps = RACE_LAPS if session is SessionType.RACE else 0
    return {
        "packetId": 2 * frame + 1,
        "status": STATUS_OF[mode],
        "session": int(session),
        "position": 1,
        "sessionTimeLeft": time_left_ms(session, mode, elapsed_s),
        "distanceTraveled": travelled_m,
        "isInPit": int(in_box),
        "numberOfLaps": race_laps,
        "tyreCompound": car.spec.compound.name,
        "replayTimeMultiplier": 1.0,
        "carCoordinates": (car.x, car.y, car.z),
        "penaltyTime": 0.0,
        "flag": 5 if race_laps and laps >= race_laps else 0,
        "idealLineOn": 0,
        "isInPitLane": int(in_lane),
        "surfaceGrip": car.surface_grip,
        "mandatoryPitDone": 0,
        "windSpeed": 0.0,
        "windDirection": 0.0,
        "x_timeLimitedRemaining": -1,
        "x_escMenuVisible": int(mode is Mode.ESC),
    }


def timing_values(timing: Timing, position: float) -> dict[str, dict[str, Any]]:
    """
    Return the lap fields of a graphics page, in the parts that change one after another when a new lap begins.

    Args:
        timing: The lap clock.
        position: Normalised position on the track, 0 to 1.
    """
    return {
        "position": {"normalizedCarPosition": position},
        "time": {
            "currentTime": lap_text(timing.current_ms),
            "iCurrentTime": timing.current_ms,
            "currentSectorIndex": timing.sector,
        },
        "last": {
            "lastTime": lap_text(timing.last_ms),
            "iLastTime": timing.last_ms,
            "bestTime": lap_text(timing.best_clean_ms),
            "iBestTime": timing.best_ms,
            "split": lap_text(timing.split_ms) if timing.split_ms else " ",
            "lastSectorTime": timing.split_ms,
        },
        "count": {"completedLaps": timing.laps},
    }


def lap_text(milliseconds: int) -> str:
    """Return a time as the sim writes it, ``m:ss:mmm``, or ``-:--:---`` for none."""
    if milliseconds <= 0:
        return NO_TIME
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes}:{rest // 1000:02}:{rest % 1000:03}"


def static_values(
    spec: CarSpec, track: Track, *, cut_invalidates_lap: bool, rates: tuple[float, float, float]
) -> dict[str, Any]:
    """
    Return the values of the static page.

    Args:
        spec: The car.
        track: The track.
        cut_invalidates_lap: Whether a lap with a cut is invalid.
        rates: Multipliers of fuel, tyre wear and damage.
    """
    power = spec.power * max(torque * rpm * math.pi / 30 for rpm, torque in spec.torque)
    texts = {column.name: "" for column in Static.columns if column.is_text}
    numbers: dict[str, Any] = {column.name: 0 for column in Static.columns if not column.is_text}
    nominal = spec.tyre_radius / RADIUS_GAIN
    front, rear = spec.suspension_travel
    return {
        **texts,
        **numbers,
        "smVersion": "1.7",
        "acVersion": "1.16.4",
        "numberOfSessions": 1,
        "numCars": 1,
        "carModel": spec.model,
        "track": track.name,
        "playerName": "Stand-in",
        "playerSurname": "Stand-in",
        "playerNick": "Stand-in",
        "sectorCount": len(track.sectors),
        "maxTorque": spec.power * max(torque for _, torque in spec.torque),
        "maxPower": power,
        "maxRpm": round(spec.limit_rpm),
        "maxFuel": spec.tank,
        "maxTurboBoost": spec.turbo_boost,
        "hasDRS": int(spec.flap_drag > 0),
        "hasKERS": int(spec.motor_power > 0),
        "kersMaxJ": spec.motor_lap,
        "suspensionMaxTravel": (front, front, rear, rear),
        "tyreRadius": (nominal, nominal, nominal, nominal),
        "penaltiesEnabled": int(cut_invalidates_lap),
        "aidFuelRate": rates[0],
        "aidTireRate": rates[1],
        "aidMechanicalDamage": rates[2],
        "aidAllowTyreBlankets": 1,
        "aidAutoClutch": 1,
        "aidAutoBlip": 1,
        "trackSPlineLength": track.length,
        "trackConfiguration": track.configuration,
        "carSkin": "plain",
    }


def _into(vector: Vec3, left: Vec3, up: Vec3, forward: Vec3) -> Vec3:
    x, y, z = vector
    return (
        x * left[0] + y * left[1] + z * left[2],
        x * up[0] + y * up[1] + z * up[2],
        x * forward[0] + y * forward[1] + z * forward[2],
    )


def _cambers(car: Car) -> list[float]:
    """Return the camber of each wheel to the ground, negative leaning in at the top."""
    spec = car.spec
    leaning = car.roll + math.cos(car.heading) * car.slope_x + math.sin(car.heading) * car.slope_z
    found: list[float] = []
    for i, wheel in enumerate(car.wheels):
        axle = 0 if wheel.front else 1
        at_rest = wheel.rest * spec.tyre_spring / (spec.tyre_spring + spec.spring[axle])
        lean = leaning if i % 2 == 0 else -leaning
        found.append(spec.camber[axle] - spec.camber_gain * (wheel.travel - at_rest) + lean)
    return found


def _ride_heights(car: Car, contacts: list[Vec3]) -> tuple[float, float]:
    """Return the height of the body above the ground between the wheels, at the front and the rear axle."""
    spec = car.spec
    bottom = car.y - spec.cg_height
    front, rear = (
        spec.ride_height[axle]
        + bottom
        + car.pitch * car.wheels[2 * axle].ahead
        - (contacts[2 * axle][1] + contacts[2 * axle + 1][1]) / 2
        for axle in (0, 1)
    )
    return front, rear


def _contacts(car: Car) -> tuple[list[Vec3], list[Vec3], list[Vec3]]:
    """Return contact points, road normals and backward rolling directions of the wheels."""
    sin_h, cos_h = math.sin(car.heading), math.cos(car.heading)
    points: list[Vec3] = []
    normals: list[Vec3] = []
    backward: list[Vec3] = []
    for wheel in car.wheels:
        x = car.x - sin_h * wheel.ahead + cos_h * wheel.aside
        z = car.z + cos_h * wheel.ahead + sin_h * wheel.aside
        height, slope_x, slope_z = car.track.ground(x, z, car.near)
        points.append((x, height + wheel.bump, z))
        per = 1.0 / math.sqrt(1 + slope_x * slope_x + slope_z * slope_z)
        normals.append((-slope_x * per, per, -slope_z * per))
        # A wheel that steers left points where a smaller heading does.
        angle = car.heading - wheel.steer
        fx, fz = -math.sin(angle), math.cos(angle)
        rise = slope_x * fx + slope_z * fz
        per = 1.0 / math.sqrt(1 + rise * rise)
        backward.append((-fx * per, -rise * per, -fz * per))
    return points, normals, backward
