"""What the driver sees, as lines: the command sent, the values applied, the telemetry's echo, the lag. Pure."""

from typing import NamedTuple

from acbridge.controls import Controls
from acbridge.hands import Axes

WIDTH = 21
"""Characters of a bar."""
NOTHING = "-"
HELP = "arrows or WASD drive, space brakes, + and - shift, r resets, q ends"


class View(NamedTuple):
    """
    What is drawn at one instant.

    Attributes:
        sent: The axes of the newest command.
        controls: The newest record of the controls; ``None`` before the first.
        speed_kmh: Speed of the car; ``None`` before the first sample.
        gear: Gear as its letter or number.
        note: What happened last.
    """

    sent: Axes
    controls: Controls | None = None
    speed_kmh: float | None = None
    gear: str = NOTHING
    note: str = HELP


def draw(view: View, columns: int) -> list[str]:
    """Return the view as lines that fit into so many columns."""
    controls = view.controls
    applied = None if controls is None else Axes(controls.steer, controls.gas, controls.brake)
    less = (None, None, None)
    if controls is not None:
        less = (controls.echo_steer, controls.echo_gas, controls.echo_brake)
    lines = [f"{'':<6} {'command':>8} {'applied':>8} {'echo':>8}"]
    for place, name in enumerate(Axes._fields):
        there = None if applied is None else applied[place]
        difference = less[place]
        echo = None if there is None or difference is None else there + difference
        numbers = " ".join(f"{number(value):>8}" for value in (view.sent[place], there, echo))
        lines.append(f"{name:<6} {numbers}  {bar(view.sent[place], echo, both_sides=name == 'steer')}")
    return [line[: max(1, columns - 1)].rstrip() for line in (*lines, summary(view), view.note)]


def summary(view: View) -> str:
    """Return the line about the state of the controls and the car."""
    controls = view.controls
    speed = NOTHING if view.speed_kmh is None else f"{view.speed_kmh:.0f}"
    car = f"gear {view.gear}  {speed} km/h"
    if controls is None:
        return f"waiting for the controls  {car}"
    state = controls.state if controls.reason is None else f"{controls.state} ({controls.reason})"
    lag = NOTHING if controls.echo_lag_s is None else f"{controls.echo_lag_s * 1000:.0f}"
    frozen = "  INPUT FROZEN" if controls.frozen_input else ""
    return f"{state}  {car}  lag {lag} ms  refused {controls.refused}{frozen}"


def number(value: float | None) -> str:
    """Return a value of an axis; a dash if there is none."""
    return NOTHING if value is None else f"{value + 0.0:+.2f}"


def bar(command: float, echo: float | None, *, both_sides: bool) -> str:
    """Return a bar with the command as | and the echo as o; * where both are."""
    cells = ["."] * WIDTH
    marks = [(command, "|")] if echo is None else [(command, "|"), (echo, "o")]
    for value, mark in marks:
        share = (value + 1) / 2 if both_sides else value
        place = round(min(1.0, max(0.0, share)) * (WIDTH - 1)) if share == share else 0  # noqa: PLR0124  nan is not itself
        cells[place] = "*" if cells[place] == "|" else mark
    return f"[{''.join(cells)}]"
