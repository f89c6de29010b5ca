"""What commands share: where the daemon and the pages are, how long to wait, and how to end when nobody answers."""

import functools
import os
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import click

from acbridge import AcbridgeError, Bridge, CurveMissing, KeyFileError, Keys, NoReply, connect
from acbridge.address import DEFAULT_HOST, DEFAULT_PORT, parse_address
from acbridge.pages import AC1
from acbridge.requests import REQUESTS, Effect
from acbridge.sources import DEFAULT_PAGE_DIR

EX_UNAVAILABLE = 69
"""The exit code for a daemon that does not answer."""
EX_IO = 74
"""The exit code for what cannot be written."""
EX_CONFIG = 78
"""The exit code for keys that cannot be used."""


def to_address(_context: click.Context, _option: click.Parameter, text: str) -> tuple[str, int]:
    """Return host and port of what the user wrote."""
    try:
        return parse_address(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


class Where(NamedTuple):
    """Where the daemon is, and the keys that it wants to see."""

    host: str
    port: int
    keys: Keys | None


_FILE = click.Path(dir_okay=False, path_type=Path)


def connection(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say where the daemon is and who we are; the command takes them as ``where``."""

    @click.option(
        "--connect",
        "address",
        metavar="HOST[:PORT]",
        callback=to_address,
        default=f"{DEFAULT_HOST}:{DEFAULT_PORT}",
        show_default=True,
        envvar="ACBRIDGE_CONNECT",
        help="The daemon to ask; requests go to the port after this one.",
    )
    @click.option("--key", type=_FILE, envvar="ACBRIDGE_KEY", help="Our own NAME.key_secret, if the daemon has keys.")
    @click.option("--server-key", type=_FILE, envvar="ACBRIDGE_SERVER_KEY", help="The daemon's server.key.")
    @functools.wraps(command)
    def with_where(address: tuple[str, int], key: Path | None, server_key: Path | None, **values: Any) -> Any:
        try:
            keys = Keys.load_pair(key, server_key)
        except (KeyFileError, CurveMissing) as error:
            fail(str(error), EX_CONFIG)
        except ValueError as error:
            raise click.UsageError(str(error)) from error
        return command(where=Where(*address, keys), **values)

    return with_where


def patience(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the option that says how long to wait."""
    return click.option(
        "--timeout",
        type=click.FloatRange(min=0, min_open=True),
        default=2.0,
        show_default=True,
        help="Seconds to wait for a reply.",
    )(command)


def to_prefix(_context: click.Context, _option: click.Parameter, text: str) -> str:
    """Return the beginning of a name."""
    if any(separator in text for separator in ("/", "\\", "\0")):
        raise click.BadParameter("it is the beginning of a name, without / or \\")
    return text


def page_names(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say which pages are meant; the command takes them as ``page_prefix`` and ``page_dir``."""
    prefix = click.option(
        "--page-prefix",
        default=AC1.page_prefix,
        show_default=True,
        envvar="ACBRIDGE_PAGE_PREFIX",
        callback=to_prefix,
        help="Beginning of the pages' names, as the daemon was told.",
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


def as_json(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the option that says who reads."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON, in which nan and inf are null.")(command)


@contextmanager
def asking(where: Where, topic_prefix: str = "") -> Generator[Bridge]:
    """Connect for as long as a command runs; what goes wrong ends it with one line and its exit code."""
    try:
        with connect(where.host, where.port, topic_prefix=topic_prefix, keys=where.keys) as bridge:
            yield bridge
    except NoReply as error:
        reads = REQUESTS[error.request].effect is Effect.READS
        doubt = "" if reads else "; it may have been carried out all the same"
        fail(f"{error}{doubt}", EX_UNAVAILABLE)
    except AcbridgeError as error:
        fail(str(error), 1)
    except ValueError as error:  # ZeroMQ does not take the address
        raise click.UsageError(str(error)) from error


class Commands(click.Group):
    """Commands whose answers may not get out: the reader has left, or the disk is full."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; end with one line if nobody can take what it says."""
        try:
            return super().invoke(ctx)
        except OSError as error:
            # Python flushes stdout once more at exit: give it a place to go.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            if isinstance(error, BrokenPipeError):
                sys.exit(0)  # whoever read our lines has had enough
            fail(f"cannot write: {error.strerror or error}", EX_IO)


def fail(text: str, code: int) -> NoReturn:
    """End with one line."""
    click.echo(f"acbridge-ctl: {text}", err=True)
    sys.exit(code)
