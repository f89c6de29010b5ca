"""
A recording: JSON lines in a file.

A header line opens each run of the daemon and each change of car or track; then comes a line per tick with
physics, graphics and derived; what went missing is a line too. Each line is one `write`, so a killed sink loses at most
the line it was writing, and the next recording into the same file cuts that broken line off first.
"""

import errno
import os
import stat
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from acbridge import WIRE_VERSION, AcbridgeError, Bridge, Derived, Graphics, Physics
from acbridge.recording import SCHEMA
from acbridge_sink.json_text import to_json
from acbridge_sink.pump import Tick

FSYNC_EVERY_S = 1.0
RECORDS = (Physics, Graphics, Derived)
_CHUNK = 65536
_LOCKED_BYTE = 2**30
"""Far behind what a recording is likely to reach: on Windows a locked byte cannot be written."""


class NotARecording(click.ClickException):
    """A file that exists and is not ours is never written to."""

    exit_code = 78

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} exists and is not a recording of acbridge-sink; choose another name or move it away")


class Jsonl:
    """
    Appends to one file.

    Attributes:
        ticks: Lines of ticks written.
        lost: Frames that went missing.
    """

    def __init__(self, bridge: Bridge, path: Path) -> None:
        """
        Open the file, and cut off a line that a killed sink left unfinished.

        Raises:
            NotARecording: The file holds something else.
            OSError: It cannot be written.
        """
        self._bridge = bridge
        self._run: int | None = None
        self._static: dict[str, Any] | None = {}
        self._packet = 0
        self._rested = False
        self.ticks = 0
        self.lost = 0
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o644)
        try:
            _lock(self._file)
            self._end = self._repair(path)
        except BaseException:
            os.close(self._file)
            raise
        self._synced = time.perf_counter()

    def tick(self, tick: Tick) -> None:
        """Write a line for the tick, after a header if the daemon is a new run and a gap if frames are missing."""
        restarted = self._run is not None and tick.run != self._run
        if tick.run != self._run or self._another_session(tick):
            self._run = tick.run
            header = self._header(tick)
            if restarted or header["static"] != self._static:
                self._static = header["static"]
                self._write(header)
        if tick.lost or restarted:
            self.lost += sum(tick.lost.values())
            self._write({"type": "gap", "tick": tick.number, "lost": tick.lost, "restarted": restarted})
        self._write(
            {
                "tick": tick.number,
                "timestamp": tick.timestamp,
                "physics": tick.physics and vars(tick.physics),
                "graphics": tick.graphics and vars(tick.graphics),
                "derived": tick.derived and vars(tick.derived),
            }
        )
        self.ticks += 1
        self._sync()

    def idle(self) -> None:
        """Bring what was written to the disk; the sim may come back with another car."""
        self._rested = True
        self._sync()

    def close(self) -> None:
        """Bring what was written to the disk and close the file."""
        try:
            self._to_disk()
        finally:
            os.close(self._file)

    def _repair(self, path: Path) -> int:
        """Check that the file is a recording, cut a broken last line off, and return where to go on."""
        if not stat.S_ISREG(os.fstat(self._file).st_mode):
            return 0  # a pipe or a device: nothing to go on from
        size = os.lseek(self._file, 0, os.SEEK_END)
        if size == 0:
            return 0
        os.lseek(self._file, 0, os.SEEK_SET)
        start = f'{{"type":"header","schema":"{SCHEMA}",'.encode()
        if os.read(self._file, len(start)) != start[:size]:
            raise NotARecording(path)
        end = self._last_line_end(size)
        os.ftruncate(self._file, end)
        os.lseek(self._file, end, os.SEEK_SET)
        if end < size:
            self._end = end
            self._write({"type": "repair", "cut_bytes": size - end} if end else None)
            return self._end
        return end

    def _last_line_end(self, size: int) -> int:
        at = size
        while at > 0:
            start = max(0, at - _CHUNK)
            os.lseek(self._file, start, os.SEEK_SET)
            newline = os.read(self._file, at - start).rfind(b"\n")
            if newline >= 0:
                return start + newline + 1
            at = start
        return 0

    def _another_session(self, tick: Tick) -> bool:
        """Whether car and track may have changed: the sim rested, or its packetId began again."""
        packet = tick.physics.packetId if tick.physics is not None else self._packet
        another = self._rested or packet < self._packet
        self._packet, self._rested = packet, False
        return another

    def _header(self, tick: Tick) -> dict[str, Any]:
        try:
            static, hello = self._bridge.request("static"), self._bridge.request("hello")
        except AcbridgeError:
            static, hello = None, {}  # the daemon went away right after this tick; the recording goes on
        return {
            "type": "header",
            "schema": SCHEMA,
            "wire": WIRE_VERSION,
            "version": hello.get("version"),
            "run": tick.run,
            "rate": hello.get("rate"),
            "source": hello.get("source"),
            "timestamp": tick.timestamp,
            "thresholds": hello.get("thresholds"),
            "static": static,
            "units": {
                record.topic: {column.name: column.unit for column in record.columns if column.unit}
                for record in RECORDS
            },
        }

    def _write(self, values: dict[str, Any] | None) -> None:
        """Write one line whole or not at all."""
        if values is None:
            return
        line = to_json(values) + b"\n"
        try:
            written = os.write(self._file, line)
            while written < len(line):
                written += os.write(self._file, line[written:])
        except OSError:
            with suppress(OSError):  # a device has no end to go back to
                os.ftruncate(self._file, self._end)
            raise
        self._end += len(line)

    def _sync(self) -> None:
        now = time.perf_counter()
        if now - self._synced >= FSYNC_EVERY_S:
            self._synced = now
            self._to_disk()

    def _to_disk(self) -> None:
        try:
            os.fsync(self._file)
        except OSError as error:
            if error.errno != errno.EINVAL:  # a device or a pipe has no disk behind it
                raise


def _lock(file: int) -> None:
    """
    Keep other recordings out of the file; the lock goes with the handle.

    Raises:
        OSError: Another program holds it.
    """
    if sys.platform == "win32":
        import msvcrt  # noqa: PLC0415  exists on Windows only

        os.lseek(file, _LOCKED_BYTE, os.SEEK_SET)
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        return
    import fcntl  # noqa: PLC0415  exists elsewhere only

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise OSError(error.errno, "another program is recording into it") from error
