"""
What can differ from one episode to the next: ranges for the car, and the draws from them. Pure.

A range is drawn from evenly, with the generator of the environment, so a seed is always the same row of cars.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

import numpy as np

from acbridge_sim import CarSpec
from acbridge_sim.model.drivetrain import STEP_S
from acbridge_sim.model.lanes import RANGES

STEP_MS = STEP_S * 1000

Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Randomize:
    """
    Ranges that each episode draws from; what is not given stays as it is.

    Attributes:
        mass, power, grip: Factors.
        brake_bias: Share of the front axle.
        fuel: Share of the tank.
        temperature: Of the tyres at the start, degC.
        lag_ms: From a command to the car, ms; rounded to steps of 3 ms.

    Raises:
        ValueError: A range is empty or beyond the limits of the stand-in; the text names both.
    """

    mass: Range | None = None
    power: Range | None = None
    grip: Range | None = None
    brake_bias: Range | None = None
    fuel: Range | None = None
    temperature: Range | None = None
    lag_ms: Range | None = None

    def __post_init__(self) -> None:
        for each in fields(self):
            ends: Range | None = getattr(self, each.name)
            least, most = RANGES["lag" if each.name == "lag_ms" else each.name]
            if each.name == "lag_ms":
                most *= STEP_MS
            if ends is not None and not least <= ends[0] <= ends[1] <= most:
                low, high = ends
                raise ValueError(f"the range of {each.name} lies within {least:g} to {most:g}, not {low:g} to {high:g}")

    def draw(self, rng: np.random.Generator) -> dict[str, float]:
        """Return parameters of one car by the names of `acbridge_sim.model.lanes.RANGES`; the lag is always there."""
        drawn: dict[str, float] = {"lag": 0}
        for each in fields(self):
            ends: Range | None = getattr(self, each.name)
            if ends is not None:
                value = float(rng.uniform(*ends))
                if each.name == "lag_ms":
                    drawn["lag"] = round(value / STEP_MS)
                else:
                    drawn[each.name] = value
        return drawn


def spec_with(base: CarSpec, drawn: Mapping[str, float]) -> CarSpec:
    """Return a car with drawn parameters."""
    if not drawn.keys() & {"mass", "power", "brake_bias", "grip"}:
        return base
    return replace(
        base,
        mass=base.mass * drawn.get("mass", 1.0),
        power=base.power * drawn.get("power", 1.0),
        brake_bias=drawn.get("brake_bias", base.brake_bias),
        compound=replace(base.compound, peak=base.compound.peak * drawn.get("grip", 1.0)),
    )
