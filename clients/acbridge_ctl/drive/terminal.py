"""
The terminal of the driver: keys without Enter and without an echo, and a few lines that are drawn in place.

The terminal is as before when the block ends, however it ends.
"""

import os
import select
import shutil
import sys
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Self

from acbridge_ctl.drive.keys import ASK, TAKE_BACK, Change, Decoder

HIDE_CURSOR, SHOW_CURSOR = "\x1b[?25l", "\x1b[?25h"
POLL_S = 0.005
"""How often the keys are read where they cannot be waited for."""


class Terminal:
    """The terminal that stdin and stdout are."""

    def __init__(self) -> None:
        self._decoder = Decoder()
        self._drawn = 0
        self._before: list[int | list[bytes | int]] | None = None

    @staticmethod
    def there() -> bool:
        """Whether stdin and stdout are a terminal."""
        return sys.stdin.isatty() and sys.stdout.isatty()

    def __enter__(self) -> Self:
        if sys.platform != "win32":
            import termios  # noqa: PLC0415  exists elsewhere only
            import tty  # noqa: PLC0415

            file = sys.stdin.fileno()
            self._before = termios.tcgetattr(file)
            tty.setcbreak(file)
            quiet = termios.tcgetattr(file)
            quiet[6][termios.VSUSP] = b"\0"  # a program that is stopped would leave the terminal as it is now
            termios.tcsetattr(file, termios.TCSANOW, quiet)
        self._write(HIDE_CURSOR + ASK)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._write(TAKE_BACK + SHOW_CURSOR)
        finally:
            if sys.platform != "win32" and self._before is not None:
                import termios  # noqa: PLC0415  exists elsewhere only

                termios.tcsetattr(sys.stdin.fileno(), termios.TCSAFLUSH, self._before)

    def changes(self, timeout_s: float) -> Iterator[Change]:
        """Wait for keys, at most for a time, and yield what they report."""
        if sys.platform == "win32":
            yield from self._decoder.feed(_read_console(timeout_s))
            return
        file = sys.stdin.fileno()
        if select.select([file], [], [], max(0.0, timeout_s))[0]:
            yield from self._decoder.feed(os.read(file, 1024))

    def draw(self, lines: list[str]) -> None:
        """Draw lines in place of those before."""
        up = f"\x1b[{self._drawn}A" if self._drawn else ""
        self._drawn = len(lines)
        self._write(up + "\r" + "".join(f"{line}\x1b[K\r\n" for line in lines))

    @property
    def columns(self) -> int:
        """How wide it is."""
        return shutil.get_terminal_size().columns

    @staticmethod
    def _write(text: str) -> None:
        sys.stdout.write(text)
        sys.stdout.flush()


if sys.platform == "win32":
    import msvcrt

    _ARROWS = {"H": b"\x1b[A", "P": b"\x1b[B", "M": b"\x1b[C", "K": b"\x1b[D"}

    def _read_console(timeout_s: float) -> bytes:
        """Return the keys of a Windows console, as another terminal would send them."""
        deadline = time.perf_counter() + timeout_s
        while not msvcrt.kbhit():
            if time.perf_counter() >= deadline:
                return b""
            time.sleep(POLL_S)
        keys = b""
        while msvcrt.kbhit():
            letter = msvcrt.getwch()
            keys += _ARROWS.get(msvcrt.getwch(), b"") if letter in "\0\xe0" else letter.encode()
        return keys

else:

    def _read_console(timeout_s: float) -> bytes:
        """Do nothing: other systems have no console."""
        raise NotImplementedError(timeout_s, time.perf_counter())
