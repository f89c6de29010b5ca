"""The virtual wheel: every byte that the kernel gets, and the wheel itself where the kernel makes one."""

import ctypes
import errno
import os
import select
import shutil
import struct
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from acbridge.controls import Command
from acbridge_daemon.controls.backend import BackEndError
from acbridge_daemon.controls.pulses import APART_S, PRESSED_S
from acbridge_daemon.controls.uinput import UInput

HEADERS = Path("/usr/include/linux/uinput.h")
EVENT = struct.Struct("@qqHHi")
PROGRAM = """
#include <stdio.h>
#include <linux/uinput.h>
#define NUMBER(name) printf(#name " %lu\\n", (unsigned long) name);
#define SIZE(name) printf(#name " %zu\\n", sizeof(struct name));
int main(void) {
    NUMBER(UI_DEV_CREATE) NUMBER(UI_DEV_DESTROY) NUMBER(UI_DEV_SETUP) NUMBER(UI_ABS_SETUP)
    NUMBER(UI_SET_EVBIT) NUMBER(UI_SET_KEYBIT)
    NUMBER(EV_SYN) NUMBER(EV_KEY) NUMBER(EV_ABS) NUMBER(SYN_REPORT) NUMBER(BUS_USB)
    NUMBER(ABS_X) NUMBER(ABS_Y) NUMBER(ABS_Z) NUMBER(ABS_RZ) NUMBER(BTN_TRIGGER) NUMBER(BTN_THUMB)
    SIZE(uinput_setup) SIZE(uinput_abs_setup) SIZE(input_event)
}
"""
KNOWN = {
    "UI_DEV_CREATE": 0x5501,
    "UI_DEV_DESTROY": 0x5502,
    "UI_DEV_SETUP": 0x405C5503,
    "UI_ABS_SETUP": 0x401C5504,
    "UI_SET_EVBIT": 0x40045564,
    "UI_SET_KEYBIT": 0x40045565,
    "EV_SYN": 0,
    "EV_KEY": 1,
    "EV_ABS": 3,
    "SYN_REPORT": 0,
    "BUS_USB": 3,
    "ABS_X": 0,
    "ABS_Y": 1,
    "ABS_Z": 2,
    "ABS_RZ": 5,
    "BTN_TRIGGER": 0x120,
    "BTN_THUMB": 0x121,
    "uinput_setup": 92,
    "uinput_abs_setup": 28,
    "input_event": 24,
}
"""What <linux/uinput.h> says on a machine of 64 bits."""


class Setup(ctypes.Structure):
    """struct uinput_setup."""

    _fields_ = (
        ("bustype", ctypes.c_uint16),
        ("vendor", ctypes.c_uint16),
        ("product", ctypes.c_uint16),
        ("version", ctypes.c_uint16),
        ("name", ctypes.c_char * 80),
        ("ff_effects_max", ctypes.c_uint32),
    )


class AbsSetup(ctypes.Structure):
    """struct uinput_abs_setup, with the struct input_absinfo that ends it."""

    _fields_ = (
        ("code", ctypes.c_uint16),
        ("value", ctypes.c_int32),
        ("minimum", ctypes.c_int32),
        ("maximum", ctypes.c_int32),
        ("fuzz", ctypes.c_int32),
        ("flat", ctypes.c_int32),
        ("resolution", ctypes.c_int32),
    )


class Kernel:
    """Takes the place of the ioctls: keeps each call, and fails at one if asked to."""

    def __init__(self, fails_at: str | None = None) -> None:
        self.calls: list[tuple[str, Any]] = []
        self._fails_at = fails_at
        self._names = {number: name for name, number in KNOWN.items() if name.startswith("UI_")}

    def __call__(self, file: int, number: int, argument: Any = 0) -> int:
        os.fstat(file)
        name = self._names[number]
        if name == self._fails_at:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        self.calls.append((name, argument))
        return 0


@pytest.fixture
def node(tmp_path: Path) -> Path:
    path = tmp_path / "uinput"
    path.touch()
    return path


def events(path: Path) -> list[tuple[int, int, int]]:
    data = path.read_bytes()
    assert 0 == len(data) % EVENT.size
    read = list(EVENT.iter_unpack(data))
    assert {(0, 0)} == {(seconds, micros) for seconds, micros, *_ in read}
    return [(kind, code, value) for _, _, kind, code, value in read]


@pytest.mark.skipif(
    not HEADERS.exists() or shutil.which("cc") is None, reason="no C compiler, or no headers of the kernel"
)
def test_the_numbers_of_this_test_are_those_of_the_headers(tmp_path: Path) -> None:
    source, program = tmp_path / "numbers.c", tmp_path / "numbers"
    source.write_text(PROGRAM)
    subprocess.run(["cc", "-o", str(program), str(source)], check=True)
    lines = subprocess.run([str(program)], check=True, capture_output=True, text=True).stdout.splitlines()
    assert KNOWN == {name: int(value) for name, value in map(str.split, lines)}


def test_a_wheel_is_made_with_four_axes_and_two_buttons(node: Path) -> None:
    kernel = Kernel()
    UInput(node, kernel).open()
    *before, (setup_name, setup_bytes), (last, nothing) = kernel.calls
    assert ("UI_DEV_SETUP", "UI_DEV_CREATE", 0) == (setup_name, last, nothing)
    simple = [call for call in before if call[0] != "UI_ABS_SETUP"]
    assert [("UI_SET_EVBIT", 1), ("UI_SET_EVBIT", 3), ("UI_SET_KEYBIT", 0x120), ("UI_SET_KEYBIT", 0x121)] == simple
    axes = [AbsSetup.from_buffer_copy(data) for name, data in before if name == "UI_ABS_SETUP"]
    assert {28} == {len(data) for name, data in before if name == "UI_ABS_SETUP"} | {ctypes.sizeof(AbsSetup)}
    ranges = {axis.code: (axis.minimum, axis.maximum) for axis in axes}
    full = 32767
    assert {0: (-full, full), 1: (0, full), 2: (0, full), 5: (0, full)} == ranges
    assert {(0, 0, 0, 0)} == {(axis.value, axis.fuzz, axis.flat, axis.resolution) for axis in axes}
    assert 92 == len(setup_bytes) == ctypes.sizeof(Setup)
    setup = Setup.from_buffer_copy(setup_bytes)
    identity = (setup.bustype, setup.vendor, setup.product, setup.version, setup.name, setup.ff_effects_max)
    assert (3, 0x1209, 0xACB1, 1, b"acbridge wheel", 0) == identity


@pytest.mark.parametrize(
    ("command", "axes"),
    [
        (Command(), (0, 0, 0, 0)),
        (Command(steer=-1.0, gas=1.0, brake=1.0, clutch=0.0), (-32767, 32767, 32767, 32767)),
        (Command(steer=1.0, clutch=1.0), (32767, 0, 0, 0)),
        (Command(steer=0.5, gas=0.25, brake=0.3, clutch=0.75), (16384, 8192, 9830, 8192)),
    ],
)
def test_a_command_is_one_report_of_all_axes(node: Path, command: Command, axes: tuple[int, ...]) -> None:
    wheel = UInput(node, Kernel())
    wheel.open()
    assert wheel.apply(command, 0.0) is None
    steer, gas, brake, clutch = axes
    buttons = [(1, 0x120, 0), (1, 0x121, 0)]
    assert [(3, 0, steer), (3, 2, gas), (3, 5, brake), (3, 1, clutch), *buttons, (0, 0, 0)] == events(node)


def test_shifts_press_and_release_the_buttons(node: Path) -> None:
    wheel = UInput(node, Kernel())
    wheel.open()
    wheel.apply(Command(), 10.0)
    now_s, command = 11.0, Command(shifts_up=1, shifts_down=1)
    again = wheel.apply(command, now_s)
    while again is not None:
        now_s = again
        again = wheel.apply(command, now_s)
    assert 11.0 + APART_S + PRESSED_S == pytest.approx(now_s)
    read = events(node)
    assert [0, 1, 0, 0, 0] == [value for kind, code, value in read if (kind, code) == (1, 0x120)]
    assert [0, 0, 0, 1, 0] == [value for kind, code, value in read if (kind, code) == (1, 0x121)]


def test_closing_destroys_the_wheel_once(node: Path) -> None:
    kernel = Kernel()
    wheel = UInput(node, kernel)
    wheel.open()
    wheel.close()
    wheel.close()
    assert ["UI_DEV_DESTROY"] == [name for name, _ in kernel.calls if name == "UI_DEV_DESTROY"]
    assert wheel.apply(Command(gas=1.0), 0.0) is None
    assert b"" == node.read_bytes()


@pytest.mark.parametrize("call", [name for name in KNOWN if name.startswith("UI_") and name != "UI_DEV_DESTROY"])
def test_a_call_that_fails_is_one_clear_line_and_leaves_nothing_open(node: Path, call: str) -> None:
    open_before = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(BackEndError, match=r"cannot make a virtual wheel with .*Invalid argument; load the module"):
        UInput(node, Kernel(call)).open()
    assert open_before == len(list(Path("/proc/self/fd").iterdir()))


def test_a_file_that_is_not_there_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(BackEndError, match=r"No such file or directory; load the module \(modprobe uinput\)"):
        UInput(tmp_path / "uinput").open()


def test_a_file_that_is_no_uinput_is_one_clear_line(node: Path) -> None:
    with pytest.raises(BackEndError, match="cannot make a virtual wheel"):
        UInput(node).open()


def test_a_wheel_that_is_lost_is_one_clear_line() -> None:
    wheel = UInput(Path("/dev/full"), Kernel())  # a file that refuses each write
    wheel.open()
    with pytest.raises(BackEndError, match="the virtual wheel was lost: No space left on device"):
        wheel.apply(Command(), 0.0)


@pytest.fixture
def wheel() -> Iterator[UInput]:
    made = UInput()
    try:
        made.open()
    except BackEndError as error:
        pytest.skip(str(error))
    yield made
    made.close()


def test_the_kernel_makes_the_wheel_and_shows_what_it_does(wheel: UInput) -> None:
    deadline = time.monotonic() + 10
    found: Path | None = None
    while found is None:
        assert time.monotonic() < deadline, "the wheel did not appear"
        names = {
            path.parent.parent: path.read_text().strip() for path in Path("/sys/class/input").glob("event*/device/name")
        }
        found = next((Path("/dev/input") / path.name for path, name in names.items() if name == "acbridge wheel"), None)
    if not os.access(found, os.R_OK):
        pytest.skip(f"{found} cannot be read")
    with found.open("rb", buffering=0) as device:
        wheel.apply(Command(steer=0.5, gas=1.0), 0.0)
        assert select.select([device], [], [], 10)[0]
        read = [EVENT.unpack(device.read(EVENT.size))[2:] for _ in range(3)]
    assert [(3, 0, 16384), (3, 2, 32767), (0, 0, 0)] == read
