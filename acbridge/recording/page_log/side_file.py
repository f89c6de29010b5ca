"""
The side file of a page log: the newest rows, which are in no block yet, so that a killed daemon loses none.

A ring of rows, each a block that can be read alone. The loop writes a row before it publishes it, which takes a few
microseconds; the thread that writes the page log begins and ends the file. Until the side file of another page log has
begun, rows go to the one before it, which then has rows behind those of its page log. Rows that are in a block by now
are recognised by their time, so nothing is ever emptied. A disk that makes the loop wait is given a rest: its rows are
then safe only with their block, within a second.
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
MOST_WAITING = 4096
"""Rows that may wait for their file to begin; as many as the backlog takes."""
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
        self._waiting: list[Row] = []
        self._expected = 0
        self._failed = False

    def expect(self) -> None:
        """Keep rows from now on until :meth:`begin`: they belong to a page log that has not begun yet."""
        with self._lock:
            self._expected += 1

    def begin(self, path: Path, head: bytes, first_ns: int) -> None:
        """
        Begin the side file of another page log, then remove the one before it.

        Args:
            path: Where.
            head: The bytes with which it begins.
            first_ns: The steady time of the first row of the page log.
        """
        before, descriptor = (self._path, self._descriptor), None
        try:
            flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0)
            descriptor = os.open(path, flags, 0o644)
            os.write(descriptor, head)
        except OSError as error:  # a full disk
            self._report_failure(path, error)
            _remove(path, descriptor)
            descriptor = None
        with self._lock:
            self._path, self._descriptor = path, descriptor
            self._start = self._at = len(head)
            try:
                for row in self._waiting:
                    if descriptor is not None and row.stamp.mono_ns >= first_ns:
                        self._write(descriptor, row)
            except OSError as error:
                self._report_failure(path, error)
            self._expected = max(0, self._expected - 1)
            if not self._expected:
                self._waiting = []
        _remove(*before)

    def add(self, row: Row) -> None:
        """Write a row; it is not a head."""
        with self._lock:
            if self._expected and len(self._waiting) < MOST_WAITING:
                self._waiting.append(row)
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
        """Remove the file, because all rows are in blocks; not if it has rows of a page log that has not begun yet."""
        with self._lock:
            if not self._expected:
                _remove(self._path, self._descriptor)
                self._path = self._descriptor = None

    def _report_failure(self, path: Path, error: OSError) -> None:
        if not self._failed:
            self._failed = True
            self._report(f"cannot write {path}: {error.strerror}; without it a kill may cost the last second")


def _remove(path: Path | None, descriptor: int | None) -> None:
    if path is not None and descriptor is not None:
        with suppress(OSError):
            os.close(descriptor)
            path.unlink(missing_ok=True)


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
