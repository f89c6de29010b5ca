"""The spaces of an environment, and observations in their form. Pure."""

from typing import Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt

from acbridge_gym.channels import Channel
from acbridge_gym.settings import Settings

Observation = Any
"""A dictionary of vectors of float32 by the names of the channels, or one vector of all: the settings decide."""


def action_space(settings: Settings) -> gym.spaces.Box:
    """Return the space of one environment's actions."""
    return gym.spaces.Box(-1.0, 1.0, (settings.action.axes,), np.float32)


def observation_space(settings: Settings) -> gym.Space[Any]:
    """Return the space of one environment's observations: a Dict of vectors, or one Box in the order of the table."""
    boxes = {channel.name: _box(channel) for channel in settings.table}
    if not settings.flat:
        return gym.spaces.Dict(list(boxes.items()))
    low = np.concatenate([box.low.ravel() for box in boxes.values()])
    high = np.concatenate([box.high.ravel() for box in boxes.values()])
    return gym.spaces.Box(low, high, dtype=np.float32)


def _box(channel: Channel) -> gym.spaces.Box:
    low, high, scale = (np.array(channel.spread(v)) for v in (channel.low, channel.high, channel.scale))
    return gym.spaces.Box((low / scale).astype(np.float32), (high / scale).astype(np.float32), dtype=np.float32)


class Shaper:
    """Gives the numbers of observations the form of the space."""

    def __init__(self, settings: Settings) -> None:
        self._flat = settings.flat
        self._parts: list[tuple[str, slice]] = []
        at = 0
        for channel in settings.table:
            self._parts.append((channel.name, slice(at, at + channel.size)))
            at += channel.size

    def one(self, numbers: Any) -> Observation:
        """Return the observation of one environment, as arrays of its own."""
        array = np.array(numbers, np.float32)
        if self._flat:
            return array
        return {name: array[where] for name, where in self._parts}

    def many(self, numbers: npt.NDArray[np.float32]) -> Observation:
        """Return the observations of many lanes, a row for each, as arrays of their own."""
        if self._flat:
            return numbers.copy()
        return {name: numbers[:, where].copy() for name, where in self._parts}
