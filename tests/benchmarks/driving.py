"""
How long a command takes to the car and back into a frame, beside a bare DEALER and ROUTER in the same run.

On a busy machine, ``chrt -f 10`` keeps most of what other programs do out of the numbers.
"""

import argparse
import random
import subprocess
import sys
import time
from pathlib import Path

import zmq

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))

from acbridge import Controls, Physics
from acbridge.controls import Place
from acbridge.driving import Driver
from bench import judged, neighbours, percentile, print_table
from programs import Daemon

PERIOD_S = 0.02
ROUTER = """
import time, zmq
socket = zmq.Context().socket(zmq.ROUTER)
print(socket.bind_to_random_port("tcp://127.0.0.1"), flush=True)
while True:
    *envelope, body = socket.recv_multipart()
    now = time.perf_counter_ns()
    socket.send_multipart([*envelope, str(now - int(body)).encode()])
"""
Times = list[float]


def bare(seconds: float) -> tuple[Times, Times]:
    """Return how long messages take to a bare ROUTER at 50 Hz, and the call that sends one, ms."""
    with subprocess.Popen([sys.executable, "-c", ROUTER], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        socket = zmq.Context().socket(zmq.DEALER)
        socket.connect(f"tcp://127.0.0.1:{process.stdout.readline().strip()}")
        took, calls = Times(), Times()
        for _ in range(round(seconds / PERIOD_S)):
            begun = time.perf_counter_ns()
            socket.send_multipart([b"", str(begun).encode()])
            calls.append((time.perf_counter_ns() - begun) * 1e-6)
            took.append(int(socket.recv_multipart()[-1]) * 1e-6)
            time.sleep(PERIOD_S)
        process.kill()
    return took, calls


def driven(daemon: Daemon, seconds: float) -> tuple[Times, Times, Times]:
    """Return, in ms at 50 Hz: command sent to applied, sent to seen in a received frame, and the call itself."""
    applied, seen, calls = Times(), Times(), Times()
    dice = random.Random(1)
    with daemon.connect() as bridge, Driver(bridge, "benchmark") as driver:
        driver.reset(Place(100.0))
        with bridge.frames(Controls, Physics, timeout=5) as frames:
            next(frames)
            for number in range(1, round(seconds / PERIOD_S) + 1):
                steer = (number % 40) / 100 - 0.2
                begun = time.perf_counter_ns()
                driver.drive(steer, brake=1.0)
                calls.append((time.perf_counter_ns() - begun) * 1e-6)
                wanted_applied = wanted_seen = True
                while wanted_applied or wanted_seen:
                    record = next(frames).record
                    now = time.perf_counter_ns()
                    if isinstance(record, Controls) and record.command == number and wanted_applied:
                        applied.append((record.applied_mono_ns - begun) * 1e-6)
                        wanted_applied = False
                    if isinstance(record, Physics) and abs(record.steerAngle - steer) < 1e-4 and wanted_seen:
                        seen.append((now - begun) * 1e-6)
                        wanted_seen = False
                phase = dice.random() * 0.01  # so that commands meet every moment between two ticks
                while time.perf_counter_ns() - begun < (PERIOD_S - 0.005) * 1e9:
                    next(frames)
                time.sleep(phase)
    return applied, seen, calls


def late(daemon: Daemon) -> float:
    """Return how late 99 % of the last minute's ticks were at most, ms."""
    with daemon.connect() as bridge:
        return (bridge.status().late_p99 or 0.0) * 1000


def main(seconds: float, rate: float) -> None:
    """Measure, and print a table."""
    options = ("--source", "sim", "--controls", "sim", "--rate", str(rate))
    with neighbours():
        plain, sends = bare(seconds)
        with Daemon(*options) as daemon, daemon.connect() as bridge, bridge.frames(Controls, Physics) as frames:
            end = time.perf_counter() + seconds
            while time.perf_counter() < end:
                next(frames)
            without = late(daemon)
        with Daemon(*options) as daemon:
            applied, seen, calls = driven(daemon, seconds)
            during = late(daemon)
    rows = [
        [name, *(f"{percentile(times, percent):.2f}" for percent in (50, 90, 99))]
        for name, times in (
            ("sent to a bare ROUTER", plain),
            ("sent to applied", applied),
            ("sent to seen in a received frame", seen),
            ("the call that sends to a bare ROUTER", sends),
            ("the call of drive()", calls),
        )
    ]
    print_table(f"50 commands a second, daemon at {rate:g} Hz, ms", ["What", "p50", "p90", "p99"], rows)
    print(f"\nsent to applied: p50 {judged(percentile(applied, 50), 1.0, at_least=False)} (goal 1 ms)")
    print(f"sent to applied: p99 {judged(percentile(applied, 99), 4.0, at_least=False)} (goal 4 ms)")
    print(f"sent to seen: p50 {judged(percentile(seen, 50), 5.0, at_least=False)} (goal 5 ms)")
    print(f"sent to seen: p99 {judged(percentile(seen, 99), 10.0, at_least=False)} (goal 10 ms)")
    bare_p50 = percentile(sends, 50)
    print(
        f"drive(): p50 {judged(percentile(calls, 50), 0.1, at_least=False)} (goal 0.1 ms; the bare call {bare_p50:.2f})"
    )
    more = judged(during - without, 0.3, at_least=False)
    print(f"late ticks p99: {without:.2f} ms without a driver, {more} more with one (goal 0.3)")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0, help="how long each measurement takes (default 20)")
    parser.add_argument("--rate", type=float, default=333.0, help="of the daemon, Hz (default 333)")
    given = parser.parse_args()
    main(given.seconds, given.rate)
