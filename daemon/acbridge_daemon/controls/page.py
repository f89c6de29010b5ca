"""The back-end of a stand-in in another process: writes its control page in shared memory."""

import mmap
import os
import sys
from pathlib import Path

from acbridge.controls import STARTS, Command, Start
from acbridge.pages import AC1
from acbridge_daemon.controls.backend import BackEndError, Capabilities
from acbridge_sim.control_page import PAGE, SIZE, ControlPage

BEGIN = "begin"
REPEAT_S = 0.05
"""The stand-in releases its controls after a quarter of a second of silence."""


class PageBackEnd:
    """Drives an ``acbridge-sim --driver none``."""

    capabilities = Capabilities("page", (BEGIN,), (*STARTS, "place"), REPEAT_S, moves_clock=(BEGIN,))

    def __init__(self, directory: Path, prefix: str, neutral: Command) -> None:
        """
        Prepare without opening.

        Args:
            directory: Where the page files are (Linux).
            prefix: First part of the pages' names.
            neutral: What is applied without a driver.
        """
        self._name = f"{prefix}{PAGE}"
        self._path = directory / self._name
        self._neutral = neutral
        self._memory: mmap.mmap | None = None
        self._file: tuple[int, int] | None = None
        self._newest: ControlPage | None = None
        self._missing: str | None = None

    def open(self) -> None:
        """
        Map the page that the stand-in has created.

        Raises:
            BackEndError: There is none.
        """
        self._memory = self._map()
        if self._newest is None:
            self._newest = ControlPage.unpack(self._memory[:SIZE]) or ControlPage()
        self._apply_neutral(self._newest)

    def apply(self, command: Command) -> None:
        """Write a command."""
        self._write((self._newest or ControlPage()).following(command))

    def reset(self, start: Start, means: str) -> None:  # noqa: ARG002  it has one means
        """Ask for a run elsewhere."""
        self._write((self._newest or ControlPage()).beginning_at(start))

    def problem(self) -> str | None:
        """Return that another page has taken the place of the mapped one, or that none could be mapped."""
        if self._file is None:
            return self._missing
        try:
            found = self._path.stat(follow_symlinks=False)
        except OSError:
            return None  # the stand-in will create one, or never; there is nothing to open meanwhile
        if (found.st_dev, found.st_ino) == self._file or found.st_size < SIZE:
            return None
        return f"another stand-in has made a new control page {self._name}"

    def reopen(self) -> None:
        """Map the page that is there now."""
        self.close()
        self._missing = None
        try:
            self.open()
        except BackEndError as error:
            self._missing = str(error)

    def opening(self) -> bool:
        """Return false: a page is there or not."""
        return False

    def close(self) -> None:
        """Write neutral and unmap the page."""
        if self._memory is not None:
            self._apply_neutral(self._newest or ControlPage())
            self._memory.close()
            self._memory = self._file = None

    def _apply_neutral(self, known: ControlPage) -> None:
        """Write neutral, and keep the counts of shifts: a count that falls and rises again would shift."""
        self.apply(self._neutral._replace(shifts_up=known.shifts_up, shifts_down=known.shifts_down))

    def _write(self, page: ControlPage) -> None:
        self._newest = page
        if self._memory is not None:
            self._memory[:SIZE] = page.pack()

    def _map(self) -> mmap.mmap:
        missing = BackEndError(
            f"there is no control page {self._name}; start acbridge-sim --driver none first, with the same page prefix"
        )
        try:
            if sys.platform == "win32":  # it is made here if the stand-in is not there yet, which then takes it over
                return mmap.mmap(-1, AC1.page_file_size, tagname=f"Local\\{self._name}")
            handle = os.open(self._path, os.O_RDWR | os.O_NOFOLLOW)
            try:
                found = os.fstat(handle)
                if found.st_size < SIZE:
                    raise missing
                memory = mmap.mmap(handle, SIZE)
            finally:
                os.close(handle)
        except FileNotFoundError as error:
            raise missing from error
        except OSError as error:
            raise BackEndError(f"cannot open the control page {self._name}: {error.strerror}") from error
        self._file = (found.st_dev, found.st_ino)
        return memory
