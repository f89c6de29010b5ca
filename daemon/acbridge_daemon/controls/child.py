"""The back-ends whose device is held by a child process: writes commands to its stdin."""

import os
import queue
import subprocess
import sys
import threading
import time
from contextlib import suppress
from typing import IO, cast

from acbridge.controls import STARTS, Command, Start
from acbridge_daemon.controls.backend import BackEndError, Capabilities
from acbridge_daemon.controls.hand import READY
from acbridge_sim.control_page import ControlPage

REPEAT_S = 0.05
"""How often the child hears the command in force."""
BEGIN = "begin"
START_S = 20.0
"""How long a child may take to have its device; a busy Windows needs seconds for a new process."""
END_S = 2.0
"""How long it may take to end; neutral takes 0.2 s."""

CAPABILITIES = {
    "uinput": Capabilities("uinput", repeat_s=REPEAT_S),
    "vjoy": Capabilities("vjoy", repeat_s=REPEAT_S),
    "custom_ai": Capabilities("custom_ai", (BEGIN,), STARTS, REPEAT_S),
}
"""What the devices can do. Only Custom AI can begin a run elsewhere; whether its clock starts over is unconfirmed."""


class ChildBackEnd:
    """Drives through a device that a child process holds."""

    def __init__(
        self, capabilities: Capabilities, neutral: Command, command: list[str] | None = None, start_s: float = START_S
    ) -> None:
        """
        Prepare without starting.

        Args:
            capabilities: What the device can do.
            neutral: What is applied without a driver.
            command: The program of the child; the device of this name if not given.
            start_s: How long it may take to have its device.
        """
        self.capabilities = capabilities
        self._neutral = neutral
        self._start_s = start_s
        self._command = command or [
            sys.executable, "-m", "acbridge_daemon.controls.hand", capabilities.name, str(neutral.brake),
        ]  # fmt: skip
        self._child: _Child | None = None
        self._leaving: _Child | None = None
        self._ready = False
        self._failed: str | None = None
        self._newest = ControlPage()

    def open(self) -> None:
        """
        Start the child, and wait until it has the device.

        Raises:
            BackEndError: It has not; the text says why.
        """
        self._start()
        if self._child is not None:
            self._take(self._child, self._child.hear(self._start_s), late=True)
        if self._failed is not None:
            raise BackEndError(self._failed)

    def reopen(self) -> None:
        """Have the child leave its device neutral; when it has ended, `opening` starts another."""
        if self._child is None:
            self._start()
        else:
            self._apply_neutral()
            self._child.leave()
            self._leaving, self._child = self._child, None

    def opening(self) -> bool:
        """Whether one child has not ended, or the next has not said yet that it has the device."""
        if self._leaving is not None:
            if not self._leaving.has_left():
                return True
            self._leaving = None
            self._start()
        if self._child is None or self._ready:
            return False
        self._take(self._child, self._child.hear(0.0), late=self._child.age_s > self._start_s)
        return not self._ready and self._failed is None

    def apply(self, command: Command) -> None:
        """Send a command to the child; one that does not read loses it."""
        self._newest = self._newest.following(command)
        self._send()

    def reset(self, start: Start, means: str) -> None:  # noqa: ARG002  it has one means
        """Ask the child for a run elsewhere."""
        self._newest = self._newest.beginning_at(start)
        self._send()

    def problem(self) -> str | None:
        """Return why no child holds the device any more; ``None`` while one does."""
        return self._failed if self._child is None else self._child.problem(self.capabilities.name)

    def close(self) -> None:
        """End the child, which applies neutral first."""
        if self._leaving is not None:
            self._leaving.end()
        if self._child is not None:
            self._apply_neutral()
            self._child.end()
        self._child = self._leaving = self._failed = None

    def _start(self) -> None:
        self._ready, self._failed = False, None
        try:
            self._child = _Child(self._command)
        except OSError as error:
            self._failed = f"cannot start the program that holds {self.capabilities.name}: {error.strerror}"

    def _take(self, child: "_Child", said: str | None, *, late: bool) -> None:
        """Take what a new child has said, or has not: it has the device, or is ended."""
        if said == READY:
            self._ready = True
            self._apply_neutral()
        elif said is not None or late:
            silent = "has not answered" if said is None else "ended at once"
            self._failed = said or f"the program that holds {self.capabilities.name} {silent}"
            self._child = None
            child.kill()

    def _apply_neutral(self) -> None:
        """Apply neutral, and keep the counts of shifts: a count that falls and rises again would shift."""
        self.apply(self._neutral._replace(shifts_up=self._newest.shifts_up, shifts_down=self._newest.shifts_down))

    def _send(self) -> None:
        if self._child is not None:
            self._child.write(self._newest.pack())


class _Child:
    """The process, the lines that it prints, and the way to its stdin."""

    def __init__(self, command: list[str]) -> None:
        # Neither a Ctrl-C nor the end of a terminal is for the child: it ends after the daemon, with its stdin.
        self._process = subprocess.Popen(  # noqa: S603  our own program
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        self._begun_s = time.perf_counter()
        self._left_s = 0.0
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._words: str | None = None
        self._reader = threading.Thread(target=self._read, args=(cast("IO[bytes]", self._process.stdout),), daemon=True)
        self._reader.start()
        self._stdin = make_writer(cast("IO[bytes]", self._process.stdin))

    def hear(self, timeout_s: float) -> str | None:
        """Return the next line that it prints, empty at its end; ``None`` if there is none in time."""
        with suppress(queue.Empty):
            return self._lines.get(timeout=timeout_s)
        return None

    def write(self, page: bytes) -> None:
        """Send a page, or lose it."""
        self._stdin.write(page)

    def problem(self, name: str) -> str | None:
        """Return what an ended child said last, or how it ended; ``None`` while it runs."""
        code = self._process.poll()
        if code is None:
            return None
        if self._words is None:
            self._reader.join(END_S)
            self._words = f"the program that holds {name} has ended with {code}"
            with suppress(queue.Empty):
                while True:
                    line = self._lines.get_nowait()
                    self._words = line if line not in ("", READY) else self._words
        return self._words

    @property
    def age_s(self) -> float:
        """How long ago it was started."""
        return time.perf_counter() - self._begun_s

    def leave(self) -> None:
        """Have it end by the end of its stdin, without waiting for it."""
        self._stdin.close()
        self._left_s = time.perf_counter()

    def has_left(self) -> bool:
        """Whether it has ended; kill it if it has not heard for too long."""
        if self._process.poll() is None and time.perf_counter() - self._left_s > END_S:
            self._process.kill()
        return self._process.poll() is not None

    def end(self) -> None:
        """End it by the end of its stdin; kill it if it does not hear that."""
        self._stdin.close()
        try:
            self._process.wait(END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._process.wait()
        self._reader.join(END_S)

    def kill(self) -> None:
        """End it at once, because it has no device."""
        self._process.kill()
        self.end()

    def _read(self, stdout: IO[bytes]) -> None:
        with stdout:
            for line in stdout:
                self._lines.put(line.decode("utf-8", "replace").strip())
        self._lines.put("")


class NonBlockingWriter:
    """Writes to a pipe that never blocks; what does not fit is lost."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self._pipe = pipe
        os.set_blocking(pipe.fileno(), False)  # pyright: ignore  # noqa: PGH003  Windows has it since Python 3.12

    def write(self, data: bytes) -> None:
        """Write all or nothing, which is what a pipe does with so few bytes."""
        with suppress(BlockingIOError, BrokenPipeError):
            self._pipe.write(data)

    def close(self) -> None:
        """Close the pipe."""
        self._pipe.close()


class NewestWriter:
    """Writes the newest data to a pipe in a thread, for a pipe that can only block: of Windows."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self._pipe = pipe
        self._data: bytes | None = None
        self._ended = False
        self._changed = threading.Condition()
        threading.Thread(target=self._write, daemon=True).start()

    def write(self, data: bytes) -> None:
        """Have it written once the pipe takes it; newer data takes its place."""
        with self._changed:
            self._data = data
            self._changed.notify()

    def close(self) -> None:
        """Close the pipe once the newest data is written; does not wait for it."""
        with self._changed:
            self._ended = True
            self._changed.notify()

    def _write(self) -> None:
        with suppress(OSError), self._pipe:  # the child has ended
            while True:
                with self._changed:
                    self._changed.wait_for(lambda: self._data is not None or self._ended)
                    data, self._data = self._data, None
                if data is None:
                    return
                self._pipe.write(data)


def make_writer(pipe: IO[bytes]) -> NonBlockingWriter | NewestWriter:
    """Return what writes to a pipe without ever making the daemon wait."""
    return NewestWriter(pipe) if sys.platform == "win32" else NonBlockingWriter(pipe)
