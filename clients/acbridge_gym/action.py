"""
The action: numbers from -1 to 1 become steering, gas, brake and shifts for the car.

The functions of this module are in the subset that numba compiles.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from acbridge_gym.memory import KEPT, Memory
from acbridge_gym.rules import Rules

STEER_RATE, PEDAL_RATE = 3.0, 6.0
"""How fast an action of 1 changes the steering and a pedal in the mode `delta`, 1/s."""
SHIFT_S = 0.15
"""Least time from one shift to the next."""
SHIFT_AT = 0.5
"""Beyond this the number for the gear shifts up, below its negative down."""


@dataclass(frozen=True, slots=True)
class Action:
    """
    What the numbers of an action mean.

    Attributes:
        pedals: ``together`` for one number, gas above 0 and brake below; ``separate`` for two, released at -1.
        gears: ``automatic``, or ``manual`` for one more number: above 0.5 shifts up, below -0.5 down, at most once in
            150 ms. The gearbox of the stand-in shifts by itself until the first shift by hand.
        mode: ``absolute`` positions, or ``delta`` for rates of change: 3 /s of steering and 6 /s of pedals at 1.
        steer_range: Share of the steering lock that -1 to 1 covers. No bend of a 24 m radius needs more than 0.45, and
            random steering stays drivable.
        smooth_s: Time constant of a first-order smoothing; 0 for none.
        limit: Fastest growth and decrease of each of the three, per second; 0 for any.

    Raises:
        ValueError: A value is out of range; the text names it.
    """

    pedals: Literal["together", "separate"] = "together"
    gears: Literal["automatic", "manual"] = "automatic"
    mode: Literal["absolute", "delta"] = "absolute"
    steer_range: float = 0.45
    smooth_s: float = 0.0
    limit: tuple[float, float] = (0.0, 0.0)

    def __post_init__(self) -> None:
        for name, choices in (
            ("pedals", ("together", "separate")),
            ("gears", ("automatic", "manual")),
            ("mode", ("absolute", "delta")),
        ):
            if getattr(self, name) not in choices:
                raise ValueError(f"an action's {name} is {' or '.join(choices)}, not {getattr(self, name)!r}")
        if not 0 < self.steer_range <= 1:
            raise ValueError(f"an action's steer_range lies above 0 and up to 1, not {self.steer_range:g}")
        if not 0 <= self.smooth_s < math.inf:
            raise ValueError(f"an action's smooth_s is 0 or more, not {self.smooth_s:g}")
        if len(self.limit) != 2 or not all(0 <= rate < math.inf for rate in self.limit):  # noqa: PLR2004  up and down
            raise ValueError(f"an action's limit is two rates of 0 or more, not {self.limit}")

    @property
    def axes(self) -> int:
        """How many numbers an action has, 2 to 4."""
        return 2 + (self.pedals == "separate") + (self.gears == "manual")


def command(action: Sequence[float], memory: Memory, rules: Rules) -> None:
    """
    Take an action: remember it, and write the command for the car into `memory.command`.

    Args:
        action: Finite numbers, as many as `rules.axes`; what lies beyond -1 to 1 is cut off.
        memory: The episode.
        rules: What the numbers mean.
    """
    for k in range(KEPT - 1, 0, -1):
        for i in range(rules.axes):
            memory.actions[k][i] = memory.actions[k - 1][i]
    newest = memory.actions[0]
    for i in range(rules.axes):
        newest[i] = clip(action[i], -1.0, 1.0)
    axes = memory.axes
    dt = rules.step_s
    if rules.delta:
        steer = clip(axes[0] + newest[0] * STEER_RATE * dt, -1.0, 1.0)
        if rules.separate:
            gas = clip(axes[1] + newest[1] * PEDAL_RATE * dt, 0.0, 1.0)
            brake = clip(axes[2] + newest[2] * PEDAL_RATE * dt, 0.0, 1.0)
        else:
            pedal = clip(axes[1] - axes[2] + newest[1] * PEDAL_RATE * dt, -1.0, 1.0)
            gas = max(0.0, pedal)
            brake = max(0.0, -pedal)
    else:
        steer = newest[0]
        if rules.separate:
            gas = (newest[1] + 1) / 2
            brake = (newest[2] + 1) / 2
        else:
            gas = max(0.0, newest[1])
            brake = max(0.0, -newest[1])
    axes[0] = follow(axes[0], steer, rules)
    axes[1] = follow(axes[1], gas, rules)
    axes[2] = follow(axes[2], brake, rules)
    memory.command[0] = axes[0] * rules.steer_range
    memory.command[1] = axes[1]
    memory.command[2] = axes[2]
    memory.command[3] = 1.0
    memory.command[4] = 0.0
    memory.shift_wait_s = max(0.0, memory.shift_wait_s - dt)
    if rules.manual and memory.shift_wait_s <= 0:
        gear = newest[rules.axes - 1]
        if abs(gear) > SHIFT_AT:
            memory.command[4] = 1.0 if gear > 0 else -1.0
            memory.shift_wait_s = SHIFT_S


def follow(held: float, wanted: float, rules: Rules) -> float:
    """Return where an axis is a step later, smoothed and with its rate limited."""
    if rules.smooth_s > 0:
        wanted = held + (wanted - held) * (1 - math.exp(-rules.step_s / rules.smooth_s))
    rate = rules.rise if abs(wanted) > abs(held) else rules.fall
    if rate > 0:
        wanted = clip(wanted, held - rate * rules.step_s, held + rate * rules.step_s)
    return wanted


def clip(value: float, low: float, high: float) -> float:
    """Return a finite number cut off at its limits."""
    return low if value < low else (high if value > high else value)
