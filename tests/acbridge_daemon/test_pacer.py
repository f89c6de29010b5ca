"""The pacer's deadlines, by arithmetic alone."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acbridge_daemon.pacer import Pacer

SECOND_NS = 10**9
START_NS = 123_456_789_012_345
"""A clock that has run for some days, as a machine's has."""


def grid_index(pacer: Pacer) -> int:
    """Return the index on the grid of the next deadline, from the deadline alone."""
    return round(Fraction(pacer.deadline_ns - START_NS) * Fraction(pacer.rate) / SECOND_NS)


def grid_error_ns(pacer: Pacer) -> Fraction:
    """Return how far the next deadline is from start + k/rate."""
    exact = START_NS + grid_index(pacer) * SECOND_NS / Fraction(pacer.rate)
    return abs(pacer.deadline_ns - exact)


@pytest.mark.parametrize(("rate", "turns"), [(30.0, 1800), (59.94, 3597), (333.0, 19_980), (1000.0, 60_000)])
def test_a_minute_has_exactly_its_ticks(rate: float, turns: int) -> None:
    pacer, taken, skipped = Pacer(rate, START_NS), 0, 0
    while pacer.deadline_ns < START_NS + 60 * SECOND_NS:
        skipped += pacer.take(pacer.deadline_ns)
        taken += 1
    assert (turns, 0) == (taken, skipped)


@pytest.mark.parametrize("rate", [1.0, 7.3, 30.0, 59.94, 333.0, 1000.0])
def test_deadlines_never_drift(rate: float) -> None:
    pacer = Pacer(rate, START_NS)
    for k in range(20_000):
        assert k == grid_index(pacer)
        assert grid_error_ns(pacer) <= 1
        pacer.take(pacer.deadline_ns)


@pytest.mark.parametrize("rate", [59.94, 333.0, 1000.0])
def test_a_deadline_after_a_week_is_still_on_the_grid(rate: float) -> None:
    pacer = Pacer(rate, START_NS)
    pacer.take(START_NS + 7 * 86_400 * SECOND_NS)
    assert grid_error_ns(pacer) <= 1


def test_the_first_tick_is_due_at_the_start() -> None:
    pacer = Pacer(60.0, START_NS)
    assert START_NS == pacer.deadline_ns
    assert 0 == pacer.take(START_NS)


def test_a_tick_in_time_skips_nothing() -> None:
    pacer = Pacer(100.0, 0)
    assert [0, 0, 0] == [pacer.take(now) for now in (0, 10_000_001, 29_999_999)]


def test_a_late_tick_skips_the_deadlines_that_passed() -> None:
    pacer = Pacer(100.0, 0)
    assert 3 == pacer.take(35_000_000)  # those at 0, 10 and 20 ms; the one at 30 ms is taken


def test_the_tick_after_a_late_one_is_due_on_the_old_grid() -> None:
    pacer = Pacer(100.0, 0)
    pacer.take(35_000_000)
    assert 40_000_000 == pacer.deadline_ns


def test_a_tick_exactly_one_period_late_skips_one_deadline() -> None:
    pacer = Pacer(100.0, 0)
    assert 1 == pacer.take(10_000_000)
    assert 20_000_000 == pacer.deadline_ns


def test_a_long_stop_makes_no_burst() -> None:
    pacer = Pacer(333.0, 0)
    assert 999 == pacer.take(3 * SECOND_NS)
    assert pacer.deadline_ns > 3 * SECOND_NS


@given(
    rate=st.one_of(st.floats(1.0, 1000.0), st.sampled_from([1.0, 30.0, 59.94, 60.0, 333.0, 1000.0])),
    late_ns=st.lists(st.one_of(st.integers(0, 2_000_000), st.integers(0, 5 * SECOND_NS)), min_size=1, max_size=40),
)
def test_every_deadline_is_taken_or_skipped_exactly_once(rate: float, late_ns: list[int]) -> None:
    pacer, skipped = Pacer(rate, START_NS), 0
    for taken, late in enumerate(late_ns, start=1):
        before, now = pacer.deadline_ns, pacer.deadline_ns + late
        skipped += pacer.take(now)
        assert before < pacer.deadline_ns, "deadlines strictly increase"
        assert now < pacer.deadline_ns, "a deadline that passed is never due again"
        assert pacer.deadline_ns - now <= SECOND_NS / rate + 1, "no deadline is left out"
        assert taken + skipped == grid_index(pacer)
        assert grid_error_ns(pacer) <= 1
