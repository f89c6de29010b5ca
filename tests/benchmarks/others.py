"""
Steps per CPU second beside environments that a reader would take instead.

``uv run --with "gymnasium[box2d]" --with highway-env --with metadrive-simulator python tests/benchmarks/others.py``

Each drives its own car with a steady action and its own observation, and starts again where an episode ends: CarRacing
draws 96 x 96 pixels a step, racetrack fills a grid of 12 x 12 cells with another car on the road, MetaDrive casts 240
rays on a road without traffic, ours looks 6 s ahead along the edges of the road. What is not installed, or cannot be
made here, is left out, and why is printed. They take turns, in rounds; the best of each counts.
"""

import time
import warnings
from importlib import import_module
from typing import TYPE_CHECKING, Any

import gymnasium as gym
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 5
ROUND_S = 1.0
"""CPU time of a round of one environment."""
OURS = "acbridge_gym:acbridge/RaceSim-v0"
SETTINGS: dict[str, Any] = {"start": "anywhere", "ends": {"off_track_s": 0.0}, "flat": True}


class Course:
    """One environment, or a batch of them, with one action."""

    def __init__(self, env: Any, action: Any, step_s: float, lanes: int = 1) -> None:
        self._env, self._action, self.step_s, self._lanes = env, action, step_s, lanes
        env.reset(seed=0)
        self.rate(0.1)  # imports, compiles, and computes the racing line

    def rate(self, cpu_s: float) -> float:
        """Return the steps per CPU second of about so many seconds."""
        steps, begun = 0, time.process_time()
        while (taken := time.process_time() - begun) < cpu_s:
            for _ in range(10):
                _, _, terminated, truncated, _ = self._env.step(self._action)
                if self._lanes == 1 and (terminated or truncated):
                    self._env.reset()
            steps += 10 * self._lanes
        return steps / taken


def ours(*, compiled: bool) -> Course:
    return Course(gym.make(OURS, compiled=compiled, **SETTINGS), np.array([0, 0.25], np.float32), 0.045)


def ours_batch() -> Course:
    envs = gym.make_vec(OURS, num_envs=64, **SETTINGS)
    return Course(envs, np.tile(np.array([0, 0.25], np.float32), (64, 1)), 0.045, 64)


def car_racing() -> Course:
    return Course(gym.make("CarRacing-v3"), np.array([0, 0.3, 0], np.float32), 1 / 50)


def racetrack() -> Course:
    import_module("highway_env")  # registers it
    env: Any = gym.make("racetrack-v1")
    return Course(env, np.zeros(1, np.float32), 1 / env.unwrapped.config["policy_frequency"])


def metadrive() -> Course:
    package: Any = import_module("metadrive")
    env = package.MetaDriveEnv({"traffic_density": 0.0, "log_level": 50})
    return Course(env, [0.0, 0.3], env.config["physics_world_step_size"] * env.config["decision_repeat"])


def main() -> None:
    courses: dict[str, Course] = {}
    makers: dict[str, Callable[[], Course]] = {
        "RaceSim-v0, plain": lambda: ours(compiled=False),
        "RaceSim-v0, compiled": lambda: ours(compiled=True),
        "RaceSim-v0, 64 lanes": ours_batch,
        "gymnasium CarRacing-v3": car_racing,
        "highway-env racetrack-v1": racetrack,
        "metadrive": metadrive,
    }
    for name, make in makers.items():
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of the others
                courses[name] = make()
        except Exception as error:  # noqa: BLE001  whatever another package does is a reason to leave it out
            print(f"{name} is left out: {type(error).__name__}: {error}")
    best = dict.fromkeys(courses, 0.0)
    for _ in range(ROUNDS):
        for name, course in courses.items():
            best[name] = max(best[name], course.rate(ROUND_S))
    base = best["RaceSim-v0, plain"]
    print(f"{'':<26}{'steps per CPU s':>17}{'ms a step':>11}{'times real time':>17}{'times ours, plain':>19}")
    for name, rate in best.items():
        step = courses[name].step_s
        print(f"{name:<26}{rate:>17.0f}{1000 * step:>11.0f}{rate * step:>17.1f}{rate / base:>19.2f}")


if __name__ == "__main__":
    main()
