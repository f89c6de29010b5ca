"""The stand-in's world inside the daemon: the same pages, without the game and without shared memory."""

from collections.abc import Callable

from acbridge.sim import STEP_S, World
from acbridge_daemon.sources import Pages

STEP_NS = round(STEP_S * 1e9)


class StandIn:
    """A world that lives at the pace of a clock."""

    def __init__(self, mono_ns: Callable[[], int]) -> None:
        self._mono_ns = mono_ns
        self._world = World()
        self._start_ns = mono_ns()
        self._pages = Pages(*self._world.pages())

    def attach(self) -> None:
        """Do nothing: the world is always there."""

    def read(self) -> Pages | None:
        """Let the world catch up with the clock, then copy its pages."""
        due = (self._mono_ns() - self._start_ns) // STEP_NS - self._world.steps
        if due > 0:
            self._world.step(due)
            self._pages = Pages(*self._world.pages())
        return self._pages

    def detach(self) -> None:
        """Do nothing: there is nothing to let go of."""
