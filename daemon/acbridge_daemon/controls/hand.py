"""
The child process that holds a device: it outlives a killed daemon for as long as neutral takes.

Programs keep the last axes of a controller that vanishes, so a daemon that dies at full gas must not take the device
along. The child reads commands from its stdin, in the layout of the control page. When its stdin ends, or after a
quarter of a second of silence, it applies neutral; after the end it keeps the device for another 0.2 s.
"""

import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from acbridge.controls import Command, Start
from acbridge_daemon.controls.backend import BackEndError
from acbridge_sim.control_page import SILENCE_S, SIZE, ControlPage

KEPT_S = 0.2
"""How long a neutral device is kept before it vanishes, so that the game sees it neutral."""
READY = "ready"
"""What the child prints once it has the device; any other line says why it has not, or has no longer."""
STDIN = 0

Pages = queue.SimpleQueue[ControlPage | None]
"""Pages in the order they came; ``None`` is the end."""


class Device(Protocol):
    """A controller that the game sees."""

    def open(self) -> None:
        """Make it, or raise BackEndError."""
        ...

    def apply(self, command: Command, now_s: float) -> float | None:
        """
        Show a command, and return when it must be shown again to release a button; ``None`` for never.

        Raises:
            BackEndError: The device is there no more.
        """
        ...

    def reset(self, start: Start) -> None:
        """Begin a run elsewhere, or do nothing if the device cannot."""
        ...

    def close(self) -> None:
        """Release the buttons, and remove it."""
        ...


def hold(device: Device, neutral: Command, pages: Pages, ready: Callable[[], None]) -> None:
    """
    Hold a device until the pages end.

    Args:
        device: The device.
        neutral: What is applied before the first command, in silence, and at the end.
        pages: The commands.
        ready: Is called once the device is there.

    Raises:
        BackEndError: The device cannot be had, or was lost.
    """
    device.open()
    newest = _Newest(neutral)
    try:
        again = device.apply(neutral, time.perf_counter())
        ready()
        silent_s = time.perf_counter() + SILENCE_S
        while True:
            due_s = silent_s if again is None else min(silent_s, again)
            try:
                taken = [pages.get(timeout=max(0.0, due_s - time.perf_counter()))]
            except queue.Empty:
                if time.perf_counter() >= silent_s:
                    newest.be_neutral()
                    silent_s = time.perf_counter() + SILENCE_S
            else:
                while not pages.empty():  # a process that was stopped wakes up to old commands
                    taken.append(pages.get())
                if None in taken:
                    break
                silent_s = time.perf_counter() + SILENCE_S
                starts = [newest.follow(page) for page in taken if page is not None]
                for start in starts:
                    if start is not None:
                        device.reset(start)
            again = device.apply(newest.command, time.perf_counter())
    finally:
        newest.be_neutral()
        with suppress(BackEndError):  # that it is lost was said already
            _leave_neutral(device, newest.command)
        device.close()


class _Newest:
    """The newest command; shifts and resets count from the first page on, for they may be older than this process."""

    def __init__(self, neutral: Command) -> None:
        self._neutral = neutral
        self.command = neutral
        self._first: ControlPage | None = None
        self._resets = 0

    def be_neutral(self) -> None:
        """Keep nothing of the newest command but its counts."""
        self.command = self._neutral._replace(shifts_up=self.command.shifts_up, shifts_down=self.command.shifts_down)

    def follow(self, page: ControlPage) -> Start | None:
        """Take the command of a page, and return where a run is to begin if it asks for one."""
        if self._first is None:
            self._first, self._resets = page, page.resets
        self.command = Command(
            page.steer,
            page.gas,
            page.brake,
            page.clutch,
            page.shifts_up - self._first.shifts_up,
            page.shifts_down - self._first.shifts_down,
        )
        if page.resets == self._resets:
            return None
        self._resets = page.resets
        return page.beginning


def _leave_neutral(device: Device, command: Command) -> None:
    """Show neutral for long enough that the game sees it; a button pressed now is released in time."""
    end_s = time.perf_counter() + KEPT_S
    while True:
        now_s = time.perf_counter()
        again = device.apply(command, now_s)
        if now_s >= end_s:
            return
        due_s = end_s if again is None else min(end_s, again)
        time.sleep(max(0.0, due_s - time.perf_counter()))


def read(descriptor: int, pages: Pages) -> None:
    """Enqueue every valid page that a pipe holds, and ``None`` at its end."""
    data = b""
    while piece := _piece(descriptor, SIZE - len(data)):
        data += piece
        if len(data) == SIZE:
            page = ControlPage.unpack(data)
            data = b""
            if page is not None:
                pages.put(page)
    pages.put(None)


def _piece(descriptor: int, size: int) -> bytes:
    try:
        return os.read(descriptor, size)
    except OSError:  # the pipe is broken: its other end is gone
        return b""


def devices() -> dict[str, Callable[[], Device]]:
    """Return how each device is made, by the name of its back-end."""
    from acbridge_daemon.controls.custom_ai import CustomAi  # noqa: PLC0415  only the child needs the devices
    from acbridge_daemon.controls.uinput import UInput  # noqa: PLC0415
    from acbridge_daemon.controls.vjoy import VJoy  # noqa: PLC0415

    return {"uinput": UInput, "vjoy": VJoy, "custom_ai": CustomAi}


def serve(device: Device, neutral: Command) -> int:
    """
    Hold a device as the commands on stdin say, and return the exit code.

    A Ctrl-C is for the daemon, whose end ends stdin. A request to terminate ends the child as the end of stdin does.
    """
    pages: Pages = queue.SimpleQueue()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for name in ("SIGTERM", "SIGHUP", "SIGBREAK"):
        number = getattr(signal, name, None)
        if number is not None:
            signal.signal(number, lambda _signal, _frame: pages.put(None))
    threading.Thread(target=read, args=(STDIN, pages), daemon=True).start()
    try:
        hold(device, neutral, pages, lambda: _report(READY))
    except BackEndError as error:
        _report(" ".join(str(error).split()))
        return 1
    return 0


def _report(text: str) -> None:
    with suppress(OSError):  # a daemon that was killed does not read it
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()


def main(name: str, brake: float) -> int:
    """Hold the named device, with the brake of its neutral; return the exit code."""
    return serve(devices()[name](), Command(brake=brake))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], float(sys.argv[2])))
