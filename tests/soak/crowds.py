"""
The daemon's memory after crowds and stuck subscribers: forty of each, one after the other.

Run ``uv run python tests/soak/crowds.py``; it takes three minutes.
"""

import signal
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from soak import READER, memory_mb

from bench import print_table
from programs import Daemon, Program

ROUNDS = 40


def crowd(port: int) -> None:
    """Subscribe with a hundred sockets for two seconds."""
    with Program("-c", READER, str(port), "100") as many:
        many.said("reading")
        time.sleep(2)


def stuck(port: int) -> None:
    """Subscribe with five sockets, and read nothing for four seconds."""
    with Program("-c", READER, str(port), "5") as still:
        still.said("reading")
        still.process.send_signal(signal.SIGSTOP)
        time.sleep(4)
        still.process.kill()


def main() -> None:
    """Run, and print the table."""
    with Daemon("--source", "sim", "--rate", "333") as daemon:
        time.sleep(2)
        rows = [["0", f"{memory_mb(daemon.process.pid):.1f}"]]
        for number in range(1, ROUNDS + 1):
            (crowd if number % 4 == 0 else stuck)(daemon.port)
            if number % 4 == 0:
                rows.append([f"{number}", f"{memory_mb(daemon.process.pid):.1f}"])
                print(f"{number} of {ROUNDS}", file=sys.stderr, flush=True)
    print_table("Memory of the daemon", ["after", "MB"], rows)


if __name__ == "__main__":
    main()
