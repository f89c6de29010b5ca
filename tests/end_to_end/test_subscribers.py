"""The promises to subscribers: order, freshness, every gap counted, and reconnection after a restart of the daemon."""

import json
import signal
import time
from pathlib import Path

import pytest
import zmq

from acbridge import Derived, Graphics, NoFrame, Physics, Static, Status, connect
from programs import Daemon, Program, until

READER = """
import json, sys, acbridge
with acbridge.connect(port=int(sys.argv[1])) as bridge, bridge.frames(acbridge.Physics, timeout=20) as frames:
    first = last = next(frames)
    print("reading", flush=True)
    taken = 1
    while taken < 4000 or not frames.lost:
        last = next(frames)
        taken += 1
    print(json.dumps([first.seq, last.seq, taken, frames.lost]), flush=True)
"""


class Reader(Program):
    """A subscriber in a process of its own, so that it can be stopped."""

    def __init__(self, port: int) -> None:
        super().__init__("-c", READER, str(port))
        self.said("reading")


def test_frames_come_in_order_and_none_is_lost_at_333_hz() -> None:
    with Daemon("--source", "sim", "--rate", "333") as daemon, daemon.connect() as bridge:
        with bridge.frames(Physics, Graphics, timeout=5) as frames:
            taken = [next(frames) for _ in range(2000)]
        for topic in ("physics", "graphics"):
            seqs = [frame.seq for frame in taken if frame.topic == topic]
            assert list(range(seqs[0], seqs[0] + len(seqs))) == seqs
        assert {0} == {frame.lost for frame in taken}
        assert 0 == frames.lost
        assert sorted(frame.mono_ns for frame in taken) == [frame.mono_ns for frame in taken]


def test_a_stream_that_fell_behind_counts_its_losses_exactly() -> None:
    with Daemon("--source", "sim", "--rate", "1000") as daemon, Reader(daemon.port) as reader:
        reader.process.send_signal(signal.SIGSTOP)
        with daemon.connect() as bridge:
            stopped = bridge.status().published_ticks
            # One second of frames waits at the daemon, some more in the kernel; the rest is dropped.
            until(lambda: bridge.status(timeout=5).published_ticks > stopped + 6000, "six thousand ticks")
        reader.process.send_signal(signal.SIGCONT)
        first, last, taken, lost = json.loads(reader.said("["))
        assert lost > 0
        assert last - first + 1 == taken + lost


def test_a_sample_holds_frames_of_one_tick() -> None:
    with Daemon("--source", "sim", "--rate", "333") as daemon, daemon.connect() as bridge:
        for _ in range(200):
            sample = bridge.sample(timeout=5)
            assert sample.derived.acc_right_g == -sample.physics.accG[0]
            assert sample.run == daemon.run
        assert bridge.sample().tick > 0


@pytest.mark.alone
@pytest.mark.parametrize("nap", [1.0, 4.0])
def test_latest_is_fresh_after_any_pause_of_the_caller(nap: float) -> None:
    with Daemon("--source", "sim", "--rate", "333") as daemon, daemon.connect() as bridge:
        ages: list[float] = []
        for _ in range(3):
            bridge.latest(Physics, timeout=5)
            time.sleep(nap)
            frame = bridge.latest(Physics)
            ages.append((time.perf_counter_ns() - frame.mono_ns) * 1e-9)
        # Two periods and 5 ms; one of three pauses may coincide with a busy machine.
        assert sorted(ages)[1] <= 2 / 333 + 0.005
        assert max(ages) < 0.25


@pytest.mark.alone
def test_trust_has_alive_age_rate_and_loss() -> None:
    with Daemon("--source", "sim", "--rate", "100") as daemon, daemon.connect() as bridge:
        bridge.latest(Physics, timeout=5)
        trust = until(lambda: t if (t := bridge.trust(Physics)).received > 100 else None, "a hundred frames")
        assert trust.alive
        assert trust.rate is not None
        assert 95 < trust.rate < 105
        assert (0, 0, daemon.run) == (trust.lost, trust.restarts, trust.run)
        daemon.process.send_signal(signal.SIGSTOP)
        until(lambda: not bridge.trust(Physics).alive, "the topic stale")
        daemon.process.send_signal(signal.SIGCONT)
        until(lambda: bridge.trust(Physics).alive, "the topic alive again")


def test_subscribers_resume_by_themselves_when_the_daemon_restarts() -> None:
    with Daemon("--source", "sim", "--rate", "100") as daemon:
        port = daemon.port
        with daemon.connect() as bridge, bridge.frames(Physics, timeout=10) as frames:
            assert daemon.run == bridge.latest(Physics, timeout=5).run == next(frames).run
            daemon.end(signal.SIGKILL)
            with Daemon("--source", "sim", "--rate", "100", port=port) as again:
                until(lambda: bridge.latest(Physics).run == again.run, "the new run")
                frame = next(f for f in frames if f.run == again.run)
                assert frame.seq == frame.lost
                assert 1 == frames.restarts == bridge.trust(Physics).restarts
                assert again.run == bridge.request("hello", timeout=5)["run"]


def test_a_subscriber_may_start_before_the_daemon() -> None:
    with Daemon("--source", "sim") as daemon:
        port = daemon.port
    with connect(port=port) as bridge:
        with pytest.raises(NoFrame):
            bridge.latest(Physics, timeout=0.2)
        with Daemon("--source", "sim", port=port):
            assert bridge.latest(Physics, timeout=5).record.speedKmh > 0


def test_every_topic_reaches_a_late_joiner_within_two_seconds(daemon: Daemon) -> None:
    with daemon.connect() as bridge:
        for record in (Physics, Graphics, Derived, Static, Status):
            assert record is type(bridge.latest(record, timeout=2).record)


def test_an_idle_daemon_does_not_leak_subscribers_that_come_and_go(page_dir: object) -> None:
    # Without a sim at 1 Hz almost nothing is sent. Without polling, each reconnect would cost 11 kB for good.
    with Daemon("--page-dir", str(page_dir), "--rate", "1") as daemon:
        context = zmq.Context()

        def come_and_go(times: int) -> None:
            for _ in range(times):
                socket = context.socket(zmq.SUB)
                monitor = socket.get_monitor_socket(zmq.EVENT_HANDSHAKE_SUCCEEDED)
                socket.linger = 0
                socket.subscribe("")
                socket.connect(f"tcp://{daemon.address}")
                assert monitor.poll(5000)
                socket.disable_monitor()
                monitor.close()
                socket.close()

        come_and_go(200)
        before = resident_kb(daemon.process.pid)
        come_and_go(1500)
        grown = resident_kb(daemon.process.pid) - before
        context.term()
        assert grown < 8192  # 16,500 kB if the loop did not look at the socket


def resident_kb(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))
