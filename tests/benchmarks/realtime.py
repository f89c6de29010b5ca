"""
How well Race-v0 keeps time on a daemon's stand-in: ``uv run python tests/benchmarks/realtime.py``.

Jitter is how far a step's length is from 45 ms, beside a loop that only sleeps from deadline to deadline and runs in
the same seconds, in another process. The age of an observation is the time from the sample of its frame to the end of
the step. A reset is from the call to the observation, in process and over the daemon. On a busy machine,
``chrt -f 10`` keeps most of what other programs do out of the numbers.
"""

import argparse
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))

from bench import judged, neighbours, percentile, print_table
from programs import Daemon

STEP_S = 0.045
BARE = """
import sys, time
step, count = float(sys.argv[1]), int(sys.argv[2])
begun = due = last = time.perf_counter()
for _ in range(count):
    due += step
    time.sleep(max(0.0, due - time.perf_counter()))
    now = time.perf_counter()
    print(now - last)
    last = now
"""
PLACE = {"s": 20.0, "speed": 15.0}
Times = list[float]


def bare(steps: int) -> "subprocess.Popen[str]":
    """Start a loop that only sleeps from deadline to deadline; it prints how long each step was, s."""
    command = [sys.executable, "-c", BARE, str(STEP_S), str(steps)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def jitter(lengths: Times) -> Times:
    """Return how far steps of such lengths (s) are from what was asked, ms."""
    return [abs(length - STEP_S) * 1000 for length in lengths]


def driven(port: int, clock: str, steps: int) -> tuple[Times, Times, Times]:
    """Return the lengths of steps (s), the ages of their observations (ms), and the steps of a bare loop (s)."""
    env: Any = gym.make(
        "acbridge_gym:acbridge/Race-v0", port=port, clock=clock, start=PLACE, flat=True, ends={"stuck_s": 0.0}
    )
    lengths, ages = Times(), Times()
    env.reset()
    with bare(steps) as process:
        last = time.perf_counter()
        for _ in range(steps):
            _, _, terminated, truncated, info = env.step(np.array([0.0, -0.05], np.float32))
            now = time.perf_counter()
            lengths.append(now - last)
            ages.append(info["age_ms"])
            if terminated or truncated:
                env.reset()
                now = time.perf_counter()
            last = now
        printed = process.communicate()[0]
    env.close()
    return lengths, ages, [float(line) for line in printed.split()]


def resets(env: Any, count: int) -> Times:
    """Return how long resets take, ms."""
    took = Times()
    env.reset()
    for _ in range(count):
        env.step(np.array([0.0, 0.3], np.float32))
        begun = time.perf_counter()
        env.reset()
        took.append((time.perf_counter() - begun) * 1000)
    env.close()
    return took


def main(seconds: float, rate: float) -> None:
    """Measure, and print tables."""
    steps = round(seconds / STEP_S)
    rows, verdicts = list[list[str]](), list[str]()
    with neighbours(), Daemon("--source", "sim", "--controls", "sim", "--rate", str(rate)) as daemon:
        for clock in ("elastic", "frame"):
            lengths, ages, plain = driven(daemon.port, clock, steps)
            ours, theirs = jitter(lengths), jitter(plain)
            for name, times in (
                (f"jitter of a step, {clock}", ours),
                ("jitter of a bare loop", theirs),
                (f"age of an observation, {clock}", ages),
            ):
                rows.append([name, *(f"{percentile(times, percent):.2f}" for percent in (50, 90, 99))])
            more = percentile(ours, 99) - percentile(theirs, 99)
            verdicts.append(f"{clock}: jitter p99 {judged(more, 1.0, at_least=False)} ms over the bare loop's (goal 1)")
            if clock == "frame":
                verdicts.append(f"frame: age p50 {judged(percentile(ages, 50), 3.0, at_least=False)} ms (goal 3)")
        simulated = gym.make("acbridge_gym:acbridge/RaceSim-v0", start=PLACE, flat=True)
        live = gym.make("acbridge_gym:acbridge/Race-v0", port=daemon.port, start=PLACE, flat=True)
        for name, env, goal in (("in process", simulated, 5.0), ("over the daemon", live, 60.0)):
            took = resets(env, 50)
            rows.append([f"reset {name}", *(f"{percentile(took, percent):.2f}" for percent in (50, 90, 99))])
            verdicts.append(
                f"reset {name}: p50 {judged(percentile(took, 50), goal, at_least=False)} ms (goal {goal:g})"
            )
    print_table(f"Steps of 45 ms, daemon at {rate:g} Hz, ms", ["What", "p50", "p90", "p99"], rows)
    print("\n" + "\n".join(verdicts))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0, help="how long each clock drives (default 20)")
    parser.add_argument("--rate", type=float, default=333.33, help="of the daemon, Hz (default 333.33)")
    given = parser.parse_args()
    main(given.seconds, given.rate)
