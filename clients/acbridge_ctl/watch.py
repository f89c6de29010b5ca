"""Follow what the daemon says of itself and of the sim, and what happens in the sim: one line each."""

import json
import time
from collections.abc import Callable
from typing import Any

import click

from acbridge import Bridge, Event, Frame, NoFrame, Status
from acbridge.json_lines import to_json
from acbridge.signals import asked_to_end
from acbridge_ctl.asking import EX_UNAVAILABLE, Where, as_json, asking, connection, fail

LOOK_S = 0.1
"""How often to look whether it is time to end."""
SILENCE_S = 1.5
"""A daemon that says nothing for so long is called missing: it sends its status every second."""


@click.command(epilog="\b\nExamples:\n  acbridge-ctl watch\n  acbridge-ctl watch --json --duration 60 > minute.jsonl")
@as_json
@click.option("--count", type=click.IntRange(min=1), help="End after so many lines.")
@click.option("--duration", type=click.FloatRange(min=0, min_open=True), help="End after so many seconds.")
@click.option(
    "--topic-prefix", default="", envvar="ACBRIDGE_TOPIC_PREFIX", help="The daemon's --topic-prefix, if it has one."
)
@connection
def watch(where: Where, topic_prefix: str, count: int | None, duration: float | None, *, as_json: bool) -> None:
    """
    Print a line for every status, which comes each second, and for every event.

    May be started before the daemon and outlives it. Ctrl-C ends it; with a limit, exit code 69 if no daemon was heard.
    """
    asked = asked_to_end()
    end = None if duration is None else time.perf_counter() + duration

    def over() -> bool:
        return asked() or (end is not None and time.perf_counter() >= end)

    with asking(where, topic_prefix) as bridge:
        lines = follow(bridge, one_json if as_json else one_line, count, over)
    if not lines and not asked():
        fail(f"no daemon was heard at {bridge.endpoint}; start acbridge-daemon or check host and port", EX_UNAVAILABLE)


def follow(
    bridge: Bridge, write: Callable[[Frame[Status | Event]], str], count: int | None, over: Callable[[], bool]
) -> int:
    """Print every frame until it is over or so many were printed, and return how many that were."""
    lines, heard, told = 0, time.perf_counter(), False
    with bridge.frames(Event, Status, timeout=LOOK_S) as frames:
        while not over() and (count is None or lines < count):
            try:
                frame = next(frames)
            except NoFrame:
                if not told and time.perf_counter() - heard > SILENCE_S:
                    told = True
                    click.echo(f"acbridge-ctl: no daemon answers at {bridge.endpoint}; waiting for one", err=True)
                continue
            heard, told = time.perf_counter(), False
            click.echo(write(frame))
            lines += 1
    return lines


def one_json(frame: Frame[Status | Event]) -> str:
    """Return a frame as one JSON object."""
    header = {name: getattr(frame, name) for name in ("topic", "run", "tick", "seq", "timestamp", "mono_ns", "lost")}
    return to_json({**header, **vars(frame.record)}).decode()


def one_line(frame: Frame[Status | Event]) -> str:
    """Return a frame as a line for people."""
    seconds, thousandths = divmod(round(frame.timestamp * 1000), 1000)
    when = time.strftime("%H:%M:%S", time.localtime(seconds))
    record = frame.record
    said = _event(record) if isinstance(record, Event) else _status(record)
    lost = f"  lost {frame.lost}" if frame.lost else ""
    return f"{when}.{thousandths:03d}  {frame.topic:<6}  {said}{lost}"


def _status(status: Status) -> str:
    kept = "?" if status.rate_kept is None else f"{status.rate_kept:.2f}"
    said = f"{status.sim_state}  {kept} of {status.rate:g} Hz  missed {status.missed_ticks}  torn {status.torn_ticks}"
    return said if status.sim_detail is None else f"{said}  {status.sim_detail}"


def _event(event: Event) -> str:
    details = {name: value for name, value in vars(event).items() if value is not None and name != "kind"}
    return "  ".join([event.kind, *(f"{name}={_short(value)}" for name, value in details.items())])


def _short(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else json.dumps(value, ensure_ascii=False)
