"""The back-ends whose device is held by a child process: writes commands to its stdin."""

import os
import subprocess
import sys
from contextlib import suppress

from acbridge.controls import STARTS, Command, Place, Start
from acbridge_daemon.controls.backend import BackEndError, Capabilities
from acbridge_daemon.controls.hand import READY
from acbridge_sim.control_page import ControlPage

REPEAT_S = 0.05
"""How often the child hears the command in force."""
BEGIN = "begin"
END_S = 2.0

CAPABILITIES = {
    "uinput": Capabilities("uinput", repeat_s=REPEAT_S),
    "vjoy": Capabilities("vjoy", repeat_s=REPEAT_S),
    "custom_ai": Capabilities("custom_ai", (BEGIN,), STARTS, REPEAT_S),
}
"""What the devices can do. Only Custom AI can begin a run elsewhere; whether its clock starts over is unconfirmed."""


class ChildBackEnd:
    """Drives through a device that a child process holds."""

    def __init__(self, capabilities: Capabilities, neutral: Command, command: list[str] | None = None) -> None:
        """
        Prepare without starting.

        Args:
            capabilities: What the device can do.
            neutral: What is applied without a driver.
            command: The program of the child; the device of this name if not given.
        """
        self.capabilities = capabilities
        self._neutral = neutral
        self._command = command or [
            sys.executable, "-m", "acbridge_daemon.controls.hand", capabilities.name, str(neutral.brake),
        ]  # fmt: skip
        self._process: subprocess.Popen[bytes] | None = None
        self._newest = ControlPage()
        self._started_before = False

    def open(self) -> None:
        """
        Start the child; the first time, wait until it has the device.

        Raises:
            BackEndError: It has not; the text says why.
        """
        process = self._process = subprocess.Popen(  # noqa: S603  our own program
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0, start_new_session=True
        )
        if not self._started_before and process.stdout is not None:
            said = process.stdout.readline().decode("utf-8", "replace").strip()
            if said != READY:
                self.close()
                raise BackEndError(said or f"the program that holds {self.capabilities.name} ended at once")
            self._started_before = True
        if process.stdin is not None:
            os.set_blocking(process.stdin.fileno(), False)
        self.apply(self._neutral)

    def apply(self, command: Command) -> None:
        """Send a command to the child; one that does not read loses it."""
        self._newest = self._newest._replace(
            sequence=self._newest.sequence % 0xFFFFFFFF + 1,
            steer=command.steer,
            gas=command.gas,
            brake=command.brake,
            clutch=command.clutch,
            shifts_up=command.shifts_up & 0x7FFFFFFF,
            shifts_down=command.shifts_down & 0x7FFFFFFF,
        )
        self._send()

    def reset(self, start: Start, means: str) -> None:  # noqa: ARG002  it has one means
        """Ask the child for a run elsewhere."""
        place = start if isinstance(start, Place) else Place(0.0)
        self._newest = self._newest._replace(
            resets=(self._newest.resets + 1) & 0xFFFFFFFF,
            start=STARTS.index(start) if isinstance(start, str) else len(STARTS),
            s=place.s,
            offset=place.offset,
            speed=place.speed,
        )
        self._send()

    def problem(self) -> str | None:
        """Return why the child does not hold the device any more; ``None`` while it does."""
        if self._process is None or self._process.poll() is None:
            return None
        return f"the program that holds {self.capabilities.name} has ended with {self._process.returncode}"

    def close(self) -> None:
        """End the child, which applies neutral first."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            process.wait(END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()

    def _send(self) -> None:
        if self._process is None or self._process.stdin is None:
            return
        with suppress(BlockingIOError, BrokenPipeError):
            self._process.stdin.write(self._newest.pack())
