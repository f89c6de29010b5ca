"""
The stand-in as the backend of one environment, in plain Python: one :class:`acbridge_sim.World` in lock-step.

Deterministic; no socket, no clock, no thread.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from acbridge_gym.memory import Memory
from acbridge_gym.randomize import spec_with
from acbridge_gym.referee import Outcome, Referee
from acbridge_gym.rules import Rules
from acbridge_gym.seen import Seen, see
from acbridge_gym.start import Place
from acbridge_sim import STEP_S, CarCommands, CarSpec, RacingLine, Track, World
from acbridge_sim.model.car import WARM
from acbridge_sim.model.surface import Road
from acbridge_sim.world import racing_line


class PlainSim:
    """
    A car in a world of its own.

    Attributes:
        track: The track.
        world: The world.
    """

    def __init__(self, track: Track, spec: CarSpec) -> None:
        """
        Put a car on a track.

        Args:
            track: The track.
            spec: The car.
        """
        self.track = track
        self.world = World(track=track, driver="none", spec=spec)
        self._spec = spec
        self._fuel = spec.tank * 2 / 3
        self._lag = 0
        self._commands = CarCommands()

    def open(self, rules: Rules) -> None:
        """Prepare episodes under these rules."""
        self._rules = rules
        self._referee = Referee(self.track.road, rules)

    @property
    def line(self) -> RacingLine:
        """The racing line of the car without draws."""
        return racing_line(self.track, self._spec)

    @property
    def road(self) -> Road:
        """The tables of the track, of lists."""
        return self.track.road

    @property
    def observation(self) -> list[float]:
        """The numbers of the newest observation."""
        return self._referee.observation

    @property
    def instants(self) -> tuple[Seen, Seen, Memory]:
        """The car before and after the last step, and the memory of the episode."""
        return self._referee.before, self._referee.after, self._referee.memory

    @property
    def real_time(self) -> bool:
        """False: lock-step."""
        return False

    @property
    def details(self) -> Mapping[str, Any]:
        """Nothing."""
        return {}

    def ready(self) -> None:
        """Do nothing: a world is always there."""

    def begin(self, place: Place, drawn: Mapping[str, float]) -> Outcome:
        """
        Begin an episode.

        Args:
            place: Where the car starts.
            drawn: Parameters of the car.

        Raises:
            ValueError: The place lies behind a barrier, or a number is out of range.
        """
        spec = spec_with(self._spec, drawn)
        self._lag = int(drawn.get("lag", 0))
        self.world.put(
            place.distance,
            -place.offset,
            place.heading,
            place.speed,
            spec=spec,
            fuel=spec.tank * drawn["fuel"] if "fuel" in drawn else self._fuel,
            temperature=drawn.get("temperature", WARM),
            lag=self._lag,
        )
        return self._referee.begin(self._seen(), lag_s=self._lag * STEP_S)

    def send(self, action: Sequence[float]) -> None:
        """Turn an action into the commands of the next step."""
        steer, gas, brake, clutch, shift = self._referee.command(action)
        self._commands = CarCommands(steer, gas, brake, clutch, int(shift))

    def wait(self) -> Outcome:
        """Drive a step, and return what it came to."""
        self.world.step(self._rules.steps, self._commands)
        return self._referee.end(self._seen(), step_s=self._rules.step_s, lag_s=self._lag * STEP_S)

    def close(self) -> None:
        """Do nothing: a world holds nothing."""

    def _seen(self) -> Seen:
        seen = Seen()
        see(self.world.car, self.world.car.spec, self.world.timing, seen)
        return seen
