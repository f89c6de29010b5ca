"""
A virtual joystick of Windows: vJoy's own vJoyInterface.dll.

Unconfirmed with the game. A process that is killed leaves vJoy's last axes, which is why a child process holds it.
"""

import ctypes
import os
import sys
from pathlib import Path
from typing import Any

from acbridge.controls import Command, Start
from acbridge_daemon.controls.backend import BackEndError
from acbridge_daemon.controls.pulses import Pulses

DEVICE = 1
"""The number of the joystick."""
FULL = 0x7FFF
"""vJoy's axes run from 1 to this; the middle of the steering is half of it."""
FREE, OWN = 1, 0
"""What GetVJDStatus returns for a device that can be acquired."""
FOLDER = Path("C:/Program Files/vJoy/x64")
DLL = "vJoyInterface.dll"


_AXES = (
    "wThrottle", "wRudder", "wAileron", "wAxisX", "wAxisY", "wAxisZ", "wAxisXRot", "wAxisYRot", "wAxisZRot", "wSlider",
    "wDial", "wWheel", "wAxisVX", "wAxisVY", "wAxisVZ", "wAxisVBRX", "wAxisVBRY", "wAxisVBRZ",
)  # fmt: skip


class Position(ctypes.Structure):
    """JOYSTICK_POSITION_V2 of vJoy's public.h."""

    _fields_ = (
        ("bDevice", ctypes.c_byte),
        *[(axis, ctypes.c_int32) for axis in _AXES],
        ("lButtons", ctypes.c_int32),
        ("bHats", ctypes.c_uint32 * 4),
        ("lButtonsEx", ctypes.c_int32 * 3),
    )


class VJoy:
    """The first joystick of vJoy: X steers, Y is the clutch, Z the gas, RZ the brake, buttons 1 and 2 shift."""

    def __init__(self) -> None:
        self._dll: Any = None
        self._pulses = Pulses()

    def open(self) -> None:
        """Acquire the joystick, or raise BackEndError if vJoy is not installed or another program has it."""
        if sys.platform != "win32":
            raise BackEndError("vJoy exists on Windows only; on Linux use --controls uinput")
        path = Path(os.environ.get("ACBRIDGE_VJOY", str(FOLDER / DLL)))
        try:
            dll = ctypes.CDLL(str(path))
        except OSError as error:
            raise BackEndError(
                f"cannot load {path}; install vJoy, or set ACBRIDGE_VJOY to the path of {DLL} ({error})"
            ) from error
        if not dll.vJoyEnabled():
            raise BackEndError("vJoy is installed but not enabled; enable it in its configuration")
        status = dll.GetVJDStatus(DEVICE)
        if status not in (FREE, OWN) or not dll.AcquireVJD(DEVICE):
            raise BackEndError(
                f"vJoy's joystick {DEVICE} cannot be acquired (status {status}); does another program use it?"
            )
        self._dll = dll

    def apply(self, command: Command, now_s: float) -> float | None:
        """Show a command; return when a button must be released."""
        again = self._pulses.update(now_s, command.shifts_up, command.shifts_down)
        position = Position(bDevice=DEVICE)
        position.wAxisX = _axis((command.steer + 1.0) / 2)
        position.wAxisY = _axis(1.0 - command.clutch)
        position.wAxisZ = _axis(command.gas)
        position.wAxisZRot = _axis(command.brake)
        position.lButtons = int(self._pulses.up) | int(self._pulses.down) << 1
        if self._dll is not None:
            self._dll.UpdateVJD(DEVICE, ctypes.byref(position))
        return again

    def reset(self, start: Start) -> None:
        """Do nothing: a joystick cannot begin a run elsewhere."""

    def close(self) -> None:
        """Give the joystick back."""
        if self._dll is not None:
            self._dll.RelinquishVJD(DEVICE)
            self._dll = None


def _axis(share: float) -> int:
    """Return the value of an axis for a share of its way, 0 to 1."""
    return 1 + round(share * (FULL - 1))
