"""A real pseudo-terminal with one of our programs in it, as a terminal emulator sees it."""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from types import TracebackType
from typing import Any, Self, cast

import pyte  # pyright: ignore[reportMissingTypeStubs]  # it has none

from programs import until

TAKE_TERMINAL = "import os, sys; os.close(os.open(sys.argv[1], os.O_RDWR)); os.execv(sys.argv[2], sys.argv[2:])"
"""The first process of a session takes the first terminal that it opens as its controlling one."""


class Screen:
    """A terminal with one of our programs in it, which is its controlling terminal too: Ctrl-C is a signal."""

    def __init__(
        self, module: str, *arguments: str, columns: int = 80, rows: int = 24, env: dict[str, str] | None = None
    ) -> None:
        self.raw = b""
        self._master, slave = pty.openpty()
        self._screen = cast("Any", pyte.Screen(columns, rows))
        self._stream = cast("Any", pyte.ByteStream(self._screen))
        self._resize(columns, rows)
        self.process = subprocess.Popen(
            [sys.executable, "-c", TAKE_TERMINAL, os.ttyname(slave), sys.executable, "-m", module, *arguments],
            stdin=slave,
            stdout=slave,
            stderr=subprocess.PIPE,
            start_new_session=True,
            env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "", "LINES": "", **(env or {})},
        )
        os.close(slave)

    def resize(self, columns: int, rows: int) -> None:
        self._screen.resize(rows, columns)
        self._screen.reset()
        self._resize(columns, rows)
        self.process.send_signal(signal.SIGWINCH)

    def _resize(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def look(self) -> list[str]:
        """Return the lines that a user sees now."""
        while select.select([self._master], [], [], 0.05)[0]:
            try:
                data = os.read(self._master, 65536)
            except OSError:  # the program has ended
                break
            self.raw += data
            self._stream.feed(data)
        return [str(line).rstrip() for line in self._screen.display]

    def shows(self, text: str) -> list[str]:
        """Wait until a text is on the screen, and return the screen."""

        def look() -> list[str]:
            lines = self.look()
            return lines if any(text in line for line in lines) else []

        return until(look, f"showing {text!r}")

    def press(self, keys: str) -> None:
        """Send what a terminal sends when keys are pressed."""
        os.write(self._master, keys.encode())

    def settings(self) -> list[Any]:
        """Return the terminal's settings."""
        return termios.tcgetattr(self._master)

    def end(self, how: int) -> int:
        self.process.send_signal(how)
        deadline = time.monotonic() + 10
        while self.process.poll() is None and time.monotonic() < deadline:
            self.look()
        self.look()
        return self.process.wait(1)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.kill()
        self.process.communicate()
        os.close(self._master)
