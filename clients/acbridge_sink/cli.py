"""The command line of the sinks."""

import os
import sys
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from acbridge import AcbridgeError, Bridge, Event, MissingExtra, NoFrame, Static, Status, connect
from acbridge.selection import Selection
from acbridge.signals import asked_to_end
from acbridge.topics import TICK_RECORDS
from acbridge_sink.console import Console
from acbridge_sink.jsonl import Jsonl, NotARecording, Options, Rotation, named
from acbridge_sink.options import EX_CONFIG, Wanted, common, fail
from acbridge_sink.pump import pump

if TYPE_CHECKING:
    from acbridge_sink.terminal import Terminal

EX_UNAVAILABLE = 69
"""The exit code for a port that is taken, an address that is not this machine's, or a daemon that was never heard."""
EX_IO = 74
"""The exit code for a file that cannot be written, or not wholly."""

EPILOG = """\b
Examples:
  acbridge-sink console
  acbridge-sink console --connect 192.168.1.20
  acbridge-sink console --connect 192.168.1.20 --key me.key_secret --server-key server.key
  acbridge-sink jsonl evening.jsonl --duration 600
  acbridge-sink jsonl laps/ --rotate-laps 1 --compress gzip
  acbridge-sink jsonl - --topic physics --field speedKmh --max-rate 10
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
@click.option("--note", default="", hidden=True, help="A line below the live view; the demo's.")
def console(wanted: Wanted, note: str) -> None:
    """
    Show the car live; print ten lines a second if stdout is no terminal.

    The live view needs the extra "console" and a terminal of 80 columns and 24 rows.
    """
    if wanted.topics or wanted.fields:
        raise click.UsageError("console prints a line of its own making, without --topic and --field")
    asked = asked_to_end()
    with subscribed(wanted) as bridge:
        with closing(open_console(bridge, note)) as view:
            heard = pump(bridge, view, wanted.limits, asked, wanted.selection())
        complain_of_silence(bridge, heard=heard or asked() or wanted.limits.duration is None)


@main.command()
@click.argument("path")
@common
@click.option(
    "--layout",
    type=click.Choice(["tick", "frame"]),
    default="tick",
    show_default=True,
    help="A line per tick with an object per topic, or a flat line per frame.",
)
@click.option("--compress", type=click.Choice(["gzip", "zstd"]), help="Compress; names then end in .gz or .zst.")
@click.option(
    "--rotate-size", type=click.FloatRange(min=0, min_open=True), metavar="MB", help="Begin a new file after so many."
)
@click.option(
    "--rotate-time",
    type=click.FloatRange(min=0, min_open=True),
    metavar="MINUTES",
    help="Begin a new file after so many.",
)
@click.option("--rotate-laps", type=click.IntRange(min=1), metavar="N", help="Begin a new file after so many.")
@click.option(
    "--min-free",
    type=click.FloatRange(min=0),
    default=512,
    show_default=True,
    metavar="MB",
    help="Write nothing while less than this is free on the disk.",
)
@click.option("--quiet", is_flag=True, help="Tell nothing but trouble.")
def jsonl(
    wanted: Wanted,
    path: str,
    layout: str,
    compress: str | None,
    rotate_size: float | None,
    rotate_time: float | None,
    rotate_laps: int | None,
    min_free: float,
    quiet: bool,
) -> None:
    """
    Record every tick as a line of JSON in PATH.

    The first line is a header with units, car and track; events and what went missing are lines too. A file that is
    there is continued. In a directory (one that is there, or a PATH that ends in /) files are named by time, track, car
    and session. PATH - is stdout. What was written survives a kill of the sink.
    """
    selection = wanted.selection((*TICK_RECORDS, Static, Event))
    rotation = Rotation(rotate_size, rotate_time, rotate_laps)
    target = to_target(path, compress, rotation)
    if rotate_laps and Event not in selection.records:
        raise click.UsageError("--rotate-laps counts laps by events: add --topic event")
    options = Options(layout, compress, rotation, min_free, quiet)
    asked = asked_to_end()
    with subscribed(wanted) as bridge:
        recording = open_recording(bridge, target, selection, options)
        with closing(recording):
            heard = pump(bridge, recording, wanted.limits, lambda: asked() or recording.broken_pipe, selection)
        sum_up(recording, str(target or path))
        complain_of_silence(bridge, heard=heard or asked() or wanted.limits.duration is None)


def to_target(path: str, compress: str | None, rotation: Rotation) -> Path | None:
    """Return the file by its whole name, or the directory, which then exists; ``None`` for stdout."""
    if path == "-":
        target = None
    else:
        target = Path(path)
        if path.endswith(("/", os.sep)):
            try:
                target.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                fail(f"cannot make {path}: {error.strerror}", EX_IO)
    if rotation.wanted and not (target and target.is_dir()):
        raise click.UsageError(f"--rotate-... needs a directory, such as {path.strip('-') or 'drives'}/")
    return target if target is None or target.is_dir() else named(target, compress)


def open_recording(bridge: Bridge, target: Path | None, selection: Selection, options: Options) -> Jsonl:
    """Open the file or end with one line."""
    try:
        return Jsonl(bridge, target, selection, options)
    except (MissingExtra, NotARecording) as error:
        fail(str(error), EX_CONFIG)
    except OSError as error:
        fail(f"cannot open {target}: {error.strerror}", EX_IO)


def sum_up(recording: Jsonl, place: str) -> None:
    """Tell what was recorded; end with 74 if ticks found no place on the disk."""
    recording.progress.sum_up(f"{place}: {recording.ticks} ticks written, {recording.lost} frames lost")
    if recording.unwritten and not recording.broken_pipe:
        recording.progress.say(
            f"{recording.unwritten} ticks were not written to {place} ({recording.problem}); what was written is whole"
        )
        sys.exit(EX_IO)


def complain_of_silence(bridge: Bridge, *, heard: bool) -> None:
    """End with 69 if nothing was heard, not even what a daemon says of itself: a script must see it."""
    if heard:
        return
    try:
        bridge.latest(Status, timeout=0.0)
    except NoFrame:
        fail(f"no daemon was heard at {bridge.endpoint}", EX_UNAVAILABLE)


def open_console(bridge: Bridge, note: str) -> "Console | Terminal":
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
    return Terminal(bridge, note=note)


@main.command()
@common
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
    wanted: Wanted,
    host: str,
    port: int | None,
    token: str | None,
    max_clients: int,
    dial: str | None,
) -> None:
    """
    Relay frames over WebSocket, with a page to look at.

    A client that is slow gets the newest frames and is told how many it missed. The protocol is
    docs/reference/websocket.md.
    """
    if wanted.topics or wanted.fields or wanted.max_rate or wanted.limits.count:
        raise click.UsageError("ws leaves --topic, --field, --max-rate and --count to its clients")
    asked = asked_to_end()
    try:
        from acbridge_sink.ws.program import BadSettings, CannotListen, Settings, run  # noqa: PLC0415  needs the extra
    except ModuleNotFoundError as error:
        if error.name != "websockets":
            raise
        fail("ws needs websockets: pip install 'acbridge[ws]'", EX_CONFIG)
    try:
        settings = Settings(
            host=host, port=port, token=token, max_clients=max_clients, dial=dial, duration=wanted.limits.duration
        )
    except BadSettings as error:
        raise click.UsageError(str(error)) from error
    with subscribed(wanted) as bridge:
        try:
            run(bridge, settings, asked)
        except CannotListen as error:
            fail(str(error), EX_UNAVAILABLE)


@contextmanager
def subscribed(wanted: Wanted) -> Generator[Bridge]:
    """Connect for as long as a sink runs; what acbridge has to complain of ends it with one line."""
    with connect(*wanted.address, topic_prefix=wanted.topic_prefix, keys=wanted.keys) as bridge:
        try:
            yield bridge
        except BrokenPipeError:  # whoever read our lines has had enough
            leave_stdout()
        except OSError as error:
            leave_stdout()
            fail(f"cannot write: {error.strerror}", EX_IO)
        except AcbridgeError as error:
            fail(str(error), 1)
        except ValueError as error:  # ZeroMQ does not take the address
            raise click.UsageError(str(error)) from error


def leave_stdout() -> None:
    """Give Python, which flushes stdout once more at exit, a place to flush it to."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


for command, refused in ((console, ("topic", "field")), (ws, ("topic", "field", "max_rate", "count"))):
    for option in command.params:
        if isinstance(option, click.Option) and option.name in refused:
            option.hidden = True  # it is there to say why not
