"""The lines that the driver sees."""

from typing import Any

import pytest

from acbridge.controls import Controls
from acbridge.hands import Axes
from acbridge_ctl.drive.view import View, bar, draw
from records import empty


def controls(**changes: Any) -> Controls:
    """Return the record of a driver whose commands arrive."""
    return empty(Controls, **({"state": "driving", "backend": "sim"} | changes))


def test_command_applied_echo_and_lag_are_shown() -> None:
    record = controls(steer=-0.5, gas=0.25, echo_steer=0.1, echo_gas=-0.25, echo_lag_s=0.0161, refused=3)
    lines = draw(View(Axes(-0.75, 0.5, 0.0), record, 123.4, "3"), 80)
    assert ["steer", "-0.75", "-0.50", "-0.40", "[..|...o..............]"[:23]] == [
        *lines[1].split()[:4],
        lines[1][-23:],
    ]
    assert ["gas", "+0.50", "+0.25", "+0.00"] == lines[2].split()[:4]
    assert ["brake", "+0.00", "+0.00", "-"] == lines[3].split()[:4]
    assert "driving  gear 3  123 km/h  lag 16 ms  refused 3" == lines[4]


def test_the_reason_and_frozen_input_are_shown() -> None:
    lines = draw(View(Axes(), controls(state="neutral", reason="ttl", frozen_input=True)), 80)
    assert "neutral (ttl)  gear -  - km/h  lag - ms  refused 0  INPUT FROZEN" == lines[4]


def test_before_the_first_record_it_waits() -> None:
    assert "waiting for the controls" in draw(View(Axes()), 80)[4]


@pytest.mark.parametrize("columns", [1, 20, 79, 80, 200])
def test_no_line_is_wider_than_the_terminal(columns: int) -> None:
    lines = draw(View(Axes(), controls(), note="word " * 100), columns)
    assert 6 == len(lines)
    assert all(len(line) < max(columns, 2) for line in lines)


@pytest.mark.parametrize(
    ("command", "echo", "both_sides", "drawn"),
    [
        (0.0, None, True, "[..........|..........]"),
        (-1.0, 1.0, True, "[|...................o]"),
        (0.0, 0.0, False, "[*....................]"),
        (1.0, 0.5, False, "[..........o.........|]"),
        (7.0, float("nan"), False, "[o...................|]"),
    ],
)
def test_a_bar_has_command_and_echo(command: float, echo: float | None, both_sides: bool, drawn: str) -> None:
    assert drawn == bar(command, echo, both_sides=both_sides)
