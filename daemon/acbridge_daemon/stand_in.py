"""The stand-in as a source of the daemon: the same pages, without the game and without shared memory."""

from collections import deque
from collections.abc import Callable

from acbridge.controls import Command, Start
from acbridge.pages import Pages
from acbridge_sim import STEP_S, CarCommands, CarSpec, SessionType, World

STEP_NS = round(STEP_S * 1e9)
LONGEST_STALL = 1000
"""The most steps computed after a stall; further ones are skipped, as if the machine had slept."""
SAME_READ_NS = 500_000
"""The world stands still for so long after it was read, so that two copies of its pages are of one instant."""


class StandIn:
    """A world that advances with a clock; the built-in driver drives it, or commands do."""

    def __init__(self, mono_ns: Callable[[], int], *, driven: bool = False, spec: CarSpec | None = None) -> None:
        """
        Begin a hotlap.

        Args:
            mono_ns: The clock.
            driven: Whether commands drive the car instead of the built-in driver.
            spec: The car; the stand-in's own if not given.
        """
        self._mono_ns = mono_ns
        self._driven = driven
        self._world = World(session=SessionType.HOTLAP, driver="none" if driven else "ai", spec=spec)
        self._start_ns = mono_ns()
        self._read_ns = -SAME_READ_NS
        self._pages = self._world.pages()
        self._commands = CarCommands()
        self._shifts: deque[int] = deque()
        self._counts = (0, 0)

    def attach(self) -> None:
        """Do nothing: the world is always there."""

    def read(self) -> Pages | None:
        """Advance the world to the time of the clock, then return its pages."""
        now_ns = self._mono_ns()
        if now_ns - self._read_ns >= SAME_READ_NS:
            self._read_ns = now_ns
            if self._advance(now_ns):
                self._pages = self._world.pages()
        return self._pages

    def detach(self) -> None:
        """Do nothing: the world holds no resources."""

    def drive(self, command: Command) -> None:
        """Apply a command from this instant on."""
        self._advance(self._mono_ns())
        up, down = command.shifts_up - self._counts[0], command.shifts_down - self._counts[1]
        self._counts = (command.shifts_up, command.shifts_down)
        self._shifts.extend([1] * up + [-1] * down)
        self._commands = CarCommands(command.steer, command.gas, command.brake, command.clutch)

    def begin(self, start: Start) -> None:
        """
        Begin a run elsewhere.

        Raises:
            ValueError: The place lies behind a barrier.
        """
        self._advance(self._mono_ns())
        self._shifts.clear()
        self._world.begin(start)

    def _advance(self, now_ns: int) -> bool:
        """Step the world up to an instant, and return whether it moved."""
        due = (now_ns - self._start_ns) // STEP_NS - self._world.ticks
        if due > LONGEST_STALL:
            self._start_ns += (due - LONGEST_STALL) * STEP_NS
            due = LONGEST_STALL
        moves = due > 0
        while due > 0 and self._shifts:
            now = self._commands
            self._world.step(1, CarCommands(now.steer, now.gas, now.brake, now.clutch, self._shifts.popleft()))
            due -= 1
        if due > 0:
            self._world.step(due, self._commands if self._driven else None)
        return moves
