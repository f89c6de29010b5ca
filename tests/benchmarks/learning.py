"""
The curve of training: three seeds by ``acbridge-gym train``, beside the built-in driver and a random policy.

    uv run --extra train python tests/benchmarks/learning.py --picture docs/guides/training.png

Prints when each seed first drove faster laps than the driver, and draws the picture (matplotlib). Three seeds take ten
minutes of one core.
"""

import argparse
import csv
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib as mpl
import numpy as np

from acbridge_gym.envs.race import race_sim
from acbridge_gym.laps import drive, lap_settings
from acbridge_gym.tracks import track_of
from acbridge_sim import World

LAPS = 2


NUMBERS = ("steps", "cpu_s", "valid_laps", "lap_s", "driven_m")


class Point(NamedTuple):
    """An evaluation: steps, CPU seconds, valid laps, the best of them in s, and the way until the end in m."""

    steps: float
    cpu_s: float
    valid: float
    lap_s: float
    driven_m: float


def main() -> None:
    """Train, print and draw."""
    parser = argparse.ArgumentParser(description="The curve of training.")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--steps", type=float, default=2e6)
    parser.add_argument("--track", default="circuit")
    parser.add_argument("--course", default="circuit")
    parser.add_argument("--directory", type=Path, help="Keep the runs here; finished runs are not run again.")
    parser.add_argument("--picture", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as away:
        runs = given.directory or Path(away)
        curves = {seed: train(runs / f"seed{seed}", seed, given) for seed in given.seeds}
    driver, random = driver_s(given.course), random_m(given.course)
    print(f"built-in driver: {driver:.2f} s; a random policy: off the track after {random:.0f} m")
    print(f"{'seed':>4} {'first faster than the driver':>30} {'best lap':>10}")
    for seed, curve in curves.items():
        first = next((p for p in curve if p.valid == LAPS and p.lap_s < driver), None)
        when = f"{first.cpu_s:.0f} CPU-s, {first.steps:,.0f} steps" if first else "MISSED"
        best = min((p.lap_s for p in curve if p.valid == LAPS), default=float("nan"))
        print(f"{seed:>4} {when:>30} {best:>8.2f} s")
    if given.picture:
        draw(curves, driver, random, given.picture)


def train(directory: Path, seed: int, given: argparse.Namespace) -> list[Point]:
    """Run the program for a seed unless its curve is whole, and return the curve."""
    path = directory / "curve.csv"
    if not path.exists() or read(path)[-1].steps < given.steps:
        words = ["train", str(directory), "--seed", str(seed), "--steps", str(given.steps)]
        where = ["--track", given.track, "--course", given.course]
        subprocess.run([sys.executable, "-m", "acbridge_gym", *words, *where], check=True)
    return read(path)


def read(path: Path) -> list[Point]:
    """Return a curve."""
    with path.open(encoding="utf-8", newline="") as file:
        return [Point(*(float(row[name]) for name in NUMBERS)) for row in csv.DictReader(file)]


def driver_s(course: str) -> float:
    """Return the flying lap of the built-in driver, s: the median of three seeds."""
    return statistics.median(_driver_s(course, seed) for seed in range(3))


def _driver_s(course: str, seed: int) -> float:
    world = World(track=track_of(course), seed=seed)
    while world.timing.laps < 2:
        world.step(100)
    return world.timing.last_ms / 1000


def random_m(course: str) -> float:
    """Return how far random actions drive, m: the median of ten episodes."""
    env = race_sim(track=course, compiled=True, **lap_settings(1))
    rng: Any = np.random.default_rng(0)
    return statistics.median(drive(env, lambda _: rng.uniform(-1, 1, 2)).driven_m for _ in range(10))


def draw(curves: dict[int, list[Point]], driver: float, random: float, path: Path) -> None:
    """Draw lap times and ways against steps."""
    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure: Any
    figure, (upper, lower) = plt.subplots(2, 1, figsize=(8, 6), sharex=True, height_ratios=(2, 1))
    most = max(p.driven_m for curve in curves.values() for p in curve)
    for i, (seed, curve) in enumerate(curves.items()):
        whole = [p for p in curve if p.valid == LAPS]
        steps = [p.steps / 1e6 for p in whole]
        upper.plot(steps, [p.lap_s for p in whole], "o-", color=f"C{i}", label=f"seed {seed}")
        lower.plot([p.steps / 1e6 for p in curve], [p.driven_m for p in curve], ".-", color=f"C{i}")
    upper.axhline(driver, color="black", linestyle="--", label=f"built-in driver, {driver:.1f} s")
    lower.axhline(random, color="grey", linestyle=":", label=f"random actions, {random:.0f} m")
    lower.axhline(most, color="black", linestyle="--", linewidth=0.8, label=f"{LAPS} laps")
    upper.set_ylabel("best of two whole laps, s")
    lower.set_ylabel("way until the end, m")
    lower.set_xlabel("environment steps, millions")
    upper.set_ylim(top=driver * 1.12)
    upper.legend(frameon=False)
    lower.legend(frameon=False)
    for axes in (upper, lower):
        axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    main()
