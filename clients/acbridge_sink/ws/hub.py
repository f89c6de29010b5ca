"""
The relay's state and fan-out: the newest frame of each topic, the laps of the session, whether the daemon is heard, and
the outboxes of all clients.

Opens no socket; the time comes from outside.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from typing import Any

from acbridge import WIRE_VERSION, Event, EventKind, Status
from acbridge.selection import Selection
from acbridge.topics import TOPICS
from acbridge.wire import Frame
from acbridge_sink.ws.encoded_frame import EncodedFrame
from acbridge_sink.ws.outbox import Outbox

LAPS = 64
"""Laps of the session that are kept for clients that come later."""

_TICK_TOPICS = frozenset(topic.name for topic in TOPICS if topic.by_ticks)


def _described() -> dict[str, dict[str, dict[str, str]]]:
    return {
        topic.name: {
            column.name: {"unit": column.unit, "type": column.type_name, "meaning": column.meaning}
            for column in topic.record.columns
        }
        for topic in TOPICS
    }


class Hub:
    """
    Passes frames to the outboxes of all clients.

    Attributes:
        connected: Whether the daemon is heard.
    """

    def __init__(self) -> None:
        self.connected = False
        self._ticked: float | None = None
        self._run: int | None = None
        self._newest: dict[str, EncodedFrame] = {}
        self._laps: deque[EncodedFrame] = deque(maxlen=LAPS)
        self._outboxes: set[Outbox] = set()
        self._topics = _described()
        self._relay = version("acbridge")

    def join(self, outbox: Outbox) -> None:
        """Add a client: enqueue hello, laps and the newest frames, and from now on every frame."""
        outbox.greet(self.hello())
        if not self.connected:
            outbox.enqueue(self._daemon())
        # A message of its own: as frames they would look like news, and the seq between them like gaps. Events that
        # still wait for a server that is called again are sent as news.
        laps = [lap.message(outbox.selection) for lap in self._laps if not outbox.holds(lap)]
        if laps and Event in outbox.selection.records:
            outbox.enqueue({"type": "laps", "laps": laps})
        self._outboxes.add(outbox)
        self._offer_newest(outbox)

    def leave(self, outbox: Outbox) -> None:
        """Remove a client."""
        self._outboxes.discard(outbox)

    def select(self, outbox: Outbox, selection: Selection) -> None:
        """Change the selection of a client, and offer it the newest frames."""
        outbox.select(selection)
        self._offer_newest(outbox)

    def publish(self, frames: Iterable[Frame[Any]], now: float) -> None:
        """Pass on frames that have just come, at ``now`` in seconds on any clock that goes forward."""
        for frame in frames:
            if frame.run != self._run:  # frames of an earlier run are not news
                self._run = frame.run
                self._newest.clear()
                self._laps.clear()
            encoded = self._newest[frame.topic] = EncodedFrame(frame)
            if isinstance(frame.record, Event):
                self._remember(encoded)
            if frame.topic in _TICK_TOPICS:
                self._ticked = now
            self._connect(connected=True)
            for outbox in self._outboxes:
                outbox.offer(encoded)

    def disconnect(self) -> None:
        """Note that the daemon is silent; the next frame connects it again."""
        self._connect(connected=False)

    def hello(self) -> dict[str, Any]:
        """Return the first message to a client."""
        status = self._status()
        return {
            "type": "hello",
            "wire": WIRE_VERSION,
            "relay": self._relay,
            "run": self._run,
            "rate": None if status is None else status.rate,
            "sim_state": None if status is None else status.sim_state,
            "connected": self.connected,
            "topics": self._topics,
        }

    def health(self, now: float, clients: int) -> dict[str, Any]:
        """Return the state of the relay, for ``/healthz``."""
        status = self._status()
        return {
            "ok": True,
            "clients": clients,
            "connected": self.connected,
            "sim_state": None if status is None else status.sim_state,
            "tick_age_s": None if self._ticked is None else round(now - self._ticked, 3),
        }

    def _status(self) -> Status | None:
        encoded = self._newest.get(Status.topic)
        return None if encoded is None else encoded.frame.record

    def _remember(self, event: EncodedFrame) -> None:
        kind = event.frame.record.kind
        if kind == EventKind.SESSION_STARTED:
            self._laps.clear()
        elif kind == EventKind.LAP_COMPLETED:
            self._laps.append(event)

    def _connect(self, *, connected: bool) -> None:
        if connected != self.connected:
            self.connected = connected
            for outbox in self._outboxes:
                outbox.enqueue(self._daemon())

    def _daemon(self) -> Mapping[str, Any]:
        return {"type": "daemon", "connected": self.connected}

    def _offer_newest(self, outbox: Outbox) -> None:
        # In the order of a tick. An event is news once: clients that come later do not get it.
        for topic in TOPICS:
            encoded = self._newest.get(topic.name)
            if encoded is not None and topic.record is not Event:
                outbox.offer(encoded, again=True)
