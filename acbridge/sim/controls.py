"""
The control page: how another program drives the stand-in.

A small page of shared memory that the stand-in creates and a controller rewrites whole. It obeys a page whose sequence
number has moved; when that has stood still for half a second it takes hands and feet off the car.
"""

import math
import struct
from typing import NamedTuple, Self

from acbridge.sim.car import STEP_S
from acbridge.sim.spec import Commands

PAGE = "controls"
"""What follows the prefix in the page's name."""
MAGIC = 0x43434241
"""The bytes ``ABCC``."""
SILENCE_S = 0.5
"""After so long without a new command the inputs go neutral."""
_LAYOUT = struct.Struct("<IIffffiiQ")
SIZE = _LAYOUT.size


class ControlPage(NamedTuple):
    """
    One command, as it stands in the page.

    Attributes:
        sequence: Grows with each command, modulo 2**32; 0 before the first.
        steer: -1 full left to 1 full right.
        gas, brake: 0 to 1.
        clutch: 1 engaged to 0.
        shifts_up, shifts_down: Count every gear change asked for; each step of a count is one shift.
        heartbeat: Whatever the controller likes to leave there, such as its clock in ns; the stand-in ignores it.
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
        """Return the command that a page holds, or ``None`` if it holds none that can be obeyed."""
        if len(page) < SIZE:
            return None
        magic, *values = _LAYOUT.unpack_from(page)
        command = cls(*values)
        sane = (
            -1.0 <= command.steer <= 1.0
            and 0.0 <= command.gas <= 1.0
            and 0.0 <= command.brake <= 1.0
            and 0.0 <= command.clutch <= 1.0
        )
        finite = all(math.isfinite(value) for value in command[1:5])
        return command if magic == MAGIC and sane and finite else None


class Listener:
    """Turns control pages into what the car is told."""

    def __init__(self) -> None:
        self._last = ControlPage()
        self._silent_s = SILENCE_S
        self._shifts: list[int] = []

    def hear(self, page: bytes | None) -> Commands:
        """
        Return what to do in this step.

        Args:
            page: The control page's bytes as they are now; ``None`` if there is no page.
        """
        command = ControlPage.unpack(page) if page is not None else None
        if command is None or command.sequence == self._last.sequence:
            self._silent_s += STEP_S
        else:
            self._silent_s = 0.0
            up = max(-8, min(8, command.shifts_up - self._last.shifts_up))
            down = max(-8, min(8, command.shifts_down - self._last.shifts_down))
            if self._last.sequence:
                self._shifts += [1] * up + [-1] * down
            self._last = command
        if self._silent_s >= SILENCE_S:
            self._shifts.clear()
            return Commands()
        last = self._last
        return Commands(last.steer, last.gas, last.brake, last.clutch, self._shifts.pop(0) if self._shifts else 0)
