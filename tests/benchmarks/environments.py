"""
Steps of 45 ms per CPU second of the environments: ``uv run python tests/benchmarks/environments.py``.

The plain baseline is a World that drives 15 physics steps, without observation and reward. Each environment drives the
same car with the same action, and starts again where it ends. Only ratios count on a shared machine.
"""

import time
from collections.abc import Callable
from typing import Any

import gymnasium as gym
import numpy as np

from acbridge_sim import CarCommands, World

ID = "acbridge_gym:acbridge/RaceSim-v0"
ROUNDS = 7
STEPS = 15
"""Physics steps of a step."""
SETTINGS: dict[str, Any] = {"start": "anywhere", "ends": {"off_track_s": 0.0}, "flat": True}
ACTION = (0.0, 0.25)
GOALS = {"gym.make": 1200, "gym.make, compiled": 15_000, "gym.make_vec(64)": 30_000}


def rates(works: list[Callable[[], int]]) -> list[float]:
    """Return the best rate of each of several works in steps per CPU second; they take turns, in rounds."""
    best = [0.0] * len(works)
    for _ in range(ROUNDS):
        for i, work in enumerate(works):
            begun = time.process_time()
            steps = work()
            best[i] = max(best[i], steps / (time.process_time() - begun))
    return best


def plain() -> int:
    world = World(driver="none")
    commands = CarCommands(gas=ACTION[1])
    for i in range(300):
        if i % 60 == 0:
            world.put(0.0, 0.0, 0.0, 20.0)
        world.step(STEPS, commands)
    return 300


def single(count: int, *, compiled: bool, flat: bool = True) -> Callable[[], int]:
    env: Any = gym.make(ID, compiled=compiled, **(SETTINGS | {"flat": flat}))
    env.reset(seed=0)
    action = np.array(ACTION, np.float32)

    def work() -> int:
        for _ in range(count):
            _, _, terminated, truncated, _ = env.step(action)
            if terminated or truncated:
                env.reset()
        return count

    work()  # compiles, and computes the racing line
    return work


def lanes(n: int, *, flat: bool = True) -> Callable[[], int]:
    settings: dict[str, Any] = SETTINGS | {"flat": flat}
    envs: Any = gym.make_vec(ID, num_envs=n, **settings)
    envs.reset(seed=0)
    actions = np.tile(np.array(ACTION, np.float32), (n, 1))
    count = 12_000 // n

    def work() -> int:
        for _ in range(count):
            envs.step(actions)
        return n * count

    work()
    return work


def main() -> None:
    works = {
        "World, physics only": plain,
        "gym.make": single(300, compiled=False),
        "gym.make, compiled": single(3000, compiled=True),
        "gym.make, compiled, Dict": single(3000, compiled=True, flat=False),
        **{f"gym.make_vec({n})": lanes(n) for n in (64, 256, 1024)},
        "gym.make_vec(64), Dict": lanes(64, flat=False),
    }
    found = dict(zip(works, rates(list(works.values())), strict=True))
    base = found["World, physics only"]
    print(f"{'':<26}{'steps per CPU s':>18}{'times real time':>18}{'times the World':>18}")
    for name, rate in found.items():
        print(f"{name:<26}{rate:>18.0f}{rate * STEPS * 0.003:>18.0f}{rate / base:>18.2f}")
    for name, goal in GOALS.items():
        print(f"{name} at least {goal} steps per CPU second: {'met' if found[name] >= goal else 'MISSED'}")


if __name__ == "__main__":
    main()
