"""The checkers of Gymnasium and of Stable-Baselines3 accept every environment, also when a sim shows wild values."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from acbridge import NoFrame, NotDriving, ResetFailed
from programs import Daemon, Program, until

SIM, LIVE = "acbridge_gym:acbridge/RaceSim-v0", "acbridge_gym:acbridge/Race-v0"
RATE = ("--rate", "333.33")
WILD = """
import math
from acbridge_sim.cli import main
from acbridge_sim.faults import Faults

SEEN = {"rpms": -786, "gear": 9, "speedKmh": 321.0, "localVelocity": (0.1, 0.0, 89.17)}
BROKEN = {
    "rpms": 12889,
    "localAngularVel": (math.nan, math.nan, math.inf),
    "accG": (math.inf, -math.inf, math.nan),
    "wheelSlip": (math.nan, math.inf, 3266.0, 1e6),
    "gas": math.inf,
}

def spoil(faults, values, step):
    values.update(({}, SEEN, {}, BROKEN)[step // 60 % 4])

Faults.spoil_physics = spoil
main()
"""
"""The stand-in whose physics page has, in turns of 0.18 s, true values, those of a recording, and none of a car."""


def checkers() -> list[Callable[[Any], None]]:
    """Return the checkers that are installed; those of Gymnasium always are."""
    found: list[Callable[[Any], None]] = [lambda env: check_env(env, skip_render_check=True)]
    with suppress(ModuleNotFoundError):
        found.append(import_module("stable_baselines3.common.env_checker").check_env)
    return found


def made(name: str, **keywords: Any) -> Any:
    return gym.make(name, **keywords).unwrapped


@pytest.fixture(scope="module")
def daemon() -> Iterator[Daemon]:
    with Daemon("--source", "sim", "--controls", "sim", *RATE) as daemon:
        yield daemon


@pytest.fixture
def wild(page_dir: Path) -> Iterator[Daemon]:
    """Run a daemon that reads the pages of a stand-in with wild values, and drives its car."""
    pages = ("--page-dir", str(page_dir))
    with Program("-c", WILD, "--driver", "none", *pages):
        until((page_dir / "acpmf_controls").exists, "the control page")
        with Daemon(*pages, "--controls", "page", *RATE) as daemon:
            yield daemon


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"flat": True},
        {"start": "anywhere", "flat": True, "randomize": {"mass": [0.95, 1.05], "lag_ms": (0, 60)}},
        {"action": {"pedals": "separate", "gears": "manual", "mode": "delta"}, "step_ms": 21},
        {"track": "random:3", "start": "grid"},
        {"compiled": True},
        {"compiled": True, "flat": True},
    ],
    ids=str,
)
def test_the_stand_in_is_accepted(settings: dict[str, Any]) -> None:
    if settings.get("compiled"):
        pytest.importorskip("numba")
    for check in checkers():
        check(made(SIM, **settings))


def test_its_pictures_are_accepted() -> None:
    check_env(made(SIM, render_mode="rgb_array"))


@pytest.mark.parametrize("flat", [False, True])
def test_the_car_of_a_daemon_is_accepted(daemon: Daemon, flat: bool) -> None:
    for check in checkers():
        env = made(LIVE, port=daemon.port, flat=flat, start={"s": 20.0, "speed": 15.0})
        check(env)
        env.close()


@pytest.mark.alone
@pytest.mark.parametrize("flat", [False, True])
def test_a_sim_with_wild_values_is_accepted(wild: Daemon, flat: bool) -> None:
    for check in checkers():
        env = made(LIVE, port=wild.port, flat=flat)
        until(lambda env=env: _resets(env), "the first reset")
        check(env)
        env.close()


@pytest.mark.alone
def test_wild_values_are_cut_off_or_counted(wild: Daemon) -> None:
    env = made(LIVE, port=wild.port, ends={"off_track_s": 60.0})
    until(lambda: _resets(env), "the first reset")
    seen: set[tuple[float, ...]] = set()

    def step() -> bool:
        observation, reward, terminated, truncated, info = env.step(np.array([0.0, 0.2], np.float32))
        assert env.observation_space.contains(observation)
        assert np.isfinite(reward)
        rpm, gear, speed = observation["rpm"][0], observation["gear"][0] * 5, observation["speed"][0] * 50 * 3.6
        seen.add((round(float(rpm) * 7600, -1), round(float(gear)), round(float(speed)), info["nonfinite"]))
        if terminated or truncated:  # such as by a link that a busy machine holds up
            until(lambda: _resets(env), "the reset after it")
        return bool({(-790, 8, 321, 0)} & seen) and any((1.6 * 7600, 6) == (each[0], each[3]) for each in seen)

    until(step, f"what the pages show, beside {seen}")  # 6: the yaw rate, two accelerations, two slips, and the gas
    env.close()


def _resets(env: Any) -> bool:
    try:
        env.reset()
    except (NoFrame, NotDriving, ResetFailed):
        return False
    return True
