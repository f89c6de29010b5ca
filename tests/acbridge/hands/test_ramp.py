"""Axes that follow keys: how fast, how far, and never beyond."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acbridge.hands.ramp import BRAKE, FULL_STEER_KMH, GAS, LEAST_STEER, STEER, Axes, Key, follow, steer_limit, toward

KEYS = st.frozensets(st.sampled_from(Key))


def test_an_axis_moves_at_its_rates() -> None:
    assert STEER.press * 0.1 == pytest.approx(follow(Axes(), {Key.RIGHT}, 0.0, 0.1).steer)
    assert -STEER.press * 0.1 == pytest.approx(follow(Axes(), {Key.LEFT}, 0.0, 0.1).steer)
    assert GAS.press * 0.1 == pytest.approx(follow(Axes(), {Key.GAS}, 0.0, 0.1).gas)
    assert 1 - BRAKE.release * 0.1 == pytest.approx(follow(Axes(brake=1.0), (), 0.0, 0.1).brake)
    assert 0.9 - STEER.release * 0.1 == pytest.approx(follow(Axes(0.9), (), 0.0, 0.1).steer)


def test_steering_across_the_middle_moves_at_the_faster_rate() -> None:
    assert 0.5 - max(STEER) * 0.1 == pytest.approx(follow(Axes(0.5), {Key.LEFT}, 0.0, 0.1).steer)


def test_both_sides_are_none() -> None:
    assert 0.0 == follow(Axes(), {Key.LEFT, Key.RIGHT}, 0.0, 1.0).steer


@pytest.mark.parametrize(
    ("speed", "limit"), [(0, 1.0), (FULL_STEER_KMH, 1.0), (100, 0.5), (200, 0.25), (4000, LEAST_STEER)]
)
def test_a_held_key_steers_less_the_faster_the_car(speed: float, limit: float) -> None:
    assert limit == pytest.approx(steer_limit(speed))
    assert limit == pytest.approx(follow(Axes(), {Key.RIGHT}, speed, 10.0).steer)


@given(st.floats(-1, 1), st.floats(0, 1), st.floats(0, 1), KEYS, st.floats(0, 400), st.floats(0, 2))
def test_no_axis_leaves_its_range(
    steer: float, gas: float, brake: float, keys: frozenset[Key], speed: float, elapsed: float
) -> None:
    after = follow(Axes(steer, gas, brake), keys, speed, elapsed)
    assert -1 <= after.steer <= 1
    assert 0 <= after.gas <= 1
    assert 0 <= after.brake <= 1


@given(st.floats(-1, 1), st.floats(-1, 1), st.integers(1, 50))
def test_many_short_steps_arrive_where_one_long_one_does(value: float, target: float, steps: int) -> None:
    for _ in range(steps):
        value = toward(value, target, STEER, 2 / steps)
    assert target == pytest.approx(value)


def test_time_that_stands_still_moves_nothing() -> None:
    before = Axes(0.3, 0.2, 0.1)
    assert before == follow(before, set(Key), 0.0, 0.0) == follow(before, set(Key), 0.0, -1.0)
