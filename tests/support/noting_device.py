"""
A device for tests that writes down what it is given, held as the daemon's child process holds a real one.

Run it with ``python noting_device.py FILE BRAKE MANNER [PAGE]``. Each line of the file is what happened, the monotonic
time, and the details. A stand-in whose control page is PAGE does what the device is given. Manners: ``good``;
``missing``: cannot be opened; ``fragile``: is lost at a steering beyond 0.9; ``deaf``: never hears a command; ``mute``:
never says that it is there. Whatever its manner, it is lost, and cannot be opened, while FILE.unplugged exists.
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
from acbridge_sim.control_page import SIZE, ControlPage


class NotingDevice:
    """A device that writes lines."""

    def __init__(self, file: Path, manner: str, page: Path | None) -> None:
        self._file = file
        self._manner = manner
        self._page = page

    def open(self) -> None:
        if self._manner == "missing" or self._unplugged:
            self._note("missing")
            raise BackEndError("there is no such wheel;\nbuy one")
        self._note("open", pid=os.getpid())

    def apply(self, command: Command, now_s: float) -> float | None:
        self._note("apply", **{name: round(value, 6) for name, value in command._asdict().items()})  # of 32 bits
        if self._page is not None:
            with self._page.open("r+b") as page:
                known = ControlPage.unpack(page.read(SIZE)) or ControlPage()
                page.seek(0)
                page.write(known.following(command).pack())
        if (self._manner == "fragile" and command.steer > 0.9) or self._unplugged:
            raise BackEndError("the wheel fell off")
        return None

    @property
    def _unplugged(self) -> bool:
        return Path(f"{self._file}.unplugged").exists()

    def reset(self, start: Start) -> None:
        self._note("reset", start=start_fields(start))

    def close(self) -> None:
        self._note("close")

    def _note(self, what: str, **details: Any) -> None:
        with self._file.open("a") as file:
            file.write(json.dumps({"what": what, "time": time.monotonic(), **details}) + "\n")


class Notes:
    """What such a device has written down."""

    def __init__(self, file: Path, page: Path | None = None) -> None:
        self.file = file
        self.page = page

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

    def unplug(self) -> None:
        """Have the device lost, until it is plugged in."""
        Path(f"{self.file}.unplugged").touch()

    def plug_in(self) -> None:
        """Let the device be there again."""
        Path(f"{self.file}.unplugged").unlink()

    def command(self, manner: str = "good", brake: float = 0.3) -> list[str]:
        """Return the program that holds such a device."""
        page = [] if self.page is None else [str(self.page)]
        return [sys.executable, __file__, str(self.file), str(brake), manner, *page]


def main() -> int:
    file, brake, manner, *page = sys.argv[1:]
    if manner in ("deaf", "mute"):
        if manner == "deaf":
            print(READY, flush=True)
        time.sleep(3600)
    return serve(NotingDevice(Path(file), manner, Path(page[0]) if page else None), Command(brake=float(brake)))


if __name__ == "__main__":
    sys.exit(main())
