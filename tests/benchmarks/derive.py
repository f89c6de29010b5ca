"""The cost of deriving one tick, from the bytes of the pages to the frames, compared with a few simple formulas."""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))

from acbridge import Derived, Graphics, Physics, Static, wire
from acbridge.derived.deriver import Deriver
from acbridge_sim import SessionType, World
from bench import judged, neighbours, percentile, print_table

GOAL_US = 60.0
RATES = (30, 60, 333, 1000)
HEADER = wire.Header(0xC0FFEE, 1, 1, 1.79e9, 10**15)

Ticks = list[tuple[Physics, Graphics, Static]]


def plain(physics: Physics, graphics: Graphics, static: Static) -> dict[str, object]:
    """Compute a few values without state: the simplest implementation."""
    left, _, forward = physics.localVelocity
    radius = static.tyreRadius
    return {
        "acc_right_g": -physics.accG[0],
        "slip_ratio": [
            (w * r - forward) / max(abs(forward), 2) for w, r in zip(physics.wheelAngularSpeed, radius, strict=True)
        ],
        "body_slip": left / max(abs(forward), 2),
        "avg_slip": sum(physics.wheelSlip) / 4,
        "valid": physics.numberOfTyresOut <= 2,
        "distance": graphics.normalizedCarPosition * static.trackSPlineLength,
    }


def each_us(function: Callable[..., object], ticks: Ticks) -> list[float]:
    """Return the time of each call, µs."""
    taken: list[float] = []
    for tick in ticks:
        start = time.perf_counter_ns()
        function(*tick)
        taken.append((time.perf_counter_ns() - start) / 1000)
    return taken


def main(rounds: int) -> None:
    """Drive a lap, derive from it repeatedly, and print the cost of a tick."""
    world = World(session=SessionType.HOTLAP)
    static = Static.from_page(world.pages()[2])
    ticks: Ticks = []
    while world.timing.laps < 1:
        world.step(5)
        physics, graphics, _ = world.pages()
        ticks.append((Physics.from_page(physics), Graphics.from_page(graphics), static))
    rows: dict[str, list[list[float]]] = {"derive": [], "encode": [], "plain": []}
    for _ in range(rounds):
        deriver = Deriver()
        rows["derive"].append(each_us(deriver.tick, ticks))
        records = [(deriver.tick(*tick)[0],) for tick in ticks[:500]]
        rows["encode"].append(each_us(encode, records))  # type: ignore[arg-type]  # tuples of arguments, too
        rows["plain"].append(each_us(plain, ticks))
    found = {name: median(map(median, taken)) for name, taken in rows.items()}
    worst = median([percentile(taken, 99) for taken in rows["derive"]])
    print_table(
        f"Deriving a tick, µs; goal: at most {GOAL_US:g} with {len(ticks)} ticks of a lap",
        ["Step", "Median", "p99", "Goal / median"],
        [
            ["derive", f"{found['derive']:.1f}", f"{worst:.1f}", judged(GOAL_US / found["derive"], 1.0, at_least=True)],
            ["encode its frame", f"{found['encode']:.1f}", "", ""],
            [
                "a handful of formulas",
                f"{found['plain']:.1f}",
                "",
                f"{found['derive'] / found['plain']:.1f} times less",
            ],
        ],
    )
    print_table(
        "Share of a tick",
        ["Rate", "Tick, µs", "Deriving"],
        [[f"{rate} Hz", f"{1e6 / rate:.0f}", f"{found['derive'] * rate / 1e6:.2%}"] for rate in RATES],
    )


def encode(record: Derived) -> bytes:
    """Encode a derived record as a frame."""
    return wire.encode(HEADER, record)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="times the lap is gone through (default 5)")
    with neighbours():
        main(parser.parse_args().rounds)
