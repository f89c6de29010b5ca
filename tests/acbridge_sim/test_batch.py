"""Compiled and plain physics are equal to the last bit, and a batch of cars does what the World does."""

import importlib
import math
import random
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from acbridge_sim import (
    CARS,
    CarCommands,
    CarSpec,
    SessionType,
    Track,
    World,
    compiled,
    layout,
    load_track,
    map_of,
    track_of,
)
from acbridge_sim.compiled import MODULES, subset
from acbridge_sim.model.table import columns
from acbridge_sim.roads import random_road

pytest.importorskip("numba")
import numpy as np

from acbridge_sim.batch import Worlds, dtype_of, spec_of


def flat(record: Any, names: Any) -> list[Any]:
    """Return the numbers of a plain record, in the order of a table."""
    found: list[Any] = []
    for name in names:
        value = getattr(record, name)
        for item in value if isinstance(value, list) else [value]:  # pyright: ignore[reportUnknownVariableType]
            found += flat(item, columns(type(item))) if columns(type(item)) else [item]  # pyright: ignore[reportUnknownArgumentType]
    return found


def numbers(row: Any) -> list[Any]:
    """Return the numbers of a compiled record, in the order of its table."""
    if isinstance(row, np.void):
        return [number for name in row.dtype.names or () for number in numbers(row[name])]
    if isinstance(row, np.ndarray):
        return [number for item in row for number in numbers(item)]
    return [row.item() if hasattr(row, "item") else row]


def state(world: World) -> list[Any]:
    return flat(world.car, columns(type(world.car))) + flat(world.timing, columns(type(world.timing)))


def lane(worlds: Worlds, index: int = 0) -> list[Any]:
    return numbers(worlds.cars[index]) + numbers(worlds.clocks[index])


def pair(track: Track, lag: int = 0, spec: CarSpec | None = None) -> tuple[World, Worlds]:
    """Return a World and a batch of one car on the same track, at the same place."""
    world = World(track=track, session=SessionType.HOTLAP, driver="none", lag=lag, spec=spec)
    worlds = Worlds(1, track, spec)
    worlds.lanes["lag"] = lag
    world.put(-60.0, 0.0, 0.0, 20.0)
    worlds.put([0], -60.0, 0.0, 0.0, 20.0)
    assert state(world) == lane(worlds)
    return world, worlds


def drive(world: World, worlds: Worlds, command: list[float], steps: int) -> None:
    world.step(steps, CarCommands(command[0], command[1], command[2], command[3], int(command[4])))
    worlds.step([command], steps)


def test_the_compiled_batch_calls_every_function_of_the_model() -> None:
    functions = {
        name: function
        for module in MODULES
        for name, function in subset(importlib.import_module(f"acbridge_sim.model.{module}")).items()
    }
    # One computes a constant, the other is for pages and environments.
    reached, found = {"solve_stiffness", "force_feedback"}, {"advance", "begin"}
    while found:
        reached |= found
        called = {name for each in found for name in functions[each].__code__.co_names}
        found = (called & set(functions)) - reached
    assert set(functions) == reached


def test_random_driving_with_spins_grass_barriers_and_reverse_is_equal_bit_for_bit() -> None:
    world, worlds = pair(layout("circuit"))
    rng = random.Random(4)
    seen: set[str] = set()
    for run in range(24):
        start = (rng.uniform(0, world.track.length), rng.uniform(-4, 4), rng.uniform(-0.3, 0.3), rng.uniform(0, 45))
        world.put(*start)
        worlds.put([0], *start)
        for _ in range(40):
            shift = -1 if run % 4 == 0 else rng.choice((-1, 1)) if rng.random() < 0.05 else 0
            gas, brake = rng.random(), 0.6 if rng.random() < 0.15 else 0.0
            command = [rng.uniform(-1, 1), gas, brake, 1.0 if rng.random() < 0.95 else 0.4, shift]
            drive(world, worlds, command, rng.randint(1, 40))
            assert state(world) == lane(worlds)
            car = world.car
            seen |= {"grass"} if any(w.off for w in car.wheels) else set()
            seen |= {"kerb"} if any(w.on_kerb for w in car.wheels) else set()
            seen |= {"barrier"} if max(car.damage) > 0 else set()
            seen |= {"reverse"} if car.gear == 0 and car.gas > 0 else set()
            seen |= {"spin"} if abs(car.yaw_rate) > 1.5 else set()  # rad/s
    assert {"grass", "kerb", "barrier", "reverse", "spin"} == seen


@pytest.mark.parametrize("name", ["circuit", "oval"])
def test_laps_of_the_built_in_driver_are_equal_bit_for_bit(name: str) -> None:
    world, worlds = pair(layout(name))
    driver = World(track=layout(name), session=SessionType.HOTLAP)
    driver.car = world.car
    from acbridge_sim import BuiltInDriver
    from acbridge_sim.world import racing_line

    hands = BuiltInDriver(racing_line(world.track, world.car.spec), world.car)
    while world.timing.laps < 1:
        c = hands.drive()
        worlds.cars["limiter"] = world.car.limiter
        drive(world, worlds, [c.steer, c.gas, c.brake, c.clutch, 0.0], 1)
    assert state(world) == lane(worlds)
    assert world.timing.last_ms > 30_000


def test_every_car_with_its_systems_is_equal_bit_for_bit_and_shares_the_compiled_code() -> None:
    assert 1 == len({str(dtype_of(spec)) for spec in CARS.values()})
    rng = random.Random(6)
    seen: set[str] = set()
    for spec in CARS.values():
        world, worlds = pair(layout("circuit"), spec=spec)
        world.put(270.0, 0.0, 0.0, 40.0)
        worlds.put([0], 270.0, 0.0, 0.0, 40.0)
        for k in range(60):
            gas = 1.0 if k < 20 else rng.random()
            drive(world, worlds, [rng.uniform(-0.1, 0.1), gas, float(k % 10 > 7), 1.0, 0.0], 15)
            assert state(world) == lane(worlds)
            car = world.car
            seen |= {name for name in ("boost", "assist", "flap") if getattr(car, name)}
            seen |= {"charging"} if car.spent and car.brake and car.charge < 1 else set()
    assert {"boost", "assist", "flap", "charging"} == seen


def test_the_pit_lane_with_its_limiter_is_equal_bit_for_bit() -> None:
    track = layout("circuit")
    assert track.pit is not None
    world, worlds = pair(track)
    world.put(track.pit.box, track.pit.offset)
    worlds.put([0], track.pit.box, track.pit.offset)
    world.car.limiter = True
    worlds.cars["limiter"] = True
    fastest = 0.0
    for k in range(400):
        drive(world, worlds, [0.01 * math.sin(k), 1.0 if k < 330 else 0.0, 0.0 if k < 330 else 1.0, 1.0, 0.0], 10)
        assert state(world) == lane(worlds)
        fastest = max(fastest, 3.6 * world.car.speed) if track.in_pit_lane(world.car.place) else fastest
    assert 75 < fastest < 85


def test_a_track_from_borders_is_equal_bit_for_bit(tmp_path: Path) -> None:
    path = tmp_path / "kidney.csv"
    rows = ["left_x,left_z,right_x,right_z"]
    for i in range(300):
        angle = math.pi * i / 150
        inner, outer = (220 + 60 * math.cos(2 * angle) + 25 * math.sin(3 * angle) + edge for edge in (-5, 5))
        c, s = math.cos(angle), math.sin(angle)
        rows.append(f"{inner * c},{inner * s},{outer * c},{outer * s}")
    path.write_text("\n".join(rows))
    world, worlds = pair(load_track(path))
    for k in range(300):
        drive(world, worlds, [0.3 * math.sin(0.3 * k), 0.8, 0.0, 1.0, 0.0], 10)
        assert state(world) == lane(worlds)


def test_a_track_with_hills_from_a_map_is_equal_bit_for_bit() -> None:
    world, worlds = pair(track_of(map_of(layout("circuit"))))
    for k in range(150):
        drive(world, worlds, [0.2 * math.sin(0.3 * k), 0.8, 0.0, 1.0, 0.0], 10)
        assert state(world) == lane(worlds)


def test_a_delay_line_delays_commands_alike() -> None:
    world, worlds = pair(layout("oval"), lag=7)
    drive(world, worlds, [0.0, 1.0, 0.0, 1.0, 0.0], 7)
    assert 0.0 == world.car.gas
    drive(world, worlds, [0.0, 1.0, 0.0, 1.0, 0.0], 1)
    assert world.car.gas > 0
    for k in range(200):
        drive(world, worlds, [0.1 * math.sin(k), 0.7, 0.0, 1.0, 0.0], 5)
    assert state(world) == lane(worlds)


def test_a_snapshot_brings_every_lane_back_exactly() -> None:
    worlds = Worlds(3, layout("oval"), randomize={"mass": (0.95, 1.05), "grip": (0.9, 1.02)}, seed=5)
    worlds.put(range(3), [0.0, 300.0, 900.0], 0.0, 0.0, 25.0)
    commands = np.tile([0.05, 0.8, 0.0, 1.0, 0.0], (3, 1))
    worlds.step(commands, 100)
    kept = worlds.snapshot()
    worlds.step(commands, 400)
    after = [lane(worlds, i) for i in range(3)]
    worlds.restore(kept)
    worlds.step(commands, 400)
    assert after == [lane(worlds, i) for i in range(3)]


def test_a_car_of_the_batch_draws_its_own_parameters_whatever_the_others_do() -> None:
    ranges = {"mass": (0.9, 1.1), "power": (0.8, 1.2), "grip": (0.9, 1.02), "fuel": (0.1, 1.0), "lag": (0.0, 20.0)}
    few, many = (Worlds(n, layout("oval"), randomize=ranges, seed=3) for n in (2, 5))
    assert numbers(few.specs[1]) == numbers(many.specs[1])
    assert numbers(few.specs[0]) != numbers(few.specs[1])
    world = World(track=layout("oval"), driver="none", spec=spec_of(few, 1), fuel=float(few.cars["fuel"][1]))
    world.put(0.0, 0.0, 0.0, 15.0)
    fuel = world.car.fuel
    few.put([1], 0.0, 0.0, 0.0, 15.0)
    assert fuel != few.cars["fuel"][1]  # drawn anew


def test_random_commands_for_an_hour_of_car_time_yield_no_nan() -> None:
    n, track = 64, random_road(1)
    worlds, rng = Worlds(n, track, seed=2), np.random.default_rng(0)
    for _ in range(3600 * 333 // n // 50 + 1):
        wild = np.column_stack(
            [
                rng.uniform(-9, 9, n),
                rng.uniform(-1, 3, n),
                rng.uniform(-1, 3, n),
                rng.uniform(-1, 2, n),
                rng.integers(-2, 3, n),
            ]
        )
        worlds.step(wild, 50)
    assert all(math.isfinite(number) for i in range(n) for number in lane(worlds, i))


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_command_that_is_not_finite_is_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="not finite"):
        Worlds(1, layout("oval")).step([[bad, 0, 0, 1, 0]])
    with pytest.raises(ValueError, match="not finite"):
        World(driver="none").step(1, CarCommands(gas=bad))


@pytest.mark.parametrize("shift", [11, -1e300])
def test_a_shift_of_more_than_ten_gears_is_refused(shift: float) -> None:
    with pytest.raises(ValueError, match="a shift lies from -10 to 10 gears, not"):
        Worlds(1, layout("oval")).step([[0, 0, 0, 1, shift]])
    with pytest.raises(ValueError, match="a shift lies from -10 to 10 gears, not"):
        World(driver="none").step(1, CarCommands(shift=int(shift)))


def test_a_snapshot_of_another_batch_is_refused() -> None:
    with pytest.raises(ValueError, match="another number of cars"):
        Worlds(2, layout("oval")).restore(Worlds(3, layout("oval")).snapshot())


def test_compiled_code_keeps_no_reference_to_the_arrays_it_is_given() -> None:
    worlds = Worlds(2, layout("oval"))
    arrays = [worlds.lanes, worlds.specs, np.zeros((2, 5))]
    before = [sys.getrefcount(array) for array in arrays]
    for _ in range(100):
        worlds.step(arrays[2])
        worlds.put([0], 0.0)
    assert before == [sys.getrefcount(array) for array in arrays]


def test_what_cannot_be_is_refused_with_one_clear_error() -> None:
    for ranges, message in (
        ({"mass": (0.0, 1.0)}, "the range of mass"),
        ({"wings": (1.0, 1.0)}, "cannot randomize 'wings'"),
    ):
        with pytest.raises(ValueError, match=message):
            Worlds(1, layout("oval"), randomize=ranges)
    worlds = Worlds(2, layout("oval"))
    with pytest.raises(ValueError, match=r"the shape \(2, 5\)"):
        worlds.step([[0, 0, 0, 1, 0]])
    with pytest.raises(ValueError, match="speed from 0"):
        worlds.put([0], 0.0, 0.0, 0.0, -1.0)
    with pytest.raises(ValueError, match="finite numbers"):
        worlds.put([0], math.nan)
    world = World(track=layout("oval"), driver="none")
    with pytest.raises(ValueError, match="inside the barriers"):
        worlds.put([0], 100.0, -17.1)
    with pytest.raises(ValueError, match="inside the barriers"):
        world.put(100.0, -17.1)
    with pytest.raises(ValueError, match="inside the barriers"):
        world.car.put(100.0, -17.1)
    worlds.put([0], 100.0, -16.9)
    world.put(100.0, -16.9)
    with pytest.raises(ValueError, match="at least one car"):
        Worlds(0, layout("oval"))


def test_without_numba_one_line_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "numba.py").write_text("raise ImportError")
    program = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import acbridge_sim.batch"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    last = done.stderr.splitlines()[-1]
    assert 'ImportError: acbridge_sim.batch needs numpy and numba: pip install "acbridge[batch]"' == last


def test_lanes_are_chosen_by_indices_or_truths() -> None:
    worlds = Worlds(4, layout("oval"))
    worlds.put([3], 100.0)
    worlds.put(np.array([False, True, False, False]), 200.0)
    assert [200.0, 100.0] == pytest.approx(list(worlds.cars["distance"][[1, 3]]))


def test_without_a_folder_for_the_cache_the_model_is_compiled_and_says_so() -> None:
    program = """
import numba.core.caching as caching
def refuse(self): raise PermissionError("read-only")
caching._CacheLocator.ensure_cache_path = refuse
from acbridge_sim import layout
from acbridge_sim.batch import Worlds
worlds = Worlds(1, layout("oval"))
print(worlds.cars["gear"][0])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ("1", 0) == (done.stdout.strip(), done.returncode)
    assert "compiling the model" in done.stderr


def test_a_changed_source_has_another_cache(tmp_path: Path) -> None:
    program = "from acbridge_sim import compiled; print(compiled.model().advance.py_func.__qualname__)"
    copy = tmp_path / "acbridge_sim"
    shutil.copytree(Path(compiled.__file__).parent, copy)

    def name() -> str:
        done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    before = name()
    spec = copy / "model" / "spec.py"
    spec.write_text(spec.read_text() + "\n# changed\n")
    assert before.startswith("advance_")
    assert name() != before


def test_parameters_of_a_run_may_be_given_instead_of_drawn() -> None:
    worlds = Worlds(3, layout("oval"), randomize={"mass": (0.9, 0.95), "lag": (1, 20)})
    worlds.put([0, 1], 50.0, given={"mass": 1.5, "lag": 3, "fuel": 0.5})
    assert [1.5 * 1080] * 2 == worlds.specs["mass"][:2].tolist()
    assert ([3, 3], [22.5, 22.5]) == (worlds.lanes["lag"][:2].tolist(), worlds.cars["fuel"][:2].tolist())
    assert worlds.specs["mass"][2] < 1080


def test_an_hour_of_random_commands_never_gives_a_number_that_is_not_finite() -> None:
    rng = np.random.default_rng(8)
    lanes = 40
    ranges = {"mass": (0.5, 2.0), "power": (0.2, 5.0), "grip": (0.2, 2.0)}
    garage = [Worlds(lanes, layout("circuit"), spec, randomize=ranges) for spec in CARS.values()]
    hardest = 0.0
    for i in range(90):  # of one second each, in forty cars
        worlds = garage[i % len(garage)]
        starts = [rng.uniform(*ends, lanes) for ends in ((0, 3400), (-5, 5), (-3, 3), (0, 90))]
        chosen = rng.random(lanes) < 0.2
        worlds.put(chosen, *(start[chosen] for start in starts))
        for _ in range(10):
            commands = rng.normal(0.0, 1.0, (lanes, 5)) * rng.choice([0.3, 1.0, 1e6], (lanes, 1))
            commands[:, 4] = rng.integers(-2, 3, lanes) * (rng.random(lanes) < 0.1)
            worlds.step(commands, 33)
            hardest = max(hardest, float(np.abs(worlds.cars["acceleration_y"]).max()))
        assert all(math.isfinite(number) for row in worlds.lanes for number in numbers(row))
    assert 10 < hardest < 500  # m/s2: it was thrown about, and stayed a car
