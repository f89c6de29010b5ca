"""
Logs on stderr: readable on a terminal, else one JSON object per line. Events have names; no frame is ever logged.

Nothing waits for whoever reads them. A thread writes; what finds no room is counted and told when there is room again.
So neither a full pipe nor a console with a selection in it (which stops every writer on Windows) stops the loop. What
peers can make happen often is logged a few times a second, and then how often it was not.
"""

import atexit
import io
import sys
import threading
import time
from collections import Counter
from collections.abc import MutableMapping
from queue import SimpleQueue
from typing import Any, TextIO, cast

import structlog

ROOM = 1000
"""Lines that may wait for the reader."""
AT_ONCE = 10
"""Events of one name that are logged in one second."""
FAREWELL_S = 1.0
"""How long the end waits for lines that were not read yet."""


def configure() -> None:
    """Set structlog up for this process."""
    if sys.stderr is None:  # pythonw.exe on Windows has none
        structlog.configure(processors=[], logger_factory=structlog.ReturnLoggerFactory())
        return
    processors: list[structlog.typing.Processor] = [
        _throttle,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if sys.stderr.isatty():
        processors.append(structlog.dev.ConsoleRenderer())
    else:
        processors += [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    # Unbuffered and apart from sys.stderr: a thread that is stuck in there would keep the process from ending.
    lines = Lines(open(sys.stderr.fileno(), "wb", buffering=0, closefd=False))  # noqa: SIM115
    atexit.register(lines.close)
    structlog.configure(processors=processors, logger_factory=structlog.WriteLoggerFactory(cast("TextIO", lines)))


def tell_unlogged() -> None:
    """Log how many events of each kind were not logged since this was last called; nothing if there were none."""
    counts = _throttle.unlogged()
    if counts:
        structlog.get_logger().warning("events_unlogged", counts=counts)


class Throttle:
    """Lets a few events of each kind through in a second, and counts the others; kinds differ in name or reason."""

    def __init__(self) -> None:
        self._seconds: dict[str, tuple[float, int]] = {}
        self._unlogged: Counter[str] = Counter()

    def __call__(self, _logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        """
        Pass an event on.

        Raises:
            DropEvent: There were enough of its kind in this second.
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
        """Return how many of each kind were dropped since this was last called."""
        counts = dict(self._unlogged)
        self._unlogged.clear()
        return counts


class Lines:
    """A text file of whole lines that never keeps its writer waiting."""

    def __init__(self, raw: io.RawIOBase) -> None:
        """Begin to write to a raw stream, which may block."""
        self._raw = raw
        self._waiting: SimpleQueue[bytes | None] = SimpleQueue()
        self._unqueued = self._unwritten = self._told = 0  # the first is the writer's, the others are the thread's
        self._cut = False
        self._thread = threading.Thread(target=self._write, name="logs", daemon=True)
        self._thread.start()

    def write(self, line: str) -> int:
        """Hand a line over; count it if there is no room."""
        if self._waiting.qsize() < ROOM:
            self._waiting.put(line.encode("utf-8", "backslashreplace"))
        else:
            self._unqueued += 1
        return len(line)

    def flush(self) -> None:
        """Do nothing: the thread writes as fast as it can."""

    def close(self) -> None:
        """Wait a moment for the lines that still wait; what nobody reads by then is lost."""
        self._waiting.put(None)
        self._thread.join(FAREWELL_S)

    def _write(self) -> None:
        while (line := self._waiting.get()) is not None:
            try:
                self._send(line)
            except OSError:  # the reader is gone, or the disk is full
                self._unwritten += 1
                continue
            lost = self._unqueued + self._unwritten - self._told
            if lost and self._waiting.empty():
                self._told += lost
                structlog.get_logger().warning("log_lines_lost", lines=lost)

    def _send(self, line: bytes) -> None:
        rest = b"\n" + line if self._cut else line
        while rest:
            sent = self._raw.write(rest)
            if not sent:  # stderr was made not to block by whoever shares it
                time.sleep(0.05)
                continue
            self._cut = not rest[:sent].endswith(b"\n")
            rest = rest[sent:]


_throttle = Throttle()
