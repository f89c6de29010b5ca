"""The demo: a daemon with the stand-in, a relay with its dashboard and a console, each a process as in real use."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from typing import IO, Any

import click

from acbridge.cli import STOP_SIGNALS, ExitCode, FiniteRange, report, stop_requested
from acbridge.quit_key import quit_key
from acbridge_sim import CARS, car_named

POLL_S = 0.1
STOP_S = 3.0
"""A process that takes longer to end is killed."""
ENDED = (
    ExitCode.OK,
    ExitCode.INTERRUPTED,
    *(-number for number in STOP_SIGNALS),
    *((3, 0xC000013A) if sys.platform == "win32" else ()),
)
"""
Exit codes of programs that ended on request; the negative ones (on Windows 3 and STATUS_CONTROL_C_EXIT) are those of
programs that received the signal while they started.
"""

OWN_GROUP: dict[str, Any] = (
    {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP} if sys.platform == "win32" else {"process_group": 0}
)
"""A process group of its own: a Ctrl-C on the terminal reaches only the demo, which then ends its programs in order."""

Process = subprocess.Popen[str]


@click.command()
@click.option("--rate", type=FiniteRange(1, 1000), default=60.0, show_default=True, help="Ticks per second.")
@click.option("--duration", type=FiniteRange(min=0, min_open=True), help="End after so many seconds.")
@click.option("--car", default=next(iter(CARS)), show_default=True, help=f"One of {', '.join(CARS)}.")
@click.version_option(package_name="acbridge")
def main(rate: float, duration: float | None, car: str) -> None:
    """
    Show live telemetry without the game.

    Starts a daemon with the stand-in simulator on a free port, a relay that serves the dashboard for a browser (needs
    the extra ws), and a console that shows what the daemon publishes. Ctrl-C ends all of them, as does the key q.
    """
    try:
        car_named(car)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--car") from error
    stopping = stop_requested()
    running: dict[str, Process] = {}
    try:
        with quit_key():
            code = run(running, rate, car, [] if duration is None else ["--duration", f"{duration:g}"], stopping)
    finally:
        ended = end(running)
    sys.exit(ended if stopping() else code)


def run(running: dict[str, Process], rate: float, car: str, limit: list[str], stopping: Callable[[], bool]) -> int:
    """Start the programs, wait until the first ends, and return the exit code of the demo."""
    daemon = running["daemon"] = start(
        "acbridge_daemon", "--source", "sim", "--car", car, "--rate", f"{rate:g}", "--port", "0"
    )
    address = frames_address(daemon)
    if address is None:
        return 1
    click.echo(f"The daemon publishes on {address}. In another terminal: acbridge-sink console --connect {address}")
    relay = start("acbridge_sink", "ws", "--connect", address, "--port", "0")
    running["relay"] = relay
    dashboard = dashboard_address(relay)
    if dashboard is None:
        end({"relay": running.pop("relay")})
    else:
        click.echo(f"open {dashboard}/ in a browser")
    # The live view of the console covers the lines above until it ends, so it shows the dashboard's address itself.
    note = {} if dashboard is None else {"ACBRIDGE_CONSOLE_NOTE": f"open {dashboard}/ in a browser"}
    running["console"] = start("acbridge_sink", "console", "--connect", address, *limit, shown=True, env=note)
    return watch(running, stopping)


def start(module: str, *arguments: str, shown: bool = False, env: Mapping[str, str] | None = None) -> Process:
    """
    Start one of our programs.

    Args:
        module: The program.
        arguments: Its command line.
        shown: Whether its log goes to the terminal.
        env: Environment variables that the demo sets for it.
    """
    return subprocess.Popen(  # noqa: S603  our own program
        [sys.executable, "-m", "acbridge_demo.child", module, *arguments],
        stdin=subprocess.PIPE,  # closed when the demo ends, which ends the program
        stderr=None if shown else subprocess.PIPE,
        text=True,
        env={**plain_environment(), **(env or {})},
        **OWN_GROUP,
    )


def frames_address(daemon: Process) -> str | None:
    """Return host and port from the daemon's log; without one, print the log and return ``None``."""
    stderr = log_of(daemon)
    lines: list[str] = []
    for line in stderr:  # a warning may come first
        lines.append(line)
        try:
            address: str = json.loads(line)["frames"].removeprefix("tcp://")
        except (ValueError, KeyError, TypeError):
            continue
        discard(stderr)
        return address
    click.echo("".join(lines), err=True, nl=False)
    report("the daemon did not start")
    return None


def dashboard_address(relay: Process) -> str | None:
    """Return the address of the dashboard; without one, print why and return ``None``."""
    stderr = log_of(relay)
    line = stderr.readline().strip()
    discard(stderr)
    before, found, address = line.partition("relay at ")
    if found and not before:
        return address
    if relay.wait(STOP_S) == ExitCode.CONFIG:
        line = "it needs websockets: pip install 'acbridge[ws]'"
    click.echo(f"No page for the browser, only the console; {line}", err=True)
    return None


def log_of(process: Process) -> IO[str]:
    """Return the stream of a program's log."""
    assert process.stderr is not None  # noqa: S101  it was asked for
    return process.stderr


def discard(stream: IO[str]) -> None:
    """Read and discard the rest of a stream in a thread: a full pipe would block the program."""

    def read() -> None:
        with stream:
            for _ in stream:
                pass

    threading.Thread(target=read, daemon=True).start()


def watch(running: dict[str, Process], stopping: Callable[[], bool]) -> int:
    """
    Wait until a program ends or the demo is to end; return the exit code.

    Only the console may end by itself; if another program does, the demo fails.
    """
    while not stopping():
        for name, process in running.items():
            code = process.poll()
            if code is None:
                continue
            time.sleep(POLL_S)
            if not stopping() and (name != "console" or code < 0):
                report(f"the {name} was ended ({code}), so all end")
                return ExitCode.FAILED
            return code
        time.sleep(POLL_S)
    return 0


def plain_environment() -> dict[str, str]:
    """Return the environment without ACBRIDGE_ variables: the demo alone sets the options of its programs."""
    return {name: value for name, value in os.environ.items() if not name.startswith("ACBRIDGE_")}


def end(running: dict[str, Process]) -> int:
    """End all programs, killing those that do not end in time; return 0 if all ended on request."""
    for process in running.values():
        if process.stdin is not None:
            process.stdin.close()  # ends the program, on every system
    deadline = time.monotonic() + STOP_S
    codes: list[int] = []
    for process in running.values():
        try:
            codes.append(process.wait(max(0.0, deadline - time.monotonic())))
        except subprocess.TimeoutExpired:
            process.kill()
            codes.append(process.wait())
    return int(any(code not in ENDED for code in codes))
