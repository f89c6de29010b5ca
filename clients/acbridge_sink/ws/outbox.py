"""
What waits for one client: the newest frame of each topic, a few events, and what it must be told.

A frame that comes while another of its topic waits takes that one's place, and the loss is counted: a client that is
slow sees fresh frames and knows how many it did not see. Opens no socket, reads no clock: the frames' own time is what
`max_hz` counts in.
"""

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from acbridge import Event, Frame
from acbridge.selection import Selection
from acbridge_sink.thinning import Thinning
from acbridge_sink.ws.encoded_frame import EncodedFrame

EVENTS = 64
"""Events that wait for a client that blinks."""
_NOTICES = 64


class Outbox:
    """
    The waiting messages of one client.

    Attributes:
        selection: Topics, fields and rate that it wants.
        skipped: Frames of each topic that it was not sent and has not been told of.
        wake: Called whenever something comes to wait.
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
        """Begin a conversation: whatever it was to be told before is old."""
        self._notices.clear()
        self.enqueue(hello)

    def enqueue(self, notice: Mapping[str, Any]) -> None:
        """Let a message wait that is not a frame; it goes before every frame."""
        self._notices.append(notice)
        self.wake()

    def select(self, selection: Selection) -> None:
        """Change what the client wants: all begins anew, but for events that wait."""
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
        Take a frame if the client wants it and its rate allows it.

        Args:
            frame: The frame.
            again: It is no news, but the newest of a topic for a client that has just come or chosen.
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
        """Return what is next: a message, a frame, or both, the message first; neither if nothing waits."""
        if self._notices:
            return self._notices.popleft(), None
        if not self._waiting:
            return None, None
        key = next(iter(self._waiting))  # a frame that took another's place keeps that one's turn: nobody starves
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
    """Return what no other event has: seq begins again with each run."""
    return event.topic, event.frame.run << 64 | event.frame.seq
