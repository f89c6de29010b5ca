"""The back-end of a stand-in in another process: writes its control page in shared memory."""

import mmap
import os
import sys
from pathlib import Path

from acbridge.controls import STARTS, Command, Place, Start
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
        self._newest = ControlPage()

    def open(self) -> None:
        """
        Map the page that the stand-in has created.

        Raises:
            BackEndError: There is none.
        """
        self._memory = self._map()
        known = ControlPage.unpack(self._memory[:SIZE])
        self._newest = ControlPage() if known is None else known
        self.apply(self._neutral)

    def apply(self, command: Command) -> None:
        """Write a command."""
        if self._memory is None:
            return
        known = self._newest
        self._newest = known._replace(
            sequence=known.sequence % 0xFFFFFFFF + 1,
            steer=command.steer,
            gas=command.gas,
            brake=command.brake,
            clutch=command.clutch,
            shifts_up=command.shifts_up & 0x7FFFFFFF,
            shifts_down=command.shifts_down & 0x7FFFFFFF,
        )
        self._memory[:SIZE] = self._newest.pack()

    def reset(self, start: Start, means: str) -> None:  # noqa: ARG002  it has one means
        """Ask for a run elsewhere."""
        place = start if isinstance(start, Place) else Place(0.0)
        self._newest = self._newest._replace(
            resets=(self._newest.resets + 1) & 0xFFFFFFFF,
            start=STARTS.index(start) if isinstance(start, str) else len(STARTS),
            s=place.s,
            offset=place.offset,
            speed=place.speed,
        )
        if self._memory is not None:
            self._memory[:SIZE] = self._newest.pack()

    def problem(self) -> str | None:
        """Return whether the page was replaced by another."""
        if self._memory is None:
            return "the control page is not open"
        return None

    def close(self) -> None:
        """Write neutral and unmap the page."""
        if self._memory is not None:
            self.apply(self._neutral)
            self._memory.close()
            self._memory = None

    def _map(self) -> mmap.mmap:
        missing = BackEndError(
            f"there is no control page {self._name}; start acbridge-sim --driver none first, with the same page prefix"
        )
        if sys.platform == "win32":  # it is made here if the stand-in is not there yet, which then takes it over
            return mmap.mmap(-1, AC1.page_file_size, tagname=f"Local\\{self._name}")
        try:
            handle = os.open(self._path, os.O_RDWR | os.O_NOFOLLOW)
        except OSError as error:
            raise missing from error
        try:
            if os.fstat(handle).st_size < SIZE:
                raise missing
            return mmap.mmap(handle, SIZE)
        finally:
            os.close(handle)
