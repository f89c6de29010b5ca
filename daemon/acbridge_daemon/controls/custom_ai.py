"""
The Custom AI maps of Custom Shaders Patch (0.1.78 or newer), Windows: named shared memory that steers the car.

To create the map hijacks the car. Layout: CSP's documentation of Custom AI, as other projects have confirmed it;
unconfirmed: how a hijack ends, and whether `restart_session` is an edge or a level. Needs an offline session on a track
whose surfaces.ini allows it, and ``[CUSTOM_AI] ENABLED=1`` in new_behaviour.ini.
"""

import mmap
import struct
import sys

from acbridge.controls import Command, Start
from acbridge_daemon.controls.backend import BackEndError
from acbridge_daemon.controls.pulses import Pulses

PREFIX = "AcTools.CSP.NewBehaviour.CustomAI."
CONTROLS, CONTROLS_SIZE = f"{PREFIX}CarControls0.v0", 72
SIM_STATE, SIM_STATE_SIZE = f"{PREFIX}SimState.v0", 4
_AXES = struct.Struct("<4f")
"""gas, brake, clutch (0 engaged), steer, at the beginning."""
GEAR_UP, GEAR_DOWN, TELEPORT_TO, AUTOCLUTCH_ON_START, AUTOCLUTCH_ON_CHANGE = 20, 21, 40, 41, 42
TO_PITS = 1
RESTART = 1
"""Offset of restart_session in the map of the sim's state."""
HELD_S = 0.5
"""How long a teleport or a restart is asked for."""


class CustomAi:
    """The first car of the game, steered through the maps of Custom AI."""

    def __init__(self) -> None:
        self._controls: mmap.mmap | None = None
        self._state: mmap.mmap | None = None
        self._pulses = Pulses()
        self._asked: str | None = None
        self._asked_s: float | None = None

    def open(self) -> None:
        """Create the maps, or raise BackEndError where there are none."""
        try:
            self._controls = create(CONTROLS, CONTROLS_SIZE)
            self._state = create(SIM_STATE, SIM_STATE_SIZE)
        except OSError as error:
            self.close()
            raise BackEndError(f"cannot create the maps of Custom AI: {error.strerror or error}") from error

    def apply(self, command: Command, now_s: float) -> float | None:
        """Write a command; return when a button or a request must be released."""
        again = self._pulses.update(now_s, command.shifts_up, command.shifts_down)
        if self._asked is not None and self._asked_s is None:
            self._asked_s = now_s
        if self._asked_s is not None and now_s >= self._asked_s + HELD_S:
            self._asked = self._asked_s = None
        if self._controls is not None:
            page = bytearray(self._controls[:CONTROLS_SIZE])
            _AXES.pack_into(page, 0, command.gas, command.brake, 1.0 - command.clutch, command.steer)
            page[AUTOCLUTCH_ON_START] = page[AUTOCLUTCH_ON_CHANGE] = 1
            self._controls[:CONTROLS_SIZE] = bytes(page)
        self._write_buttons()
        if self._asked_s is None:
            return again
        return self._asked_s + HELD_S if again is None else min(again, self._asked_s + HELD_S)

    def reset(self, start: Start) -> None:
        """Ask for the pits, or for the session to begin again, with the next command."""
        self._asked, self._asked_s = (start if isinstance(start, str) else None), None

    def close(self) -> None:
        """Release buttons and requests, which the game's view of the maps would keep, and unmap."""
        self._pulses.release()
        self._asked = self._asked_s = None
        self._write_buttons()
        for memory in (self._controls, self._state):
            if memory is not None:
                memory.close()
        self._controls = self._state = None

    def _write_buttons(self) -> None:
        if self._controls is not None:
            self._controls[GEAR_UP], self._controls[GEAR_DOWN] = self._pulses.up, self._pulses.down
            self._controls[TELEPORT_TO] = TO_PITS if self._asked == "pits" else 0
        if self._state is not None:
            self._state[RESTART] = self._asked in ("grid", "hotlap")


def create(name: str, size: int) -> mmap.mmap:
    """Create a named map, or open the one that exists; raise BackEndError where there are no such names."""
    if sys.platform == "win32":
        return mmap.mmap(-1, size, tagname=name)
    raise BackEndError("the maps of Custom AI exist on Windows only; on Linux use --controls uinput")
