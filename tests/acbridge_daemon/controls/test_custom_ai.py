"""
The maps of Custom AI, byte by byte, in memory without a name.

tests/windows/test_devices.py checks the same with the names, read by another process.
"""

import mmap
import struct

import pytest

from acbridge.controls import Command
from acbridge_daemon.controls import custom_ai
from acbridge_daemon.controls.backend import BackEndError
from acbridge_daemon.controls.custom_ai import HELD_S, CustomAi
from acbridge_daemon.controls.pulses import APART_S, PRESSED_S

CAR, STATE = "AcTools.CSP.NewBehaviour.CustomAI.CarControls0.v0", "AcTools.CSP.NewBehaviour.CustomAI.SimState.v0"

Maps = dict[str, mmap.mmap]


@pytest.fixture
def maps(monkeypatch: pytest.MonkeyPatch) -> Maps:
    """Keep a second view of what the back-end maps, as the game does."""
    made: Maps = {}

    def create(name: str, size: int) -> mmap.mmap:
        file = mmap.mmap(-1, size)
        made[name] = file
        return _Shared(file)  # type: ignore[return-value]  # pyright: ignore[reportReturnType]

    monkeypatch.setattr(custom_ai, "create", create)
    return made


class _Shared:
    """A view whose closing leaves the memory to the other."""

    def __init__(self, memory: mmap.mmap) -> None:
        self._memory = memory

    def __getitem__(self, key: slice) -> bytes:
        return self._memory[key]

    def __setitem__(self, key: int, value: int) -> None:
        self._memory[key] = value

    def close(self) -> None:
        pass


def pressed(maps: Maps) -> dict[int, int]:
    """Return the bytes of the car's map behind the axes that are not 0, by their offset."""
    return {at: value for at, value in enumerate(maps[CAR][16:72], 16) if value}


AUTOCLUTCH = {41: 1, 42: 1}


def test_the_maps_have_the_documented_names_and_sizes(maps: Maps) -> None:
    CustomAi().open()
    assert {CAR: 72, STATE: 4} == {name: len(memory) for name, memory in maps.items()}


def test_a_command_is_gas_brake_inverted_clutch_and_steering(maps: Maps) -> None:
    car = CustomAi()
    car.open()
    assert car.apply(Command(steer=-0.5, gas=0.25, brake=0.75, clutch=1.0), 0.0) is None
    assert (0.25, 0.75, 0.0, -0.5) == struct.unpack_from("<4f", maps[CAR])
    car.apply(Command(clutch=0.25), 0.0)
    assert (0.0, 0.0, 0.75, 0.0) == struct.unpack_from("<4f", maps[CAR])
    assert AUTOCLUTCH == pressed(maps)
    assert bytes(4) == maps[STATE][:]


def test_what_others_wrote_behind_the_axes_is_kept(maps: Maps) -> None:
    car = CustomAi()
    car.open()
    maps[CAR][39] = 1  # headlights
    car.apply(Command(gas=1.0), 0.0)
    assert {39: 1, **AUTOCLUTCH} == pressed(maps)


def test_shifts_are_pulses(maps: Maps) -> None:
    car = CustomAi()
    car.open()
    car.apply(Command(), 1.0)
    both = Command(shifts_up=1, shifts_down=1)
    for now_s, wanted in ((2.0, {20: 1}), (2.0 + PRESSED_S, {}), (2.0 + APART_S, {21: 1}), (3.0, {})):
        car.apply(both, now_s)
        assert {**wanted, **AUTOCLUTCH} == pressed(maps)


@pytest.mark.parametrize(("start", "teleport", "state"), [("pits", {40: 1}, 0), ("grid", {}, 1), ("hotlap", {}, 1)])
def test_a_reset_is_asked_for_for_a_while(maps: Maps, start: str, teleport: dict[int, int], state: int) -> None:
    car = CustomAi()
    car.open()
    car.apply(Command(), 1.0)
    car.reset(start)
    assert 2.0 + HELD_S == car.apply(Command(), 2.0)
    assert ({**teleport, **AUTOCLUTCH}, bytes([0, state, 0, 0])) == (pressed(maps), maps[STATE][:])
    assert car.apply(Command(), 2.0 + HELD_S) is None
    assert (AUTOCLUTCH, bytes(4)) == (pressed(maps), maps[STATE][:])


@pytest.mark.parametrize("start", ["pits", "grid"])
def test_closing_asks_for_nothing_more(maps: Maps, start: str) -> None:
    car = CustomAi()
    car.open()
    car.apply(Command(), 1.0)
    car.reset(start)
    car.apply(Command(brake=0.5, shifts_up=1), 2.0)
    car.close()
    assert (AUTOCLUTCH, bytes(4)) == (pressed(maps), maps[STATE][:])
    assert (0.0, 0.5, 0.0, 0.0) == struct.unpack_from("<4f", maps[CAR])
    car.close()


def test_a_map_that_cannot_be_created_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def create(name: str, size: int) -> mmap.mmap:
        raise PermissionError(13, "Access is denied")

    monkeypatch.setattr(custom_ai, "create", create)
    with pytest.raises(BackEndError, match="cannot create the maps of Custom AI: Access is denied"):
        CustomAi().open()
