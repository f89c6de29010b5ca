"""
The pump that every sink shares: subscribe, put the frames of each tick together, hand them over.

It writes nothing itself and knows no sink.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from acbridge import Bridge, Derived, Frame, Graphics, NoFrame, Physics

IDLE_S = 0.25
"""How long the pump waits for a frame before it gives the sink its turn."""


class Tick(NamedTuple):
    """
    The frames of one tick; ``None`` for a topic whose frame was lost.

    Attributes:
        run: Random 32-bit number of the daemon's life.
        number: The tick.
        timestamp: When the pages were sampled, Unix seconds.
        lost: Topic to frames that went missing right before, if any did.
        physics: The car.
        graphics: The session.
        derived: What follows from both.
    """

    run: int
    number: int
    timestamp: float
    lost: dict[str, int]
    physics: Physics | None
    graphics: Graphics | None
    derived: Derived | None


class Sink(Protocol):
    """What a sink does with what the pump brings."""

    def tick(self, tick: Tick) -> None:
        """Take one tick."""
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


def pump(bridge: Bridge, sink: Sink, limits: Limits, stopping: Callable[[], bool]) -> None:
    """Carry ticks from the bridge to the sink until a limit is reached or someone asks to stop."""
    end = None if limits.duration is None else time.perf_counter() + limits.duration
    assembly, taken = Assembly(), 0
    with bridge.frames(Physics, Graphics, Derived, timeout=IDLE_S) as frames:
        while not stopping() and (end is None or time.perf_counter() < end):
            try:
                frame = next(frames)
            except NoFrame:
                if not stopping():
                    sink.idle()
                continue
            for tick in assembly.put(frame):
                sink.tick(tick)
                taken += 1
                if limits.count is not None and taken >= limits.count:
                    return


class Assembly:
    """Puts the frames of one tick together; they arrive in the order physics, graphics, derived."""

    def __init__(self) -> None:
        self._frames: dict[type, Frame[Any]] = {}
        self._begun = False

    def put(self, frame: Frame[Physics | Graphics | Derived]) -> Iterator[Tick]:
        """Take a frame and yield the ticks that are complete with it, or that nothing can complete any more."""
        kind = type(frame.record)
        self._begun = self._begun or kind is Physics  # a subscription may begin in the middle of a tick
        if not self._begun:
            return
        held = next(iter(self._frames.values()), frame)
        if (held.run, held.tick) != (frame.run, frame.tick):
            yield self._take()
        self._frames[kind] = frame
        if kind is Derived:
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
        )
