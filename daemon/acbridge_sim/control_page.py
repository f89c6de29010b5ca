"""
The control page: how another program drives the stand-in.

A small page of shared memory that the stand-in creates and a controlling program rewrites as a whole. A page is a new
command when its sequence number has changed; half a second without a new command releases the controls. Pure: bytes in,
commands out.
"""

import math
import struct
from typing import Any, NamedTuple, Self

from acbridge_sim.model.car import STEP_S
from acbridge_sim.model.spec import CarCommands

PAGE = "controls"
"""What follows the prefix in the page's name."""
MAGIC = 0x43434241
"""The bytes ``ABCC``."""
SILENCE_S = 0.5
"""Time without a new command after which the controls are released."""
_LAYOUT = struct.Struct("<IIffffiiQ")
SIZE = _LAYOUT.size
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
    """

    sequence: int = 0
    steer: float = 0.0
    gas: float = 0.0
    brake: float = 0.0
    clutch: float = 1.0
    shifts_up: int = 0
    shifts_down: int = 0
    heartbeat: int = 0

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
        finite = all(math.isfinite(value) for value in command[1:5])
        return command if magic == MAGIC and in_range and finite else None


class ControlReceiver:
    """Turns the successive contents of a control page into commands for the car."""

    def __init__(self) -> None:
        self._last = ControlPage()
        self._silent_s = SILENCE_S
        self._shifts: list[int] = []

    def state(self) -> list[Any]:
        """Return the state, for :meth:`restore`."""
        return [list(self._last), self._silent_s, list(self._shifts)]

    def restore(self, state: list[Any]) -> None:
        """Return to a state."""
        last, self._silent_s, shifts = state
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
