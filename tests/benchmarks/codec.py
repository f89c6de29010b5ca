"""The time to encode and decode frames, compared with the plain way of doing the same."""

import argparse
import ctypes
import gc
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from itertools import starmap
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))

from acbridge import Derived, Graphics, Physics, Static, wire
from acbridge.derived.deriver import Deriver
from acbridge.layout import Page, PageColumn
from acbridge.page_frames import PageEncoder
from acbridge.pages import AC1
from acbridge.schema import FLOAT32, INT32
from acbridge_sim import STEP_S, World
from bench import judged, neighbours, packb, print_table, unpackb

GOAL = 10.0
"""Goal: encoding a page is this many times faster than the plain way."""
SAMPLES = 256
HZ = 60
"""The pages are those that a daemon sees one after the other at this rate."""

Call = tuple[Callable[..., object], Sequence[tuple[Any, ...]]]
"""A function and the arguments of each call."""


class Plain:
    """The plain way for one page: a ctypes structure over it, a dictionary of lists, numbers and str, and packb."""

    def __init__(self, page: type[Page]) -> None:
        self._columns = page.columns
        fields = [(place.column.name, ctype(place.column)) for place in page.places]
        self._structure: type[Any] = type(page.__name__, (ctypes.Structure,), {"_pack_": 4, "_fields_": fields})

    def encode(self, header: wire.Header, page: bytes) -> bytes:
        """Return a frame with the same values as ours."""
        return packb({"v": wire.WIRE_VERSION, **header._asdict(), **self.values(page)})

    def values(self, page: bytes) -> dict[str, Any]:
        """Return the page as a dictionary."""
        structure = self._structure.from_buffer_copy(page)
        values: dict[str, Any] = {}
        for column in self._columns:
            value = getattr(structure, column.name)
            if column.is_text:
                value = bytes(value).decode("utf-16-le").split("\0")[0]
            elif len(column.shape) == 1:
                value = list(value)
            elif column.shape:
                value = [list(row) for row in value]
            values[column.name] = value
        return values


def ctype(column: PageColumn) -> Any:
    """Return the C type of a column."""
    kind: Any = {INT32: ctypes.c_int32, FLOAT32: ctypes.c_float}.get(column.kind, ctypes.c_uint16)
    for length in (column.units,) if column.is_text else reversed(column.shape):
        kind *= length
    return kind


def plain_record(header: wire.Header, record: Derived) -> bytes:
    """Encode one of our own records the plain way."""
    return packb({"v": wire.WIRE_VERSION, **header._asdict(), **vars(record)})


class Meter:
    """Measures functions that run alternately."""

    def __init__(self, rounds: int) -> None:
        self._rounds = rounds

    def microseconds(self, *calls: Call) -> list[float]:
        """Return the time of one call of each: the median of the rounds."""
        taken: list[list[float]] = [[] for _ in calls]
        for _ in range(self._rounds):
            for (function, arguments), times in zip(calls, taken, strict=True):
                start = time.perf_counter()
                deque(starmap(function, arguments), maxlen=0)
                times.append((time.perf_counter() - start) / len(arguments) * 1e6)
            gc.collect()
        return [median(times) for times in taken]

    def compare(self, ours: Call, plain: Call, goal: float | None = None) -> list[str]:
        """Return the last cells of a table's row."""
        fast, slow = self.microseconds(ours, plain)
        ratio = f"{slow / fast:.2f}" if goal is None else judged(slow / fast, goal, at_least=True)
        return [f"{fast:.2f}", f"{slow:.2f}", ratio]


def main(rounds: int) -> None:
    """Measure everything and print three tables."""
    meter = Meter(rounds)
    headers = [wire.Header(0xC0FFEE, i, i, 1.79e9 + i / HZ, 10**15 + i * 10**9 // HZ) for i in range(SAMPLES)]
    world, snapshots = World(), list[tuple[bytes, bytes, bytes]]()
    for sample in range(1, SAMPLES + 1):
        world.step(int(sample / HZ / STEP_S) - world.steps)
        snapshots.append(world.pages())
    encoding: list[list[str]] = []
    decoding: list[list[str]] = []
    steps: list[list[str]] = []
    gc.disable()
    for page, copies in zip(AC1.pages, zip(*snapshots, strict=True), strict=True):
        name, ours, plain = page.__name__, PageEncoder(page, names=True), Plain(page)
        given = list(zip(headers, copies, strict=True))
        frames = [(ours.encode(*one),) for one in given]
        if [unpackb(*one) for one in frames] != [unpackb(plain.encode(*one)) for one in given]:
            raise SystemExit(f"{name}: ours and the plain frame do not say the same")
        encoding.append(
            [name, f"{len(frames[0][0])}", *meter.compare((ours.encode, given), (plain.encode, given), GOAL)]
        )
        decoding.append([name, *meter.compare((wire.decode, [(*one, page) for one in frames]), (unpackb, frames))])
        raw = [(copy,) for copy in copies]
        steps.append([f"{name}.from_page", *meter.compare((page.from_page, raw), (plain.values, raw))])
    records = [
        (Physics.from_page(physics), Graphics.from_page(graphics), Static.from_page(static))
        for physics, graphics, static in snapshots
    ]
    deriver = Deriver()
    given = [(header, deriver.tick(*pages)[0]) for header, pages in zip(headers, records, strict=True)]
    frames = [(wire.encode(*one),) for one in given]
    encoding.append(["Derived", f"{len(frames[0][0])}", *meter.compare((wire.encode, given), (plain_record, given))])
    decoding.append(["Derived", *meter.compare((wire.decode, [(*one, Derived) for one in frames]), (unpackb, frames))])
    steps.append(["read_header", f"{meter.microseconds((wire.read_header, frames))[0]:.2f}", "", ""])

    head = ("Ours", "Plain", "Plain / ours")
    print_table(f"Encoding, µs; goal for pages: ratio at least {GOAL:g}", ["Frame", "Bytes", *head], encoding)
    print_table("Decoding into a record, µs; plain: unpackb into a dictionary", ["Frame", *head], decoding)
    print_table("The other steps, µs; plain: ctypes into a dictionary", ["Step", *head], steps)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=40, help="rounds of 256 calls each (default 40)")
    with neighbours():
        main(parser.parse_args().rounds)
