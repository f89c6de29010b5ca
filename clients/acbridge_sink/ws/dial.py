"""
The relay as a WebSocket client: it connects to a server, pushes to it, and reconnects when it goes away.

While there is no connection, frames are counted, not kept: the server continues with the newest, and gets the number of
those that it missed.
"""

import asyncio
import random
from contextlib import suppress
from urllib.parse import urlsplit

import click
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from acbridge.plain_text import plain
from acbridge_sink.ws.encoded_frame import MSGPACK_SUBPROTOCOL
from acbridge_sink.ws.hub import Hub
from acbridge_sink.ws.outbox import Outbox
from acbridge_sink.ws.selection import from_values
from acbridge_sink.ws.session import TERMS, Session

FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 30.0
_GOING_AWAY = 1001


class Dial:
    """Pushes to one server."""

    def __init__(self, hub: Hub, url: str) -> None:
        self._hub = hub
        self._url = url
        parts = urlsplit(url)
        # What is printed: neither a password nor a query, which may be a key.
        self._name = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
        self._outbox = Outbox(from_values({}))
        self._session: Session | None = None
        self._task: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Start to connect, in a task of its own."""
        self._task = asyncio.get_running_loop().create_task(self._keep_connecting())

    def sweep(self) -> None:
        """Disconnect a server that takes nothing; an error of the task is raised here."""
        if self._task is not None and self._task.done():
            self._task.result()
        if self._session is not None:
            self._session.evict_if_stuck()

    async def close(self) -> None:
        """Disconnect (1001)."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _keep_connecting(self) -> None:
        clock = asyncio.get_running_loop().time
        wait, said = FIRST_WAIT_S, ""
        self._hub.join(self._outbox)  # from now on it counts, connected or not
        while True:
            begun = clock()
            try:
                connection = await connect(self._url, **TERMS)
            except (OSError, WebSocketException, TimeoutError) as error:
                news = f"cannot reach {self._name}: {plain(str(error)) or type(error).__name__}; reconnecting"
            else:
                lost = sum(self._outbox.skipped.values())
                click.echo(f"pushing to {self._name}" + (f"; it missed {lost} frames" if lost else ""), err=True)
                await self._push(connection)
                news = f"{self._name} disconnected; reconnecting"
            if clock() - begun > LONGEST_WAIT_S:  # a server that disconnects at once is tried less and less often
                wait = FIRST_WAIT_S
            if news != said:
                said = news
                click.echo(f"acbridge-sink: {news}", err=True)
            await asyncio.sleep(wait * random.uniform(0.5, 1.0))  # noqa: S311  not all rigs at once
            wait = min(2 * wait, LONGEST_WAIT_S)

    async def _push(self, connection: ClientConnection) -> None:
        binary = connection.subprotocol == MSGPACK_SUBPROTOCOL
        self._session = Session(connection, self._hub, self._outbox, binary=binary)
        try:
            await self._session.run()
        finally:
            self._session = None
            await connection.close(_GOING_AWAY)
