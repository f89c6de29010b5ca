"""Whole flying laps of a policy, which are its measure: a mean reward hides a car that never brakes."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from acbridge_gym.ends import LAP_GOAL, REASONS
from acbridge_gym.envs.race import RaceEnv

STOPPED = "stopped"
"""The reason of a drive that ended because the caller wanted it."""

Act = Callable[[npt.NDArray[np.float32]], npt.NDArray[np.float32]]


class Lap(NamedTuple):
    """A whole lap: its time in s, and whether the sim's clock calls it valid."""

    time_s: float
    valid: bool


class Drive(NamedTuple):
    """
    The result of an episode.

    Attributes:
        laps: The whole laps.
        reason: Why the episode ended.
        distance_m: Where it ended, along the centre line.
        driven_m: The way until there.
    """

    laps: list[Lap]
    reason: str
    distance_m: float
    driven_m: float

    @property
    def valid_s(self) -> list[float]:
        """The times of the valid laps, s."""
        return [lap.time_s for lap in self.laps if lap.valid]

    @property
    def worth(self) -> tuple[int, float, float]:
        """A value that is larger for the better of two drives: by valid laps, then by their mean time, then by way."""
        times = self.valid_s
        return len(times), -sum(times) / len(times) if times else 0.0, self.driven_m

    def __str__(self) -> str:
        """The laps, how the drive ended, and where."""
        times = ", ".join(f"{lap.time_s:.2f}{'' if lap.valid else ' cut'}" for lap in self.laps) or "no lap"
        if self.reason == REASONS[LAP_GOAL].name:
            return times
        return f"{times}; {self.reason} at {self.distance_m:.0f} m after {self.driven_m:.0f} m"


def drive(
    env: RaceEnv,
    act: Act,
    *,
    each: Callable[[Lap], None] = lambda _: None,
    follow: Callable[[Any], None] = lambda _: None,
    stop: Callable[[], bool] = lambda: False,
) -> Drive:
    """
    Drive one episode, and return its laps.

    Args:
        env: An environment with flat observations, whose `lap_goal` ends the episode.
        act: Returns the action for an observation.
        each: Called after each lap.
        follow: Called after each step with the car, a :class:`acbridge_gym.seen.Seen` or a record like one.
        stop: Called after each step; the drive ends, for the reason ``stopped``, when it returns true.
    """
    observation, info = env.reset(seed=0)
    laps, driven, ended = list[Lap](), 0.0, False
    while not ended:
        observation, _, terminated, truncated, info = env.step(act(observation))
        driven += info["progress_m"]
        seen = env.backend.instants[1]
        follow(seen)
        if info["lap_time_s"]:
            laps.append(Lap(info["lap_time_s"], bool(seen.last_lap_valid)))
            each(laps[-1])
        ended = terminated or truncated or stop()
    return Drive(laps, info["reason"] or STOPPED, info["distance_m"], driven)


def lap_settings(laps: int, **settings: Any) -> dict[str, Any]:
    """Return the keywords of an environment for so many whole laps."""
    return {
        "flat": True,
        "start": "hotlap",
        "ends": {"off_track_s": 0.0, "lap_goal": laps},
        "max_episode_s": 200.0 * (laps + 1),
        **settings,
    }
