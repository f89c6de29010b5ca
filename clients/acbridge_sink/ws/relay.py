"""The server: one port for WebSocket clients, the dashboard and `/healthz`."""

import asyncio
import logging
import socket
from collections.abc import Sequence
from http import HTTPStatus

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers, MultipleValuesError
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from acbridge.json_lines import to_json
from acbridge_sink.ws.access import Access, Refused
from acbridge_sink.ws.encoded_frame import JSON_SUBPROTOCOL, MSGPACK_SUBPROTOCOL
from acbridge_sink.ws.guard import BACKLOG, guarded
from acbridge_sink.ws.hub import Hub
from acbridge_sink.ws.outbox import Outbox
from acbridge_sink.ws.selection import from_query, from_values
from acbridge_sink.ws.session import CLOSE_S, TERMS, Session
from acbridge_sink.ws.site import HEADERS, Site

# Before 17, websockets logs a traceback for every port scanner.
logging.getLogger("websockets.server").addFilter(lambda record: record.getMessage() != "opening handshake failed")

_SNDBUF = 65536
"""Small on purpose: what waits in the kernel is old when it is read."""
_TRY_AGAIN_LATER = 1013


class Relay:
    """Serves clients on one port."""

    def __init__(self, hub: Hub, access: Access, max_clients: int) -> None:
        self._hub = hub
        self._access = access
        self._max_clients = max_clients
        self._site = Site()
        self._sessions: set[Session] = set()
        self._server: Server | None = None

    async def open(self, port: int) -> str:
        """
        Start to serve and return the address, such as ``http://127.0.0.1:8765``.

        Raises:
            OSError: The port is taken, or the host is not this machine's.
        """
        self._server = await serve(
            self._talk,
            self._access.host,
            port,
            select_subprotocol=_select_subprotocol,
            process_request=self._answer,
            server_header=None,
            create_connection=guarded(self._max_clients),
            backlog=BACKLOG,
            **TERMS,
        )
        bound = self._server.sockets[0].getsockname()[1]
        host = f"[{self._access.host}]" if ":" in self._access.host else self._access.host
        return f"http://{host}:{bound}"

    def sweep(self) -> None:
        """Disconnect clients that take nothing."""
        for session in self._sessions:
            session.evict_if_stuck()

    async def close(self) -> None:
        """Close every connection (1001), and return after a second and a half whether or not clients answer."""
        if self._server is not None:
            self._server.close()
            try:
                await asyncio.wait_for(self._server.wait_closed(), CLOSE_S + 0.5)
            except TimeoutError:
                return  # a client connected and never sent a request

    async def _talk(self, connection: ServerConnection) -> None:
        if len(self._sessions) >= self._max_clients:
            await connection.close(_TRY_AGAIN_LATER, "too many clients")
            return
        sock: socket.socket = connection.transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SNDBUF)
        outbox = Outbox(from_values({}))
        session = Session(connection, self._hub, outbox, binary=connection.subprotocol == MSGPACK_SUBPROTOCOL)
        self._sessions.add(session)
        try:
            request = connection.request
            query = "" if request is None else request.path.partition("?")[2]
            await session.run(lambda: from_query(query))
        finally:
            self._sessions.discard(session)
            self._hub.leave(outbox)

    def _answer(self, _connection: ServerConnection, request: Request) -> Response | None:
        """Answer an ordinary request, or return ``None`` to let a WebSocket client in."""
        try:
            return self._respond(request)
        except Refused as refused:
            status, reason = refused.status, refused.reason
        except MultipleValuesError:
            status, reason = HTTPStatus.BAD_REQUEST, "a header comes twice"
        return _response(status, "text/plain; charset=utf-8", f"{reason}\n".encode())

    def _respond(self, request: Request) -> Response | None:
        path, _, query = request.path.partition("?")
        headers = request.headers
        self._access.check_host(headers)
        if getattr(request, "method", "GET") != "GET":  # websockets before 17 refuses others itself
            raise Refused(HTTPStatus.METHOD_NOT_ALLOWED, "only GET is answered here")
        if path == "/" and "Upgrade" in headers:
            self._access.check_client(headers, query)
            if len(self._sessions) >= self._max_clients:
                raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, "too many clients")
            return None
        if path == "/healthz":
            self._access.check_client(headers, query)
            health = self._hub.health(asyncio.get_running_loop().time(), len(self._sessions))
            return _response(HTTPStatus.OK, "application/json", to_json(health))
        found = self._site.find(path)
        if found is None:
            raise Refused(HTTPStatus.NOT_FOUND, "nothing here")
        return _response(HTTPStatus.OK, *found)


def _select_subprotocol(_connection: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    known = [name for name in offered if name in (JSON_SUBPROTOCOL, MSGPACK_SUBPROTOCOL)]
    return known[0] if known else None


def _response(status: HTTPStatus, content_type: str, body: bytes) -> Response:
    headers = Headers(HEADERS)
    headers["Content-Type"] = content_type
    headers["Content-Length"] = str(len(body))
    headers["Connection"] = "close"
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    return Response(status.value, status.phrase, headers, body)
