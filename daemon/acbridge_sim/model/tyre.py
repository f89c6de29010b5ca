"""
The tyre: force from slip, and what use does to it.

The curve is Pacejka's sine of an arctangent, over one slip that combines the longitudinal and the lateral by the
similarity method: each slip is measured in units of the slip at its own peak, their geometric sum enters one curve, and
the force points against it (H. B. Pacejka, Tyre and Vehicle Dynamics, 3rd ed., sections 4.3.1 and 4.3.2). That combined
slip is what the sim publishes as `wheelSlip`. Temperature, wear and load act on the height of the curve.
"""

import math
from dataclasses import dataclass

_SHAPE = 1.55
_CURVATURE = 0.2


def _stiffness() -> float:
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


_STIFFNESS = _stiffness()
SLOPE = _SHAPE * _STIFFNESS
"""Steepness of the curve at the origin."""


def grip_share(slip: float) -> float:
    """
    Return the force over the peak force at a combined slip.

    Args:
        slip: In units of the slip at peak grip, not negative: 1 gives 1, more gives less.
    """
    scaled = _STIFFNESS * slip
    return math.sin(_SHAPE * math.atan(scaled - _CURVATURE * (scaled - math.atan(scaled))))


@dataclass(frozen=True, slots=True)
class Compound:
    """
    A tyre compound.

    Attributes:
        name: As `graphics.tyreCompound`.
        peak: Grip coefficient at the reference load, best temperature and no wear.
        load_loss: Share of grip lost for each reference load more.
        reference_load: N.
        peak_ratio: Slip ratio at peak grip.
        peak_angle: Tangent of the slip angle at peak grip.
        best_temperature: degC.
        cold_pressure: psi at 26 degC.
        wear: Grip left in percent by kilometres run, as the sim's own tables: scrubs in, then falls to a floor.
    """

    name: str = "Semislicks (SM)"
    peak: float = 1.32
    load_loss: float = 0.09
    reference_load: float = 3000.0
    peak_ratio: float = 0.095
    peak_angle: float = 0.13
    best_temperature: float = 78.0
    cold_pressure: float = 23.0
    wear: tuple[tuple[float, float], ...] = ((0.0, 99.4), (4.0, 100.0), (150.0, 99.3), (450.0, 96.0), (1500.0, 70.0))

    def grip_left(self, kilometres: float) -> float:
        """Return `tyreWear`: percent of grip left after so many kilometres of virtual running."""
        before = self.wear[0]
        for point in self.wear:
            if kilometres <= point[0]:
                if point[0] == before[0]:
                    return point[1]
                part = (kilometres - before[0]) / (point[0] - before[0])
                return before[1] + (point[1] - before[1]) * part
            before = point
        return before[1]

    def warmth(self, temperature: float) -> float:
        """Return the share of grip at a core temperature."""
        off = temperature - self.best_temperature
        return max(0.75, 1.0 - 2.2e-5 * off * off)


class Tyre:
    """
    What use has made of one tyre.

    Attributes:
        compound: What it is made of.
        core: Core temperature, degC.
        tread: Inner, middle and outer tread temperature, degC.
        kilometres: Virtual distance that its wear counts; sliding runs it faster.
        dirt: `tyreDirtyLevel`, 0 clean.
        grip: Share of the peak that temperature, wear and dirt leave.
    """

    __slots__ = ("compound", "core", "dirt", "grip", "kilometres", "tread", "wear")

    def __init__(self, compound: Compound, temperature: float) -> None:
        self.compound = compound
        self.core = temperature
        self.tread = [temperature, temperature, temperature]
        self.kilometres = 0.0
        self.dirt = 0.0
        self.wear = compound.grip_left(0.0)
        self.grip = 1.0
        self._judge()

    @property
    def pressure(self) -> float:
        """Hot pressure, psi: the gas in the tyre follows the core (absolute pressure over absolute temperature)."""
        return (self.compound.cold_pressure + 14.7) * (self.core + 273.15) / 299.15 - 14.7

    def use(
        self, seconds: float, heat: float, lean: float, speed: float, air: float, wear_rate: float, *, off: bool
    ) -> None:
        """
        Let time pass.

        Args:
            seconds: How much.
            heat: Power lost to sliding and flexing, W.
            lean: -1 to 1: how much more the inner edge is heated than the outer.
            speed: Of the car, m/s: the wind cools.
            air: Air temperature, degC.
            wear_rate: The session's multiplier.
            off: Whether it runs on grass.
        """
        cooling = 0.012 + 0.0011 * speed
        for i, share in enumerate((1 + 0.25 * lean, 1.0, 1 - 0.25 * lean)):
            flow = heat * share * 0.0017 - cooling * 2.2 * (self.tread[i] - air) - 0.35 * (self.tread[i] - self.core)
            self.tread[i] += flow * seconds
        mean = (self.tread[0] + self.tread[1] + self.tread[2]) / 3
        self.core += (0.05 * (mean - self.core) - 0.004 * (self.core - air)) * seconds
        self.kilometres += wear_rate * seconds * (speed + heat * 0.004) / 1000
        self.dirt = (
            min(10.0, self.dirt + 2.5 * seconds) if off and speed > 1 else self.dirt * (1 - 0.01 * speed * seconds)
        )
        self.wear = self.compound.grip_left(self.kilometres)
        self._judge()

    def _judge(self) -> None:
        self.grip = self.compound.warmth(self.core) * self.wear / 100 * (1 - 0.02 * self.dirt)
