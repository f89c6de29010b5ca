"""
How many times faster than real time the stand-in runs on one core: ``uv run python tests/benchmarks/simulator.py``.

Prints the ratio of simulated to real time for stepping alone and with the pages written at every step of 3 ms, beside a
plain loop of the same number of additions, so that two machines can be compared.
"""

import statistics
import time
from collections.abc import Callable

from acbridge_sim import STEP_S, SessionType, World

STEPS = 5000
ROUNDS = 7
GOAL = 20


def seconds(work: Callable[[], object]) -> float:
    """Return the median time of a few rounds."""
    times: list[float] = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return statistics.median(times)


def main() -> None:
    world = World(session=SessionType.HOTLAP)

    def step() -> None:
        world.step(STEPS)

    def step_and_write() -> None:
        for _ in range(STEPS):
            world.step()
            world.pages()

    def add() -> None:
        total = 0.0
        for _ in range(100 * STEPS):
            total += 1.5

    simulated = STEPS * STEP_S
    plain = seconds(add)
    print(f"{'':<24}{'times real time':>18}{'us a step':>12}{'plain additions':>18}")
    for name, work in (("stepping", step), ("stepping and writing", step_and_write)):
        taken = seconds(work)
        print(f"{name:<24}{simulated / taken:>18.1f}{taken / STEPS * 1e6:>12.1f}{taken / plain * 100:>18.0f}")
    print(f"goal: at least {GOAL} times real time with the pages written")


if __name__ == "__main__":
    main()
