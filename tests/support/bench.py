"""Parts shared by the benchmarks: percentiles, CPU times, tables, and msgpack in its ordinary use."""

import os
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import quantiles
from typing import Any, cast

import msgpack  # pyright: ignore[reportMissingTypeStubs]  # it has none

packb = cast("Callable[[object], bytes]", msgpack.packb)  # pyright: ignore[reportUnknownMemberType]  # as above
unpackb = cast("Callable[[bytes], dict[str, Any]]", msgpack.unpackb)  # pyright: ignore[reportUnknownMemberType]

_CLOCK_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_UTIME = 11
"""Index of the two CPU times of a process in /proc/PID/stat, counted after its name."""


def percentile(values: Sequence[float], percent: int) -> float:
    """Return the value under which so many percent of the values lie."""
    return quantiles(values, n=100, method="inclusive")[percent - 1]


def cpu_seconds(pid: int) -> float:
    """Return the CPU time that a process has used in all its threads, in steps of 10 ms."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[_UTIME : _UTIME + 2])) / _CLOCK_TICKS_PER_S


@contextmanager
def neighbours() -> Generator[None, None, None]:
    """Print, after a measurement, the share of the machine that other processes used during it: the cause of noise."""
    others, wall = _others_seconds(), time.perf_counter()
    yield
    share = (_others_seconds() - others) / (time.perf_counter() - wall) / (os.cpu_count() or 1)
    print(f"\nOthers used {max(0.0, share):.0%} of this machine's {os.cpu_count()} cores meanwhile.", flush=True)


def _others_seconds() -> float:
    """Return the CPU time used by all processes except this one and its ended children."""
    user, nice, system, _, _, irq, softirq, steal, *_ = map(
        int, Path("/proc/stat").read_text().partition("\n")[0].split()[1:]
    )
    busy = (user + nice + system + irq + softirq + steal) / _CLOCK_TICKS_PER_S
    return busy - sum(os.times()[:4])


def print_table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a Markdown table that is readable as text: names on the left, numbers on the right."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    ruler = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    print(f"\n{title}\n")
    for row in (head, ruler, *rows):
        name, *numbers = row
        cells = [name.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(numbers, widths[1:], strict=True))]
        print(f"| {' | '.join(cells)} |", flush=True)


def judged(ratio: float, goal: float, *, at_least: bool) -> str:
    """Return a ratio with `met` or `MISSED` for its goal."""
    met = ratio >= goal if at_least else ratio <= goal
    return f"{ratio:.2f} {'met' if met else 'MISSED'}"
