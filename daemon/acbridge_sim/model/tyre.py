"""
The tyre: force from slip, and what heat, wear and dirt do to its grip.

The curve is Pacejka's sine of an arctangent, over one slip that combines the longitudinal and the lateral by the
similarity method: each slip is measured in units of the slip at its own peak, their geometric sum enters one curve, and
the force points against it (H. B. Pacejka, Tyre and Vehicle Dynamics, 3rd ed., sections 4.3.1 and 4.3.2). That combined
slip is what the sim publishes as `wheelSlip`. Temperature, wear and load act on the height of the curve.

The functions of this module are in the subset that numba compiles.
"""

import math
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Annotated

from acbridge_sim.model.table import Column

_SHAPE = 1.55
_CURVATURE = 0.2


def solve_stiffness() -> float:
    """Return the stiffness factor that puts the peak of the curve at 1, by bisection."""
    target = math.tan(math.pi / (2 * _SHAPE))
    low, high = 0.1, 20.0
    for _ in range(60):
        middle = (low + high) / 2
        if middle - _CURVATURE * (middle - math.atan(middle)) < target:
            low = middle
        else:
            high = middle
    return low


_STIFFNESS = solve_stiffness()
SLOPE = _SHAPE * _STIFFNESS
"""Steepness of the curve at the origin."""


@dataclass(frozen=True, slots=True)
class Compound:
    """A tyre compound; `wear` is a table as the sim's own: grip scrubs in, then falls to a floor."""

    name: str = "Semislicks (SM)"
    """As `graphics.tyreCompound`."""
    peak: Annotated[float, Column("", "Grip coefficient at the reference load, best temperature and no wear.")] = 1.32
    load_loss: Annotated[float, Column("", "Share of grip lost per reference load more.")] = 0.09
    reference_load: Annotated[float, Column("N", "Load at which `peak` holds.")] = 3000.0
    peak_ratio: Annotated[float, Column("", "Slip ratio at peak grip.")] = 0.095
    peak_angle: Annotated[float, Column("", "Tangent of the slip angle at peak grip.")] = 0.13
    relaxation: Annotated[float, Column("m", "Way that the force of a slip angle needs to build up.")] = 0.35
    pneumatic_trail: Annotated[float, Column("m", "Of the lateral force behind the wheel, at no slip.")] = 0.035
    best_temperature: Annotated[float, Column("degC", "Core temperature of the best grip.")] = 78.0
    warming: Annotated[float, Column("degC/J", "Of the tread by lost power; less for a larger tyre.")] = 0.0017
    cold_pressure: Annotated[float, Column("psi", "Pressure at 26 degC.")] = 23.0
    wear: Annotated[tuple[tuple[float, float], ...], Column("km, %", "Grip left by kilometres of virtual running.")] = (
        (0.0, 99.4),
        (4.0, 100.0),
        (150.0, 99.3),
        (450.0, 96.0),
        (1500.0, 70.0),
    )

    def __post_init__(self) -> None:
        for name in ("peak", "reference_load", "peak_ratio", "peak_angle", "relaxation", "warming", "cold_pressure"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0):
                raise ValueError(f"a compound's {name} is above 0, not {value:g}")
        if not self.wear or not all(a < b for (a, _), (b, _) in pairwise(self.wear)):
            raise ValueError(f"a compound's wear is a table in rising order of kilometres, not {self.wear}")

    def grip_left(self, kilometres: float) -> float:
        """Return `tyreWear`: percent of grip left after so many kilometres of virtual running."""
        return grip_left(self, kilometres)

    def warmth(self, temperature: float) -> float:
        """Return the share of grip at a core temperature."""
        return grip_at_temperature(self, temperature)


@dataclass(slots=True)
class Tyre:
    """The state of one tyre."""

    compound: Compound
    """Its material; not a part of the state."""
    core: Annotated[float, Column("degC", "Core temperature.")]
    tread: Annotated[list[float], Column("degC", "Inner, middle and outer tread temperature.")] = field(init=False)
    kilometres: Annotated[float, Column("km", "Virtual distance that wear counts; sliding adds to it.")] = 0.0
    dirt: Annotated[float, Column("", "`tyreDirtyLevel`, 0 clean to 10.")] = 0.0
    wear: Annotated[float, Column("%", "`tyreWear`: grip left.")] = 100.0
    grip: Annotated[float, Column("", "Share of the peak that temperature, wear and dirt leave.")] = 1.0

    def __post_init__(self) -> None:
        self.tread = [self.core, self.core, self.core]
        renew(self, self.compound, self.core)

    @property
    def pressure(self) -> float:
        """Hot pressure, psi: the gas in the tyre follows the core (absolute pressure over absolute temperature)."""
        return (self.compound.cold_pressure + 14.7) * (self.core + 273.15) / 299.15 - 14.7

    def use(
        self, seconds: float, heat: float, lean: float, speed: float, air: float, wear_rate: float, *, off: bool
    ) -> None:
        """Advance the tyre; see :func:`use`."""
        use(self, self.compound, seconds, heat, lean, speed, air, wear_rate, off)


def grip_share(slip: float) -> float:
    """
    Return the force over the peak force at a combined slip.

    Args:
        slip: In units of the slip at peak grip, not negative: 1 gives 1, more gives less.
    """
    scaled = _STIFFNESS * slip
    return math.sin(_SHAPE * math.atan(scaled - _CURVATURE * (scaled - math.atan(scaled))))


def grip_left(compound: Compound, kilometres: float) -> float:
    """Return the percent of grip that is left after so many kilometres of virtual running."""
    wear = compound.wear
    last = len(wear) - 1
    for i in range(last + 1):
        if kilometres <= wear[i][0]:
            before = max(0, i - 1)
            if wear[i][0] == wear[before][0]:
                return wear[i][1]
            part = (kilometres - wear[before][0]) / (wear[i][0] - wear[before][0])
            return wear[before][1] + (wear[i][1] - wear[before][1]) * part
    return wear[last][1]


def grip_at_temperature(compound: Compound, temperature: float) -> float:
    """Return the share of grip at a core temperature in degC."""
    off = temperature - compound.best_temperature
    return max(0.75, 1.0 - 2.2e-5 * off * off)


def renew(tyre: Tyre, compound: Compound, temperature: float) -> None:
    """Make a tyre new, at one temperature in degC throughout."""
    tyre.core = temperature
    for i in range(3):
        tyre.tread[i] = temperature
    tyre.kilometres = 0.0
    tyre.dirt = 0.0
    update_grip(tyre, compound)


def update_grip(tyre: Tyre, compound: Compound) -> None:
    """Compute wear and grip from distance, temperature and dirt."""
    tyre.wear = grip_left(compound, tyre.kilometres)
    tyre.grip = grip_at_temperature(compound, tyre.core) * tyre.wear / 100 * (1 - 0.02 * tyre.dirt)


def use(
    tyre: Tyre,
    compound: Compound,
    seconds: float,
    heat: float,
    lean: float,
    speed: float,
    air: float,
    wear_rate: float,
    off: bool,
) -> None:
    """
    Advance temperatures, wear and dirt.

    Args:
        tyre: The tyre.
        compound: Its material.
        seconds: Time to advance by.
        heat: Power lost to sliding and flexing, W.
        lean: -1 to 1: how much more the inner edge is heated than the outer.
        speed: Of the car, m/s: airflow cools.
        air: Air temperature, degC.
        wear_rate: The session's multiplier.
        off: Whether the tyre is off the track.
    """
    cooling = 0.012 + 0.0011 * speed
    tread, core = tyre.tread, tyre.core
    for i in range(3):
        share = 1 + 0.25 * lean * (1 - i)
        flow = heat * share * compound.warming - cooling * 2.2 * (tread[i] - air) - 0.35 * (tread[i] - core)
        tread[i] += flow * seconds
    mean = (tread[0] + tread[1] + tread[2]) / 3
    tyre.core = core + (0.05 * (mean - core) - 0.004 * (core - air)) * seconds
    tyre.kilometres += wear_rate * seconds * (speed + heat * 0.004) / 1000
    if off and speed > 1:
        tyre.dirt = min(10.0, tyre.dirt + 2.5 * seconds)
    else:
        tyre.dirt *= 1 - 0.01 * speed * seconds
    update_grip(tyre, compound)
