"""What a page log costs: bytes an hour beside JSON lines and rows as they are, time a tick, and reading it again."""

import argparse
import sys
import tempfile
import time
import zlib
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))

from acbridge import Thresholds
from acbridge.pages import AC1
from acbridge.recording import open_recording, read_ticks
from acbridge.recording.lines import tick_line
from acbridge.recording.page_log.reading import read_rows
from acbridge.wire import Frame
from acbridge_daemon.recorder import Daemon, Recorder, RecordOptions
from bench import neighbours, percentile, print_table
from page_logs import RUN, drive
from recordings import EVERYTHING

RATES = (60.0, 333.0)


def measure(rate: float, seconds: float) -> list[tuple[str, ...]]:
    """Return the rows of a table for one rate."""
    rows = drive(seconds, rate)
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "drive.acrec"
        recorder = Recorder(RecordOptions(path), AC1, Daemon(RUN, "", "sim"), rate, Thresholds)
        costs: list[float] = []
        for row in rows:
            begun = time.perf_counter_ns()
            recorder.tick(row.tick, row.stamp, row.state, row.pages, "", 0)
            costs.append((time.perf_counter_ns() - begun) / 1000)
            time.sleep(0.0002)
        recorder.close()
        size = path.stat().st_size
        begun = time.perf_counter()
        count = sum(1 for _ in read_rows(path))
        read_s = time.perf_counter() - begun
        begun = time.perf_counter()
        ticks = list(read_ticks(open_recording(path)))
        derived_s = time.perf_counter() - begun
    pages = b"".join(b"".join(row.pages or ()) for row in rows)
    lines = b"".join(
        tick_line([Frame(r, RUN, t.tick, 0, t.timestamp, t.mono_ns, 0) for r in t.records.values()], EVERYTHING)
        for t in ticks
    )

    def line(name: str, amount: int) -> tuple[str, ...]:
        return name, f"{amount / seconds * 3600 / 1e6:.0f}", f"{amount / size:.2f}"

    print(
        f"\n{rate:g} Hz: a tick costs the loop {percentile(costs, 50):.1f} us (p50), {percentile(costs, 99):.1f} (p99);"
        f" reading is {seconds / read_s:.0f} times real time, with metrics derived {seconds / derived_s:.0f} times "
        f"({count} rows)"
    )
    return [
        line("page log", size),
        line("pages as they are", len(pages)),
        line("pages, zlib-6", len(zlib.compress(pages, 6))),
        line("JSON lines", len(lines)),
        line("JSON lines, zlib-6", len(zlib.compress(lines, 6))),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=30.0, help="length of the drive")
    seconds: float = parser.parse_args().seconds
    with neighbours():
        for rate in RATES:
            print_table(f"At {rate:g} Hz", ("What is kept", "MB/h", "/ page log"), measure(rate, seconds))


if __name__ == "__main__":
    main()
