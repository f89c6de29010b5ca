"""The command line: one command for each request, and those that have a module of their own."""

import sys
import time
from typing import Any

import click

from acbridge import SimState, Status
from acbridge.cli import Connection, ExitCode, exit_codes, fail, report
from acbridge.controls import Controls, summary
from acbridge.derived import parse_thresholds
from acbridge.errors import suggest
from acbridge.json_lines import to_json
from acbridge.requests import check_mark, check_rate, check_thresholds
from acbridge.topics import BY_NAME
from acbridge_ctl.options import Commands, connected, daemon_options, json_option, timeout_option

FLOWING = tuple(state for state in SimState if state.flows)
"""States of the sim in which its frames are published."""

ELSEWHERE = {
    "calibrate": "acbridge_ctl.calibrate.command",
    "doctor": "acbridge_ctl.doctor.command",
    "drive": "acbridge_ctl.drive.command",
    "keygen": "acbridge_ctl.keygen",
    "proton-stubs": "acbridge_ctl.proton_stubs",
    "service": "acbridge_ctl.service",
    "track": "acbridge_ctl.track.command",
    "watch": "acbridge_ctl.watch",
}
"""Commands with a module of their own."""

EPILOG = f"""\b
Examples:
  acbridge-ctl status
  acbridge-ctl doctor                              why does nothing arrive?
  acbridge-ctl latest physics --field speedKmh
  acbridge-ctl mark "understeer in turn 3"
  acbridge-ctl watch --json --connect 192.168.1.20
  acbridge-ctl drive                               with the keyboard
  acbridge-ctl track learn lap.jsonl               the map of a track

{exit_codes(*ExitCode)}

\b
Completion in bash (or zsh_source, fish_source):
  eval "$(_ACBRIDGE_CTL_COMPLETE=bash_source acbridge-ctl)"
"""


@click.group(cls=Commands, elsewhere=ELSEWHERE, epilog=EPILOG, context_settings={"max_content_width": 100})
@click.version_option(package_name="acbridge")
def main() -> None:
    """
    Query and control an acbridge daemon, and find out why no frames arrive.

    Every command that sends a request takes --connect, or ACBRIDGE_CONNECT from the environment. Replies go to stdout,
    everything else to stderr.
    """
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="backslashreplace")  # a pipe on Windows may not encode every letter of a mark


@main.command(epilog="\b\nExamples:\n  acbridge-ctl status\n  acbridge-ctl status --json | jq .sim_state")
@json_option
@timeout_option
@daemon_options
def status(connection: Connection, timeout: float, *, as_json: bool) -> None:
    """
    Print the status of the daemon and of the sim.

    A sim that does not run is not a failure; a daemon that does not answer is (exit code 69).
    """
    with connected(connection) as bridge:
        hello = bridge.request("hello", timeout=timeout)
        now = bridge.status(timeout=timeout)
        controls = None if now.controls_backend == "none" else bridge.request("latest", timeout=timeout)
    if as_json:
        click.echo(to_json({"run": hello["run"], "wire": hello["wire"], **vars(now)}))
        return
    lines = describe(now, f"{bridge.endpoint}, run {hello['run']}")
    frame = None if controls is None else controls["frames"].get(Controls.topic)
    driven = None if frame is None else summary(Controls.adopt(frame))
    if driven is not None:
        by = "" if now.controls_calibration is None else f"; commands corrected by {now.controls_calibration[:23]}"
        lines.append((Controls.topic, driven + by))
    for name, text in lines:
        click.echo(f"{name:<9} {text}")


def describe(now: Status, where: str) -> list[tuple[str, str]]:
    """Return the lines of a status as pairs of name and text; `where` is the daemon's address."""
    kept = "not known yet" if now.rate_kept is None else f"{now.rate_kept:.2f} Hz kept"
    since = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(now.sim_state_since))
    flows = "" if now.sim_state in FLOWING else "; no frames of the sim are published"
    pages = "the sim's shared memory" if now.source == "live" else f"the stand-in (--source {now.source})"
    lines = [
        ("daemon", f"{now.version} at {where}, up {duration(now.uptime_s)}"),
        ("rate", f"{now.rate:g} Hz requested, {kept}; {now.ticks} ticks, {now.missed_ticks} missed"),
        ("sim", f"{now.sim_state} since {since}{flows}"),
        (
            "pages",
            f"from {pages}; reread {now.reread_pages}, torn {now.torn_ticks}, sim sessions {now.sim_sessions}",
        ),
        ("frames", f"{now.published_ticks} ticks published"),
        ("requests", f"{now.requests} answered, {now.refused_requests} of them refused"),
    ]
    if now.sim_detail is not None:
        lines.insert(3, ("", now.sim_detail))
    return lines


def duration(seconds: float) -> str:
    """Return a duration in its two largest units."""
    minutes, hours, days = int(seconds // 60), int(seconds // 3600), int(seconds // 86400)
    if days:
        return f"{days} d {hours % 24} h"
    if hours:
        return f"{hours} h {minutes % 60} min"
    return f"{minutes} min {seconds % 60:.0f} s" if minutes else f"{seconds:.1f} s"


@main.command(
    epilog="\b\nExamples:\n  acbridge-ctl latest\n  acbridge-ctl latest physics --field speedKmh --field gear"
)
@click.argument("topic", type=click.Choice(tuple(BY_NAME)), required=False)
@click.option("--field", "fields", multiple=True, metavar="NAME", help="Print only this field; repeatable.")
@timeout_option
@daemon_options
def latest(connection: Connection, timeout: float, topic: str | None, fields: tuple[str, ...]) -> None:
    """
    Print the newest frame of TOPIC as JSON, or of every topic.

    The frames of a session are printed only while it runs. The header's timestamp is the time when the pages were
    sampled.
    """
    with connected(connection) as bridge:
        frames: dict[str, dict[str, Any]] = bridge.request("latest", timeout=timeout)["frames"]
        if topic is not None and topic not in frames:
            state = bridge.status(timeout=timeout).sim_state
            fail(f"nothing is published on {topic} now; the sim is {state}", ExitCode.FAILED)
    if topic is not None:
        frames = {topic: frames[topic]}
    names = {name for frame in frames.values() for name in frame}
    missing = [name for name in fields if name not in names]
    if missing:
        raise click.UsageError(f"no frame has {', '.join(missing)}; {suggest(missing, sorted(names))}")
    if fields:
        frames = {name: {field: frame[field] for field in fields if field in frame} for name, frame in frames.items()}
    click.echo(to_json(frames if topic is None else frames[topic]))


@main.command(epilog="\b\nExamples:\n  acbridge-ctl schema\n  acbridge-ctl schema event | python -m json.tool")
@click.argument("topic", type=click.Choice(tuple(BY_NAME)), required=False)
@timeout_option
@daemon_options
def schema(connection: Connection, timeout: float, topic: str | None) -> None:
    """Print the JSON Schema of TOPIC as the daemon publishes it, or of every topic."""
    with connected(connection) as bridge:
        topics = bridge.request("schema", timeout=timeout)["topics"]
    if topic is not None and topic not in topics:
        fail(f"this daemon has no topic {topic}; it has {', '.join(topics)}", ExitCode.FAILED)
    click.echo(to_json(topics if topic is None else topics[topic]))


@main.command(epilog="\b\nExample:\n  acbridge-ctl thresholds --json | jq .stuck_s.value")
@json_option
@timeout_option
@daemon_options
def thresholds(connection: Connection, timeout: float, *, as_json: bool) -> None:
    """List the detection thresholds: each with its current value, unit, range and meaning."""
    with connected(connection) as bridge:
        listed: dict[str, dict[str, Any]] = bridge.request("thresholds", timeout=timeout)["thresholds"]
    if as_json:
        click.echo(to_json(listed))
        return
    for name, threshold in listed.items():
        limits = f"{threshold['low']:g} to {threshold['high']:g}"
        click.echo(f"{name:<24} {threshold['value']:>8g} {threshold['unit']:<6} {limits:<16} {threshold['meaning']}")


@main.command("set-threshold", epilog="\b\nExample:\n  acbridge-ctl set-threshold stuck_s=5 spin_angle=1")
@click.argument("words", nargs=-1, required=True, metavar="NAME=VALUE...")
@timeout_option
@daemon_options
def set_threshold(connection: Connection, timeout: float, words: tuple[str, ...]) -> None:
    """
    Set detection thresholds until the daemon ends.

    Sets all of them or, if one is wrong, none. The thresholds command lists names and ranges. The daemon publishes an
    event of kind thresholds_changed.
    """
    try:
        wanted = check_thresholds(parse_thresholds(words))
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    with connected(connection) as bridge:
        now = bridge.request("set_thresholds", timeout=timeout, thresholds=wanted)["thresholds"]
    for name in wanted:
        click.echo(f"{name} {now[name]:g}")


@main.command("set-rate", epilog="\b\nExample:\n  acbridge-ctl set-rate 30")
@click.argument("rate", type=float, metavar="HZ")
@timeout_option
@daemon_options
def set_rate(connection: Connection, timeout: float, rate: float) -> None:
    """Set the rate to HZ ticks per second, 1 to 1000, until the daemon ends."""
    try:
        check_rate(rate)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    with connected(connection) as bridge:
        click.echo(f"{bridge.request('set_rate', timeout=timeout, rate=rate)['rate']:g} Hz")


@main.command(epilog='\b\nExample:\n  acbridge-ctl mark "understeer in turn 3"')
@click.argument("text")
@timeout_option
@daemon_options
def mark(connection: Connection, timeout: float, text: str) -> None:
    """
    Mark this moment in the telemetry.

    The daemon publishes an event of kind mark with TEXT, 1 to 200 printable characters, and the car's position.
    """
    try:
        check_mark(text)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    with connected(connection) as bridge:
        event = bridge.request("mark", timeout=timeout, text=text)
    click.echo(f"marked at tick {event['tick']}")


@main.command(
    "reload-keys", epilog="\b\nExample:\n  acbridge-ctl reload-keys --key me.key_secret --server-key server.key"
)
@timeout_option
@daemon_options
def reload_keys(connection: Connection, timeout: float) -> None:
    """
    Make the daemon read its client keys again; a client whose key was removed is disconnected.

    Prints the clients that may connect, with their roles. Exit code 1 if a key file cannot be used; its holder cannot
    connect.
    """
    with connected(connection) as bridge:
        reply = bridge.request("reload_keys", timeout=timeout)
    for name, role in reply["clients"].items():
        click.echo(f"{name:<32} {role}")
    for problem in reply["problems"]:
        report(problem)
    if reply["problems"]:
        sys.exit(ExitCode.FAILED)


@main.command(epilog="\b\nExample:\n  acbridge-ctl shutdown")
@timeout_option
@daemon_options
def shutdown(connection: Connection, timeout: float) -> None:
    """End the daemon; it must have been started with --allow-shutdown."""
    with connected(connection) as bridge:
        bridge.request("shutdown", timeout=timeout)
    click.echo("the daemon ends")
