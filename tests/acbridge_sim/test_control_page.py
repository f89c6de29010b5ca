"""The control page drives the car, and silence releases the controls."""

import math

import pytest

from acbridge_sim import CarCommands, ControlPage, ControlReceiver, SessionType, World


def as_tuple(commands: CarCommands) -> tuple[float, float, float, float, int]:
    return commands.steer, commands.gas, commands.brake, commands.clutch, commands.shift


NEUTRAL = (0.0, 0.0, 0.0, 1.0, 0)


def test_a_command_holds_until_half_a_second_of_silence() -> None:
    receiver = ControlReceiver()
    page = ControlPage(sequence=1, steer=0.25, gas=1.0).pack()
    driven = [as_tuple(receiver.commands(page)) for _ in range(400)]
    first_neutral = driven.index(NEUTRAL)
    assert {(0.25, 1.0, 0.0, 1.0, 0)} == set(driven[:first_neutral])
    assert {NEUTRAL} == set(driven[first_neutral:])
    assert first_neutral * 0.003 == pytest.approx(0.5, abs=0.01)


def test_new_commands_keep_the_controls() -> None:
    receiver = ControlReceiver()
    for sequence in range(1, 2000):
        assert (0.0, 0.5, 0.0, 1.0, 0) == as_tuple(receiver.commands(ControlPage(sequence=sequence, gas=0.5).pack()))


@pytest.mark.parametrize(
    "page",
    [
        None,
        b"",
        bytes(40),
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
    page = ControlPage(7, -0.5, 0.25, 0.75, 0.0, 3, 4, 2**63)
    assert page == ControlPage.unpack(page.pack())


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
