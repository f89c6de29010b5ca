"""The command line: one command per request, and a few that look closer."""

import sys
import time
from typing import Any

import click

from acbridge import SimState, Status
from acbridge.derived import parse_thresholds
from acbridge.json_lines import to_json
from acbridge.requests import check_mark, check_rate, check_thresholds
from acbridge.topics import BY_NAME
from acbridge_ctl.asking import Commands, Where, as_json, asking, connection, fail, patience
from acbridge_ctl.doctor.command import doctor
from acbridge_ctl.keygen import keygen
from acbridge_ctl.proton_stubs import proton_stubs
from acbridge_ctl.service import service
from acbridge_ctl.watch import watch

FLOWING = tuple(state for state in SimState if state.flows)

EPILOG = """\b
Examples:
  acbridge-ctl status
  acbridge-ctl doctor                              why does nothing arrive?
  acbridge-ctl latest physics --field speedKmh
  acbridge-ctl mark "understeer in turn 3"
  acbridge-ctl watch --json --connect 192.168.1.20

\b
Exit codes: 0 done, 1 refused or failed, 2 a bad option, 69 no daemon answers, 74 a file cannot be written,
78 keys that cannot be used.
Completion for bash: eval "$(_ACBRIDGE_CTL_COMPLETE=bash_source acbridge-ctl)"; also for zsh and fish.
"""


@click.group(cls=Commands, epilog=EPILOG, context_settings={"max_content_width": 100})
@click.version_option(package_name="acbridge")
def main() -> None:
    """
    Look after an acbridge daemon: ask it, change it, find out what is missing.

    Every command that asks takes --connect, or ACBRIDGE_CONNECT from the environment. Answers go to stdout, the rest to
    stderr.
    """
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="backslashreplace")  # a pipe on Windows may not know every letter of a mark


@main.command(epilog="\b\nExamples:\n  acbridge-ctl status\n  acbridge-ctl status --json | jq .sim_state")
@as_json
@patience
@connection
def status(where: Where, timeout: float, *, as_json: bool) -> None:
    """
    Tell how the daemon and the sim are.

    A sim that does not run is no failure: only a daemon that does not answer is (exit code 69).
    """
    with asking(where) as bridge:
        hello = bridge.request("hello", timeout=timeout)
        found = bridge.status(timeout=timeout)
    if as_json:
        click.echo(to_json({"run": hello["run"], "wire": hello["wire"], **vars(found)}))
        return
    for name, text in describe(found, f"{bridge.endpoint}, run {hello['run']}"):
        click.echo(f"{name:<9} {text}")


def describe(found: Status, where: str) -> list[tuple[str, str]]:
    """Return the lines of a status, each as its name and its text."""
    kept = "not known yet" if found.rate_kept is None else f"{found.rate_kept:.2f} Hz kept"
    since = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(found.sim_state_since))
    flows = "" if found.sim_state in FLOWING else "; no frames of it flow"
    pages = "the sim's shared memory" if found.source == "live" else f"the stand-in (--source {found.source})"
    lines = [
        ("daemon", f"{found.version} at {where}, up {lasting(found.uptime_s)}"),
        ("rate", f"{found.rate:g} Hz asked, {kept}; {found.ticks} ticks, {found.missed_ticks} missed"),
        ("sim", f"{found.sim_state} since {since}{flows}"),
        (
            "pages",
            f"from {pages}; reread {found.reread_pages}, torn {found.torn_ticks}, sim sessions {found.sim_sessions}",
        ),
        ("frames", f"{found.published_ticks} ticks published"),
        ("requests", f"{found.requests} answered, {found.refused_requests} of them refused"),
    ]
    if found.sim_detail is not None:
        lines.insert(3, ("", found.sim_detail))
    return lines


def lasting(seconds: float) -> str:
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
@patience
@connection
def latest(where: Where, timeout: float, topic: str | None, fields: tuple[str, ...]) -> None:
    """
    Print the newest frame of TOPIC as JSON, or of every topic.

    It may be old: the header's timestamp tells when its pages were sampled.
    """
    with asking(where) as bridge:
        frames: dict[str, dict[str, Any]] = bridge.request("latest", timeout=timeout)["frames"]
        if topic is not None and topic not in frames:
            state = bridge.status(timeout=timeout).sim_state
            fail(f"nothing was published on {topic} yet; the sim is {state}", 1)
    if topic is not None:
        frames = {topic: frames[topic]}
    missing = [name for name in fields if not any(name in frame for frame in frames.values())]
    if missing:
        raise click.UsageError(f"no frame has {', '.join(missing)}; docs/reference/fields.md lists what each topic has")
    if fields:
        frames = {name: {field: frame[field] for field in fields if field in frame} for name, frame in frames.items()}
    click.echo(to_json(frames if topic is None else frames[topic]))


@main.command(epilog="\b\nExamples:\n  acbridge-ctl schema\n  acbridge-ctl schema event | python -m json.tool")
@click.argument("topic", type=click.Choice(tuple(BY_NAME)), required=False)
@patience
@connection
def schema(where: Where, timeout: float, topic: str | None) -> None:
    """Print the JSON Schema of TOPIC as the daemon publishes it, or of every topic."""
    with asking(where) as bridge:
        topics = bridge.request("schema", timeout=timeout)["topics"]
    if topic is not None and topic not in topics:
        fail(f"this daemon has no topic {topic}; it has {', '.join(topics)}", 1)
    click.echo(to_json(topics if topic is None else topics[topic]))


@main.command(epilog="\b\nExample:\n  acbridge-ctl thresholds --json | jq .stuck_s.value")
@as_json
@patience
@connection
def thresholds(where: Where, timeout: float, *, as_json: bool) -> None:
    """List what is counted as what: every threshold with its value in force and its range."""
    with asking(where) as bridge:
        rules: dict[str, dict[str, Any]] = bridge.request("thresholds", timeout=timeout)["thresholds"]
    if as_json:
        click.echo(to_json(rules))
        return
    for name, rule in rules.items():
        limits = f"{rule['low']:g} to {rule['high']:g}"
        click.echo(f"{name:<24} {rule['value']:>8g} {rule['unit']:<6} {limits:<16} {rule['meaning']}")


@main.command("set-threshold", epilog="\b\nExample:\n  acbridge-ctl set-threshold stuck_s=5 spin_angle=1")
@click.argument("words", nargs=-1, required=True, metavar="NAME=VALUE...")
@patience
@connection
def set_threshold(where: Where, timeout: float, words: tuple[str, ...]) -> None:
    """
    Change thresholds until the daemon ends.

    All of them or, if one is wrong, none. The thresholds command lists names and ranges. Subscribers are told by an
    event of kind thresholds_changed.
    """
    try:
        wanted = check_thresholds(parse_thresholds(words))
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    with asking(where) as bridge:
        now = bridge.request("set_thresholds", timeout=timeout, thresholds=wanted)["thresholds"]
    for name in wanted:
        click.echo(f"{name} {now[name]:g}")


@main.command("set-rate", epilog="\b\nExample:\n  acbridge-ctl set-rate 30")
@click.argument("rate", type=float, metavar="HZ")
@patience
@connection
def set_rate(where: Where, timeout: float, rate: float) -> None:
    """Change the rate to HZ ticks per second, 1 to 1000, until the daemon ends."""
    try:
        check_rate(rate)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    with asking(where) as bridge:
        click.echo(f"{bridge.request('set_rate', timeout=timeout, rate=rate)['rate']:g} Hz")


@main.command(epilog='\b\nExample:\n  acbridge-ctl mark "understeer in turn 3"')
@click.argument("text")
@patience
@connection
def mark(where: Where, timeout: float, text: str) -> None:
    """
    Mark this moment, so that it is found again.

    Publishes an event of kind mark with TEXT, 1 to 200 printable characters, and where the car is.
    """
    try:
        check_mark(text)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    with asking(where) as bridge:
        told = bridge.request("mark", timeout=timeout, text=text)
    click.echo(f"marked at tick {told['tick']}")


@main.command(
    "reload-keys", epilog="\b\nExample:\n  acbridge-ctl reload-keys --key me.key_secret --server-key server.key"
)
@patience
@connection
def reload_keys(where: Where, timeout: float) -> None:
    """
    Let the daemon read again who may connect; who no longer may is disconnected.

    Exit code 1 says that some keys cannot be used; their holders stay outside.
    """
    with asking(where) as bridge:
        found = bridge.request("reload_keys", timeout=timeout)
    for name, role in found["clients"].items():
        click.echo(f"{name:<32} {role}")
    for problem in found["problems"]:
        click.echo(f"acbridge-ctl: {problem}", err=True)
    if found["problems"]:
        sys.exit(1)


@main.command(epilog="\b\nExample:\n  acbridge-ctl shutdown")
@patience
@connection
def shutdown(where: Where, timeout: float) -> None:
    """End the daemon, if it was started with --allow-shutdown."""
    with asking(where) as bridge:
        bridge.request("shutdown", timeout=timeout)
    click.echo("the daemon ends")


for command in (watch, doctor, keygen, proton_stubs, service):
    main.add_command(command)
