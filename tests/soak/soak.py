"""
A long run with faults: how many frames were published, received and lost, and why.

Run ``uv run python tests/soak/soak.py --minutes 30``; a seed gives the same faults again. A game writes pages, a daemon
publishes them, healthy subscribers count every frame, and every few seconds a fault happens.
"""

import argparse
import json
import random
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))

from typing import TYPE_CHECKING

from acbridge import AcbridgeError, Status
from bench import neighbours, print_table
from game import Game
from programs import Daemon, Program

if TYPE_CHECKING:
    from collections.abc import Callable

READER = """
import json, signal, sys, zmq
from acbridge.wire import read_header
port, count = int(sys.argv[1]), int(sys.argv[2])
context, poller, sockets, last = zmq.Context(), zmq.Poller(), [], {}
stop = []
signal.signal(signal.SIGTERM, lambda *_: stop.append(1))
received = lost = restarts = 0
for number in range(count):
    one = context.socket(zmq.SUB)
    one.rcvhwm = 30000
    one.reconnect_ivl, one.reconnect_ivl_max = 100, 1000
    one.linger = 0
    one.subscribe(b"")
    one.connect(f"tcp://127.0.0.1:{port}")
    poller.register(one, zmq.POLLIN)
    sockets.append(one)
print("reading", flush=True)
while not stop:
    for one, _ in poller.poll(200):
        try:
            while True:
                topic, payload = one.recv_multipart(zmq.NOBLOCK)
                header = read_header(payload)
                run, seq = last.get((one, topic), (None, None))
                if run == header.run:
                    lost += header.seq - seq - 1
                elif run is not None:
                    restarts += 1
                last[one, topic] = header.run, header.seq
                received += 1
        except zmq.Again:
            pass
print(json.dumps({"received": received, "lost": lost, "restarts": restarts}), flush=True)
"""


def memory_mb(pid: int) -> float:
    """Return the resident memory of a process."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def open_files(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


class Rig:
    """A game, a daemon and healthy subscribers, and the faults around them."""

    def __init__(self, directory: Path, rate: float, subscribers: int) -> None:
        self.directory = directory
        self.rate = rate
        self.game: Game | None = Game(directory)
        self.daemon = self._start(0)
        half = subscribers // 2
        self.readers = [
            Program("-c", READER, str(self.daemon.port), str(count)) for count in (half, subscribers - half) if count
        ]
        for reader in self.readers:
            reader.said("reading")
        self.lives: list[list[str]] = []
        self.published: Counter[str] = Counter()

    def _start(self, port: int) -> Daemon:
        daemon = Daemon("--page-dir", str(self.directory), "--rate", f"{self.rate:g}", port=port)
        time.sleep(2)
        self.began = (time.monotonic(), memory_mb(daemon.process.pid), open_files(daemon.process.pid))
        return daemon

    def end_life(self, how: int) -> None:
        """End the daemon and record the counters of its life."""
        try:
            with self.daemon.connect() as bridge:
                status: Status | None = bridge.status(timeout=5)
        except AcbridgeError:
            status = None
        since, memory, files = self.began
        pid = self.daemon.process.pid
        row = [
            f"{time.monotonic() - since:.0f}",
            f"{memory:.1f}",
            f"{memory_mb(pid):.1f}",
            f"{files}",
            f"{open_files(pid)}",
        ]
        if status is not None:
            for topic in ("physics", "graphics", "derived", "static", "status", "event"):
                self.published[topic] += getattr(status, f"{topic}_frames")
            row += [
                f"{status.published_ticks}",
                f"{status.missed_ticks}",
                f"{status.torn_ticks}",
                f"{(status.late_p99 or 0) * 1e3:.2f}",
                f"{status.requests}",
            ]
        self.lives.append([f"{len(self.lives) + 1}", *row])
        self.daemon.end(how)

    def restart_daemon(self) -> None:
        """Kill the daemon, and start another on its port."""
        port = self.daemon.port
        self.end_life(signal.SIGKILL)
        time.sleep(0.5)
        self.daemon = self._start(port)

    def kill_game(self) -> None:
        """Kill the game, and start it again after some seconds."""
        if self.game is not None:
            self.game.kill()
        time.sleep(2)
        self.game = Game(self.directory)

    def pause_game(self) -> None:
        """Pause the game for two seconds."""
        if self.game is not None:
            self.game.order("status 3")
            time.sleep(2)
            self.game.order("status 2")

    def replace_pages(self) -> None:
        """Delete the page files and create them again."""
        if self.game is not None:
            self.game.order("replace")

    def garbage(self) -> None:
        """Send garbage to both ports, from 300 connections."""
        for n in range(300):
            try:
                with socket.create_connection(("127.0.0.1", self.daemon.port + n % 2), timeout=2) as peer:
                    peer.sendall((b"\x01\x00\x02\x00\x41", b"GET / HTTP/1.1\r\n\r\n", b"\xff" * 64)[n % 3])
            except OSError:
                return

    def stuck_subscriber(self) -> None:
        """Subscribe to everything, read nothing for five seconds, and end."""
        with Program("-c", READER, str(self.daemon.port), "5") as stuck:
            stuck.said("reading")
            stuck.process.send_signal(signal.SIGSTOP)
            time.sleep(5)
            stuck.process.kill()

    def flood(self) -> None:
        """Send requests as fast as possible."""
        with self.daemon.connect() as bridge:
            for _ in range(2000):
                try:
                    bridge.request("latest", timeout=1)
                except AcbridgeError:
                    continue

    def crowd(self) -> None:
        """Subscribe with a hundred sockets for a moment."""
        with Program("-c", READER, str(self.daemon.port), "100") as many:
            many.said("reading")
            time.sleep(3)


def main(minutes: float, rate: float, subscribers: int, seed: int) -> None:
    """Run, and print the tables."""
    chance = random.Random(seed)
    directory = Path(tempfile.mkdtemp(prefix="acbridge-soak-", dir="/dev/shm"))
    happened: Counter[str] = Counter()
    rig = Rig(directory, rate, subscribers)
    faults: list[tuple[Callable[[], None], int]] = [
        (rig.kill_game, 2),
        (rig.pause_game, 3),
        (rig.replace_pages, 2),
        (rig.garbage, 3),
        (rig.stuck_subscriber, 3),
        (rig.flood, 3),
        (rig.crowd, 2),
        (rig.restart_daemon, 1),
    ]
    end = time.monotonic() + minutes * 60
    try:
        while time.monotonic() < end:
            time.sleep(chance.uniform(3, 10))
            [(fault, _)] = chance.choices(faults, [weight for _, weight in faults])
            happened[fault.__name__] += 1
            print(f"{end - time.monotonic():6.0f} s left: {fault.__name__}", file=sys.stderr, flush=True)
            fault()
        time.sleep(2)
        rig.end_life(signal.SIGTERM)
        time.sleep(2)
        found = Counter[str]()
        for reader in rig.readers:
            reader.end()
            found.update(json.loads(reader.out[-1]))
    finally:
        if rig.game is not None:
            rig.game.kill()
        shutil.rmtree(directory)
    print_table("Faults", ["What", "Times"], [[name, f"{count}"] for name, count in sorted(happened.items())])
    print_table(
        "Lives of the daemon",
        [
            "Life",
            "s",
            "MB first",
            "MB last",
            "files first",
            "files last",
            "ticks",
            "missed",
            "torn",
            "late p99, ms",
            "requests",
        ],
        rig.lives,
    )
    everything = sum(rig.published.values())
    print_table(
        "Frames",
        ["Published", "To each of", "Received", "Lost while connected", "Topics that saw a restart"],
        [[f"{everything}", f"{subscribers}", f"{found['received']}", f"{found['lost']}", f"{found['restarts']}"]],
    )
    unexplained = everything * subscribers - found["received"] - found["lost"]
    print(
        f"\n{unexplained} frames ({unexplained / max(1, everything * subscribers):.3%}) were sent while a subscriber "
        f"was not connected yet: at the start, and after each of {happened['restart_daemon']} restarts."
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--rate", type=float, default=333)
    parser.add_argument("--subscribers", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    if sys.platform != "linux":
        raise SystemExit("the soak reads /proc and runs on Linux")
    with neighbours():
        main(arguments.minutes, arguments.rate, arguments.subscribers, arguments.seed)
