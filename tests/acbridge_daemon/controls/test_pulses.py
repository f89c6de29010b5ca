"""Counts of shifts become presses that a game can see, none lost and none twice."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acbridge_daemon.controls.pulses import APART_S, MOST, PRESSED_S, Pulses

LATER = 1000.0
"""A time to begin at; a clock begins anywhere."""


def presses(counts: list[tuple[float, int, int]], begin_s: float = LATER) -> list[tuple[float, float, str]]:
    """Return the presses (from, until, button) that counts at some times lead to, called when it asks to be."""
    pulses, pressed, done = Pulses(), None, list[tuple[float, float, str]]()
    again: float | None = None
    coming = [(begin_s + after, up, down) for after, up, down in counts]
    now_s, up, down = coming[0]
    while coming or again is not None:
        if coming and (again is None or coming[0][0] <= again):
            now_s, up, down = coming.pop(0)
        elif again is not None:
            now_s = again
        again = pulses.update(now_s, up, down)
        assert not (pulses.up and pulses.down)
        assert again is None or again > now_s
        button = "up" if pulses.up else "down" if pulses.down else None
        if pressed is not None and button is None:
            done.append((pressed[0], now_s, pressed[1]))
            pressed = None
        elif button is not None and pressed is None:
            pressed = (now_s, button)
    assert pressed is None
    return done


@pytest.mark.parametrize(
    ("counts", "wanted"),
    [
        ([(0, 0, 0)], ""),
        ([(0, 7, 3)], ""),  # where it begins is no shift
        ([(0, 7, 3), (1, 8, 3)], "u"),
        ([(0, 0, 0), (1, 0, 1)], "d"),
        ([(0, 0, 0), (1, 3, 0)], "uuu"),
        ([(0, 0, 0), (1, 1, 0), (1.01, 1, 1), (1.02, 2, 1)], "udu"),
        ([(0, 0, 0), (1, 1, 0), (1, 1, 0), (1.02, 1, 0)], "u"),  # repeated
        ([(0, 5, 5), (1, 0, 0), (2, 1, 0)], "u"),  # fallen
        ([(0, 0, 0), (1, 2**53 - 1, 0)], "u" * MOST),
    ],
)
def test_each_step_of_a_count_is_one_press(counts: list[tuple[float, int, int]], wanted: str) -> None:
    assert wanted == "".join(button[0] for _, _, button in presses(counts))


def test_the_first_shift_is_pressed_at_once_whatever_the_clock_says() -> None:
    for begin_s in (0.0, -5.0, LATER):
        assert begin_s + 0.01 == presses([(0, 0, 0), (0.01, 1, 0)], begin_s)[0][0]


def test_released_buttons_stay_so_and_what_waited_is_forgotten() -> None:
    pulses = Pulses()
    pulses.update(0.0, 0, 0)
    pulses.update(1.0, 3, 0)
    assert pulses.up
    pulses.release()
    assert not pulses.up
    assert pulses.update(2.0, 3, 0) is None
    assert not pulses.up


STEPS = st.lists(st.tuples(st.floats(0, 0.5), st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=20)


@given(STEPS)
def test_presses_are_long_enough_apart_and_as_many_as_asked_for(steps: list[tuple[float, int, int]]) -> None:
    counts, now_s, up, down = [(0.0, 0, 0)], 0.0, 0, 0
    for after, more_up, more_down in steps:
        now_s, up, down = now_s + after, up + more_up, down + more_down
        counts.append((now_s, up, down))
    made = presses(counts)
    for begin_s, end_s, _ in made:
        assert end_s >= begin_s + PRESSED_S
    for (first, _, _), (second, _, _) in pairwise(made):
        assert second >= first + APART_S
    pressed_up = sum(button == "up" for _, _, button in made)
    assert pressed_up <= up
    assert len(made) - pressed_up <= down
    if up + down <= MOST:
        assert (up, down) == (pressed_up, len(made) - pressed_up)
