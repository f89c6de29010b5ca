"""Observations in the layout of assetto_corsa_gym: 125 numbers, so that what was written for it can go on."""

import math
from collections import deque
from typing import Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt
from gymnasium.utils import RecordConstructorArgs

from acbridge_gym.envs.race import RaceEnv
from acbridge_gym.rays import REACH_M, cast_rays
from acbridge_gym.rules import RAYS
from acbridge_gym.seen import Seen
from acbridge_sim.model.surface import Road, point_before

NUMBERS = 125
KEPT = 3
"""Steps before this one that are in an observation."""
LIMIT = 100.0
"""A number is cut off here; none of a car that drives gets near it."""
BENDS, BENDS_M, BEND_UNIT = 12, 300.0, 0.1
FULL_STEER = 450.0
"""Degrees of the steering wheel that count as 1."""
STAND_IN_LOCK = 360.0
"""Degrees of the steering wheel of the stand-in's car at full lock."""

Array = npt.NDArray[np.float32]


class Acgym125(gym.Wrapper[Array, Any, Any, Any], RecordConstructorArgs):
    """
    An environment with the observations of assetto_corsa_gym.

    Each is a vector of float32: 14 numbers of the car (speed / 80 m/s, gap / 10 m, force feedback, rpm / 10,000,
    lateral and longitudinal acceleration / 5 g, gear / 8, yaw rate / pi, speed forward / 80 and to the left / 20, four
    slip angles / 25 degrees), 11 rays from the right to the left / 200 m, off the track, 12 curvatures from here to
    275 m ahead / 0.1, steering of the last three steps / 450 degrees, gas, brake, the three of this step, and the first
    25 of the last three steps, each oldest first; 0 until there are three. Left is positive, except for the gap.

    The reference line, of gap and curvature, is the centre line. The numbers of assetto_corsa_gym have no limits; these
    end at 100, and what is not finite is 0. A step that is truncated by a fault repeats the last observation.
    """

    def __init__(self, env: gym.Env[Any, Any], *, lock_deg: float = STAND_IN_LOCK) -> None:
        """
        Wrap an environment.

        Args:
            env: One of `acbridge/Race-v0` or `acbridge/RaceSim-v0`, in any wrappers.
            lock_deg: Degrees of the car's steering wheel at full lock, which no page has.

        Raises:
            TypeError: It is another environment.
        """
        RecordConstructorArgs.__init__(self, lock_deg=lock_deg)
        gym.Wrapper.__init__(self, env)
        race = env.unwrapped
        if not isinstance(race, RaceEnv):
            raise TypeError(f"Acgym125 wraps an environment of acbridge, not {type(race).__name__}")
        self._race = race
        self._steer = lock_deg / FULL_STEER
        self._past: deque[tuple[list[float], tuple[float, float, float]]] = deque(maxlen=KEPT)
        self._last: Array = np.zeros(NUMBERS, np.float32)
        self.observation_space = gym.spaces.Box(-LIMIT, LIMIT, (NUMBERS,), np.float32)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Array, dict[str, Any]]:
        """Begin an episode, as the environment does."""
        _, info = self.env.reset(seed=seed, options=options)
        self._past.clear()
        return self._observe(), info

    def step(self, action: Any) -> tuple[Array, float, bool, bool, dict[str, Any]]:
        """Drive a step, as the environment does."""
        _, reward, terminated, truncated, info = self.env.step(action)
        observation = self._last.copy() if truncated and info["discard"] else self._observe()
        return observation, float(reward), terminated, truncated, info

    def _observe(self) -> Array:
        seen: Seen = self._race.backend.instants[1]
        road = self._race.backend.road
        basic = basic_numbers(seen, road)
        controls = (self._steer * seen.steer, seen.gas, seen.brake)
        numbers = [*basic, float(seen.wheels_off > 2), *bends(seen, road)]  # noqa: PLR2004  as assetto_corsa_gym counts
        if len(self._past) == KEPT:
            numbers += [past[i] for i in range(3) for _, past in self._past]
        else:
            numbers += [0.0] * (3 * KEPT)
        numbers += controls
        for past, _ in self._past if len(self._past) == KEPT else ():
            numbers += past
        self._past.append((basic, controls))
        array = np.zeros(NUMBERS)
        array[: len(numbers)] = numbers
        array[~np.isfinite(array)] = 0.0
        self._last = np.clip(array, -LIMIT, LIMIT).astype(np.float32)
        return self._last.copy()


def basic_numbers(seen: Seen, road: Road) -> list[float]:
    """Return the 25 numbers that an observation has of each of four steps."""
    rays = [0.0] * RAYS
    cast_rays(seen, road, rays, 0)
    return [
        math.sqrt(seen.forward**2 + seen.right**2 + seen.up**2) / 80,
        seen.offset / 10,
        seen.force_feedback,
        seen.rpm / 10_000,
        -seen.acceleration_right / 5,
        seen.acceleration_forward / 5,
        (seen.gear + 1) / 8,  # as the pages count
        -seen.yaw_rate / math.pi,
        seen.forward / 80,
        -seen.right / 20,
        *(-math.degrees(angle) / 25 for angle in seen.slip_angle),
        *(way / REACH_M for way in reversed(rays)),
    ]


def bends(seen: Seen, road: Road) -> list[float]:
    """Return the curvatures ahead, positive to the left."""
    found: list[float] = []
    for k in range(BENDS):
        i, part = point_before(road, seen.distance + k * BENDS_M / BENDS)
        j = (i + 1) % road.points
        found.append(-(road.bend[i] + (road.bend[j] - road.bend[i]) * part) / BEND_UNIT)
    return found
