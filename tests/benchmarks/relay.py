"""Delivery and cost of the relay with many clients, compared with a plain `websockets.broadcast` of the same bytes."""

import argparse
import asyncio
import multiprocessing
import os
import re
import sys
import threading
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

from websockets.asyncio.server import broadcast, serve

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))

from acbridge import Physics, connect
from acbridge.selection import Selection
from acbridge_sink.ws.encoded_frame import EncodedFrame
from bench import cpu_seconds, neighbours, percentile, print_table
from programs import Daemon, Sink

GOAL_MS = 50.0
SETTLE_S = 2.0
"""What comes so soon after the last client connected does not count."""
EVERYTHING = Selection.of(None)
PROCESSES = 4
HANDSHAKE = (
    "GET /?topics=physics&max_hz=1000 HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
    "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
PHYSICS = re.compile(rb'^\{"topic":"physics",.*?"seq":(\d+),.*?"mono_ns":(\d+)')
SKIPPED = re.compile(rb'^\{"type":"skipped","topic":"physics","count":(\d+)\}')


class Delivery(NamedTuple):
    """The results of some clients: each frame's age on receipt, frames missing by seq, frames reported as skipped."""

    ages_ns: list[int]
    gaps: int
    reported: int


class Client(asyncio.Protocol):
    """A minimal WebSocket client, so that the measurement is of the server."""

    def __init__(self, port: int, since: Callable[[], int]) -> None:
        self.ages_ns: list[int] = []
        self.gaps = self.reported = 0
        self._port = port
        self._since = since
        self._seq: int | None = None
        self._data = b""
        self._open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.write(HANDSHAKE.format(port=self._port).encode())

    def data_received(self, data: bytes) -> None:
        now = time.perf_counter_ns()
        data = self._data + data
        at = 0
        if not self._open:
            end = data.find(b"\r\n\r\n")
            if end < 0:
                self._data = data
                return
            assert data.startswith(b"HTTP/1.1 101"), data[:200]
            self._open, at = True, end + 4
        while len(data) - at >= 4:
            size, begin = data[at + 1], at + 2
            if size == 126:
                size, begin = int.from_bytes(data[at + 2 : at + 4], "big"), at + 4
            if len(data) < begin + size:
                break
            self._take(data[begin : begin + size], now)
            at = begin + size
        self._data = data[at:]

    def _take(self, message: bytes, now: int) -> None:
        if skipped := SKIPPED.match(message):
            self.reported += int(skipped[1])
        elif frame := PHYSICS.match(message):
            seq, stamp = int(frame[1]), int(frame[2])
            if self._seq is not None:
                self.gaps += seq - self._seq - 1
            self._seq = seq
            if stamp > self._since():
                self.ages_ns.append(now - stamp)


def watch(pipe: Connection, port: int, clients: int) -> None:
    """Run some clients until the second message arrives on the pipe."""

    async def run() -> None:
        loop = asyncio.get_running_loop()
        begin = sys.maxsize
        watching: list[Client] = []
        for _ in range(clients):
            _, client = await loop.create_connection(lambda: Client(port, lambda: begin), "127.0.0.1", port)
            watching.append(client)
        pipe.send("connected")
        begin = await loop.run_in_executor(None, pipe.recv)
        await loop.run_in_executor(None, pipe.recv)
        ages = [age for client in watching for age in client.ages_ns]
        pipe.send(Delivery(ages, sum(c.gaps for c in watching), sum(c.reported for c in watching)))

    asyncio.run(run())


def plain_relay(pipe: Connection, daemon_port: int) -> None:
    """Broadcast every physics frame to all clients, slow ones too."""

    async def run() -> None:
        async with serve(lambda connection: connection.wait_closed(), "127.0.0.1", 0, compression=None) as server:
            loop = asyncio.get_running_loop()

            def send(data: str) -> None:
                broadcast(server.connections, data)

            def receive() -> None:
                with connect(port=daemon_port) as bridge:
                    for frame in bridge.frames(Physics):
                        loop.call_soon_threadsafe(send, EncodedFrame(frame).encoded(EVERYTHING, binary=False).decode())

            threading.Thread(target=receive, daemon=True).start()
            pipe.send((server.sockets[0].getsockname()[1], os.getpid()))
            await loop.run_in_executor(None, pipe.recv)

    asyncio.run(run())


@contextmanager
def child(program: Callable[..., None], *arguments: object) -> Generator[Connection, None, None]:
    """Run a function in a process with a pipe to it, and end the process."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=program, args=(theirs, *arguments), daemon=True)
    process.start()
    try:
        yield ours
    finally:
        process.terminate()
        process.join()


def deliver(port: int, pid: int, clients: int, seconds: float) -> tuple[Delivery, float]:
    """Run some clients for some seconds; return their results and the share of a core that the server used."""
    with (
        child(watch, port, clients // PROCESSES) as first,
        child(watch, port, clients // PROCESSES) as second,
        child(watch, port, clients // PROCESSES) as third,
        child(watch, port, clients // PROCESSES) as fourth,
    ):
        pipes = (first, second, third, fourth)
        for pipe in pipes:
            assert pipe.recv() == "connected"
        time.sleep(SETTLE_S)
        for pipe in pipes:
            pipe.send(time.perf_counter_ns())
        used, begun = cpu_seconds(pid), time.perf_counter()
        time.sleep(seconds)
        share = (cpu_seconds(pid) - used) / (time.perf_counter() - begun)
        for pipe in pipes:
            pipe.send("stop")
        seen: Sequence[Delivery] = [pipe.recv() for pipe in pipes]
    ages = [age for delivery in seen for age in delivery.ages_ns]
    return Delivery(ages, sum(d.gaps for d in seen), sum(d.reported for d in seen)), share


def row(name: str, delivery: Delivery, share: float, clients: int, seconds: float, *, reported: bool) -> list[str]:
    """Return one server's row of the table."""
    p50, p99 = (percentile(delivery.ages_ns, percent) / 1e6 for percent in (50, 99))
    return [
        name,
        f"{len(delivery.ages_ns) / clients / seconds:.1f}",
        f"{p50:.1f}",
        f"{p99:.1f} " + ("met" if p99 < GOAL_MS else "MISSED"),
        f"{max(delivery.ages_ns) / 1e6:.1f}",
        str(delivery.gaps),
        str(delivery.reported) if reported else "",
        f"{share:.0%}",
    ]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=200, help="how many clients (default 200)")
    parser.add_argument("--rate", type=float, default=60, help="ticks per second (default 60)")
    parser.add_argument("--seconds", type=float, default=10, help="how long to watch each server (default 10)")
    args = parser.parse_args()
    clients = args.clients // PROCESSES * PROCESSES
    with neighbours():
        with Daemon("--source", "sim", "--rate", str(args.rate)) as daemon:
            with Sink(daemon, "ws", "--port", "0", "--max-clients", "1000") as relay:
                port = int(relay.said("relay at").rpartition(":")[2])
                ours, our_share = deliver(port, relay.process.pid, clients, args.seconds)
            with child(plain_relay, daemon.port) as pipe:
                port, pid = pipe.recv()
                plain, plain_share = deliver(port, pid, clients, args.seconds)
        print_table(
            f"Physics to {clients} clients at {args.rate:g} Hz, ms from sample to receipt; goal: p99 < {GOAL_MS:g} ms",
            ["Server", "Frames/s each", "p50", "p99", "Latest", "Gaps", "Reported", "CPU"],
            [
                row("acbridge-sink ws", ours, our_share, clients, args.seconds, reported=True),
                row("plain broadcast", plain, plain_share, clients, args.seconds, reported=False),
            ],
        )


if __name__ == "__main__":
    main()
