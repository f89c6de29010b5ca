"""
The queue of one client: the newest frame of each topic, a few events, and notices.

A frame that comes while another of its topic waits replaces it, and the loss is counted: a slow client gets fresh
frames and the number of those that it missed. Opens no socket, reads no clock: `max_hz` is measured in the time of the
frames.
"""

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from acbridge import Event, Frame
from acbridge.selection import Selection
from acbridge_sink.thinning import Thinning
from acbridge_sink.ws.encoded_frame import EncodedFrame

EVENTS = 64
"""Events queued for a slow client."""
_NOTICES = 64


class Outbox:
    """
    The waiting messages of one client.

    Attributes:
        selection: Topics, fields and rate of the client.
        skipped: Frames of each topic that were not sent and not yet reported to the client.
        wake: Called whenever a message is enqueued.
    """

    def __init__(self, selection: Selection) -> None:
        self.selection = selection
        self.skipped: dict[str, int] = {}
        self.wake: Callable[[], None] = lambda: None
        self._notices: deque[Mapping[str, Any]] = deque(maxlen=_NOTICES)
        self._waiting: dict[tuple[str, int], EncodedFrame] = {}
        self._events: deque[tuple[str, int]] = deque()
        self._thinnings: dict[str, Thinning] = {}
        self._begun: set[str] = set()

    def __bool__(self) -> bool:
        return bool(self._notices or self._waiting)

    def greet(self, hello: Mapping[str, Any]) -> None:
        """Begin a connection: drop the notices of the one before, and enqueue hello."""
        self._notices.clear()
        self.enqueue(hello)

    def enqueue(self, notice: Mapping[str, Any]) -> None:
        """Enqueue a notice; notices are sent before frames."""
        self._notices.append(notice)
        self.wake()

    def select(self, selection: Selection) -> None:
        """Change the selection, and drop everything that waits but events."""
        self.selection = selection
        self._thinnings.clear()
        self._begun.clear()
        keep = Event in selection.records
        self._waiting = {key: frame for key, frame in self._waiting.items() if keep and key[0] == Event.topic}
        self.skipped = {topic: count for topic, count in self.skipped.items() if keep and topic == Event.topic}
        if not keep:
            self._events.clear()

    def offer(self, frame: EncodedFrame, *, again: bool = False) -> None:
        """
        Enqueue a frame if the client selected it and its rate allows it.

        Args:
            frame: The frame.
            again: Whether it is not news, but the newest frame of a topic for a client that has just come or selected.
        """
        topic = frame.topic
        if type(frame.frame.record) not in self.selection.records:
            return
        if topic == Event.topic:
            self._skip(topic, frame.frame.lost)
            self._queue(frame)
            self.wake()
            return
        missing = self._missing_before(frame.frame)
        if again:
            self._waiting[topic, 0] = frame
        elif missing is None:
            return
        else:
            self._skip(topic, missing + ((topic, 0) in self._waiting))
            self._waiting[topic, 0] = frame
        self.wake()

    def holds(self, event: EncodedFrame) -> bool:
        """Return whether an event still waits."""
        return _key(event) in self._waiting

    def take(self) -> tuple[Mapping[str, Any] | None, EncodedFrame | None]:
        """Remove and return what is sent next: a notice, a frame, both (the notice first) or neither."""
        if self._notices:
            return self._notices.popleft(), None
        if not self._waiting:
            return None, None
        key = next(
            iter(self._waiting)
        )  # a frame that replaced another keeps its place in the queue, so no topic starves
        frame = self._waiting.pop(key)
        if frame.topic == Event.topic:
            self._events.popleft()
        self._begun.add(frame.topic)
        count = self.skipped.pop(frame.topic, 0)
        return {"type": "skipped", "topic": frame.topic, "count": count} if count else None, frame

    def _queue(self, frame: EncodedFrame) -> None:
        if len(self._events) == EVENTS:
            del self._waiting[self._events.popleft()]
            self._skip(frame.topic, 1)
        key = _key(frame)
        self._events.append(key)
        self._waiting[key] = frame

    def _missing_before(self, frame: Frame[Any]) -> int | None:
        thinning = self._thinnings.get(frame.topic)
        if thinning is None:
            thinning = self._thinnings[frame.topic] = Thinning(self.selection.max_rate)
        return thinning.missing_before(frame.run, frame.mono_ns, frame.lost)

    def _skip(self, topic: str, count: int) -> None:
        # Before the first frame of a topic there is nothing to miss; events are awaited from the start.
        if count and (topic in self._begun or topic == Event.topic):
            self.skipped[topic] = self.skipped.get(topic, 0) + count


def _key(event: EncodedFrame) -> tuple[str, int]:
    """Return a key that no other event has: seq begins again with each run."""
    return event.topic, event.frame.run << 64 | event.frame.seq
