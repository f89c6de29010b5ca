"""
The thread that writes the items of the backlog to the disk, and waits for the disk when it must.

A full, nearly full or failing disk is tried again twice a second; meanwhile items wait in the backlog. It knows whole
items, not what they say.
"""

import errno
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from acbridge.recording.writing.backlog import Backlog, Item
from acbridge.recording.writing.rotation import MEGABYTE

T = TypeVar("T")
T_contra = TypeVar("T_contra", contravariant=True)

FSYNC_EVERY_S = 1.0
LINGER_S = 0.12
"""How long items are gathered before they are compressed: a kill loses them, and 200 ms is the promise."""
BATCH = 64
"""Items written at once; few enough that a disk with a little room takes some."""
PACKED_BATCH = 1024
RETRY_S = 0.5
REMIND_S = 60.0
MEASURE_S = 1.0
"""How often the free space of the disk is measured, s."""
STUCK_S = 1.5
"""How long the end waits for a reader that takes nothing, s."""
SLOW_DISK_S = 20.0
"""How long the end waits for a disk that takes nothing, s: one that sleeps or is busy may need many seconds."""

Report = Callable[[str], None]


class Target(Protocol[T_contra]):
    """The file that is open; :class:`acbridge.recording.writing.files.File` for bytes."""

    @property
    def path(self) -> Path:
        """The file."""
        ...

    @property
    def size(self) -> int:
        """Bytes in the file."""
        ...

    @property
    def on_disk(self) -> bool:
        """Whether the file takes space on a disk; a pipe or a device does not."""
        ...

    def append(self, pieces: Sequence[T_contra], /) -> None:
        """Append some pieces, all or none."""
        ...

    def sync(self) -> None:
        """Flush the file to the disk."""
        ...

    def close(self) -> None:
        """Finish the file."""
        ...


class Directory(Protocol[T_contra]):
    """Where files begin."""

    @property
    def path(self) -> Path:
        """The directory."""
        ...

    def begin(self, name: str) -> Target[T_contra]:
        """Create a file of this name, without its suffix; a name that is taken gets a number."""
        ...


class Writer(Generic[T]):
    """
    Owns the open file, and the thread.

    Attributes:
        files: Files begun in the directory.
        size: Bytes of the file that is open.
        total: Bytes written to all files.
        ticks: Ticks written.
        broken_pipe: Whether the program that read our pipe has ended.
        problem: Why nothing is written at the moment, or why something was not; empty if all went well.
    """

    def __init__(
        self,
        backlog: Backlog[T],
        file: Target[T] | None,
        directory: Directory[T] | None,
        min_free: int,
        report: Report,
        *,
        packed: bool = False,
    ) -> None:
        """
        Start the thread.

        Args:
            backlog: Where items come from.
            file: An open file; ``None`` for a directory.
            directory: The directory in which files begin.
            min_free: Bytes that stay free on the disk.
            report: Reports a sentence to the user.
            packed: Whether many items are gathered for each write, because they are compressed together.
        """
        self.files = self.total = self.ticks = 0
        self.size = 0 if file is None else file.size
        self.broken_pipe = False
        self.problem = ""
        self._backlog = backlog
        self._file: Target[T] | None = file
        self._directory = directory
        self._packed = packed
        self._min_free = min_free
        self._report = report
        self._reported = -REMIND_S
        self._blocked = False
        self._measured = -MEASURE_S
        self._synced = time.perf_counter()
        self._moved = time.perf_counter()
        self._thread = threading.Thread(target=self._run, name="acbridge-writer", daemon=True)
        self._thread.start()

    def begin_with(self, file: Target[T]) -> None:
        """Write to a file that the caller has begun in the directory; only before the first item is enqueued."""
        self._file = file
        self.size = file.size
        self.files += 1

    def close(self) -> None:
        """Write what waits, if the disk takes it, and finish the file."""
        self._backlog.end()
        self._moved = time.perf_counter()
        patience_s = SLOW_DISK_S if self._file is None or self._file.on_disk else STUCK_S
        while self._thread.is_alive() and time.perf_counter() - self._moved < patience_s:
            self._thread.join(0.05)
        if self._thread.is_alive():  # inside a write that does not return; the thread ends with the process
            self.problem = "it takes nothing any more"

    def _run(self) -> None:
        linger = LINGER_S if self._packed else 0.0
        most = PACKED_BATCH if self._packed else BATCH
        while True:
            items = self._backlog.take(most, FSYNC_EVERY_S, linger)
            if not items and self._backlog.ended:
                break
            if not all(self._insist(lambda batch=batch: self._write(batch)) for batch in _by_file(items)):
                break
            self._insist(self._sync)
        if self._file is not None:
            self._insist(self._file.close)
            self._count(self._file)

    def _insist(self, step: Callable[[], None]) -> bool:
        """Repeat a step until the disk allows it; return whether it did before the end."""
        while True:
            try:
                step()
            except BrokenPipeError:
                self.broken_pipe = True
                return True
            except OSError as error:
                self._report_problem(error)
                if self._backlog.ended:
                    return False
                time.sleep(RETRY_S)
            else:
                self._moved = time.perf_counter()
                if self._blocked and not self._backlog.ended:
                    self._blocked = False
                    self._report(f"writes to {self._place} again")
                return True

    def _write(self, items: list[Item[T]]) -> None:
        self._leave_room()
        if items[0].name and self._directory is not None:
            self._begin(items[0].name)
        if self._file is None:
            return
        self._file.append([item.data for item in items])
        self._count(self._file)
        self.ticks += sum(item.tick is not None for item in items)

    def _begin(self, name: str) -> None:
        """Finish the file that is open and begin another; again if the last attempt got only half way."""
        assert self._directory is not None  # noqa: S101  for the type checker
        if self._file is not None and self._file.size:
            file, self._file = self._file, None
            file.close()
            self._count(file)
        if self._file is None:
            self._file = self._directory.begin(name)
            self.size = 0
            self.files += 1

    def _leave_room(self) -> None:
        now = time.perf_counter()
        if not self._min_free or (now - self._measured < MEASURE_S and not self._blocked):
            return
        self._measured = now
        on_disk = self._file.path if self._file is not None and self._file.on_disk else None
        if self._directory is not None:
            on_disk = self._directory.path
        if on_disk is not None and shutil.disk_usage(on_disk).free < self._min_free:
            raise OSError(errno.ENOSPC, f"less than {self._min_free / MEGABYTE:g} MB are free (--min-free)")

    def _sync(self) -> None:
        now = time.perf_counter()
        if self._file is not None and now - self._synced >= FSYNC_EVERY_S:
            self._synced = now
            self._file.sync()
            self._count(self._file)

    def _count(self, file: Target[T]) -> None:
        """Count the bytes by which the open file has grown."""
        self.total += file.size - self.size
        self.size = file.size

    def _report_problem(self, error: OSError) -> None:
        self.problem = error.strerror or str(error)
        self._blocked = True
        now = time.perf_counter()
        if now - self._reported >= REMIND_S and not self._backlog.ended:
            self._reported = now
            self._report(f"cannot write {self._place}: {self.problem}; receives on and tries again")

    @property
    def _place(self) -> Path:
        if self._file is not None:
            return self._file.path
        return Path(os.devnull) if self._directory is None else self._directory.path


def _by_file(items: list[Item[T]]) -> Iterator[list[Item[T]]]:
    """Yield the items of each file; a file begins with an item that names it."""
    begin = 0
    for end in range(1, len(items) + 1):
        if end == len(items) or items[end].name:
            yield items[begin:end]
            begin = end
