"""
The bounded queue between receiving and writing.

Whoever receives never waits for the disk. When so many ticks wait that no more fit, the newest are dropped until half
of the queue is free, and a gap line takes their place: one hole that is told, rather than many. It writes nothing.
"""

import threading
import time
from collections import deque
from typing import NamedTuple

from acbridge.recording import lines

CAPACITY = 4096
"""Ticks that may wait; a minute at 60 Hz, and about 20 MB."""


class Item(NamedTuple):
    """
    Some whole lines.

    Attributes:
        data: The lines.
        tick: The tick they belong to, if they are one; only ticks are ever dropped.
        name: The file that begins with them, without what its name ends in; empty to go on in the file that is open.
    """

    data: bytes
    tick: int | None = None
    name: str = ""


class Backlog:
    """
    The queue.

    Attributes:
        dropped: Ticks that found no place so far.
        gaps: Gap lines that stand for them.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._items: deque[Item] = deque()
        self._changed = threading.Condition()
        self._hole: list[int] = []  # first and last tick, and how many
        self._dropping = False
        self._ended = False
        self.dropped = 0
        self.gaps = 0

    def put(self, item: Item) -> None:
        """Take an item; never waits."""
        with self._changed:
            self._dropping = len(self._items) >= (self._capacity // 2 if self._dropping else self._capacity)
            if self._dropping and item.tick is not None:
                self._hole = [self._hole[0] if self._hole else item.tick, item.tick, sum(self._hole[2:]) + 1]
                self.dropped += 1
                return
            self._tell_hole()
            self._items.append(item)
            self._changed.notify()

    def take(self, most: int, patience_s: float, linger_s: float = 0.0) -> list[Item]:
        """
        Return what waits.

        Args:
            most: Items at most.
            patience_s: How long to wait for the first; without one the list is empty.
            linger_s: How long to wait for more.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._items or self._ended, patience_s)
            if linger_s and self._items:
                until = time.perf_counter() + linger_s
                while len(self._items) < most and not self._ended and (left := until - time.perf_counter()) > 0:
                    self._changed.wait(left)
            return [self._items.popleft() for _ in range(min(most, len(self._items)))]

    def end(self) -> None:
        """Say that nothing more comes."""
        with self._changed:
            self._ended = True
            self._tell_hole()
            self._changed.notify()

    @property
    def ended(self) -> bool:
        """Whether nothing more comes."""
        return self._ended

    def _tell_hole(self) -> None:
        if self._hole:
            self._items.append(Item(lines.not_written(*self._hole)))
            self._hole = []
            self.gaps += 1
