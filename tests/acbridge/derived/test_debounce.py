"""Debounced conditions: what counts, and from when on."""

from acbridge.derived.debounce import Debounced


def test_a_value_changes_after_its_input_has_for_a_while() -> None:
    held = Debounced()
    seen = [held.update(now_ms, raw, 0.1, 0.05) for now_ms, raw in ((0, True), (99, True), (100, True), (103, True))]
    assert [False, False, True, True] == seen
    assert held.value is True
    seen = [held.update(now_ms, raw, 0.1, 0.05) for now_ms, raw in ((110, False), (159, False), (160, False))]
    assert [True, True, False] == seen


def test_an_input_that_flickers_does_not_count() -> None:
    held = Debounced()
    seen = [held.update(now_ms, now_ms % 90 != 0, 0.1, 0.1) for now_ms in range(0, 900, 15)]
    assert not any(seen)


def test_a_value_falls_at_once_unless_a_fall_time_is_given() -> None:
    held = Debounced()
    assert [False, True, False] == [
        held.update(now_ms, raw, 0.1) for now_ms, raw in ((0, True), (100, True), (103, False))
    ]


def test_an_input_counts_at_once_if_it_need_not_last() -> None:
    assert Debounced().update(0, raw=True, rise_s=0.0) is True


def test_an_input_that_is_true_at_two_ticks_far_apart_cannot_be_known() -> None:
    value = Debounced(gap_s=0.1)
    seen = [value.update(now_ms, raw, 0.03) for now_ms, raw in ((0, False), (1000, True), (2000, True), (2030, True))]
    assert [False, None, None, True] == seen
    assert [True, False] == [value.update(5000, raw=True, rise_s=0.03), value.update(6000, raw=False, rise_s=0.03)]
    assert [None, False] == [value.update(7000, raw=True, rise_s=0.03), value.update(7030, raw=False, rise_s=0.03)]


def test_ticks_as_far_apart_as_the_hold_are_close_enough() -> None:
    value = Debounced(gap_s=0.1)
    assert [False, False, False, False, True] == [value.update(1000 * n, n > 0, 3.0) for n in range(5)]
