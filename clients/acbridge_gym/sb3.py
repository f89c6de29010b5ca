"""
The compiled lanes as a vector environment of Stable-Baselines3. Needs the extras ``batch`` and ``train``.

Stable-Baselines3 begins the next episode in the same step, and takes the last observation from the infos.
"""

from importlib import import_module
from typing import Any

import numpy as np

from acbridge_gym.vector.batch import RaceSimVectorEnv

_VecEnv: Any = import_module("stable_baselines3.common.vec_env").VecEnv  # the type checker has no such package


class LanesVecEnv(_VecEnv):
    """
    Lanes of ``acbridge/RaceSim-v0`` with flat observations.

    Attributes:
        lanes: The environment of Gymnasium.
    """

    def __init__(
        self,
        num_envs: int,
        *,
        seed: int | None = None,
        reward_scale: float = 1.0,
        noise: float = 0.0,
        **settings: Any,
    ) -> None:
        """
        Wait for the first reset.

        Args:
            num_envs: Number of lanes.
            seed: Begins the generators of the lanes at each reset.
            reward_scale: What rewards are multiplied by.
            noise: Standard deviation of the normal noise that is added to each number of an observation.
            settings: Keywords of `acbridge_gym.vector.batch.RaceSimVectorEnv`.

        Raises:
            ValueError: A value is unknown or out of range.
        """
        self.lanes = RaceSimVectorEnv(num_envs, autoreset_mode="SameStep", flat=True, **settings)
        self._seed, self._scale, self._noise = seed, reward_scale, noise
        self._dice = np.random.default_rng(seed)
        spaces: Any = self.lanes
        _VecEnv.__init__(self, num_envs, spaces.single_observation_space, spaces.single_action_space)

    def reset(self) -> Any:
        """Begin an episode in every lane, each at another age, so that they do not all end together."""
        observations = self.lanes.reset(seed=self._seed)[0]
        ages = np.linspace(0.0, self.lanes.settings.max_episode_s, self.num_envs, endpoint=False)
        self.lanes.lanes.memories["time_s"] = ages
        return self._noisy(observations)

    def step_async(self, actions: Any) -> None:
        """Keep the actions of the next step."""
        self._actions = np.clip(actions, -1.0, 1.0)

    def step_wait(self) -> Any:
        """Drive a step in every lane."""
        observations, rewards, terminated, truncated, infos = self.lanes.step(self._actions)
        ended = terminated | truncated
        each: list[dict[str, Any]] = [{} for _ in range(self.num_envs)]
        for lane in np.flatnonzero(ended).tolist():
            last = self._noisy(infos["final_obs"][lane])
            each[lane] = {"terminal_observation": last, "TimeLimit.truncated": bool(truncated[lane])}
        return self._noisy(observations), (self._scale * rewards).astype(np.float32), ended, each

    def _noisy(self, observations: Any) -> Any:
        if self._noise == 0.0:
            return observations
        dice: Any = self._dice
        noise: Any = self._noise * dice.standard_normal(observations.shape, np.float32)
        return observations + noise

    def close(self) -> None:
        """Close the lanes."""
        self.lanes.close()

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        """Return an attribute of the environment, once for each lane asked for."""
        return [getattr(self.lanes, attr_name, None) for _ in self._get_indices(indices)]

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        """Refuse: lanes share their attributes."""
        raise NotImplementedError("lanes share their attributes; make another environment instead")

    def env_method(self, method_name: str, *args: Any, indices: Any = None, **kwargs: Any) -> list[Any]:
        """Refuse: there is no environment for each lane."""
        raise NotImplementedError("there is no environment for each lane")

    def env_is_wrapped(self, wrapper_class: Any, indices: Any = None) -> list[bool]:
        """Return that no lane is wrapped."""
        del wrapper_class
        return [False for _ in self._get_indices(indices)]
