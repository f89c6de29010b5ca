"""CPU and memory of each program, compared with a process that only sleeps from tick to tick."""

import argparse
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))

from acbridge import Physics
from bench import neighbours, print_table
from programs import Daemon, Program, Sink
from relays import Relay, ended

RATES = (30, 60, 333)
DAEMON, CONSOLE, JSONL, WS, BARE = (
    "`acbridge-daemon`, three subscribers",
    "`acbridge-sink console`, plain lines",
    "`acbridge-sink jsonl`",
    "`acbridge-sink ws`, one page",
    "sleeping from tick to tick",
)
SLEEPING = """
import sys, time
due = time.perf_counter()
while True:
    due += 1 / float(sys.argv[1])
    time.sleep(max(0.0, due - time.perf_counter()))
"""


def read_away(relay: Relay) -> None:
    """Read all messages of the relay in a thread, as a page does, until the relay ends."""

    def read() -> None:
        with relay.client() as client:
            ended(client)

    threading.Thread(target=read, daemon=True).start()


def cpu_seconds(pid: int) -> float:
    """Return the CPU time that the threads of a process have used, in steps of a nanosecond."""
    threads = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(thread.read_text().split()[0]) for thread in threads) * 1e-9


def megabytes(pid: int) -> float:
    """Return the memory that a process has in use."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def measure(rate: int, seconds: float) -> dict[str, tuple[float, float]]:
    """Return the share of a core and the megabytes of each program, all of them running at once at a rate."""
    with ExitStack() as around:
        directory = around.enter_context(tempfile.TemporaryDirectory(prefix="acbridge-bench-", dir="/dev/shm"))
        around.enter_context(Program("acbridge_sim", "--page-dir", directory, "--session", "hotlap"))
        daemon = around.enter_context(Daemon("--page-dir", directory, "--rate", str(rate)))
        with daemon.connect() as bridge:
            bridge.latest(Physics, timeout=20)
        relay = around.enter_context(Relay(daemon.address))
        recording = str(Path(directory) / "recording.jsonl")
        programs = {
            DAEMON: daemon,
            CONSOLE: around.enter_context(Sink(daemon, "console")),
            JSONL: around.enter_context(Sink(daemon, "jsonl", recording, "--quiet")),
            WS: relay,
            BARE: around.enter_context(Program("-c", SLEEPING, str(rate))),
        }
        read_away(relay)
        time.sleep(3)  # the start is not part of the measurement
        begun, before = time.perf_counter(), {name: cpu_seconds(it.process.pid) for name, it in programs.items()}
        time.sleep(seconds)
        lasted = time.perf_counter() - begun
        return {
            name: ((cpu_seconds(it.process.pid) - before[name]) / lasted, megabytes(it.process.pid))
            for name, it in programs.items()
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=30, help="length of each measurement (default 30)")
    seconds = parser.parse_args().seconds
    with neighbours():
        found = [measure(rate, seconds) for rate in RATES]
    rows: list[list[str]] = []
    for name in found[0]:
        cells = [f"{at[name][0]:.1%}, {at[name][0] / at[BARE][0]:.0f} times" for at in found]
        rows.append([name, *cells, f"{max(at[name][1] for at in found):.0f}"])
    head = ["Program", *(f"{rate} Hz" for rate in RATES), "MB"]
    print_table("Share of a core, and how many times what sleeping costs; memory", head, rows)


if __name__ == "__main__":
    main()
