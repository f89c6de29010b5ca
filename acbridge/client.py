"""
Subscribe to a daemon and ask it: `connect` and `Bridge`.

The only file of the library that imports zmq. A receiver thread empties one socket into the mailbox, so that `latest`
is fresh however long its caller slept; `frames`, which must keep order and lose nothing, has a socket of its own with a
longer queue. Every ZeroMQ socket is used by one thread at a time.
"""

import threading
import time
import uuid
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Generic, NamedTuple, Self, TypeVar

import zmq

from acbridge import control, wire
from acbridge.derived import Derived
from acbridge.errors import Closed, DecodeError, NoFrame, NoReply, StaleFrame
from acbridge.mailbox import Gaps, Mail, Mailbox, Trust
from acbridge.pages import Graphics, Physics
from acbridge.schema import Record
from acbridge.status import Status
from acbridge.topics import EVERY_TICK
from acbridge.wire import Frame

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 5555
"""Frames are published here; requests are answered on the next port."""

_LATEST_QUEUE = 3000
_FRAMES_QUEUE = 30_000
_RCVBUF = 65536
"""Small on purpose: what waits in the kernel is old when it is read."""
_POLL_MS = 100
"""How long a blocking call may keep a Ctrl-C waiting (Windows cannot interrupt it)."""
_BATCH = 256
"""Frames taken from the socket before waiting callers get their turn."""

R = TypeVar("R", bound=Record)


class Sample(NamedTuple):
    """
    The three records of one tick.

    Attributes:
        physics: The car, at that tick.
        graphics: The session, at that tick.
        derived: What follows from both.
        run: Random 32-bit number of this life of the daemon.
        tick: Turn of the daemon's loop.
        timestamp: When the pages were sampled, Unix seconds.
        mono_ns: The same instant on the daemon machine's monotonic clock.
    """

    physics: Physics
    graphics: Graphics
    derived: Derived
    run: int
    tick: int
    timestamp: float
    mono_ns: int


def connect(host: str = DEFAULT_HOST, port: int = DEFAULT_PORT, *, topic_prefix: str = "") -> "Bridge":
    """
    Return a bridge to the daemon at an address.

    Returns at once whether or not a daemon is there: it may start later, and come back after it ended.

    Args:
        host: Name or address of the daemon's machine.
        port: Its frame port; requests go to the next one.
        topic_prefix: The daemon's ``--topic-prefix``, if it has one.

    Raises:
        ValueError: The port is not one.
    """
    return Bridge(host, port, topic_prefix=topic_prefix)


class Bridge:
    """
    A connection to one daemon; safe to use from several threads.

    Use it in a ``with`` block, or call :meth:`close`.
    """

    def __init__(self, host: str = DEFAULT_HOST, port: int = DEFAULT_PORT, *, topic_prefix: str = "") -> None:
        if not 1 <= port < 65535:  # noqa: PLR2004  the highest port leaves no next one
            raise ValueError(f"port must be from 1 to 65534 (requests use the next one), not {port}")
        literal = f"[{host}]" if ":" in host else host
        self.endpoint = f"tcp://{literal}:{port}"
        self.control_endpoint = f"tcp://{literal}:{port + 1}"
        self._prefix = topic_prefix
        self._same_clock = host in ("127.0.0.1", "localhost", "::1")
        self._context = zmq.Context()
        self._arrived = threading.Condition()
        self._mailbox = Mailbox(tuple(record.topic for record in EVERY_TICK))
        self._receiver: _Receiver | None = None
        self._streams: list[Frames[Any]] = []
        self._asking = threading.Lock()
        self._control: zmq.Socket[bytes] | None = None
        self._closed = False

    def latest(self, record: type[R], *, timeout: float = 1.0, max_age: float | None = None) -> Frame[R]:
        """
        Return the newest frame of a topic.

        Frames that arrived since the last call are discarded undecoded, so neither cost nor freshness depends on how
        long you were away. The first call waits for a frame; later calls return at once, with the same frame again if
        no other has come.

        Args:
            record: The record class of the topic, such as :class:`Physics`.
            timeout: How long to wait for the first frame, in seconds.
            max_age: Refuse a frame older than this many seconds; over a network this sees the time since its arrival.

        Raises:
            NoFrame: Nothing arrived within ``timeout``. The daemon may be waiting for the sim; the message tells.
            StaleFrame: The newest frame is older than ``max_age``.
            DecodeError: What arrives is not a frame of this wire version.
            Closed: The bridge was closed.
        """
        box = self._mailbox[record.topic]
        mail = self._wait((record,), lambda: box.newest, timeout)
        if max_age is not None:
            age = box.trust(time.perf_counter_ns(), same_clock=self._same_clock).age
            if age is not None and age > max_age:
                raise StaleFrame(record.topic, age, max_age, self._sim_state())
        return wire.decode(mail.payload, record, mail.lost)

    def sample(self, *, timeout: float = 1.0) -> Sample:
        """
        Return physics, graphics and derived of the newest tick of which all three have arrived.

        Args:
            timeout: How long to wait for the first, in seconds.

        Raises:
            NoFrame: Nothing arrived within ``timeout``.
            DecodeError: What arrives is not a frame of this wire version.
            Closed: The bridge was closed.
        """
        mails = self._wait(EVERY_TICK, lambda: self._mailbox.sample, timeout)
        physics = wire.decode(mails[0].payload, Physics)
        graphics = wire.decode(mails[1].payload, Graphics)
        derived = wire.decode(mails[2].payload, Derived)
        return Sample(
            physics.record,
            graphics.record,
            derived.record,
            physics.run,
            physics.tick,
            physics.timestamp,
            physics.mono_ns,
        )

    def frames(self, *records: type[R], timeout: float | None = None) -> "Frames[R]":
        """
        Iterate over every frame of some topics from now on, in order.

        While you keep up, nothing is lost: about ten seconds of frames are queued at 1000 Hz. What is lost all the
        same is told: each frame's ``lost`` counts the frames of its topic missing right before it.

        Args:
            records: Record classes, such as ``Physics, Graphics``; none means every topic of the tick.
            timeout: Raise :class:`NoFrame` when no frame comes for so many seconds; you may then go on iterating.
                ``None`` waits for ever.

        Raises:
            Closed: The bridge was closed.
        """
        if self._closed:
            raise Closed
        wanted: tuple[type[Any], ...] = records or EVERY_TICK
        socket = self._socket(zmq.SUB, self.endpoint, _FRAMES_QUEUE)
        stream: Frames[R] = Frames(socket, self.endpoint, wanted, self._prefix, timeout)
        self._streams.append(stream)
        return stream

    def trust(self, record: type[Record]) -> Trust:
        """Judge the newest frame of a topic: is it alive, how old, how many were lost; never waits."""
        self._want((record,))
        with self._arrived:
            return self._mailbox[record.topic].trust(time.perf_counter_ns(), same_clock=self._same_clock)

    def status(self, *, timeout: float = 1.0) -> Status:
        """
        Ask the daemon how it and the sim are.

        Raises:
            NoReply: It did not answer within ``timeout`` seconds.
        """
        return Status.adopt(self.request("status", timeout=timeout))

    def request(self, name: str, *, timeout: float = 1.0, **arguments: Any) -> dict[str, Any]:
        """
        Send a request of docs/protocol.md and return what its reply holds.

        Args:
            name: Its name, such as ``"hello"``.
            timeout: How long to wait for the reply, in seconds.
            arguments: Its arguments, such as ``rate=30``.

        Raises:
            NoReply: No answer within ``timeout``; a changing request may still have been carried out.
            RequestRefused: The daemon refused it; ``code`` and the message say why.
            Closed: The bridge was closed.
        """
        body = control.encode_request(name, uuid.uuid4().hex, arguments)
        if len(body) > control.MAX_REQUEST_BYTES:
            raise ValueError(f"a request may have {control.MAX_REQUEST_BYTES} bytes, this one has {len(body)}")
        with self._asking:
            if self._closed:
                raise Closed
            if self._control is None:
                self._control = self._socket(zmq.REQ, self.control_endpoint, 1)
            try:
                self._control.send(body, zmq.NOBLOCK)
                reply = _receive(self._control, timeout)
            except zmq.Again:
                reply = None
            if reply is None:
                self._control.close(0)
                self._control = None
                raise NoReply(name, self.control_endpoint, timeout)
        return control.decode_reply(name, reply[0])

    def close(self) -> None:
        """Close every socket and end the receiver thread; closing twice does nothing."""
        with self._asking:
            if self._closed:
                return
            self._closed = True
            if self._control is not None:
                self._control.close(0)
        with self._arrived:
            receiver = self._receiver
            self._arrived.notify_all()
        if receiver is not None:
            receiver.stop()
        for stream in self._streams:
            stream.close()
        self._context.term()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _wait(self, records: tuple[type[Record], ...], look: Any, timeout: float) -> Any:
        """Wait until ``look`` finds something that the receiver delivered."""
        self._want(records)
        deadline = time.perf_counter() + timeout
        with self._arrived:
            while (found := look()) is None:
                receiver = self._receiver
                if self._closed or receiver is None:
                    raise Closed
                if receiver.error is not None:
                    raise receiver.error
                if not self._arrived.wait(deadline - time.perf_counter()) and time.perf_counter() >= deadline:
                    raise NoFrame(records[0].topic, self.endpoint, timeout, self._sim_state())
            return found

    def _want(self, records: tuple[type[Record], ...]) -> None:
        with self._arrived:
            if self._closed:
                raise Closed
            if self._receiver is None:
                sub = self._socket(zmq.SUB, self.endpoint, _LATEST_QUEUE)
                self._receiver = _Receiver(self._context, sub, self._prefix, self._mailbox, self._arrived)
                self._receiver.subscribe(Status.topic)
                self._receiver.start()
            for record in records:
                self._receiver.subscribe(record.topic)

    def _sim_state(self) -> str | None:
        mail: Mail | None = self._mailbox[Status.topic].newest
        return None if mail is None else wire.decode(mail.payload, Status).record.sim_state

    def _socket(self, kind: int, endpoint: str, queue: int) -> "zmq.Socket[bytes]":
        socket = self._context.socket(kind)
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
        try:
            socket.connect(endpoint)
        except zmq.ZMQError as error:
            socket.close(0)
            raise ValueError(f"{endpoint} is not an address to connect to: {error}") from error
        return socket


class Frames(Generic[R]):
    """
    Every frame of some topics, in order; made by :meth:`Bridge.frames`.

    Attributes:
        lost: Frames that went missing so far, all topics together.
        restarts: Times that the daemon came back as another run.
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
        for topic in (*self._topics, self._status_topic):
            socket.subscribe(topic)

    @property
    def lost(self) -> int:
        """Frames that went missing so far, all topics together."""
        return sum(gaps.lost for _, gaps in self._topics.values())

    @property
    def restarts(self) -> int:
        """Times that the daemon came back as another run."""
        return max(gaps.restarts for _, gaps in self._topics.values())

    def __iter__(self) -> Iterator[Frame[R]]:
        return self

    def __next__(self) -> Frame[R]:
        deadline = None if self._timeout is None else time.perf_counter() + self._timeout
        while True:
            if self._socket.closed:
                raise Closed
            parts = _receive(self._socket, None if deadline is None else deadline - time.perf_counter())
            if parts is None:
                names = "/".join(record.topic for record, _ in self._topics.values())
                raise NoFrame(names, self._endpoint, self._timeout or 0.0, self._sim_state)
            if len(parts) != 2:  # noqa: PLR2004  topic and map
                raise DecodeError(f"a message of {len(parts)} parts is no frame; is this port an acbridge daemon's?")
            topic, payload = parts
            if topic == self._status_topic:
                self._sim_state = wire.decode(payload, Status).record.sim_state
            known = self._topics.get(topic)  # a topic that begins like ours is not ours
            if known is not None:
                record, gaps = known
                return wire.decode(payload, record, gaps.follow(wire.read_header(payload)))

    def close(self) -> None:
        """Stop receiving."""
        self._socket.close(0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Receiver:
    """The thread that empties the socket of `latest` into the mailbox."""

    def __init__(
        self,
        context: "zmq.Context[zmq.Socket[bytes]]",
        sub: "zmq.Socket[bytes]",
        prefix: str,
        mailbox: Mailbox,
        arrived: threading.Condition,
    ) -> None:
        self.error: DecodeError | None = None
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
        self._thread.start()

    def subscribe(self, topic: str) -> None:
        """Subscribe; the caller holds the condition, so one thread at a time gives orders."""
        if topic not in self._subscribed:
            self._subscribed.add(topic)
            self._orders.send((self._prefix + topic).encode())

    def stop(self) -> None:
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
                parts = self._sub.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return
            try:
                topic = parts[0].decode().removeprefix(self._prefix)
                self._mailbox.put(topic, parts[1], time.perf_counter_ns())
            except DecodeError as error:
                self.error = error
            except (IndexError, UnicodeDecodeError):
                self.error = DecodeError("a message that is no frame; is this port an acbridge daemon's?")


def _receive(socket: "zmq.Socket[bytes]", timeout: float | None) -> list[bytes] | None:
    """Receive one message, looking up every 100 ms so that Ctrl-C works on Windows too; ``None`` on timeout."""
    try:
        return socket.recv_multipart(zmq.NOBLOCK)
    except zmq.Again:
        pass
    deadline = None if timeout is None else time.perf_counter() + timeout
    while True:
        left = _POLL_MS if deadline is None else max(0, min(_POLL_MS, round((deadline - time.perf_counter()) * 1000)))
        if socket.poll(left):
            return socket.recv_multipart()
        if deadline is not None and time.perf_counter() >= deadline:
            return None
