"""
Many episodes at once: each lane has a car, two instants of what is seen of it, and a memory.

The functions of this module are in the subset that numba compiles; `backends.compiled` calls them on arrays.
"""

from collections.abc import Sequence
from typing import Any

from acbridge_gym.action import command
from acbridge_gym.episode import begin_episode, end_step
from acbridge_gym.memory import Memory
from acbridge_gym.rules import Rules
from acbridge_gym.seen import Seen, see
from acbridge_sim.model.drivetrain import STEP_S
from acbridge_sim.model.lanes import Lane, advance_lane
from acbridge_sim.model.spec import CarSpec
from acbridge_sim.model.surface import Road


def begin_lanes(
    lanes: Sequence[Lane],
    specs: Sequence[CarSpec],
    road: Road,
    seens: Sequence[Sequence[Seen]],
    memories: Sequence[Memory],
    rules: Sequence[Rules],
    observations: Any,
    chosen: Sequence[bool],
) -> None:
    """
    Begin an episode in some lanes, whose cars have been put somewhere.

    Args:
        lanes: The cars with their lap clocks.
        specs: The parameters of each car.
        road: The track's tables.
        seens: Two instants of each lane.
        memories: The episode of each lane.
        rules: The rules, as the only item.
        observations: A row for each lane.
        chosen: Which lanes.
    """
    for i in range(len(lanes)):
        if chosen[i]:
            lane = lanes[i]
            memory = memories[i]
            memory.turn = 0
            memory.age_s = 0.0
            memory.lag_s = lane.lag * STEP_S
            see(lane.car, specs[i], lane.clock, seens[i][0])
            see(lane.car, specs[i], lane.clock, seens[i][1])
            begin_episode(seens[i][1], seens[i][0], memory, road, rules[0], observations[i])


def step_lanes(
    lanes: Sequence[Lane],
    specs: Sequence[CarSpec],
    road: Road,
    actions: Sequence[Sequence[float]],
    seens: Sequence[Sequence[Seen]],
    memories: Sequence[Memory],
    rules: Sequence[Rules],
    observations: Any,
    chosen: Sequence[bool],
) -> None:
    """Advance some lanes by a step of their episodes; the arguments are those of :func:`begin_lanes`, and actions."""
    for i in range(len(lanes)):
        if chosen[i]:
            lane = lanes[i]
            spec = specs[i]
            memory = memories[i]
            command(actions[i], memory, rules[0])
            for k in range(rules[0].steps):
                advance_lane(lane, spec, road, memory.command, k == 0)
            turn = memory.turn
            memory.turn = 1 - turn
            see(lane.car, spec, lane.clock, seens[i][1 - turn])
            memory.step_s = rules[0].step_s
            end_step(seens[i][turn], seens[i][1 - turn], memory, road, rules[0], observations[i])
