"""The demo: a daemon with the stand-in, a page and a console that show it, as three processes like in earnest."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import IO

import click

from acbridge.signals import ENDING, asked_to_end

LOOK_S = 0.1
STOP_S = 3.0
"""How long a process may take to end before it is killed."""
EX_CONFIG = 78
"""What a sink ends with whose extra is not installed."""

ENDED = (0, 130, *(-number for number in ENDING), *((3, 0xC000013A) if sys.platform == "win32" else ()))
"""
Exit codes of programs that ended as they were told; 130 if the terminal told them before we did. On Windows, 3 and
STATUS_CONTROL_C_EXIT are those of programs that were told before they listened.
"""

Process = subprocess.Popen[str]


@click.command()
@click.option("--rate", type=click.FloatRange(1, 1000), default=60.0, show_default=True, help="Ticks per second.")
@click.option("--duration", type=click.FloatRange(min=0, min_open=True), help="End after so many seconds.")
@click.version_option(package_name="acbridge")
def main(rate: float, duration: float | None) -> None:
    """
    Show live telemetry without the game.

    Starts a daemon with the stand-in simulator on a free port, a relay that serves a page for the browser (needs the
    extra ws), and a console that prints what the daemon publishes. Ctrl-C ends all of them.
    """
    asked = asked_to_end()
    running: dict[str, Process] = {}
    try:
        code = perform(running, rate, [] if duration is None else ["--duration", f"{duration:g}"], asked)
    finally:
        ended = end(running)
    sys.exit(ended if asked() else code)


def perform(running: dict[str, Process], rate: float, limit: list[str], asked: Callable[[], bool]) -> int:
    """Start the programs, wait for the first that ends, and return its exit code."""
    daemon = running["daemon"] = start("acbridge_daemon", "--source", "sim", "--rate", f"{rate:g}", "--port", "0")
    address = frames_address(daemon)
    if address is None:
        return 1
    click.echo(f"The daemon publishes on {address}. In another terminal: acbridge-sink console --connect {address}")
    relay = start("acbridge_sink", "ws", "--connect", address, "--port", "0")
    running["relay"] = relay
    page = page_address(relay)
    if page is None:
        end({"relay": running.pop("relay")})
    else:
        click.echo(f"open {page}/ in a browser")
    note = [] if page is None else ["--note", f"open {page}/ in a browser"]  # the live view covers what was said
    running["console"] = start("acbridge_sink", "console", "--connect", address, *note, *limit, shown=True)
    return watch(running, asked)


def start(module: str, *arguments: str, shown: bool = False) -> Process:
    """Start a program of ours; what it logs is kept from the terminal unless it is the one to be `shown`."""
    return subprocess.Popen(  # noqa: S603  our own program
        [sys.executable, "-m", "acbridge_demo.child", module, *arguments],
        stdin=subprocess.PIPE,  # its end tells that we are gone
        stderr=None if shown else subprocess.PIPE,
        text=True,
        env=plain_environment(),
    )


def frames_address(daemon: Process) -> str | None:
    """Return host and port from the daemon's log, or say what it says instead and return ``None``."""
    stderr = logged(daemon)
    said: list[str] = []
    for line in stderr:  # a warning may come before
        said.append(line)
        try:
            address: str = json.loads(line)["frames"].removeprefix("tcp://")
        except (ValueError, KeyError, TypeError):
            continue
        read_away(stderr)
        return address
    click.echo(f"{''.join(said)}acbridge-demo: the daemon did not start", err=True)
    return None


def page_address(relay: Process) -> str | None:
    """Return the address of the page, or say in a line why there is none and return ``None``."""
    stderr = logged(relay)
    line = stderr.readline().strip()
    read_away(stderr)
    said, found, address = line.partition("relay at ")
    if found and not said:
        return address
    if relay.wait(STOP_S) == EX_CONFIG:
        line = "it needs websockets: pip install 'acbridge[ws]'"
    click.echo(f"No page for the browser, only the console; {line}", err=True)
    return None


def logged(process: Process) -> IO[str]:
    """Return what a program logs."""
    assert process.stderr is not None  # noqa: S101  it was asked for
    return process.stderr


def read_away(stream: IO[str]) -> None:
    """Take whatever else comes: a full pipe would hold the program up."""

    def read() -> None:
        with stream:
            for _ in stream:
                pass

    threading.Thread(target=read, daemon=True).start()


def watch(running: dict[str, Process], asked: Callable[[], bool]) -> int:
    """
    Wait until a program ends or somebody asks, and return the exit code.

    Only the console may end by itself. A Ctrl-C on the terminal reaches the programs too, so one may end before we
    have heard of it.
    """
    while not asked():
        for name, process in running.items():
            code = process.poll()
            if code is None:
                continue
            time.sleep(LOOK_S)
            if not asked() and (name != "console" or code < 0):
                click.echo(f"acbridge-demo: the {name} was ended ({code}), so all end", err=True)
                return 1
            return code
        time.sleep(LOOK_S)
    return 0


def plain_environment() -> dict[str, str]:
    """Return the environment without our own settings: the demo decides what its programs do."""
    return {name: value for name, value in os.environ.items() if not name.startswith("ACBRIDGE_")}


def end(running: dict[str, Process]) -> int:
    """End all programs, by force those that do not listen, and return 0 if all ended as they were told."""
    for process in running.values():
        if process.stdin is not None:
            process.stdin.close()  # which tells it, on every system
    deadline = time.monotonic() + STOP_S
    codes: list[int] = []
    for process in running.values():
        try:
            codes.append(process.wait(max(0.0, deadline - time.monotonic())))
        except subprocess.TimeoutExpired:
            process.kill()
            codes.append(process.wait())
    return int(any(code not in ENDED for code in codes))
