"""The command line of the sinks."""

import os
import shutil
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from acbridge import Event, MissingExtra, Static
from acbridge.cli import (
    ExitCode,
    exit_codes,
    fail,
    needs_extra,
    raise_file_limit,
    recording_target,
    report,
    rotation_options,
    stop_requested,
)
from acbridge.frame_source import FrameSource
from acbridge.quit_key import quit_key
from acbridge.selection import Selection
from acbridge.topics import TICK_RECORDS
from acbridge_sink.console import Console
from acbridge_sink.daemon_watch import DaemonWatch
from acbridge_sink.jsonl import Jsonl, NotARecording, Options, Rotation, named
from acbridge_sink.options import (
    SourceOptions,
    duration_option,
    limit_options,
    open_source,
    selection_options,
    source_options,
)
from acbridge_sink.pump import Limits, pump

if TYPE_CHECKING:
    from acbridge_sink.terminal import Terminal

PLAIN_TERMINALS = ("dumb", "unknown")
"""What TERM is in a terminal that cannot be drawn on."""

EPILOG = f"""\b
Examples:
  acbridge-sink console
  acbridge-sink console --connect 192.168.1.20
  acbridge-sink console --connect 192.168.1.20 --key me.key_secret --server-key server.key
  acbridge-sink console --from evening.jsonl --speed 4
  acbridge-sink jsonl evening.jsonl --duration 600
  acbridge-sink jsonl laps/ --rotate-laps 1 --compress gzip
  acbridge-sink jsonl - --topic physics --field speedKmh --max-rate 10
  acbridge-sink jsonl speed.jsonl --from evening.jsonl --layout frame --field speedKmh
  acbridge-sink ws --port 8765
  acbridge-sink ws --from evening.jsonl --loop

{exit_codes(*(code for code in ExitCode if code is not ExitCode.USAGE))}
"""


@click.group(epilog=EPILOG)
@click.version_option(package_name="acbridge")
def main() -> None:
    """
    Carry the frames of an acbridge daemon, or of a recording, elsewhere.

    A sink may be started before the daemon, and goes on when the daemon ends. Ctrl-C ends a sink cleanly.
    """


@main.command()
@source_options(paced=True)
@limit_options
def console(source: SourceOptions, limits: Limits) -> None:
    """
    Show the car live; print ten lines a second if stdout is no terminal.

    The live view needs the extra "console" and a terminal; 80 columns and 24 rows show all of it. The key q ends it, as
    Ctrl-C does.
    """
    stopping = stop_requested()
    with open_source(source) as frames:
        watch = DaemonWatch(frames)
        with closing(open_console(frames)) as view, quit_key():
            heard = pump(frames, view, limits, stopping, Selection.of(None))
        report_silence(watch, heard=heard, asked=stopping())


@main.command()
@click.argument("path")
@source_options(paced=False)
@selection_options((*TICK_RECORDS, Static, Event))
@limit_options
@click.option(
    "--layout",
    type=click.Choice(["tick", "frame"]),
    default="tick",
    show_default=True,
    help="Write a line per tick with an object per topic, or a flat line per frame.",
)
@click.option("--compress", type=click.Choice(["gzip", "zstd"]), help="Compress; names then end in .gz or .zst.")
@rotation_options
@click.option("--quiet", is_flag=True, help="Report problems only.")
def jsonl(
    path: str,
    source: SourceOptions,
    selection: Selection,
    limits: Limits,
    layout: str,
    compress: str | None,
    rotation: Rotation,
    min_free: float,
    quiet: bool,
) -> None:
    """
    Record every tick as a line of JSON in PATH.

    The first line is a header with units, car and track; events and gaps are lines too. A file that exists is
    continued. In a directory (one that exists, or a PATH that ends in /) files are named by time, track, car and
    session. PATH - is stdout. Lines that were written survive a kill of the sink.

    With --from a recording is written again, as fast as it can be read: with other topics, fields, layout, compression
    or files.
    """
    target = to_target(path, compress, rotation)
    if rotation.laps and Event not in selection.records:
        raise click.UsageError("--rotate-laps counts laps by events: add --topic event")
    options = Options(layout, compress, rotation, min_free, quiet, waits=source.recording is not None)
    stopping = stop_requested()
    with open_source(source) as frames:
        watch = DaemonWatch(frames)
        recording = open_target(frames, target, selection, options)
        with closing(recording):
            heard = pump(frames, recording, limits, lambda: stopping() or recording.broken_pipe, selection)
        sum_up(recording, str(target or path))
        report_silence(watch, heard=heard, asked=stopping())


def to_target(path: str, compress: str | None, rotation: Rotation) -> Path | None:
    """Return the file by its whole name, or the directory, which then exists; ``None`` for stdout."""
    if path == "-" and not rotation.wanted:
        if sys.stdout is None:
            fail("cannot write: stdout is closed", ExitCode.IO)
        return None
    target, directory = recording_target(path, rotation)
    if not directory:
        return named(target, compress)
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        fail(f"cannot make {path}: {error.strerror}", ExitCode.IO)
    return target


def open_target(source: FrameSource, target: Path | None, selection: Selection, options: Options) -> Jsonl:
    """Open the file, or end with one line."""
    try:
        return Jsonl(source, target, selection, options)
    except MissingExtra as error:
        fail(str(error), ExitCode.CONFIG)
    except NotARecording as error:
        fail(str(error), ExitCode.DATA)
    except OSError as error:
        fail(f"cannot open {target}: {error.strerror}", ExitCode.IO)


def sum_up(recording: Jsonl, place: str) -> None:
    """Print what was recorded; end with an I/O error if ticks were not written."""
    recording.progress.sum_up(f"{place}: {recording.ticks} ticks written, {recording.lost} frames lost")
    if recording.unwritten and not recording.broken_pipe:
        recording.progress.report(
            f"{recording.unwritten} ticks were not written to {place} ({recording.problem}); what was written is whole"
        )
        sys.exit(ExitCode.IO)


def report_silence(watch: DaemonWatch, *, heard: bool, asked: bool) -> None:
    """
    End with an error if no daemon was heard, not even its status: a script must notice.

    Args:
        watch: Watches the daemon since the start of the sink.
        heard: Whether any frame came.
        asked: Whether the sink was asked to end. In its first seconds no daemon has had time to be heard.
    """
    if not heard and not watch.ever_heard and (watch.silent or not asked):
        fail(f"no daemon was heard at {watch.endpoint}", ExitCode.UNAVAILABLE)


def open_console(source: FrameSource) -> "Console | Terminal":
    """Return the live view on a terminal that can show it, else plain lines."""
    if sys.stdout is None:
        fail("cannot write: stdout is closed", ExitCode.IO)
    if not sys.stdout.isatty():
        return Console(source)
    if os.environ.get("TERM") in PLAIN_TERMINALS:
        return Console(source, columns=shutil.get_terminal_size().columns)
    try:
        from acbridge_sink.terminal import Terminal  # noqa: PLC0415  needs the extra
    except ModuleNotFoundError:
        report("the live view needs rich: pip install 'acbridge[console]'; plain lines until then")
        return Console(source, columns=shutil.get_terminal_size().columns)
    return Terminal(source)


@main.command()
@source_options(paced=True)
@duration_option
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help="Port to listen on; 0 for a free one.  [default: 8765; none with --dial]",
)
@click.option(
    "--token",
    envvar="ACBRIDGE_WS_TOKEN",
    help="The token that clients must give, at least 16 characters; needed where other machines can reach the port.",
)
@click.option(
    "--max-clients", type=click.IntRange(1, 1000), default=64, show_default=True, help="Refuse clients beyond this."
)
@click.option("--dial", metavar="URL", help="Push to a server at ws://... or wss://... instead of waiting for clients.")
def ws(
    source: SourceOptions,
    duration: float | None,
    host: str,
    port: int | None,
    token: str | None,
    max_clients: int,
    dial: str | None,
) -> None:
    """
    Relay frames over WebSocket, and serve the dashboard.

    Clients choose topics, fields and rate themselves. A slow client gets the newest frames and the number of frames
    that it missed. docs/reference/websocket.md describes the protocol.
    """
    stopping = stop_requested()
    with needs_extra("ws", "ws"):
        from acbridge_sink.ws.program import BadSettings, CannotListen, Settings, run  # noqa: PLC0415  needs the extra
    try:
        settings = Settings(host=host, port=port, token=token, max_clients=max_clients, dial=dial, duration=duration)
    except BadSettings as error:
        raise click.UsageError(str(error)) from error
    raise_file_limit()
    with open_source(source) as frames:
        watch = DaemonWatch(frames)
        try:
            run(frames, settings, stopping)
        except CannotListen as error:
            fail(str(error), ExitCode.UNAVAILABLE)
        report_silence(watch, heard=False, asked=stopping())
