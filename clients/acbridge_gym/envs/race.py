"""
The environment: drive a car round a track, as fast as it goes.

One class for every backend. It owns the random generator, the form of observations and the words of `info`; it opens no
socket, reads no clock and starts no thread: those are a backend's.
"""

import math
from collections.abc import Mapping
from typing import Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt
from gymnasium.error import DependencyNotInstalled

from acbridge import Keys
from acbridge.address import DEFAULT_HOST, DEFAULT_PORT
from acbridge_gym.backends import Backend
from acbridge_gym.backends.live import Clock, LiveCar, OnStall
from acbridge_gym.backends.plain import PlainSim
from acbridge_gym.ends import REASONS
from acbridge_gym.randomize import Randomize
from acbridge_gym.referee import Outcome
from acbridge_gym.render import Picture
from acbridge_gym.rules import TERMS
from acbridge_gym.settings import AnyCar, Settings, car_of, rules_of, settings_of, table_of
from acbridge_gym.spaces import Observation, Shaper, action_space, observation_space
from acbridge_gym.start import Start, check_name, place_of
from acbridge_gym.tracks import AnyTrack, track_of

HUMAN = "human"
OF_DAEMON = ("host", "port", "keys", "clock", "on_stall", "driver", "force", "reset_s", "track", "render_mode")
"""The keywords of :func:`race` besides the settings."""
METADATA: dict[str, Any] = {"render_modes": ["human", "rgb_array"], "render_fps": 22}
"""What Gymnasium wants to know of an environment, at the step of 45 ms."""


class RaceEnv(gym.Env[Any, Any]):
    """
    One car on one track.

    Attributes:
        settings: What the environment is.
        channels: The channels of an observation, in the order of a flat one.
        backend: What moves the car.
    """

    metadata: dict[str, Any] = METADATA

    def __init__(
        self,
        backend: Backend,
        settings: Settings,
        *,
        randomize: Randomize | None = None,
        render_mode: str | None = None,
    ) -> None:
        """
        Wait for the first :meth:`reset`.

        Args:
            backend: What moves the car.
            settings: What the environment is.
            randomize: What differs from one episode to the next.
            render_mode: ``human`` for a window (extra ``drive``), ``rgb_array``, or nothing.

        Raises:
            ValueError: There is no such render mode.
        """
        if render_mode not in (None, *METADATA["render_modes"]):
            raise ValueError(f"the render mode is human, rgb_array or nothing, not {render_mode!r}")
        self.settings = settings
        self.channels = settings.table
        self.backend = backend
        self.render_mode = render_mode
        self.metadata = {**METADATA, "render_fps": round(1000 / settings.step_ms)}
        self.action_space = action_space(settings)
        self.observation_space = observation_space(settings)
        self._randomize = randomize or Randomize()
        self._shaper = Shaper(settings)
        self._axes = settings.action.axes
        self._counted = [(i, name) for i, name in enumerate(TERMS) if settings.reward.weights[i]]
        self._picture: Picture | None = None
        self._human: Any = None
        self._open = False

    def reset(
        self, *, seed: int | None = None, options: Mapping[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """
        Begin an episode.

        Args:
            seed: Begins the random generator again, which chooses starts and cars.
            options: ``start``: another start than the environment's own, for this episode.

        Raises:
            ValueError: An option or a start is unknown, or the start lies behind a barrier.
            TrackUnknown: Of a daemon: there is no map of the track.
            NoFrame: Of a daemon: no frame arrives.
            NotDriving: Of a daemon: the sim is paused or not in a session.
            RequestRefused: Of a daemon: another driver holds the controls, or it cannot drive or reset the car.
            ResetFailed: Of a daemon: the telemetry does not show the reset.
        """
        super().reset(seed=seed)
        start = start_of(options, self.settings.start)
        if not self._open:
            self.backend.open(rules_of(self.settings))
            self._open = True
        backend = self.backend
        backend.ready()
        place = place_of(start, backend.track, backend.line, self.np_random)
        outcome = backend.begin(place, self._randomize.draw(self.np_random))
        if self._picture is not None:
            self._picture.begin()
        if self.render_mode == HUMAN:
            self._show(begins=True)
        own = dict.fromkeys(self.settings.reward.own, 0.0)
        return self._shaper.one(backend.observation), {**self._info(outcome, own), **backend.details}

    def step(self, action: npt.NDArray[np.float32]) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """
        Drive a step: :meth:`send_action`, then :meth:`wait_step`.

        Raises:
            ValueError: The action has another shape, or a number of it is not finite.
        """
        self.send_action(action)
        return self.wait_step()

    def send_action(self, action: npt.NDArray[np.float32]) -> None:
        """
        Send an action to the car and return at once, so that a learner can work during the step.

        Raises:
            ValueError: The action has another shape, or a number of it is not finite.
            RuntimeError: There was no reset yet.
        """
        if not self._open:
            raise RuntimeError("reset the environment before its first step")
        array = np.asarray(action, float)
        if array.shape != (self._axes,):
            raise ValueError(f"an action has {self._axes} numbers, not the shape {array.shape}")
        numbers: list[float] = array.tolist()
        for number in numbers:
            if not math.isfinite(number):
                raise ValueError(f"an action has finite numbers, not {number}")
        self.backend.send(numbers)

    def wait_step(self) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Wait for the end of the step, and return what Gymnasium's `step` returns."""
        outcome = self.backend.wait()
        reward = outcome.reward
        own: dict[str, float] = {}
        if self.settings.reward.own:
            own = own_terms(self.settings, self.backend.instants, self.backend.road)
            for value in own.values():
                reward += value
        reason = REASONS[outcome.reason]
        ended = outcome.reason != 0
        if self._picture is not None:
            self._picture.follow(self.backend.instants[1])
        if self.render_mode == HUMAN:
            self._show(reason.name)
        return (
            self._shaper.one(self.backend.observation),
            reward,
            reason.terminated,
            ended and not reason.terminated,
            self._info(outcome, own),
        )

    def render(self) -> npt.NDArray[np.uint8] | None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """
        Return the track, the car and its trail from above, 400 x 400.

        Returns:
            Nothing without a render mode, or for ``human``: the window shows every reset and step by itself.
        """
        if self.render_mode is None:
            gym.logger.warn('render needs render_mode="rgb_array" or "human"')
            return None
        if self.render_mode == HUMAN:
            return None
        if self._picture is None:
            self._picture = Picture(self.backend.track, self.settings.step_ms)
        return self._picture.draw(self.backend.instants[1])

    def close(self) -> None:
        """Let go of the car, and close the window; can be called again."""
        self.backend.close()
        if self._human is not None:
            self._human.close()
            self._human = None

    def _show(self, note: str = "", *, begins: bool = False) -> None:
        """Show the car in the window, which opens at the first time; in lock-step, no faster than the car drives."""
        if self._human is None:
            try:
                from acbridge_gym.human import HumanView  # noqa: PLC0415  an extra
            except ModuleNotFoundError as error:
                raise DependencyNotInstalled('the render mode human: pip install "acbridge[drive]"') from error
            self._human = HumanView(self.backend.track, self.settings.step_ms / 1000)
        if begins:
            self._human.begin()
        wait_hz = None if self.backend.real_time else 1000 / self.settings.step_ms
        self._human.show(self.backend.instants[1], note, wait_hz)

    def _info(self, outcome: Outcome, own: Mapping[str, float]) -> dict[str, Any]:
        terms = outcome.terms
        return {
            "tick": outcome.packet,
            "age_ms": 1000 * outcome.age_s,
            "step_ms": 1000 * outcome.step_s,
            "lag_ms": 1000 * outcome.lag_s,
            "overrun": outcome.overrun,
            "missed_frames": outcome.missed,
            "discard": outcome.discard,
            "nonfinite": outcome.nonfinite,
            "action_applied": np.array(outcome.sent, np.float32),
            "progress_m": outcome.progress_m,
            "distance_m": outcome.distance_m,
            "lap_time_s": outcome.lap_s,
            "episode_s": outcome.time_s,
            "reward_terms": {name: terms[i] for i, name in self._counted} | dict(own),
            "reason": REASONS[outcome.reason].name,
        }


def race_sim(
    *,
    track: AnyTrack = "circuit",
    car: AnyCar | None = None,
    randomize: Randomize | Mapping[str, Any] | None = None,
    compiled: bool = False,
    render_mode: str | None = None,
    **settings: Any,
) -> RaceEnv:
    """
    Return an environment on the stand-in: in this process, in lock-step, and deterministic.

    Args:
        track: ``circuit``, ``oval``, ``kart``, ``long``, ``random:SEED``, a CSV file, a map, or a track.
        car: The name of one, a spec, or a dict of its fields; the stand-in's own if not given.
        randomize: What differs from one episode to the next.
        compiled: Whether to run compiled code, which needs the extra ``batch``; the numbers are the same.
        render_mode: ``human`` for a window (extra ``drive``), ``rgb_array``, or nothing.
        settings: The fields of `acbridge_gym.settings.Settings`.

    Raises:
        TrackMapError: The file of the track cannot be read, or holds none.
        ValueError: A value is unknown or out of range.
        ImportError: Compiled code was asked for, and the extra is missing.
    """
    spec, where = car_of(car), track_of(track)
    backend: Backend = PlainSim(where, spec)
    if compiled:
        from acbridge_gym.backends.compiled import CompiledSim  # noqa: PLC0415  an extra

        backend = CompiledSim(where, spec)
    chosen = settings_of(settings, ("track", "car", "randomize", "compiled", "render_mode"))
    return RaceEnv(backend, chosen, randomize=table_of(Randomize, randomize), render_mode=render_mode)


def race(
    *,
    host: str = DEFAULT_HOST,
    port: int = DEFAULT_PORT,
    keys: Keys | None = None,
    clock: Clock = "elastic",
    on_stall: OnStall = "truncate",
    driver: str = "acbridge-gym",
    force: bool = False,
    reset_s: float = 10.0,
    track: AnyTrack | None = None,
    render_mode: str | None = None,
    **settings: Any,
) -> RaceEnv:
    """
    Return an environment on the car of a daemon, in real time; the first reset connects.

    Args:
        host: Name or address of the daemon's machine.
        port: Its frame port; requests go to the next one.
        keys: Keys for a daemon that has some; only an operator's drive.
        clock: When a step ends: ``elastic`` by the clock here, ``frame`` by the arrival of the daemon's frames.
        on_stall: What happens after a caller was away for longer than a command lives, so that the car was neutral:
            ``truncate`` ends the episode, ``flag`` sets `info["discard"]`.
        driver: Name of the driver, which every subscriber can read.
        force: Whether to take the controls from another driver.
        reset_s: How long a reset may take.
        track: The track under the car, as :func:`race_sim` takes it; if not given, it is found by the name that the
            sim says: among the stand-in's, then among the maps in the user's folder.
        render_mode: ``human`` for a window (extra ``drive``), ``rgb_array``, or nothing.
        settings: The fields of `acbridge_gym.settings.Settings`.

    Raises:
        TrackMapError: The file of the track cannot be read, or holds none.
        ValueError: A value is unknown or out of range.
    """
    car = LiveCar(
        host,
        port,
        keys=keys,
        clock=clock,
        on_stall=on_stall,
        driver=driver,
        force=force,
        reset_s=reset_s,
        track=None if track is None else track_of(track),
    )
    return RaceEnv(car, settings_of(settings, OF_DAEMON), render_mode=render_mode)


def start_of(options: Mapping[str, Any] | None, usual: Start) -> Start:
    """
    Return the start that options ask for, or the usual one.

    Raises:
        ValueError: An option or the start is unknown.
    """
    if not options:
        return usual
    unknown = [name for name in options if name != "start"]
    if unknown:
        raise ValueError(f"reset has the option start, not {', '.join(unknown)}")
    return check_name(options["start"])


def own_terms(settings: Settings, instants: tuple[Any, Any, Any], road: Any) -> dict[str, float]:
    """
    Return a user's own terms of the reward, each times its weight.

    Args:
        settings: The functions and their weights.
        instants: The car before and after a step, and the memory of the episode.
        road: The track's tables.
    """
    before, after, memory = instants
    terms: dict[str, float] = {}
    for name, (term, weight) in settings.reward.own.items():
        value = float(term(before, after, memory, road))
        terms[name] = weight * value if math.isfinite(value) else 0.0
    return terms
