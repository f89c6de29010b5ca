"""The demo: a daemon with the stand-in and a console that shows it, as two processes like in earnest."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import click

from acbridge.signals import asked_to_end

LOOK_S = 0.1
STOP_S = 3.0
"""How long a process may take to end before it is killed."""


@click.command()
@click.option("--rate", type=click.FloatRange(1, 1000), default=60.0, show_default=True, help="Ticks per second.")
@click.option("--duration", type=click.FloatRange(min=0, min_open=True), help="End after so many seconds.")
@click.version_option(package_name="acbridge")
def main(rate: float, duration: float | None) -> None:
    """
    Show live telemetry without the game.

    Starts a daemon with the stand-in simulator on a free port and a console sink that prints what it publishes. Ctrl-C
    ends both.
    """
    asked = asked_to_end()
    daemon = subprocess.Popen(  # noqa: S603  our own program
        [sys.executable, "-m", "acbridge_daemon", "--source", "sim", "--rate", f"{rate:g}", "--port", "0"],
        stderr=subprocess.PIPE,
        text=True,
        env=plain_environment(),
    )
    try:
        address = frames_address(daemon)
        click.echo(f"The daemon publishes on {address}. In another terminal: acbridge-sink console --connect {address}")
        limit = [] if duration is None else ["--duration", f"{duration:g}"]
        sys.exit(show(["console", "--connect", address, *limit], asked))
    finally:
        end(daemon)


def frames_address(daemon: "subprocess.Popen[str]") -> str:
    """Return host and port from the daemon's first log line."""
    assert daemon.stderr is not None  # noqa: S101  it was asked for
    line = daemon.stderr.readline()
    try:
        return json.loads(line)["frames"].removeprefix("tcp://")
    except (ValueError, KeyError):
        click.echo(line + daemon.stderr.read(), err=True)
        raise click.ClickException("the daemon did not start") from None


def show(arguments: list[str], asked: Callable[[], bool]) -> int:
    """Run a sink until it ends or somebody asks; a Ctrl-C on the terminal reaches it too."""
    sink = subprocess.Popen([sys.executable, "-m", "acbridge_sink", *arguments], env=plain_environment())  # noqa: S603  our own program
    while not asked():
        try:
            return sink.wait(LOOK_S)
        except subprocess.TimeoutExpired:
            continue
    return end(sink)


def plain_environment() -> dict[str, str]:
    """Return the environment without our own settings: the demo decides what its programs do."""
    return {name: value for name, value in os.environ.items() if not name.startswith("ACBRIDGE_")}


def end(process: "subprocess.Popen[Any]") -> int:
    """End a process, by force if it does not listen, and return 0 if it ended as it was told."""
    process.terminate()
    try:
        code = process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()
    return 0 if code == -signal.SIGTERM else code
