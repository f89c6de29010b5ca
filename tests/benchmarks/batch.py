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
GOAL_RATIO, GOAL_STEPS = 20, 500_000


def per_second(work: Callable[[], int]) -> float:
    """Return the best rate of a few rounds, in steps per CPU second."""
    best = 0.0
    for _ in range(ROUNDS):
        begun = time.process_time()
        steps = work()
        best = max(best, steps / (time.process_time() - begun))
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


def main() -> None:
    base = per_second(plain)
    print(f"{'':<16}{'steps per CPU s':>18}{'times plain':>14}")
    print(f"{'plain':<16}{base:>18.0f}{1:>14.1f}")
    for n in (1, 16, 64, 256, 1024):
        worlds = Worlds(n, layout("circuit"))
        commands = np.tile([0.0, 0.3, 0.0, 1.0, 0.0], (n, 1))
        count = max(1, 60_000 // n)

        def compiled(worlds: Worlds = worlds, commands: object = commands, count: int = count, n: int = n) -> int:
            worlds.put(range(n), 0.0, 0.0, 0.0, 20.0)
            worlds.step(commands, count)
            return n * count

        compiled()
        rate = per_second(compiled)
        print(f"{f'Worlds({n})':<16}{rate:>18.0f}{rate / base:>14.1f}")
    print(f"goals: {GOAL_RATIO} times plain; Worlds(64) {GOAL_STEPS} steps per CPU second; the same rate at every n")


if __name__ == "__main__":
    main()
