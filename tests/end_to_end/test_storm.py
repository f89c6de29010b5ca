"""All faults at once against one daemon: its promises to healthy subscribers hold while others misbehave."""

import json
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import zmq

from acbridge import Status, requests
from programs import Daemon, Program, until

pytestmark = pytest.mark.alone

HEALTHY = """
import json, signal, sys, acbridge
signal.signal(signal.SIGTERM, lambda *_: sys.exit())
taken = lost = 0
try:
    with acbridge.connect(port=int(sys.argv[1])) as bridge, bridge.frames(acbridge.Physics, acbridge.Derived) as frames:
        for frame in frames:
            taken, lost = taken + 1, frames.lost
            if taken == 1:
                print("reading", flush=True)
finally:
    print(json.dumps([taken, lost]), flush=True)
"""
CROWD = """
import sys, time, zmq
context = zmq.Context()
crowd = []
for _ in range(500):
    one = context.socket(zmq.SUB)
    one.rcvhwm = 10
    one.subscribe(b"")
    one.connect(f"tcp://127.0.0.1:{sys.argv[1]}")
    crowd.append(one)
heard = set()
deadline = time.monotonic() + 60
while len(heard) < len(crowd) and time.monotonic() < deadline:
    for i, one in enumerate(crowd):
        while one.poll(0):
            one.recv_multipart()
            heard.add(i)
print("heard", len(heard), flush=True)
time.sleep(600)
"""
GREEDY = """
import sys, time, zmq, msgpack
socket = zmq.Context().socket(zmq.DEALER)
socket.linger = 0
socket.connect(f"tcp://127.0.0.1:{sys.argv[1]}")
request = msgpack.packb({"request": "schema"})
print("asking", flush=True)
while True:
    try:
        socket.send_multipart([b"", request], zmq.NOBLOCK)
    except zmq.Again:
        time.sleep(0.001)
"""
MEGABYTE = 1 << 20


def memory(pid: int) -> int:
    """Return the resident memory of a process in bytes."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise AssertionError(f"{pid} is gone")


def open_files(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


class Healthy(Program):
    """A subscriber that keeps up, in a process of its own."""

    def __init__(self, daemon: Daemon) -> None:
        super().__init__("-c", HEALTHY, str(daemon.port))
        self.said("reading")

    def finish(self) -> tuple[int, int]:
        """Return the number of frames received and the number lost."""
        self.end()
        taken, lost = json.loads(self.out[-1])
        return taken, lost


def connections(daemon: Daemon) -> int:
    with daemon.connect() as bridge:
        return bridge.status(timeout=5).connections


@pytest.fixture
def storm() -> Iterator[tuple[Daemon, list[Healthy]]]:
    """Run a daemon with two healthy subscribers that must have lost no frame by the end of the test."""
    with Daemon("--source", "sim", "--rate", "60") as daemon, Healthy(daemon) as one, Healthy(daemon) as other:
        until(lambda: connections(daemon) >= 2, "two connections")
        with daemon.connect() as bridge:
            before = bridge.status(timeout=5)
            yield daemon, [one, other]
            after = bridge.status(timeout=5)
        # The rate holds within 0.1 % (and a tick): ticks for which the daemon was late are counted, not hidden.
        due = (after.uptime_s - before.uptime_s) * 60
        turned = after.ticks - before.ticks + after.missed_ticks - before.missed_ticks
        assert abs(turned - due) <= 1 + due / 1000
        for healthy in (one, other):
            taken, lost = healthy.finish()
            assert lost == 0
            assert taken > 0


def raw(port: int, payload: bytes) -> None:
    """Send bytes to a port and close the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as peer:
        peer.sendall(payload)


def test_two_thousand_connections_with_garbage_cost_nothing(storm: tuple[Daemon, list[Healthy]]) -> None:
    daemon, _ = storm
    before, files = memory(daemon.process.pid), open_files(daemon.process.pid)
    garbage = (b"\x01\x00\x02\x00\x41", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", bytes(range(256)), b"\xff" * 64, b"")
    with daemon.connect() as bridge:
        for n in range(2000):
            raw(daemon.port + n % 2, garbage[n % len(garbage)])
            if n % 200 == 0:
                assert bridge.request("hello", timeout=5)["run"] == daemon.run
        for _ in range(20):
            assert bridge.request("hello", timeout=5)["run"] == daemon.run
    until(lambda: open_files(daemon.process.pid) <= files + 4, "the connections' end")
    assert memory(daemon.process.pid) - before < 10 * MEGABYTE


def test_subscribers_that_are_stuck_or_killed_delay_no_other(storm: tuple[Daemon, list[Healthy]]) -> None:
    daemon, _ = storm
    before = memory(daemon.process.pid)
    others = [Healthy(daemon) for _ in range(4)]
    for n, other in enumerate(others):
        other.process.send_signal(signal.SIGSTOP if n % 2 else signal.SIGKILL)
    with daemon.connect() as bridge:
        begun = bridge.status(timeout=5).published_ticks
        until(lambda: bridge.status(timeout=5).published_ticks > begun + 300, "five seconds of frames")
    for other in others:
        other.process.kill()
        other.wait()
    assert memory(daemon.process.pid) - before < 10 * MEGABYTE


def test_five_hundred_subscribers_are_served_and_forgotten(storm: tuple[Daemon, list[Healthy]]) -> None:
    daemon, _ = storm
    files = open_files(daemon.process.pid)
    with Program("-c", CROWD, str(daemon.port)) as crowd:
        crowd.said("heard 500")
        assert connections(daemon) >= 502
    until(lambda: connections(daemon) <= 4, "the crowd's end")
    until(lambda: open_files(daemon.process.pid) <= files + 4, "the crowd's files closed")


def test_a_client_that_asks_without_pause_delays_no_client_and_no_tick(storm: tuple[Daemon, list[Healthy]]) -> None:
    daemon, _ = storm
    before = memory(daemon.process.pid)
    with Program("-c", GREEDY, str(daemon.port + 1)) as greedy, daemon.connect() as bridge:
        greedy.said("asking")
        waits: list[float] = []
        for _ in range(60):
            asked = time.perf_counter()
            bridge.request("hello", timeout=5)
            waits.append(time.perf_counter() - asked)
            time.sleep(0.03)
        assert sorted(waits)[len(waits) // 2] < 0.1
        until(lambda: bridge.status(timeout=5).refused_requests > 100, "a hundred refused requests")
    assert memory(daemon.process.pid) - before < 10 * MEGABYTE


def test_clients_that_die_in_the_middle_of_a_request_leave_nothing_behind(storm: tuple[Daemon, list[Healthy]]) -> None:
    daemon, _ = storm
    files = open_files(daemon.process.pid)
    body = requests.encode_request("latest", "a", {})
    for _ in range(40):
        context = zmq.Context()
        asker = context.socket(zmq.REQ)
        asker.connect(f"tcp://127.0.0.1:{daemon.port + 1}")
        asker.send(body)
        context.destroy(linger=20)
    with daemon.connect() as bridge:
        assert bridge.request("hello", timeout=5)["run"] == daemon.run
    until(lambda: open_files(daemon.process.pid) <= files + 4, "the clients' end")


def test_a_daemon_that_is_killed_and_comes_back_is_received_again_within_a_second_with_a_new_run() -> None:
    with (
        Daemon("--source", "sim", "--rate", "333") as first,
        first.connect() as bridge,
        bridge.frames(Status, timeout=30) as frames,
    ):
        assert first.run == next(frames).run
        first.end(signal.SIGKILL)
        with Daemon("--source", "sim", "--rate", "333", port=first.port) as second:
            bound = time.monotonic()
            frame = next(frames)
            while frame.run == first.run:  # frames that were still in transit
                frame = next(frames)
            assert second.run == frame.run
            # Reconnecting backs off to 1 s at most; a busy machine gets as much again.
            assert time.monotonic() - bound < 2.0


def test_a_daemon_stopped_under_load_ends_within_two_seconds_and_sends_its_last_frames() -> None:
    with Daemon("--source", "sim", "--rate", "333") as daemon, Healthy(daemon) as healthy:
        with Program("-c", GREEDY, str(daemon.port + 1)) as greedy:
            greedy.said("asking")
            asked = time.monotonic()
            assert 0 == daemon.end()
            assert time.monotonic() - asked < 2.0
        assert daemon.events("daemon_ended")
        taken, lost = healthy.finish()
        assert (0, True) == (lost, taken > 0)


def test_connections_beyond_the_limit_are_refused_for_now(
    storm: tuple[Daemon, list[Healthy]],
) -> None:
    daemon, _ = storm
    # So many cannot read every frame here; and libzmq aborts a client that is disconnected while its queue is full.
    crowd = CROWD.replace("range(500)", "range(900)").replace('b""', 'b"status"')
    with Program("-c", crowd, str(daemon.port)) as first, Program("-c", crowd, str(daemon.port)):
        until(lambda: daemon.events("peer_refused"), "a refusal")
        assert "too_many_connections" == daemon.events("peer_refused")[0]["reason"]
        assert first.process.poll() is None
    until(lambda: connections(daemon) <= 4, "the crowd's end")
    with Healthy(daemon) as newcomer:
        assert 0 == newcomer.finish()[1]


def test_floods_of_requests_from_closed_connections_do_not_end_the_daemon(storm: tuple[Daemon, list[Healthy]]) -> None:
    daemon, _ = storm
    body = requests.encode_request("hello", "a", {})
    for _ in range(3):
        context = zmq.Context()
        floods = [context.socket(zmq.DEALER) for _ in range(20)]
        for flood in floods:
            flood.sndhwm = 100_000  # so that the daemon stops reading from them; libzmq's fault begins there
            flood.connect(f"tcp://127.0.0.1:{daemon.port + 1}")
        end = time.monotonic() + 1.5  # longer than a heartbeat; libzmq must send none here
        while time.monotonic() < end:
            for flood in floods:
                try:
                    for _ in range(200):
                        flood.send_multipart([b"", body], zmq.NOBLOCK)
                except zmq.Again:
                    time.sleep(0.001)
        context.destroy(linger=0)
        with daemon.connect() as bridge:
            assert daemon.run == bridge.request("hello", timeout=10)["run"]
        assert None is daemon.process.poll()
    with daemon.connect() as bridge:
        assert daemon.run == bridge.request("hello", timeout=10)["run"]


def test_a_request_of_a_hundred_thousand_parts_delays_no_other_client(storm: tuple[Daemon, list[Healthy]]) -> None:
    daemon, _ = storm
    with zmq.Context() as context, context.socket(zmq.DEALER) as asker, daemon.connect() as bridge:
        asker.linger = 0
        asker.connect(f"tcp://127.0.0.1:{daemon.port + 1}")
        ticks = bridge.status(timeout=5).missed_ticks
        asker.send_multipart([b""] * 100_000)
        assert daemon.run == bridge.request("hello", timeout=10)["run"]
        assert asker.poll(20_000)
        assert b"bad_request" in asker.recv_multipart()[1]
        # Read at once it would delay the loop by half a second: thirty ticks.
        assert bridge.status(timeout=5).missed_ticks - ticks < 10
