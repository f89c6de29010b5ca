"""
What moves the car of an environment: the stand-in in this process, plain or compiled, or a daemon.

An environment knows its backend only as :class:`Backend`, so the same environment can drive anything that has these
members.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from acbridge_gym.referee import Outcome
from acbridge_gym.rules import Rules
from acbridge_gym.start import Place
from acbridge_sim import RacingLine, Track
from acbridge_sim.model.surface import Road


class Backend(Protocol):
    """What an environment needs of the place where its car drives."""

    @property
    def track(self) -> Track:
        """The track under the car."""
        ...

    @property
    def road(self) -> Road:
        """The tables of the track, for terms of the reward."""
        ...

    @property
    def line(self) -> RacingLine:
        """The racing line, which starts follow."""
        ...

    @property
    def observation(self) -> Any:
        """The numbers of the newest observation: anything that numpy makes an array of."""
        ...

    @property
    def instants(self) -> tuple[Any, Any, Any]:
        """The car before and after the last step, and the memory of the episode, for terms of one's own."""
        ...

    def open(self, rules: Rules) -> None:
        """Prepare episodes under these rules; called once, before the first of them."""
        ...

    @property
    def real_time(self) -> bool:
        """Whether a step takes its time; in lock-step it takes none."""
        ...

    @property
    def details(self) -> Mapping[str, Any]:
        """What `info` of a reset has besides that of a step."""
        ...

    def ready(self) -> None:
        """Make sure that a car is there and its track is known; called before each episode."""
        ...

    def begin(self, place: Place, drawn: Mapping[str, float]) -> Outcome:
        """
        Begin an episode.

        Args:
            place: Where the car starts.
            drawn: Parameters of the car, as `Randomize.draw` returns them.
        """
        ...

    def send(self, action: Sequence[float]) -> None:
        """Send an action of finite numbers to the car; returns at once."""
        ...

    def wait(self) -> Outcome:
        """Wait for the end of the step that the last action began, and return what it came to."""
        ...

    def close(self) -> None:
        """Let go of the car; can be called again."""
        ...
