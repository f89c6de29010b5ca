"""What the commands share: options, the connection to the daemon, and how a failed request ends the program."""

import sys
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from acbridge import AcbridgeError, Bridge, NoReply, connect
from acbridge.cli import Connection, ExitCode, FiniteRange, connection_options, fail, writing_stdout
from acbridge.client.silence import explain_silence
from acbridge.controls import check_driver
from acbridge.pages import AC1
from acbridge.requests import REQUESTS, Effect
from acbridge.sources import DEFAULT_PAGE_DIR

daemon_options = connection_options("Address of the daemon; requests go to the port after this one.")
"""Adds --connect, --key and --server-key; the command takes them as ``connection``."""


def timeout_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --timeout; the command takes it as ``timeout``, in seconds."""
    return click.option(
        "--timeout",
        type=FiniteRange(min=0, min_open=True),
        default=2.0,
        show_default=True,
        help="Seconds to wait for a reply.",
    )(command)


def json_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --json; the command takes it as ``as_json``."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON, in which nan and inf are null.")(command)


def name_option(default: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return a decorator that adds --name, the name of the driver; the command takes it as ``name``."""
    return click.option(
        "--name",
        default=default,
        show_default=True,
        callback=_to_driver,
        help="Name of the driver, which every subscriber can read.",
    )


def force_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --force; the command takes it as ``force``."""
    return click.option("--force", is_flag=True, help="Take the controls from another driver.")(command)


def _to_driver(_context: click.Context, _option: click.Parameter, text: str) -> str:
    try:
        return check_driver(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


def page_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that name the shared-memory pages; the command takes ``page_prefix`` and ``page_dir``."""
    prefix = click.option(
        "--page-prefix",
        default=AC1.page_prefix,
        show_default=True,
        envvar="ACBRIDGE_PAGE_PREFIX",
        callback=_to_prefix,
        help="First part of the pages' names; the same as the daemon's option.",
    )
    directory = click.option(
        "--page-dir",
        type=click.Path(path_type=Path),
        default=DEFAULT_PAGE_DIR,
        show_default=True,
        envvar="ACBRIDGE_PAGE_DIR",
        help="Directory of the page files (Linux).",
    )
    return prefix(directory(command))


def _to_prefix(_context: click.Context, _option: click.Parameter, text: str) -> str:
    if any(separator in text for separator in ("/", "\\", "\0")):
        raise click.BadParameter("a prefix is the first part of a file name, without / or \\")
    return text


@contextmanager
def connected(connection: Connection, topic_prefix: str = "") -> Generator[Bridge]:
    """Connect while a command runs; an error of the connection ends the program with one line and its exit code."""
    try:
        with connect(connection.host, connection.port, topic_prefix=topic_prefix, keys=connection.keys) as bridge:
            yield bridge
    except NoReply as error:
        reads = REQUESTS[error.request].effect is Effect.READS
        doubt = "" if reads else "; the daemon may have carried it out nevertheless"
        silence = explain_silence(connection.host, connection.port, keys=connection.keys is not None)
        why = str(error) if silence.absent else f"no reply to {error.request!r} from {error.endpoint}: {silence}"
        fail(f"{why}{doubt}", ExitCode.UNAVAILABLE)
    except AcbridgeError as error:
        fail(str(error), ExitCode.FAILED)
    except ValueError as error:  # ZeroMQ does not accept the address
        raise click.UsageError(str(error)) from error


class Commands(click.Group):
    """
    A group of commands that end with one line when stdout cannot be written.

    A command with a module of its own is imported when it is used or listed, since some take longer to import than to
    run.
    """

    def __init__(self, *arguments: Any, elsewhere: Mapping[str, str], **settings: Any) -> None:
        """
        Make the group.

        Args:
            arguments: As for `click.Group`.
            elsewhere: Names of commands, and the module of each.
            settings: As for `click.Group`.
        """
        super().__init__(*arguments, **settings)
        self._elsewhere = elsewhere

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return sorted([*super().list_commands(ctx), *self._elsewhere])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, and import it if need be."""
        module = self._elsewhere.get(cmd_name)
        if module is None:
            return super().get_command(ctx, cmd_name)
        return getattr(import_module(module), cmd_name.replace("-", "_"))

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command, unless stdout, where its reply goes, is closed."""
        if sys.stdout is None:
            fail("cannot write: stdout is closed", ExitCode.IO)
        with writing_stdout():
            return super().invoke(ctx)
