"""
The REP side of request and reply, on a ROUTER socket: every message in REP's envelope gets exactly one reply.

A bare REP socket cannot promise that: five bytes of garbage on its port make it carry out the next genuine request and
lose the reply. A ROUTER that answers ``[identity, "", body]`` looks the same to every REQ client. In a daemon with
keys it knows the key of each client, and only operators may change anything.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import structlog
import zmq

from acbridge import requests
from acbridge.errors import RequestRefused
from acbridge.keys import Role
from acbridge.requests import REQUESTS, Effect, Request, RequestSpec
from acbridge_daemon.rate_limit import RateLimit
from acbridge_daemon.rebinding import rebind
from acbridge_daemon.reply_cache import ReplyCache
from acbridge_daemon.security import CURVE_BYTES, Peer, ZapHandler
from acbridge_daemon.sockets import LINGER_MS, Connections, harden

Answer = Callable[[Request], Mapping[str, Any]]
"""Carries out a request and returns the fields of the reply; may raise RequestRefused."""

QUEUE = 64
DRAINED_AT_ONCE = 200
"""How many parts of an oversized multipart message one call discards; takes a few tenths of a millisecond."""
ENVELOPE = 3
"""Parts of a request from a REQ client: its identity, an empty delimiter, the body."""


@dataclass(slots=True)
class RequestCounts:
    """
    Requests of one life of the daemon.

    Attributes:
        answered: Requests answered, refused ones included.
        refused: Requests answered with an error.
    """

    answered: int = 0
    refused: int = 0


class Responder:
    """
    A ROUTER socket and the functions that carry out requests.

    Attributes:
        socket: The ROUTER socket, for the loop to poll.
        connections: The open connections; the loop polls their socket, too.
        descriptor: Readable when something has happened to the socket since `answer` found nothing.
    """

    def __init__(
        self,
        context: "zmq.Context[zmq.Socket[bytes]]",
        answers: Mapping[str, Answer],
        zap: ZapHandler,
        counts: RequestCounts,
        table: Mapping[str, RequestSpec] = REQUESTS,
    ) -> None:
        """
        Create the socket without binding it.

        Args:
            context: The context that owns the socket.
            answers: The function that carries out each request of the table.
            zap: Decides who may connect.
            counts: Where answered and refused requests are counted.
            table: The requests that exist.
        """
        self._answers = answers
        self._counts = counts
        self._table = table
        self._zap = zap
        self._flooder: bytes | None
        self._caches: defaultdict[str, ReplyCache] = defaultdict(ReplyCache)
        self._newest: dict[tuple[str, str], tuple[int, ...]] = {}
        self._rate_limit = RateLimit()
        self._log = structlog.get_logger()
        self._context = context
        self._open()

    def _open(self) -> None:
        self._flooder = None
        self.socket = self._context.socket(zmq.ROUTER)
        self.socket.linger = LINGER_MS
        self.socket.sndhwm = self.socket.rcvhwm = QUEUE
        self.socket.maxmsgsize = requests.MAX_REQUEST_BYTES
        harden(self.socket, heartbeats=False)
        if self._zap.keyring is not None:
            self.socket.maxmsgsize = requests.MAX_REQUEST_BYTES + CURVE_BYTES
        self._zap.protect(self.socket)
        self.connections = Connections(self.socket)
        self.descriptor = int(self.socket.get(zmq.FD))

    def disconnect_all(self) -> None:
        """
        Disconnect every client, by taking another socket on the same port.

        Raises:
            BindError: Another program took the port meanwhile, or the system gives no more sockets.
        """
        rebind(self.socket.get_string(zmq.LAST_ENDPOINT), self._open_anew)

    def _open_anew(self) -> "zmq.Socket[bytes]":
        self.close(0)
        self._open()
        return self.socket

    def close(self, linger_ms: int = LINGER_MS) -> None:
        """Close the socket; replies already sent have ``linger_ms`` to leave."""
        self.connections.close()
        self.socket.close(linger_ms)

    def answer(self, now: float) -> bool:
        """
        Answer one request if one is waiting.

        Args:
            now: Seconds on a steady clock.

        Returns:
            Whether something was waiting.
        """
        if self._flooder is not None:
            return self._drain(self._flooder)
        frames: list[zmq.Frame] = []
        try:
            while not frames or (frames[-1].more and len(frames) <= ENVELOPE):
                frames.append(self.socket.recv(zmq.NOBLOCK, copy=False))
        except zmq.Again:
            return False
        self.connections.heard(frames[-1])
        peer = self._zap.sender(frames[-1])
        parts = [frame.bytes for frame in frames]
        if len(parts) > ENVELOPE:
            flooder = parts[0] if peer is not None and not parts[1] else b""
            if frames[-1].more:
                self._flooder = flooder
            elif flooder:
                self._send(flooder, self._refuse(None, _TOO_MANY_PARTS))
            return True
        if len(parts) < ENVELOPE or parts[1]:
            return True  # not from a REQ socket, so no reply could be read
        if peer is None:
            return True  # its key was removed: no reply, as if it connected now
        granted = self._rate_limit.try_acquire(parts[0], now)
        self._send(parts[0], self._reply(parts[2], now, peer) if granted else self._busy(parts[2]))
        return True

    def _drain(self, flooder: bytes) -> bool:
        """Discard some parts of an oversized multipart message; ticks run between the calls."""
        for _ in range(DRAINED_AT_ONCE):
            if not self.socket.recv(zmq.NOBLOCK, copy=False).more:
                self._flooder = None
                if flooder:
                    self._send(flooder, self._refuse(None, _TOO_MANY_PARTS))
                break
        return True

    def _send(self, identity: bytes, reply: bytes) -> None:
        self._counts.answered += 1
        with suppress(zmq.Again):  # the client does not read its replies
            self.socket.send_multipart((identity, b"", reply), zmq.NOBLOCK)

    def _reply(self, body: bytes, now: float, peer: Peer) -> bytes:
        request_id = None
        try:
            values = requests.unpack_request(body)
            request_id = requests.read_id(values)
            request = requests.check_request(values, self._table)
            if request.spec.effect is Effect.READS:
                return self._carry_out(request)
            self._check_role(peer, request)
            if request.spec.effect is Effect.ONCE and request.id is not None:
                return self._once(self._caches[peer.name], request, request.id, body, now)
            return self._newest_only(peer, request)
        except RequestRefused as refused:
            return self._refuse(request_id, refused)
        except Exception:  # noqa: BLE001  a reply must leave whatever happens; the log has the traceback
            self._log.exception("request_failed")
            return self._refuse(request_id, RequestRefused("", requests.INTERNAL, "the daemon's log says how"))

    def _carry_out(self, request: Request) -> bytes:
        return requests.encode_reply(request.id, self._answers[request.name](request))

    def _check_role(self, peer: Peer, request: Request) -> None:
        if peer.role is not Role.OPERATOR:
            self._log.warning("request_denied", request=request.name, key=peer.name, role=peer.role)
            raise RequestRefused(request.name, requests.FORBIDDEN, _NOT_AN_OPERATOR)

    def _newest_only(self, peer: Peer, request: Request) -> bytes:
        """
        Carry out a request of a stream; refuse one that a newer one, or the same one, has overtaken.

        Only requests that were carried out overtake others: a client whose requests are refused stops no stream.
        """
        stream = (peer.name, request.name)
        if request.order and request.order <= self._newest.get(stream, ()):
            raise RequestRefused(request.name, requests.STALE, _OVERTAKEN)
        reply = self._carry_out(request)
        self._newest[stream] = request.order
        return reply

    def _once(self, cache: ReplyCache, request: Request, request_id: str | int, body: bytes, now: float) -> bytes:
        """Carry out a changing request, or return the reply that its id got before."""
        known = cache.find(request_id, body, now)
        if known is not None:
            return known
        try:
            reply = self._carry_out(request)
        except RequestRefused as refused:
            reply = self._refuse(request_id, refused)
        cache.keep(request_id, body, reply, now)
        return reply

    def _busy(self, body: bytes) -> bytes:
        try:
            request_id = requests.read_id(requests.unpack_request(body))
        except RequestRefused:
            request_id = None
        return self._refuse(request_id, _TOO_MANY_REQUESTS)

    def _refuse(self, request_id: str | int | None, refused: RequestRefused) -> bytes:
        self._counts.refused += 1
        return requests.encode_refusal(request_id, refused)


_TOO_MANY_REQUESTS = RequestRefused("", requests.BUSY, "too many requests; ask again in a second")
_NOT_AN_OPERATOR = f"your key has the role {Role.OBSERVER}; changes need a key with the role {Role.OPERATOR}"
_OVERTAKEN = "a newer request of this stream was carried out; send a larger one of its sequence numbers"
_TOO_MANY_PARTS = RequestRefused("", requests.BAD_REQUEST, "a request is one message of one part")
