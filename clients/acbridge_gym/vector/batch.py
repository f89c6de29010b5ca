"""
Many independent lanes of the stand-in as one vector environment, in compiled code. Needs the extra ``batch``.

A lane gives the numbers of the single environment with the same settings and seed, to the last bit. Lanes restart in
the way that Gymnasium names: in the next step, in the same step, or when asked.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium.utils import seeding
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from acbridge_gym.backends.compiled import Lanes
from acbridge_gym.ends import NAMES, REASONS
from acbridge_gym.envs.race import METADATA, own_terms, start_of
from acbridge_gym.randomize import Randomize
from acbridge_gym.render import Picture
from acbridge_gym.rules import TERMS
from acbridge_gym.settings import AnyCar, car_of, rules_of, settings_of, table_of
from acbridge_gym.spaces import Observation, Shaper, action_space, observation_space
from acbridge_gym.start import Place, Start, before_crash, place_of
from acbridge_gym.tracks import AnyTrack, tracks_of

MOST_CRASHES = 512
"""Crashes on a track that are remembered as places for second tries."""
FEWEST_CRASHES = 20
"""Crashes on a track before its first second try."""
RGB_ARRAY = "rgb_array"
OF_LANES: dict[str, Any] = {**METADATA, "render_modes": [RGB_ARRAY]}
RESET_MASK = "reset_mask"
"""The option of `reset` that says which lanes."""

_TERMINATED = np.array([reason.terminated for reason in REASONS])
_NAMES = np.array(NAMES, object)
_FAILED = np.array([reason.name in ("off_track", "stuck", "wrong_way", "crash") for reason in REASONS])

Vector = tuple[Observation, npt.NDArray[np.float64], npt.NDArray[np.bool_], npt.NDArray[np.bool_], dict[str, Any]]


class RaceSimVectorEnv(VectorEnv[Any, npt.NDArray[np.float32], npt.NDArray[Any]]):
    """
    Lanes of `acbridge/RaceSim-v0`.

    Attributes:
        settings: What each lane is.
        channels: The channels of an observation, in the order of a flat one.
        lanes: The episodes.
    """

    metadata: dict[str, Any] = OF_LANES

    def __init__(
        self,
        num_envs: int = 1,
        *,
        track: AnyTrack | Sequence[AnyTrack] = "circuit",
        car: AnyCar | None = None,
        randomize: Randomize | Mapping[str, Any] | None = None,
        autoreset_mode: str | AutoresetMode = AutoresetMode.NEXT_STEP,
        second_try: float = 0.0,
        render_mode: str | None = None,
        **settings: Any,
    ) -> None:
        """
        Wait for the first :meth:`reset`.

        Args:
            num_envs: Number of lanes.
            track: ``circuit``, ``oval``, ``kart``, ``long``, ``random:SEED``, ``random:FIRST-LAST`` for several random
                roads, a CSV file, a map, a track, or several of these: the lanes are spread over them.
            car: The name of one, a spec, or a dict of its fields; the stand-in's own if not given.
            randomize: What differs from one episode to the next.
            autoreset_mode: When a lane whose episode has ended begins the next one.
            second_try: Share of the restarts that begin 40 to 220 m before one of the last 512 failures of any
                lane on its track.
            render_mode: ``rgb_array``, or nothing.
            settings: The fields of `acbridge_gym.settings.Settings`.

        Raises:
            ValueError: A value is unknown or out of range, or there are fewer lanes than tracks.
        """
        if not 0 <= second_try <= 1:
            raise ValueError(f"second_try is a share from 0 to 1, not {second_try:g}")
        if render_mode not in (None, RGB_ARRAY):
            raise ValueError(f"the render mode is rgb_array or nothing, not {render_mode!r}")
        self.settings = settings_of(
            settings, ("num_envs", "track", "car", "randomize", "autoreset_mode", "second_try", "render_mode")
        )
        self.channels = self.settings.table
        self.num_envs = num_envs
        self.render_mode = render_mode
        self._mode = AutoresetMode(autoreset_mode)
        self.metadata = {
            **OF_LANES,
            "render_fps": round(1000 / self.settings.step_ms),
            "autoreset_mode": self._mode,
        }
        action, observation = action_space(self.settings), observation_space(self.settings)
        self.single_action_space, self.single_observation_space = action, observation
        self.action_space = batch_space(action, num_envs)
        self.observation_space = batch_space(observation, num_envs)
        self._shape = (num_envs, self.settings.action.axes)
        self.lanes = Lanes(num_envs, tracks_of(track), car_of(car), rules_of(self.settings))
        self._randomize = table_of(Randomize, randomize)
        self._shaper = Shaper(self.settings)
        self._counted = [(i, name) for i, name in enumerate(TERMS) if self.settings.reward.weights[i]]
        self._own = {name: np.zeros(num_envs) for name in self.settings.reward.own}
        self._generators: dict[int, np.random.Generator] = {}
        self._ended = np.zeros(num_envs, bool)
        self._all = np.ones(num_envs, bool)
        self._second_try = second_try
        self._crashes = [deque[float](maxlen=MOST_CRASHES) for _ in self.lanes.groups]
        self._pictures: dict[int, Picture] = {}

    def reset(
        self, *, seed: int | Sequence[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """
        Begin episodes in all lanes, or in those of a mask.

        Args:
            seed: Begins the generators again: of lane i with seed + i, or with the i-th of several.
            options: ``start``: another start than the environment's own, for these episodes; ``reset_mask``: an array
                of truths, which lanes.

        Raises:
            ValueError: An option, a start or the number of seeds is wrong, or the start lies behind a barrier.
            TypeError: The mask is not an array of truths.
        """
        seeds: Sequence[int | None] | None = [seed + i for i in range(self.num_envs)] if isinstance(seed, int) else seed
        if seeds is not None and len(seeds) != self.num_envs:
            raise ValueError(f"there are {self.num_envs} lanes, and {len(seeds)} seeds")
        given = dict(options or {})
        masked = RESET_MASK in given
        mask = self._mask(given.pop(RESET_MASK)) if masked else self._all
        start = start_of(given, self.settings.start)
        if seeds is not None and not masked:
            for crashes in self._crashes:
                crashes.clear()
        chosen = np.flatnonzero(mask)
        for lane in chosen.tolist():
            of_lane = seeds[lane] if seeds is not None else None
            if of_lane is not None or lane not in self._generators:
                self._generators[lane], _ = seeding.np_random(of_lane)
        self._begin(chosen, start, second_tries=masked and not given)
        return self._shaper.many(self.lanes.observations), self._infos(mask)

    def step(self, actions: npt.NDArray[np.float32]) -> Vector:
        """
        Drive a step in every lane.

        Args:
            actions: A row of numbers for each lane.

        Raises:
            ValueError: The actions have another shape, or a number of them is not finite.
            RuntimeError: A lane was never reset, or the mode is disabled and a lane that has ended was not reset.
        """
        numbers = np.ascontiguousarray(actions, float)
        if numbers.shape != self._shape:
            raise ValueError(f"actions have the shape {self._shape}, not {numbers.shape}")
        if not np.isfinite(numbers).all():
            raise ValueError("actions have finite numbers")
        if len(self._generators) < self.num_envs:
            raise RuntimeError("reset every lane before the first step")
        resting = self._ended.copy()
        if resting.any() and self._mode is AutoresetMode.DISABLED:
            raise RuntimeError(f"lanes {np.flatnonzero(resting).tolist()} have ended: reset them with {RESET_MASK}")
        memories = self.lanes.memories
        driven = ~resting
        self.lanes.step(numbers, driven)
        rewards: npt.NDArray[np.float64] = memories["reward"].copy()
        rewards[resting] = 0.0
        if self._own:
            self._add_own(rewards, driven)
        reasons = memories["reason"].copy()
        reasons[resting] = 0
        ended = reasons != 0
        if ended.any() and self._second_try:
            self._remember(_FAILED[reasons])
        final: dict[str, Any] = {}
        if self._mode is AutoresetMode.NEXT_STEP and resting.any():
            self._begin(np.flatnonzero(resting), self.settings.start, second_tries=True)
        elif self._mode is AutoresetMode.SAME_STEP and ended.any():
            final = self._final(ended)
            self._begin(np.flatnonzero(ended), self.settings.start, second_tries=True)
        self._ended = ended if self._mode is not AutoresetMode.SAME_STEP else np.zeros(self.num_envs, bool)
        terminated = _TERMINATED[reasons]
        infos = self._infos(self._all) | final
        return self._shaper.many(self.lanes.observations), rewards, terminated, ended & ~terminated, infos

    def render(self) -> tuple[npt.NDArray[np.uint8], ...] | None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Return a picture of each lane from above, 400 x 400; nothing without a render mode."""
        if self.render_mode is None:
            return None
        for i, (_, worlds) in enumerate(self.lanes.groups):
            if i not in self._pictures:
                self._pictures[i] = Picture(worlds.track, self.settings.step_ms)
        pictures = (self._pictures[i] for i in self.lanes.group_of)
        return tuple(picture.draw(self.lanes.instants(lane)[1]) for lane, picture in enumerate(pictures))

    def _mask(self, given: Any) -> npt.NDArray[np.bool_]:
        if getattr(given, "dtype", None) != np.bool_:
            raise TypeError(f"{RESET_MASK} is an array of truths, not {type(given).__name__}")
        mask: npt.NDArray[np.bool_] = given
        if mask.shape != (self.num_envs,) or not mask.any():
            raise ValueError(f"{RESET_MASK} has the shape ({self.num_envs},) and at least one true value")
        return mask

    def _begin(self, chosen: npt.NDArray[np.intp], start: Start, *, second_tries: bool) -> None:
        places: dict[int, tuple[Place, Mapping[str, float]]] = {}
        for lane in chosen.tolist():
            rng = self._generators[lane]
            place = self._place(lane, start, rng, second_try=second_tries)
            places[lane] = place, self._randomize.draw(rng)
        self.lanes.begin(places)
        self._ended[chosen] = False
        for terms in self._own.values():
            terms[chosen] = 0.0

    def _place(self, lane: int, start: Start, rng: np.random.Generator, *, second_try: bool) -> Place:
        track, line = self.lanes.track(lane), self.lanes.line(lane)
        crashes = self._crashes[self.lanes.group_of[lane]]
        if second_try and len(crashes) >= FEWEST_CRASHES and rng.random() < self._second_try:
            return before_crash(crashes[int(rng.integers(len(crashes)))], track, line, rng)
        return place_of(start, track, line, rng)

    def _remember(self, failed: npt.NDArray[np.bool_]) -> None:
        distances = self._distances()
        for lane in np.flatnonzero(failed).tolist():
            self._crashes[self.lanes.group_of[lane]].append(float(distances[lane]))

    def _distances(self) -> npt.NDArray[np.float64]:
        return self.lanes.seens["distance"][np.arange(self.num_envs), self.lanes.memories["turn"]]

    def _add_own(self, rewards: npt.NDArray[np.float64], driven: npt.NDArray[np.bool_]) -> None:
        for lane in np.flatnonzero(driven).tolist():
            terms = own_terms(self.settings, self.lanes.instants(lane), self.lanes.road(lane))
            for name, value in terms.items():
                self._own[name][lane] = value
                rewards[lane] += value

    def _final(self, ended: npt.NDArray[np.bool_]) -> dict[str, Any]:
        """Return the last observations and infos of episodes that end in this step, as Gymnasium puts them."""
        observations = np.full(self.num_envs, None, object)
        for lane in np.flatnonzero(ended).tolist():
            observations[lane] = self._shaper.one(self.lanes.observations[lane])
        return {
            "final_obs": observations,
            "_final_obs": ended.copy(),
            "final_info": self._infos(ended),
            "_final_info": ended.copy(),
        }

    def _infos(self, mask: npt.NDArray[np.bool_]) -> dict[str, Any]:
        """Return the infos of lanes, each key with its mask, as Gymnasium has them."""
        memories, count, mask = self.lanes.memories, self.num_envs, mask.copy()
        terms: dict[str, Any] = {name: memories["terms"][:, i].copy() for i, name in self._counted}
        terms |= {name: values.copy() for name, values in self._own.items()}
        infos: dict[str, Any] = {
            "tick": self.lanes.seens["packet"][np.arange(count), memories["turn"]],
            "age_ms": 1000 * memories["age_s"],
            "step_ms": 1000 * memories["step_s"],
            "lag_ms": 1000 * memories["lag_s"],
            "overrun": np.zeros(count, bool),
            "missed_frames": np.zeros(count, int),
            "discard": np.zeros(count, bool),
            "nonfinite": memories["nonfinite"].copy(),
            "action_applied": memories["command"][:, :3].astype(np.float32),
            "progress_m": memories["progress_m"].copy(),
            "distance_m": self._distances(),
            "lap_time_s": memories["lap_s"].copy(),
            "episode_s": memories["time_s"].copy(),
            "reward_terms": _masked(terms, mask),
            "reason": _NAMES[memories["reason"]],
        }
        return _masked(infos, mask)


def _masked(values: dict[str, Any], mask: npt.NDArray[np.bool_]) -> dict[str, Any]:
    return values | {f"_{name}": mask for name in values}
