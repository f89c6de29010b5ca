"""The options that every sink takes, and what becomes of them."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

import click

from acbridge.schema import Record
from acbridge.topics import BY_NAME, EVERY_TICK, TOPICS
from acbridge_sink.pump import Choice, Limits

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


@dataclass(frozen=True, slots=True)
class Wanted:
    """
    What the user wants of whatever sink it is.

    Attributes:
        address: Host and frame port of the daemon.
        topic_prefix: The daemon's.
        limits: When to end.
        topics: Names of the topics; none means those that the sink is for.
        fields: Names of the only fields; none means all.
        max_rate: Ticks per second at most, Hz.
    """

    address: tuple[str, int]
    topic_prefix: str
    limits: Limits
    topics: tuple[str, ...]
    fields: frozenset[str]
    max_rate: float | None

    def choice(self, usual: tuple[type[Record], ...] = EVERY_TICK) -> Choice:
        """
        Return what to take of all that is published.

        Args:
            usual: The records that the sink is for. With ``--field`` alone, those of them that have such a field.

        Raises:
            click.UsageError: No topic that was asked for has a field; the text lists those that there are.
        """
        named = tuple(topic.record for topic in TOPICS if topic.name in self.topics)
        records = named or usual
        there = {column.name for record in records for column in record.columns}
        for name in sorted(self.fields - there):
            raise click.UsageError(
                f"there is no field {name!r} in {', '.join(record.topic for record in records)}; "
                f"there are: {', '.join(sorted(there))}"
            )
        if self.fields and not named:
            records = tuple(r for r in usual if any(column.name in self.fields for column in r.columns))
        return Choice(records, self.fields, self.max_rate)


def common(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that every sink takes; the command gets them as its first argument, `Wanted`."""

    @wraps(command)
    def with_common(
        address: tuple[str, int],
        topic_prefix: str,
        count: int | None,
        duration: float | None,
        topic: tuple[str, ...],
        field: tuple[str, ...],
        max_rate: float | None,
        **others: Any,
    ) -> Any:
        wanted = Wanted(address, topic_prefix, Limits(count, duration), topic, frozenset(field), max_rate)
        return command(wanted, **others)

    options = (
        click.option(
            "--connect",
            "address",
            type=Address(),
            default="127.0.0.1:5555",
            show_default=True,
            envvar="ACBRIDGE_CONNECT",
            help="The daemon to subscribe to.",
        ),
        click.option(
            "--topic-prefix",
            default="",
            envvar="ACBRIDGE_TOPIC_PREFIX",
            help="The daemon's --topic-prefix, if it has one.",
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
