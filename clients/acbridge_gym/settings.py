"""
The settings of an environment, and the rules that follow from them.

Each is a frozen dataclass, or a plain dict of the same keys as a configuration file has it. Pure.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, TypeVar, cast

from acbridge_gym.action import Action
from acbridge_gym.channels import NAMES_OF_FURTHER, Channel, channels
from acbridge_gym.ends import Ends
from acbridge_gym.reward import Reward, TermFunction
from acbridge_gym.rules import TERMS, Rules
from acbridge_gym.start import Start, check_name
from acbridge_sim import CarSpec, car_named
from acbridge_sim.model.drivetrain import STEP_S

PHYSICS_MS = round(STEP_S * 1000)
LONGEST_MS = 300

Table = TypeVar("Table")
AnyCar = str | CarSpec | Mapping[str, Any]
"""The name of a car of the stand-in, its parameters, or a dict of some of them."""


@dataclass(frozen=True, slots=True)
class Settings:
    """
    What an environment is, apart from what moves its car.

    Attributes:
        step_ms: Length of a step, ms: a multiple of 3, from 3 to 300.
        action: What the numbers of an action mean.
        reward: The weights of the reward.
        ends: When an episode ends.
        start: Where an episode starts unless `reset` is given another start.
        max_episode_s: Longest episode, s.
        flat: Whether an observation is one array instead of a dictionary of channels.
        channels: Names of further channels of an observation.

    Raises:
        ValueError: A value is out of range; the text names it.
    """

    step_ms: int = 45
    action: Action = field(default_factory=Action)
    reward: Reward = field(default_factory=Reward)
    ends: Ends = field(default_factory=Ends)
    start: Start = "hotlap"
    max_episode_s: float = 180.0
    flat: bool = False
    channels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.step_ms % PHYSICS_MS or not PHYSICS_MS <= self.step_ms <= LONGEST_MS:
            raise ValueError(
                f"a step lasts a multiple of {PHYSICS_MS} ms from {PHYSICS_MS} to {LONGEST_MS}, not {self.step_ms}"
            )
        if not 0 < self.max_episode_s < math.inf:
            raise ValueError(f"max_episode_s is above 0, not {self.max_episode_s:g}")
        check_name(self.start)
        if isinstance(self.channels, str) or not set(self.channels) <= set(NAMES_OF_FURTHER):
            raise ValueError(f"channels is a list of some of {', '.join(NAMES_OF_FURTHER)}, not {self.channels!r}")

    @property
    def table(self) -> tuple[Channel, ...]:
        """The channels of an observation."""
        return channels(self.action.axes, self.channels)


def settings_of(given: Mapping[str, Any], others: Sequence[str] = ()) -> Settings:
    """
    Return settings from keywords, whose parts may be plain dicts.

    Args:
        given: The keywords.
        others: Further keywords that the caller takes, for the text of an error.

    Raises:
        ValueError: A key is unknown, or a value is out of range.
    """
    values = dict(given)
    known = [*others, *(each.name for each in fields(Settings))]
    unknown = [name for name in values if name not in known]
    if unknown:
        raise ValueError(f"an environment has no {', '.join(unknown)}; it has {', '.join(known)}")
    for name, kind in (("action", Action), ("ends", Ends), ("reward", Reward)):
        if name in values:
            values[name] = _reward(values[name]) if kind is Reward else table_of(kind, values[name])
    return table_of(Settings, values)


def table_of(kind: type[Table], given: Table | Mapping[str, Any] | None) -> Table:
    """
    Return a settings object, made from a plain dict if it is one.

    Args:
        kind: The dataclass.
        given: An object of it, a dict of its fields, or ``None`` for the defaults.

    Raises:
        ValueError: It is neither, a key is unknown, or a value is out of range.
    """
    if given is None:
        return kind()
    if isinstance(given, kind):
        return given
    if not isinstance(given, Mapping):
        raise ValueError(f"{kind.__name__} or a dict of its fields is needed, not {given!r}")  # noqa: TRY004  one error for all bad values
    values = dict(cast("Mapping[str, Any]", given))
    known = [each.name for each in fields(cast("Any", kind))]
    unknown = [name for name in values if name not in known]
    if unknown:
        raise ValueError(f"{kind.__name__} has no {', '.join(unknown)}; it has {', '.join(known)}")
    return kind(**{name: tuple(value) if isinstance(value, list) else value for name, value in values.items()})  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]


def car_of(given: AnyCar | None) -> CarSpec:
    """
    Return a car; the stand-in's own if none is given.

    Raises:
        ValueError: There is no such car or parameter, or a value is out of range.
    """
    if isinstance(given, str):
        return car_named(given)
    if given is not None and not isinstance(given, CarSpec | Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ValueError(f"car is the name of a car, a CarSpec or a dict of its fields, not {given!r}")
    return table_of(CarSpec, given)


def rules_of(settings: Settings) -> Rules:
    """Return the settings as a table of numbers."""
    action, ends = settings.action, settings.ends
    table = settings.table
    return Rules(
        steps=settings.step_ms // PHYSICS_MS,
        step_s=settings.step_ms / 1000,
        most_s=settings.max_episode_s,
        axes=action.axes,
        separate=action.pedals == "separate",
        manual=action.gears == "manual",
        delta=action.mode == "delta",
        steer_range=action.steer_range,
        smooth_s=action.smooth_s,
        rise=action.limit[0],
        fall=action.limit[1],
        off_track_s=ends.off_track_s,
        stuck_s=ends.stuck_s,
        wrong_way_m=ends.wrong_way_m,
        crash_kmh=ends.crash_kmh,
        lap_goal=ends.lap_goal,
        rays="rays" in settings.channels,
        wheels="wheels" in settings.channels,
        fuel="fuel" in settings.channels,
        damage="damage" in settings.channels,
        numbers=sum(channel.size for channel in table),
        weights=settings.reward.weights,
        low=[limit for channel in table for limit in channel.spread(channel.low)],
        high=[limit for channel in table for limit in channel.spread(channel.high)],
        scale=[limit for channel in table for limit in channel.spread(channel.scale)],
    )


def _reward(given: Reward | Mapping[str, Any]) -> Reward:
    """Return a reward; in a dict, a name that is no term's has a pair of a function and a weight."""
    if isinstance(given, Reward):
        return given
    known = {name: float(value) for name, value in given.items() if name in TERMS}
    own: dict[str, tuple[TermFunction, float]] = {}
    for name, value in given.items():
        if name in TERMS:
            continue
        try:
            term, weight = value
            own[name] = term, float(weight)
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"there is no term {name!r}; there are {', '.join(TERMS)}, and your own, each a function and a weight"
            ) from error
    return replace(Reward(), **known, own=own)
