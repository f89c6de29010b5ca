"""`connect` and `Bridge`: receive the frames of a daemon, and send it requests."""

import os
import threading
import time
import weakref
from collections.abc import Callable
from types import TracebackType
from typing import Any, NamedTuple, Self, TypeVar, overload

import zmq

from acbridge import requests, wire
from acbridge.address import DEFAULT_HOST, DEFAULT_PORT, LAST_PORT, is_loopback
from acbridge.checks import check
from acbridge.client.mailbox import Mail, Mailbox, Trust
from acbridge.client.silence import Silence, explain_silence
from acbridge.client.subscription import FRAMES_QUEUE, NEWEST_QUEUE, FrameStream, Receiver, open_socket, receive
from acbridge.derived import Derived
from acbridge.errors import AcbridgeError, Closed, NoFrame, NoReply, StaleFrame
from acbridge.keys import Keys
from acbridge.pages import Graphics, Physics
from acbridge.schema import Record
from acbridge.status import Status
from acbridge.topics import BY_NAME, SAMPLE, TICK_RECORDS
from acbridge.wire import Frame

DEALER_QUEUE = 256
"""Replies that may wait to be read."""

R = TypeVar("R", bound=Record)
T = TypeVar("T")


class Sample(NamedTuple):
    """
    The three records of one tick.

    Attributes:
        physics: The car, at that tick.
        graphics: The session, at that tick.
        derived: The values computed from both.
        run: Random 32-bit number of this life of the daemon.
        tick: Number of the tick.
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


def connect(
    host: str = DEFAULT_HOST, port: int = DEFAULT_PORT, *, topic_prefix: str = "", keys: Keys | None = None
) -> "Bridge":
    """
    Return a bridge to the daemon at an address.

    Returns at once whether or not a daemon is there: it may start later, and come back after it ended.

    Args:
        host: Name or address of the daemon's machine.
        port: Its frame port; requests go to the next one.
        topic_prefix: The daemon's ``--topic-prefix``, if it has one.
        keys: Keys read by :meth:`Keys.load`, if the daemon was started with ``--keys``. Such a daemon answers no other
            client: without the right keys, nothing arrives.

    Raises:
        ValueError: The port is not from 1 to 65534.
    """
    return Bridge(host, port, topic_prefix=topic_prefix, keys=keys)


class Bridge:
    """
    A connection to one daemon; safe to use from several threads.

    Use it in a ``with`` block, or call :meth:`close`.
    """

    def __init__(
        self, host: str = DEFAULT_HOST, port: int = DEFAULT_PORT, *, topic_prefix: str = "", keys: Keys | None = None
    ) -> None:
        if not 1 <= port <= LAST_PORT:
            raise ValueError(f"port must be from 1 to {LAST_PORT} (requests use the next one), not {port}")
        literal = f"[{host}]" if ":" in host else host
        self.endpoint = f"tcp://{literal}:{port}"
        self.requests_endpoint = f"tcp://{literal}:{port + 1}"
        self._address = (host, port)
        self._prefix = topic_prefix
        self._keys = keys
        self._same_clock = is_loopback(host)
        self._context = zmq.Context()
        self._arrived = threading.Condition()
        self._mailbox = Mailbox(tuple(record.topic for record in SAMPLE))
        self._receiver: Receiver | None = None
        self._streams: weakref.WeakSet[FrameStream[Any]] = weakref.WeakSet()
        self._opening = threading.Lock()
        self._asking = threading.Lock()
        self._requests: zmq.Socket[bytes] | None = None
        self._closed = False

    def latest(self, record: type[R], *, timeout: float = 1.0, max_age: float | None = None) -> Frame[R]:
        """
        Return the newest frame of a topic.

        Frames that arrived since the last call are discarded undecoded, so neither cost nor freshness depends on the
        time between calls. The first call waits for a frame; later calls return at once, with the same frame again if
        no other has come.

        Args:
            record: The record class of the topic, such as :class:`Physics`.
            timeout: How long to wait for the first frame, in seconds.
            max_age: Refuse a frame older than this many seconds; over a network this sees the time since its arrival.

        Raises:
            NoFrame: Nothing arrived within ``timeout``. The daemon may be waiting for the sim; the message says so.
            StaleFrame: The newest frame is older than ``max_age``.
            DecodeError: What arrives is not a frame of this wire version.
            Closed: The bridge was closed.
        """
        _check(record)
        box = self._mailbox[record.topic]
        mail = self._wait((record,), lambda: box.newest, timeout)
        if max_age is not None:
            age = box.trust(time.perf_counter_ns(), same_clock=self._same_clock).age
            if age is not None and age > max_age:
                raise StaleFrame(record.topic, age, max_age, self._sim_state())
        return wire.decode(mail.payload, record, mail.lost)

    def wait_for(self, record: type[R], condition: Callable[[Frame[R]], bool], *, timeout: float = 1.0) -> Frame[R]:
        """
        Return the newest frame of a topic as soon as a condition holds of it.

        Args:
            record: The record class of the topic.
            condition: Whether the frame is the one that is waited for; called once for each newest frame.
            timeout: How long to wait, in seconds.

        Raises:
            NoFrame: No such frame arrived within ``timeout``.
            DecodeError: What arrives is not a frame of this wire version.
            Closed: The bridge was closed.
        """
        _check(record)
        box, seen = self._mailbox[record.topic], list[Mail]()

        def poll() -> Frame[R] | None:
            mail = box.newest
            if mail is None or seen[-1:] == [mail]:
                return None
            seen[:] = [mail]
            frame = wire.decode(mail.payload, record, mail.lost)
            return frame if condition(frame) else None

        return self._wait((record,), poll, timeout)

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
        mails = self._wait(SAMPLE, lambda: self._mailbox.sample, timeout)
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

    @overload
    def frames(self, *, timeout: float | None = None) -> "FrameStream[Record]": ...

    @overload
    def frames(self, *records: type[R], timeout: float | None = None) -> "FrameStream[R]": ...

    def frames(self, *records: type[Any], timeout: float | None = None) -> "FrameStream[Any]":
        """
        Iterate over every frame of some topics from now on, in order.

        While you keep up, nothing is lost: about ten seconds of frames are queued at 1000 Hz. If frames
        are lost all the same, ``lost`` of the next frame counts those of its topic that are missing before it.

        Args:
            records: Record classes, such as ``Physics, Graphics``; none means every topic that ticks publish.
            timeout: Raise :class:`NoFrame` when no frame comes for so many seconds; you may then go on iterating.
                ``None`` waits for ever.

        Raises:
            Closed: The bridge was closed.
        """
        for record in records:
            _check(record)
        with self._opening:
            if self._closed:
                raise Closed
            socket = open_socket(self._context, zmq.SUB, self.endpoint, FRAMES_QUEUE, self._keys)
            wanted = records or TICK_RECORDS
            stream: FrameStream[Any] = FrameStream(socket, self.endpoint, wanted, self._prefix, timeout)
            self._streams.add(stream)
        return stream

    def trust(self, record: type[Record]) -> Trust:
        """Report whether the newest frame of a topic is alive, how old it is, and how many were lost; never waits."""
        _check(record)
        self._want((record,))
        with self._arrived:
            return self._mailbox[record.topic].trust(time.perf_counter_ns(), same_clock=self._same_clock)

    def status(self, *, timeout: float = 1.0) -> Status:
        """
        Request the status of the daemon and the sim.

        Raises:
            NoReply: It did not answer within ``timeout`` seconds.
        """
        reply = self.request("status", timeout=timeout)
        status = Status.adopt(reply)
        check(Status, reply)
        return status

    def request(
        self, name: str, *, timeout: float = 1.0, request_id: str | None = None, **arguments: Any
    ) -> dict[str, Any]:
        """
        Send a request of docs/reference/protocol.md and return the fields of its reply.

        Args:
            name: Name of the request, such as ``"hello"``.
            timeout: How long to wait for the reply, in seconds.
            request_id: The id of a request that got no reply, to repeat the request without carrying it out twice.
            arguments: Arguments of the request, such as ``rate=30``.

        Raises:
            NoReply: No answer within ``timeout``; a changing request may still have been carried out. Repeat it
                with the error's ``request_id``.
            RequestRefused: The daemon refused it; ``code`` and the message say why.
            Closed: The bridge was closed.
        """
        request_id = request_id or os.urandom(16).hex()
        body = requests.encode_request(name, request_id, arguments)
        if len(body) > requests.MAX_REQUEST_BYTES:
            raise ValueError(f"a request may have {requests.MAX_REQUEST_BYTES} bytes, this one has {len(body)}")
        with self._asking:
            if self._closed:
                raise Closed
            if self._requests is None:
                self._requests = open_socket(self._context, zmq.REQ, self.requests_endpoint, 1, self._keys)
            reply: list[bytes] | None = None
            try:
                self._requests.send(body, zmq.NOBLOCK)
                reply = receive(self._requests, timeout)
            except zmq.Again:
                pass
            finally:
                if reply is None:  # also when interrupted: a REQ socket that waits for a reply takes no other request
                    self._requests.close(0)
                    self._requests = None
            if reply is None:
                raise NoReply(name, self.requests_endpoint, timeout, request_id)
        return requests.decode_reply(name, reply[0])

    def why_silent(self, *, timeout: float = 1.0) -> Silence:
        """
        Explain why nothing arrives: ask the daemon, and look at its ports if it does not answer.

        Args:
            timeout: How long to wait for the daemon's reply, in seconds. The ports take a second more, or as long as
                the system takes to connect and to look for the name of an unknown host.

        Raises:
            Closed: The bridge was closed.
        """
        try:
            hello = self.request("hello", timeout=timeout)
        except Closed:
            raise
        except NoReply:
            return explain_silence(*self._address, keys=self._keys is not None)
        except AcbridgeError as error:
            return Silence(
                f"what answers at {self.requests_endpoint} is no acbridge daemon ({error})", "check --connect"
            )
        prefix = str(hello.get("topic_prefix", ""))
        if prefix != self._prefix:
            begin = f"begin with {prefix}" if prefix else "have no prefix"
            ours = f"begin with {self._prefix}" if self._prefix else "have none"
            return Silence(f"the topics of this daemon {begin}, those asked for {ours}", "check --topic-prefix")
        return Silence(f"the daemon answers requests, but no frame arrives from {self.endpoint}", "check the firewall")

    def open_dealer(self) -> "zmq.Socket[bytes]":
        """
        Open a DEALER socket to the port of requests, which the caller uses alone and closes.

        Raises:
            Closed: The bridge was closed.
        """
        with self._opening:
            if self._closed:
                raise Closed
            return open_socket(self._context, zmq.DEALER, self.requests_endpoint, DEALER_QUEUE, self._keys)

    def close(self) -> None:
        """Close every socket and end the receiver thread; closing twice does nothing."""
        with self._asking:
            if self._closed:
                return
            self._closed = True
            if self._requests is not None:
                self._requests.close(0)
        with self._arrived:
            receiver = self._receiver
            self._arrived.notify_all()
        if receiver is not None:
            receiver.stop()
        with self._opening:
            streams = list(self._streams)
        for stream in streams:
            stream.close()
        self._context.term()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _wait(self, records: tuple[type[Record], ...], poll: Callable[[], T | None], timeout: float) -> T:
        """Wait until ``poll`` returns something that the receiver thread delivered."""
        self._want(records)
        deadline = time.perf_counter() + timeout
        with self._arrived:
            while True:
                receiver = self._receiver
                if self._closed or receiver is None:
                    raise Closed
                for record in records:
                    if record.topic in receiver.errors:
                        raise receiver.errors[record.topic]
                found = poll()
                if found is not None:
                    return found
                if not self._arrived.wait(deadline - time.perf_counter()) and time.perf_counter() >= deadline:
                    raise NoFrame(records[0].topic, self.endpoint, timeout, self._sim_state())

    def _want(self, records: tuple[type[Record], ...]) -> None:
        with self._arrived:
            if self._closed:
                raise Closed
            if self._receiver is None:
                sub = open_socket(self._context, zmq.SUB, self.endpoint, NEWEST_QUEUE, self._keys)
                self._receiver = Receiver(self._context, sub, self._prefix, self._mailbox, self._arrived)
                self._receiver.subscribe(Status.topic)
                self._receiver.start()
            for record in records:
                self._receiver.subscribe(record.topic)

    def _sim_state(self) -> str | None:
        """Return the sim's state in the newest status frame; ``None`` if that is stale."""
        box = self._mailbox[Status.topic]
        mail: Mail | None = box.newest
        alive = box.trust(time.perf_counter_ns(), same_clock=False).alive
        return None if mail is None or not alive else wire.decode(mail.payload, Status).record.sim_state


def _check(record: object) -> None:
    """Raise TypeError unless the argument is the record class of a topic."""
    if not (isinstance(record, type) and issubclass(record, Record) and record.topic in BY_NAME):
        raise TypeError(f"a topic is asked for by its record class, such as acbridge.Physics, not {record!r}")
