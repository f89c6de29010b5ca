"""
The child process that holds a device: it outlives a killed daemon for as long as neutral takes.

Programs keep the last axes of a controller that vanishes, so a daemon that dies at full gas must not take the device
along. The child reads commands from its stdin, in the layout of the control page. When its stdin ends, or after a
quarter of a second of silence, it applies neutral; after the end it keeps the device for another 0.2 s.
"""

import queue
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import BinaryIO, Protocol

from acbridge.controls import Command, Start
from acbridge_daemon.controls.backend import BackEndError
from acbridge_sim.control_page import SILENCE_S, SIZE, ControlPage

KEPT_S = 0.2
"""How long a neutral device is kept before it vanishes, so that the game sees it neutral."""
READY = "ready"
"""What the child prints once it has the device; anything else is why it has not."""


class Device(Protocol):
    """A controller that the game sees."""

    def open(self) -> None:
        """Make it, or raise BackEndError."""
        ...

    def apply(self, command: Command, now_s: float) -> float | None:
        """Show a command, and return when it must be shown again to release a button; ``None`` for never."""
        ...

    def reset(self, start: Start) -> None:
        """Begin a run elsewhere, or do nothing if the device cannot."""
        ...

    def close(self) -> None:
        """Remove it."""
        ...


def hold(device: Device, neutral: Command, stdin: BinaryIO, ready: Callable[[str], None]) -> None:
    """
    Hold a device until stdin ends.

    Args:
        device: The device.
        neutral: What is applied before the first command, in silence, and at the end.
        stdin: Where commands come from.
        ready: Reports that the device is there, or why not.
    """
    try:
        device.open()
    except BackEndError as error:
        ready(str(error))
        return
    pages: queue.SimpleQueue[ControlPage | None] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(stdin, pages), daemon=True).start()
    command, resets, again = neutral, 0, device.apply(neutral, time.monotonic())
    ready(READY)
    silent_at = time.monotonic() + SILENCE_S
    while True:
        due = silent_at if again is None else min(silent_at, again)
        try:
            page = pages.get(timeout=max(0.0, due - time.monotonic()))
        except queue.Empty:
            if time.monotonic() >= silent_at:
                command, silent_at = _neutral(neutral, command), time.monotonic() + SILENCE_S
        else:
            if page is None:
                break
            silent_at = time.monotonic() + SILENCE_S
            command = Command(page.steer, page.gas, page.brake, page.clutch, page.shifts_up, page.shifts_down)
            start = page.beginning
            if page.resets != resets and start is not None:
                resets = page.resets
                device.reset(start)
        again = device.apply(command, time.monotonic())
    device.apply(_neutral(neutral, command), time.monotonic())
    time.sleep(KEPT_S)
    device.close()


def _neutral(neutral: Command, command: Command) -> Command:
    return neutral._replace(shifts_up=command.shifts_up, shifts_down=command.shifts_down)


def _read(stdin: BinaryIO, pages: "queue.SimpleQueue[ControlPage | None]") -> None:
    """Enqueue every valid page of stdin, and ``None`` at its end."""
    while len(data := stdin.read(SIZE)) == SIZE:
        page = ControlPage.unpack(data)
        if page is not None:
            pages.put(page)
    pages.put(None)


def devices() -> dict[str, Callable[[], Device]]:
    """Return how each device is made, by the name of its back-end."""
    from acbridge_daemon.controls.custom_ai import CustomAi  # noqa: PLC0415  only the child needs the devices
    from acbridge_daemon.controls.uinput import UInput  # noqa: PLC0415
    from acbridge_daemon.controls.vjoy import VJoy  # noqa: PLC0415

    return {"uinput": UInput, "vjoy": VJoy, "custom_ai": CustomAi}


def _report(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main(name: str, brake: float) -> None:
    """Hold the named device, with the brake of its neutral; a Ctrl-C is for the daemon, whose end ends stdin."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    hold(devices()[name](), Command(brake=brake), sys.stdin.buffer, _report)


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
