"""
Frames from the source into the event loop.

A thread receives, since ZeroMQ and the event loop of Windows do not work together. It passes on in one call all frames
that have come; until the loop fetches them, the newest of each topic and some events are kept, as in a mailbox.
"""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

from acbridge import AcbridgeError, Closed, Event, Frame, NoFrame
from acbridge.frame_source import FrameSource
from acbridge.topics import TOPICS

_WAIT_S = 0.25
_EVENTS = 64


class Subscriber:
    """
    Receives every topic until it is closed or the source ends.

    Attributes:
        ended: Whether nothing more comes.
        failure: The error that ended it, if one did.
    """

    def __init__(self, source: FrameSource, deliver: Callable[[list[Frame[Any]]], None]) -> None:
        """
        Subscribe and start the thread; to be called in the event loop.

        Args:
            source: Where frames come from.
            deliver: Called in the event loop with the frames that came, in order.
        """
        self.ended = False
        self.failure: AcbridgeError | None = None
        self._deliver = deliver
        self._loop = asyncio.get_running_loop()
        self._frames = source.frames(*(topic.record for topic in TOPICS), timeout=_WAIT_S)
        self._lock = threading.Lock()
        self._waiting: dict[str, Frame[Any]] = {}
        self._events: list[Frame[Any]] = []
        self._called = False
        self._thread = threading.Thread(target=self._receive, name="acbridge-subscriber", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop within a tenth of a second."""
        self._frames.close()
        self._thread.join()

    def _receive(self) -> None:
        try:
            self._receive_all()
        except Closed:
            return
        except AcbridgeError as error:
            self.failure = error
        self.ended = True

    def _receive_all(self) -> None:
        while True:
            try:
                self._put(next(self._frames))
            except NoFrame:
                continue
            except StopIteration:
                return

    def _put(self, frame: Frame[Any]) -> None:
        with self._lock:
            if frame.topic == Event.topic:
                if len(self._events) == _EVENTS:
                    del self._events[0]
                    frame = frame._replace(lost=frame.lost + 1)
                self._events.append(frame)
            else:
                missed = self._waiting.get(frame.topic)
                if missed is not None:
                    frame = frame._replace(lost=frame.lost + missed.lost + 1)
                self._waiting[frame.topic] = frame
            if self._called:
                return
            self._called = True
        self._loop.call_soon_threadsafe(self._fetch)

    def _fetch(self) -> None:
        with self._lock:
            frames = [*self._waiting.values(), *self._events]
            self._waiting.clear()
            self._events.clear()
            self._called = False
        self._deliver(frames)
