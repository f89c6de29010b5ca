"""
The ends of an episode: what terminates it, what truncates it, and the table of the reasons.

Reasons of a game's daemon are in the table too; this module finds those that concern a car. Its functions are in the
subset that numba compiles.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

from acbridge_gym.memory import Memory
from acbridge_gym.rules import Rules
from acbridge_gym.seen import Seen

STUCK_SPEED = 1.0
"""A car slower than this stands, m/s."""
STUCK_AFTER_S = 5.0
"""A car may stand this long at the start of an episode."""
MOST_WHEELS_OFF = 2


class Reason(NamedTuple):
    """
    Why an episode has ended.

    Attributes:
        name: As `info["reason"]` has it.
        terminated: Whether it is an end of the task; otherwise the episode is truncated.
        meaning: What has happened.
    """

    name: str
    terminated: bool
    meaning: str


RUNNING, OFF_TRACK, STUCK, WRONG_WAY, CRASH, LAP_GOAL, TIME_LIMIT = range(7)
"""Indices of :data:`REASONS`, of those that this module finds."""
STALLED, PAUSED, SIM_OFF, FROZEN, LINK_LOST, SESSION_RESTARTED, CONTROL_LOST, INPUT_FROZEN, AI_CONTROL = range(7, 16)
"""The others, which only the car of a daemon has."""
REASONS = (
    Reason("", False, "The episode runs."),
    Reason("off_track", True, "More than two wheels were off the track for `off_track_s`."),
    Reason("stuck", True, "The car was slower than 1 m/s for `stuck_s`, the first 5 s not counted."),
    Reason("wrong_way", True, "The car was `wrong_way_m` behind the furthest place that it has reached."),
    Reason("crash", True, "The damage grew by more than `crash_kmh` in a step."),
    Reason("lap_goal", True, "`lap_goal` laps were completed."),
    Reason("time_limit", False, "The episode has lasted `max_episode_s`."),
    Reason("stalled", False, "The learner was away so long that the car was driven by no action of it."),
    Reason("paused", False, "The sim is paused or shows a replay."),
    Reason("sim_off", False, "The sim has no session."),
    Reason("frozen", False, "The sim reports live, and its physics stands still."),
    Reason("link_lost", False, "Frames of the daemon stopped arriving."),
    Reason(
        "session_restarted",
        False,
        "The session began again, or the car was put elsewhere, without a reset by the environment.",
    ),
    Reason("control_lost", False, "The car does not get commands any more."),
    Reason("input_frozen", False, "The car does not follow its commands."),
    Reason("ai_control", False, "The sim's own driver drives the car."),
)
"""Why an episode ends, by index; 0 while it runs."""
NAMES = tuple(reason.name for reason in REASONS)


@dataclass(frozen=True, slots=True)
class Ends:
    """
    When an episode ends.

    Attributes:
        off_track_s: Seconds with more than two wheels off the track; 0 ends it at once.
        stuck_s: Seconds slower than 1 m/s, after the first 5.
        wrong_way_m: Metres behind the furthest place that the car has reached.
        crash_kmh: Growth of the damage in a step, km/h of impact; 0 for no such end.
        lap_goal: Laps after which the task is done; 0 for no such end.

    Raises:
        ValueError: A value is negative or not finite.
    """

    off_track_s: float = 1.0
    stuck_s: float = 5.0
    wrong_way_m: float = 10.0
    crash_kmh: float = 0.0
    lap_goal: int = 0

    def __post_init__(self) -> None:
        for name in ("off_track_s", "stuck_s", "wrong_way_m", "crash_kmh", "lap_goal"):
            if not 0 <= getattr(self, name) < math.inf:
                raise ValueError(f"{name} of the ends is 0 or more, not {getattr(self, name)}")


def find_end(before: Seen, after: Seen, memory: Memory, rules: Rules) -> int:
    """
    Return why the episode ends now, an index of :data:`REASONS`; 0 if it goes on.

    Args:
        before: The car at the beginning of the step.
        after: The car now.
        memory: The episode; its timers are advanced by the length of the step.
        rules: The limits.
    """
    memory.off_s = memory.off_s + memory.step_s if after.wheels_off > MOST_WHEELS_OFF else 0.0
    slow = after.forward * after.forward + after.right * after.right < STUCK_SPEED * STUCK_SPEED
    memory.slow_s = memory.slow_s + memory.step_s if slow and memory.time_s > STUCK_AFTER_S else 0.0
    if memory.off_s > 0 and memory.off_s >= rules.off_track_s:
        return OFF_TRACK
    if rules.crash_kmh > 0 and after.damage - before.damage > rules.crash_kmh:
        return CRASH
    if slow and memory.slow_s > 0 and memory.slow_s >= rules.stuck_s:
        return STUCK
    if memory.furthest_m - memory.total_m > rules.wrong_way_m:
        return WRONG_WAY
    if rules.lap_goal > 0 and after.laps - memory.first_lap >= rules.lap_goal:
        return LAP_GOAL
    if memory.time_s >= rules.most_s - 1e-9:  # sums of steps are not exact
        return TIME_LIMIT
    return RUNNING
