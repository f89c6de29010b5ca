"""The stand-in's world inside the daemon: the same pages, without the game and without shared memory."""

from collections.abc import Callable

from acbridge.sources import Pages
from acbridge_sim import STEP_S, SessionType, World

STEP_NS = round(STEP_S * 1e9)
LONGEST_STALL = 1000
"""Steps that the world catches up with after a stall; what is beyond is skipped, as if the machine had slept."""


class StandIn:
    """A world that lives at the pace of a clock."""

    def __init__(self, mono_ns: Callable[[], int]) -> None:
        self._mono_ns = mono_ns
        self._world = World(session=SessionType.HOTLAP)
        self._start_ns = mono_ns()
        self._pages = Pages(*self._world.pages())

    def attach(self) -> None:
        """Do nothing: the world is always there."""

    def read(self) -> Pages | None:
        """Let the world catch up with the clock, then copy its pages."""
        due = (self._mono_ns() - self._start_ns) // STEP_NS - self._world.ticks
        if due > LONGEST_STALL:
            self._start_ns += (due - LONGEST_STALL) * STEP_NS
            due = LONGEST_STALL
        if due > 0:
            self._world.step(due)
            self._pages = Pages(*self._world.pages())
        return self._pages

    def detach(self) -> None:
        """Do nothing: there is nothing to let go of."""
