"""
The command-line kit of all our programs: connection options, exit codes, failures of one line, stop signals.

The only file of the library that knows click; no other file of the library imports it, so ``import acbridge`` does not
load click. How a program starts is in its ``__main__.py``, which imports nothing heavy before it can be interrupted.
"""

import functools
import math
import os
import signal
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple, NoReturn

import click

from acbridge.address import DEFAULT_HOST, DEFAULT_PORT, parse_address
from acbridge.errors import AcbridgeError, CurveMissing, KeyFileError
from acbridge.keys import Keys
from acbridge.plain_text import plain
from acbridge.recording.writing.rotation import Rotation


class ExitCode(IntEnum):
    """Exit codes of all our programs; the numbers are those of sysexits.h where it has one."""

    OK = 0
    FAILED = 1
    USAGE = 2
    DATA = 65
    UNAVAILABLE = 69
    IO = 74
    CONFIG = 78
    INTERRUPTED = 130
    """During its start the program is ended by the signal itself: a shell shows 130, Windows 0xC000013A."""

    @property
    def meaning(self) -> str:
        """What the code says, as ``--help`` and docs/guides/running.md print it."""
        return _MEANINGS[self].short

    @property
    def cases(self) -> str:
        """When programs end with it, for docs/guides/running.md; empty if the meaning says all."""
        return _MEANINGS[self].cases


class _Meaning(NamedTuple):
    short: str
    cases: str = ""


_MEANINGS = {
    ExitCode.OK: _Meaning(
        "done, or ended as requested",
        "by Ctrl-C, the key q, SIGTERM, a closed terminal (a daemon with keys reads its keys again instead), a "
        "request, a limit or a script",
    ),
    ExitCode.FAILED: _Meaning(
        "failed, or refused by the daemon",
        "a sink received something that is not an acbridge frame; the daemon refused a request; the doctor found a "
        "FAIL",
    ),
    ExitCode.USAGE: _Meaning(
        "an option or argument is wrong", "an option cannot work, and the message says what would"
    ),
    ExitCode.DATA: _Meaning(
        "a file does not hold what it should",
        "the file to write is not a recording of ours, or one of another layout; the file to play is not a recording; "
        "a file shows no track, or not the one that was driven",
    ),
    ExitCode.UNAVAILABLE: _Meaning(
        "no daemon answers, or an address or page is in use",
        "the port is taken, or the address is not this machine's; another sim already writes the pages; no daemon "
        "answers `acbridge-ctl`, or a sink heard no daemon within its `--duration`, or for seconds before Ctrl-C",
    ),
    ExitCode.IO: _Meaning(
        "a file cannot be read or written",
        "this holds for the pages too, and for a disk without room for ticks of a recording",
    ),
    ExitCode.CONFIG: _Meaning("keys cannot be used, or an extra is not installed"),
    ExitCode.INTERRUPTED: _Meaning(
        "interrupted before a clean end was possible, or a second time",
        "by Ctrl-C while the program started or `acbridge-ctl` waited for a reply (the signal itself ends it, and the "
        "shell shows 130), or by a second Ctrl-C; before its first line runs, Python itself may print a traceback",
    ),
}


def exit_codes(*codes: ExitCode) -> str:
    """Return the lines of ``--help`` that explain these exit codes."""
    return "\n".join(["\b", "Exit codes:", *(f"  {code.value:<4} {code.meaning}" for code in codes)])


def report(text: str) -> None:
    """Print one line of plain text on stderr that begins with the name of the program."""
    click.echo(f"{click.get_current_context().find_root().info_name}: {plain(text)}", err=True)


def fail(text: str, code: ExitCode) -> NoReturn:
    """End the program with one line on stderr and an exit code."""
    report(text)
    sys.exit(code)


class FiniteRange(click.FloatRange):
    """A range of numbers in which neither nan nor inf is; they would pass every comparison with its ends."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the number that a text has; one that is not finite is a usage error."""
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value} is not a finite number", param, ctx)
        return number


class Connection(NamedTuple):
    """
    Where the daemon is and which keys to use.

    Attributes:
        host: Address of the daemon's machine.
        port: Port of the frames; requests go to the next one.
        keys: Our key and the daemon's; ``None`` for a daemon without keys.
    """

    host: str
    port: int
    keys: Keys | None


_KEY_FILE = click.Path(dir_okay=False, path_type=Path)


def connection_options(purpose: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """
    Return a decorator that adds --connect, --key and --server-key; the command takes them as ``connection``.

    Args:
        purpose: The help of --connect: what the program does with this daemon.
    """
    options = (
        click.option(
            "--connect",
            "address",
            metavar="HOST[:PORT]",
            callback=_to_address,
            default=f"{DEFAULT_HOST}:{DEFAULT_PORT}",
            show_default=True,
            envvar="ACBRIDGE_CONNECT",
            show_envvar=True,
            help=purpose,
        ),
        click.option(
            "--key",
            type=_KEY_FILE,
            envvar="ACBRIDGE_KEY",
            help="Our own NAME.key_secret, if the daemon has keys (docs/guides/security.md).",
        ),
        click.option(
            "--server-key",
            type=_KEY_FILE,
            envvar="ACBRIDGE_SERVER_KEY",
            help="The daemon's server.key, if it has keys.",
        ),
    )

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(command)
        def with_connection(
            *, address: tuple[str, int], key: Path | None, server_key: Path | None, **values: Any
        ) -> Any:
            return command(connection=Connection(*address, _load_keys(key, server_key)), **values)

        decorated: Callable[..., Any] = with_connection
        for option in reversed(options):
            decorated = option(decorated)
        return decorated

    return decorate


def topic_prefix_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --topic-prefix; the command takes it as ``topic_prefix``."""
    return click.option(
        "--topic-prefix",
        default="",
        envvar="ACBRIDGE_TOPIC_PREFIX",
        help="The daemon's --topic-prefix, if it has one.",
    )(command)


def rotation_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --rotate-size, --rotate-time and --rotate-laps, taken as ``rotation``, and --min-free."""

    @functools.wraps(command)
    def with_rotation(
        *, rotate_size: float | None, rotate_time: float | None, rotate_laps: int | None, **values: Any
    ) -> Any:
        return command(rotation=Rotation(rotate_size, rotate_time, rotate_laps), **values)

    above_0 = FiniteRange(min=0, min_open=True)
    options = (
        click.option("--rotate-size", type=above_0, metavar="MB", help="Begin a new file after so many."),
        click.option("--rotate-time", type=above_0, metavar="MINUTES", help="Begin a new file after so many."),
        click.option(
            "--rotate-laps", type=click.IntRange(min=1), metavar="N", help="Begin a new file after so many laps."
        ),
        click.option(
            "--min-free",
            type=FiniteRange(min=0),
            default=512,
            show_default=True,
            metavar="MB",
            help="Write nothing while less than this is free on the disk.",
        ),
    )
    decorated: Callable[..., Any] = with_rotation
    for option in reversed(options):
        decorated = option(decorated)
    return decorated


def recording_target(path: str, rotation: Rotation) -> tuple[Path, bool]:
    """
    Return where a recording goes, and whether that is a directory: it exists, or PATH ends in /. Makes nothing.

    Raises:
        click.UsageError: It is a file, which cannot be rotated.
    """
    target = Path(path)
    directory = path.endswith(("/", os.sep)) or target.is_dir()
    if rotation.wanted and not directory:
        raise click.UsageError(f"--rotate-... needs a directory, such as {path.strip('-') or 'drives'}/")
    return target, directory


def _to_address(_context: click.Context, _option: click.Parameter, text: str) -> tuple[str, int]:
    try:
        return parse_address(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


def _load_keys(key: Path | None, server_key: Path | None) -> Keys | None:
    try:
        return Keys.load_pair(key, server_key)
    except (KeyFileError, CurveMissing) as error:
        fail(str(error), ExitCode.CONFIG)
    except ValueError as error:
        raise click.UsageError(str(error)) from error


@contextmanager
def needs_extra(extra: str, feature: str) -> Generator[None]:
    """
    Import optional packages inside; a missing one ends the program with one line that says what to install.

    Args:
        extra: The extra of this distribution that installs them, such as ``ws``.
        feature: What needs them, as the user wrote it, such as ``--metrics``.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("acbridge"):
            raise  # a fault of ours, which no extra mends
        package = error.name.partition(".")[0].replace("_", "-")
        fail(f"{feature} needs {package}: pip install 'acbridge[{extra}]'", ExitCode.CONFIG)


@contextmanager
def writing_stdout() -> Generator[None]:
    """End the program with one line if stdout cannot be written, and in silence if its reader has left."""
    try:
        yield
    except AcbridgeError:  # some are timeouts, which Python counts among the OSErrors
        raise
    except OSError as error:
        # Python flushes stdout once more at exit: give it a place to flush to.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):
            sys.exit(ExitCode.OK)
        fail(f"cannot write: {error.strerror or error}", ExitCode.IO)


WANTED_FILES = 8192
"""Open files that hundreds of peers may take."""


def raise_file_limit() -> int | None:
    """Allow this process as many open files as it may have, up to 8192; return the limit, ``None`` on Windows."""
    if sys.platform == "win32":
        return None
    import resource  # noqa: PLC0415  exists elsewhere only

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = WANTED_FILES if hard == resource.RLIM_INFINITY else min(hard, WANTED_FILES)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        return wanted
    return soft


STOP_SIGNALS = [signal.SIGINT, signal.SIGTERM]
"""The signals that request an end: Ctrl-C, a supervisor, Ctrl-Break on Windows, a closed terminal."""
if sys.platform == "win32":
    STOP_SIGNALS.append(signal.SIGBREAK)
elif signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # under nohup a program outlives its terminal
    STOP_SIGNALS.append(signal.SIGHUP)


SAME_REQUEST_S = 0.2
"""
Signals that come within this time are one request: timeout(1) sends its signal twice, and so do shell and kernel when a
terminal closes. A person needs longer for a second Ctrl-C.
"""


def on_stop_signal(stop: Callable[[], None]) -> None:
    """
    Call a function at the first stop signal; end the process at once, with exit code 130, at the second.

    Call this in the main thread, before the program has anything to leave half done.

    Args:
        stop: Runs inside the signal handler; should only set a flag.
    """
    first_at: float | None = None

    def receive(_number: int, _frame: FrameType | None) -> None:
        nonlocal first_at
        if first_at is None:
            first_at = time.perf_counter()
            stop()
        elif time.perf_counter() - first_at > SAME_REQUEST_S:
            os._exit(ExitCode.INTERRUPTED)

    for number in STOP_SIGNALS:
        signal.signal(number, receive)


def stop_requested() -> Callable[[], bool]:
    """
    Return a function that returns whether a stop signal has come.

    Call this in the main thread, before the program has anything to leave half done. The second signal ends the process
    at once, with exit code 130.
    """
    requested = False

    def request() -> None:
        nonlocal requested
        requested = True

    on_stop_signal(request)
    return lambda: requested
