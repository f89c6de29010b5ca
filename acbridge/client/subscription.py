"""
The two ways to receive frames: `Receiver` keeps the newest of each topic, `FrameStream` keeps them all.

A receiver thread empties one socket into the mailbox as frames arrive, so that the newest frame is fresh however
long its caller slept. A stream must keep order and lose nothing: it has a socket of its own with a long queue. One
thread at a time uses each ZeroMQ socket.
"""

import math
import threading
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Generic, Self, TypeVar

import zmq

from acbridge import wire
from acbridge.client.mailbox import Gaps, Mailbox
from acbridge.errors import Closed, DecodeError, NoFrame
from acbridge.keys import Keys
from acbridge.requests import MAX_RATE
from acbridge.schema import Record
from acbridge.status import Status
from acbridge.topics import FRAMES_PER_TICK
from acbridge.wire import Frame

NEWEST_QUEUE = math.ceil(MAX_RATE * FRAMES_PER_TICK)
"""One second of every topic's frames at the highest rate."""
FRAMES_QUEUE = 10 * NEWEST_QUEUE
"""Ten seconds of them."""
_RCVBUF = 65536
"""Small on purpose: a frame that waits in the kernel is old when it is read."""
_SLICE_S = 0.1
"""Longest blocking call, and so the longest wait of Ctrl-C on Windows, or of another thread that closes."""
_BATCH = 256
"""Frames taken from the socket before waiting callers get their turn."""

R = TypeVar("R", bound=Record)


class FrameStream(Generic[R]):
    """
    Every frame of some topics, in order; made by :meth:`Bridge.frames`.

    Attributes:
        lost: Frames lost so far, all topics together.
        restarts: How often the daemon restarted, seen by another ``run``.
    """

    def __init__(
        self,
        socket: "zmq.Socket[bytes]",
        endpoint: str,
        records: tuple[type[R], ...],
        prefix: str,
        timeout: float | None,
    ) -> None:
        self._socket = socket
        self._endpoint = endpoint
        self._status_topic = (prefix + Status.topic).encode()
        self._sim_state: str | None = None
        self._topics = {(prefix + record.topic).encode(): (record, Gaps()) for record in records}
        self._timeout = timeout
        self._closed = False
        # One thread at a time uses the socket: the one that iterates, or the one that closes.
        self._using = threading.Lock()
        for topic in (*self._topics, self._status_topic):
            socket.subscribe(topic)

    @property
    def lost(self) -> int:
        """Frames lost so far, all topics together."""
        return sum(gaps.lost for _, gaps in self._topics.values())

    @property
    def restarts(self) -> int:
        """How often the daemon restarted, seen by another ``run``."""
        return max(gaps.restarts for _, gaps in self._topics.values())

    def __iter__(self) -> Iterator[Frame[R]]:
        return self

    def __next__(self) -> Frame[R]:
        deadline = None if self._timeout is None else time.perf_counter() + self._timeout
        while True:
            with self._using:
                if self._closed:
                    raise Closed
                left = _SLICE_S if deadline is None else deadline - time.perf_counter()
                parts = receive(self._socket, min(left, _SLICE_S))
            if parts is None:
                if deadline is None or time.perf_counter() < deadline:
                    continue
                names = "/".join(record.topic for record, _ in self._topics.values())
                raise NoFrame(names, self._endpoint, self._timeout or 0.0, self._sim_state)
            topic, payload = two_parts(parts)
            if topic == self._status_topic:
                self._sim_state = wire.decode(payload, Status).record.sim_state
            known = self._topics.get(topic)  # a subscription also matches longer names
            if known is not None:
                record, gaps = known
                return wire.decode(payload, record, gaps.follow(wire.read_header(payload)))

    @property
    def closed(self) -> bool:
        """Whether nothing is received any more."""
        return self._closed

    def close(self) -> None:
        """Stop receiving; a thread that iterates meanwhile gets :class:`Closed` within a tenth of a second."""
        self._closed = True
        with self._using:
            self._socket.close(0)

    def __del__(self) -> None:
        if not self._closed:
            self.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Receiver:
    """The thread that empties the socket of `latest` into the mailbox."""

    def __init__(
        self,
        context: "zmq.Context[zmq.Socket[bytes]]",
        sub: "zmq.Socket[bytes]",
        prefix: str,
        mailbox: Mailbox,
        arrived: threading.Condition,
    ) -> None:
        # By topic: why its newest message could not be decoded; removed by the next good one.
        self.errors: dict[str, DecodeError] = {}
        self._sub = sub
        self._prefix = prefix
        self._mailbox = mailbox
        self._arrived = arrived
        self._subscribed: set[str] = set()
        address = f"inproc://receiver-{id(self)}"
        self._orders = context.socket(zmq.PAIR)
        self._orders.bind(address)
        self._inbox = context.socket(zmq.PAIR)
        self._inbox.connect(address)
        self._thread = threading.Thread(target=self._loop, name="acbridge-receiver", daemon=True)

    def start(self) -> None:
        """Begin to receive."""
        self._thread.start()

    def subscribe(self, topic: str) -> None:
        """Subscribe; the caller holds the condition, so one thread at a time gives orders."""
        if topic not in self._subscribed:
            self._subscribed.add(topic)
            self._orders.send((self._prefix + topic).encode())

    def stop(self) -> None:
        """End the thread and close its sockets."""
        with self._arrived:
            self._orders.send(b"")
        self._thread.join()
        self._orders.close(0)

    def _loop(self) -> None:
        poller = zmq.Poller()
        poller.register(self._inbox, zmq.POLLIN)
        poller.register(self._sub, zmq.POLLIN)
        while True:
            ready = dict(poller.poll())
            if self._inbox in ready:
                order = self._inbox.recv()
                if not order:
                    break
                self._sub.subscribe(order)
            if self._sub in ready:
                with self._arrived:
                    self._drain()
                    self._arrived.notify_all()
        self._sub.close(0)
        self._inbox.close(0)

    def _drain(self) -> None:
        for _ in range(_BATCH):
            try:
                parts = receive_now(self._sub)
            except zmq.Again:
                return
            name = parts[0].decode("utf-8", "replace").removeprefix(self._prefix)
            try:
                _, payload = two_parts(parts)
                self._mailbox.put(name, payload, time.perf_counter_ns())
                self.errors.pop(name, None)
            except DecodeError as error:
                self.errors[name] = error


def open_socket(
    context: "zmq.Context[zmq.Socket[bytes]]", kind: int, endpoint: str, queue: int, keys: Keys | None
) -> "zmq.Socket[bytes]":
    """
    Connect a socket with the limits of this library: dead peers are noticed, and closing never waits.

    Args:
        context: The context that owns the socket.
        kind: ``zmq.SUB`` or ``zmq.REQ``.
        endpoint: The endpoint to connect to; the daemon may start later.
        queue: Messages that may wait to be read.
        keys: The client's keys, for a daemon that was started with keys.

    Raises:
        ValueError: The endpoint cannot be an address.
    """
    socket = context.socket(kind)
    socket.linger = 0
    socket.rcvhwm = queue
    socket.rcvbuf = _RCVBUF
    socket.ipv6 = "[" in endpoint
    socket.maxmsgsize = -1 if kind == zmq.REQ else wire.MAX_FRAME_BYTES
    socket.reconnect_ivl = 100
    socket.reconnect_ivl_max = 1000
    socket.heartbeat_ivl = 1000
    socket.heartbeat_timeout = 3000
    socket.heartbeat_ttl = 5000
    if keys is not None:
        keys.apply(socket)
    try:
        socket.connect(endpoint)
    except zmq.ZMQError as error:
        socket.close(0)
        raise ValueError(f"{endpoint} is not an address to connect to: {error}") from error
    return socket


def two_parts(parts: list[bytes]) -> tuple[bytes, bytes]:
    """
    Return topic and payload of a message.

    Raises:
        DecodeError: The message has more parts, or fewer.
    """
    if len(parts) != 2:  # noqa: PLR2004  topic and map
        raise DecodeError(f"a message of {len(parts)} parts is no frame; is this port an acbridge daemon's?")
    return parts[0], parts[1]


def receive_now(socket: "zmq.Socket[bytes]") -> list[bytes]:
    """
    Receive a message that has arrived, at half the cost of `recv_multipart`.

    Raises:
        zmq.Again: There is none.
    """
    parts: list[bytes] = []
    while True:
        part = socket.recv(zmq.NOBLOCK, copy=False)
        parts.append(part.bytes)
        if not part.more:
            return parts


def receive(socket: "zmq.Socket[bytes]", timeout: float) -> list[bytes] | None:
    """Receive one message in waits of at most a tenth of a second, so that Ctrl-C works; ``None`` on timeout."""
    try:
        return receive_now(socket)
    except zmq.Again:
        pass
    deadline = time.perf_counter() + timeout
    left = timeout
    while True:
        socket.rcvtimeo = max(0, math.ceil(min(left, _SLICE_S) * 1000))
        try:
            return socket.recv_multipart()
        except zmq.Again:
            left = deadline - time.perf_counter()
            if left <= 0:
                return None
