"""The relay as a process, and clients for it."""

import json
import socket
from collections.abc import Callable, Iterator, Mapping
from http.client import HTTPConnection, HTTPResponse
from itertools import islice
from typing import Any, cast

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from programs import PATIENCE_S, Program
from wine import HERE, Interpreter

Message = dict[str, Any]


class Relay(Program):
    """
    A relay on a free port, ready after construction.

    Attributes:
        port: The port on which it serves.
    """

    def __init__(
        self,
        daemon: str,
        *arguments: str,
        port: int = 0,
        env: dict[str, str] | None = None,
        python: Interpreter = HERE,
    ) -> None:
        given = ("ws", "--connect", daemon, "--port", str(port), *arguments)
        super().__init__("acbridge_sink", *given, env=env, python=python)
        self.port = int(self.said("relay at http://").rpartition(":")[2])

    def client(self, query: str = "", **options: Any) -> ClientConnection:
        """Connect as a WebSocket client."""
        # A client that closes with unread frames waits this long for the close frame behind them.
        options = {"max_size": None, "compression": None, "close_timeout": 0.2, **options}
        return cast("Callable[..., ClientConnection]", connect)(f"ws://127.0.0.1:{self.port}/{query}", **options)

    def get(self, path: str, method: str = "GET", **headers: str) -> tuple[HTTPResponse, bytes]:
        """Request a path without normalising it."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        try:
            connection.request(method, path, headers=headers)
            response = connection.getresponse()
            return response, response.read()
        finally:
            connection.close()

    def health(self) -> Message:
        return json.loads(self.get("/healthz")[1])

    def tight(self) -> socket.socket:
        """Connect a socket with a small buffer, so that unread data waits in the relay."""
        bare = socket.socket()
        bare.settimeout(PATIENCE_S)
        bare.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        bare.connect(("127.0.0.1", self.port))
        return bare

    def raw(self, query: str = "", headers: Mapping[str, str] | None = None) -> socket.socket:
        """Send the opening handshake over a bare socket and read nothing."""
        bare = self.tight()
        given = {
            "Host": f"127.0.0.1:{self.port}",
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
            **(headers or {}),
        }
        lines = [f"GET /{query} HTTP/1.1", *(f"{name}: {value}" for name, value in given.items()), "", ""]
        bare.sendall("\r\n".join(lines).encode())
        return bare


def status(bare: socket.socket) -> int:
    """Read the status of a response from a bare socket."""
    return int(bare.recv(65536).split()[1])


def messages(client: ClientConnection) -> Iterator[Message]:
    """Yield a client's JSON messages as they arrive."""
    while True:
        yield json.loads(client.recv(timeout=PATIENCE_S))


def some(client: ClientConnection, count: int) -> list[Message]:
    """Return the given number of next messages."""
    return list(islice(messages(client), count))


def first(client: ClientConnection, wanted: Callable[[Message], Any]) -> Message:
    """Return the first message for which the predicate is true."""
    return next(message for message in messages(client) if wanted(message))


def of_topic(topic: str) -> Callable[[Message], bool]:
    """Return a predicate that is true for frames of a topic."""
    return lambda message: "type" not in message and message["topic"] == topic


def of_type(kind: str) -> Callable[[Message], bool]:
    """Return a predicate that is true for messages of a type."""
    return lambda message: message.get("type") == kind


def ended(client: ClientConnection) -> int | None:
    """Read until the relay closes the connection, and return the close code."""
    try:
        while True:
            client.recv(timeout=PATIENCE_S)
    except ConnectionClosed as closed:
        return closed.rcvd and closed.rcvd.code
