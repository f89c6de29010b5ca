"""
The daemon with a device that writes down what it is given, in place of the one that ``--controls`` names.

Run it with ``python noting_daemon.py FILE MANNER PAGE OPTIONS``, in a process group of its own, as a shell starts a
program.
"""

import os
import sys
from pathlib import Path

import acbridge_daemon.cli
from acbridge.controls import Command
from acbridge_daemon.controls.backend import Capabilities
from acbridge_daemon.controls.child import ChildBackEnd
from noting_device import Notes


def main() -> None:
    file, manner, page, *options = sys.argv[1:]
    if sys.platform != "win32":
        os.setpgid(0, 0)

    def make(capabilities: Capabilities, neutral: Command) -> ChildBackEnd:
        return ChildBackEnd(capabilities, neutral, Notes(Path(file), Path(page)).command(manner, neutral.brake))

    acbridge_daemon.cli.ChildBackEnd = make  # type: ignore[assignment,misc]  # pyright: ignore[reportAttributeAccessIssue]
    acbridge_daemon.cli.main(options, prog_name="acbridge-daemon")


if __name__ == "__main__":
    main()
