"""
Keys as axes: how steering and pedals follow keys that are only pressed or not.

Pure: reads no clock and no key; time and keys are passed in.
"""

from collections.abc import Collection
from enum import Enum
from typing import NamedTuple


class Key(Enum):
    """What a key or a button means."""

    LEFT = "left"
    RIGHT = "right"
    GAS = "gas"
    BRAKE = "brake"
    SHIFT_UP = "shift up"
    SHIFT_DOWN = "shift down"
    RESET = "reset"
    QUIT = "quit"


FULL_STEER_KMH = 50.0
"""Up to this speed a held key steers to the full."""
LEAST_STEER = 0.12
"""Part of the full steering that a held key reaches at any speed."""


class Rates(NamedTuple):
    """
    How fast an axis moves, in parts of its way per second.

    Attributes:
        press: While its key is held.
        release: Back to rest, without a key.
    """

    press: float
    release: float


STEER = Rates(2.0, 3.0)
GAS = Rates(3.0, 6.0)
BRAKE = Rates(4.0, 8.0)


class Axes(NamedTuple):
    """Steering (-1 full left to 1 full right), gas and brake (0 to 1)."""

    steer: float = 0.0
    gas: float = 0.0
    brake: float = 0.0


def steer_limit(speed_kmh: float) -> float:
    """Return how far a held key steers at a speed: a car that is fast leaves the road with full steering."""
    return 1.0 if speed_kmh <= FULL_STEER_KMH else max(LEAST_STEER, FULL_STEER_KMH / speed_kmh)


def toward(value: float, target: float, rates: Rates, elapsed_s: float) -> float:
    """
    Return the next value of an axis; never beyond its target.

    An axis that is on the wrong side of rest, or beyond its target, moves at the faster of its two rates.
    """
    back = abs(target) < abs(value) or value * target < 0
    step = (max(rates) if back else rates.press) * max(0.0, elapsed_s)
    return min(target, value + step) if target > value else max(target, value - step)


def follow(before: Axes, keys: Collection[Key], speed_kmh: float, elapsed_s: float) -> Axes:
    """
    Return the axes a little later.

    Args:
        before: The axes before.
        keys: The keys that are held.
        speed_kmh: Speed of the car.
        elapsed_s: Time since then, s.
    """
    side = (Key.RIGHT in keys) - (Key.LEFT in keys)
    return Axes(
        toward(before.steer, side * steer_limit(speed_kmh), STEER, elapsed_s),
        toward(before.gas, float(Key.GAS in keys), GAS, elapsed_s),
        toward(before.brake, float(Key.BRAKE in keys), BRAKE, elapsed_s),
    )
