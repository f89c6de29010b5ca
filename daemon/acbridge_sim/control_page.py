"""
The control page: how another program drives the stand-in.

A small page of shared memory that the stand-in creates and a controlling program rewrites as a whole. A page is a new
command when its sequence number has changed; a quarter of a second without a new command releases the controls. A run
begins elsewhere when the count of resets has changed. Pure: bytes in, commands out.
"""

import math
import struct
from typing import Any, NamedTuple, Self

from acbridge.controls import STARTS, Command, Place, Start
from acbridge_sim.model.car import STEP_S
from acbridge_sim.model.spec import CarCommands

PAGE = "controls"
"""What follows the prefix in the page's name."""
MAGIC = 0x32434241
"""The bytes ``ABC2``."""
SILENCE_S = 0.25
"""Time without a new command after which the controls are released."""
_LAYOUT = struct.Struct("<IIffffiiQIIfff")
SIZE = _LAYOUT.size
_MOST_SEQUENCE = 0xFFFFFFFF
_MOST_COUNT = 0x7FFFFFFF
_MOST_SHIFTS = 8
"""Gear changes that one command can ask for; a car has no more gears."""


class ControlPage(NamedTuple):
    """
    One command, as it stands in the page.

    Attributes:
        sequence: Grows with each command, modulo 2**32; 0 before the first.
        steer: -1 full left to 1 full right.
        gas, brake: 0 to 1.
        clutch: 1 engaged to 0.
        shifts_up, shifts_down: Count every gear change asked for; each step of a count is one shift.
        heartbeat: Free for the controlling program, such as its clock in ns; the stand-in ignores it.
        resets: Counts every reset asked for.
        start: Where the run then begins: 0 grid, 1 pits, 2 hotlap, 3 at the place that follows.
        s, offset, speed: That place: m along the centre line, m to its left, m/s.
    """

    sequence: int = 0
    steer: float = 0.0
    gas: float = 0.0
    brake: float = 0.0
    clutch: float = 1.0
    shifts_up: int = 0
    shifts_down: int = 0
    heartbeat: int = 0
    resets: int = 0
    start: int = 0
    s: float = 0.0
    offset: float = 0.0
    speed: float = 0.0

    def pack(self) -> bytes:
        """Return the page's bytes."""
        return _LAYOUT.pack(MAGIC, *self)

    @classmethod
    def unpack(cls, page: bytes) -> Self | None:
        """Return the command that a page holds; ``None`` if a value is out of range or this is no control page."""
        if len(page) < SIZE:
            return None
        magic, *values = _LAYOUT.unpack_from(page)
        command = cls(*values)
        in_range = (
            -1.0 <= command.steer <= 1.0
            and 0.0 <= command.gas <= 1.0
            and 0.0 <= command.brake <= 1.0
            and 0.0 <= command.clutch <= 1.0
        )
        finite = all(math.isfinite(value) for value in (*command[1:5], *command[10:13]))
        return command if magic == MAGIC and in_range and finite else None

    def following(self, command: Command) -> Self:
        """Return the page of the next command."""
        return self._replace(
            sequence=self.sequence % _MOST_SEQUENCE + 1,
            steer=command.steer,
            gas=command.gas,
            brake=command.brake,
            clutch=command.clutch,
            shifts_up=command.shifts_up & _MOST_COUNT,
            shifts_down=command.shifts_down & _MOST_COUNT,
        )

    def beginning_at(self, start: Start) -> Self:
        """Return the page that asks for a run from there."""
        place = start if isinstance(start, Place) else Place(0.0)
        return self._replace(
            resets=(self.resets + 1) & _MOST_SEQUENCE,
            start=STARTS.index(start) if isinstance(start, str) else len(STARTS),
            s=place.s,
            offset=place.offset,
            speed=place.speed,
        )

    @property
    def beginning(self) -> Start | None:
        """Where the run begins that a reset asks for; ``None`` for an unknown kind of start."""
        if self.start < len(STARTS):
            return STARTS[self.start]
        return Place(self.s, self.offset, self.speed) if self.start == len(STARTS) else None


class ControlReceiver:
    """Turns the successive contents of a control page into commands for the car."""

    def __init__(self) -> None:
        self._last = ControlPage()
        self._silent_s = SILENCE_S
        self._shifts: list[int] = []
        self._resets: int | None = None

    def start(self, page: bytes | None) -> Start | None:
        """
        Return where a run is to begin, once for each reset asked for; ``None`` if none is.

        The first page only sets the count: the program that writes it may have driven another stand-in before.
        """
        command = ControlPage.unpack(page) if page is not None else None
        if command is None or command.resets == self._resets:
            return None
        first, self._resets = self._resets is None, command.resets
        return None if first else command.beginning

    def state(self) -> list[Any]:
        """Return the state, for :meth:`restore`."""
        return [list(self._last), self._silent_s, list(self._shifts), self._resets]

    def restore(self, state: list[Any]) -> None:
        """Return to a state."""
        last, self._silent_s, shifts, self._resets = state
        self._last, self._shifts = ControlPage(*last), list(shifts)

    def commands(self, page: bytes | None) -> CarCommands:
        """
        Return the commands for this physics step.

        Args:
            page: The control page's bytes as they are now; ``None`` if there is no page.
        """
        command = ControlPage.unpack(page) if page is not None else None
        if command is None or command.sequence == self._last.sequence:
            self._silent_s += STEP_S
        else:
            self._silent_s = 0.0
            up = max(-_MOST_SHIFTS, min(_MOST_SHIFTS, command.shifts_up - self._last.shifts_up))
            down = max(-_MOST_SHIFTS, min(_MOST_SHIFTS, command.shifts_down - self._last.shifts_down))
            if self._last.sequence:
                self._shifts += [1] * up + [-1] * down
            self._last = command
        if self._silent_s >= SILENCE_S:
            self._shifts.clear()
            return CarCommands()
        last = self._last
        return CarCommands(last.steer, last.gas, last.brake, last.clutch, self._shifts.pop(0) if self._shifts else 0)
