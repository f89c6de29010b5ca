"""
What an environment remembers of the running episode, as a table for plain Python and for the compiled lanes. Pure.

The result of a step is in it too: reward and its terms, progress, and why the episode has ended.
"""

from dataclasses import dataclass, field
from typing import Annotated

from acbridge_gym.rules import MOST_AXES, MOST_NUMBERS, TERMS
from acbridge_sim.model.table import Column

KEPT = 4
"""Actions that are kept: the last three, and the one before them."""


def _zeros(count: int) -> list[float]:
    return [0.0] * count


@dataclass(slots=True)
class Memory:
    """The state of one episode."""

    steps: Annotated[int, Column("", "Steps so far.")] = 0
    time_s: Annotated[float, Column("s", "Driven so far.")] = 0.0
    step_s: Annotated[float, Column("s", "How long the last step was.")] = 0.0
    age_s: Annotated[float, Column("s", "How old the observation was when it was made.")] = 0.0
    lag_s: Annotated[float, Column("s", "From a command to the car.")] = 0.0
    turn: Annotated[int, Column("", "Which of two instants is the newer one.")] = 0
    reward: Annotated[float, Column("", "Of the last step: the sum of its terms.")] = 0.0
    reason: Annotated[int, Column("", "Why the episode has ended, an index of `ends.REASONS`; 0 while it runs.")] = 0
    progress_m: Annotated[float, Column("m", "Way along the centre line in the last step.")] = 0.0
    total_m: Annotated[float, Column("m", "Way along the centre line in the episode.")] = 0.0
    furthest_m: Annotated[float, Column("m", "The most that total_m has been.")] = 0.0
    off_s: Annotated[float, Column("s", "Time with more than two wheels off the track, until now.")] = 0.0
    slow_s: Annotated[float, Column("s", "Time slower than 1 m/s, until now.")] = 0.0
    first_lap: Annotated[int, Column("", "Laps completed before the episode.")] = 0
    lap_s: Annotated[float, Column("s", "The lap that was completed in the last step; 0 when none was.")] = 0.0
    nonfinite: Annotated[int, Column("", "Numbers of the last observation that were not finite.")] = 0
    shift_wait_s: Annotated[float, Column("s", "Until the next shift is allowed.")] = 0.0
    axes: Annotated[list[float], Column("", "Steer, gas and brake that actions of rates add up to.")] = field(
        default_factory=lambda: _zeros(3)
    )
    command: Annotated[list[float], Column("", "Steer, gas, brake, clutch and shift for the car.")] = field(
        default_factory=lambda: [0.0, 0.0, 0.0, 1.0, 0.0]
    )
    actions: Annotated[list[list[float]], Column("", "The last actions, the newest first.")] = field(
        default_factory=lambda: [_zeros(MOST_AXES) for _ in range(KEPT)]
    )
    terms: Annotated[list[float], Column("", "Terms of the reward, each times its weight.")] = field(
        default_factory=lambda: _zeros(len(TERMS))
    )
    raw: Annotated[list[float], Column("", "The numbers of the observation in their units.")] = field(
        default_factory=lambda: _zeros(MOST_NUMBERS)
    )
