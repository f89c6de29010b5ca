"""
The pump that every sink shares: subscribe, put the frames of each tick together, hand them over.

It writes nothing itself and knows no sink.
"""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, cast

from acbridge import Bridge, Derived, Frame, Graphics, NoFrame, Physics
from acbridge.schema import Record
from acbridge.topics import EVERY_TICK

IDLE_S = 0.25
"""How long the pump waits for a frame before it gives the sink its turn."""


class Tick(NamedTuple):
    """
    The frames of one tick; ``None`` for a topic whose frame was lost, or that nobody asked for.

    Attributes:
        run: Random 32-bit number of the daemon's life.
        number: The tick.
        timestamp: When the pages were sampled, Unix seconds.
        lost: Topic to frames that went missing right before, if any did.
        physics: The car.
        graphics: The session.
        derived: What follows from both.
        frames: The same with their headers, in the order in which they came.
    """

    run: int
    number: int
    timestamp: float
    lost: dict[str, int]
    physics: Physics | None
    graphics: Graphics | None
    derived: Derived | None
    frames: tuple[Frame[Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """
    What a sink wants of all that is published.

    Attributes:
        records: The records of the topics, in the order in which a tick publishes them.
        fields: Names of the only fields to carry on; none means all. A topic that has none of them is carried whole.
        max_rate: Ticks per second at most, Hz; ``None`` for all.
    """

    records: tuple[type[Record], ...] = EVERY_TICK
    fields: frozenset[str] = frozenset()
    max_rate: float | None = None

    def names(self, record: type[Record]) -> tuple[str, ...] | None:
        """Return the fields to carry on of a record, ``None`` for all of them."""
        chosen = tuple(column.name for column in record.columns if column.name in self.fields)
        return chosen or None


class Sink(Protocol):
    """What a sink does with what the pump brings."""

    def tick(self, tick: Tick) -> None:
        """Take one tick."""
        ...

    def other(self, frame: Frame[Any]) -> None:
        """Take a frame of a topic that does not come at every tick: static, status, event."""
        ...

    def idle(self) -> None:
        """Take note that no frame came for a while."""
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


EVERYTHING = Choice()


def pump(bridge: Bridge, sink: Sink, limits: Limits, stopping: Callable[[], bool], choice: Choice = EVERYTHING) -> bool:
    """Carry ticks from the bridge to the sink until a limit is reached or someone asks to stop; return if any came."""
    end = None if limits.duration is None else time.perf_counter() + limits.duration
    assembly, thinning, taken, heard = Assembly(choice.records), Thinning(choice.max_rate), 0, False
    with bridge.frames(*choice.records, timeout=IDLE_S) as frames:
        while not stopping() and (end is None or time.perf_counter() < end):
            try:
                frame = next(frames)
            except NoFrame:
                if not stopping():
                    sink.idle()
                continue
            heard = True
            at_every_tick = type(frame.record) in EVERY_TICK
            for whole in assembly.put(frame) if at_every_tick else assembly.flush():
                tick = thinning.let(whole)
                if tick is None:
                    continue
                sink.tick(tick)
                taken += 1
                if limits.count is not None and taken >= limits.count:
                    return heard
            if not at_every_tick:
                sink.other(frame)
    return heard


class Assembly:
    """Puts the frames of one tick together; they arrive in the order of the table of topics."""

    def __init__(self, records: tuple[type[Record], ...] = EVERY_TICK) -> None:
        kinds = [record for record in EVERY_TICK if record in records]
        self._first, self._last = (kinds[0], kinds[-1]) if kinds else (None, None)
        self._frames: dict[type, Frame[Any]] = {}
        self._begun = False

    def put(self, frame: Frame[Any]) -> Iterator[Tick]:
        """Take a frame and yield the ticks that are complete with it, or that nothing can complete any more."""
        kind: type[Record] = type(cast("Record", frame.record))
        self._begun = self._begun or kind is self._first  # a subscription may begin in the middle of a tick
        if not self._begun:
            return
        held = next(iter(self._frames.values()), frame)
        if (held.run, held.tick) != (frame.run, frame.tick):
            yield self._take()
        self._frames[kind] = frame
        if kind is self._last:
            yield self._take()

    def flush(self) -> Iterator[Tick]:
        """Yield what is held: a frame of another topic has come, and those follow the whole tick."""
        if self._frames:
            yield self._take()

    def _take(self) -> Tick:
        frames, self._frames = self._frames, {}
        first = next(iter(frames.values()))
        records = {kind: frame.record for kind, frame in frames.items()}
        return Tick(
            first.run,
            first.tick,
            first.timestamp,
            {frame.topic: frame.lost for frame in frames.values() if frame.lost},
            records.get(Physics),
            records.get(Graphics),
            records.get(Derived),
            tuple(frames.values()),
        )


class Thinning:
    """Lets so many ticks a second through, by the daemon's clock; what was lost among the others is not forgotten."""

    def __init__(self, max_rate: float | None) -> None:
        self._period = 1 / max_rate if max_rate else 0.0
        self._due = -math.inf
        self._lost: dict[str, int] = {}

    def let(self, tick: Tick) -> Tick | None:
        """Return the tick, with what was lost since the one before it, or ``None`` if it comes too soon."""
        if not self._period:
            return tick
        now = tick.timestamp
        for topic, lost in tick.lost.items():
            self._lost[topic] = self._lost.get(topic, 0) + lost
        if self._due - self._period <= now < self._due:
            return None
        # On a grid, so that the rate is kept; anew after a hole, or when the clock was set back.
        self._due = (self._due if self._due <= now < self._due + self._period else now) + self._period
        lost, self._lost = self._lost, {}
        return tick._replace(lost=lost)
