"""When a lost back-end is opened again, with a back-end that is lost as a test says."""

import pytest

from acbridge.controls import Command, Start
from acbridge_daemon.controls.actuator import Actuator
from acbridge_daemon.controls.backend import Capabilities

S = 1_000_000_000
NEUTRAL = Command(brake=0.3)


class Wheel:
    """A back-end that is there or not, and takes no time to find out."""

    capabilities = Capabilities("wheel", repeat_s=0.05)

    def __init__(self) -> None:
        self.there = True
        self.fragile = False
        self.slow = False
        self.opened = 0
        self.given: list[Command] = []

    def open(self) -> None: ...

    def apply(self, command: Command) -> None:
        self.given.append(command)

    def reset(self, start: Start, means: str) -> None: ...

    def problem(self) -> str | None:
        return None if self.there else "unplugged"

    def reopen(self) -> None:
        self.opened += 1
        self.there |= self.fragile

    def opening(self) -> bool:
        return self.slow

    def close(self) -> None: ...


@pytest.fixture
def wheel() -> Wheel:
    return Wheel()


def attempts(actuator: Actuator, wheel: Wheel, begin_s: float, end_s: float) -> list[float]:
    """Return when a back-end was opened, of the times at which it is looked at."""
    found: list[float] = []
    for tenth in range(round(begin_s * 10), round(end_s * 10)):
        before = wheel.opened
        actuator.follow(tenth * S // 10)
        found += [tenth / 10] * (wheel.opened - before)
    return found


def test_a_lost_back_end_is_opened_at_once_and_then_with_growing_waits(wheel: Wheel) -> None:
    actuator = Actuator(wheel, NEUTRAL, 0)
    assert [] == attempts(actuator, wheel, 0, 100)
    assert actuator.problem is None
    wheel.there = False
    assert [0.0, 1.1, 3.2, 7.3, 15.4, 23.5] == pytest.approx([at - 100 for at in attempts(actuator, wheel, 100, 130)])
    assert "unplugged" == actuator.problem
    wheel.there = True
    assert [] == attempts(actuator, wheel, 130, 140)
    assert actuator.problem is None


def test_a_back_end_that_is_lost_as_soon_as_it_is_there_is_not_opened_without_pause(wheel: Wheel) -> None:
    actuator = Actuator(wheel, NEUTRAL, 0)
    wheel.fragile = True
    for tenth in range(1000, 2000):
        wheel.there = wheel.there and tenth % 2 == 0
        actuator.follow(tenth * S // 10)
    assert 12 <= wheel.opened <= 16


def test_after_half_a_minute_of_work_the_waits_begin_anew(wheel: Wheel) -> None:
    actuator = Actuator(wheel, NEUTRAL, 0)
    for loss_s in (100, 200):
        wheel.there = False
        assert [0.0, 1.1, 3.2] == pytest.approx([at - loss_s for at in attempts(actuator, wheel, loss_s, loss_s + 6)])
        wheel.there = True
        attempts(actuator, wheel, loss_s + 6, loss_s + 100)


def test_a_back_end_that_takes_its_time_is_not_opened_meanwhile(wheel: Wheel) -> None:
    actuator = Actuator(wheel, NEUTRAL, 0)
    wheel.there = False
    actuator.follow(100 * S)
    wheel.slow = True
    assert [] == attempts(actuator, wheel, 100, 200)
    assert "unplugged" == actuator.problem
    wheel.slow, wheel.there = False, True
    actuator.follow(200 * S)
    assert (None, 1) == (actuator.problem, wheel.opened)


def test_the_command_in_force_is_applied_to_a_back_end_that_was_opened_again() -> None:
    wheel = Wheel()
    wheel.capabilities = Capabilities("wheel")
    actuator = Actuator(wheel, NEUTRAL, 0)
    actuator.apply(1, Command(gas=1.0))
    actuator.reopen("the telemetry does not follow the commands")
    for now_ns in (2, 3):
        actuator.follow(now_ns)
        assert not actuator.apply(now_ns, Command(gas=1.0))
    assert [Command(gas=1.0)] * 2 == wheel.given


def test_a_command_is_applied_when_it_changes_and_repeated_in_time(wheel: Wheel) -> None:
    actuator = Actuator(wheel, NEUTRAL, 0)
    assert actuator.apply(1, Command(gas=1.0))
    assert not actuator.apply(2, Command(gas=1.0))
    assert 1 + 50_000_000 == actuator.deadline_ns
    assert not actuator.apply(1 + 50_000_000, Command(gas=1.0))
    assert [Command(gas=1.0)] * 2 == wheel.given
    assert (Command(gas=1.0), 1) == (actuator.applied, actuator.applied_ns)
