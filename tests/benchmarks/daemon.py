"""The daemon's CPU and the accuracy of its rate, compared with minimal programs that do the same."""

import argparse
import math
import mmap
import multiprocessing
import struct
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from typing import NamedTuple

import zmq

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))

from acbridge import Physics, wire
from acbridge.pages import AC1
from acbridge.topics import TICK_RECORDS
from acbridge.wire import Stamp
from acbridge_daemon.sampler import Sampler
from acbridge_sim import STEP_S, World
from bench import cpu_seconds, judged, neighbours, percentile, print_table, unpackb
from game import Game
from programs import Daemon

GOAL = 1.5
"""How many times the bare program's p99 ours may be."""
SETTLE_NS = 500_000_000
"""What happens so soon after the first frame does not count."""
WRITE_NS = round(STEP_S * 1e9)
"""Between two page writes: 333.33 Hz."""
AGE_RATE = 333.0
ROUND_S = 3.0
"""The beat of 333 against 333.33 Hz: within it a page is sampled at every age from fresh to 3 ms."""
STAMP_BITS = 31
STAMP_MASK = (1 << STAMP_BITS) - 1
STAMP = struct.Struct("<ii")
STAMP_AT = Physics.offsets["P2PActivations"]
"""The writer's clock goes here and into P2PStatus right behind it, 31 bits each: the car has no push-to-pass."""
PAGE_WAIT, OURS, TOTAL, BARE = (
    "page write to sample",
    "sample to decoded",
    "page write to decoded",
    "bare send to decoded",
)
TOPICS = tuple(record.topic for record in TICK_RECORDS)


class Kept(NamedTuple):
    """How a program kept its schedule: lateness of each tick in nanoseconds, and the CPU time used."""

    late_ns: list[int]
    missed: int
    turns: int
    cpu_s: float
    wall_s: float

    def cost(self) -> list[str]:
        """Return the share of a core and the microseconds per tick."""
        return [f"{self.cpu_s / self.wall_s:.2%}", f"{self.cpu_s / self.turns * 1e6:.0f}"]

    def jitter(self) -> list[str]:
        """Return p50 and p99 in microseconds."""
        return [f"{percentile(self.late_ns, 50) / 1e3:.0f}", f"{percentile(self.late_ns, 99) / 1e3:.0f}"]


def kept(stamps: Sequence[tuple[int, int]], rate: float, cpu_s: float) -> Kept:
    """Compute lateness from (tick, nanoseconds), on the grid of the earliest tick; no program here is ever early."""
    off_grid = [stamp - round(turn * 1e9 / rate) for turn, stamp in stamps]
    earliest = min(off_grid)
    (first, begin), (last, end) = stamps[0], stamps[-1]
    turns = last - first + 1
    return Kept([late - earliest for late in off_grid], turns - len(stamps), turns, cpu_s, (end - begin) / 1e9)


def deadlines(period_ns: float) -> Iterator[tuple[int, int]]:
    """Sleep from deadline to deadline; yield the tick and its time. Ticks whose deadline has passed are skipped."""
    start = time.perf_counter_ns()
    turn = 0
    while True:
        left = start + turn * period_ns - time.perf_counter_ns()
        if left > 0:
            time.sleep(left * 1e-9)
        now = time.perf_counter_ns()
        turn = max(turn, int((now - start) // period_ns))
        yield turn, now
        turn += 1


@contextmanager
def child(program: Callable[..., None], *arguments: object) -> Generator[Connection, None, None]:
    """Run a function in a process of its own, with the other end of the yielded pipe as its first argument."""
    spawn = multiprocessing.get_context("spawn")
    here, there = spawn.Pipe()
    process = spawn.Process(target=program, args=(there, *arguments), daemon=True)
    process.start()
    try:
        yield here
    finally:
        process.terminate()
        process.join()


def bare_loop(pipe: Connection, rate: float, seconds: float) -> None:
    """Sleep from deadline to deadline and do nothing else."""
    pipe.send("ready")
    pipe.recv()
    cpu, end_ns = time.process_time(), time.perf_counter_ns() + seconds * 1e9
    stamps: list[tuple[int, int]] = []
    for turn, now in deadlines(1e9 / rate):
        if now > end_ns:
            break
        stamps.append((turn, now))
    pipe.send(kept(stamps, rate, time.process_time() - cpu))


def write_pages(pipe: Connection, directory: Path) -> None:
    """Rewrite the physics page every 3 ms, each time with the time in it; the other two stand still."""
    pages = World().pages()
    for record, page in zip(AC1.pages, pages, strict=True):
        (directory / f"acpmf_{record.topic}").write_bytes(page)
    physics = bytearray(pages[0])
    with (directory / "acpmf_physics").open("r+b") as file, mmap.mmap(file.fileno(), 0) as shared:
        pipe.send("ready")
        for turn, _ in deadlines(WRITE_NS):
            struct.pack_into("<i", physics, Physics.offsets["packetId"], turn)
            now = time.perf_counter_ns()
            STAMP.pack_into(physics, STAMP_AT, now & STAMP_MASK, now >> STAMP_BITS & STAMP_MASK)
            shared[:] = physics


def bare_pub(pipe: Connection) -> None:
    """Send frames like the daemon's every 3 ms; physics has the time in it, where ours has the time of the sample."""
    frames = [m for m in Sampler(AC1, 0).tick(World().pages(), 0, Stamp(0, 0.0)) if m.topic in TOPICS]
    with zmq.Context() as context, context.socket(zmq.PUB) as pub:
        pipe.send(pub.bind_to_random_port("tcp://127.0.0.1"))
        messages = [(frame.topic.encode(), bytearray(frame.payload)) for frame in frames]
        for _ in deadlines(WRITE_NS):
            struct.pack_into(">Q", messages[0][1], wire.HEADER_BYTES - 8, time.perf_counter_ns())
            for message in messages:
                pub.send_multipart(message)


@contextmanager
def shared_memory() -> Generator[Path, None, None]:
    """Make a directory for page files."""
    with tempfile.TemporaryDirectory(prefix="acbridge-bench-", dir="/dev/shm") as directory:
        yield Path(directory)


@contextmanager
def subscribed(port: int) -> Generator["zmq.Socket[bytes]", None, None]:
    """Subscribe to the topics of every tick, without the library."""
    with zmq.Context() as context, context.socket(zmq.SUB) as sub:
        sub.rcvtimeo = 10_000
        sub.linger = 0
        sub.connect(f"tcp://127.0.0.1:{port}")
        for topic in TOPICS:
            sub.subscribe(topic)
        yield sub


def schedule(rate: float, seconds: float) -> tuple[Kept, Kept]:
    """Return how the daemon and the bare loop kept a rate at the same time."""
    stamps: list[tuple[int, int]] = []
    with (
        shared_memory() as directory,
        Game(directory),
        Daemon("--page-dir", str(directory), "--rate", f"{rate:g}") as daemon,
        subscribed(daemon.port) as sub,
        child(bare_loop, rate, seconds) as bare,
    ):
        settled = wire.read_header(sub.recv_multipart()[1]).mono_ns + SETTLE_NS
        bare.recv()
        while wire.read_header(sub.recv_multipart()[1]).mono_ns < settled:
            pass
        bare.send("go")
        cpu, end_ns = cpu_seconds(daemon.process.pid), time.perf_counter_ns() + seconds * 1e9
        while True:
            topic, payload = sub.recv_multipart()
            header = wire.read_header(payload)
            if header.mono_ns > end_ns:
                break
            if topic == b"physics":
                stamps.append((header.tick, header.mono_ns))
        return kept(stamps, rate, cpu_seconds(daemon.process.pid) - cpu), bare.recv()


def follow_ours(directory: Path, seconds: float) -> dict[str, list[int]]:
    """Decode the daemon's frames for some seconds, with the library; return the times of each part of the way, ns."""
    ways: dict[str, list[int]] = {PAGE_WAIT: [], OURS: [], TOTAL: []}
    with (
        Daemon("--page-dir", str(directory), "--rate", f"{AGE_RATE:g}") as daemon,
        daemon.connect() as bridge,
        bridge.frames(*TICK_RECORDS, timeout=10) as frames,
    ):
        begin = next(frames).mono_ns + SETTLE_NS
        for frame in frames:
            now = time.perf_counter_ns()
            record: object = frame.record
            if now > begin + seconds * 1e9:
                break
            if isinstance(record, Physics) and now > begin:
                written = record.P2PStatus << STAMP_BITS | record.P2PActivations
                ways[PAGE_WAIT].append(frame.mono_ns - written)
                ways[OURS].append(now - frame.mono_ns)
                ways[TOTAL].append(now - written)
    return ways


def follow_bare(seconds: float) -> dict[str, list[int]]:
    """Decode the bare socket's frames for some seconds, without the library; return the times of the way, ns."""
    ages: list[int] = []
    with child(bare_pub) as pub, subscribed(pub.recv()) as sub:
        begin = time.perf_counter_ns() + SETTLE_NS
        now = 0
        while now < begin + seconds * 1e9:
            topic, payload = sub.recv_multipart()
            frame = unpackb(payload)
            now = time.perf_counter_ns()
            if topic == b"physics" and now > begin:
                ages.append(now - frame["mono_ns"])
    return {BARE: ages}


def print_schedule(rates: Sequence[float], seconds: float) -> None:
    """Measure part one."""
    cost: list[list[str]] = []
    jitter: list[list[str]] = []
    for rate in rates:
        ours, bare = schedule(rate, seconds)
        ratio = percentile(ours.late_ns, 99) / percentile(bare.late_ns, 99)
        cost.append([f"{rate:g} Hz", *ours.cost(), *bare.cost()])
        missed = [f"{ours.missed}", f"{bare.missed}"]
        jitter.append([f"{rate:g} Hz", *ours.jitter(), *bare.jitter(), judged(ratio, GOAL, at_least=False), *missed])
    print_table("CPU, share of a core and µs per tick", ["Rate", "Daemon", "µs", "Bare loop", "µs"], cost)
    print_table(
        f"Ticks late, µs; goal: p99 at most {GOAL:g} times the bare loop's",
        ["Rate", "Daemon p50", "p99", "Bare p50", "p99", "p99 ratio", "Missed", "Bare missed"],
        jitter,
    )


def print_age(seconds: float) -> None:
    """Measure part two, in rounds: a burst of noise in one round does not change the median over the rounds."""
    with shared_memory() as directory, child(write_pages, directory) as writer:
        writer.recv()
        count = math.ceil(seconds / ROUND_S)
        rounds = [follow_ours(directory, ROUND_S) | follow_bare(ROUND_S) for _ in range(count)]
    rows: list[list[str]] = []
    p50, p99 = ({way: median(percentile(r[way], percent) for r in rounds) for way in rounds[0]} for percent in (50, 99))
    for way in rounds[0]:
        ratio = judged(p99[way] / p99[BARE], GOAL, at_least=False) if way == OURS else ""
        rows.append([way, f"{p50[way] / 1e3:.0f}", f"{p99[way] / 1e3:.0f}", ratio])
    print_table(
        f"Age of a physics frame at {AGE_RATE:g} Hz, µs; goal: p99 at most {GOAL:g} times the bare send's",
        ["Way", "p50", "p99", "p99 / bare"],
        rows,
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--seconds",
        type=float,
        default=10,
        help="length of each measurement (default 10)",
    )
    parser.add_argument("--rates", type=float, nargs="+", default=[30, 60, 333, 1000], help="rates of part one, in Hz")
    options = parser.parse_args()
    with neighbours():
        print_schedule(options.rates, options.seconds)
    with neighbours():
        print_age(options.seconds)
