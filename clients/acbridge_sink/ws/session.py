"""
One client on one connection: a task that sends from the outbox, and one that receives.

It is the same for a client that connected and for a server that the relay dialled. What fits into the buffer of a
client that connected is written there at once, without the task: that costs a third, and nearly all messages fit.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from websockets.asyncio.connection import Connection
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.protocol import State
from websockets.typing import Subprotocol

from acbridge.selection import Selection
from acbridge_sink.ws.encoded_frame import JSON_SUBPROTOCOL, MSGPACK_SUBPROTOCOL, encode, framed
from acbridge_sink.ws.hub import Hub
from acbridge_sink.ws.outbox import Outbox
from acbridge_sink.ws.selection import BadSelection, from_message

MESSAGES_PER_S = 20
STUCK_S = 10.0
"""A client that takes nothing for so long is disconnected, s."""
POLICY_VIOLATION = 1008
ROOM = 8192
"""Bytes that may wait in the buffer of a connection while messages are written to it without the task."""
CLOSE_S = 1.0
"""How long to wait for the closing handshake, s."""
TERMS: dict[str, Any] = {
    "subprotocols": [Subprotocol(JSON_SUBPROTOCOL), Subprotocol(MSGPACK_SUBPROTOCOL)],
    "compression": None,
    "open_timeout": 5,
    "ping_interval": 20,
    "ping_timeout": 20,
    "close_timeout": CLOSE_S,
    "max_size": 4096,
    "max_queue": 4,
    "write_limit": 32768,
}
"""The settings of every connection."""


class Session:
    """A connection to one client."""

    def __init__(self, connection: Connection, hub: Hub, outbox: Outbox, *, binary: bool) -> None:
        self._connection = connection
        self._hub = hub
        self._binary = binary
        self._woken = asyncio.Event()
        self._clock = asyncio.get_running_loop().time
        self._sending_since: float | None = None
        self._outbox = outbox
        outbox.wake = self._woken.set

    async def run(self, select: Callable[[], Selection] | None = None) -> None:
        """
        Join the hub, send and receive until the connection ends; the caller leaves the hub.

        Args:
            select: Returns the client's first selection, or raises :class:`BadSelection`; ``None`` leaves the selection
                as it is.
        """
        error = None
        try:
            if select is not None:
                self._outbox.select(select())
        except BadSelection as bad:
            error = str(bad)
        self._hub.join(self._outbox)
        if error is not None:
            self._outbox.enqueue({"type": "error", "message": error})
        if isinstance(self._connection, ServerConnection):  # what a client sends must be masked
            self._outbox.wake = self._write
            self._write()
        async with asyncio.TaskGroup() as tasks:
            sender = tasks.create_task(self._send())
            await self._listen()
            sender.cancel()

    def evict_if_stuck(self) -> bool:
        """
        Cut the connection of a client that has taken nothing for ten seconds, and return whether it did.

        The pings of websockets cannot find such a client: they wait behind the full buffer.
        """
        stuck = self._sending_since is not None and self._clock() - self._sending_since > STUCK_S
        if stuck:
            self._connection.transport.abort()
        return stuck

    def _write(self) -> None:
        """Write what waits at once if the client takes it; else wake the task that waits for room."""
        outbox, transport = self._outbox, self._connection.transport
        if self._sending_since is None and self._connection.state is State.OPEN:
            while outbox and transport.get_write_buffer_size() <= ROOM:
                notice, frame = outbox.take()
                if notice is not None:
                    transport.write(framed(encode(notice, binary=self._binary), binary=self._binary))
                if frame is not None:
                    transport.write(frame.framed(outbox.selection, binary=self._binary))
        if outbox:
            self._woken.set()

    async def _send(self) -> None:
        text = not self._binary
        try:
            while True:
                await self._woken.wait()
                self._woken.clear()
                while self._outbox:
                    notice, frame = self._outbox.take()
                    self._sending_since = self._clock()
                    if notice is not None:
                        await self._connection.send(encode(notice, binary=self._binary), text=text)
                    if frame is not None:
                        encoded = frame.encoded(self._outbox.selection, binary=self._binary)
                        await self._connection.send(encoded, text=text)
                    self._sending_since = None
        except ConnectionClosed:
            return  # the listener notices too

    async def _listen(self) -> None:
        allowed, counted = float(MESSAGES_PER_S), self._clock()
        try:
            async for message in self._connection:
                now = self._clock()
                allowed = min(MESSAGES_PER_S, allowed + (now - counted) * MESSAGES_PER_S) - 1
                counted = now
                if allowed < 0:
                    await self._connection.close(POLICY_VIOLATION, f"more than {MESSAGES_PER_S} messages a second")
                    return
                try:
                    self._hub.select(self._outbox, from_message(message))
                except BadSelection as error:
                    self._outbox.enqueue({"type": "error", "message": str(error)})
        except ConnectionClosed:
            return
