"""
The key q of a program that shows something on a terminal: it ends the program as Ctrl-C does.

Reads nothing unless stdin is a terminal.
"""

import signal
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager

QUIT = ("q", "Q")
LOOK_S = 0.1
"""How often it is checked whether keys are still read."""


@contextmanager
def quit_key() -> Generator[None]:
    """
    Raise SIGINT when q is pressed while the block runs; the terminal shows no keys meanwhile.

    A program in the background reads nothing, since the system would stop it.
    """
    if sys.stdin is None or not sys.stdin.isatty() or not _in_foreground():
        yield
        return
    over = threading.Event()
    reader = threading.Thread(target=_read_until, args=(over,), name="acbridge-quit-key", daemon=True)
    with _unbuffered():
        reader.start()
        try:
            yield
        finally:
            over.set()
            reader.join()


if sys.platform == "win32":
    import msvcrt

    def _in_foreground() -> bool:
        return True

    @contextmanager
    def _unbuffered() -> Generator[None]:
        yield  # msvcrt reads single keys without a change of the console

    def _read_until(over: threading.Event) -> None:
        while not over.wait(LOOK_S):
            while msvcrt.kbhit():
                if msvcrt.getwch() in QUIT:
                    signal.raise_signal(signal.SIGINT)

else:
    import os
    import select
    import termios
    import tty

    def _in_foreground() -> bool:
        """Return whether the terminal belongs to this program, and not to the shell that put it in the background."""
        try:
            return os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp()
        except OSError:  # not its terminal
            return False

    @contextmanager
    def _unbuffered() -> Generator[None]:
        """Let the terminal pass single keys, and not show them; the former settings come back."""
        terminal = sys.stdin.fileno()
        before = termios.tcgetattr(terminal)
        tty.setcbreak(terminal, termios.TCSANOW)
        try:
            yield
        finally:
            if _in_foreground():
                termios.tcsetattr(terminal, termios.TCSAFLUSH, before)

    def _read_until(over: threading.Event) -> None:
        terminal = sys.stdin.fileno()
        while not over.is_set():
            if not select.select([terminal], [], [], LOOK_S)[0]:
                continue
            if not _in_foreground():  # the key is for the shell
                over.wait(LOOK_S)
                continue
            try:
                keys = os.read(terminal, 64)
            except OSError:  # the terminal was closed
                return
            if not keys:
                return
            if any(key.encode() in keys for key in QUIT):
                signal.raise_signal(signal.SIGINT)
