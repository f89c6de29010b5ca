"""The options of the sinks, in groups: where frames come from, when to end, what to select."""

import functools
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import click
from click.core import ParameterSource

from acbridge import AcbridgeError, DecodeError, MissingExtra, UnknownName, connect
from acbridge.cli import (
    Connection,
    ExitCode,
    FiniteRange,
    connection_options,
    fail,
    topic_prefix_option,
    writing_stdout,
)
from acbridge.frame_source import FrameSource
from acbridge.recording import Recording
from acbridge.schema import Record
from acbridge.selection import Selection
from acbridge.topics import BY_NAME
from acbridge_sink.pump import Limits

Command = Callable[..., Any]


class SourceOptions(NamedTuple):
    """
    Where frames come from.

    Attributes:
        connection: The daemon.
        topic_prefix: The daemon's topic prefix.
        recording: The recording to play in place of a daemon; ``None`` for the daemon.
        speed: Recorded seconds per second; ``None`` for as fast as the sink takes them.
        loop: Whether the recording begins again at its end.
    """

    connection: Connection
    topic_prefix: str
    recording: Path | None
    speed: float | None
    loop: bool

    @contextmanager
    def open(self) -> Generator[FrameSource]:
        """Open the daemon's bridge or the recording; an error of either ends the program with one line."""
        try:
            if self.recording is not None:
                yield open_recording(self.recording, self.speed, loop=self.loop)
                return
            host, port, keys = self.connection
            with connect(host, port, topic_prefix=self.topic_prefix, keys=keys) as bridge:
                yield bridge
        except DecodeError as error:
            fail(str(error), ExitCode.FAILED if self.recording is None else ExitCode.DATA)
        except AcbridgeError as error:
            fail(str(error), ExitCode.CONFIG if isinstance(error, MissingExtra) else ExitCode.FAILED)
        except ValueError as error:  # ZeroMQ does not accept the address
            raise click.UsageError(str(error)) from error


def open_recording(path: Path, speed: float | None, *, loop: bool) -> Recording:
    """Open a recording; a file that cannot be read ends the program with one line."""
    try:
        return Recording(path, speed=speed, loop=loop)
    except OSError as error:
        if isinstance(error, AcbridgeError):
            raise
        fail(f"cannot read {error.filename or path}: {error.strerror}", ExitCode.IO)


def source_options(*, paced: bool) -> Callable[[Command], Command]:
    """
    Return a decorator that adds the options about where frames come from; the command takes them as ``source``.

    Args:
        paced: Whether a recording is played at the pace at which it was recorded, with --speed and --loop.
    """
    options = [
        click.option(
            "--from",
            "recording",
            type=click.Path(path_type=Path),
            metavar="PATH",
            help="Play a recording in place of a daemon: a file (.jsonl, .gz, .zst) or a directory of them.",
        )
    ]
    if paced:
        options += [
            click.option(
                "--speed",
                type=FiniteRange(min=0, min_open=True),
                metavar="FACTOR",
                help="With --from: play so many times as fast as it was recorded.  [default: 1]",
            ),
            click.option("--loop", is_flag=True, help="With --from: begin again at the end of the recording."),
        ]

    def decorate(command: Command) -> Command:
        @functools.wraps(command)
        def with_source(
            *,
            connection: Connection,
            topic_prefix: str,
            recording: Path | None,
            speed: float | None = None,
            loop: bool = False,
            **values: Any,
        ) -> Any:
            if recording is None and (speed is not None or loop):
                raise click.UsageError("--speed and --loop play a recording: add --from PATH")
            given = click.get_current_context().get_parameter_source("address")
            if recording is not None and given is ParameterSource.COMMANDLINE:
                raise click.UsageError("frames come from a daemon or a recording: give --connect or --from")
            pace = (1.0 if speed is None else speed) if paced else None
            return command(source=SourceOptions(connection, topic_prefix, recording, pace, loop), **values)

        decorated: Command = with_source
        for option in reversed(options):
            decorated = option(decorated)
        return connection_options("The daemon to subscribe to.")(topic_prefix_option(decorated))

    return decorate


def duration_option(command: Command) -> Command:
    """Add --duration; the command takes it as ``duration``."""
    return click.option(
        "--duration",
        type=FiniteRange(min=0, min_open=True),
        metavar="SECONDS",
        help="End after so many seconds.",
    )(command)


def limit_options(command: Command) -> Command:
    """Add --count and --duration; the command takes them as ``limits``."""

    @functools.wraps(command)
    def with_limits(*, count: int | None, duration: float | None, **values: Any) -> Any:
        return command(limits=Limits(count, duration), **values)

    count = click.option("--count", type=click.IntRange(min=1), metavar="TICKS", help="End after so many ticks.")
    return count(duration_option(with_limits))


def selection_options(default: tuple[type[Record], ...]) -> Callable[[Command], Command]:
    """
    Return a decorator that adds --topic, --field and --max-rate; the command takes them as ``selection``.

    Args:
        default: The records to select without --topic.
    """

    def decorate(command: Command) -> Command:
        @functools.wraps(command)
        def with_selection(
            *, topic: tuple[str, ...], field: tuple[str, ...], max_rate: float | None, **values: Any
        ) -> Any:
            try:
                selection = Selection.of(topic or None, field, default=default, max_rate=max_rate)
            except UnknownName as error:
                raise click.UsageError(str(error)) from error
            return command(selection=selection, **values)

        options = (
            click.option(
                "--topic",
                type=click.Choice(list(BY_NAME)),
                multiple=True,
                help="Select this topic only; may be repeated.",
            ),
            click.option(
                "--field",
                metavar="NAME",
                multiple=True,
                help="Select this field only, such as speedKmh; may be repeated. "
                "A topic that --topic names and that has none of the fields stays whole.",
            ),
            click.option(
                "--max-rate",
                type=FiniteRange(min=0, min_open=True),
                metavar="HZ",
                help="Take at most so many ticks per second; those left out are no gaps.",
            ),
        )
        decorated: Command = with_selection
        for option in reversed(options):
            decorated = option(decorated)
        return decorated

    return decorate


@contextmanager
def open_source(options: SourceOptions) -> Generator[FrameSource]:
    """Open the source for as long as a sink runs; what goes wrong ends the program with one line."""
    with writing_stdout(), options.open() as source:
        yield source
