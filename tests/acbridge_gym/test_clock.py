"""Clocks of steps: none is short, a stall is one long step, and small lateness does not add up."""

from itertools import cycle, islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acbridge_gym.clock import StepClock, StepEnd, frames_in

T = 45_000_000
lateness = st.lists(
    st.one_of(st.integers(0, T // 50), st.integers(0, 3 * T), st.just(T - 1), st.just(T), st.just(T // 2)),
    min_size=1,
    max_size=60,
)
"""How late each end is, ns: mostly a little, sometimes by a stall."""


@given(lateness)
def test_no_step_is_shorter_than_half_and_each_stall_is_one_overrun(late: list[int]) -> None:
    clock = StepClock(T)
    now = 7
    clock.begin(now)
    for each in late:
        wait = clock.left(now)
        begun, now = now, now + wait + each
        end = clock.end(now)
        assert now - begun == end.length
        assert 2 * end.length >= T
        assert (each >= T) == end.overrun
        assert 2 * clock.left(now) >= T


@given(st.lists(st.integers(0, T // 2), min_size=1, max_size=50))
@settings(max_examples=20)
def test_lateness_up_to_half_a_step_does_not_add_up(late: list[int]) -> None:
    clock = StepClock(T)
    now = each = 0
    clock.begin(now)
    for each in islice(cycle(late), 10_000):
        now += clock.left(now) + each
        clock.end(now)
    assert abs(now - each - 10_000 * T) < 1_000_000


@given(st.lists(st.integers(0, T // 2), min_size=1, max_size=50), st.sets(st.integers(0, 9_999), max_size=5))
@settings(max_examples=20)
def test_between_stalls_no_lateness_adds_up(late: list[int], stalls: set[int]) -> None:
    clock = StepClock(T)
    now = grid = 0
    clock.begin(now)
    for step, each in enumerate(islice(cycle(late), 10_000)):
        late_ns = 22 * T if step in stalls else each
        now += clock.left(now) + late_ns
        assert (step in stalls) == clock.end(now).overrun
        grid = now if step in stalls else grid + T
        assert late_ns == now - grid + (late_ns if step in stalls else 0)


def test_after_a_long_stall_the_next_step_has_its_whole_length() -> None:
    clock = StepClock(T)
    clock.begin(0)
    assert StepEnd(1_000_000_000, overrun=True) == clock.end(1_000_000_000)
    assert T == clock.left(1_000_000_000)
    assert StepEnd(T, overrun=False) == clock.end(1_000_000_000 + T)


def test_a_step_does_not_end_before_it_is_due() -> None:
    clock = StepClock(T)
    clock.begin(0)
    with pytest.raises(ValueError, match="wait first"):
        clock.end(T - 1)


@given(st.integers(1, 20), st.lists(st.integers(0, 50), min_size=1, max_size=50))
def test_a_step_of_frames_has_at_least_half_of_them_and_begins_anew_after_a_stall(frames: int, late: list[int]) -> None:
    clock = StepClock(frames)
    tick = 3
    clock.begin(tick)
    for each in late:
        begun, tick = tick, clock.due + each
        assert StepEnd(tick - begun, overrun=each >= frames) == clock.end(tick)
        assert 2 * (clock.due - tick) >= frames
        if each >= frames or each == 0:
            assert tick + frames == clock.due


def test_a_step_must_be_whole_frames() -> None:
    assert [15, 15, 3] == [frames_in(45, 333.33), frames_in(45, 1000 / 3), frames_in(45, 200 / 3)]
    with pytest.raises(ValueError, match=r"2\.70 frames at 60 Hz; 66\.67 Hz would suit"):
        frames_in(45, 60)
