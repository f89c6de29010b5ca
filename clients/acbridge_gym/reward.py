"""
The reward: named terms, each times a weight, added up in the order of the table.

A term is a function of two instants of the car, the episode and the road. The functions of this module are in the
subset that numba compiles.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

from acbridge_gym.ends import CRASH, OFF_TRACK, STUCK, WRONG_WAY
from acbridge_gym.memory import Memory
from acbridge_gym.rules import TERMS, Rules
from acbridge_gym.seen import Seen
from acbridge_sim.model.surface import Road

TermFunction = Callable[[Any, Any, Any, Any], float]
"""A term of one's own: a function of the :class:`Seen` before and after, the :class:`Memory`, and the :class:`Road`."""

PROGRESS_UNIT = 10.0
"""Metres that count as 1: a fast lap then earns 0.15 to 0.25 in a step of 45 ms."""
CRASH_COST, CRASH_ENERGY = 1.0, 0.003
"""
Cost of a failure, and of each (m/s)2 with which it happens: 10 m and 0.03 m of progress. Leaving the track slower must
cost less, or nothing teaches braking before a bend; standing still must cost too, or it is the way out of a hard bend.
"""
DAMAGE_UNIT = 100.0
"""km/h of impact that count as 1."""
GAP_M, GAP_KMH = 12.0, 300.0
ALONG_UNIT = 50.0


class Term(NamedTuple):
    """
    A term of the reward.

    Attributes:
        weight: Its weight unless another is given.
        meaning: What it is before the weight.
    """

    weight: float
    meaning: str


TABLE: Mapping[str, Term] = MappingProxyType(
    {
        "progress": Term(1.0, "Way along the centre line, in tens of metres."),
        "edge": Term(-0.05, "Wheels off the track at the end of the step, 0 to 4."),
        "crash": Term(
            -1.0, "1 + 0.003 v², v in m/s, when the episode ends by a failure: all terminations but `lap_goal`."
        ),
        "damage": Term(-1.0, "Growth of the damage, in 100 km/h of impact."),
        "action_rate": Term(-0.0002, "Squared change of the action over the length of the step, 1/s."),
        "speed_gap": Term(0.0, "Speed in km/h times (1 - offset in m / 12) / 300, as assetto_corsa_gym rewards."),
        "speed_along": Term(0.0, "Speed along the track less speed across it less speed times offset, as TORCS; / 50."),
        "lap": Term(0.0, "1 when a lap without a cut is completed."),
    }
)


@dataclass(frozen=True, slots=True)
class Reward:
    """
    Weights of the terms by name; a term with the weight 0 does not count.

    Attributes:
        progress, edge, crash, damage, action_rate, speed_gap, speed_along, lap: See :data:`TABLE`.
        own: Further terms by name, each a function and a weight. They run in Python, lane by lane in a batch.

    Raises:
        ValueError: A weight is not finite, or a term of one's own has the name of another.
    """

    progress: float = TABLE["progress"].weight
    edge: float = TABLE["edge"].weight
    crash: float = TABLE["crash"].weight
    damage: float = TABLE["damage"].weight
    action_rate: float = TABLE["action_rate"].weight
    speed_gap: float = TABLE["speed_gap"].weight
    speed_along: float = TABLE["speed_along"].weight
    lap: float = TABLE["lap"].weight
    own: Mapping[str, tuple[TermFunction, float]] = field(default_factory=dict[str, tuple[TermFunction, float]])

    def __post_init__(self) -> None:
        for name, weight in zip(TERMS, self.weights, strict=True):
            if not math.isfinite(weight):
                raise ValueError(f"the weight of {name} is a finite number, not {weight}")
        for name, (_, weight) in self.own.items():
            if name in TERMS:
                raise ValueError(f"there is a term {name!r} already; choose another name")
            if not math.isfinite(weight):
                raise ValueError(f"the weight of {name} is a finite number, not {weight}")

    @property
    def weights(self) -> list[float]:
        """The weights in the order of the terms."""
        return [float(getattr(self, name)) for name in TERMS]


def score(before: Seen, after: Seen, memory: Memory, road: Road, rules: Rules) -> None:
    """
    Write the terms of a step and their sum into `memory`.

    Args:
        before: The car at the beginning of the step.
        after: The car now.
        memory: The episode, with the progress of this step, its reason, and the numbers of the observation.
        road: The track's tables.
        rules: The weights.
    """
    terms = memory.terms
    terms[0] = progress(before, after, memory, road)
    terms[1] = edge(before, after, memory, road)
    terms[2] = crash(before, after, memory, road)
    terms[3] = damage(before, after, memory, road)
    terms[4] = action_rate(before, after, memory, road)
    terms[5] = speed_gap(before, after, memory, road)
    terms[6] = speed_along(before, after, memory, road)
    terms[7] = lap(before, after, memory, road)
    total = 0.0
    for i in range(len(rules.weights)):
        value = terms[i] * rules.weights[i] if math.isfinite(terms[i]) else 0.0
        terms[i] = value
        total += value
    memory.reward = total


def progress(before: Seen, after: Seen, memory: Memory, road: Road) -> float:  # noqa: ARG001  every term takes four
    """Return the way along the centre line, in tens of metres."""
    return memory.progress_m / PROGRESS_UNIT


def edge(before: Seen, after: Seen, memory: Memory, road: Road) -> float:  # noqa: ARG001  as above
    """Return how many wheels are off the track."""
    return float(after.wheels_off)


def crash(before: Seen, after: Seen, memory: Memory, road: Road) -> float:  # noqa: ARG001  as above
    """Return the cost of an end by a failure, which grows with the kinetic energy; 0 otherwise."""
    reason = memory.reason
    if reason != OFF_TRACK and reason != CRASH and reason != STUCK and reason != WRONG_WAY:
        return 0.0
    return CRASH_COST + CRASH_ENERGY * (after.forward * after.forward + after.right * after.right)


def damage(before: Seen, after: Seen, memory: Memory, road: Road) -> float:  # noqa: ARG001  as above
    """Return how much the damage has grown, in 100 km/h of impact."""
    return max(0.0, after.damage - before.damage) / DAMAGE_UNIT


def action_rate(before: Seen, after: Seen, memory: Memory, road: Road) -> float:  # noqa: ARG001  as above
    """Return the squared change of the action over the length of the step, 1/s."""
    total = 0.0
    for i in range(len(memory.actions[0])):
        change = memory.actions[0][i] - memory.actions[1][i]
        total += change * change
    return total / memory.step_s if memory.step_s > 0 else 0.0


def speed_gap(before: Seen, after: Seen, memory: Memory, road: Road) -> float:  # noqa: ARG001  as above
    """Return the speed, less so far from the centre line, as assetto_corsa_gym rewards."""
    speed = 3.6 * math.sqrt(after.forward * after.forward + after.right * after.right)
    return speed * (1 - abs(after.offset) / GAP_M) / GAP_KMH


def speed_along(before: Seen, after: Seen, memory: Memory, road: Road) -> float:  # noqa: ARG001  as above
    """Return the speed along the track, less across it and far from its middle, as TORCS rewards."""
    speed = math.sqrt(after.forward * after.forward + after.right * after.right)
    return speed * (memory.raw[9] - abs(memory.raw[8]) - abs(memory.raw[10])) / ALONG_UNIT


def lap(before: Seen, after: Seen, memory: Memory, road: Road) -> float:  # noqa: ARG001  as above
    """Return 1 when a lap without a cut was completed, 0 otherwise."""
    return 1.0 if memory.lap_s > 0 and after.last_lap_valid else 0.0
