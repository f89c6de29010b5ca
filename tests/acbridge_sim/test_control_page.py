"""The control page drives the car, and silence releases the controls."""

import math
import struct

import pytest

from acbridge.controls import Command, Place, Start
from acbridge_sim import CarCommands, ControlPage, ControlReceiver, SessionType, World
from acbridge_sim.control_page import SILENCE_S, SIZE


def as_tuple(commands: CarCommands) -> tuple[float, float, float, float, int]:
    return commands.steer, commands.gas, commands.brake, commands.clutch, commands.shift


NEUTRAL = (0.0, 0.0, 0.0, 1.0, 0)


def test_a_command_holds_until_a_quarter_of_a_second_of_silence() -> None:
    receiver = ControlReceiver()
    page = ControlPage(sequence=1, steer=0.25, gas=1.0).pack()
    driven = [as_tuple(receiver.commands(page)) for _ in range(400)]
    first_neutral = driven.index(NEUTRAL)
    assert {(0.25, 1.0, 0.0, 1.0, 0)} == set(driven[:first_neutral])
    assert {NEUTRAL} == set(driven[first_neutral:])
    assert 0.25 == SILENCE_S == pytest.approx(first_neutral * 0.003, abs=0.01)


def test_new_commands_keep_the_controls() -> None:
    receiver = ControlReceiver()
    for sequence in range(1, 2000):
        assert (0.0, 0.5, 0.0, 1.0, 0) == as_tuple(receiver.commands(ControlPage(sequence=sequence, gas=0.5).pack()))


@pytest.mark.parametrize(
    "page",
    [
        None,
        b"",
        bytes(60),
        ControlPage(sequence=1, gas=1.0).pack()[:40],
        ControlPage(sequence=1, gas=1.0, s=math.nan).pack(),
        ControlPage(sequence=1, steer=1.01).pack(),
        ControlPage(sequence=1, gas=math.nan).pack(),
        ControlPage(sequence=1, brake=math.inf).pack(),
        ControlPage(sequence=1, clutch=-0.5).pack(),
        b"XXXX" + ControlPage(sequence=1, gas=1.0).pack()[4:],
    ],
)
def test_a_page_out_of_range_moves_nothing(page: bytes | None) -> None:
    receiver = ControlReceiver()
    assert NEUTRAL == as_tuple(receiver.commands(page))


def test_each_step_of_a_count_is_one_shift() -> None:
    receiver = ControlReceiver()
    receiver.commands(ControlPage(sequence=1, shifts_up=7).pack())
    page = ControlPage(sequence=2, shifts_up=9, shifts_down=1).pack()
    assert [1, 1, -1, 0, 0] == [receiver.commands(page).shift for _ in range(5)]


def test_a_packed_page_unpacks_to_the_same_command() -> None:
    page = ControlPage(7, -0.5, 0.25, 0.75, 0.0, 3, 4, 2**63, 5, 3, 120.5, -1.5, 30.0)
    assert page == ControlPage.unpack(page.pack())


def test_the_layout_is_the_one_of_the_documents() -> None:
    page = ControlPage(7, -0.5, 0.25, 0.75, 0.0, 3, 4, 2**63, 5, 3, 120.5, -1.5, 30.0).pack()
    assert 60 == SIZE == len(page)
    assert b"ABC2" == page[:4]
    read = {4: "<I", 8: "<f", 12: "<f", 16: "<f", 20: "<f", 24: "<i", 28: "<i", 32: "<Q", 40: "<I", 44: "<I", 48: "<f"}
    read |= {52: "<f", 56: "<f"}
    values = [struct.unpack_from(layout, page, offset)[0] for offset, layout in read.items()]
    assert [7, -0.5, 0.25, 0.75, 0.0, 3, 4, 2**63, 5, 3, 120.5, -1.5, 30.0] == values


STARTS: tuple[Start, ...] = ("grid", "pits", "hotlap", Place(120.5, -1.5, 30.0))


@pytest.mark.parametrize("start", STARTS, ids=str)
def test_each_change_of_the_count_of_resets_begins_one_run(start: Start) -> None:
    receiver, page = ControlReceiver(), ControlPage(sequence=1)
    assert receiver.start(page.pack()) is None
    for _ in range(3):
        page = page.beginning_at(start)
        assert [start, None] == [receiver.start(page.pack()) for _ in range(2)]
        page = page.following(Command(gas=0.5))
        assert receiver.start(page.pack()) is None


def test_the_first_page_begins_no_run_for_its_program_may_have_driven_another_stand_in_before() -> None:
    receiver = ControlReceiver()
    assert receiver.start(ControlPage(sequence=9, resets=3).pack()) is None
    assert "hotlap" == receiver.start(ControlPage(sequence=9, resets=4, start=2).pack())


def test_an_unknown_start_is_ignored_and_the_next_one_counts() -> None:
    receiver = ControlReceiver()
    receiver.start(ControlPage().pack())
    assert receiver.start(ControlPage(resets=1, start=4).pack()) is None
    assert "grid" == receiver.start(ControlPage(resets=2, start=0).pack())


def test_the_counts_of_a_page_wrap_around() -> None:
    last = ControlPage(sequence=2**32 - 1, resets=2**32 - 1)
    assert 1 == last.following(Command()).sequence
    assert 0 == last.beginning_at("pits").resets
    assert ControlPage.unpack(last.following(Command(shifts_up=2**53 - 1)).pack()) is not None


def test_the_page_drives_the_car_when_a_step_has_no_commands() -> None:
    world = World(session=SessionType.HOTLAP, driver="none")
    begun = world.car.speed
    for sequence in range(1, 500):
        world.control_page = ControlPage(sequence=sequence, brake=0.5).pack()
        world.step()
    assert world.car.speed < begun - 5
    assert world.car.brake == 0.5
    world.step(200)  # silence
    assert (0.0, 0.0, 0.0) == (world.car.steer, world.car.gas, world.car.brake)


def test_gears_are_shifted_by_hand() -> None:
    world = World(driver="none")
    world.car.auto_shift = False
    page = ControlPage(sequence=1).pack()
    for sequence in range(2, 400):
        page = ControlPage(sequence=sequence, shifts_up=sequence // 100).pack()
        world.control_page = page
        world.step()
    assert 4 == world.car.gear  # neutral, and three shifts up
