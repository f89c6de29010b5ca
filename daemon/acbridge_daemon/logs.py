"""
Logs on stderr: readable on a terminal, else one JSON object per line. Events have names; no frame is ever logged.

Nothing waits for whoever reads them. A thread writes; what finds no room is counted and told when there is room again.
So neither a full pipe nor a console with a selection in it (which stops every writer on Windows) stops the loop. What
peers can make happen often is logged a few times a second, with the number of times that it was not.
"""

import atexit
import io
import sys
import threading
import time
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
    processors: list[structlog.typing.Processor] = [
        Throttle(),
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if sys.stderr is None:  # pythonw.exe on Windows has none
        structlog.configure(processors=[_drop])
        return
    if sys.stderr.isatty():
        processors.append(structlog.dev.ConsoleRenderer())
    else:
        processors += [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    # Unbuffered and apart from sys.stderr: a thread that is stuck in there would keep the process from ending.
    lines = Lines(open(sys.stderr.fileno(), "wb", buffering=0, closefd=False))  # noqa: SIM115
    atexit.register(lines.close)
    structlog.configure(processors=processors, logger_factory=structlog.WriteLoggerFactory(cast("TextIO", lines)))


class Throttle:
    """Lets a few events of each name through in a second, and tells with the next one how many were not."""

    def __init__(self) -> None:
        self._seconds: dict[str, tuple[float, int]] = {}
        self._unlogged: dict[str, int] = {}

    def __call__(self, _logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        """
        Pass an event on.

        Raises:
            DropEvent: There were enough of its name in this second.
        """
        name, now = str(event["event"]), time.monotonic()
        begun, logged = self._seconds.get(name, (now, 0))
        if now - begun >= 1.0:
            begun, logged = now, 0
        if logged >= AT_ONCE:
            self._unlogged[name] = self._unlogged.get(name, 0) + 1
            raise structlog.DropEvent
        self._seconds[name] = begun, logged + 1
        unlogged = self._unlogged.pop(name, 0)
        return {**event, "unlogged": unlogged} if unlogged else event


class Lines:
    """A text file of whole lines that never keeps its writer waiting."""

    def __init__(self, raw: io.RawIOBase) -> None:
        """Begin to write to a raw stream, which may block."""
        self._raw = raw
        self._waiting: SimpleQueue[bytes | None] = SimpleQueue()
        self._lost = 0
        self._thread = threading.Thread(target=self._write, name="logs", daemon=True)
        self._thread.start()

    def write(self, line: str) -> int:
        """Hand a line over; count it if there is no room."""
        if self._waiting.qsize() < ROOM:
            self._waiting.put(line.encode("utf-8", "backslashreplace"))
        else:
            self._lost += 1
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
            except OSError:
                return  # nobody will ever read: what follows is counted and forgotten
            if self._lost and self._waiting.empty():
                lost, self._lost = self._lost, 0
                structlog.get_logger().warning("log_lines_lost", lines=lost)

    def _send(self, line: bytes) -> None:
        while line:
            sent = self._raw.write(line)
            if not sent:  # stderr was made not to block by whoever shares it
                time.sleep(0.05)
            line = line[sent or 0 :]


def _drop(_logger: object, _method: str, _event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    raise structlog.DropEvent
