"""The cost of keys: the same daemon with and without them, alternately."""

import argparse
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))

from acbridge import Keys, Physics
from bench import cpu_seconds, neighbours, percentile, print_table
from keyring import Keyring
from programs import Daemon

RATE = 333
ROUNDS = 3


def connecting(daemon: Daemon, keys: Keys | None) -> float:
    """Return the time of a connection and its first reply, in ms."""
    begun = time.perf_counter()
    with daemon.connect(keys) as bridge:
        bridge.request("hello", timeout=5)
        return (time.perf_counter() - begun) * 1e3


def asking(daemon: Daemon, keys: Keys | None) -> list[float]:
    """Return the times of some requests, in ms."""
    with daemon.connect(keys) as bridge:
        times: list[float] = []
        for _ in range(300):
            begun = time.perf_counter()
            bridge.request("status", timeout=5)
            times.append((time.perf_counter() - begun) * 1e3)
        return times


def ages(daemon: Daemon, keys: Keys | None, seconds: float) -> tuple[list[float], float]:
    """Return the ages of frames on receipt, in ms, and the daemon's CPU per tick during this time, in µs."""
    with daemon.connect(keys) as bridge:
        frames = bridge.frames(Physics, timeout=5)
        next(frames)
        used = cpu_seconds(daemon.process.pid)
        found = [(time.perf_counter_ns() - f.mono_ns) / 1e6 for f in islice(frames, round(RATE * seconds))]
        return found, (cpu_seconds(daemon.process.pid) - used) * 1e6 / len(found)


def measure(daemon: Daemon, keys: Keys | None, seconds: float) -> dict[str, float]:
    """Measure one daemon."""
    connected = [connecting(daemon, keys) for _ in range(50)]
    asked = asking(daemon, keys)
    old, cpu_us = ages(daemon, keys, seconds)
    return {
        "connection and first reply, ms, p50": median(connected),
        "request and reply, ms, p50": median(asked),
        "request and reply, ms, p99": percentile(asked, 99),
        "age of a physics frame, ms, p50": median(old),
        "age of a physics frame, ms, p99": percentile(old, 99),
        "the daemon's CPU per tick, us": cpu_us,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0, help="Time for the frames of each round.")
    seconds = parser.parse_args().seconds
    with tempfile.TemporaryDirectory() as folder:
        ring = Keyring(Path(folder) / "keys")
        rig = ring.add("rig")
        common = ("--source", "sim", "--rate", str(RATE))
        with neighbours(), Daemon(*common) as plain, Daemon(*common, "--keys", str(ring.directory)) as guarded:
            each: list[tuple[Daemon, Keys | None]] = [(plain, None), (guarded, rig)]
            measured = [[measure(*one, seconds) for one in each] for _ in range(ROUNDS)]
    rows = [(name, *(f"{median(both[n][name] for both in measured):.2f}" for n in range(2))) for name in measured[0][0]]
    print_table("Without keys and with, medians of the rounds", ("", "Without", "With"), rows)


if __name__ == "__main__":
    main()
