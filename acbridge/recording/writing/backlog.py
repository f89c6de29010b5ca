"""
The bounded queue between receiving and writing.

Receiving never waits for the disk. When the queue is full, the newest ticks are dropped until half of it is free, and a
gap takes their place: one gap instead of many. A source that can wait (a recording) waits for a full queue first. The
queue writes nothing.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")

CAPACITY = 4096
"""Ticks that may wait; a minute at 60 Hz, and about 20 MB."""
PATIENCE_S = 5.0
"""How long a source that can wait does so before ticks are dropped, s; a disk that takes nothing must not hang us."""


class Item(NamedTuple, Generic[T]):
    """
    A piece of a recording that is written whole or not at all.

    Attributes:
        data: What is written.
        tick: The tick that it records; ``None`` for other pieces, which are never dropped.
        name: The file that begins with it, without its suffix; empty to continue the open file.
    """

    data: T
    tick: int | None = None
    name: str = ""


class Backlog(Generic[T]):
    """
    The queue.

    Attributes:
        dropped: Ticks that were dropped so far.
        gaps: Gaps in their place.
    """

    def __init__(self, gap: Callable[[int, int, int], T], capacity: int = CAPACITY, *, waits: bool = False) -> None:
        """
        Make an empty queue.

        Args:
            gap: Makes what is written in place of dropped ticks: of the first, the last, and their number.
            capacity: Ticks that may wait.
            waits: Whether the source can wait for a full queue.
        """
        self._gap = gap
        self._capacity = capacity
        self._patience_s = PATIENCE_S if waits else 0.0
        self._items: deque[Item[T]] = deque()
        self._changed = threading.Condition()
        self._hole: list[int] = []  # first and last tick, and how many
        self._dropping = False
        self._ended = False
        self.dropped = 0
        self.gaps = 0

    def put(self, item: Item[T]) -> None:
        """Enqueue an item, or drop it."""
        with self._changed:
            if self._patience_s and not self._dropping:
                self._changed.wait_for(lambda: len(self._items) < self._capacity, self._patience_s)
            self._dropping = len(self._items) >= (self._capacity // 2 if self._dropping else self._capacity)
            if self._dropping and item.tick is not None:
                self._hole = [self._hole[0] if self._hole else item.tick, item.tick, sum(self._hole[2:]) + 1]
                self.dropped += 1
                return
            self._append_gap()
            self._items.append(item)
            if len(self._items) == 1:  # one that waits for more is not woken by each of them
                self._changed.notify()

    def take(self, most: int, patience_s: float, linger_s: float = 0.0) -> list[Item[T]]:
        """
        Remove and return items.

        Args:
            most: Items at most.
            patience_s: How long to wait for the first; the list is empty if there is none.
            linger_s: How long to wait for more.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._items or self._ended, patience_s)
            if linger_s and self._items:
                until = time.perf_counter() + linger_s
                while len(self._items) < most and not self._ended and (left := until - time.perf_counter()) > 0:
                    self._changed.wait(left)
            items = [self._items.popleft() for _ in range(min(most, len(self._items)))]
            self._changed.notify()
            return items

    def end(self) -> None:
        """Note that no more items come."""
        with self._changed:
            self._ended = True
            self._append_gap()
            self._changed.notify()

    @property
    def ended(self) -> bool:
        """Whether no more items come."""
        return self._ended

    def _append_gap(self) -> None:
        if self._hole:
            first, last, ticks = self._hole
            self._items.append(Item(self._gap(first, last, ticks)))
            self._hole = []
            self.gaps += 1
