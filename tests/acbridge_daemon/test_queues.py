"""Queues of slow subscribers after a change of the rate, over real sockets."""

from collections.abc import Generator
from contextlib import contextmanager

import pytest
import zmq

from acbridge import Physics, Status, wire
from programs import Daemon, until

RATE = 333


@contextmanager
def slow_subscriber(context: "zmq.Context[zmq.Socket[bytes]]", daemon: Daemon) -> Generator["zmq.Socket[bytes]"]:
    """Connect a subscriber in which almost nothing waits, so that all waits at the daemon."""
    with context.socket(zmq.SUB) as sub:
        sub.linger, sub.rcvhwm, sub.rcvbuf = 0, 2, 4096
        sub.subscribe(Physics.topic)
        sub.connect(f"tcp://127.0.0.1:{daemon.port}")
        yield sub


def newest(sub: "zmq.Socket[bytes]") -> int:
    assert sub.poll(10_000)
    return wire.read_header(sub.recv_multipart()[1]).seq


@pytest.mark.alone
@pytest.mark.parametrize("when", ["before", "after"])
def test_one_second_of_frames_waits_at_the_rate_of_now(when: str) -> None:
    with (
        Daemon("--source", "sim", "--rate", "5") as daemon,
        daemon.connect() as bridge,
        zmq.Context() as context,
    ):
        bridge.latest(Physics, timeout=10)
        if when == "after":
            bridge.request("set_rate", rate=RATE, timeout=5)
        with slow_subscriber(context, daemon) as sub:
            newest(sub)
            if when == "before":
                bridge.request("set_rate", rate=RATE, timeout=5)
            begun = newest(sub)
            until(lambda: published(daemon) >= begun + RATE * 0.8, "most of a second without reading")
            seqs = [newest(sub) for _ in range(int(RATE * 0.8))]
        assert list(range(seqs[0], seqs[0] + len(seqs))) == seqs


def published(daemon: Daemon) -> int:
    with daemon.connect() as bridge:
        reply = bridge.request("status", timeout=5)
    assert Status.topic in reply["frames"]
    return int(reply["frames"][Physics.topic])
