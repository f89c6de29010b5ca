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
from acbridge_sink.ws.shapes import HIGHEST_HZ, Choice, Parcel

EVENTS = 64
"""Events that wait for a client that blinks."""
_NOTICES = 64


class Outbox:
    """
    The waiting messages of one client.

    Attributes:
        choice: What it wants.
        skipped: Frames of each topic that it was not sent and has not been told of.
        wake: Called whenever something comes to wait.
    """

    def __init__(self, choice: Choice) -> None:
        self.choice = choice
        self.skipped: dict[str, int] = {}
        self.wake: Callable[[], None] = lambda: None
        self._notices: deque[Mapping[str, Any]] = deque(maxlen=_NOTICES)
        self._waiting: dict[tuple[str, int], Parcel] = {}
        self._events: deque[tuple[str, int]] = deque()
        self._grids: dict[str, _Grid] = {}
        self._begun: set[str] = set()

    def __bool__(self) -> bool:
        return bool(self._notices or self._waiting)

    def greet(self, hello: Mapping[str, Any]) -> None:
        """Begin a conversation: whatever it was to be told before is old."""
        self._notices.clear()
        self.tell(hello)

    def tell(self, notice: Mapping[str, Any]) -> None:
        """Let a message wait that is not a frame; it goes before every frame."""
        self._notices.append(notice)
        self.wake()

    def choose(self, choice: Choice) -> None:
        """Change what the client wants: all begins anew, but for events that wait."""
        self.choice = choice
        self._grids.clear()
        self._begun.clear()
        keep = Event.topic in choice.topics
        self._waiting = {key: parcel for key, parcel in self._waiting.items() if keep and key[0] == Event.topic}
        self.skipped = {topic: count for topic, count in self.skipped.items() if keep and topic == Event.topic}
        if not keep:
            self._events.clear()

    def offer(self, parcel: Parcel, *, again: bool = False) -> None:
        """
        Take a frame if the client wants it and its rate allows it.

        Args:
            parcel: The frame.
            again: It is no news, but the newest of a topic for a client that has just come or chosen.
        """
        topic = parcel.topic
        if topic not in self.choice.topics:
            return
        if topic == Event.topic:
            self._skip(topic, parcel.frame.lost)
            self._queue(parcel)
            self.wake()
            return
        missing = self._place(parcel.frame)
        if again:
            self._waiting[topic, 0] = parcel
        elif missing is None:
            return
        else:
            self._skip(topic, missing + ((topic, 0) in self._waiting))
            self._waiting[topic, 0] = parcel
        self.wake()

    def holds(self, event: Parcel) -> bool:
        """Return whether an event still waits."""
        return _key(event) in self._waiting

    def take(self) -> tuple[Mapping[str, Any] | None, Parcel | None]:
        """Return what is next: a message, a frame, or both, the message first; neither if nothing waits."""
        if self._notices:
            return self._notices.popleft(), None
        if not self._waiting:
            return None, None
        key = next(iter(self._waiting))  # a frame that took another's place keeps that one's turn: nobody starves
        parcel = self._waiting.pop(key)
        if parcel.topic == Event.topic:
            self._events.popleft()
        self._begun.add(parcel.topic)
        count = self.skipped.pop(parcel.topic, 0)
        return {"type": "skipped", "topic": parcel.topic, "count": count} if count else None, parcel

    def _queue(self, parcel: Parcel) -> None:
        if len(self._events) == EVENTS:
            del self._waiting[self._events.popleft()]
            self._skip(parcel.topic, 1)
        key = _key(parcel)
        self._events.append(key)
        self._waiting[key] = parcel

    def _place(self, frame: Frame[Any]) -> int | None:
        if self.choice.max_hz >= HIGHEST_HZ:  # every frame, however close two late ticks come
            return frame.lost
        grid = self._grids.setdefault(frame.topic, _Grid(round(1e9 / self.choice.max_hz)))
        return grid.place(frame)

    def _skip(self, topic: str, count: int) -> None:
        # Before the first frame of a topic there is nothing to miss; events are awaited from the start.
        if count and (topic in self._begun or topic == Event.topic):
            self.skipped[topic] = self.skipped.get(topic, 0) + count


def _key(event: Parcel) -> tuple[str, int]:
    """Return what no other event has: seq begins again with each run."""
    return event.topic, event.frame.run << 64 | event.frame.seq


class _Grid:
    """Lets through at most one frame per period, on average; half a period early is in time, for ticks jitter."""

    __slots__ = ("_due", "_lost", "_period", "_run")

    def __init__(self, period_ns: int) -> None:
        self._period = period_ns
        self._due = self._lost = 0
        self._run: int | None = None

    def place(self, frame: Frame[Any]) -> int | None:
        """Return how many frames that were due are missing right before this one; ``None`` if it is not due itself."""
        now = frame.mono_ns
        if frame.run != self._run:  # another machine's clock, perhaps
            self._run, self._due, self._lost = frame.run, now + self._period, 0
            return frame.lost
        self._lost += frame.lost
        if now < self._due - self._period // 2:
            return None
        # Of what was lost on the way here, the client would have been sent no more than its rate allows.
        missing = max(0, min(self._lost, round((now - self._due) / self._period)))
        self._due = (self._due if now < self._due + self._period else now) + self._period
        self._lost = 0
        return missing
