"""
A recording as a frame source: the same frames that a daemon published, at the pace at which it did.

It reads files and this machine's clock. It writes nothing, and there is no way to pause or to seek.
"""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from acbridge.client.mailbox import Trust
from acbridge.errors import Closed, DecodeError, NoFrame, RequestRefused
from acbridge.recording.frames import to_frames
from acbridge.recording.parsing import Header
from acbridge.recording.reader import open_recording, read_lines
from acbridge.recording.schedule import Schedule
from acbridge.schema import Record
from acbridge.topics import TICK_RECORDS
from acbridge.wire import Frame

_SLICE_S = 0.1
"""How long a wait may keep a Ctrl-C waiting (Windows cannot interrupt it), or another thread that closes, s."""
_RUNS = 1 << 32


class Recording:
    """
    A recording that sinks and programs read like a daemon.

    Attributes:
        endpoint: The path, as it was given.
    """

    def __init__(self, path: str | Path, *, speed: float | None = None, loop: bool = False) -> None:
        """
        Open the recording and read its header.

        Args:
            path: A file (``.jsonl``, ``.gz``, ``.zst``), or a directory of them.
            speed: Recorded seconds per second. Frames then get this machine's ``mono_ns``, so that they have
                an age like live ones. ``None`` gives frames as fast as they are taken, with the recorded ``mono_ns``.
            loop: Begin again at the end, each time as another run.

        Raises:
            OSError: A file cannot be read.
            DecodeError: There is no recording.
            MissingExtra: The file is compressed with zstd, and zstd is not installed.
        """
        self.endpoint = str(path)
        self._path = Path(path)
        self._speed = speed
        self._loop = loop
        self._played = _Played()
        first = next(read_lines(open_recording(self._path)), None)
        if first is None:
            raise DecodeError(f"{path}: there is no recording")
        self._header: Header = first[0]

    def frames(self, *records: type[Any], timeout: float | None = None) -> "PlayedFrames":
        """
        Iterate over the frames of some topics from the beginning; the iteration ends with the recording.

        Args:
            records: Record classes, such as ``Physics, Graphics``; none means every topic of the tick.
            timeout: Raise :class:`NoFrame` when no frame is due for so many seconds; you may then go on iterating.
                ``None`` waits for as long as it takes.
        """
        return PlayedFrames(self._play(records or TICK_RECORDS), self._played, self.endpoint, timeout)

    def trust(self, record: type[Record]) -> Trust:
        """Judge the newest frame of a topic; it is alive while the recording plays."""
        newest, received = self._played.newest.get(record.topic), self._played.received[record.topic]
        if newest is None:
            return Trust(alive=False, age=None, rate=None, received=0, lost=0, restarts=0, run=None)
        age = 0.0 if self._speed is None else (time.perf_counter_ns() - newest.mono_ns) / 1e9
        alive = not self._played.ended
        return Trust(alive=alive, age=age, rate=None, received=received, lost=0, restarts=0, run=newest.run)

    def request(self, name: str) -> dict[str, Any]:
        """
        Answer from the header what a daemon would answer to ``hello`` and ``static``.

        Raises:
            RequestRefused: A recording does not know the answer.
        """
        if name == "hello":
            return dict(self._header.daemon)
        if name == "static" and self._header.static is not None:
            return dict(vars(self._header.static))
        raise RequestRefused(name, "unavailable", "a recording answers hello and static, if its header knows them")

    def _play(self, records: tuple[type[Record], ...]) -> Iterator[tuple[int, Frame[Any]]]:
        """Yield each frame with the instant at which it is due, on this machine's monotonic clock."""
        schedule = None if self._speed is None else Schedule(self._speed)
        for passed in count():
            found = False
            for frame in to_frames(self._lines()):
                if not isinstance(frame.record, records):
                    continue
                found = True
                run = (frame.run + passed) % _RUNS
                if schedule is None:
                    yield 0, frame._replace(run=run)
                else:
                    due = schedule.due(run, frame.mono_ns, time.perf_counter_ns())
                    yield due, frame._replace(run=run, mono_ns=due)
            if not found:
                topics = ", ".join(record.topic for record in records)
                raise DecodeError(f"{self._path}: there is no whole frame of {topics}; was it recorded with --field?")
            if not self._loop:
                return

    def _lines(self) -> Iterator[tuple[Header, Any]]:
        for header, line in read_lines(open_recording(self._path)):
            self._header = header
            yield header, line


class _Played:
    """
    The frames that were played so far.

    Attributes:
        newest: The newest frame of each topic.
        received: Frames of each topic.
        ended: Whether the end of the recording was reached.
    """

    def __init__(self) -> None:
        self.newest: dict[str, Frame[Any]] = {}
        self.received: Counter[str] = Counter()
        self.ended = False

    def add(self, frame: Frame[Any]) -> None:
        """Count a frame."""
        self.newest[frame.topic] = frame
        self.received[frame.topic] += 1


class PlayedFrames:
    """The frames of some topics of a recording, in order; made by :meth:`Recording.frames`."""

    def __init__(
        self, frames: Iterator[tuple[int, Frame[Any]]], played: _Played, endpoint: str, timeout: float | None
    ) -> None:
        self._frames = frames
        self._played = played
        self._endpoint = endpoint
        self._timeout = timeout
        self._waiting: tuple[int, Frame[Any]] | None = None
        self._closed = threading.Event()

    def __iter__(self) -> Iterator[Frame[Any]]:
        return self

    def __next__(self) -> Frame[Any]:
        if self._waiting is None:
            try:
                self._waiting = next(self._frames)
            except StopIteration:
                self._played.ended = True
                raise
        due, frame = self._waiting
        deadline = None if self._timeout is None else time.perf_counter_ns() + round(self._timeout * 1e9)
        while not self._closed.is_set():
            now = time.perf_counter_ns()
            if now >= due:
                self._waiting = None
                self._played.add(frame)
                return frame
            if deadline is not None and now >= deadline:
                raise NoFrame(frame.topic, self._endpoint, self._timeout or 0.0, None)
            self._closed.wait(min(_SLICE_S, (min(due, deadline or due) - now) / 1e9))
        raise Closed

    def close(self) -> None:
        """Stop; another thread that iterates gets :class:`Closed`."""
        self._closed.set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
