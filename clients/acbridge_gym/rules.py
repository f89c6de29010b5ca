"""
The rules of an environment as one table of numbers, for plain Python and for the compiled lanes. Pure.

People write :class:`Action`, :class:`Reward` and :class:`Ends`; :func:`acbridge_gym.settings.rules_of` makes this.
"""

from dataclasses import dataclass
from typing import Annotated

from acbridge_sim.model.table import Column

MOST_AXES = 4
"""Numbers of the longest action: steer, gas, brake, gear."""
PLACES = 16
"""Places ahead that an observation describes."""
RAYS = 11
"""Rays to the edges of the track, of the channel `rays`."""
MOST_NUMBERS = 106 + 3 * MOST_AXES + RAYS + 8 + 1 + 1
"""Numbers of the longest observation."""
TERMS = (
    "progress",
    "edge",
    "crash",
    "damage",
    "action_rate",
    "speed_gap",
    "speed_along",
    "lap",
)
"""Names of the terms of the reward, in the order in which they are added up; `reward` computes them."""


@dataclass(slots=True)
class Rules:
    """What a step is, what an action means, what counts, and when an episode ends."""

    steps: Annotated[int, Column("3 ms", "Physics steps of a step.")]
    step_s: Annotated[float, Column("s", "Length of a step.")]
    most_s: Annotated[float, Column("s", "Longest episode.")]
    axes: Annotated[int, Column("", "Numbers of an action.")]
    separate: Annotated[bool, Column("", "Whether gas and brake are two numbers.")]
    manual: Annotated[bool, Column("", "Whether the last number shifts.")]
    delta: Annotated[bool, Column("", "Whether an action is a rate of change.")]
    steer_range: Annotated[float, Column("", "Share of the lock that steering uses.")]
    smooth_s: Annotated[float, Column("s", "Time constant of the smoothing; 0 for none.")]
    rise: Annotated[float, Column("1/s", "Fastest growth of steering, gas and brake; 0 for any.")]
    fall: Annotated[float, Column("1/s", "Fastest decrease of the same; 0 for any.")]
    off_track_s: Annotated[float, Column("s", "Time with more than two wheels off the track.")]
    stuck_s: Annotated[float, Column("s", "Time slower than 1 m/s.")]
    wrong_way_m: Annotated[float, Column("m", "Way driven backwards.")]
    crash_kmh: Annotated[float, Column("km/h", "Damage of a step; 0 for never.")]
    lap_goal: Annotated[int, Column("", "Laps; 0 for any number.")]
    rays: Annotated[bool, Column("", "Whether an observation has the channel of this name.")]
    wheels: Annotated[bool, Column("", "As rays.")]
    fuel: Annotated[bool, Column("", "As rays.")]
    damage: Annotated[bool, Column("", "As rays.")]
    numbers: Annotated[int, Column("", "Numbers of an observation.")]
    weights: Annotated[list[float], Column("", "Of the terms of the reward.")]
    low: Annotated[list[float], Column("", "Least value of each number of an observation, in its unit.")]
    high: Annotated[list[float], Column("", "Largest value, as low.")]
    scale: Annotated[list[float], Column("", "Divisor of each number of an observation.")]
