"""The stand-in as a source of the daemon: the same pages, without the game and without shared memory."""

from collections.abc import Callable

from acbridge.pages import Pages
from acbridge_sim import STEP_S, SessionType, World

STEP_NS = round(STEP_S * 1e9)
LONGEST_STALL = 1000
"""The most steps computed after a stall; further ones are skipped, as if the machine had slept."""


class StandIn:
    """A world that advances with a clock."""

    def __init__(self, mono_ns: Callable[[], int]) -> None:
        self._mono_ns = mono_ns
        self._world = World(session=SessionType.HOTLAP)
        self._start_ns = mono_ns()
        self._pages = self._world.pages()

    def attach(self) -> None:
        """Do nothing: the world is always there."""

    def read(self) -> Pages | None:
        """Advance the world to the time of the clock, then return its pages."""
        due = (self._mono_ns() - self._start_ns) // STEP_NS - self._world.ticks
        if due > LONGEST_STALL:
            self._start_ns += (due - LONGEST_STALL) * STEP_NS
            due = LONGEST_STALL
        if due > 0:
            self._world.step(due)
            self._pages = self._world.pages()
        return self._pages

    def detach(self) -> None:
        """Do nothing: the world holds no resources."""
