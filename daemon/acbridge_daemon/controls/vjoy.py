"""
A virtual joystick of Windows: vJoy's own vJoyInterface.dll.

Unconfirmed with the game. A process that is killed leaves vJoy's last axes, which is why a child process holds it.
"""

import ctypes
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from acbridge.controls import Command, Start
from acbridge_daemon.controls.backend import BackEndError
from acbridge_daemon.controls.pulses import Pulses

DEVICE = 1
"""The number of the joystick."""
FULL = 0x7FFF
"""vJoy's axes run from 1 to this; the middle of the steering is half of it."""
OWN, FREE, BUSY, MISSING = range(4)
"""What GetVJDStatus returns; own and free can be acquired."""
_STATUS = {BUSY: "another program has it", MISSING: "it is not configured"}
AXES = {0x30: "X", 0x31: "Y", 0x32: "Z", 0x35: "Rz"}
"""The axes in use by their HID usage; those of a new vJoy joystick."""
BUTTONS = 2
CENTRED = 0xFFFFFFFF
"""A hat that is not pressed; 0 is pressed forward."""
FOLDER = Path("C:/Program Files/vJoy")
DLL = "vJoyInterface.dll"
VARIABLE = "ACBRIDGE_VJOY"

_AXES = (
    "wThrottle", "wRudder", "wAileron", "wAxisX", "wAxisY", "wAxisZ", "wAxisXRot", "wAxisYRot", "wAxisZRot", "wSlider",
    "wDial", "wWheel", "wAxisVX", "wAxisVY", "wAxisVZ", "wAxisVBRX", "wAxisVBRY", "wAxisVBRZ",
)  # fmt: skip


class Position(ctypes.Structure):
    """
    JOYSTICK_POSITION_V2 of vJoy's public.h, and room for the end of V3.

    vJoy 2.2 reads V3, 16 bytes more: six axes after the wheel are others there, and four of these stand at the end.
    What is set here stands at the same place in both.
    """

    _fields_ = (
        ("bDevice", ctypes.c_ubyte),
        *[(axis, ctypes.c_int32) for axis in _AXES],
        ("lButtons", ctypes.c_int32),
        ("bHats", ctypes.c_uint32 * 4),
        ("lButtonsEx", ctypes.c_int32 * 3),
        ("endOfV3", ctypes.c_int32 * 4),
    )


class VJoy:
    """The first joystick of vJoy: X steers, Y is the clutch, Z the gas, RZ the brake, buttons 1 and 2 shift."""

    def __init__(self, dll: Any = None) -> None:
        """
        Prepare without acquiring it.

        Args:
            dll: vJoy's library; the installed one if not given.
        """
        self._library = dll
        self._dll: Any = None
        self._newest = Command()
        self._pulses = Pulses()

    def open(self) -> None:
        """Acquire the joystick, or raise BackEndError if vJoy is not installed or another program has it."""
        dll = _load() if self._library is None else self._library
        try:
            self._acquire(dll)
        except AttributeError as error:
            raise BackEndError(f"this {DLL} is not that of vJoy 2.1 or newer: {error}") from error
        self._dll = dll

    def apply(self, command: Command, now_s: float) -> float | None:
        """Show a command; return when a button must be released."""
        self._newest = command
        again = self._pulses.update(now_s, command.shifts_up, command.shifts_down)
        self._show()
        return again

    def reset(self, start: Start) -> None:
        """Do nothing: a joystick cannot begin a run elsewhere."""

    def close(self) -> None:
        """Release the buttons, which vJoy would keep pressed, and give the joystick back."""
        if self._dll is None:
            return
        self._pulses.release()
        with suppress(BackEndError):
            self._show()
        self._dll.RelinquishVJD(DEVICE)
        self._dll = None

    def _acquire(self, dll: Any) -> None:
        if not dll.vJoyEnabled():
            raise BackEndError("vJoy is installed but not enabled; enable it in its configuration")
        library, driver = ctypes.c_uint16(), ctypes.c_uint16()
        if not dll.DriverMatch(ctypes.byref(library), ctypes.byref(driver)):
            raise BackEndError(
                f"{DLL} is of version {library.value:x} and vJoy's driver of {driver.value:x}; install vJoy again, or "
                f"set {VARIABLE} to the path of the library that came with the driver"
            )
        status = dll.GetVJDStatus(DEVICE)
        if status in (OWN, FREE):
            lacking = [axis for usage, axis in AXES.items() if not dll.GetVJDAxisExist(DEVICE, usage)]
            if lacking or dll.GetVJDButtonNumber(DEVICE) < BUTTONS:
                raise BackEndError(
                    f"vJoy's joystick {DEVICE} lacks {', '.join(lacking) or 'buttons'}; configure the axes "
                    f"{', '.join(AXES.values())} and {BUTTONS} buttons"
                )
        if status not in (OWN, FREE) or not dll.AcquireVJD(DEVICE):
            reason = _STATUS.get(status, f"status {status}")
            raise BackEndError(f"vJoy's joystick {DEVICE} cannot be acquired: {reason}")

    def _show(self) -> None:
        if self._dll is None:
            return
        command = self._newest
        position = Position(bDevice=DEVICE, bHats=(CENTRED,) * 4)
        position.wAxisX = _axis((command.steer + 1.0) / 2)
        position.wAxisY = _axis(1.0 - command.clutch)
        position.wAxisZ = _axis(command.gas)
        position.wAxisZRot = _axis(command.brake)
        position.lButtons = int(self._pulses.up) | int(self._pulses.down) << 1
        if not self._dll.UpdateVJD(DEVICE, ctypes.byref(position)):
            raise BackEndError(f"vJoy's joystick {DEVICE} was lost: it takes no position any more")


def _load() -> Any:
    """Return vJoy's library, or raise BackEndError if it is not installed."""
    if sys.platform != "win32":
        raise BackEndError("vJoy exists on Windows only; on Linux use --controls uinput")
    folder = FOLDER / ("x64" if sys.maxsize > 2**32 else "x86")
    path = Path(os.environ.get(VARIABLE, str(folder / DLL)))
    try:
        return ctypes.CDLL(str(path))
    except OSError as error:
        raise BackEndError(
            f"cannot load {path}; install vJoy, or set {VARIABLE} to the path of {DLL} ({error})"
        ) from error


def _axis(share: float) -> int:
    """Return the value of an axis for a share of its way, 0 to 1."""
    return 1 + round(share * (FULL - 1))
