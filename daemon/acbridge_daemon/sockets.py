"""What both sockets share: binding, the limits that drop dead peers, and the list of connections."""

import socket
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field

import zmq

LINGER_MS = 200
"""How long sent messages may take to leave when the daemon ends: enough for 2000 frames, and never a hang."""


HANDSHAKE_MS = 2000
"""How long a peer may take to greet: to say that it speaks ZeroMQ, and with keys to prove which key it has."""
GREETED_S = 2.5
"""A connection that is so old has greeted, or libzmq would have closed it."""
MAX_GREETING = 500
"""Connections to one port whose peers have not greeted yet; a further one costs the oldest of them its place."""


def harden(hardened: "zmq.Socket[bytes]", *, heartbeats: bool) -> None:
    """
    Set the limits that both sockets share: dead and half-open peers are noticed and dropped.

    Args:
        hardened: Not bound yet.
        heartbeats: Notice dead peers within seconds, by heartbeats of ZeroMQ; else in a minute, by those of TCP.
            A socket that peers can fill with messages must not have heartbeats: libzmq 4.3.5 aborts the process when
            one is due for a peer that flooded it and closed the connection (assertion in stream_engine_base.cpp).
    """
    hardened.handshake_ivl = HANDSHAKE_MS
    if heartbeats:
        hardened.heartbeat_ivl = 1000
        hardened.heartbeat_timeout = 3000
        hardened.heartbeat_ttl = 5000
    else:
        hardened.tcp_keepalive = 1
        hardened.tcp_keepalive_idle = 30
        hardened.tcp_keepalive_intvl = 10
        hardened.tcp_keepalive_cnt = 3


@dataclass(slots=True)
class Connection:
    """
    An open connection to a socket.

    Attributes:
        topics: What its peer has subscribed to.
    """

    topics: set[bytes] = field(default_factory=set[bytes])


class Connections:
    """
    The connections to a socket, from libzmq's own events.

    Its events do not say which connection has greeted. One has that sent a message, and one that is old enough. The
    others are few: the oldest are cut, so that strangers who open connections and say nothing keep no place from those
    who greet at once.

    Attributes:
        open: The connections by descriptor, except those that were cut.
        socket: The monitor socket, which the loop polls.
    """

    def __init__(self, watched: "zmq.Socket[bytes]") -> None:
        self.open: dict[int, Connection] = {}
        self._greeting: dict[int, float] = {}
        self._watched = watched
        self.socket = watched.get_monitor_socket(zmq.EVENT_ACCEPTED | zmq.EVENT_DISCONNECTED)

    def follow(self) -> int:
        """Process the waiting events, and return the number of connections that have greeted."""
        now = time.monotonic()
        while True:
            try:
                event, _ = self.socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                break
            descriptor = int.from_bytes(event[2:], sys.byteorder)
            if int.from_bytes(event[:2], sys.byteorder) == zmq.EVENT_ACCEPTED:
                self.open[descriptor] = Connection()
                self._greeting[descriptor] = now
            else:
                self._forget(descriptor)
        while self._greeting:
            oldest = next(iter(self._greeting))
            if now - self._greeting[oldest] > GREETED_S:
                del self._greeting[oldest]
            elif len(self._greeting) > MAX_GREETING:
                self.cut(oldest)
            else:
                break
        return len(self.open) - len(self._greeting)

    def heard(self, message: zmq.Frame) -> None:
        """Note that the sender of a message has greeted."""
        if self._greeting:
            self._greeting.pop(int(message.get(zmq.SRCFD)), None)

    def _forget(self, descriptor: int) -> None:
        self.open.pop(descriptor, None)
        self._greeting.pop(descriptor, None)

    def cut(self, descriptor: int) -> None:
        """
        Close one connection; libzmq notices and forgets its peer, and no other peer is affected.

        libzmq itself closes all connections of a socket or none, but says from which descriptor a message came.
        """
        self._forget(descriptor)
        with suppress(OSError), socket.fromfd(descriptor, socket.AF_INET, socket.SOCK_STREAM) as peer:
            peer.shutdown(socket.SHUT_RDWR)  # it may have been closed since

    def close(self) -> None:
        """Stop counting; an open monitor would keep the context from ending."""
        if not self.socket.closed:
            self._watched.disable_monitor()
            self.socket.close(0)


class BindError(OSError):
    """An address cannot be used; the text says which and why."""


_FREE_PAIR_TRIES = 50


def bind_pair(frames: "zmq.Socket[bytes]", requests: "zmq.Socket[bytes]", host: str, port: int) -> tuple[str, str]:
    """
    Bind the two sockets to a port and the next one; port 0 takes a free pair.

    Returns:
        Both endpoints.

    Raises:
        BindError: One of them cannot be bound.
    """
    for _ in range(_FREE_PAIR_TRIES if port == 0 else 1):
        bound = bind(frames, f"tcp://{host}:{port or '*'}")
        next_port = int(bound.rsplit(":", 1)[1]) + 1
        try:
            return bound, bind(requests, f"tcp://{host}:{next_port}")
        except BindError as error:
            if port != 0:
                raise BindError(f"{error} (requests are answered on --port + 1)") from error
            frames.unbind(bound)
    raise BindError(f"no two free ports next to each other on {host}")


def bind(binding: "zmq.Socket[bytes]", endpoint: str) -> str:
    """
    Bind a socket, and return its endpoint.

    Raises:
        BindError: The address cannot be used.
    """
    binding.ipv6 = "[" in endpoint
    try:
        binding.bind(endpoint)
    except zmq.ZMQError as error:
        reason = (
            "the port is taken, perhaps by another daemon; end that one or choose another --port"
            if error.errno == zmq.EADDRINUSE
            else f"{error.strerror}; --bind takes an address of this machine"
        )
        raise BindError(f"cannot use {endpoint}: {reason}") from error
    return binding.get_string(zmq.LAST_ENDPOINT)
