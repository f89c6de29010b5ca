"""The environment on the stand-in: it repeats itself to the last bit, and refuses clearly."""

import hashlib
import math
import os
import pickle
import subprocess
import sys
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

from acbridge_gym import RaceEnv, Randomize, Reward, Settings
from acbridge_gym.backends.plain import PlainSim
from acbridge_gym.envs.race import race_sim
from acbridge_gym.settings import settings_of
from acbridge_sim import CarCommands, SessionType, World
from racing import random_actions

ID = "acbridge/RaceSim-v0"
PROGRAM = """
import hashlib, sys
import numpy as np
import gymnasium as gym
import acbridge_gym
from racing import random_actions

env = gym.make("acbridge/RaceSim-v0", start="anywhere", flat=True, randomize={"grip": (0.9, 1.0), "lag_ms": (0, 60)})
digest = hashlib.sha256()
observation, info = env.reset(seed=11)
for action in random_actions(1000, 2, 5):
    digest.update(observation.tobytes() + repr(sorted(info["reward_terms"].items())).encode())
    observation, reward, terminated, truncated, info = env.step(action)
    digest.update(np.float64(reward).tobytes())
    if terminated or truncated:
        observation, info = env.reset()
print(digest.hexdigest())
"""


def made(**settings: Any) -> RaceEnv:
    env = gym.make(ID, **settings).unwrapped
    assert isinstance(env, RaceEnv)
    return env


def world_of(env: RaceEnv) -> World:
    assert isinstance(env.backend, PlainSim)
    return env.backend.world


def test_the_same_seed_and_actions_give_the_same_bytes_in_two_processes() -> None:
    found = {
        subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert 1 == len(found)
    assert hashlib.sha256().digest_size * 2 == len(found.pop().strip())


@pytest.mark.parametrize("compiled", [False, True])
def test_the_reward_is_the_sum_of_its_terms_exactly(compiled: bool) -> None:
    if compiled:
        pytest.importorskip("numba")

    def mine(before: Any, after: Any, memory: Any, road: Any) -> float:
        del before, memory
        return 0.001 * after.forward / road.length

    env = made(compiled=compiled, start="anywhere", reward={"mine": (mine, 0.3), "speed_gap": 0.1})
    env.reset(seed=2)
    names: set[str] = set()
    for action in random_actions(300, 2, 8):
        _, reward, terminated, truncated, info = env.step(action)
        total = 0.0
        for term in info["reward_terms"].values():
            total += term
        assert total == reward
        names |= {name for name, term in info["reward_terms"].items() if term}
        if terminated or truncated:
            env.reset()
    assert {"progress", "edge", "action_rate", "speed_gap", "mine"} <= names


def test_plain_and_compiled_are_equal_bit_for_bit() -> None:
    pytest.importorskip("numba")
    settings: dict[str, Any] = {
        "flat": True,
        "start": "anywhere",
        "ends": {"off_track_s": 0.3, "crash_kmh": 30.0},
        "randomize": {"grip": (0.9, 1.02), "mass": (0.9, 1.1), "lag_ms": (0, 60), "fuel": (0.2, 1.0)},
        "reward": {"speed_gap": 0.5, "speed_along": 0.5, "lap": 1.0},
        "channels": ["rays", "wheels", "fuel", "damage"],
    }
    plain, compiled = made(**settings), made(compiled=True, **settings)
    for seed in range(6):
        for env in (plain, compiled):
            env.reset(seed=seed)
        for action in random_actions(150, 2, seed):
            here, there = plain.step(action), compiled.step(action)
            assert here[0].tobytes() == there[0].tobytes()
            assert here[1:4] == there[1:4]
            here[4]["action_applied"] = there[4]["action_applied"] = None
            assert here[4] == there[4]
            if here[2] or here[3]:
                break


def test_the_car_is_that_of_the_world_with_the_same_commands() -> None:
    env = made(start={"s": 700.0, "offset": 1.0, "speed": 20.0})
    env.reset(seed=0)
    world = World(session=SessionType.PRACTICE, driver="none")
    world.put(700.0, -1.0, 0.0, 20.0)
    for action in random_actions(60, 2, 1):
        info = env.step(action)[4]
        steer, gas, brake = env.backend.instants[2].command[:3]
        world.step(15, CarCommands(steer, gas, brake))
        assert world.car.steps == info["tick"]
    car = world_of(env).car
    assert (world.car.x, world.car.z, world.car.rpm) == (car.x, car.z, car.rpm)


def test_a_step_is_a_whole_number_of_physics_steps() -> None:
    env = made(step_ms=21)
    env.reset(seed=0)
    ticks = [env.step(np.zeros(2, np.float32))[4]["tick"] for _ in range(3)]
    assert [7, 14, 21] == ticks
    assert 48 == env.metadata["render_fps"]
    with pytest.raises(ValueError, match="a multiple of 3 ms from 3 to 300, not 20"):
        made(step_ms=20)


def test_the_halves_of_a_step_are_the_step() -> None:
    one, two = made(), made()
    one.reset(seed=0)
    two.reset(seed=0)
    action = np.array([0.1, 0.5], np.float32)
    two.send_action(action)
    here, there = one.step(action), two.wait_step()
    assert here[1:4] == there[1:4]


@pytest.mark.parametrize(
    ("start", "speed", "distance"),
    [
        ("hotlap", 30.0, 3465 - 450),
        ("grid", 0.0, 3465 - 12),
        ("pits", 0.0, 40.0),
        ({"s": 99.0, "speed": 7.0}, 7.0, 99.0),
    ],
)
def test_an_episode_starts_at_its_start(start: Any, speed: float, distance: float) -> None:
    env = made()
    observation, info = env.reset(seed=0, options={"start": start})
    assert speed == pytest.approx(observation["speed"][0] * 50, abs=0.01)
    assert distance == pytest.approx(info["distance_m"], abs=2)


def test_starts_anywhere_are_on_the_track_at_any_speed_up_to_that_of_the_line() -> None:
    env = made(start="anywhere")
    shares: list[float] = []
    places: list[float] = []
    line = env.backend.line
    for seed in range(60):
        observation, info = env.reset(seed=seed)
        places.append(info["distance_m"])
        assert 0 == observation["wheels_off"][0]
        assert observation["edges"].min() > 0.1
        assert abs(observation["heading_error"][0]) < math.sin(math.radians(7))
        shares.append(observation["speed"][0] * 50 / line.speed[int(places[-1] / env.backend.track.spacing)])
    assert -0.01 < min(shares) < 0.2
    assert 0.8 < max(shares) < 1.01
    length = env.backend.track.length
    assert {0, 1, 2, 3, 4} == {int(5 * place / length) for place in places}


def test_randomize_draws_a_car_for_each_episode() -> None:
    env = made(randomize={"mass": (0.9, 1.1), "lag_ms": (0, 60), "temperature": (40.0, 90.0)})
    cars: list[tuple[float, float]] = []
    for _ in range(4):
        _, info = env.reset(seed=None if cars else 1)
        cars.append((world_of(env).car.spec.mass, info["lag_ms"]))
    assert 4 == len(set(cars))
    assert all(0.9 * 1080 <= mass <= 1.1 * 1080 and round(lag) in range(0, 61, 3) for mass, lag in cars)
    env.reset(seed=1)
    assert cars[0][0] == world_of(env).car.spec.mass


def test_settings_travel_between_processes() -> None:
    settings = settings_of({"action": {"pedals": "separate"}, "reward": {"edge": -0.1}, "start": {"s": 5.0}})
    assert settings == pickle.loads(pickle.dumps(settings))
    assert (Reward(edge=-0.1), Settings()) == (settings.reward, settings_of({}))


def test_a_car_that_steers_to_the_middle_of_the_road_laps_and_the_lap_is_reported_once() -> None:
    env = made(start={"s": -30.0, "speed": 20.0}, track="oval", ends={"lap_goal": 1})
    observation, info = env.reset(seed=0)
    laps: list[float] = []
    terminated = truncated = False
    way = 0.0
    while not (terminated or truncated):
        aside = observation["course"].reshape(-1, 2, 2)[5].mean(0)[1]
        pedal = 0.5 if observation["speed"][0] * 50 < 24 else -0.1
        action = np.array([np.clip(2 * aside / 0.45, -1, 1), pedal], np.float32)
        observation, _, terminated, truncated, info = env.step(action)
        way += info["progress_m"]
        laps += [info["lap_time_s"]] if info["lap_time_s"] else []
    assert ("lap_goal", True, False) == (info["reason"], terminated, truncated)
    assert 1 == len(laps)
    assert laps[0] == pytest.approx(info["episode_s"], abs=3)
    assert way == pytest.approx(env.backend.track.length + 30, rel=0.01)


def test_a_picture_shows_the_road_and_the_car() -> None:
    env = made(render_mode="rgb_array")
    env.reset(seed=0)
    env.render()
    for action in random_actions(20, 2, 3):
        env.step(action)
    picture = env.render()
    assert picture is not None
    assert ((400, 400, 3), np.uint8) == (picture.shape, picture.dtype)
    colours = {tuple(colour) for colour in picture.reshape(-1, 3).tolist()}
    assert 5 == len(colours)


@pytest.mark.parametrize(
    ("reason", "start", "action", "settings"),
    [
        ("off_track", {"s": 20.0, "speed": 30.0}, (1.0, 0.5), {}),
        ("stuck", "grid", (0.0, -1.0), {"ends": {"stuck_s": 1.0}}),
        ("wrong_way", {"s": 500.0, "speed": 20.0, "heading": math.pi}, (0.0, 0.2), {}),
        ("crash", {"s": 20.0, "speed": 30.0}, (1.0, 0.5), {"ends": {"crash_kmh": 20.0, "off_track_s": 60.0}}),
        ("time_limit", {"s": 20.0, "speed": 10.0}, (0.0, 0.1), {"max_episode_s": 1.0}),
    ],
)
def test_driving_provokes_each_end_and_the_next_reset_drives(
    reason: str, start: Any, action: tuple[float, float], settings: dict[str, Any]
) -> None:
    env = made(start=start, flat=True, **settings)
    env.reset(seed=0)
    terminated = truncated = False
    observation, info, steps = np.zeros(1), dict[str, Any](), 0
    while not (terminated or truncated) and steps < 400:
        observation, _, terminated, truncated, info = env.step(np.array(action, np.float32))
        steps += 1
    assert (reason, reason != "time_limit") == (info["reason"], terminated)
    assert truncated is not terminated
    assert observation.any()
    env.reset()
    assert "" == env.step(np.zeros(2, np.float32))[4]["reason"]


@pytest.mark.parametrize("bad", [[math.nan, 0.0], [0.0, math.inf], [0.0], [0.0, 0.0, 0.0], 0.0])
def test_an_action_that_is_none_is_refused(bad: Any) -> None:
    env = made()
    env.reset(seed=0)
    with pytest.raises(ValueError, match="an action has"):
        env.step(np.array(bad, np.float32))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"track": "monza"}, "there is no track .monza.; there are: circuit, oval, kart, long, random:SEED"),
        ({"start": "moon"}, "a start is one of hotlap"),
        ({"start": {"x": 1.0}}, "a start has s"),
        ({"randomize": {"wings": (1, 1)}}, "Randomize has no wings"),
        ({"randomize": {"lag_ms": (0, 61)}}, "the range of lag_ms lies within 0 to 60"),
        ({"ends": {"stuck": 1}}, "Ends has no stuck"),
        ({"speed": 1}, "an environment has no speed; it has track, car, randomize, compiled, render_mode, step_ms"),
        ({"tracks": "kart"}, "an environment has no tracks; it has track, car"),
        ({"car": 3}, "car is the name of a car, a CarSpec or a dict of its fields, not 3"),
        ({"track": None}, "track is a name, a .csv file, a map or a track, not None"),
        ({"ends": 3}, "Ends or a dict of its fields is needed, not 3"),
        ({"max_episode_s": 0}, "max_episode_s is above 0"),
        ({"render_mode": "ansi"}, "the render mode is human, rgb_array or nothing"),
    ],
)
def test_what_cannot_be_is_refused_with_one_clear_error(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        race_sim(**settings)


def test_a_step_before_the_first_reset_is_refused() -> None:
    with pytest.raises(RuntimeError, match="reset the environment before"):
        made().step(np.zeros(2, np.float32))


def test_an_unknown_option_of_reset_is_refused() -> None:
    with pytest.raises(ValueError, match="reset has the option start, not place"):
        made().reset(options={"place": "grid"})


def test_without_gymnasium_one_line_says_what_to_install() -> None:
    program = "import sys; sys.modules['gymnasium'] = None; from acbridge_gym import RaceEnv"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    last = done.stderr.splitlines()[-1]
    assert 'ImportError: acbridge_gym needs gymnasium and numpy: pip install "acbridge[gym]"' == last


def test_without_gymnasium_the_program_says_what_to_install() -> None:
    program = "import sys; sys.modules['gymnasium'] = None; from acbridge_gym.cli import main; main(['check'])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (78, "-c: check needs gymnasium: pip install 'acbridge[gym]'\n") == (done.returncode, done.stderr)


def test_ranges_are_those_of_the_batch() -> None:
    assert Randomize(grip=(0.2, 2.0)).grip == (0.2, 2.0)
    with pytest.raises(ValueError, match="the range of grip lies within"):
        Randomize(grip=(0.1, 1.0))
