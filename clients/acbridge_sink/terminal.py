"""
The console as a live view: car, tyres, lap and events in 80 columns and 24 rows, redrawn in place.

`draw` is pure: it turns a `View` into lines. `Terminal` is the sink that shows them, with rich.
"""

import os
import time
from collections import deque
from dataclasses import dataclass, field
from textwrap import wrap
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.rule import Rule
from rich.text import Text

from acbridge import Derived, Event, Frame, Graphics, Physics, SimState, Static, Status, Trust
from acbridge.client import Silence
from acbridge.controls import Controls, summary
from acbridge.frame_source import FrameSource
from acbridge_sink.daemon_watch import DaemonWatch
from acbridge_sink.pump import TickFrames
from acbridge_sink.words import gear_text, session_text

REDRAWS_PER_S = 10
EVENTS = 5
COLUMNS = 80
"""The width for which the view is made; in a narrower terminal the bars, names and distances are shorter."""
MIN_COLUMNS = 30
"""A line is cut at the edge of a terminal that is narrower still."""
BAR = 24
TYRE = 14
"""Columns of a tyre's cell."""
SHIFT_AT = 0.95
"""Share of the limiter's speed from which the engine speed is drawn in red."""
SIM_STYLE = {"live": "bold green", "paused": "bold yellow", "replay": "bold cyan"}
NOTHING = "-"
_FLOWING = frozenset(state.value for state in SimState if state.flows)
NO_DAEMON = ("waiting", "no daemon")
NOTE = "ACBRIDGE_CONSOLE_NOTE"
"""Environment variable with a line to show below everything else; acbridge-demo sets it to the dashboard's address."""


@dataclass(slots=True)
class View:
    """
    The data to draw at one instant.

    Attributes:
        endpoint: Where frames come from.
        note: A line below everything else.
        status: The daemon's newest status; ``None`` if the daemon is silent.
        static: Car and track.
        tick: The newest tick.
        trust: Age and rate of the newest physics frame.
        lost: Frames that went missing so far.
        silence: Why the daemon is silent, once it has had time to be heard and the reason is known.
        events: The last events, newest last.
        controls: Who drives; ``None`` if the daemon has no back-end.
    """

    endpoint: str
    note: str = ""
    status: Status | None = None
    static: Static | None = None
    tick: TickFrames | None = None
    trust: Trust | None = None
    lost: int = 0
    silence: Silence | None = None
    events: deque[Event] = field(default_factory=lambda: deque[Event](maxlen=EVENTS))
    controls: str | None = None


def draw(view: View, columns: int = COLUMNS) -> Group:
    """Return the view as lines of at most so many columns."""
    columns = max(MIN_COLUMNS, columns)
    lines: list[Text | Rule] = [_head(view, columns), Rule(style="dim")]
    tick = view.tick
    physics, graphics, derived = (
        (None, None, None) if tick is None else (tick.record(Physics), tick.record(Graphics), tick.record(Derived))
    )
    if physics is None or graphics is None or derived is None or not _flows(view):
        lines += _waiting(view, columns)
    else:
        lines += [*_car(physics, derived, min(BAR, columns // 4)), Rule(style="dim")]
        lines += [*_tyres(physics, derived, min(TYRE, (columns - 10) // 4)), Rule(style="dim")]
        lines += [*_lap(physics, graphics, derived)]
    lines.append(Rule(style="dim"))
    events = [_event(event) for event in reversed(view.events)]
    if view.controls is not None:
        lines.append(Text(f" controls {view.controls}", style="magenta"))
        events = events[: EVENTS - 1]  # so that the view keeps its height
    lines += events
    if view.note:
        lines.append(Text(f" {view.note}", style="cyan"))
    for line in lines:
        if isinstance(line, Text):
            line.no_wrap, line.overflow = True, "ellipsis"
    return Group(*lines)


def _flows(view: View) -> bool:
    """Return whether frames of the sim come now; the first status comes up to a second after the first frames."""
    if view.status is not None:
        return view.status.sim_state in _FLOWING
    return view.trust is not None and view.trust.alive


def _head(view: View, columns: int) -> Text:
    static, status = view.static, view.status
    what = f"{static.carModel} @ {static.track}" if static is not None else "acbridge"
    if static is not None and static.trackConfiguration:
        what += f" ({static.trackConfiguration})"
    state = status.sim_state if status is not None else "live" if _flows(view) else NO_DAEMON[view.silence is not None]
    wide = max(columns - 44, columns // 2)
    head = Text(f" {what[:wide]:<{wide}} ", style="bold")
    graphics = None if view.tick is None else view.tick.record(Graphics)
    if graphics is not None and columns >= COLUMNS:
        session = session_text(graphics.session).replace("_", " ")
        head.append(f"{session:<12}", style="dim")
    head.append(f"{state.upper():<8}", style=SIM_STYLE.get(state, "bold red"))
    if status is not None and status.rate_kept is not None:
        head.append(f"{status.rate_kept:6.1f} Hz", style="dim")
    if view.lost:
        head.append(f"  lost {view.lost}", style="red")
    if view.trust is not None and view.trust.age is not None:
        head.append(f" {view.trust.age * 1000:4.0f} ms", style="dim")
    return head


def _waiting(view: View, columns: int) -> list[Text | Rule]:
    if view.status is None:
        said, fix = f"waiting for {view.endpoint}", ""
        if view.silence is not None:
            said, fix = view.silence.text, view.silence.fix
    else:
        said = f"the sim is {view.status.sim_state}"
        fix = view.status.sim_detail or "start a session in Assetto Corsa; this goes on by itself"
    reason = [Text(f"  {line}", style="bold yellow") for line in wrap(said, columns - 4)]
    return [Text(), *reason, *(Text(f"  {line}", style="yellow") for line in wrap(fix, columns - 4)), Text()]


def _car(physics: Physics, derived: Derived, bar: int) -> list[Text | Rule]:
    limit = physics.currentMaxRpm
    revs = physics.rpms / limit if limit > 0 else 0.0
    gear = gear_text(derived.gear_number)
    speed = Text(f" {physics.speedKmh:5.0f} km/h   ", style="bold")
    speed.append(f"gear {gear}   ", style="bold cyan")
    speed.append(f"{physics.rpms:6d} rpm  ")
    speed.append_text(_bar(revs, "red" if revs >= SHIFT_AT else "green", bar))
    pedals = Text(" throttle ").append_text(_bar(physics.gas, "green", bar)).append(f" {physics.gas:4.0%}   brake ")
    pedals.append_text(_bar(physics.brake, "red", bar * 2 // 3)).append(f" {physics.brake:4.0%}")
    half = (bar + 1) // 2
    place = max(-half, min(half, round(physics.steerAngle * half)))
    wheel = "─" * (half + place) + "●" + "─" * (half - place)
    steer = Text(" steering ").append(wheel, style="cyan").append(f" {physics.steerAngle:+5.0%}")
    slip = derived.body_slip_angle
    forces = Text(f"   g right {derived.acc_right_g:+5.2f}  forward {derived.acc_forward_g:+5.2f}")
    return [
        speed,
        pedals,
        steer.append_text(forces),
        Text(f" body slip {_degrees(slip)}   understeer {_degrees(derived.understeer_angle)}"),
    ]


def _tyres(physics: Physics, derived: Derived, cell: int) -> list[Text | Rule]:
    worn = derived.tyre_wear
    left, grip = (" left", " % grip") if cell >= TYRE else ("", "")
    wear = [f"{1 - w:.0%}{left}" for w in worn] if worn is not None else [f"{w:.1f}{grip}" for w in physics.tyreWear]
    flags = [
        "LOCKED" if locked else "SPINS" if spins else ""
        for locked, spins in zip(derived.locked_wheels, derived.spinning_wheels, strict=True)
    ]
    rows: list[tuple[str, list[str], str]] = [
        ("tyres", ["FL", "FR", "RL", "RR"], "dim"),
        ("slip", [f"{slip:.2f}" for slip in physics.wheelSlip], ""),
        ("core °C", [f"{t:.0f}" for t in physics.tyreCoreTemperature], ""),
        ("psi", [f"{p:.1f}" for p in physics.wheelsPressure], ""),
        ("wear", wear, ""),
        ("", flags, "bold red"),
    ]
    return [
        Text(f" {name:<10}" + "".join(f"{each:>{cell}}" for each in cells), style=style) for name, cells, style in rows
    ]


def _lap(physics: Physics, graphics: Graphics, derived: Derived) -> list[Text | Rule]:
    delta = derived.delta_to_best_s
    lap = Text(f" lap {derived.lap_number:<3} ", style="bold").append(f"{_text(graphics.currentTime):>10}")
    lap.append(f"   last {_text(graphics.lastTime)}   best {_text(graphics.bestTime)}   ")
    if delta is not None:
        lap.append(f"{delta:+.2f} s", style="green" if delta <= 0 else "red")
    sectors = "  ".join(f"{ms / 1000:.3f}" for ms in derived.sector_times_ms) or NOTHING
    state = Text(f" sectors {sectors}   ").append(
        derived.lap_state.replace("_", " "), style="green" if derived.is_lap_valid else "yellow"
    )
    if derived.predicted_lap_ms is not None:
        state.append(f"   predicted {_time(derived.predicted_lap_ms)}")
    fuel = f" fuel {physics.fuel:.1f} L"
    if derived.fuel_per_lap is not None and derived.fuel_laps_left is not None:
        fuel += f", {derived.fuel_per_lap:.2f} L a lap, {derived.fuel_laps_left:.1f} laps left"
    rest = Text(fuel + f"   damage {derived.damage_level:.0f}")
    for said, on in (
        (f"   OFF TRACK: {derived.off_track}", derived.off_track not in (None, "none")),
        ("   WRONG WAY", derived.wrong_way),
        ("   STUCK", derived.stuck),
        ("   in the pit lane", derived.in_pit_lane),
    ):
        if on:
            rest.append(said, style="bold yellow")
    return [lap, state, rest]


def _event(event: Event) -> Text:
    words = [event.kind.replace("_", " ")]
    if event.lap_time_ms is not None:
        words.append(_time(event.lap_time_ms))
    if event.sector is not None and event.sector_time_ms is not None:
        words.append(f"{event.sector}: {event.sector_time_ms / 1000:.3f}")
    if event.valid is not None:
        words.append("valid" if event.valid else "invalid")
    words += [word for word in (event.reason, event.zone, event.session, event.after, event.text) if word]
    if event.duration_s is not None:
        words.append(f"{event.duration_s:.1f} s")
    lap = f"lap {event.lap}" if event.lap is not None else ""
    return Text(f" {lap:<8} {' · '.join(words)}", style="dim")


def _bar(share: float, style: str, width: int) -> Text:
    filled = round(max(0.0, min(1.0, share)) * width) if share == share else 0  # noqa: PLR0124  nan is not itself
    return Text("█" * filled, style=style).append("░" * (width - filled), style="dim")


def _degrees(radians: float | None) -> str:
    return f"{NOTHING:>6} " if radians is None else f"{radians * 57.29578:+6.1f}°"


def _time(milliseconds: int) -> str:
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes}:{rest / 1000:06.3f}"


def _text(sim_time: str) -> str:
    """Return a time of the sim as people write it: with a point before the thousandths."""
    minutes, _, thousandths = sim_time.rpartition(":")
    return f"{minutes}.{thousandths}"


class Terminal:
    """Shows the view on the second screen of a terminal; the first screen comes back when it ends."""

    def __init__(self, source: FrameSource, console: Console | None = None) -> None:
        self._source = source
        self._watch = DaemonWatch(source)
        self._view = View(source.endpoint, os.environ.get(NOTE, ""))
        self._status: Status | None = None
        self._due = 0.0
        self._live = Live(
            draw(self._view),
            console=console,
            screen=True,
            auto_refresh=False,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._live.start()

    def tick(self, tick: TickFrames) -> None:
        """Keep a tick, and draw if the last drawing is a tenth of a second old."""
        self._view.lost += sum(tick.lost.values())
        self._view.tick = tick
        self._redraw()

    def other(self, frame: Frame[Any]) -> None:
        """Keep the daemon's status, the car and track, who drives, and the last events."""
        record = frame.record
        if isinstance(record, Status):
            self._status = record
        elif isinstance(record, Static):
            self._view.static = record
        elif isinstance(record, Controls):
            self._view.controls = summary(record)
        elif isinstance(record, Event):
            self._view.events.append(record)

    def idle(self) -> None:
        """Draw that no frames come."""
        self._redraw()

    def close(self) -> None:
        """Restore the terminal."""
        self._live.stop()

    def _redraw(self) -> None:
        now = time.perf_counter()
        if now < self._due:
            return
        self._due = now + 1 / REDRAWS_PER_S
        view = self._view
        view.silence = self._watch.silence
        view.status = self._status if self._watch.alive else None
        view.trust = self._source.trust(Physics)
        self._live.update(draw(view, self._live.console.width), refresh=True)
