"""
The table of an observation: every channel with its shape, unit, limits, scale, source and meaning.

`observation.observe` writes the numbers in the order of this table. Pure.
"""

from collections.abc import Collection, Sequence
from math import prod
from typing import NamedTuple

from acbridge_gym.rules import PLACES, RAYS


class Channel(NamedTuple):
    """
    A part of an observation.

    What is sent is the value, cut off at `low` and `high`, divided by `scale`.

    Attributes:
        name: Key of a Dict observation.
        shape: In what order its numbers are: an observation holds a vector, which may be reshaped to this.
        unit: Before scaling; empty for shares, counts and sines.
        low, high: Limits in this unit, one for each row of the first axis, or one for all.
        scale: Divisor, as low and high.
        source: Where the value comes from.
        meaning: What the numbers are, in order.
        transfers: Whether the stand-in's value means the same as the game's: yes, scaled or no.
    """

    name: str
    shape: tuple[int, ...]
    unit: str
    low: tuple[float, ...]
    high: tuple[float, ...]
    scale: tuple[float, ...]
    source: str
    meaning: str
    transfers: str = "yes"

    @property
    def size(self) -> int:
        """How many numbers the channel has."""
        return prod(self.shape)

    def spread(self, limits: Sequence[float]) -> list[float]:
        """Return one of `low`, `high` and `scale` for each number of the channel."""
        return [limit for limit in limits for _ in range(self.size // len(limits))]


FURTHER = (
    Channel(
        "rays", (RAYS,), "m", (0.0,), (200.0,), (50.0,), "tyreContactPoint, heading, track",
        "To the nearest edge of the road within 200 m, from the left to the right of the car, 18 degrees apart.",
    ),
    Channel(
        "wheels", (2, 4), "N, degC", (0.0, -20.0), (15000.0, 220.0), (3000.0, 80.0), "wheelLoad, tyreCoreTemperature",
        "Load, and temperature of the tyre's core, each of FL, FR, RL, RR.", "scaled",
    ),
    Channel("fuel", (1,), "of the tank", (0.0,), (1.0,), (1.0,), "fuel, maxFuel", "Fuel in the tank."),
    Channel(
        "damage", (1,), "km/h", (0.0,), (400.0,), (100.0,), "carDamage",
        "Sum of the hardest impacts at the front, the rear, the left and the right.",
        "scaled",
    ),
)  # fmt: skip
"""Channels that an observation has only when asked for."""
NAMES_OF_FURTHER = tuple(channel.name for channel in FURTHER)


def channels(axes: int, further: Collection[str] = ()) -> tuple[Channel, ...]:
    """
    Return the channels of an observation.

    Args:
        axes: Numbers of an action, 2 to 4.
        further: Names of channels of :data:`FURTHER`, which follow in the order of that table.
    """
    return (
        Channel(
            "speed", (3,), "m/s", (-30.0, -40.0, -20.0), (120.0, 40.0, 20.0), (50.0, 20.0, 10.0), "localVelocity",
            "Speed forward, to the right and up, in the car's frame.",
        ),
        Channel("yaw_rate", (1,), "rad/s", (-4.0,), (4.0,), (2.0,), "localAngularVel", "Positive turning right."),
        Channel("acceleration", (2,), "g", (-6.0,), (6.0,), (3.0,), "accG", "Forward and to the right."),
        Channel(
            "speed_squared", (1,), "(m/s)2", (0.0,), (14400.0,), (1200.0,), "localVelocity",
            "Of the speed forward: the way that braking takes grows with it.",
        ),
        Channel(
            "slip_angle", (1,), "rad", (-1.6,), (1.6,), (0.2,), "localVelocity",
            "From the car's direction to that of its motion, positive to the right; small below 3 m/s.",
        ),
        Channel(
            "heading_error", (2,), "", (-1.0,), (1.0,), (1.0,), "heading, track",
            "Sine and cosine of the angle from the track's direction to the car's, positive to the right.",
        ),
        Channel(
            "offset", (1,), "half-widths", (-2.0,), (2.0,), (1.0,), "tyreContactPoint, track",
            "From the middle of the track, positive to the right.",
        ),
        Channel(
            "edges", (2,), "m", (-10.0,), (30.0,), (10.0,), "tyreContactPoint, track",
            "To the left and to the right edge, negative beyond it.",
        ),
        Channel(
            "course", (PLACES, 2, 2), "6 m + 0.35 of the distance", (-4.0,), (4.0,), (1.0,),
            "tyreContactPoint, heading, track",
            "At 16 places 0.2 to 6 s ahead: the left and the right edge, forward and to the right of the car.",
        ),
        Channel(
            "bend", (PLACES,), "1/m", (-0.2,), (0.2,), (0.05,), "track",
            "Curvature of the centre line at the same places, positive to the right.",
        ),
        Channel(
            "slip", (4,), "", (0.0,), (4.0,), (2.0,), "wheelSlip",
            "Combined slip of FL, FR, RL, RR over the slip at peak grip.",
        ),
        Channel(
            "rpm", (1,), "of the limiter's", (-0.2,), (1.6,), (1.0,), "rpms, currentMaxRpm or maxRpm", "Engine speed."
        ),
        Channel("gear", (1,), "", (-1.0,), (10.0,), (5.0,), "gear", "-1 reverse, 0 neutral, 1 first."),
        Channel("wheels_off", (1,), "", (0.0,), (4.0,), (4.0,), "numberOfTyresOut", "Wheels off the track."),
        Channel(
            "applied", (3,), "", (-1.0,), (1.0,), (1.0,), "steerAngle, gas, brake",
            "Steering, gas and brake as the car got them.",
        ),
        Channel(
            "last_actions", (3, axes), "", (-1.0,), (1.0,), (1.0,), "environment",
            "The last three actions, the newest first.",
        ),
        Channel(
            "timing", (3,), "steps", (0.0,), (3.0,), (1.0,), "environment",
            "Age of the observation, length of the last step, and lag from command to car.",
        ),
        *(channel for channel in FURTHER if channel.name in further),
    )  # fmt: skip
