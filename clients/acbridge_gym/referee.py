"""
The referee of one episode, in plain Python: commands from actions, and results from what is seen of the car.

Knows neither where the car is driven nor what time it is; a backend hands over both.
"""

from collections.abc import Sequence
from typing import NamedTuple

from acbridge_gym.action import command
from acbridge_gym.episode import begin_episode, end_step
from acbridge_gym.memory import Memory
from acbridge_gym.rules import Rules
from acbridge_gym.seen import Seen
from acbridge_sim.model.surface import Road


class Outcome(NamedTuple):
    """
    What a step came to.

    Attributes:
        packet: Physics steps, as `Seen.packet`.
        reason: Why the episode has ended, an index of `ends.REASONS`; 0 while it runs.
        reward: The sum of the terms.
        terms: Each times its weight, in the order of `rules.TERMS`.
        progress_m: Way along the centre line in this step.
        distance_m: Where the car is along it.
        lap_s: The lap that was completed in this step; 0 when none was.
        time_s: Length of the episode until now.
        step_s, age_s, lag_s: Length of the step; age of the observation; from a command to the car.
        nonfinite: Numbers of the observation that were not finite.
        sent: Steer, gas and brake as sent to the car.
        overrun: Whether the step was late by a whole step or more.
        missed: Frames that did not arrive in this step.
        discard: Whether the car was driven by no action for a part of the step, so that nothing can be learned of it.
    """

    packet: int
    reason: int
    reward: float
    terms: Sequence[float]
    progress_m: float
    distance_m: float
    lap_s: float
    time_s: float
    step_s: float
    age_s: float
    lag_s: float
    nonfinite: int
    sent: tuple[float, float, float]
    overrun: bool = False
    missed: int = 0
    discard: bool = False


class Referee:
    """
    Follows one episode.

    Attributes:
        before, after: The car at the beginning and at the end of the last step.
        memory: The episode.
        observation: The numbers of the last observation, scaled.
    """

    def __init__(self, road: Road, rules: Rules) -> None:
        """
        Wait for an episode.

        Args:
            road: The track's tables, of lists.
            rules: The rules.
        """
        self._road = road
        self._rules = rules
        self.before = self.after = Seen()
        self.memory = Memory()
        self.observation = [0.0] * rules.numbers

    def begin(self, seen: Seen, *, age_s: float = 0.0, lag_s: float = 0.0) -> Outcome:
        """
        Begin an episode with the car as it is now.

        Args:
            seen: The car.
            age_s: How long ago it was like this.
            lag_s: From a command to the car, as far as known.
        """
        self.before = self.after = seen
        self.memory.age_s, self.memory.lag_s = age_s, lag_s
        begin_episode(seen, seen, self.memory, self._road, self._rules, self.observation)
        return self._outcome()

    def command(self, action: Sequence[float]) -> list[float]:
        """Return steer, gas, brake, clutch and shift for an action of finite numbers."""
        command(action, self.memory, self._rules)
        return self.memory.command

    def end(self, seen: Seen, *, step_s: float, age_s: float = 0.0, lag_s: float = 0.0) -> Outcome:
        """
        End a step with the car as it is now.

        Args:
            seen: The car.
            step_s: How long the step was.
            age_s: How long ago the car was like this.
            lag_s: From a command to the car.
        """
        self.before, self.after = self.after, seen
        memory = self.memory
        memory.step_s, memory.age_s, memory.lag_s = step_s, age_s, lag_s
        end_step(self.before, seen, memory, self._road, self._rules, self.observation)
        return self._outcome()

    def cut(self, reason: int, *, step_s: float, age_s: float = 0.0) -> Outcome:
        """
        Truncate the episode: the car, the observation and the lag stay as they were, and the reward is 0.

        Args:
            reason: An index of `ends.REASONS`.
            step_s: How long the step was.
            age_s: How long ago the car was like this.
        """
        memory = self.memory
        memory.reason, memory.reward = reason, 0.0
        memory.progress_m = memory.lap_s = 0.0
        memory.step_s, memory.age_s = step_s, age_s
        memory.time_s += step_s
        for i in range(len(memory.terms)):
            memory.terms[i] = 0.0
        return self._outcome()

    def _outcome(self) -> Outcome:
        memory = self.memory
        return Outcome(
            packet=self.after.packet,
            reason=memory.reason,
            reward=memory.reward,
            terms=memory.terms,
            progress_m=memory.progress_m,
            distance_m=self.after.distance,
            lap_s=memory.lap_s,
            time_s=memory.time_s,
            step_s=memory.step_s,
            age_s=memory.age_s,
            lag_s=memory.lag_s,
            nonfinite=memory.nonfinite,
            sent=(memory.command[0], memory.command[1], memory.command[2]),
        )
