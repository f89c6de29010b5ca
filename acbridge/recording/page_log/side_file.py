"""
The side file of a page log: the newest rows, which are in no block yet, so that a killed daemon loses none.

A ring of rows, each a block that can be read alone. The loop writes a row before it publishes it, which takes a few
microseconds; the thread that writes the page log begins and ends the file. Rows that are in a block by now are
recognised by their time, so nothing is ever emptied. A disk that makes the loop wait is given a rest: its rows are then
safe only with their block, within a second.
"""

import os
import struct
import threading
import time
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from acbridge.recording.page_log.chunks import BLOCK_TAG, CRC, PREFIX, block_chunk
from acbridge.recording.page_log.rows import STATES, Row, RowKind, wall_ns

RING_BYTES = 1 << 23
"""Rows of 15 s at 333 Hz, of 80 s at 60 Hz: a busy disk may take seconds to accept a block."""
MOST_WAITING = 1000
"""Rows that may wait for their file to begin."""
SLOW_NS = 100_000_000
"""A write that takes longer is one too slow for the loop."""
REST_NS = 10_000_000_000

_PAGES_ROW = struct.Struct("<BBBqqqI2s")
_STATE_NUMBERS = {state: number for number, state in enumerate(STATES)}


class SideFile:
    """The newest rows of a page log, for a reader after a kill."""

    def __init__(self, report: Callable[[str], None]) -> None:
        """
        Prepare; there is no file until :meth:`begin`.

        Args:
            report: Reports a sentence to the user.
        """
        self._report = report
        self._lock = threading.Lock()
        self._descriptor: int | None = None
        self._path: Path | None = None
        self._start = self._at = 0
        self._rest_until_ns = 0
        self._waiting: list[Row] | None = None

    def expect(self) -> None:
        """Let rows wait from now on: they belong to a page log that has not begun yet."""
        with self._lock:
            self._waiting = []

    def begin(self, path: Path, head: bytes) -> None:
        """Begin the side file of another page log, which begins with these bytes."""
        self.end()
        with suppress(OSError):  # a full disk: the rows are safe with their blocks
            flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0)
            descriptor = os.open(path, flags, 0o644)
            os.write(descriptor, head)
            with self._lock:
                self._path, self._descriptor = path, descriptor
                self._start = self._at = len(head)
                waiting, self._waiting = self._waiting or [], None
                for row in waiting:
                    self._write(descriptor, row)

    def add(self, row: Row) -> None:
        """Write a row; it is not a head."""
        with self._lock:
            if self._waiting is not None:
                if len(self._waiting) < MOST_WAITING:
                    self._waiting.append(row)
                return
            now_ns = time.perf_counter_ns()
            if self._descriptor is None or now_ns < self._rest_until_ns:
                return
            try:
                self._write(self._descriptor, row)
            except OSError:
                self._rest_until_ns = now_ns + REST_NS
                return
            took_ns = time.perf_counter_ns() - now_ns
        if took_ns > SLOW_NS:
            self._rest_until_ns = now_ns + REST_NS
            self._report(f"the loop waited {took_ns / 1e6:.0f} ms for the disk; for 10 s a kill may cost a second")

    def _write(self, descriptor: int, row: Row) -> None:
        data = _one_row(row)
        if self._at + len(data) > RING_BYTES:
            self._at = os.lseek(descriptor, self._start, os.SEEK_SET)
        self._at += os.write(descriptor, data)

    def end(self) -> None:
        """Remove the file; all rows are in blocks."""
        with self._lock:
            descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None and self._path is not None:
            with suppress(OSError):
                os.close(descriptor)
                self._path.unlink()


def _one_row(row: Row) -> bytes:
    """Return a block of one row that is not compressed; both filters leave one row as it is."""
    if row.kind is not RowKind.PAGES or row.text or row.pages is None:
        return block_chunk([row], pack=False)
    stamp, began_ns = row.stamp, wall_ns(row.stamp.timestamp)
    changed = (1 << len(row.pages)) - 1
    state = _STATE_NUMBERS[row.state]
    numbers = _PAGES_ROW.pack(
        RowKind.PAGES, state, changed, row.tick, stamp.mono_ns, began_ns - stamp.mono_ns, 2, b"[]"
    )
    stored = b"".join((numbers, *row.pages))
    prefix = PREFIX.pack(BLOCK_TAG, len(stored), len(stored), 1, row.tick, stamp.mono_ns, began_ns)
    return b"".join((prefix, CRC.pack(zlib.crc32(stored, zlib.crc32(prefix))), stored))
