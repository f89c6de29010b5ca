"""
The XPUB socket: sends messages, remembers the newest frame of each topic, never blocks.

To subscribers it is a PUB socket. Unlike one it shows each subscription with its sender, so that a peer that subscribes
without end can be cut before it has cost much memory.
"""

from collections import Counter

import zmq

from acbridge.topics import TOPICS
from acbridge_daemon.rebinding import rebind
from acbridge_daemon.sampler import Message
from acbridge_daemon.security import MIN_MESSAGE_BYTES, ZapHandler
from acbridge_daemon.sockets import LINGER_MS, Connections, harden

SNDBUF = 65536
"""Small on purpose: a frame that waits in the kernel for a slow subscriber is old when it arrives."""
RCVBUF = 8192
"""Small on purpose, as is the next limit: libzmq takes all subscriptions that wait, before the loop sees the first."""
SUBSCRIPTIONS_WAITING = 8
"""How many subscriptions of one peer may wait; a usual subscriber has fewer, so that it gets all topics at once."""
MAX_SUBSCRIPTION_BYTES = 64
MAX_TOPIC_BYTES = MAX_SUBSCRIPTION_BYTES - 10
"""Bytes of the longest topic that can be subscribed to; libzmq counts 10 more in its limit."""
MAX_SUBSCRIPTIONS = 1000
"""Topics that one connection may be subscribed to; the daemon publishes a dozen."""
LISTEN_AT_ONCE = 500
"""How many subscriptions one call processes; takes about a millisecond."""
SUBSCRIBE, UNSUBSCRIBE = b"\1", b"\0"
"""First byte of what XPUB shows of a peer."""


class Publisher:
    """
    An XPUB socket.

    Attributes:
        socket: The XPUB socket; the loop polls it, because subscriptions are processed only then.
        connections: The open connections; the loop polls their socket, too.
        newest: The newest frame by topic; those of a session only while it runs.
        sent_bytes: Bytes of frames sent so far.
        settling: Whether subscriptions of a connection that was cut still wait. No other should be admitted meanwhile:
            if its peer does the same, it is noticed only after them.
    """

    def __init__(
        self, context: "zmq.Context[zmq.Socket[bytes]]", topic_prefix: str, queue: int, zap: ZapHandler
    ) -> None:
        """
        Create the socket without binding it; see `bind_pair`.

        Args:
            context: The context that owns the socket.
            topic_prefix: Prefix of every topic name.
            queue: Messages that may wait for each slow subscriber before its newest are dropped.
            zap: Decides who may subscribe.
        """
        self.newest: dict[str, bytes] = {}
        self.sent_bytes = 0
        self.settling = False
        self._sent: Counter[str] = Counter()
        self._context = context
        self._prefix = topic_prefix
        self._queue = queue
        self._zap = zap
        self._topics: dict[str, bytes] = {}
        self._open()

    def _open_anew(self) -> "zmq.Socket[bytes]":
        self.close(0)
        self._open()
        return self.socket

    def _open(self) -> None:
        self.socket = self._new_socket()
        self.settling = False
        self.connections = Connections(self.socket)  # before it is bound, so that every connection is counted

    def _new_socket(self) -> "zmq.Socket[bytes]":
        socket = self._context.socket(zmq.XPUB)
        socket.set(zmq.XPUB_VERBOSER, 1)
        socket.rcvbuf = RCVBUF
        socket.rcvhwm = SUBSCRIPTIONS_WAITING
        socket.linger = LINGER_MS
        socket.sndbuf = SNDBUF
        socket.sndhwm = self._queue
        socket.maxmsgsize = MAX_SUBSCRIPTION_BYTES
        harden(socket, heartbeats=True)
        if self._zap.keyring is not None:
            socket.maxmsgsize = MIN_MESSAGE_BYTES
        self._zap.protect(socket)
        return socket

    def listen(self) -> None:
        """Process some of the waiting subscriptions; cut the connection of a peer that has too many."""
        for _ in range(LISTEN_AT_ONCE):
            try:
                notice = self.socket.recv(zmq.NOBLOCK, copy=False)
            except zmq.Again:
                self.settling = False
                return
            self._note(notice)

    def _note(self, notice: zmq.Frame) -> None:
        """Add the topic of a subscription to those of its sender, or remove it."""
        try:
            descriptor = int(notice.get(zmq.SRCFD))
        except zmq.ZMQError:
            return  # its connection has ended
        if descriptor not in self.connections.open:
            self.connections.follow()
        connection = self.connections.open.get(descriptor)
        if connection is None:
            return  # as above, or it was cut
        self.connections.heard(notice)
        kind, topic = notice.bytes[:1], notice.bytes[1:]
        if kind == UNSUBSCRIBE:
            connection.topics.discard(topic)
        elif kind == SUBSCRIBE:
            connection.topics.add(topic)
            if len(connection.topics) > MAX_SUBSCRIPTIONS or len(topic) > MAX_TOPIC_BYTES:
                self.connections.cut(descriptor)
                self.settling = True
                self._zap.ban(notice)

    def disconnect_all(self) -> None:
        """
        Disconnect every subscriber, by taking another socket on the same port.

        Those that are still admitted reconnect within a quarter of a second.

        Raises:
            BindError: Another program took the port meanwhile, or the system gives no more sockets.
        """
        rebind(self.socket.get_string(zmq.LAST_ENDPOINT), self._open_anew)

    def close(self, linger_ms: int = LINGER_MS) -> None:
        """Close the socket; messages already sent have ``linger_ms`` to leave."""
        self.connections.close()
        self.socket.close(linger_ms)

    def sent(self, topic: str) -> int:
        """Return how many frames of a topic were sent so far."""
        return self._sent[topic]

    def forget_session(self) -> None:
        """Forget the newest frames of a session that has ended: a client that asks must not take them for now."""
        for topic in TOPICS:
            if topic.flows:
                self.newest.pop(topic.name, None)

    def send(self, message: Message) -> None:
        """Publish a message."""
        topic = self._topics.get(message.topic)
        if topic is None:
            topic = self._topics[message.topic] = (self._prefix + message.topic).encode()
        self.newest[message.topic] = message.payload
        self.sent_bytes += len(message.payload)
        self._sent[message.topic] += 1
        self.socket.send(topic, zmq.SNDMORE)
        self.socket.send(message.payload)
