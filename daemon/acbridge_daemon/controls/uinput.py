"""
A virtual wheel of Linux: /dev/uinput by its ioctls, for the game under Proton.

Without a library: those that exist must be compiled on the user's machine. Layouts: linux/uinput.h, linux/input.h.
Unconfirmed with the game: that it takes a wheel of this identity. The game sees only a device that was there before it
started.
"""

import os
import struct
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from acbridge.controls import Command, Start
from acbridge_daemon.controls.backend import BackEndError
from acbridge_daemon.controls.pulses import Pulses

PATH = Path("/dev/uinput")
NAME = b"acbridge wheel"
BUS_USB, VENDOR, PRODUCT, VERSION = 0x03, 0x1209, 0xACB1, 1
"""A stable identity, so that the game's binding survives; the vendor is that of open hardware."""
EV_SYN, EV_KEY, EV_ABS = 0x00, 0x01, 0x03
ABS_STEER, ABS_GAS, ABS_BRAKE, ABS_CLUTCH = 0x00, 0x02, 0x05, 0x01
"""ABS_X, ABS_Z, ABS_RZ, ABS_Y."""
BTN_UP, BTN_DOWN = 0x120, 0x121
"""BTN_TRIGGER, BTN_THUMB: the first two buttons of a joystick."""
FULL = 32767
_SETUP = struct.Struct("4H80sI")
_ABS_SETUP = struct.Struct("Hxx6i")
_EVENT = struct.Struct("@llHHi")


def _iow(number: int, size: int) -> int:
    return 0x40000000 | size << 16 | ord("U") << 8 | number


UI_DEV_CREATE, UI_DEV_DESTROY = ord("U") << 8 | 1, ord("U") << 8 | 2
UI_DEV_SETUP, UI_ABS_SETUP = _iow(3, _SETUP.size), _iow(4, _ABS_SETUP.size)
UI_SET_EVBIT, UI_SET_KEYBIT = _iow(100, 4), _iow(101, 4)


class UInput:
    """A wheel with four axes and two buttons."""

    def __init__(self, path: Path = PATH, ioctl: Callable[..., Any] | None = None) -> None:
        """
        Prepare without making it.

        Args:
            path: The device file.
            ioctl: The system call; that of the system if not given.
        """
        self._path = path
        self._ioctl = ioctl
        self._file: int | None = None
        self._pulses = Pulses()

    def open(self) -> None:
        """Make the wheel, or raise BackEndError if the system does not allow it."""
        if self._ioctl is None:
            if sys.platform != "linux":
                raise BackEndError("uinput exists on Linux only; on Windows use --controls vjoy")
            import fcntl  # noqa: PLC0415  exists on Unix only

            self._ioctl = fcntl.ioctl
        try:
            self._file = os.open(self._path, os.O_WRONLY)
            self._make(self._file, self._ioctl)
        except OSError as error:
            self.close()
            raise BackEndError(
                f"cannot make a virtual wheel with {self._path}: {error.strerror}; load the module (modprobe uinput) "
                "and let your user write the file (docs/guides/driving.md)"
            ) from error

    def apply(self, command: Command, now_s: float) -> float | None:
        """Show a command; return when a button must be released."""
        again = self._pulses.update(now_s, command.shifts_up, command.shifts_down)
        events = (
            (EV_ABS, ABS_STEER, round(command.steer * FULL)),
            (EV_ABS, ABS_GAS, round(command.gas * FULL)),
            (EV_ABS, ABS_BRAKE, round(command.brake * FULL)),
            (EV_ABS, ABS_CLUTCH, round((1.0 - command.clutch) * FULL)),
            (EV_KEY, BTN_UP, int(self._pulses.up)),
            (EV_KEY, BTN_DOWN, int(self._pulses.down)),
            (EV_SYN, 0, 0),
        )
        if self._file is not None:
            try:
                os.write(self._file, b"".join(_EVENT.pack(0, 0, *event) for event in events))
            except OSError as error:
                raise BackEndError(f"the virtual wheel was lost: {error.strerror}") from error
        return again

    def reset(self, start: Start) -> None:
        """Do nothing: a wheel cannot begin a run elsewhere."""

    def close(self) -> None:
        """Remove the wheel; the system releases its buttons."""
        file, self._file = self._file, None
        if file is None or self._ioctl is None:
            return
        with suppress(OSError):  # a wheel that was never made, or is gone
            self._ioctl(file, UI_DEV_DESTROY)
        os.close(file)

    def _make(self, file: int, ioctl: Callable[..., Any]) -> None:
        for kind in (EV_KEY, EV_ABS):
            ioctl(file, UI_SET_EVBIT, kind)
        for button in (BTN_UP, BTN_DOWN):
            ioctl(file, UI_SET_KEYBIT, button)
        for axis, low in ((ABS_STEER, -FULL), (ABS_GAS, 0), (ABS_BRAKE, 0), (ABS_CLUTCH, 0)):
            ioctl(file, UI_ABS_SETUP, _ABS_SETUP.pack(axis, 0, low, FULL, 0, 0, 0))
        ioctl(file, UI_DEV_SETUP, _SETUP.pack(BUS_USB, VENDOR, PRODUCT, VERSION, NAME, 0))
        ioctl(file, UI_DEV_CREATE)
