"""A ghost: a lap of another driver, shown again from the line on, and how far a driver is behind it."""

import math
from bisect import bisect_right
from collections.abc import Callable, Iterator
from typing import NamedTuple

from acbridge_gym.backends.plain import PlainSim
from acbridge_gym.envs.race import RaceEnv
from acbridge_gym.laps import Act, lap_settings
from acbridge_gym.settings import settings_of
from acbridge_sim import CarSpec, SessionType, Track, World
from acbridge_sim.model.surface import wrap

STEPS = 5
"""Physics steps from one place of the built-in driver's lap to the next."""
LONGEST_S = 1800.0
"""A driver that has not lapped by then never will."""


class Moment(NamedTuple):
    """
    Where a ghost was.

    Attributes:
        time_s: Since the line.
        distance: Along the centre line, m.
        x, z, heading: In the world, m and rad.
    """

    time_s: float
    distance: float
    x: float
    z: float
    heading: float


class Ghost:
    """
    One lap of another driver, which is driven little by little while the first driver drives.

    Attributes:
        name: Who drives it.
        lap_s: The time of the lap; ``None`` until it is whole, and for ever if it never is.
    """

    def __init__(self, name: str, driving: Iterator[tuple[Moment | None, float | None]]) -> None:
        """
        Begin without a lap.

        Args:
            name: Who drives it.
            driving: Yields where the ghost is, or nothing before the line, and in the end the time of its lap.
        """
        self.name = name
        self.lap_s: float | None = None
        self._driving = driving
        self._moments: list[Moment] = []
        self._times: list[float] = []
        self._distances: list[float] = []

    def work(self, until: Callable[[], bool]) -> None:
        """Drive on until the lap is whole, or until a function returns true."""
        for moment, lap_s in self._driving:
            self.lap_s = lap_s if lap_s is not None else self.lap_s
            if moment is not None and (not self._distances or moment.distance > self._distances[-1]):
                self._moments.append(moment)
                self._times.append(moment.time_s)
                self._distances.append(moment.distance)
            if until():
                return

    def at(self, time_s: float) -> Moment | None:
        """Return where the ghost is so long after the line; ``None`` if that is not known, or its lap is over."""
        i = bisect_right(self._times, time_s)
        if not 0 < i < len(self._moments):
            return None
        a, b = self._moments[i - 1], self._moments[i]
        part = (time_s - a.time_s) / (b.time_s - a.time_s)
        turned = wrap(b.heading - a.heading)
        distance, x, z = (m + (n - m) * part for m, n in zip(a[1:4], b[1:4], strict=True))
        return Moment(time_s, distance, x, z, a.heading + turned * part)

    def behind(self, time_s: float, distance: float) -> float | None:
        """Return how many seconds later than the ghost a driver is at a place; ``None`` if the ghost was not there."""
        i = bisect_right(self._distances, distance)
        if not 0 < i < len(self._moments):
            return None
        a, b = self._moments[i - 1], self._moments[i]
        return time_s - a.time_s - (distance - a.distance) / (b.distance - a.distance) * (b.time_s - a.time_s)


def driver_lap(track: Track, spec: CarSpec) -> Iterator[tuple[Moment | None, float | None]]:
    """Yield the built-in driver's first flying lap."""
    world = World(track=track, session=SessionType.HOTLAP, spec=spec)
    while world.timing.laps == 0 and world.steps * 0.003 < LONGEST_S:
        world.step(STEPS)
        yield _moment(world), _lap(world)


def policy_lap(act: Act, track: Track, settings: dict[str, object]) -> Iterator[tuple[Moment | None, float | None]]:
    """
    Yield a policy's first flying lap, as far as it gets.

    Args:
        act: Returns the action for an observation.
        track: The track.
        settings: The keywords of an environment for this policy.
    """
    sim = PlainSim(track, CarSpec())
    env = RaceEnv(sim, settings_of(lap_settings(1, **settings)))
    observation, _ = env.reset(seed=0)
    world, ended = sim.world, False
    while not ended:
        observation, _, terminated, truncated, _ = env.step(act(observation))
        ended = terminated or truncated
        yield _moment(world), _lap(world)


def _moment(world: World) -> Moment | None:
    car, clock = world.car, world.timing
    if not clock.running or clock.laps or not math.isfinite(car.x + car.z + car.heading):
        return None
    return Moment(clock.current_ms / 1000, car.distance, car.x, car.z, car.heading)


def _lap(world: World) -> float | None:
    return world.timing.last_ms / 1000 if world.timing.laps else None
