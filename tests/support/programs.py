"""Our programs as processes, as a user runs them, and functions that wait for them with a deadline."""

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from acbridge import Bridge, Keys, connect
from wine import HERE, Interpreter

T = TypeVar("T")

PATIENCE_S = 60.0
"""Seconds to wait for something that an idle machine does at once; a busy one may need many times that."""


def until(look: Callable[[], T | None], what: str = "it", timeout: float = PATIENCE_S) -> T:
    """Return what `look` returns once that is true; fail with a sentence if it never is."""
    deadline = time.monotonic() + timeout
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < deadline, f"{what} did not happen within {timeout:g} s"
        time.sleep(0.01)


class Program:
    """One of our programs as a process, with its output."""

    def __init__(
        self,
        module: str,
        *arguments: str,
        env: dict[str, str] | None = None,
        cwd: Path | None = None,
        python: Interpreter = HERE,
    ) -> None:
        self._under_wine = python is not HERE
        self.process = subprocess.Popen(
            [*python.command, *(() if module.startswith("-") else ("-m",)), module, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **python.env, **(env or {})},
            text=True,
            errors="backslashreplace",  # a pipe on Windows is not UTF-8
            cwd=cwd,
        )
        self.out: list[str] = []
        self.err: list[str] = []
        self._threads = [
            threading.Thread(target=self._read, args=(self.process.stdout, self.out), daemon=True),
            threading.Thread(target=self._read, args=(self.process.stderr, self.err), daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def _read(self, pipe: Any, lines: list[str]) -> None:
        lines.extend(line.rstrip("\n") for line in pipe)
        pipe.close()

    def said(self, text: str) -> str:
        """Wait for a line that contains a text, on either stream, and return it."""
        return until(lambda: next((line for line in [*self.out, *self.err] if text in line), None), f"saying {text!r}")

    def events(self, name: str) -> list[dict[str, Any]]:
        """Return the log events of a name so far."""
        logged = [json.loads(line) for line in self.err if line.startswith("{")]
        return [event for event in logged if event.get("event") == name]

    def interrupt(self) -> None:
        self.process.send_signal(signal.SIGINT)

    def end(self, how: int = signal.SIGTERM) -> int:
        """Send a signal and return the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.wait()

    def wait(self, timeout: float = PATIENCE_S) -> int:
        """Wait until it ends and return the exit code."""
        code = self.process.wait(timeout)
        for thread in self._threads:
            thread.join(timeout)
        return code

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._under_wine and self.process.poll() is None:
            # Connections of a killed process may stay open in wine's server, which then spins: a whole core.
            self.process.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(PATIENCE_S / 4)
        if self.process.poll() is None:
            self.process.kill()
        self.wait()


class Daemon(Program):
    """
    A daemon on a free pair of ports, ready after construction.

    Attributes:
        port: Its frame port; requests go to the next one.
    """

    def __init__(
        self,
        *arguments: str,
        port: int = 0,
        python: Interpreter = HERE,
        program: tuple[str, ...] = ("acbridge_daemon",),
    ) -> None:
        super().__init__(*program, "--port", str(port), *arguments, python=python)
        until(lambda: self.events("daemon_started") or self.process.poll() is not None, "the daemon's start")
        started = self.events("daemon_started")
        assert started, f"the daemon did not start: {self.err}"
        self.port = int(started[0]["frames"].rsplit(":", 1)[1])
        self.run = int(started[0]["run"])

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def connect(self, keys: Keys | None = None) -> Bridge:
        return connect(port=self.port, keys=keys)


class Sink(Program):
    """A sink that subscribes to a daemon."""

    def __init__(self, daemon: Daemon, *arguments: str, python: Interpreter = HERE) -> None:
        kind, *rest = arguments
        super().__init__("acbridge_sink", kind, "--connect", daemon.address, *rest, python=python)
