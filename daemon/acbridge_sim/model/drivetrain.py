"""
The drivetrain: engine, clutch and gearbox, from the pedals to the torque on the driven wheels.

An engine of a torque curve with engine braking and a limiter that cuts for 30 ms; a clutch that slips while pulling
away; a gearbox that takes its time for a shift, by hand or automatic; a turbocharger and an electric motor for cars
that have them. The functions of this module are in the subset that
numba compiles; `car` is the table `car.Car`.
"""

import math
from typing import TYPE_CHECKING

from acbridge_sim.model.spec import FIRST, NEUTRAL, CarSpec
from acbridge_sim.model.systems import boost_wanted, filling, let_go, motor_torque

if TYPE_CHECKING:
    from acbridge_sim.model.car import Car

STEP_S = 0.003
"""One physics step of the sim."""
CUT_S = 0.03
RECOVERY_SLIP = 0.04
"""Slip ratio towards locking from which the electric motor recovers less."""
PIT_LIMIT = 80 / 3.6
"""Speed in m/s that the pit limiter holds."""


def engine_torque(spec: CarSpec, rpm: float) -> float:
    """Return the torque at full throttle, N m, from the curve of the engine."""
    curve = spec.torque
    count = len(curve)
    i = 0
    while i < count and curve[i][0] <= rpm:
        i += 1
    if i == 0 or i == count:
        return curve[min(i, count - 1)][1] * spec.power
    part = (rpm - curve[i - 1][0]) / (curve[i][0] - curve[i - 1][0])
    return (curve[i - 1][1] + (curve[i][1] - curve[i - 1][1]) * part) * spec.power


def shaft_rpm(car: "Car", spec: CarSpec, ratio: float) -> float:
    """Return the engine speed that the driven wheels ask for through a ratio; negative rolling against the gear."""
    front = spec.front_drive * (car.wheels[0].spin + car.wheels[1].spin)
    rear = (1 - spec.front_drive) * (car.wheels[2].spin + car.wheels[3].spin)
    return (front + rear) / 2 * ratio * 30 / math.pi


def most_slip(car: "Car", spec: CarSpec, sign: float) -> float:
    """Return the highest slip ratio of the driven wheels: towards spinning with a sign of 1, locking with -1."""
    most = 0.0
    for i in range(4):
        if spec.front_drive > 0 if i < 2 else spec.front_drive < 1:
            most = max(most, sign * car.wheels[i].ratio)
    return most


def drive(car: "Car", spec: CarSpec, gas: float, brake: float, clutch: float, shift: int, ahead: float) -> float:
    """
    Advance engine, clutch and gearbox by a step, and return half the torque on the driven wheels together, N m.

    Args:
        car: The car.
        spec: Its parameters.
        gas: Command, 0 to 1.
        brake: Command, 0 to 1.
        clutch: Command, 1 engaged to 0.
        shift: Command, gears up or down.
        ahead: Speed along the car, m/s.
    """
    change_gear(car, spec, gas, brake, shift)
    gas = throttle(car, spec, gas, ahead)
    ratio = spec.gears[car.gear] * spec.final_drive
    # Negative when the car rolls against its gear: then the clutch slips, and the engine brakes nothing.
    rolling = shaft_rpm(car, spec, ratio)
    car.clutch = 0.0 if car.shift_left > 0 or ratio == 0 else max(0.0, min(1.0, clutch))
    full = engine_torque(spec, car.rpm)
    if spec.turbo_boost > 0:
        car.boost += (boost_wanted(spec, gas, car.rpm) - car.boost) * min(1.0, STEP_S / spec.turbo_lag)
        full *= filling(spec, car.boost)
    torque = full * gas - (18.0 + 0.006 * car.rpm) * (1 - gas)
    if gas > 0:
        power = max(0.0, torque) * car.rpm * math.pi / 30
        car.fuel = max(0.0, car.fuel - car.fuel_rate * STEP_S * (0.00008 + power * 8.2e-8))
    car.assist = 0.0
    if car.clutch > 0 and rolling > 1.15 * spec.idle_rpm:
        if spec.motor_power > 0:
            torque += assist(car, spec, gas, brake)
        car.rpm = rolling
        return torque * car.clutch * ratio * 0.93 / 2
    if car.clutch > 0 and ratio != 0:
        # Pulling away: the clutch slips until the wheels have caught up with the engine.
        held = max(spec.idle_rpm, spec.idle_rpm + 2800 * gas)
        car.rpm += (held - car.rpm) * min(1.0, STEP_S / 0.08)
        car.clutch *= 0.15 + 0.85 * gas
        pull = max(0.0, full * gas) if gas > 0 else 0.0
        return pull * ratio * 0.93 / 2
    wanted = spec.idle_rpm + (spec.limit_rpm - spec.idle_rpm) * gas if ratio == 0 else max(spec.idle_rpm, rolling)
    car.rpm += (wanted - car.rpm) * min(1.0, STEP_S / 0.06)
    return 0.0


def throttle(car: "Car", spec: CarSpec, gas: float, ahead: float) -> float:
    """Return the throttle that the engine gets of a command, 0 to 1, after limiters, a shift and traction control."""
    gas = max(0.0, min(1.0, gas))
    if car.limiter and ahead > PIT_LIMIT:
        gas = 0.0
    if car.fuel <= 0:
        gas = 0.0
    if car.rpm > spec.limit_rpm:
        car.cut_left = CUT_S
    if car.cut_left > 0:
        car.cut_left -= STEP_S
        gas = 0.0
    if car.shift_left > 0:
        gas = gas * 0.3
    car.gas = gas
    if spec.tc_limit > 0:
        gas *= let_go(most_slip(car, spec, 1.0), spec.tc_limit)
    return gas


def assist(car: "Car", spec: CarSpec, gas: float, brake: float) -> float:
    """Return the torque of the electric motor on the shaft, N m, and take its energy from the battery or into it."""
    torque = motor_torque(spec, gas, brake, car.rpm, car.charge, car.spent)
    if torque < 0:
        torque *= let_go(most_slip(car, spec, -1.0), RECOVERY_SLIP)
    energy = torque * car.rpm * math.pi / 30 * STEP_S
    car.assist = max(0.0, energy / (spec.motor_power * STEP_S))
    car.charge = max(0.0, min(1.0, car.charge - energy / spec.battery))
    car.spent += max(0.0, energy)
    return torque


def change_gear(car: "Car", spec: CarSpec, gas: float, brake: float, shift: int) -> None:
    """Advance the gearbox: count the shifts asked for, carry one out at a time, or shift automatically."""
    if shift != 0:
        car.auto_shift = False  # a driver who shifts by hand goes on shifting by hand
        car.shifts_asked += shift
    if car.shift_left > 0:
        car.shift_left -= STEP_S
        if car.shift_left <= spec.shift_time / 2:
            car.gear = car.next_gear
        return
    wanted = car.gear
    if car.shifts_asked != 0:
        step = 1 if car.shifts_asked > 0 else -1
        car.shifts_asked -= step
        wanted += step
    elif car.auto_shift and gas + brake > 0:
        wanted = automatic_gear(car, spec, gas, brake)
    if wanted != car.gear and 0 <= wanted < len(spec.gears):
        car.next_gear = wanted
        car.shift_left = spec.shift_time


def automatic_gear(car: "Car", spec: CarSpec, gas: float, brake: float) -> int:
    """Return the gear that the automatic gearbox wants."""
    gear = car.gear
    if gear == NEUTRAL and gas > 0:
        return FIRST
    if gear < FIRST:  # reverse is chosen by hand
        return gear
    rolling = shaft_rpm(car, spec, spec.final_drive)
    if gear + 1 < len(spec.gears) and rolling * spec.gears[gear] > 0.965 * spec.limit_rpm and gas > 0:
        return gear + 1
    low = (0.8 if brake > 0 else 0.72) * spec.limit_rpm
    if gear > FIRST and rolling * spec.gears[gear - 1] < low:
        return gear - 1
    return gear


def gear_for_speed(car: "Car", spec: CarSpec, speed: float) -> None:
    """Choose the lowest forward gear that suits a speed in m/s, and the engine speed that goes with it."""
    car.gear = car.next_gear = NEUTRAL
    car.rpm = spec.idle_rpm
    if speed > 1:
        rolling = speed / spec.tyre_radius * spec.final_drive * 30 / math.pi
        gear = len(spec.gears) - 1
        for i in range(len(spec.gears) - 1, -1, -1):
            if spec.gears[i] > 0 and spec.gears[i] * rolling < 0.9 * spec.limit_rpm:
                gear = i
        car.gear = car.next_gear = gear
        car.rpm = max(spec.idle_rpm, spec.gears[gear] * rolling)
