"""
Logs on stderr: readable on a terminal, else one JSON object per line. Events have names; no frame is ever logged.

The loop never waits for the reader of the log. A thread writes the lines. Lines for which there is no room are counted,
and the count is logged when there is room again. So neither a full pipe nor a console with selected text (which stops
every writer on Windows) stops the loop. An event that peers can cause often is logged a few times a second; the others
are counted.
"""

import atexit
import io
import sys
import threading
import time
from collections import Counter, deque
from collections.abc import MutableMapping
from queue import SimpleQueue
from typing import Any, TextIO, cast

import structlog

ROOM = 1000
"""Lines that may wait for the reader."""
AT_ONCE = 10
"""Events of one name that are logged in one second."""
RECENT = 200
"""Events that are kept for the file of a crash."""
LAST_WAIT_S = 1.0
"""How long the end of the program waits for the reader, in seconds."""


def configure() -> None:
    """Configure structlog for this process."""
    if sys.stderr is None:  # pythonw.exe on Windows has none
        processors = [*_FIRST, lambda _logger, _method, _event: ""]
        structlog.configure(processors=processors, logger_factory=structlog.ReturnLoggerFactory())
        return
    processors: list[structlog.typing.Processor] = list(_FIRST)
    if sys.stderr.isatty():
        processors.append(structlog.dev.ConsoleRenderer())
    else:
        processors += [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    # Unbuffered and separate from sys.stderr: a thread blocked in sys.stderr would keep the process from ending.
    lines = Lines(open(sys.stderr.fileno(), "wb", buffering=0, closefd=False))  # noqa: SIM115
    atexit.register(lines.close)
    structlog.configure(processors=processors, logger_factory=structlog.WriteLoggerFactory(cast("TextIO", lines)))


def recent() -> list[dict[str, Any]]:
    """Return the last events, oldest first, for the file of a crash."""
    return list(_recent)


def _remember(logger: object, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    _recent.append(dict(structlog.processors.format_exc_info(logger, method, dict(event))))  # pyright: ignore[reportArgumentType]
    return event


def log_unlogged() -> None:
    """Log how many events of each kind were dropped since the last call; log nothing if there were none."""
    counts = _throttle.unlogged()
    if counts:
        structlog.get_logger().warning("events_unlogged", counts=counts)


class Throttle:
    """Passes a few events of each kind per second, and counts the others; kinds differ in name or reason."""

    def __init__(self) -> None:
        self._seconds: dict[str, tuple[float, int]] = {}
        self._unlogged: Counter[str] = Counter()

    def __call__(self, _logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        """
        Pass an event on.

        Raises:
            DropEvent: Enough events of its kind were logged in this second.
        """
        kind, now = " ".join(str(event[key]) for key in ("event", "reason") if key in event), time.monotonic()
        begun, logged = self._seconds.get(kind, (now, 0))
        if now - begun >= 1.0:
            begun, logged = now, 0
        if logged >= AT_ONCE:
            self._unlogged[kind] += 1
            raise structlog.DropEvent
        self._seconds[kind] = begun, logged + 1
        return event

    def unlogged(self) -> dict[str, int]:
        """Return how many events of each kind were dropped since the last call."""
        counts = dict(self._unlogged)
        self._unlogged.clear()
        return counts


class Lines:
    """A text file of whole lines that never keeps its writer waiting."""

    def __init__(self, raw: io.RawIOBase) -> None:
        """Start the thread that writes to a raw stream, which may block."""
        self._raw = raw
        self._waiting: SimpleQueue[bytes | None] = SimpleQueue()
        self._unqueued = self._unwritten = self._reported = 0  # the caller's, then two of the thread
        self._cut = False
        self._thread = threading.Thread(target=self._write, name="logs", daemon=True)
        self._thread.start()

    def write(self, line: str) -> int:
        """Enqueue a line; count it if there is no room."""
        if self._waiting.qsize() < ROOM:
            self._waiting.put(line.encode("utf-8", "backslashreplace"))
        else:
            self._unqueued += 1
        return len(line)

    def flush(self) -> None:
        """Do nothing: the thread writes as fast as it can."""

    def close(self) -> None:
        """Wait a moment for the lines in the queue; lines that are not read by then are lost."""
        self._waiting.put(None)
        self._thread.join(LAST_WAIT_S)

    def _write(self) -> None:
        while (line := self._waiting.get()) is not None:
            try:
                self._send(line)
            except OSError:  # the reader is gone, or the disk is full
                self._unwritten += 1
                continue
            lost = self._unqueued + self._unwritten - self._reported
            if lost and self._waiting.empty():
                self._reported += lost
                structlog.get_logger().warning("log_lines_lost", lines=lost)

    def _send(self, line: bytes) -> None:
        rest = b"\n" + line if self._cut else line
        while rest:
            sent = self._raw.write(rest)
            if not sent:  # another process that shares stderr made it non-blocking
                time.sleep(0.05)
                continue
            self._cut = not rest[:sent].endswith(b"\n")
            rest = rest[sent:]


_throttle = Throttle()
_recent: deque[dict[str, Any]] = deque(maxlen=RECENT)
_FIRST: list[structlog.typing.Processor] = [
    _throttle,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    _remember,
]
"""What happens to an event before it becomes a line."""
