"""
Car steps of 3 ms per CPU second, plain and compiled: ``uv run python tests/benchmarks/batch.py``.

Plain is `Car.step` with the lap clock; compiled is `Worlds(n).step`. Only ratios count on a shared machine.
"""

import time
from collections.abc import Callable

import numpy as np

from acbridge_sim import Car, CarCommands, CarSpec, Timing, layout
from acbridge_sim.batch import Worlds

ROUNDS = 7
LEAST_COUNT = 1000
"""Steps from one start to the next, so that the starts hardly count."""
GOAL_RATIO, GOAL_STEPS = 20, 500_000


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
    track = layout("circuit")
    car, clock, commands = (
        Car(CarSpec(), track, fuel=30.0),
        Timing(track, cut_invalidates_lap=True),
        CarCommands(gas=0.3),
    )
    car.put(0.0, 0.0, 20.0)
    for _ in range(3000):
        before = car.distance
        car.step(commands)
        clock.step(before, car.distance, sum(wheel.off for wheel in car.wheels))
    return 3000


def compiled(n: int) -> Callable[[], int]:
    worlds = Worlds(n, layout("circuit"))
    commands = np.tile([0.0, 0.3, 0.0, 1.0, 0.0], (n, 1))
    count = max(LEAST_COUNT, 60_000 // n)

    def work() -> int:
        worlds.put(range(n), 0.0, 0.0, 0.0, 20.0)
        worlds.step(commands, count)
        return n * count

    work()  # compiles, when it is the first
    return work


def main() -> None:
    works = {"plain": plain, **{f"Worlds({n})": compiled(n) for n in (1, 16, 64, 256, 1024)}}
    found = dict(zip(works, rates(list(works.values())), strict=True))
    print(f"{'':<16}{'steps per CPU s':>18}{'times plain':>14}")
    for name, rate in found.items():
        print(f"{name:<16}{rate:>18.0f}{rate / found['plain']:>14.1f}")
    reached = found["Worlds(64)"]
    for goal, met in (
        (f"Worlds(64) at least {GOAL_RATIO} times plain", reached >= GOAL_RATIO * found["plain"]),
        (f"Worlds(64) at least {GOAL_STEPS} steps per CPU second", reached >= GOAL_STEPS),
    ):
        print(f"{goal}: {'met' if met else 'MISSED'}")


if __name__ == "__main__":
    main()
