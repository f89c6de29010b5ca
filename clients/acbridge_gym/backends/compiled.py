"""
The stand-in for training: cars, observations, rewards and ends in compiled code, for one environment or for many lanes.

Equal to `plain` to the last bit on the same machine. Needs the extra ``batch``; the first use compiles, which takes
half a minute.
"""

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from acbridge_gym.memory import Memory
from acbridge_gym.referee import Outcome
from acbridge_gym.rules import Rules
from acbridge_gym.seen import Seen
from acbridge_gym.start import Place
from acbridge_sim import CarSpec, RacingLine, Track
from acbridge_sim.compiled import kernels
from acbridge_sim.model.surface import Road
from acbridge_sim.world import racing_line

try:
    from acbridge_sim.batch import Worlds, dtype_of, record_of
except ImportError as error:
    raise ImportError('compiled environments need numpy and numba: pip install "acbridge[gym,batch]"') from error

MODULES = tuple(
    f"acbridge_gym.{name}"
    for name in ("rules", "memory", "seen", "action", "rays", "observation", "ends", "reward", "episode", "lanes")
)
"""Modules that are compiled with the model; the first two have tables only."""
KERNELS = ("begin_lanes", "step_lanes")


def compiled_lanes() -> SimpleNamespace:
    """Return the functions of `lanes` as kernels."""
    return kernels(MODULES, "acbridge_gym.lanes", KERNELS)


class Group(NamedTuple):
    """
    Lanes on one track, which follow each other.

    Attributes:
        lanes: Which lanes.
        worlds: Their cars.
    """

    lanes: slice
    worlds: Worlds


class Lanes:
    """
    Independent episodes on one track, or on several.

    Attributes:
        spec: The car without draws.
        rules: The rules, as a table of numbers.
        groups: The lanes of each track.
        group_of: For each lane, the index of its group.
        seens: Two instants of each lane: the fields of :class:`acbridge_gym.seen.Seen`.
        memories: The episodes: the fields of :class:`acbridge_gym.memory.Memory`.
        observations: The newest observation of each lane, scaled.
    """

    def __init__(self, n: int, tracks: Sequence[Track], spec: CarSpec, rules: Rules) -> None:
        """
        Put every car on the finish line of its track.

        Args:
            n: Number of lanes, as many on each track as can be.
            tracks: The tracks, at most one for each lane.
            spec: The car.
            rules: The rules.

        Raises:
            ValueError: There are fewer lanes than tracks.
        """
        if n < len(tracks):
            raise ValueError(f"{len(tracks)} tracks need as many lanes, not {n}")
        self.spec, self.rules = spec, rules
        ends = [n * i // len(tracks) for i in range(len(tracks) + 1)]
        self.groups = [
            Group(slice(begin, end), Worlds(end - begin, track, spec))
            for track, begin, end in zip(tracks, ends, ends[1:], strict=False)
        ]
        self.group_of = [i for i in range(len(tracks)) for _ in range(ends[i], ends[i + 1])]
        self.seens: Any = np.empty((n, 2), dtype_of(Seen()))
        self.seens[:] = record_of(Seen())
        self.memories: Any = np.empty(n, dtype_of(Memory()))
        self.memories[:] = record_of(Memory())
        self.observations: npt.NDArray[np.float32] = np.zeros((n, rules.numbers), np.float32)
        self._rules: Any = np.empty(1, dtype_of(rules))
        self._rules[:] = record_of(rules)
        self._kernels = compiled_lanes()

    def track(self, lane: int) -> Track:
        """Return the track of a lane."""
        return self.groups[self.group_of[lane]].worlds.track

    def road(self, lane: int) -> Road:
        """Return the tables of the track of a lane, of arrays."""
        return self.groups[self.group_of[lane]].worlds.road

    def line(self, lane: int) -> RacingLine:
        """Return the racing line of the car without draws on the track of a lane."""
        return racing_line(self.track(lane), self.spec)

    def begin(self, places: Mapping[int, tuple[Place, Mapping[str, float]]]) -> None:
        """
        Begin episodes.

        Args:
            places: By lane, where the car starts and its drawn parameters.

        Raises:
            ValueError: A place lies behind a barrier, or a number is out of range.
        """
        chosen = np.zeros(len(self.memories), bool)
        for lane, (place, drawn) in places.items():
            group = self.groups[self.group_of[lane]]
            own = [lane - group.lanes.start]
            group.worlds.put(own, place.distance, -place.offset, place.heading, place.speed, given=drawn)
            chosen[lane] = True
        for lanes, worlds in self.groups:
            if chosen[lanes].any():
                self._kernels.begin_lanes(
                    worlds.lanes,
                    worlds.specs,
                    worlds.road,
                    self.seens[lanes],
                    self.memories[lanes],
                    self._rules,
                    self.observations[lanes],
                    chosen[lanes],
                )

    def step(self, actions: npt.NDArray[np.float64], chosen: npt.NDArray[np.bool_]) -> None:
        """
        Advance episodes by a step.

        Args:
            actions: Finite numbers, a row for each lane.
            chosen: Which lanes.
        """
        for lanes, worlds in self.groups:
            self._kernels.step_lanes(
                worlds.lanes,
                worlds.specs,
                worlds.road,
                actions[lanes],
                self.seens[lanes],
                self.memories[lanes],
                self._rules,
                self.observations[lanes],
                chosen[lanes],
            )

    def instants(self, lane: int) -> tuple[Any, Any, Any]:
        """Return a lane's car before and after the last step, and its memory, as records with attributes."""
        turn = int(self.memories["turn"][lane])
        seens, memories = self.seens.view(np.recarray), self.memories.view(np.recarray)
        return seens[lane, 1 - turn], seens[lane, turn], memories[lane]


class CompiledSim:
    """
    A single lane as the backend of one environment.

    Attributes:
        track: The track.
    """

    def __init__(self, track: Track, spec: CarSpec) -> None:
        """
        Put a car on a track.

        Args:
            track: The track.
            spec: The car.
        """
        self.track = track
        self._spec = spec

    def open(self, rules: Rules) -> None:
        """Prepare episodes under these rules."""
        self._lanes = Lanes(1, [self.track], self._spec, rules)
        self._actions = np.zeros((1, rules.axes))
        self._chosen = np.ones(1, bool)
        memories = self._lanes.memories
        self._columns = [memories[name] for name in _COLUMNS]
        self._whole = [memories["terms"][0], memories["command"][0], memories["turn"]]
        self._places = [self._lanes.seens["packet"][0], self._lanes.seens["distance"][0]]

    @property
    def line(self) -> RacingLine:
        """The racing line of the car without draws."""
        return racing_line(self.track, self._spec)

    @property
    def road(self) -> Road:
        """The tables of the track, of arrays."""
        return self._lanes.road(0)

    @property
    def observation(self) -> npt.NDArray[np.float32]:
        """The numbers of the newest observation."""
        return self._lanes.observations[0]

    @property
    def instants(self) -> tuple[Any, Any, Any]:
        """The car before and after the last step, and the memory of the episode."""
        return self._lanes.instants(0)

    @property
    def real_time(self) -> bool:
        """False: lock-step."""
        return False

    @property
    def details(self) -> Mapping[str, Any]:
        """Nothing."""
        return {}

    def ready(self) -> None:
        """Do nothing: a lane is always there."""

    def begin(self, place: Place, drawn: Mapping[str, float]) -> Outcome:
        """
        Begin an episode.

        Args:
            place: Where the car starts.
            drawn: Parameters of the car.

        Raises:
            ValueError: The place lies behind a barrier, or a number is out of range.
        """
        self._lanes.begin({0: (place, drawn)})
        return self._outcome()

    def send(self, action: Sequence[float]) -> None:
        """Keep an action for the next step."""
        self._actions[0] = action

    def wait(self) -> Outcome:
        """Drive a step, and return what it came to."""
        self._lanes.step(self._actions, self._chosen)
        return self._outcome()

    def close(self) -> None:
        """Do nothing: arrays hold nothing."""

    def _outcome(self) -> Outcome:
        reason, reward, progress, lap, time_s, step_s, age_s, lag_s, nonfinite = (c.item() for c in self._columns)
        terms, command, turn = self._whole
        packet, distance = (column[turn[0]].item() for column in self._places)
        sent = tuple(command[:3].tolist())
        return Outcome(
            packet,
            reason,
            reward,
            terms.tolist(),
            progress,
            distance,
            lap,
            time_s,
            step_s,
            age_s,
            lag_s,
            nonfinite,
            sent,
        )


_COLUMNS = ("reason", "reward", "progress_m", "lap_s", "time_s", "step_s", "age_s", "lag_s", "nonfinite")
