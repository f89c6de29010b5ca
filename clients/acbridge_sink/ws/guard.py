"""
Limits of a connection that websockets does not have: frames of every kind, and connections before their greeting.

A ping costs the relay as much as a message, and is answered before the program sees it. A connection costs a descriptor
before it has sent a single byte.
"""

import asyncio
import socket
from typing import Any, cast

from websockets.asyncio.server import ServerConnection
from websockets.frames import CloseCode

from acbridge_sink.ws.session import CLOSE_S

FRAMES_PER_S = 50
"""Frames that a client may send a second, pings and pongs included; it has no more than a few messages to send."""
RCVBUF = 8192
"""Small on purpose: all frames that wait in the kernel are parsed at once."""
GREETING = 64
"""Connections that may be open besides those of the clients: such as have not greeted yet."""
BACKLOG = 16
"""Connections that the system keeps for us; asyncio takes so many at once."""


def guarded(max_clients: int) -> type[ServerConnection]:
    """Return the class of the connections of one relay, which share a limit of their number."""
    opened: set[ServerConnection] = set()

    class Guarded(ServerConnection):
        """A connection that is closed if its peer sends too many frames, or if there are too many connections."""

        def __init__(self, *arguments: Any, **settings: Any) -> None:
            super().__init__(*arguments, **settings)
            self._allowed = float(FRAMES_PER_S)
            self._counted = self.loop.time()

        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            super().connection_made(transport)
            if len(opened) >= max_clients + GREETING:
                self.transport.abort()
                return
            opened.add(self)
            peer: socket.socket = transport.get_extra_info("socket")
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RCVBUF)

        def connection_lost(self, exc: Exception | None) -> None:
            opened.discard(self)
            super().connection_lost(exc)

        def process_event(self, event: Any) -> None:
            now = self.loop.time()
            self._allowed = min(FRAMES_PER_S, self._allowed + (now - self._counted) * FRAMES_PER_S) - 1
            self._counted = now
            if self._allowed >= 0:
                super().process_event(event)
            elif not self.transport.is_closing():
                self.protocol.fail(CloseCode.POLICY_VIOLATION, f"more than {FRAMES_PER_S} frames a second")
                self.send_data()
                self.transport.pause_reading()
                self.loop.call_later(CLOSE_S, self.transport.abort)

    return cast("type[ServerConnection]", Guarded)
