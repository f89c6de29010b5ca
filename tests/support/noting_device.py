"""
A device for tests that writes down what it is given, held as the daemon's child process holds a real one.

Run it with ``python noting_device.py FILE BRAKE MANNER``. Each line of the file is what happened, the monotonic time,
and the details. Manners: ``good``; ``missing``: cannot be opened; ``fragile``: is lost at a steering beyond 0.9;
``deaf``: never hears a command; ``mute``: never says that it is there.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from acbridge.controls import Command, Start, start_fields
from acbridge_daemon.controls.backend import BackEndError
from acbridge_daemon.controls.hand import READY, serve


class NotingDevice:
    """A device that writes lines."""

    def __init__(self, file: Path, manner: str) -> None:
        self._file = file
        self._manner = manner

    def open(self) -> None:
        if self._manner == "missing":
            raise BackEndError("there is no such wheel;\nbuy one")
        self._note("open", pid=os.getpid())

    def apply(self, command: Command, now_s: float) -> float | None:
        self._note("apply", **{name: round(value, 6) for name, value in command._asdict().items()})  # of 32 bits
        if self._manner == "fragile" and command.steer > 0.9:
            raise BackEndError("the wheel fell off")
        return None

    def reset(self, start: Start) -> None:
        self._note("reset", start=start_fields(start))

    def close(self) -> None:
        self._note("close")

    def _note(self, what: str, **details: Any) -> None:
        with self._file.open("a") as file:
            file.write(json.dumps({"what": what, "time": time.monotonic(), **details}) + "\n")


class Notes:
    """What such a device has written down."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def all(self, what: str) -> list[dict[str, Any]]:
        """Return what happened of one kind so far."""
        text = self.file.read_text() if self.file.exists() else ""
        lines = [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]
        return [line for line in lines if line["what"] == what]

    @property
    def newest(self) -> dict[str, Any]:
        """Return the newest command shown; empty before the first."""
        shown = self.all("apply")
        return shown[-1] if shown else {}

    @property
    def pid(self) -> int:
        """Return the process that holds the newest device."""
        return self.all("open")[-1]["pid"]

    def command(self, manner: str = "good", brake: float = 0.3) -> list[str]:
        """Return the program that holds such a device."""
        return [sys.executable, __file__, str(self.file), str(brake), manner]


def main() -> int:
    file, brake, manner = sys.argv[1:]
    if manner in ("deaf", "mute"):
        if manner == "deaf":
            print(READY, flush=True)
        time.sleep(3600)
    return serve(NotingDevice(Path(file), manner), Command(brake=float(brake)))


if __name__ == "__main__":
    sys.exit(main())
