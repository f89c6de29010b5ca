"""A car on its springs: it stands, falls, swings out, lifts wheels, and shakes no more than its road."""

import itertools
import math
import statistics
from dataclasses import replace

import pytest

from acbridge_sim import Car, CarCommands, CarSpec, Track
from acbridge_sim.model import roughness
from acbridge_sim.model.suspension import G
from acbridge_sim.model.track import Wave


def ring(radius: float = 300.0, *, rough: float = 0.0, waves: tuple[Wave, ...] = ()) -> Track:
    """Return a round track, flat but for its waves, whose bumps are a factor of what they are."""
    points = [(radius * math.cos(2 * math.pi * i / 600), radius * math.sin(2 * math.pi * i / 600)) for i in range(600)]
    track = Track("ring", "", points, half_width=8.0, waves=waves)
    track.road = track.road._replace(rough=[rough * height for height in track.road.rough])
    return track


def parked(track: Track, spec: CarSpec | None = None, speed: float = 0.0) -> Car:
    car = Car(spec or CarSpec(), track, fuel=20.0)
    car.put(10.0, 0.0, speed)
    return car


def loads(car: Car) -> list[float]:
    return [wheel.load for wheel in car.wheels]


def run(car: Car, seconds: float, commands: CarCommands | None = None) -> None:
    for _ in range(round(seconds / 0.003)):
        car.step(commands or CarCommands(brake=1.0))


def test_a_parked_car_weighs_what_it_weighs_and_stays_where_it_is() -> None:
    car = parked(ring())
    begun = [car.y, *loads(car)]
    run(car, 2.0)
    assert begun == pytest.approx([car.y, *loads(car)], rel=1e-3)
    assert sum(loads(car)) == pytest.approx((car.spec.mass + 0.74 * car.fuel) * G, rel=1e-4)


def test_a_car_that_is_dropped_falls_bounces_and_comes_to_rest() -> None:
    car = parked(ring())
    rest = car.y
    car.y += 0.3
    car.step(CarCommands(brake=1.0))
    assert [0.0] * 4 == loads(car)
    assert car.acceleration_y == pytest.approx(-G)
    heaviest = 0.0
    for _ in range(1000):
        car.step(CarCommands(brake=1.0))
        heaviest = max(heaviest, sum(loads(car)))
    assert heaviest > 2 * car.spec.mass * G
    assert car.y == pytest.approx(rest, abs=1e-3)
    assert abs(car.velocity_y) < 1e-3


def test_the_body_swings_at_the_frequency_of_its_springs_and_less_each_time() -> None:
    spec = CarSpec(damper=(200.0, 200.0))
    car = parked(ring(), spec)
    rest = car.y
    car.y += 0.01
    crossed: list[float] = []
    highest = [0.0]
    above = True
    for i in range(1000):
        car.step(CarCommands(brake=1.0))
        highest[-1] = max(highest[-1], car.y - rest)
        if (car.y > rest) != above:
            above = not above
            crossed.append(i * 0.003)
            if above:
                highest.append(0.0)
    wheel_rates = [1 / (1 / rate + 1 / spec.tyre_spring) for rate in spec.spring]
    frequency = math.sqrt(2 * sum(wheel_rates) / (spec.mass + 0.74 * car.fuel)) / (2 * math.pi)
    assert 1 / (crossed[6] - crossed[4]) == pytest.approx(frequency, rel=0.03)
    assert all(a > b for a, b in itertools.pairwise(highest))


def test_a_stiffer_bar_rolls_less_and_takes_load_from_the_inner_wheel_of_its_axle() -> None:
    found: dict[float, tuple[float, float]] = {}
    for bar in (0.0, 60_000.0):
        car = parked(ring(60.0), replace(CarSpec(), anti_roll=(bar, 5_000.0)), speed=18.0)
        run(car, 0.6, CarCommands(steer=-0.12, gas=0.25))
        turned_left = car.wheels[0].load / (car.wheels[0].load + car.wheels[1].load)
        found[bar] = abs(car.roll), turned_left
    assert found[60_000.0][0] < found[0.0][0]
    assert found[60_000.0][1] < found[0.0][1] < 0.5


def test_wheels_leave_the_ground_behind_a_crest_and_the_car_flies_like_a_stone() -> None:
    car = parked(ring(waves=(Wave(1.5, 0.2, 0.2, 0.0),)), speed=50.0)
    flown = 0
    for _ in range(400):
        car.step(CarCommands(gas=0.3))
        if sum(loads(car)) == 0:
            flown += 1
            down = 0.6 * car.spec.lift_area * car.speed**2 / car.spec.mass
            assert car.acceleration_y == pytest.approx(-G - down, abs=0.6)
            assert max(wheel.slip for wheel in car.wheels) >= 0
    assert flown > 10


def test_a_car_does_not_roll_over() -> None:
    car = parked(ring(), replace(CarSpec(), cg_height=1.5), speed=40.0)
    for i in range(2000):
        car.step(CarCommands(steer=1.0 if i % 200 < 100 else -1.0))
        assert abs(car.roll) < 0.7
        assert math.isfinite(car.y)


def test_the_aligning_torque_rises_falls_and_turns_the_wheels_back() -> None:
    peak = straight = 0.0
    for steer in (0.02, 0.05, 0.1, 0.2, 0.6):
        car = parked(ring(), speed=25.0)
        run(car, 0.5, CarCommands(steer=steer, gas=0.3))
        assert car.aligning < 0  # to the left, against the wheels
        assert -car.wheels[0].steer < steer * car.spec.steer_lock * 1.02
        straight = -car.aligning
        peak = max(peak, straight)
    assert straight < 0.85 * peak


def test_lateral_force_builds_up_over_the_relaxation_length() -> None:
    slow, quick = CarSpec(), CarSpec()
    slow = replace(slow, compound=replace(slow.compound, relaxation=1.0))
    quick = replace(quick, compound=replace(quick.compound, relaxation=0.01))
    forces: list[float] = []
    for spec in (slow, quick):
        car = parked(ring(), spec, speed=20.0)
        run(car, 0.03, CarCommands(steer=0.1))  # 60 cm
        forces.append(abs(car.wheels[0].force_aside + car.wheels[1].force_aside))
    assert 0.3 < forces[0] / forces[1] < 0.75


def test_the_spectrum_of_the_road_is_that_of_iso_8608() -> None:
    np = pytest.importorskip("numpy")
    length = roughness.COUNT * roughness.STEP
    spectra = [
        2 * np.abs(np.fft.rfft(roughness.heights(str(seed))) * roughness.STEP) ** 2 / length for seed in range(200)
    ]
    spectrum = np.mean(spectra, axis=0)
    for k in (4, 13, 40, 128):
        frequency = k / length  # waves a metre
        expected = roughness.ROAD * (frequency / roughness.REFERENCE) ** -2
        assert float(spectrum[k - 1 : k + 2].mean()) == pytest.approx(expected, rel=0.25)


def test_a_road_is_always_as_rough_at_the_same_place_and_closes() -> None:
    assert roughness.heights("a") == roughness.heights("a") != roughness.heights("b")
    heights = roughness.heights("a")
    steps = [abs(b - a) for a, b in itertools.pairwise(heights)]
    assert abs(heights[0] - heights[-1]) < 6 * statistics.fmean(steps)


def test_a_kerb_rattles_and_grass_is_rougher_than_the_road() -> None:
    track = Track(
        "ring", "", [(60 * math.cos(i / 50 * math.pi), 60 * math.sin(i / 50 * math.pi)) for i in range(100)],
        half_width=5.0,
    )  # fmt: skip
    shaken: dict[str, float] = {}
    for name, offset in (("road", 0.0), ("kerb", 5.6), ("grass", 10.0)):
        car = Car(CarSpec(), track, fuel=20.0)
        car.put(10.0, offset - (0.76 if name == "kerb" else 0.0), 10.0)
        found: list[float] = []
        for _ in range(60):
            car.step(CarCommands(steer=0.1, gas=0.2))
            found.append(car.wheels[0].load)
        shaken[name] = statistics.pstdev(b - a for a, b in itertools.pairwise(found))
    assert shaken["kerb"] > 2 * shaken["road"]
    assert shaken["grass"] > 2 * shaken["road"]
