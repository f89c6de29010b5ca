"""
How lively the stand-in's channels are on a flying lap: ``uv run python tests/benchmarks/motion.py``.

Prints percentiles of what the physics page shows, for the table of docs/explanation/simulator.md. Jitter is the rms of
the second difference over the standard deviation, at 20 Hz: 2.4 for noise, near 0 for a curve.
"""

import math
import statistics
from collections.abc import Callable, Sequence

from acbridge import Physics
from acbridge_sim import SessionType, World

EVERY = 17
"""Steps of 3 ms between two samples at 20 Hz, nearly."""
DEGREE = math.pi / 180
CHANNELS: dict[str, Callable[[Physics], float]] = {
    "pitch rate, deg/s": lambda p: abs(p.localAngularVel[0]) / DEGREE,
    "roll rate, deg/s": lambda p: abs(p.localAngularVel[2]) / DEGREE,
    "vertical, g": lambda p: abs(p.accG[1]),
    "least wheelLoad, N": lambda p: min(p.wheelLoad),
    "wheelLoad FL, N": lambda p: p.wheelLoad[0],
    "suspensionTravel FL, mm": lambda p: 1000 * p.suspensionTravel[0],
    "rideHeight front, mm": lambda p: 1000 * p.rideHeight[0],
    "camberRAD FL, deg": lambda p: p.camberRAD[0] / DEGREE,
    "wheelSlip, highest": lambda p: max(p.wheelSlip),
    "finalFF": lambda p: p.finalFF,
}


def jitter(values: Sequence[float]) -> float:
    """Return the rms of the second difference over the standard deviation of every seventeenth value."""
    few = values[::EVERY]
    second = [few[i] - 2 * few[i + 1] + few[i + 2] for i in range(len(few) - 2)]
    return math.sqrt(statistics.fmean(each * each for each in second)) / statistics.pstdev(few)


def main() -> None:
    world = World(session=SessionType.HOTLAP)
    pages: list[Physics] = []
    while not world.timing.laps:
        world.step()
        if world.timing.current_ms:
            pages.append(Physics.from_page(world.pages()[0]))
    print(f"one lap in {world.timing.last_ms / 1000:.3f} s")
    print(f"{'':<26}{'least':>9}{'1 %':>9}{'50 %':>9}{'99 %':>9}{'most':>9}{'jitter':>9}")
    for name, channel in CHANNELS.items():
        values = [channel(page) for page in pages]
        ordered = sorted(values)
        picks = [ordered[min(len(ordered) - 1, int(share * len(ordered)))] for share in (0, 0.01, 0.5, 0.99, 1)]
        print(f"{name:<26}" + "".join(f"{value:>9.2f}" for value in picks) + f"{jitter(values):>9.2f}")


if __name__ == "__main__":
    main()
