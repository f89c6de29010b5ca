"""The command line of the sinks."""

import os
import re
import sys
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import click

from acbridge import AcbridgeError, Bridge, connect
from acbridge.signals import asked_to_end
from acbridge_sink.console import Console
from acbridge_sink.jsonl import Jsonl
from acbridge_sink.pump import Limits, pump

EX_UNAVAILABLE = 69
"""The exit code for a port that is taken, or an address that is not this machine's."""
EX_CONFIG = 78
"""The exit code for an extra that is not installed."""
EX_IO = 74
"""The exit code for a file that cannot be written."""


_ADDRESS = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<host>[\w.-]+))(?::(?P<port>\d{1,5}))?")


class Address(click.ParamType[tuple[str, int]]):
    """``HOST`` or ``HOST:PORT``; an IPv6 address goes in brackets."""

    name = "host[:port]"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, int]:
        """Split the text, or fail with what was expected."""
        found = _ADDRESS.fullmatch(str(value))
        port = int(found["port"] or "5555") if found else 0
        if found is None or not 1 <= port < 65535:  # noqa: PLR2004  requests use the next one
            self.fail(f"{value!r} is not HOST or HOST:PORT, such as 192.168.1.20:5555 or [::1]:5555", param, ctx)
        return found["host"] or found["v6"], port


CONNECT = click.option(
    "--connect",
    "address",
    type=Address(),
    default="127.0.0.1:5555",
    show_default=True,
    envvar="ACBRIDGE_CONNECT",
    help="The daemon to subscribe to.",
)
TOPIC_PREFIX = click.option(
    "--topic-prefix", default="", envvar="ACBRIDGE_TOPIC_PREFIX", help="The daemon's --topic-prefix, if it has one."
)
DURATION = click.option("--duration", type=click.FloatRange(min=0, min_open=True), help="End after so many seconds.")


def common(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that every sink takes."""
    options = (
        CONNECT,
        TOPIC_PREFIX,
        click.option("--count", type=click.IntRange(min=1), help="End after so many ticks."),
        DURATION,
    )
    for option in reversed(options):
        command = option(command)
    return command


EPILOG = """\b
Examples:
  acbridge-sink console
  acbridge-sink console --connect 192.168.1.20
  acbridge-sink jsonl evening.jsonl --duration 600
  acbridge-sink ws --port 8765
"""


@click.group(epilog=EPILOG)
@click.version_option(package_name="acbridge")
def main() -> None:
    """
    Subscribe to an acbridge daemon and carry its frames elsewhere.

    A sink may be started before the daemon and outlives it. Ctrl-C ends it cleanly.
    """


@main.command()
@common
def console(address: tuple[str, int], topic_prefix: str, count: int | None, duration: float | None) -> None:
    """Print a readable line ten times a second."""
    asked = asked_to_end()
    with subscribed(address, topic_prefix) as bridge:
        try:
            pump(bridge, Console(bridge), Limits(count, duration), asked)
        except BrokenPipeError:
            # Whoever read our lines has had enough. Python flushes stdout once more at exit: give it a place to go.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@main.command()
@click.argument("path", type=click.Path(dir_okay=False, path_type=Path))
@common
def jsonl(path: Path, address: tuple[str, int], topic_prefix: str, count: int | None, duration: float | None) -> None:
    """
    Record every tick as a line of JSON in PATH.

    The first line is a header with units, car and track; what went missing is a line too. A file that is there is
    continued. What was written survives a kill of the sink.
    """
    asked = asked_to_end()
    with subscribed(address, topic_prefix) as bridge:
        recording = open_recording(bridge, path)
        try:
            with closing(recording):
                pump(bridge, recording, Limits(count, duration), asked)
        except OSError as error:
            click.echo(
                f"acbridge-sink: cannot write {path}: {error.strerror}; what was written before is whole", err=True
            )
            sys.exit(EX_IO)
    click.echo(f"{path}: {recording.ticks} ticks written, {recording.lost} frames lost", err=True)


@main.command()
@CONNECT
@TOPIC_PREFIX
@DURATION
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help="Port to listen on; 0 for a free one.  [default: 8765; none with --dial]",
)
@click.option(
    "--token",
    envvar="ACBRIDGE_WS_TOKEN",
    help="What clients must give, at least 16 characters; needed where other machines can reach the port.",
)
@click.option("--max-clients", type=click.IntRange(1, 1000), default=64, show_default=True, help="More are refused.")
@click.option("--dial", metavar="URL", help="Push to a server at ws://... or wss://... instead of waiting for clients.")
def ws(
    address: tuple[str, int],
    topic_prefix: str,
    duration: float | None,
    host: str,
    port: int | None,
    token: str | None,
    max_clients: int,
    dial: str | None,
) -> None:
    """
    Relay frames over WebSocket, with a page to look at.

    A client that is slow gets the newest frames and is told how many it missed. docs/websocket.md is the protocol.
    """
    asked = asked_to_end()
    try:
        from acbridge_sink.ws.program import BadSettings, CannotListen, Settings, run  # noqa: PLC0415  needs the extra
    except ModuleNotFoundError as error:
        if error.name != "websockets":
            raise
        click.echo("acbridge-sink: ws needs websockets: pip install 'acbridge[ws]'", err=True)
        sys.exit(EX_CONFIG)
    try:
        settings = Settings(host=host, port=port, token=token, max_clients=max_clients, dial=dial, duration=duration)
    except BadSettings as error:
        raise click.UsageError(str(error)) from error
    with subscribed(address, topic_prefix) as bridge:
        try:
            run(bridge, settings, asked)
        except CannotListen as error:
            click.echo(f"acbridge-sink: {error}", err=True)
            sys.exit(EX_UNAVAILABLE)


@contextmanager
def subscribed(address: tuple[str, int], topic_prefix: str) -> Generator[Bridge]:
    """Connect for as long as a sink runs; what acbridge has to complain of ends it with one line."""
    with connect(*address, topic_prefix=topic_prefix) as bridge:
        try:
            yield bridge
        except AcbridgeError as error:
            click.echo(f"acbridge-sink: {error}", err=True)
            sys.exit(1)


def open_recording(bridge: Bridge, path: Path) -> Jsonl:
    """Open the file or end with one line."""
    try:
        return Jsonl(bridge, path)
    except OSError as error:
        click.echo(f"acbridge-sink: cannot open {path}: {error.strerror}", err=True)
        sys.exit(EX_IO)
