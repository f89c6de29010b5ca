"""Settings common to both sockets: binding, and the limits that drop dead peers."""

import sys

import zmq

LINGER_MS = 200
"""How long sent messages may take to leave when the daemon ends: enough for 2000 frames, and never a hang."""


def harden(socket: "zmq.Socket[bytes]", *, heartbeats: bool) -> None:
    """
    Set the limits that both sockets share: dead and half-open peers are noticed and dropped.

    Args:
        socket: Not bound yet.
        heartbeats: Notice dead peers within seconds, by heartbeats of ZeroMQ; else in a minute, by those of TCP.
            A socket that peers can fill with messages must not have heartbeats: libzmq 4.3.5 aborts the process when
            one is due for a peer that flooded it and closed the connection (assertion in stream_engine_base.cpp).
    """
    socket.handshake_ivl = 2000
    if heartbeats:
        socket.heartbeat_ivl = 1000
        socket.heartbeat_timeout = 3000
        socket.heartbeat_ttl = 5000
    else:
        socket.tcp_keepalive = 1
        socket.tcp_keepalive_idle = 30
        socket.tcp_keepalive_intvl = 10
        socket.tcp_keepalive_cnt = 3


class Connections:
    """
    Counts the connections to a socket, from libzmq's own events.

    Attributes:
        count: Connections now, including those in the handshake.
        socket: The monitor socket, which the loop polls.
    """

    def __init__(self, watched: "zmq.Socket[bytes]") -> None:
        self.count = 0
        self._watched = watched
        self.socket = watched.get_monitor_socket(zmq.EVENT_ACCEPTED | zmq.EVENT_DISCONNECTED)

    def follow(self) -> int:
        """Process the waiting events, and return the number of connections now."""
        while True:
            try:
                event, _ = self.socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return self.count
            self.count += 1 if int.from_bytes(event[:2], sys.byteorder) == zmq.EVENT_ACCEPTED else -1

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


def bind(socket: "zmq.Socket[bytes]", endpoint: str) -> str:
    """
    Bind a socket, and return its endpoint.

    Raises:
        BindError: The address cannot be used.
    """
    socket.ipv6 = "[" in endpoint
    try:
        socket.bind(endpoint)
    except zmq.ZMQError as error:
        reason = (
            "the port is taken, perhaps by another daemon; end that one or choose another --port"
            if error.errno == zmq.EADDRINUSE
            else f"{error.strerror}; --bind takes an address of this machine"
        )
        raise BindError(f"cannot use {endpoint}: {reason}") from error
    return socket.get_string(zmq.LAST_ENDPOINT)
