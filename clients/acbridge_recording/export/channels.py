"""
The channels of a MoTeC log: names, units and signs of ACTI's files, and what of the pages they are.

ACTI's body axes are x forward, y right, z down, and its rates and angles follow them; only lateral acceleration stays
positive to the left. The signs were measured against real files; to "correct" one breaks the formulas of users.

Pure.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

from acbridge import Derived, Graphics, Physics
from acbridge.pages import Static
from acbridge.schema import Wheels

FAST = 100
"""Samples per second of what moves."""
SLOW = 10
"""Samples per second of temperatures, pressures and settings."""
EARTH_M = 6_371_000.0
ORIGIN = (52.0, 0.0)
"""Where the made-up coordinates begin, degrees north and east: AC's tracks have no place on the earth in the pages."""
WATTS_PER_HP = 745.7


class Sample(NamedTuple):
    """
    One tick.

    Attributes:
        p: Its physics.
        g: Its graphics.
        s: Its static page.
        d: What was derived from them.
    """

    p: Physics
    g: Graphics
    s: Static
    d: Derived


class Channel(NamedTuple):
    """
    One channel.

    Attributes:
        name: Its name, at most 31 characters.
        short: Its short name, at most 7.
        unit: Its unit, at most 11.
        rate: Samples per second.
        decimals: Decimal places that are kept.
        value: Its value in a tick.
        holds: Whether it keeps a value until the next, as a gear does; others are interpolated.
    """

    name: str
    short: str
    unit: str
    rate: int
    decimals: int
    value: Callable[[Sample], float]
    holds: bool = False


_Get = Callable[[Sample], float]


def channels(steer_lock: float | None) -> list[Channel]:
    """
    Return all channels.

    Args:
        steer_lock: Degrees of the steering wheel from the middle to one side; it is not in the pages. ``None`` gives
            `Steering Norm` in percent in place of `Steering Angle`.
    """
    steering = (
        _fast("Steering Norm", "Str Nrm", "%", 2, lambda s: 100 * s.p.steerAngle)
        if steer_lock is None
        else _fast("Steering Angle", "Str Ang", "deg", 2, lambda s: steer_lock * s.p.steerAngle)
    )
    return [steering, *_FAST, *_wheels(), *_SLOW, *_HELD]


def _fast(name: str, short: str, unit: str, decimals: int, value: _Get, *, holds: bool = False) -> Channel:
    return Channel(name, short, unit, FAST, decimals, value, holds)


def _slow(name: str, unit: str, decimals: int, value: _Get) -> Channel:
    return Channel(name, "", unit, SLOW, decimals, value)


def _held(name: str, unit: str, decimals: int, value: _Get) -> Channel:
    return Channel(name, "", unit, SLOW, decimals, value, holds=True)


def _of(wheels: Wheels | None, wheel: int) -> float:
    """Return the value of a wheel; 0 where it is not known, as when the car stands."""
    return 0.0 if wheels is None else wheels[wheel]


def _metres_east(s: Sample) -> float:
    """Return how far east a car is: the world's x."""
    return s.g.carCoordinates[0]


_DEGREES_PER_M = math.degrees(1 / EARTH_M)

_FAST = [
    _fast("Ground Speed", "Gnd Spd", "km/h", 3, lambda s: s.p.speedKmh),
    _fast("Engine RPM", "Eng RPM", "rpm", 0, lambda s: s.p.rpms),
    _fast("Gear", "Gear", "", 0, lambda s: s.p.gear - 1, holds=True),
    _fast("Throttle Pos", "Thr Pos", "%", 2, lambda s: 100 * s.p.gas),
    _fast("Brake Pos", "Brk Pos", "%", 2, lambda s: 100 * s.p.brake),
    _fast("Clutch Pos", "Clt Pos", "%", 2, lambda s: 100 * s.p.clutch),
    _fast("CG Accel Lateral", "G Lat", "G", 4, lambda s: s.p.accG[0]),
    _fast("CG Accel Vertical", "G Vert", "G", 4, lambda s: s.p.accG[1]),
    _fast("CG Accel Longitudinal", "G Long", "G", 4, lambda s: s.p.accG[2]),
    _fast("Chassis Pitch Rate", "", "deg/s", 3, lambda s: -math.degrees(s.p.localAngularVel[0])),
    _fast("Chassis Yaw Rate", "", "deg/s", 3, lambda s: -math.degrees(s.p.localAngularVel[1])),
    _fast("Chassis Roll Rate", "", "deg/s", 3, lambda s: math.degrees(s.p.localAngularVel[2])),
    _fast("Chassis Pitch Angle", "", "deg", 3, lambda s: math.degrees(s.p.pitch)),
    _fast("Chassis Roll Angle", "", "deg", 3, lambda s: -math.degrees(s.p.roll)),
    _fast("Chassis Velocity X", "", "m/s", 3, lambda s: s.p.localVelocity[2]),
    _fast("Chassis Velocity Y", "", "m/s", 3, lambda s: -s.p.localVelocity[0]),
    _fast("Chassis Velocity Z", "", "m/s", 3, lambda s: -s.p.localVelocity[1]),
    _fast("Car Coord X", "", "m", 3, lambda s: -s.g.carCoordinates[0]),
    _fast("Car Coord Y", "", "m", 3, lambda s: s.g.carCoordinates[2]),
    _fast("Car Coord Z", "", "m", 3, lambda s: s.g.carCoordinates[1]),
    _fast("Lap Distance", "Lap Dst", "m", 2, lambda s: s.d.lap_distance_m or 0.0, holds=True),
    _fast("Car Pos Norm", "", "", 6, lambda s: s.g.normalizedCarPosition, holds=True),
    _fast("Lap Time", "", "s", 3, lambda s: s.g.iCurrentTime / 1000, holds=True),
    _fast("GPS Latitude", "", "deg", 7, lambda s: ORIGIN[0] - s.g.carCoordinates[2] * _DEGREES_PER_M),
    _fast(
        "GPS Longitude",
        "",
        "deg",
        7,
        lambda s: ORIGIN[1] + _metres_east(s) * _DEGREES_PER_M / math.cos(math.radians(ORIGIN[0])),
    ),
    _fast("GPS Altitude", "", "m", 2, lambda s: s.g.carCoordinates[1]),
]
_SLOW = [
    _slow("CG Height", "mm", 1, lambda s: 1000 * s.p.cgHeight),
    _slow("Fuel Level", "l", 3, lambda s: s.p.fuel),
    _slow("Air Temp", "C", 1, lambda s: s.p.airTemp),
    _slow("Road Temp", "C", 1, lambda s: s.p.roadTemp),
    _slow("Air Density", "kg/m3", 4, lambda s: s.p.airDensity),
    _slow("Surface Grip", "%", 2, lambda s: 100 * s.g.surfaceGrip),
    _slow("Wind Speed", "km/h", 2, lambda s: s.g.windSpeed),
    _slow("Wind Direction", "deg", 1, lambda s: s.g.windDirection),
    _slow("Turbo Boost", "", 3, lambda s: s.p.turboBoost),
    _slow("Brake Bias", "%", 2, lambda s: 100 * s.p.brakeBias),
    _slow("KERS Charge", "%", 2, lambda s: 100 * s.p.kersCharge),
    _slow("KERS Input", "%", 2, lambda s: 100 * s.p.kersInput),
    _slow("KERS Deployed Energy", "kJ", 2, lambda s: s.p.kersCurrentKJ),
    *[
        _slow(f"Car Damage {side}", "", 2, lambda s, i=i: s.p.carDamage[i])
        for i, side in enumerate(("Front", "Rear", "Left", "Right"))
    ],
]
_HELD = [
    _held("Last Lap Time", "s", 3, lambda s: s.g.iLastTime / 1000),
    _held("Best Lap Time", "s", 3, lambda s: s.g.iBestTime / 1000),
    _held("Last Sector Time", "s", 3, lambda s: s.g.lastSectorTime / 1000),
    _held("Session Time Left", "s", 2, lambda s: s.g.sessionTimeLeft / 1000),
    _held("Best Lap Delta", "s", 3, lambda s: s.d.delta_to_best_s or 0.0),
    _held("Lap Number", "", 0, lambda s: s.d.lap_number),
    _held("Session Lap Count", "", 0, lambda s: s.g.completedLaps),
    _held("Position", "", 0, lambda s: s.g.position),
    _held("Flags", "", 0, lambda s: s.g.flag),
    _held("Lap Invalidated", "", 0, lambda s: not s.d.is_lap_valid),
    _held("In Pit", "", 0, lambda s: s.g.isInPitLane),
    _held("Num Tires Off Track", "", 0, lambda s: s.p.numberOfTyresOut),
    _held("Penalties Enabled", "", 0, lambda s: s.s.penaltiesEnabled),
    _held("Max Fuel", "l", 1, lambda s: s.s.maxFuel),
    _held("Max Turbo Boost", "", 3, lambda s: s.s.maxTurboBoost),
    _held("Max RPM", "rpm", 0, lambda s: s.s.maxRpm),
    _held("Max Torque", "Nm", 1, lambda s: s.s.maxTorque),
    _held("Max Power", "hp", 2, lambda s: s.s.maxPower / WATTS_PER_HP),
    _held("Ballast", "kg", 1, lambda s: s.p.ballast),
    _held("DRS Available", "", 0, lambda s: s.p.drsAvailable),
    _held("DRS Active", "", 0, lambda s: s.p.drsEnabled),
    _held("ERS Heat Charging", "", 0, lambda s: s.p.ersHeatCharging),
    _held("ERS Is Charging", "", 0, lambda s: s.p.ersIsCharging),
    _held("ERS Power Level", "", 0, lambda s: s.p.ersPowerLevel),
    _held("ERS Recovery Level", "", 0, lambda s: s.p.ersRecoveryLevel),
    _held("Engine Brake Setting", "", 0, lambda s: s.p.engineBrake),
    _held("KERS Max Energy", "MJ", 3, lambda s: s.s.kersMaxJ / 1e6),
    _held("ERS Max Energy", "MJ", 3, lambda s: s.s.ersMaxJ / 1e6),
    _held("ABS Enabled", "", 0, lambda s: s.p.abs > 0),
    _held("TC Enabled", "", 0, lambda s: s.p.tc > 0),
    _held("AID Allow Tire Blankets", "", 0, lambda s: s.s.aidAllowTyreBlankets),
    _held("AID Auto Blip", "", 0, lambda s: s.s.aidAutoBlip),
    _held("AID Auto Clutch", "", 0, lambda s: s.s.aidAutoClutch),
    _held("AID Auto Shift", "", 0, lambda s: s.p.autoShifterOn),
    _held("AID Fuel Rate", "", 2, lambda s: s.s.aidFuelRate),
    _held("AID Ideal Line", "", 0, lambda s: s.g.idealLineOn),
    _held("AID Tire Wear Rate", "", 2, lambda s: s.s.aidTireRate),
    _held("AID Mech Damage", "%", 1, lambda s: 100 * s.s.aidMechanicalDamage),
    _held("AID Stability", "%", 1, lambda s: 100 * s.s.aidStability),
]


def _wheels() -> list[Channel]:
    """Return the channels of the four wheels; camber is negative on both sides when the tops lean inwards."""
    found: list[Channel] = []
    for i, wheel in enumerate(("FL", "FR", "RL", "RR")):
        side, axle = (1, -1)[i % 2], i // 2
        found += [
            _fast(f"Wheel Angular Speed {wheel}", "", "rad/s", 3, lambda s, i=i: s.p.wheelAngularSpeed[i]),
            _fast(f"Suspension Travel {wheel}", "", "mm", 2, lambda s, i=i: 1000 * s.p.suspensionTravel[i]),
            _fast(f"Ride Height {wheel}", "", "mm", 2, lambda s, axle=axle: 1000 * s.p.rideHeight[axle]),
            _fast(f"Tire Load {wheel}", "", "N", 1, lambda s, i=i: s.p.wheelLoad[i]),
            _fast(f"Tire Slip Ratio {wheel}", "", "%", 3, lambda s, i=i: 100 * _of(s.d.slip_ratio, i)),
            _fast(f"Tire Slip Angle {wheel}", "", "deg", 3, lambda s, i=i: -math.degrees(_of(s.d.slip_angle, i))),
            _fast(f"Camber {wheel}", "", "deg", 3, lambda s, i=i, side=side: side * math.degrees(s.p.camberRAD[i])),
            _slow(f"Brake Temp {wheel}", "C", 1, lambda s, i=i: s.p.brakeTemp[i]),
            _slow(f"Tire Pressure {wheel}", "psi", 2, lambda s, i=i: s.p.wheelsPressure[i]),
            _slow(f"Tire Temp Core {wheel}", "C", 1, lambda s, i=i: s.p.tyreCoreTemperature[i]),
            _slow(f"Tire Temp Inner {wheel}", "C", 1, lambda s, i=i: s.p.tyreTempI[i]),
            _slow(f"Tire Temp Middle {wheel}", "C", 1, lambda s, i=i: s.p.tyreTempM[i]),
            _slow(f"Tire Temp Outer {wheel}", "C", 1, lambda s, i=i: s.p.tyreTempO[i]),
            _slow(f"Tire Dirt Level {wheel}", "", 3, lambda s, i=i: s.p.tyreDirtyLevel[i]),
            _slow(f"Tire Rubber Grip {wheel}", "%", 2, lambda s, i=i: s.p.tyreWear[i]),
            _held(f"Max Sus Travel {wheel}", "mm", 1, lambda s, i=i: 1000 * s.s.suspensionMaxTravel[i]),
            _held(f"Tire Radius {wheel}", "mm", 1, lambda s, i=i: 1000 * s.s.tyreRadius[i]),
        ]
    return found
