"""The histogram of the lateness of ticks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acbridge_daemon.latency import SLICES, LatencyHistogram


def test_there_is_no_summary_before_the_first_tick() -> None:
    histogram = LatencyHistogram()
    histogram.rotate()
    assert histogram.summary() is None


@given(st.lists(st.integers(0, 10**10), min_size=1, max_size=300))
def test_percentiles_are_at_most_a_fifth_too_high_and_the_largest_is_exact(late_ns: list[int]) -> None:
    histogram = LatencyHistogram()
    for value in late_ns:
        histogram.record(value)
    found = histogram.summary()
    assert found is not None
    ordered = sorted(late_ns)
    assert ordered[-1] * 1e-9 == found.largest
    for share, value in ((0.5, found.p50), (0.99, found.p99)):
        true = ordered[max(0, -int(-len(ordered) * share // 1) - 1)] * 1e-9
        assert true * 0.999 <= value <= (max(true * 1.2, 2e-9) if true < 4 else found.largest)


def test_a_tick_is_forgotten_after_a_minute() -> None:
    histogram = LatencyHistogram()
    histogram.record(5_000_000)
    for _ in range(SLICES - 1):
        histogram.rotate()
        histogram.record(1_000)
    held = histogram.summary()
    histogram.rotate()
    histogram.record(1_000)
    past = histogram.summary()
    assert held is not None
    assert past is not None
    assert (0.005, 1e-6) == (pytest.approx(held.largest), pytest.approx(past.largest))


def test_the_median_ignores_one_late_tick() -> None:
    histogram = LatencyHistogram()
    for late_us in (10, 10, 10, 1000):
        histogram.record(late_us * 1000)
    found = histogram.summary()
    assert found is not None
    assert 10e-6 <= found.p50 <= 12e-6
    assert 1e-3 == pytest.approx(found.p99)
