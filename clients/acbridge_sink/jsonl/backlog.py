"""
The bounded queue between receiving and writing.

Receiving never waits for the disk. When the queue is full, the newest ticks are dropped until half of it is free, and a
gap line takes their place: one gap instead of many. A source that can wait (a recording) waits for a full queue first.
The queue writes nothing.
"""

import threading
import time
from collections import deque
from typing import NamedTuple

from acbridge.recording import lines

CAPACITY = 4096
"""Ticks that may wait; a minute at 60 Hz, and about 20 MB."""
PATIENCE_S = 5.0
"""How long a source that can wait does so before ticks are dropped, s; a disk that takes nothing must not hang us."""


class Item(NamedTuple):
    """
    Some whole lines.

    Attributes:
        data: The lines.
        tick: The tick that they record; ``None`` for other lines, which are never dropped.
        name: The file that begins with them, without its suffix; empty to continue the open file.
    """

    data: bytes
    tick: int | None = None
    name: str = ""


class Backlog:
    """
    The queue.

    Attributes:
        dropped: Ticks that were dropped so far.
        gaps: Gap lines in their place.
    """

    def __init__(self, capacity: int = CAPACITY, *, waits: bool = False) -> None:
        self._capacity = capacity
        self._patience_s = PATIENCE_S if waits else 0.0
        self._items: deque[Item] = deque()
        self._changed = threading.Condition()
        self._hole: list[int] = []  # first and last tick, and how many
        self._dropping = False
        self._ended = False
        self.dropped = 0
        self.gaps = 0

    def put(self, item: Item) -> None:
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
            self._changed.notify()

    def take(self, most: int, patience_s: float, linger_s: float = 0.0) -> list[Item]:
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
            self._items.append(Item(lines.not_written(*self._hole)))
            self._hole = []
            self.gaps += 1
