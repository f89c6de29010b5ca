"""
The page of a report: one text of HTML with its style, its drawings and its small script inside.

It loads nothing, and its policy forbids that. Every text of a recording is escaped: it is data of another person.
"""

import base64
import hashlib
from datetime import datetime
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from acbridge_recording.laps import time_text
from acbridge_recording.report import chart
from acbridge_recording.report.chart import Series, scale
from acbridge_recording.report.comparison import Comparison, difference_text, summary
from acbridge_recording.report.trace import Trace

if TYPE_CHECKING:
    from collections.abc import Callable

FOLDER = Path(__file__).parent
GEARS = 5
"""Gears that have room at least."""
WHEELS = {"fl": "front left", "fr": "front right", "rl": "rear left", "rr": "rear right"}


def page(compared: Comparison, names: tuple[str, str]) -> str:
    """
    Return the page of two laps.

    Args:
        compared: The laps.
        names: What to call them, such as ``lap 3``.
    """
    style, script = ((FOLDER / name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    first, second = compared.first.lap, compared.second.lap
    cars = " and ".join(dict.fromkeys((first.car, second.car)))
    title = escape(f"{first.track}: {names[0]} and {names[1]}")
    count = len(compared.distance) - 1
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; \
script-src 'sha256-{digest}'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<header>
<p class="car">{escape(cars)}</p>
<h1>{escape(first.track)}</h1>
<div class="laps">{_card("a", "A", names[0], compared.first)}{_card("b", "B", names[1], compared.second)}</div>
<p class="summary">{escape(summary(compared))}</p>
{_table(compared)}
</header>
<main>
<div class="charts">
{_charts(compared)}
</div>
{chart.track_map(compared)}
{chart.mini_sectors(compared)}
{chart.g_g(compared)}
</main>
<footer><output></output><input type="range" min="0" max="{count}" value="0" aria-label="Distance" \
data-length="{compared.distance[-1]:.1f}"></footer>
<script>{script}</script>
</body>
</html>
"""


def _card(kind: str, letter: str, name: str, trace: Trace) -> str:
    lap = trace.lap
    state = "" if lap.valid else ", invalid"
    return (
        f'<div class="lap {kind}"><b>{letter}</b><span>{escape(name)}{state}</span>'
        f"<strong>{time_text(lap.time_ms)}</strong><small>{_begun(lap.timestamp)}</small></div>"
    )


def _begun(timestamp: float) -> str:
    try:
        return f"{datetime.fromtimestamp(timestamp).astimezone():%Y-%m-%d %H:%M %z}"
    except (OverflowError, ValueError, OSError):
        return "at an unknown time"


def _charts(compared: Comparison) -> str:
    a, b = compared.a, compared.b
    most, least = max(compared.delta), min(compared.delta)
    around = scale(min(least, -0.005), max(most, 0.005))
    speed = scale(0, max(*a["speed"], *b["speed"]))
    turned = max(10.0, *map(abs, (*a["steer"], *b["steer"])))
    gears = scale(min(0, *a["gear"], *b["gear"]), max(GEARS, *a["gear"], *b["gear"]), steps=8)
    pedals, steering = scale(0, 100, steps=2), scale(-turned, turned)
    shapes = chart.delta_shapes(compared, around)

    def both(channel: str) -> list[Series]:
        return [Series("a", a[channel]), Series("b", b[channel])]

    cores = [value for wheel in WHEELS for lap in (a, b) for value in lap[f"tyre_{wheel}"]]
    warm = scale(min(cores), max(cores))
    tyres = [
        chart.panel(compared, f"Tyre {name}", "°C core", both(f"tyre_{wheel}"), warm, decimals=1, size="low")
        for wheel, name in WHEELS.items()
    ]
    above = "s, B behind is up"
    return "\n".join(
        [
            chart.panel(compared, "Speed", "km/h", both("speed"), speed, size="high"),
            chart.panel(
                compared, "Delta time", above, [Series("d", compared.delta)], around, decimals=3, shapes=shapes
            ),
            chart.panel(compared, "Throttle", "%", both("gas"), pedals, size="low"),
            chart.panel(compared, "Brake", "%", both("brake"), pedals, size="low"),
            chart.panel(compared, "Steering", "%, right is up", both("steer"), steering),
            chart.panel(compared, "Gear", "", both("gear"), gears, size="low"),
            f'<div class="tyres">{"".join(tyres)}</div>',
        ]
    )


def _table(compared: Comparison) -> str:
    first, second = compared.first.lap, compared.second.lap
    rows: list[tuple[str, str, str, str]] = []
    if len(first.sectors_ms) == len(second.sectors_ms):
        for number, (here, there) in enumerate(zip(first.sectors_ms, second.sectors_ms, strict=True), 1):
            rows.append((f"Sector {number}", time_text(here), time_text(there), difference_text(there - here)))
    here, there = first.time_ms or 0, second.time_ms or 0
    rows.append(("Lap", time_text(here), time_text(there), difference_text(there - here)))
    conditions: list[tuple[str, Callable[[Trace], str]]] = [
        ("Top speed", lambda trace: f"{max(trace.columns['speed']):.1f} km/h"),
        ("Slowest", lambda trace: f"{min(trace.columns['speed']):.1f} km/h"),
        ("Tyres", lambda trace: trace.compound or "unknown"),
        ("Air, road", lambda trace: f"{trace.columns['air'][0]:.0f} °C, {trace.columns['road'][0]:.0f} °C"),
        ("Track grip", lambda trace: f"{trace.columns['grip'][0]:.1f} %"),
        ("Fuel at the line", lambda trace: f"{trace.columns['fuel'][0]:.1f} L"),
    ]
    if first.car != second.car:
        conditions.insert(0, ("Car", lambda trace: trace.lap.car))
    rows += [(name, read(compared.first), read(compared.second), "") for name, read in conditions]
    body = "".join(
        f'<tr><th scope="row">{name}</th><td>{escape(one)}</td><td>{escape(two)}</td>{_difference(difference)}</tr>'
        for name, one, two, difference in rows
    )
    return (
        '<table><thead><tr><th></th><th scope="col" class="a">A</th><th scope="col" class="b">B</th>'
        f'<th scope="col">B − A</th></tr></thead><tbody>{body}</tbody></table>'  # noqa: RUF001  the sign of print
    )


def _difference(text: str) -> str:
    kind = {"+": "lost", "−": "won"}.get(text[:1], "")  # noqa: RUF001  the sign of print
    return f'<td class="{kind}">{text}</td>'
