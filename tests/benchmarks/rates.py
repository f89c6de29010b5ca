"""From which rate on events and metrics are right: the same drive of the stand-in, derived at many rates."""

import argparse
import sys
from collections import Counter
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))

from acbridge import Derived, Graphics, Physics, Static
from acbridge.derived.deriver import Deriver
from acbridge_sim import SessionType, World
from bench import print_table

RATES = (1, 2, 5, 10, 20, 30, 60, 333, 1000)
STEP_HZ = 1000 / 3
FLAGS = ("wheel_lock_detected", "wheel_spin_detected", "off_track", "stuck", "wrong_way", "in_pit_lane", "lap_state")
EVENTS = (
    "lap_completed",
    "best_lap",
    "sector_completed",
    "lap_invalidated",
    "off_track",
    "rejoined",
    "spin",
    "pit_out",
)

Ticks = list[tuple[Physics, Graphics]]


def driven(laps: int) -> tuple[Ticks, Static]:
    """Return the pages of each physics step of some laps, with excursions."""
    world = World(session=SessionType.PRACTICE)
    static = Static.from_page(world.pages()[2])
    found: Ticks = []
    while world.timing.laps < laps:
        world.step(1)
        world.drive_off_track = 20_000 < world.steps % 60_000 < 23_000
        physics, graphics, _ = world.pages()
        found.append((Physics.from_page(physics), Graphics.from_page(graphics)))
    return found, static


def derived(ticks: Ticks, static: Static, rate: float) -> tuple[dict[int, Derived], Counter[str], list[Any]]:
    """Return the record of each tick by its step, how many events there were of each kind, and the laps."""
    deriver, events, laps = Deriver(), Counter[str](), list[Any]()
    records: dict[int, Derived] = {}
    for number in range(int(len(ticks) / STEP_HZ * rate)):
        step = int(number / rate * STEP_HZ)
        record, happened = deriver.tick(*ticks[step], static)
        records[step] = record
        events.update(event.kind for event in happened)
        laps += [(e.lap, e.lap_time_ms, e.valid) for e in happened if e.kind == "lap_completed"]
    return records, events, laps


def main(laps: int) -> None:
    """Drive, derive at each rate, and print how far the values are from those at 1000 Hz."""
    ticks, static = driven(laps)
    truth, true_events, true_laps = derived(ticks, static, RATES[-1])
    emitted = {kind: f"event {kind}" for kind in EVENTS}  # a flag may have the name of an event
    names = (*FLAGS, "delta_to_best_s", "lap_progress", *emitted.values(), "laps")
    rows: dict[str, list[str]] = {name: [name] for name in names}
    for rate in RATES:
        records, events, found = derived(ticks, static, rate)
        for name in FLAGS:
            pairs = [(getattr(record, name), getattr(truth[step], name)) for step, record in records.items()]
            wrong = sum(value is not None and value != true for value, true in pairs)
            unknown = sum(value is None for value, _ in pairs)
            rows[name].append(f"{wrong / len(pairs):.2%}" + (f", nil {unknown / len(pairs):.2%}" if unknown else ""))
        for name in ("delta_to_best_s", "lap_progress"):
            off = [
                abs(value - true)
                for value, true in ((getattr(r, name), getattr(truth[step], name)) for step, r in records.items())
                if value is not None and true is not None
            ]
            rows[name].append(f"{max(off, default=0.0):.4f}")
        for kind in EVENTS:
            rows[emitted[kind]].append(f"{events[kind]} of {true_events[kind]}")
        rows["laps"].append("equal" if found == true_laps else "DIFFERENT")
    print_table(
        f"Differences from 1000 Hz in {laps} laps: share of ticks, largest error, number of events",
        ["What", *(f"{rate} Hz" for rate in RATES)],
        list(rows.values()),
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--laps", type=int, default=3, help="laps that are driven (default 3)")
    main(parser.parse_args().laps)
