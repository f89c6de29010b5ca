"""
An episode: how it begins, and what a step of it was worth.

Joins the pure functions of `seen`, `observation`, `reward` and `ends`; knows no backend and no clock. The functions of
this module are in the subset that numba compiles.
"""

import math
from typing import Any

from acbridge_gym.ends import find_end
from acbridge_gym.memory import KEPT, Memory
from acbridge_gym.observation import observe
from acbridge_gym.reward import score
from acbridge_gym.rules import MOST_AXES, Rules
from acbridge_gym.seen import Seen, find, nearest
from acbridge_sim.model.surface import Road

JUMP_M = 10.0
"""A car that is this much farther away than it can have driven was teleported."""


def begin_episode(before: Seen, after: Seen, memory: Memory, road: Road, rules: Rules, out: Any) -> None:
    """
    Begin an episode, and write its first observation.

    Args:
        before: The car now; of two equal instants the older one.
        after: The same.
        memory: The episode; `age_s` and `lag_s` are kept, the rest begins again.
        road: The track's tables.
        rules: The rules.
        out: Where to write the observation.
    """
    near = nearest(road, after.x, after.z)
    find(before, road, near)
    find(after, road, near)
    memory.steps = 0
    memory.time_s = 0.0
    memory.step_s = rules.step_s
    memory.reward = 0.0
    memory.reason = 0
    memory.progress_m = memory.total_m = memory.furthest_m = 0.0
    memory.off_s = memory.slow_s = 0.0
    memory.first_lap = after.laps
    memory.lap_s = 0.0
    memory.shift_wait_s = 0.0
    for i in range(3):
        memory.axes[i] = 0.0
    for i in range(len(memory.command)):
        memory.command[i] = 0.0
    memory.command[3] = 1.0
    for k in range(KEPT):
        for i in range(MOST_AXES):
            memory.actions[k][i] = 0.0
    for i in range(len(memory.terms)):
        memory.terms[i] = 0.0
    memory.nonfinite = observe(after, road, memory, rules, out)


def end_step(before: Seen, after: Seen, memory: Memory, road: Road, rules: Rules, out: Any) -> None:
    """
    End a step: find progress, reason, observation and reward.

    Args:
        before: The car at the beginning of the step, located.
        after: The car now, not located yet.
        memory: The episode, with the step's `step_s`, `age_s` and `lag_s`.
        road: The track's tables.
        rules: The rules.
        out: Where to write the observation.
    """
    memory.steps += 1
    memory.time_s += memory.step_s
    speed = math.sqrt(before.forward * before.forward + before.right * before.right)
    if not math.isfinite(speed):
        speed = 0.0
    dx = after.x - before.x
    dz = after.z - before.z
    moved = math.sqrt(dx * dx + dz * dz)
    if moved > JUMP_M + 2 * speed * memory.step_s:
        find(after, road, nearest(road, after.x, after.z))
        memory.progress_m = 0.0
    else:
        find(after, road, before.near)
        memory.progress_m = way(before, after, road, 1.5 * speed * memory.step_s + 1.0)
    memory.total_m += memory.progress_m
    memory.furthest_m = max(memory.furthest_m, memory.total_m)
    memory.lap_s = after.last_lap_s if after.laps > before.laps else 0.0
    memory.reason = find_end(before, after, memory, rules)
    memory.nonfinite = observe(after, road, memory, rules, out)
    score(before, after, memory, road, rules)


def way(before: Seen, after: Seen, road: Road, most: float) -> float:
    """Return the way along the centre line from one place to another, m, the shorter way round, cut off at a limit."""
    moved = after.distance - before.distance
    if moved < -road.length / 2:
        moved += road.length
    elif moved > road.length / 2:
        moved -= road.length
    return max(-most, min(most, moved))
