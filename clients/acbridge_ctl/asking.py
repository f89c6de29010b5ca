"""What every command shares: where the daemon is, how long to wait for it, and how to end when it does not answer."""

import os
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any, NoReturn

import click

from acbridge import AcbridgeError, Bridge, NoReply, connect
from acbridge.address import DEFAULT_HOST, DEFAULT_PORT, parse_address
from acbridge.control import REQUESTS

EX_UNAVAILABLE = 69
"""The exit code for a daemon that does not answer."""
EX_IO = 74
"""The exit code for what cannot be written."""


class Address(click.ParamType[tuple[str, int]]):
    """``HOST`` or ``HOST:PORT``; an IPv6 address goes in brackets."""

    name = "host[:port]"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, int]:
        """Split the text, or fail with what was expected."""
        try:
            return parse_address(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


def connection(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the option that says where the daemon is."""
    return click.option(
        "--connect",
        "address",
        type=Address(),
        default=f"{DEFAULT_HOST}:{DEFAULT_PORT}",
        show_default=True,
        envvar="ACBRIDGE_CONNECT",
        help="The daemon to ask; requests go to the port after this one.",
    )(command)


def patience(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the option that says how long to wait."""
    return click.option(
        "--timeout",
        type=click.FloatRange(min=0, min_open=True),
        default=2.0,
        show_default=True,
        help="Seconds to wait for a reply.",
    )(command)


def as_json(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the option that says who reads."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON, in which nan and inf are null.")(command)


@contextmanager
def asking(address: tuple[str, int], topic_prefix: str = "") -> Generator[Bridge]:
    """Connect for as long as a command runs; what goes wrong ends it with one line and its exit code."""
    try:
        with connect(*address, topic_prefix=topic_prefix) as bridge:
            yield bridge
    except NoReply as error:
        doubt = "; it may have been carried out all the same" if REQUESTS[error.request].changing else ""
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
