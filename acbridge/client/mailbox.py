"""
The newest frame of each topic, the number of lost frames, and whether the topic is alive.

Pure: bytes and times go in. The mailbox opens no socket, reads no clock and decodes only headers.
"""

from collections import deque
from typing import NamedTuple

from acbridge.topics import BY_NAME, STALE_PERIODS
from acbridge.wire import Header, read_header

RATE_WINDOW = 64
"""Frames over which a topic's rate is measured."""
MIN_STALE_S = 0.1
"""Silence shorter than this is scheduling, whatever the rate."""
UNKNOWN_RATE_STALE_S = 1.0
"""Seconds after which a topic is stale of which only one frame came, so that its rate is unknown."""


class Mail(NamedTuple):
    """
    One received frame, not yet decoded.

    Attributes:
        payload: The frame's bytes.
        header: Its header.
        received_ns: When it arrived, on the receiver's monotonic clock.
        lost: Frames missing right before it.
    """

    payload: bytes
    header: Header
    received_ns: int
    lost: int


class Trust(NamedTuple):
    """
    Whether the newest frame of a topic may be acted on.

    Attributes:
        alive: Frames keep coming: the newest is younger than ten periods of its rate (never less than 0.1 s).
        age: Seconds since the newest frame's pages were sampled, measured on one clock if the daemon is on this
            machine, else seconds since it arrived here; ``None`` before the first.
        rate: Frames per second over the last 64 frames, by the daemon's clock; ``None`` before the second.
        received: Frames received so far.
        lost: Frames lost so far, counted by the gaps in ``seq``.
        restarts: Times the daemon came back as another run.
        run: The run of the newest frame; ``None`` before the first.
    """

    alive: bool
    age: float | None
    rate: float | None
    received: int
    lost: int
    restarts: int
    run: int | None


class Gaps:
    """Counts the lost frames of one topic by the gaps in ``seq``, and the restarts of the daemon by ``run``."""

    __slots__ = ("_next", "lost", "restarts", "run")

    def __init__(self) -> None:
        self.run: int | None = None
        self._next = 0
        self.lost = 0
        self.restarts = 0

    def follow(self, header: Header) -> int:
        """
        Record the next header and return how many frames are missing right before it.

        Nothing is missing before the first frame, because the subscription was new. Before the first frame of a new
        run as many are missing as its seq says; the last frames of the old run that did not arrive cannot be counted.
        """
        if header.run != self.run:
            missing = 0 if self.run is None else header.seq
            self.restarts += self.run is not None
            self.run = header.run
        else:
            missing = max(0, header.seq - self._next)
        self._next = header.seq + 1
        self.lost += missing
        return missing


class Box:
    """The newest frame of one topic, its rate and its losses."""

    __slots__ = ("_by_ticks", "_stale_after", "_stamps", "gaps", "newest", "received")

    def __init__(self, topic: str) -> None:
        self._by_ticks = BY_NAME[topic].by_ticks
        self._stale_after = BY_NAME[topic].stale_after
        self._stamps: deque[int] = deque(maxlen=RATE_WINDOW)
        self.gaps = Gaps()
        self.newest: Mail | None = None
        self.received = 0

    def put(self, payload: bytes, received_ns: int) -> Mail:
        """
        Store a frame that has just arrived.

        Raises:
            DecodeError: The bytes are not a frame; the box stays as it was.
        """
        header = read_header(payload)
        restarts = self.gaps.restarts
        mail = Mail(payload, header, received_ns, self.gaps.follow(header))
        if self.gaps.restarts != restarts:
            self._stamps.clear()
        self._stamps.append(header.mono_ns)
        self.newest = mail
        self.received += 1
        return mail

    @property
    def rate(self) -> float | None:
        """Frames per second over the last 64 frames, by the daemon's clock."""
        if len(self._stamps) < 2 or self._stamps[-1] <= self._stamps[0]:  # noqa: PLR2004  a rate needs two
            return None
        return (len(self._stamps) - 1) * 1e9 / (self._stamps[-1] - self._stamps[0])

    def trust(self, now_ns: int, *, same_clock: bool) -> Trust:
        """
        Report whether the newest frame may be acted on.

        Args:
            now_ns: Now, on the receiver's monotonic clock.
            same_clock: Whether the daemon stamps its frames with that same clock.
        """
        age, rate, alive = None, self.rate, False
        if self.newest is not None:
            since = self.newest.header.mono_ns if same_clock else self.newest.received_ns
            age = (now_ns - since) / 1e9
            alive = age <= self._patience(rate)
        return Trust(alive, age, rate, self.received, self.gaps.lost, self.gaps.restarts, self.gaps.run)

    def _patience(self, rate: float | None) -> float:
        if not self._by_ticks:
            return self._stale_after
        return UNKNOWN_RATE_STALE_S if rate is None else max(MIN_STALE_S, STALE_PERIODS / rate)


class Mailbox:
    """One box per topic, and the newest tick of which every wanted topic has arrived."""

    def __init__(self, aligned: tuple[str, ...]) -> None:
        """
        Start empty.

        Args:
            aligned: The topics that make a sample, in the order in which a tick publishes them.
        """
        self._boxes = {name: Box(name) for name in BY_NAME}
        self._aligned = aligned
        self.sample: tuple[Mail, ...] | None = None

    def __getitem__(self, topic: str) -> Box:
        return self._boxes[topic]

    def put(self, topic: str, payload: bytes, received_ns: int) -> None:
        """
        Store a frame that has just arrived; a topic that is not in the table is ignored.

        Raises:
            DecodeError: The bytes are not a frame of an acbridge daemon.
        """
        box = self._boxes.get(topic)
        if box is None:
            return
        mail = box.put(payload, received_ns)
        if topic == self._aligned[-1]:
            mails = [self._boxes[name].newest for name in self._aligned]
            same = tuple(m for m in mails if m is not None and m.header[:2] == mail.header[:2])
            if len(same) == len(mails):
                self.sample = same
