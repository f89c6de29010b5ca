"""Peers that subscribe without end, in processes of their own: what the daemon and its other subscribers notice."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import zmq

from acbridge import Bridge, Keys, Physics
from acbridge.topics import TOPICS
from acbridge_daemon.publisher import MAX_SUBSCRIPTIONS, MAX_TOPIC_BYTES, SUBSCRIPTIONS_WAITING
from floods import MEGABYTE, SUBSCRIPTIONS, resident
from keyring import Keyring
from programs import Daemon, Program, until

OBSERVER = """
import os, sys, time, zmq
from acbridge import Keys
peer = zmq.Context().socket(zmq.XSUB)
peer.sndhwm = 0
Keys.load(sys.argv[2], sys.argv[3]).apply(peer)
peer.connect(f"tcp://127.0.0.1:{sys.argv[1]}")
for _ in range(500_000):
    peer.send(b"\\1" + os.urandom(50))
print("begins", flush=True)
time.sleep(60)
"""


class Follower:
    """A subscriber that reads for some time: how long it saw nothing, and how many frames it lost."""

    def __init__(self, bridge: Bridge, seconds: float) -> None:
        self.silent_s, self.skipped = 0.0, 0
        with bridge.frames(Physics, timeout=15) as frames:
            tick = next(frames).tick
            begun = bridge.status(timeout=5)
            now = time.perf_counter()
            end = now + seconds
            while now < end:
                frame = next(frames)
                self.silent_s = max(self.silent_s, time.perf_counter() - now)
                now = time.perf_counter()
                self.skipped += frame.tick - tick - 1
                tick = frame.tick
            self.lost = frames.lost
            self.missed = bridge.status(timeout=5).missed_ticks - begun.missed_ticks


Subscribe = Callable[..., "zmq.Socket[bytes]"]


@pytest.fixture
def subscribe() -> Iterator[Subscribe]:
    """Connect sockets that send subscriptions as messages."""
    made: list[zmq.Socket[bytes]] = []
    with zmq.Context() as context:

        def connect(daemon: Daemon, keys: Keys | None = None) -> "zmq.Socket[bytes]":
            peer = context.socket(zmq.XSUB)
            made.append(peer)
            peer.sndhwm = peer.linger = 0
            if keys is not None:
                keys.apply(peer)
            peer.connect(f"tcp://127.0.0.1:{daemon.port}")
            return peer

        yield connect
        for peer in made:
            peer.close()


@pytest.mark.alone
def test_a_peer_that_subscribes_without_end_costs_little_memory_and_silences_no_other() -> None:
    with Daemon("--source", "sim") as daemon, daemon.connect() as bridge:
        bridge.latest(Physics, timeout=10)
        before = resident(daemon)
        with Program("-c", SUBSCRIPTIONS, str(daemon.port), "2") as flood:
            flood.said("begins")
            follower = Follower(bridge, 4)
            flood.said("ended after")
        assert follower.silent_s < 1.0
        assert 0 == follower.lost
        assert follower.skipped <= follower.missed
        assert daemon.events("peer_cut")[0]["reason"] == "too_many_subscriptions"
        until(lambda: resident(daemon) - before < 30 * MEGABYTE, "the memory's return", 15)


@pytest.mark.alone
def test_half_a_million_subscriptions_with_an_observers_key_ban_the_key_and_disturb_no_other(tmp_path: Path) -> None:
    ring = Keyring(tmp_path / "keys")
    screen = ring.add("screen", "observer")
    ring.add("flood", "observer")
    with Daemon("--source", "sim", "--keys", str(ring.directory)) as daemon, daemon.connect(screen) as bridge:
        bridge.latest(Physics, timeout=10)
        before = resident(daemon)
        with Program("-c", OBSERVER, str(daemon.port), str(ring.secret_file("flood")), str(ring.server)) as flood:
            until(lambda: daemon.events("peer_cut"), "the cut", 60)
            follower = Follower(bridge, 3)
            assert flood.process.poll() is None
        assert (0, True) == (follower.lost, follower.silent_s < 1.0)
        assert "flood" == daemon.events("peer_cut")[0]["key"]
        refused = daemon.events("peer_refused")
        assert {"cut_a_moment_ago"} == {event["reason"] for event in refused}
        assert resident(daemon) - before < 30 * MEGABYTE
        with daemon.connect(screen) as again:
            again.latest(Physics, timeout=10)


def test_a_topic_too_long_to_be_ours_costs_its_sender_the_connection_with_keys_too(
    tmp_path: Path, subscribe: Subscribe
) -> None:
    ring = Keyring(tmp_path / "keys")
    rig = ring.add("rig")
    with Daemon("--source", "sim", "--keys", str(ring.directory)) as daemon:
        subscribe(daemon, rig).send(b"\1" + bytes(MAX_TOPIC_BYTES + 1))
        until(lambda: daemon.events("peer_cut"), "the cut")


def test_many_subscriptions_are_allowed_and_those_that_ended_do_not_count(
    subscribe: Subscribe,
) -> None:
    with Daemon("--source", "sim", "--rate", "333") as daemon:
        peer = subscribe(daemon)
        topics = [os.urandom(8) for _ in range(MAX_SUBSCRIPTIONS - 1)]
        for _ in range(2):
            for topic in topics:
                peer.send(b"\1" + topic)
            peer.send(b"\1status")
            assert peer.poll(10_000)
            for topic in topics:
                peer.send(b"\0" + topic)
            topics = [os.urandom(8) for _ in topics]
        while peer.poll(0):
            peer.recv_multipart()
        assert peer.poll(10_000)
        assert [] == daemon.events("peer_cut")


def test_what_a_subscriber_asks_for_at_once_is_taken_at_once() -> None:
    assert len(TOPICS) <= SUBSCRIPTIONS_WAITING


def test_memory_that_the_c_library_keeps_goes_back_to_the_system() -> None:
    script = """
import ctypes
from acbridge_daemon.memory import Memory, resident_bytes
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
memory = Memory()
memory.measure()
pieces = [libc.malloc(1000) for _ in range(100_000)]
last = libc.malloc(1000)
for piece in pieces:
    libc.free(piece)
before = resident_bytes()
memory.watch(1)
print(before - resident_bytes(), flush=True)
"""
    with Program("-c", script) as program:
        assert 0 == program.wait()
    assert int(program.out[0]) > 50 * MEGABYTE
