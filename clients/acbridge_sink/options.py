"""The options that every sink takes, and what becomes of them."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, NoReturn

import click

from acbridge import CurveMissing, KeyFileError, Keys
from acbridge.address import DEFAULT_HOST, DEFAULT_PORT, parse_address
from acbridge.errors import UnknownName
from acbridge.schema import Record
from acbridge.selection import Selection
from acbridge.topics import BY_NAME, TICK_RECORDS
from acbridge_sink.pump import Limits

EX_CONFIG = 78
"""The exit code for keys that cannot be used, or something that is not installed."""


def to_address(_context: click.Context, _option: click.Parameter, text: str) -> tuple[str, int]:
    """Return host and port of what the user wrote."""
    try:
        return parse_address(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


def fail(text: str, code: int) -> NoReturn:
    """End with one line."""
    click.echo(f"acbridge-sink: {text}", err=True)
    sys.exit(code)


def load_keys(key: Path | None, server_key: Path | None) -> Keys | None:
    """Read the keys if the user gave any; what is wrong with them ends us with one line."""
    try:
        return Keys.load_pair(key, server_key)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    except (KeyFileError, CurveMissing) as error:
        fail(str(error), EX_CONFIG)


@dataclass(frozen=True, slots=True)
class Wanted:
    """
    What the user wants of whatever sink it is.

    Attributes:
        address: Host and frame port of the daemon.
        topic_prefix: The daemon's.
        keys: What a daemon with keys wants to see; ``None`` for one without.
        limits: When to end.
        topics: Names of the topics; none means those that the sink is for.
        fields: Names of the only fields; none means all.
        max_rate: Ticks per second at most, Hz.
    """

    address: tuple[str, int]
    topic_prefix: str
    keys: Keys | None
    limits: Limits
    topics: tuple[str, ...]
    fields: frozenset[str]
    max_rate: float | None

    def selection(self, usual: tuple[type[Record], ...] = TICK_RECORDS) -> Selection:
        """
        Return what to take of all that is published.

        Args:
            usual: The records that the sink is for. With ``--field`` alone, those of them that have such a field.

        Raises:
            click.UsageError: No topic that was asked for has a field; the text lists those that there are.
        """
        try:
            return Selection.of(self.topics or None, self.fields, default=usual, max_rate=self.max_rate)
        except UnknownName as error:
            raise click.UsageError(str(error)) from error


def common(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that every sink takes; the command gets them as its first argument, `Wanted`."""

    @wraps(command)
    def with_common(
        address: tuple[str, int],
        topic_prefix: str,
        key: Path | None,
        server_key: Path | None,
        count: int | None,
        duration: float | None,
        topic: tuple[str, ...],
        field: tuple[str, ...],
        max_rate: float | None,
        **others: Any,
    ) -> Any:
        keys = load_keys(key, server_key)
        wanted = Wanted(address, topic_prefix, keys, Limits(count, duration), topic, frozenset(field), max_rate)
        return command(wanted, **others)

    options = (
        click.option(
            "--connect",
            "address",
            metavar="HOST[:PORT]",
            callback=to_address,
            default=f"{DEFAULT_HOST}:{DEFAULT_PORT}",
            show_default=True,
            envvar="ACBRIDGE_CONNECT",
            show_envvar=True,
            help="The daemon to subscribe to.",
        ),
        click.option(
            "--topic-prefix",
            default="",
            envvar="ACBRIDGE_TOPIC_PREFIX",
            help="The daemon's --topic-prefix, if it has one.",
        ),
        click.option(
            "--key",
            type=click.Path(dir_okay=False, path_type=Path),
            envvar="ACBRIDGE_KEY",
            help="Our own NAME.key_secret, if the daemon has keys (docs/guides/security.md).",
        ),
        click.option(
            "--server-key",
            type=click.Path(dir_okay=False, path_type=Path),
            envvar="ACBRIDGE_SERVER_KEY",
            help="The daemon's server.key, if it has keys.",
        ),
        click.option(
            "--topic", type=click.Choice(list(BY_NAME)), multiple=True, help="Take this topic only; may be repeated."
        ),
        click.option(
            "--field",
            metavar="NAME",
            multiple=True,
            help="Take this field only, such as speedKmh; may be repeated. A --topic without one of them stays whole.",
        ),
        click.option(
            "--max-rate",
            type=click.FloatRange(min=0, min_open=True),
            metavar="HZ",
            help="Take at most so many ticks per second; those left out are no gaps.",
        ),
        click.option("--count", type=click.IntRange(min=1), help="End after so many ticks."),
        click.option("--duration", type=click.FloatRange(min=0, min_open=True), help="End after so many seconds."),
    )
    decorated: Callable[..., Any] = with_common
    for option in reversed(options):
        decorated = option(decorated)
    return decorated
