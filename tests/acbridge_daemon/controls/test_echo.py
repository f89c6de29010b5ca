"""What the telemetry shows of commands, with a telemetry of known lag."""

import pytest

from acbridge import Physics
from acbridge.controls import Command
from acbridge_daemon.controls.echo import Echo
from deriving import changed

MS = 1_000_000


def shown(steer: float = 0.0, gas: float = 0.0, brake: float = 0.0) -> Physics:
    return changed(Physics, steerAngle=steer, gas=gas, brake=brake)


@pytest.mark.parametrize("lag_ms", [0, 6, 30, 150])
@pytest.mark.parametrize("axis", ["steer", "gas", "brake"])
def test_the_lag_is_the_time_from_a_step_to_its_sight(lag_ms: int, axis: str) -> None:
    echo = Echo()
    commands = [0.8 if (at // 300) % 2 else 0.2 for at in range(0, 6000, 3)]
    for number, value in enumerate(commands):
        echo.applied(number * 3 * MS, Command()._replace(**{axis: value}))
        there = commands[max(0, number - lag_ms // 3)]
        echo.update(number * 3 * MS, shown(**{axis: there}))
    assert lag_ms / 1000 == pytest.approx(echo.lag_s, abs=0.003)
    assert not echo.frozen


def test_differences_are_shown_less_applied() -> None:
    echo = Echo()
    echo.applied(0, Command(0.5, 0.4, 0.0))
    echo.update(3 * MS, shown(0.4, 0.5, 0.1))
    assert [-0.1, 0.1, 0.1] == pytest.approx([echo.steer, echo.gas, echo.brake])


def test_input_that_does_not_follow_is_frozen_after_three_tenths_of_a_second() -> None:
    echo = Echo()
    echo.applied(0, Command(gas=1.0))
    frozen: list[bool] = []
    for at_ms in range(3, 702, 3):
        echo.update(at_ms * MS, shown())
        frozen.append(echo.frozen)
    assert 590 <= 3 * frozen.count(False) <= 610  # it showed what was applied before for as long
    assert None is echo.lag_s
    echo.update(800 * MS, shown(gas=1.0))
    assert not echo.frozen


@pytest.mark.parametrize("follows", [True, False])
def test_commands_that_keep_changing_are_followed_by_what_was_applied_lately(follows: bool) -> None:
    echo = Echo()
    gas = [0.3 + (number * 7 % 10) / 14 for number in range(400)]
    for number in range(400):
        echo.applied(number * 20 * MS, Command(gas=gas[number]))
        echo.update(number * 20 * MS, shown(gas=gas[max(0, number - 6)] if follows else 0.0))
    assert follows is not echo.frozen


@pytest.mark.parametrize("stall_ms", [200, 500, 5000])
def test_input_is_not_frozen_because_the_machine_stood_still(stall_ms: int) -> None:
    echo = Echo()
    echo.applied(0, Command(gas=1.0))
    for at_ms in range(0, 1000, 3):
        echo.update(at_ms * MS, shown(gas=1.0))
    for at_ms in range(1000 + stall_ms, 1200 + stall_ms, 3):
        echo.update(at_ms * MS, shown(brake=0.3))  # the device is neutral still
        assert not echo.frozen
    echo.update((1220 + stall_ms) * MS, shown(gas=1.0))
    assert not echo.frozen


def test_input_that_does_not_follow_is_frozen_at_one_sample_a_second_too() -> None:
    echo = Echo()
    echo.applied(0, Command(gas=1.0))
    for second in range(5):
        echo.update(second * 1000 * MS, shown())
    assert echo.frozen
