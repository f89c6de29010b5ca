"""The relay as a program: its settings, and the loop that checks daemon, clients and limits."""

import asyncio
import errno
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

import click

from acbridge import Frame
from acbridge.address import is_loopback
from acbridge.cli import report
from acbridge.frame_source import FrameSource
from acbridge_sink.daemon_watch import DaemonWatch
from acbridge_sink.ws.access import MIN_TOKEN, Access
from acbridge_sink.ws.dial import Dial
from acbridge_sink.ws.hub import Hub
from acbridge_sink.ws.relay import Relay
from acbridge_sink.ws.subscriber import Subscriber

DEFAULT_PORT = 8765
_CHECK_S = 0.1
COMPLAIN_EVERY_S = 60.0


class BadSettings(ValueError):  # noqa: N818  the name says what happened
    """The settings cannot work together; the text says what would."""


class CannotListen(Exception):  # noqa: N818  the name says what happened
    """The port is taken, or the host is not this machine's; the text says which it was."""


@dataclass(frozen=True, slots=True)
class Settings:
    """
    The options of the relay.

    Attributes:
        host: Address to listen on.
        port: Port to listen on, 0 for a free one; ``None`` for the default, or not to listen if there is a ``dial``.
        token: The token that clients must give; ``None`` on loopback only.
        max_clients: Clients at most; others are refused.
        dial: Server to push to; ``None`` for none.
        duration: End after so many seconds; ``None`` for never.
    """

    host: str = "127.0.0.1"
    port: int | None = None
    token: str | None = None
    max_clients: int = 64
    dial: str | None = None
    duration: float | None = None

    def __post_init__(self) -> None:
        if self.token is not None and len(self.token) < MIN_TOKEN:
            raise BadSettings(f"a token has at least {MIN_TOKEN} characters")
        if self.serves and self.token is None and not is_loopback(self.host):
            raise BadSettings(f"other machines can reach {self.host}: give --token, at least {MIN_TOKEN} characters")
        if self.dial is not None:
            parts = urlsplit(self.dial)
            if parts.scheme not in ("ws", "wss") or not parts.hostname or not _has_port(parts):
                raise BadSettings("--dial takes an address such as wss://host/path or ws://host:port/path")

    @property
    def serves(self) -> bool:
        """Whether clients may connect to the relay."""
        return self.dial is None or self.port is not None


def _has_port(parts: SplitResult) -> bool:
    """Whether the port, if one is given, is a number that a port can have."""
    try:
        return parts.port != 0
    except ValueError:
        return False


def run(source: FrameSource, settings: Settings, stopping: Callable[[], bool]) -> None:
    """
    Relay until a stop is requested, the duration is over, or the source ends.

    Raises:
        CannotListen: The port is taken, or the host is not this machine's.
        AcbridgeError: What publishes there is not an acbridge daemon.
    """
    asyncio.run(_run(source, settings, stopping))


async def _opened(relay: Relay, settings: Settings) -> str:
    port = DEFAULT_PORT if settings.port is None else settings.port
    try:
        return await relay.open(port)
    except OSError as error:
        raise CannotListen(f"cannot listen on {settings.host} port {port}: {error.strerror}") from error


class _LoopErrors:
    """Reports once a minute that descriptors have run out, which asyncio reports for each connection that waits."""

    def __init__(self) -> None:
        self._quiet_until = 0.0

    def report(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Report an error of the loop."""
        error = context.get("exception")
        if not isinstance(error, OSError) or error.errno not in (errno.EMFILE, errno.ENFILE):
            loop.default_exception_handler(context)
        elif loop.time() >= self._quiet_until:
            self._quiet_until = loop.time() + COMPLAIN_EVERY_S
            report("no connection can be taken for the moment: too many open files; raise the limit with ulimit -n")


async def _run(source: FrameSource, settings: Settings, stopping: Callable[[], bool]) -> None:
    asyncio.get_running_loop().set_exception_handler(_LoopErrors().report)
    clock = asyncio.get_running_loop().time
    end = None if settings.duration is None else clock() + settings.duration
    hub = Hub()
    relay = Relay(hub, Access(settings.host, settings.token), settings.max_clients)
    dial = None if settings.dial is None else Dial(hub, settings.dial)
    if settings.serves:
        click.echo(f"relay at {await _opened(relay, settings)}", err=True)
    watch = DaemonWatch(source)

    def publish(frames: list[Frame[Any]]) -> None:
        hub.publish(frames, clock())

    subscriber = Subscriber(source, publish)
    try:
        if dial is not None:
            dial.open()
        while not stopping() and not subscriber.ended and (end is None or clock() < end):
            await asyncio.sleep(_CHECK_S)
            if watch.silent:
                hub.disconnect()
            if silence := watch.new_silence():
                report(str(silence))
            relay.sweep()
            if dial is not None:
                dial.sweep()
    finally:
        subscriber.close()
        await asyncio.gather(relay.close(), *([] if dial is None else [dial.close()]))
    if subscriber.failure is not None:
        raise subscriber.failure
