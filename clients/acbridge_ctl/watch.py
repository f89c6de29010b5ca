"""The ``watch`` command: a line for every status and every event."""

import json
import time
from collections.abc import Callable
from typing import Any

import click

from acbridge import Bridge, Event, Frame, NoFrame, Status
from acbridge.cli import Connection, ExitCode, FiniteRange, fail, report, stop_requested, topic_prefix_option
from acbridge.json_lines import to_json
from acbridge.topics import BY_NAME
from acbridge_ctl.options import connected, daemon_options, json_option

POLL_S = 0.1
"""How often the command checks whether it must end."""
SILENCE_S = BY_NAME[Status.topic].stale_after
"""A daemon without a status for so long is reported as silent."""

EPILOG = """\b
Examples:
  acbridge-ctl watch
  acbridge-ctl watch --json --duration 60 > minute.jsonl
"""


@click.command(epilog=EPILOG)
@json_option
@click.option("--count", type=click.IntRange(min=1), help="End after so many lines.")
@click.option("--duration", type=FiniteRange(min=0, min_open=True), help="End after so many seconds.")
@topic_prefix_option
@daemon_options
def watch(
    connection: Connection, topic_prefix: str, count: int | None, duration: float | None, *, as_json: bool
) -> None:
    """
    Print a line for every status, which comes each second, and for every event.

    Can be started before the daemon, and continues when the daemon restarts. Ctrl-C ends it. Exit code 69 if no daemon
    was heard.
    """
    requested = stop_requested()
    begun = time.perf_counter()
    end = None if duration is None else begun + duration

    def over() -> bool:
        return requested() or (end is not None and time.perf_counter() >= end)

    with connected(connection, topic_prefix) as bridge:
        lines = print_frames(bridge, json_line if as_json else text_line, count, over)
    if not lines and not (requested() and time.perf_counter() - begun < SILENCE_S):
        fail(
            f"no daemon was heard at {bridge.endpoint}; start acbridge-daemon or check host and port",
            ExitCode.UNAVAILABLE,
        )


def print_frames(
    bridge: Bridge, format_line: Callable[[Frame[Status | Event]], str], count: int | None, over: Callable[[], bool]
) -> int:
    """Print a line for each frame until `over` returns true or `count` lines are printed; return their number."""
    lines, heard, reported = 0, time.perf_counter(), False
    with bridge.frames(Event, Status, timeout=POLL_S) as frames:
        while not over() and (count is None or lines < count):
            try:
                frame = next(frames)
            except NoFrame:
                if not reported and time.perf_counter() - heard > SILENCE_S:
                    reported = True
                    silence = bridge.why_silent()
                    absent = f"no daemon answers at {bridge.endpoint}"
                    report(f"{absent if silence.absent else silence}; waiting for one")
                continue
            heard, reported = time.perf_counter(), False
            click.echo(format_line(frame))
            lines += 1
    return lines


def json_line(frame: Frame[Status | Event]) -> str:
    """Return a frame as one JSON object."""
    header = {name: getattr(frame, name) for name in ("topic", "run", "tick", "seq", "timestamp", "mono_ns", "lost")}
    return to_json({**header, **vars(frame.record)}).decode()


def text_line(frame: Frame[Status | Event]) -> str:
    """Return a frame as a line for people."""
    seconds, thousandths = divmod(round(frame.timestamp * 1000), 1000)
    when = time.strftime("%H:%M:%S", time.localtime(seconds))
    record = frame.record
    text = _event_text(record) if isinstance(record, Event) else _status_text(record)
    lost = f"  lost {frame.lost}" if frame.lost else ""
    return f"{when}.{thousandths:03d}  {frame.topic:<6}  {text}{lost}"


def _status_text(status: Status) -> str:
    kept = "?" if status.rate_kept is None else f"{status.rate_kept:.2f}"
    text = f"{status.sim_state}  {kept} of {status.rate:g} Hz  missed {status.missed_ticks}  torn {status.torn_ticks}"
    return text if status.sim_detail is None else f"{text}  {status.sim_detail}"


def _event_text(event: Event) -> str:
    details = {name: value for name, value in vars(event).items() if value is not None and name != "kind"}
    return "  ".join([event.kind, *(f"{name}={_short(value)}" for name, value in details.items())])


def _short(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else json.dumps(value, ensure_ascii=False)
