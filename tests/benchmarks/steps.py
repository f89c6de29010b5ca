"""
What a shorter physics step would change: ``uv run python tests/benchmarks/steps.py [CAR]``.

The same commands drive the car for twelve seconds from the same place, once in steps of 3 ms and once in steps of
0.3 ms. Each row is a stint: how far it led, how far apart the two end, and how much the load of a wheel and the body's
rates vary in steps of 3 ms, over how much they vary in short ones.
"""

import math
import statistics
import sys
from collections.abc import Callable
from typing import NamedTuple

from acbridge_sim import Car, CarCommands, CarSpec, car_named, layout
from acbridge_sim.model import car as model
from acbridge_sim.model import drivetrain, suspension

FINE = 10
"""Short steps in one of 3 ms."""
SECONDS = 12
STINTS: dict[str, tuple[float, Callable[[float], CarCommands]]] = {
    "straight, then brakes": (0.0, lambda t: CarCommands(gas=0.5 if t < 7 else 0.0, brake=0.0 if t < 7 else 0.3)),
    "slalom": (0.0, lambda t: CarCommands(steer=0.1 * math.sin(2 * t), gas=0.3)),
    "over kerbs": (700.0, lambda t: CarCommands(steer=0.01, gas=0.3 if t < 5 else 0.0)),
}


class Instant(NamedTuple):
    """What is compared."""

    x: float
    z: float
    speed: float
    travelled: float
    load: float
    pitch_rate: float
    roll_rate: float


def drive(spec: CarSpec, place: float, commands: Callable[[float], CarCommands], fine: int) -> list[Instant]:
    """Drive a stint in steps of a fraction of 3 ms, and return an instant for each 3 ms."""
    for module in (model, drivetrain, suspension):
        vars(module)["STEP_S"] = 0.003 / fine
    car = Car(spec, layout("circuit"), fuel=30.0)
    car.put(place, 0.0, 20.0)
    found: list[Instant] = []
    travelled = 0.0
    for i in range(round(SECONDS / 0.003)):
        for _ in range(fine):
            car.step(commands(i * 0.003))
        travelled += 0.003 * car.speed
        found.append(
            Instant(car.x, car.z, 3.6 * car.speed, travelled, car.wheels[0].load, car.pitch_rate, car.roll_rate)
        )
    return found


def main() -> None:
    spec = car_named(sys.argv[1] if len(sys.argv) > 1 else "stand_in")
    print(f"{'':<24}{'m driven':>10}{'m apart':>10}{'km/h apart':>12}{'load':>8}{'pitch rate':>12}{'roll rate':>12}")
    for name, (place, commands) in STINTS.items():
        coarse, fine = drive(spec, place, commands, 1), drive(spec, place, commands, FINE)
        apart = math.dist(coarse[-1][:2], fine[-1][:2])
        speed = abs(coarse[-1].speed - fine[-1].speed)
        load, pitch, roll = (
            statistics.pstdev(each[k] for each in coarse) / statistics.pstdev(each[k] for each in fine)
            for k in (4, 5, 6)
        )
        row = f"{name:<24}{fine[-1].travelled:>10.0f}{apart:>10.2f}{speed:>12.2f}"
        print(f"{row}{load:>8.3f}{pitch:>12.3f}{roll:>12.3f}")


if __name__ == "__main__":
    main()
