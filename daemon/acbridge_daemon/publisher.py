"""The PUB side: sends what it is given, remembers the newest frame of each topic, never blocks."""

from collections import Counter

import zmq

from acbridge_daemon.sampler import Message
from acbridge_daemon.sockets import LINGER_MS, harden

SNDBUF = 65536
"""Small on purpose: what waits in the kernel for a slow subscriber is old when it arrives."""
MAX_SUBSCRIPTION_BYTES = 64


class Publisher:
    """
    A PUB socket.

    Attributes:
        socket: For the loop to poll: subscribers that come and go are noticed only then.
        newest: Topic to newest frame.
        sent_bytes: Bytes of frames sent so far.
    """

    def __init__(self, context: "zmq.Context[zmq.Socket[bytes]]", topic_prefix: str) -> None:
        self.newest: dict[str, bytes] = {}
        self.sent_bytes = 0
        self._sent: Counter[str] = Counter()
        self._prefix = topic_prefix
        self._topics: dict[str, bytes] = {}
        self.socket = context.socket(zmq.PUB)
        self.socket.linger = LINGER_MS
        self.socket.sndbuf = SNDBUF
        self.socket.maxmsgsize = MAX_SUBSCRIPTION_BYTES
        harden(self.socket)

    def queue(self, messages: int) -> None:
        """Let so many messages wait for each slow subscriber, then drop its newest; call before binding."""
        self.socket.sndhwm = messages

    def sent(self, topic: str) -> int:
        """Return how many frames of a topic were sent so far."""
        return self._sent[topic]

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
