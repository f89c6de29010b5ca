"""
The joystick of vJoy, against an object with the functions of its library.

tests/windows/test_devices.py checks the same with a real library that Windows loads, where there is a compiler for it.
"""

import ctypes
from typing import Any

import pytest

from acbridge.controls import Command
from acbridge_daemon.controls.backend import BackEndError
from acbridge_daemon.controls.pulses import APART_S, PRESSED_S
from acbridge_daemon.controls.vjoy import Position, VJoy

OFFSETS = {"wAxisX": 16, "wAxisY": 20, "wAxisZ": 24, "wAxisZRot": 36, "lButtons": 76, "bHats": 80, "lButtonsEx": 96}
"""Of public.h, both of JOYSTICK_POSITION_V2 (vJoy 2.1, 108 bytes) and of V3 (vJoy 2.2, 124 bytes)."""


class Library:
    """Takes the place of vJoyInterface.dll; each keyword makes it behave badly."""

    def __init__(
        self,
        *,
        enabled: bool = True,
        driver: int = 0x219,
        status: int = 1,
        lacks: int = 0,
        buttons: int = 8,
        acquires: bool = True,
        takes: int = 1000,
    ) -> None:
        self.calls: list[str] = []
        self.positions: list[Position] = []
        self._enabled, self._driver, self._status = enabled, driver, status
        self._lacks, self._buttons, self._acquires, self._takes = lacks, buttons, acquires, takes

    def vJoyEnabled(self) -> int:  # noqa: N802  the names are those of vJoy
        return int(self._enabled)

    def DriverMatch(self, dll: Any, driver: Any) -> int:  # noqa: N802
        dll._obj.value, driver._obj.value = 0x219, self._driver  # noqa: SLF001  what byref() refers to
        return int(self._driver == 0x219)

    def GetVJDStatus(self, device: int) -> int:  # noqa: N802
        return self._status

    def GetVJDAxisExist(self, device: int, axis: int) -> int:  # noqa: N802
        return int(axis != self._lacks)

    def GetVJDButtonNumber(self, device: int) -> int:  # noqa: N802
        return self._buttons

    def AcquireVJD(self, device: int) -> int:  # noqa: N802
        self.calls.append(f"acquire {device}")
        return int(self._acquires)

    def UpdateVJD(self, device: int, position: Any) -> int:  # noqa: N802
        self.calls.append(f"update {device}")
        self.positions.append(Position.from_buffer_copy(position._obj))  # noqa: SLF001
        return int(len(self.positions) <= self._takes)

    def RelinquishVJD(self, device: int) -> None:  # noqa: N802
        self.calls.append(f"relinquish {device}")


def axes(position: Position) -> tuple[int, int, int, int]:
    return position.wAxisX, position.wAxisY, position.wAxisZ, position.wAxisZRot


def test_the_layout_is_that_of_both_versions() -> None:
    assert 124 == ctypes.sizeof(Position)
    assert OFFSETS == {name: getattr(Position, name).offset for name in OFFSETS}


@pytest.mark.parametrize(
    ("command", "wanted"),
    [
        (Command(), (16384, 1, 1, 1)),
        (Command(steer=-1.0, gas=1.0, brake=1.0, clutch=0.0), (1, 32767, 32767, 32767)),
        (Command(steer=1.0, gas=0.5, clutch=0.5), (32767, 16384, 16384, 1)),
    ],
)
def test_a_command_is_one_position_with_centred_hats(command: Command, wanted: tuple[int, ...]) -> None:
    dll = Library()
    joystick = VJoy(dll)
    joystick.open()
    assert joystick.apply(command, 0.0) is None
    assert ["acquire 1", "update 1"] == dll.calls
    (position,) = dll.positions
    assert (1, wanted, 0) == (position.bDevice, axes(position), position.lButtons)
    assert [0xFFFFFFFF] * 4 == list(position.bHats)


def test_shifts_press_buttons_and_closing_releases_them() -> None:
    dll = Library()
    joystick = VJoy(dll)
    joystick.open()
    joystick.apply(Command(), 1.0)
    assert 2.0 + PRESSED_S == joystick.apply(Command(shifts_up=1, shifts_down=1), 2.0)
    assert 2.0 + APART_S == joystick.apply(Command(shifts_up=1, shifts_down=1), 2.0 + PRESSED_S)
    joystick.apply(Command(brake=0.3, shifts_up=1, shifts_down=1), 2.0 + APART_S)
    joystick.close()
    joystick.close()
    assert [0, 1, 0, 2, 0] == [position.lButtons for position in dll.positions]
    assert axes(dll.positions[-2]) == axes(dll.positions[-1])
    assert ["update 1", "relinquish 1"] == dll.calls[-2:]


@pytest.mark.parametrize(
    ("dll", "words"),
    [
        (Library(enabled=False), "vJoy is installed but not enabled; enable it in its configuration"),
        (
            Library(driver=0x221),
            "vJoyInterface.dll is of version 219 and vJoy's driver of 221; install vJoy again, or ",
        ),
        (Library(status=2), "vJoy's joystick 1 cannot be acquired: another program has it"),
        (Library(status=3), "vJoy's joystick 1 cannot be acquired: it is not configured"),
        (Library(status=4), "vJoy's joystick 1 cannot be acquired: status 4"),
        (Library(acquires=False), "vJoy's joystick 1 cannot be acquired: "),
        (Library(lacks=0x35), "vJoy's joystick 1 lacks Rz; configure the axes X, Y, Z, Rz and 2 buttons"),
        (Library(buttons=1), "vJoy's joystick 1 lacks buttons; configure the axes X, Y, Z, Rz and 2 buttons"),
        (object(), "this vJoyInterface.dll is not that of vJoy 2.1 or newer: "),
    ],
)
def test_a_joystick_that_cannot_be_had_is_one_clear_line(dll: Any, words: str) -> None:
    joystick = VJoy(dll)
    with pytest.raises(BackEndError) as caught:
        joystick.open()
    assert str(caught.value).startswith(words)
    joystick.close()


def test_a_joystick_that_is_lost_is_one_clear_line_and_is_given_back() -> None:
    dll = Library(takes=1)
    joystick = VJoy(dll)
    joystick.open()
    joystick.apply(Command(gas=1.0), 0.0)
    with pytest.raises(BackEndError, match="vJoy's joystick 1 was lost"):
        joystick.apply(Command(), 0.0)
    joystick.close()
    assert "relinquish 1" == dll.calls[-1]
