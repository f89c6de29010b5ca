"""Peers that connect and say nothing, in a process of their own: they keep no place from those who greet."""

import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import zmq

from acbridge import Keys, Physics
from acbridge_daemon.sockets import MAX_GREETING, Connections
from floods import STRANGERS
from keyring import Keyring
from programs import Daemon, Program, until

FRIENDS = 10


@pytest.mark.alone
@pytest.mark.parametrize("port", ["frames", "requests"])
@pytest.mark.parametrize("with_keys", [True, False])
def test_friends_get_in_beside_eleven_hundred_strangers(tmp_path: Path, port: str, with_keys: bool) -> None:
    ring = Keyring(tmp_path / "keys")
    friend = ring.add("friend", "observer")
    arguments, keys = (("--keys", str(ring.directory)), friend) if with_keys else ((), None)
    with Daemon("--source", "sim", *arguments) as daemon, daemon.connect(keys) as old:
        old.latest(Physics, timeout=10)
        with Program("-c", STRANGERS, str(daemon.port + (port == "requests")), "1100") as strangers:
            strangers.said("all there")
            with old.frames(Physics, timeout=10) as frames:
                next(frames)
                for _ in range(FRIENDS):
                    gets_in(daemon, keys)
                assert 0 == sum(frame.lost for frame, _ in zip(frames, range(60), strict=False))
        refused = {event["reason"] for event in daemon.events("peer_refused")}
        assert set() == refused


def gets_in(daemon: Daemon, keys: Keys | None) -> None:
    with daemon.connect(keys) as bridge:
        bridge.latest(Physics, timeout=5)
        assert daemon.run == bridge.request("hello", timeout=5)["run"]


Watched = tuple[int, Connections]


@pytest.fixture
def watched() -> Iterator[Watched]:
    """Bind a socket whose connections are followed; yield its port and them."""
    with zmq.Context() as context, context.socket(zmq.XPUB) as bound:
        bound.handshake_ivl = 300
        connections = Connections(bound)
        yield bound.bind_to_random_port("tcp://127.0.0.1"), connections
        connections.close()


GREETING = b"\xff" + bytes(8) + b"\x7f\3\0NULL" + bytes(48)
READY = b"\5READY\x0bSocket-Type\0\0\0\3SUB"
WORDS = GREETING + b"\4" + bytes([len(READY)]) + READY
PHASES: dict[str, bytes] = {
    "before a word": b"",
    "in the signature": GREETING[:5],
    "in the version": GREETING[:11],
    "in the mechanism": GREETING[:20],
    "before READY": GREETING,
    "in READY": WORDS[:-3],
    "after READY": WORDS,
    "after a subscription": WORDS + b"\0\2\1x",
    "after nonsense": b"GET / HTTP/1.1\r\n\r\n" + bytes(64),
    "after a wrong mechanism": GREETING.replace(b"NULL", b"ABCD"),
    "after a wrong command": GREETING + b"\4\6\5HELLO",
}


def hang_up(peer: socket.socket) -> None:
    peer.close()


def reset(peer: socket.socket) -> None:
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    peer.close()


def wait(peer: socket.socket) -> None:
    peer.settimeout(0.4)
    try:
        while peer.recv(4096):
            pass
    except OSError:
        pass
    peer.close()


@pytest.mark.parametrize("leave", [hang_up, reset, wait])
@pytest.mark.parametrize("said", PHASES.values(), ids=PHASES.keys())
def test_a_peer_that_leaves_in_any_phase_leaves_nothing_counted(
    watched: Watched, said: bytes, leave: Callable[[socket.socket], None]
) -> None:
    port, connections = watched
    for _ in range(3):
        with socket.create_connection(("127.0.0.1", port)) as peer:
            peer.sendall(said)
            leave(peer)
    with socket.create_connection(("127.0.0.1", port)) as last:  # libzmq accepts it after the others
        until(lambda: connections.follow() == 0 and peers(connections) == [last.getsockname()], "the others' end")
    until(lambda: connections.follow() == 0 and not connections.open, "its end")


def peers(connections: Connections) -> list[object]:
    """Return the addresses of the peers."""
    found: list[object] = []
    for descriptor in connections.open:
        with suppress(OSError), socket.fromfd(descriptor, socket.AF_INET, socket.SOCK_STREAM) as accepted:
            found.append(accepted.getpeername())
    return found


def test_the_oldest_of_too_many_silent_connections_are_cut(watched: Watched) -> None:
    port, connections = watched
    peers = [socket.create_connection(("127.0.0.1", port)) for _ in range(3)]
    until(lambda: connections.follow() == 0 and len(connections.open) == 3, "the connections")
    more: list[socket.socket] = []
    for _ in range(MAX_GREETING - 1):
        more.append(socket.create_connection(("127.0.0.1", port)))
        connections.follow()
    begun = time.monotonic()
    for peer in peers[:2]:
        peer.settimeout(5)
        while peer.recv(4096):  # libzmq's greeting, then the end
            connections.follow()
    assert time.monotonic() - begun < 5
    for peer in peers + more:
        peer.close()
