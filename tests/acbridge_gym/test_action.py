"""Actions: where the numbers go, how fast they may change, and what is refused."""

import math
from typing import Any

import pytest

from acbridge_gym import Action
from acbridge_gym.action import command
from acbridge_gym.memory import Memory
from racing import rules


def commands(actions: list[list[float]], **action: Any) -> list[list[float]]:
    """Return what a row of actions sends to the car."""
    memory, table = Memory(), rules(action=action)
    found: list[list[float]] = []
    for each in actions:
        command(each, memory, table)
        found.append(list(memory.command))
    return found


def test_the_pedal_is_gas_above_0_and_brake_below() -> None:
    assert [[0.45, 0.5, 0.0, 1.0, 0.0]] == commands([[1.0, 0.5]])
    assert [[-0.225, 0.0, 1.0, 1.0, 0.0]] == commands([[-0.5, -1.0]])
    assert [[0.45, 0.0, 1.0, 1.0, 0.0]] == commands([[9.0, -9.0]])


def test_separate_pedals_are_released_at_minus_1_and_may_both_be_pressed() -> None:
    assert [[0.0, 0.0, 0.5, 1.0, 0.0]] == commands([[0.0, -1.0, 0.0]], pedals="separate")
    assert [[0.0, 1.0, 1.0, 1.0, 0.0]] == commands([[0.0, 1.0, 1.0]], pedals="separate")


def test_rates_add_up_by_the_second() -> None:
    row = commands([[1.0, 1.0]] * 8, mode="delta", steer_range=1.0)
    assert [min(1.0, 3 * 0.045 * k) for k in range(1, 9)] == pytest.approx([each[0] for each in row])
    assert [min(1.0, 6 * 0.045 * k) for k in range(1, 9)] == pytest.approx([each[1] for each in row])
    back = commands([[0.0, 1.0]] * 2 + [[0.0, -1.0]] * 3, mode="delta")
    assert (0.0, 6 * 0.045) == pytest.approx((back[-1][1], back[-1][2]))


def test_a_shift_counts_once_in_150_ms() -> None:
    row = commands([[0.0, 0.0, 1.0]] * 9 + [[0.0, 0.0, -0.6], [0.0, 0.0, 0.4]], gears="manual")
    assert [1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0] == [each[4] for each in row]


def test_smoothing_is_by_the_second() -> None:
    (first,) = commands([[1.0, 0.0]], smooth_s=0.1, steer_range=1.0)
    assert 1 - math.exp(-0.45) == pytest.approx(first[0])


def test_a_limit_bounds_growth_and_decrease() -> None:
    row = commands([[1.0, 1.0]] * 2 + [[0.0, 0.0]] * 2, limit=(2.0, 4.0), steer_range=1.0)
    assert [0.09, 0.18, 0.0, 0.0] == pytest.approx([each[1] for each in row])


def test_the_last_actions_are_kept_newest_first() -> None:
    memory, table = Memory(), rules()
    for k in range(4):
        command([k / 4, -k / 4], memory, table)
    assert [[0.75, -0.75], [0.5, -0.5], [0.25, -0.25]] == [row[:2] for row in memory.actions[:3]]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"pedals": "three"}, "pedals is together or separate"),
        ({"gears": "semi"}, "gears is automatic or manual"),
        ({"mode": "fast"}, "mode is absolute or delta"),
        ({"steer_range": 0.0}, "steer_range lies above 0"),
        ({"smooth_s": math.nan}, "smooth_s is 0 or more"),
        ({"limit": (1.0, -1.0)}, "limit is two rates"),
    ],
)
def test_what_cannot_be_is_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Action(**given)
