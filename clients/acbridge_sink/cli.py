"""The command line of the sinks."""

import functools
import os
import sys
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from acbridge import AcbridgeError, Bridge, CurveMissing, KeyFileError, Keys, connect
from acbridge.address import parse_address
from acbridge.signals import asked_to_end
from acbridge_sink.console import Console
from acbridge_sink.jsonl import Jsonl
from acbridge_sink.pump import Limits, pump

if TYPE_CHECKING:
    from acbridge_sink.terminal import Terminal

EX_UNAVAILABLE = 69
"""The exit code for a port that is taken, or an address that is not this machine's."""
EX_IO = 74
"""The exit code for a file that cannot be written."""
EX_CONFIG = 78
"""The exit code for keys that cannot be used, or an extra that is not installed."""


class Address(click.ParamType[tuple[str, int]]):
    """``HOST`` or ``HOST:PORT``; an IPv6 address goes in brackets."""

    name = "host[:port]"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, int]:
        """Split the text, or fail with what was expected."""
        try:
            return parse_address(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


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
KEY = click.option(
    "--key",
    type=click.Path(dir_okay=False, path_type=Path),
    envvar="ACBRIDGE_KEY",
    help="Our own NAME.key_secret, if the daemon has keys (docs/security.md).",
)
SERVER_KEY = click.option(
    "--server-key",
    type=click.Path(dir_okay=False, path_type=Path),
    envvar="ACBRIDGE_SERVER_KEY",
    help="The daemon's server.key, if it has keys.",
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
    return with_keys(command)


def with_keys(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say who we are; the command takes them as ``keys``."""

    @KEY
    @SERVER_KEY
    @functools.wraps(command)
    def wrapped(key: Path | None, server_key: Path | None, **values: Any) -> Any:
        return command(keys=load_keys(key, server_key), **values)

    return wrapped


def load_keys(key: Path | None, server_key: Path | None) -> Keys | None:
    """Read the keys if the user gave any; what is wrong with them ends us with one line."""
    try:
        return Keys.load_pair(key, server_key)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    except (KeyFileError, CurveMissing) as error:
        click.echo(f"acbridge-sink: {error}", err=True)
        sys.exit(EX_CONFIG)


EPILOG = """\b
Examples:
  acbridge-sink console
  acbridge-sink console --connect 192.168.1.20
  acbridge-sink console --connect 192.168.1.20 --key me.key_secret --server-key server.key
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
def console(
    address: tuple[str, int], topic_prefix: str, keys: Keys | None, count: int | None, duration: float | None
) -> None:
    """
    Show the car live; print ten lines a second if stdout is no terminal.

    The live view needs the extra "console" and a terminal of 80 columns and 24 rows.
    """
    asked = asked_to_end()
    with subscribed(address, topic_prefix, keys) as bridge:
        try:
            with closing(open_console(bridge)) as view:
                pump(bridge, view, Limits(count, duration), asked)
        except BrokenPipeError:
            # Whoever read our lines has had enough. Python flushes stdout once more at exit: give it a place to go.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@main.command()
@click.argument("path", type=click.Path(dir_okay=False, path_type=Path))
@common
def jsonl(
    path: Path,
    address: tuple[str, int],
    topic_prefix: str,
    keys: Keys | None,
    count: int | None,
    duration: float | None,
) -> None:
    """
    Record every tick as a line of JSON in PATH.

    The first line is a header with units, car and track; what went missing is a line too. A file that is there is
    continued. What was written survives a kill of the sink.
    """
    asked = asked_to_end()
    with subscribed(address, topic_prefix, keys) as bridge:
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


def open_console(bridge: Bridge) -> "Console | Terminal":
    """Return the live view on a terminal that can show it, else plain lines."""
    if not sys.stdout.isatty():
        return Console(bridge)
    try:
        from acbridge_sink.terminal import Terminal  # noqa: PLC0415  needs the extra
    except ModuleNotFoundError:
        click.echo(
            "acbridge-sink: the live view needs rich: pip install 'acbridge[console]'; plain lines until then", err=True
        )
        return Console(bridge)
    return Terminal(bridge)


@main.command()
@with_keys
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
    keys: Keys | None,
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
    with subscribed(address, topic_prefix, keys) as bridge:
        try:
            run(bridge, settings, asked)
        except CannotListen as error:
            click.echo(f"acbridge-sink: {error}", err=True)
            sys.exit(EX_UNAVAILABLE)


@contextmanager
def subscribed(address: tuple[str, int], topic_prefix: str, keys: Keys | None) -> Generator[Bridge]:
    """Connect for as long as a sink runs; what acbridge has to complain of ends it with one line."""
    with connect(*address, topic_prefix=topic_prefix, keys=keys) as bridge:
        try:
            yield bridge
        except AcbridgeError as error:
            click.echo(f"acbridge-sink: {error}", err=True)
            sys.exit(1)
        except ValueError as error:  # ZeroMQ does not take the address
            raise click.UsageError(str(error)) from error


def open_recording(bridge: Bridge, path: Path) -> Jsonl:
    """Open the file or end with one line."""
    try:
        return Jsonl(bridge, path)
    except OSError as error:
        click.echo(f"acbridge-sink: cannot open {path}: {error.strerror}", err=True)
        sys.exit(EX_IO)
