"""The cars of the table do what cars of their kind do, and their systems work."""

import math
from dataclasses import replace
from functools import cache
from typing import Any, NamedTuple

import pytest

from acbridge import Physics, Static
from acbridge_sim import (
    CARS,
    Bend,
    Car,
    CarCommands,
    CarSpec,
    SessionType,
    Straight,
    Track,
    World,
    car_named,
    lay,
    layout,
)

KMH = 3.6
G = 9.80665
LONG = (
    *(Straight(3000), Bend(90, 100, 30), Straight(None), Bend(90, 100, 30)),
    *(Straight(None), Bend(90, 100, 30), Straight(200), Bend(90, 100, 30)),
)


@cache
def runway() -> Track:
    """Return a flat track with three kilometres of straight road."""
    return Track("runway", "", lay(LONG), half_width=8.0)


class Run(NamedTuple):
    """
    A car at full throttle for two kilometres, and then at full brakes.

    Attributes:
        to_100, to_200: Seconds from a standstill to so many km/h.
        top: Highest speed, km/h.
        braking: Hardest deceleration over a tenth of a second, g.
        stop_m: Way to a standstill from the highest speed, m.
        launch: Slip ratios of the wheels one second after the start.
        at_top, after: The car at the highest speed and in the end: charge, energy spent, boost, flap.
    """

    to_100: float
    to_200: float
    top: float
    braking: float
    stop_m: float
    launch: list[float]
    at_top: tuple[float, float, float, bool]
    after: tuple[float, float, float, bool]


@cache
def run(name: str) -> Run:
    car = on_runway(CARS[name])
    times: dict[int, float] = {}
    launch: list[float] = []
    while car.distance < 2000:
        straight_on(car, gas=1.0)
        for speed in (100, 200):
            if car.speed * KMH > speed:
                times.setdefault(speed, car.steps * 0.003)
        if car.steps == 333:
            launch = [wheel.ratio for wheel in car.wheels]
    top, from_m, at_top = car.speed * KMH, car.distance, systems(car)
    speeds = [car.speed]
    while car.speed > 2:
        slip = max(-wheel.ratio for wheel in car.wheels)
        # A driver without anti-lock brakes lifts when a wheel slows down.
        straight_on(car, brake=1.0 if car.spec.abs_limit else max(0.2, min(1.0, 1.7 - 7 * slip)))
        speeds.append(car.speed)
    braking = max(a - b for a, b in zip(speeds, speeds[33:], strict=False)) / (33 * 0.003) / G
    return Run(times[100], times[200], top, braking, car.distance - from_m, launch, at_top, systems(car))


def on_runway(spec: CarSpec, speed: float = 0.0) -> Car:
    car = Car(spec, runway(), fuel=spec.tank / 2)
    car.put(5.0, 0.0, speed)
    return car


def straight_on(car: Car, *, gas: float = 0.0, brake: float = 0.0) -> None:
    """Drive a step along the straight, which has the heading 0."""
    car.step(CarCommands(steer=0.05 * car.offset - 2 * car.heading, gas=gas, brake=brake))


def systems(car: Car) -> tuple[float, float, float, bool]:
    return car.charge, car.spent, car.boost, car.flap


@pytest.mark.parametrize(
    ("name", "to_100", "top", "braking"),
    [
        ("stand_in", (5, 7), (220, 245), (1.2, 1.6)),
        ("hatchback", (8, 11), (195, 220), (1.0, 1.3)),
        ("gt3", (3.5, 5), (260, 290), (1.7, 2.5)),
        ("formula", (2.5, 4), (300, 325), (3.0, 4.5)),
        ("rally", (4, 6.5), (205, 230), (1.2, 1.6)),
        ("hybrid", (2.8, 4.2), (325, 360), (1.4, 2.0)),
    ],
)
def test_a_car_is_as_fast_as_its_kind(
    name: str, to_100: tuple[float, float], top: tuple[float, float], braking: tuple[float, float]
) -> None:
    found = run(name)
    assert to_100[0] < found.to_100 < to_100[1]
    assert top[0] < found.top < top[1]
    assert braking[0] < found.braking < braking[1]


def test_the_wheels_that_the_engine_drives_slip_forward() -> None:
    front, rear, all_of = (run(name).launch for name in ("hatchback", "gt3", "rally"))
    assert min(front[:2]) > 0.01 > max(front[2:])
    assert min(rear[2:]) > 0.01 > max(rear[:2])
    assert min(all_of) > 0.002


def slowest_wheel(spec: CarSpec) -> float:
    """Return the highest slip ratio towards locking under full brakes from 150 to 60 km/h."""
    car = on_runway(spec, 150 / KMH)
    most = 0.0
    while car.speed * KMH > 60:
        straight_on(car, brake=1.0)
        most = max(most, *(-wheel.ratio for wheel in car.wheels))
    return most


def fastest_wheel(spec: CarSpec) -> float:
    """Return the highest slip ratio towards spinning at full throttle in the first two seconds from 40 km/h."""
    car = on_runway(spec, 40 / KMH)
    most = 0.0
    for _ in range(667):
        straight_on(car, gas=1.0)
        most = max(most, *(wheel.ratio for wheel in car.wheels))
    return most


def test_anti_lock_brakes_keep_the_wheels_turning() -> None:
    spec = replace(CARS["gt3"], brake_torque=3500.0)
    assert slowest_wheel(spec) < 0.2
    assert slowest_wheel(replace(spec, abs_limit=0.0)) > 0.9


def test_traction_control_keeps_the_wheels_from_spinning() -> None:
    spec = replace(CARS["gt3"], power=1.6)
    assert fastest_wheel(spec) < 0.2
    assert fastest_wheel(replace(spec, tc_limit=0.0)) > 0.4


def test_a_turbocharger_takes_its_time_and_never_exceeds_its_boost() -> None:
    spec = CARS["rally"]
    car = on_runway(spec, 30.0)
    boosts = list[float]()
    for _ in range(667):
        straight_on(car, gas=1.0)
        boosts.append(car.boost)
    assert boosts[20] < 0.5 * spec.turbo_boost
    assert 0.9 * spec.turbo_boost < max(boosts) <= spec.turbo_boost
    for _ in range(667):
        straight_on(car)
    assert car.boost < 0.05


def test_the_motor_spends_what_leaves_the_battery_and_brakes_charge_it() -> None:
    spec, found = CARS["hybrid"], run("hybrid")
    charge, spent, _, _ = found.at_top
    assert spent == pytest.approx((1 - charge) * spec.battery, rel=1e-6)
    assert 1e6 < spent <= spec.motor_lap
    assert charge < found.after[0] < charge + 0.5
    assert spent == found.after[1]


def test_the_motor_stops_when_it_has_spent_the_energy_of_a_lap_and_begins_again_in_the_next() -> None:
    spec = replace(CARS["hybrid"], motor_lap=2e5)
    car = on_runway(spec, 40.0)
    for _ in range(1500):
        straight_on(car, gas=1.0)
    assert car.spent == pytest.approx(2e5, rel=0.01)
    assert 0.0 == car.assist
    car.put(runway().length - 30.0, 0.0, 40.0)
    for _ in range(400):
        straight_on(car, gas=1.0)
    assert 1.0 == pytest.approx(car.assist)


def test_the_flap_opens_on_a_straight_at_full_throttle_and_closes_under_braking() -> None:
    assert run("formula").at_top[3]
    assert not run("formula").after[3]
    without = on_runway(replace(CARS["formula"], flap_drag=0.0), 80.0)
    with_flap = on_runway(CARS["formula"], 80.0)
    for _ in range(667):
        straight_on(without, gas=1.0)
        straight_on(with_flap, gas=1.0)
    assert with_flap.speed > without.speed + 0.5
    world = World(session=SessionType.HOTLAP, driver="none", spec=CARS["formula"])
    world.put(500.0, 0.0, 0.0, 30.0)  # in a bend
    world.step(1, CarCommands(gas=1.0))
    assert not world.car.flap_ready


def pages(name: str) -> tuple[Physics, Static]:
    world = World(session=SessionType.HOTLAP, spec=CARS[name])
    world.put(270.0, speed=45.0)
    world.step(400)
    physics, _, static = world.pages()
    return Physics.from_page(physics), Static.from_page(static)


def test_the_pages_carry_what_such_a_car_has() -> None:
    physics, static = pages("gt3")
    assert "acbridge_gt3" == static.carModel
    assert [0.11, 0.1] == pytest.approx([physics.abs, physics.tc])
    assert (0, 0, 0.0) == (static.hasDRS, static.hasKERS, static.maxTurboBoost)
    physics, static = pages("formula")
    assert (1, 1, 1, 1.0) == (static.hasDRS, physics.drsAvailable, physics.drsEnabled, physics.drs)
    physics, static = pages("hybrid")
    assert (1, 0, 4e6) == (static.hasKERS, static.hasERS, static.kersMaxJ)
    assert 1.0 == pytest.approx(physics.kersInput)
    assert physics.kersCharge == pytest.approx(1 - 1000 * physics.kersCurrentKJ / 4e6)
    physics, static = pages("rally")
    assert 1.0 < physics.turboBoost <= static.maxTurboBoost == 1.5
    physics, static = pages("hatchback")
    assert static.maxPower == pytest.approx(118_000, rel=0.02)  # W: 160 hp
    assert (6800, 0.0, 0) == (static.maxRpm, physics.tc, static.hasKERS)


@pytest.mark.parametrize(
    ("name", "track"),
    [*((name, "circuit") for name in CARS if name != "stand_in"), ("stand_in", "kart"), ("hybrid", "kart")],
)
def test_the_driver_laps_cleanly_with_every_car(name: str, track: str) -> None:
    assert drive_laps(name, track, 1)


@pytest.mark.long
@pytest.mark.parametrize(("track", "laps"), [("circuit", 20), ("oval", 20), ("kart", 20), ("long", 3)])
@pytest.mark.parametrize("name", CARS)
def test_twenty_laps_are_clean_and_within_a_hundredth_of_each_other(name: str, track: str, laps: int) -> None:
    times = drive_laps(name, track, laps)
    assert max(times) < 1.01 * min(times)


def drive_laps(name: str, track: str, count: int) -> list[int]:
    """Drive flying laps and return their times in ms, after checking that no wheel left the track."""
    world = World(track=layout(track), session=SessionType.HOTLAP, spec=CARS[name])
    times: list[int] = []
    while len(times) < count:
        world.step()
        assert not any(wheel.off for wheel in world.car.wheels)
        assert world.steps < 110_000 * (count + 1)
        if world.timing.crossed:
            times.append(world.timing.last_ms)
    assert [0.0] * 4 == world.car.damage
    return times


@pytest.mark.parametrize(
    ("name", "meant"),
    [("gt4", "did you mean 'gt3'"), ("Formula1", "did you mean 'formula'"), ("x", "there are: stand_in, hatchback")],
)
def test_an_unknown_car_is_refused_with_the_nearest_names(name: str, meant: str) -> None:
    with pytest.raises(ValueError, match=f"there is no car '{name}'; {meant}"):
        car_named(name)


@pytest.mark.parametrize(
    "given",
    [
        {"abs_limit": -0.1},
        {"front_drive": 1.5},
        {"differential": (0.0, math.nan)},
        {"turbo_lag": 0.0},
        {"shift_time": 0.0},
        {"motor_power": 1e5, "battery": 0.0},
    ],
)
def test_a_system_out_of_range_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="a car"):
        CarSpec(**given)
