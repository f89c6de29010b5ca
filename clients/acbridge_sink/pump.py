"""
The pump of the console and of recordings: it takes frames from a source, groups those of one tick, and passes
them to a sink.

It writes nothing itself and knows no sink.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, Self, TypeVar, cast

from acbridge import Frame, NoFrame
from acbridge.frame_source import FrameSource
from acbridge.schema import Record
from acbridge.selection import Selection
from acbridge.topics import TICK_RECORDS, TOPICS
from acbridge_sink.thinning import Thinning

IDLE_S = 0.25
"""How long the pump waits for a frame before it calls the sink's `idle`."""

R = TypeVar("R", bound=Record)


class TickFrames(NamedTuple):
    """
    The frames of one tick; those that were lost, or not selected, are absent.

    Attributes:
        run: Random 32-bit number of the daemon's run.
        tick: Turn of the daemon's loop.
        timestamp: When the pages were sampled, Unix seconds.
        mono_ns: The same instant on the daemon machine's monotonic clock.
        lost: Frames that went missing right before, by topic; topics that lost none are absent.
        frames: The frames, in the order of the topic table.
    """

    run: int
    tick: int
    timestamp: float
    mono_ns: int
    lost: dict[str, int]
    frames: tuple[Frame[Any], ...]

    @classmethod
    def of(cls, *frames: Frame[Any]) -> Self:
        """Group frames of one tick, at least one."""
        first = frames[0]
        lost = {frame.topic: frame.lost for frame in frames if frame.lost}
        return cls(first.run, first.tick, first.timestamp, first.mono_ns, lost, frames)

    def record(self, kind: type[R]) -> R | None:
        """Return the record of a topic at this tick; ``None`` if its frame is absent."""
        return next((frame.record for frame in self.frames if isinstance(frame.record, kind)), None)


class Sink(Protocol):
    """What the pump passes frames to."""

    def tick(self, tick: TickFrames) -> None:
        """Take the frames of one tick."""
        ...

    def other(self, frame: Frame[Any]) -> None:
        """Take a frame of a topic that is not published at every tick, such as static, status and event."""
        ...

    def idle(self) -> None:
        """Learn that no frame has come for a while."""
        ...


@dataclass(frozen=True, slots=True)
class Limits:
    """
    When a sink ends by itself; ``None`` for never.

    Attributes:
        count: After so many ticks.
        duration: After so many seconds.
    """

    count: int | None = None
    duration: float | None = None


def pump(source: FrameSource, sink: Sink, limits: Limits, stopping: Callable[[], bool], selection: Selection) -> bool:
    """
    Pass frames to a sink until a limit is reached, a stop is requested, or the source ends.

    Args:
        source: Where frames come from.
        sink: Where they go.
        limits: When to end.
        stopping: Returns whether a stop is requested.
        selection: The topics to receive, and the rate of ticks to pass.

    Returns:
        Whether any frame came.
    """
    end = None if limits.duration is None else time.perf_counter() + limits.duration
    assembly, thinning, taken, heard = TickAssembly(selection.records), TickThinning(selection.max_rate), 0, False
    with source.frames(*selection.records, timeout=IDLE_S) as frames:
        while not stopping() and (end is None or time.perf_counter() < end):
            try:
                frame = next(frames)
            except NoFrame:
                if not stopping():
                    sink.idle()
                continue
            except StopIteration:
                return heard
            heard = True
            at_every_tick = isinstance(frame.record, TICK_RECORDS)
            for tick in assembly.put(frame) if at_every_tick else assembly.flush():
                passed = thinning.passed(tick)
                if passed is None:
                    continue
                sink.tick(passed)
                taken += 1
                if limits.count is not None and taken >= limits.count:
                    return heard
            if not at_every_tick:
                sink.other(frame)
    return heard


class TickAssembly:
    """Groups the frames of one tick; they arrive in the order of the topic table."""

    def __init__(self, records: tuple[type[Record], ...] = TICK_RECORDS) -> None:
        self._topics = [topic for topic in TOPICS if topic.by_ticks and topic.record in records]
        self._frames: list[Frame[Any]] = []
        self._begun = False

    def put(self, frame: Frame[Any]) -> Iterator[TickFrames]:
        """Add a frame, and yield the ticks that it completes, or that cannot be completed any more."""
        kind = type(cast("Record", frame.record))
        due = [topic.record for topic in self._topics if topic.due(frame.tick)]
        self._begun = self._begun or kind in due[:1]  # a subscription may begin in the middle of a tick
        if not self._begun:
            return
        if self._frames and (self._frames[0].run, self._frames[0].tick) != (frame.run, frame.tick):
            yield self._take()
        self._frames.append(frame)
        if kind in due[-1:]:
            yield self._take()

    def flush(self) -> Iterator[TickFrames]:
        """Yield an incomplete tick: a frame of another topic has come, and those follow all frames of the tick."""
        if self._frames:
            yield self._take()

    def _take(self) -> TickFrames:
        frames, self._frames = self._frames, []
        return TickFrames.of(*frames)


class TickThinning:
    """Thins ticks to a rate, and carries the losses of those that are left out over to the next that is passed."""

    def __init__(self, max_rate: float | None) -> None:
        self._thinning = Thinning(max_rate)
        self._lost: dict[str, int] = {}

    def passed(self, tick: TickFrames) -> TickFrames | None:
        """Return the tick with all that was lost since the last one that was passed; ``None`` if it is not due."""
        due = self._thinning.missing_before(tick.run, tick.mono_ns) is not None
        if due and not self._lost:
            return tick
        for topic, lost in tick.lost.items():
            self._lost[topic] = self._lost.get(topic, 0) + lost
        if not due:
            return None
        lost, self._lost = self._lost, {}
        return tick._replace(lost=lost)
