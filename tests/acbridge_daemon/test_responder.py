"""Requests to a running daemon, from clients with zmq and msgpack alone, well-behaved and others."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import zmq

from acbridge import Controls, Derived, Event, Graphics, Physics, Static, Status
from acbridge.requests import REQUESTS
from bench import packb, unpackb
from programs import Daemon, until

PATIENCE_MS = 10_000
GARBAGE = bytes.fromhex("0100020041")
"""The greeting of an old ZeroMQ and one frame without a delimiter."""
HEADER = {"v", "run", "tick", "seq", "timestamp", "mono_ns"}
REPLIES = {
    "hello": {"version", "wire", "run", "rate", "source", "sim_state", "topic_prefix", "topics", "thresholds"},
    "status": {column.name for column in Status.columns} | {"frames"},
    "schema": {"wire", "topics"},
    "static": {column.name for column in Static.columns},
    "latest": {"frames"},
    "thresholds": {"thresholds"},
    "set_rate": {"rate"},
    "set_thresholds": {"thresholds"},
    "mark": {"tick", "timestamp"},
}
ARGUMENTS: dict[str, dict[str, Any]] = {
    "set_rate": {"rate": 100},
    "set_thresholds": {"thresholds": {"stuck_s": 5}},
    "mark": {"text": "here"},
}
BAD_BODIES: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "bad_request"),
    "an unused marker": (b"\xc1", "bad_request"),
    "a number": (packb(1), "bad_request"),
    "a text": (packb("hello"), "bad_request"),
    "nil": (packb(None), "bad_request"),
    "a list": (packb([{"request": "hello"}]), "bad_request"),
    "a timestamp": (b"\xd6\xff\0\0\0\0", "bad_request"),
    "two values": (packb({"request": "hello"}) + b"\0", "bad_request"),
    "half a map": (packb({"request": "hello"})[:-1], "bad_request"),
    "number keys": (packb({1: 2}), "bad_request"),
    "map keys": (b"\x81\x80\x01", "bad_request"),
    "65 keys": (packb({f"k{n}": n for n in range(65)}), "bad_request"),
    "a huge array": (b"\xdd\xff\xff\xff\xff", "bad_request"),
    "a huge map": (b"\xdf\xff\xff\xff\xff", "bad_request"),
    "4096 nested lists": (b"\x91" * 4096, "bad_request"),
    "bytes that are no text": (b"\x81\xa7request\xa2\xff\xfe", "bad_request"),
    "no name": (packb({}), "bad_request"),
    "a name that is a number": (packb({"request": 5}), "bad_request"),
    "an unknown name": (packb({"request": "dance", "id": 1}), "unknown_request"),
    "an unknown argument": (packb({"request": "hello", "speed": 1}), "bad_argument"),
    "an id too long": (packb({"request": "hello", "id": "x" * 65}), "bad_argument"),
    "an id that is a float": (packb({"request": "hello", "id": 1.5}), "bad_argument"),
    "an id that is true": (packb({"request": "hello", "id": True}), "bad_argument"),
    "a change without id": (packb({"request": "set_rate", "rate": 30}), "bad_argument"),
    "a change without its argument": (packb({"request": "set_rate", "id": 2}), "bad_argument"),
    **{
        f"the rate {rate!r}": (packb({"request": "set_rate", "id": 3, "rate": rate}), "bad_argument")
        for rate in (0, -1, 1e9, float("nan"), float("inf"), True, "60", None)
    },
}


@pytest.fixture(scope="module")
def daemon() -> Iterator[Daemon]:
    """Run one daemon for all tests here; no test may disturb it."""
    with Daemon("--source", "sim") as running:
        yield running


class Client:
    """A plain client on a socket of any kind."""

    def __init__(self, socket: "zmq.Socket[bytes]", port: int) -> None:
        self.socket = socket
        self.socket.linger = 0
        self.socket.connect(f"tcp://127.0.0.1:{port}")

    def receive(self) -> dict[str, Any]:
        assert self.socket.poll(PATIENCE_MS), "no reply came"
        return unpackb(self.socket.recv_multipart()[-1])

    def ask(self, request: str, **fields: Any) -> dict[str, Any]:
        self.socket.send(packb({"request": request, **fields}))
        return self.receive()


class Clients:
    """Plain clients, all closed at the end."""

    def __init__(self) -> None:
        self.context = zmq.Context()
        self._sockets: list[zmq.Socket[bytes]] = []

    def of(self, daemon: Daemon, kind: int = zmq.REQ) -> Client:
        return Client(self.socket(kind), daemon.port + 1)

    def socket(self, kind: int) -> "zmq.Socket[bytes]":
        self._sockets.append(self.context.socket(kind))
        return self._sockets[-1]

    def disconnections(self, client: Client) -> "zmq.Socket[bytes]":
        """Return a socket that becomes readable when the client is disconnected."""
        self._sockets.append(client.socket.get_monitor_socket(zmq.EVENT_DISCONNECTED))
        return self._sockets[-1]

    def close(self) -> None:
        for opened in self._sockets:
            opened.close(0)
        self.context.term()


@pytest.fixture
def clients() -> Iterator[Clients]:
    made = Clients()
    yield made
    made.close()


@pytest.fixture
def client(clients: Clients, daemon: Daemon) -> Client:
    return clients.of(daemon)


def drives(client: Client) -> None:
    until(lambda: client.ask("hello")["sim_state"] == "live", "the sim's start")


def rates(daemon: Daemon) -> list[float]:
    """Return the rates to which the daemon changed, from its log."""
    return [event["rate"] for event in daemon.events("rate_changed")]


def throw_garbage(port: int, connections: int = 500) -> None:
    for _ in range(connections):
        with socket.create_connection(("127.0.0.1", port)) as raw:
            raw.sendall(GARBAGE)


def test_the_replies_checked_here_are_those_of_the_table() -> None:
    driving = {"acquire", "drive", "hold", "release", "reset", "calibrate"}  # test_driving.py
    assert REPLIES.keys() | {"shutdown", "reload_keys"} | driving == REQUESTS.keys()


def test_every_request_is_answered_with_what_it_asks_for(client: Client) -> None:
    drives(client)
    for name, fields in REPLIES.items():
        reply = client.ask(name, id=name, **ARGUMENTS.get(name, {}))
        assert (True, name) == (reply.pop("ok"), reply.pop("id"))
        assert fields == reply.keys()


def test_a_reply_carries_the_id_of_its_request_if_that_has_one(client: Client) -> None:
    for request_id in (7, 0, -(2**63), 2**64 - 1, "a", "\u00fc" * 32):
        assert request_id == client.ask("hello", id=request_id)["id"]
        assert request_id == client.ask("dance", id=request_id)["id"]
    assert "id" not in client.ask("hello")


def test_malformed_requests_get_one_error_reply_each_and_do_no_harm(clients: Clients, daemon: Daemon) -> None:
    dealer = clients.of(daemon, zmq.DEALER)  # unlike REQ, it would see a second reply
    for body, _ in BAD_BODIES.values():
        dealer.socket.send_multipart([b"", body])
    dealer.socket.send_multipart([b"", packb({"request": "hello"})])
    replies = [dealer.receive() for _ in BAD_BODIES]
    codes = {name: reply["error"]["code"] for name, reply in zip(BAD_BODIES, replies, strict=True)}
    assert {name: code for name, (_, code) in BAD_BODIES.items()} == codes
    assert all(reply["ok"] is False and reply["error"]["message"] for reply in replies)
    assert dealer.receive()["ok"] is True


def test_a_request_of_many_parts_gets_one_error_reply(clients: Clients, daemon: Daemon) -> None:
    client = clients.of(daemon)
    for parts in ([b"a", b"b"], [b""] * 400, [packb({"request": "hello"}), b""]):
        client.socket.send_multipart(parts)
        assert "bad_request" == client.receive()["error"]["code"]
        assert client.ask("hello")["ok"] is True
        assert clients.of(daemon).ask("hello")["ok"] is True


def test_messages_without_the_envelope_are_ignored(clients: Clients, daemon: Daemon) -> None:
    dealer = clients.of(daemon, zmq.DEALER)
    for parts in ([b"x"], [b""], [b"x", b""], [b"x", b"", packb({"request": "hello"})], [b"x"] * 1000):
        dealer.socket.send_multipart(parts)
        dealer.socket.send_multipart([b"", packb({"request": "hello", "id": "after"})])
        assert "after" == dealer.receive()["id"]
        assert clients.of(daemon).ask("hello")["ok"] is True


def test_a_request_that_is_too_long_disconnects_its_sender_only(
    clients: Clients, daemon: Daemon, client: Client
) -> None:
    assert client.ask("hello")["ok"] is True
    long = clients.of(daemon)
    cut = clients.disconnections(long)
    kept = clients.disconnections(client)
    long.socket.send(bytes(5000))
    assert cut.poll(PATIENCE_MS), "the sender was not disconnected"
    assert client.ask("hello")["ok"] is True
    assert not kept.poll(0)


def test_garbage_on_the_port_costs_no_reply(clients: Clients, daemon: Daemon) -> None:
    throw_garbage(daemon.port + 1)
    assert [True] * 20 == [clients.of(daemon).ask("hello")["ok"] for _ in range(20)]


def test_the_same_garbage_does_cost_a_bare_rep_socket_a_reply(clients: Clients) -> None:
    """The reason for the daemon's ROUTER: if this test fails, libzmq was corrected."""

    def loses_a_reply() -> bool:
        server = clients.socket(zmq.REP)
        port = server.bind_to_random_port("tcp://127.0.0.1")
        ended, served = threading.Event(), list[bytes]()
        thread = threading.Thread(target=echo, args=(server, served, ended))
        thread.start()
        throw_garbage(port)
        client = Client(clients.socket(zmq.REQ), port)
        client.socket.send(b"do it")
        answered = client.socket.poll(1000)
        ended.set()
        thread.join()
        return b"do it" in served and not answered

    assert any(loses_a_reply() for _ in range(5))


def echo(server: "zmq.Socket[bytes]", served: list[bytes], ended: threading.Event) -> None:
    while not ended.is_set():
        if server.poll(20):
            with suppress(zmq.ZMQError):  # what could be read may have been no request
                served.append(server.recv(zmq.NOBLOCK))
                server.send(served[-1], zmq.NOBLOCK)


def test_a_browser_on_either_port_does_no_harm(client: Client, daemon: Daemon) -> None:
    with daemon.connect() as bridge:
        frames = bridge.frames(Physics, timeout=10)
        next(frames)
        for port in (daemon.port, daemon.port + 1):
            with socket.create_connection(("127.0.0.1", port), timeout=10) as raw, suppress(OSError):
                raw.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")  # it may close the connection at any moment
                raw.shutdown(socket.SHUT_WR)
                while raw.recv(4096):
                    pass
        assert client.ask("hello")["ok"] is True
        assert [0] * 60 == [frame.lost for frame in islice(frames, 60)]


def test_the_same_change_asked_three_times_is_made_once(client: Client, daemon: Daemon) -> None:
    body = packb({"request": "set_rate", "id": "once", "rate": 120})
    replies: list[bytes] = []
    for _ in range(3):
        client.socket.send(body)
        assert client.socket.poll(PATIENCE_MS)
        replies.append(client.socket.recv())
    assert [packb({"ok": True, "id": "once", "rate": 120.0})] * 3 == replies
    client.ask("set_rate", id="another", rate=121)
    until(lambda: 121 in rates(daemon), "the log of the second change")
    assert [120, 121] == rates(daemon)[-2:]
    assert 1 == rates(daemon).count(120)


def test_an_id_that_was_used_for_another_change_is_refused(client: Client) -> None:
    client.ask("set_rate", id="used", rate=50)
    assert "bad_argument" == client.ask("set_rate", id="used", rate=51)["error"]["code"]
    assert 50 == client.ask("hello")["rate"]


def test_a_refused_change_changes_nothing(client: Client) -> None:
    before = client.ask("hello")["rate"]
    for rate in (0, 1e9):
        assert client.ask("set_rate", id=str(rate), rate=rate)["ok"] is False
    assert before == client.ask("hello")["rate"]


def test_a_changed_rate_is_the_rate_of_the_frames(client: Client, daemon: Daemon) -> None:
    drives(client)
    for rate in (20, 250):
        assert rate == client.ask("set_rate", id=rate, rate=rate)["rate"]
        with daemon.connect() as bridge:
            frames = list(islice(bridge.frames(Physics, timeout=10), 1 + rate // 2))
        ticks = frames[-1].tick - frames[0].tick
        assert pytest.approx(rate, rel=0.1) == ticks * 1e9 / (frames[-1].mono_ns - frames[0].mono_ns)


def test_rates_that_change_while_subscribers_come_and_go_do_not_end_the_daemon() -> None:
    with Daemon("--source", "sim") as daemon, daemon.connect() as asking:
        for rate in 25 * (20, 250, 1000, 60):
            asking.request("set_rate", rate=rate, timeout=20)
            with daemon.connect() as bridge:
                next(bridge.frames(Physics, timeout=20))
        assert daemon.process.poll() is None


def test_a_mark_requested_three_times_is_published_once_with_the_tick_of_the_reply(
    client: Client, daemon: Daemon
) -> None:
    drives(client)
    marks: list[tuple[Event, int, float]] = []
    with daemon.connect() as bridge, bridge.frames(Event, Status, timeout=10) as frames:
        until(lambda: isinstance(next(frames).record, Status), "status, so the subscription stands")
        replies = [client.ask("mark", id="a mark", text="Größe 😀") for _ in range(3)]
        client.ask("mark", id="the last mark", text="end")
        while not marks or marks[-1][0].text != "end":
            frame = next(frames)
            if isinstance(frame.record, Event) and frame.record.kind == "mark":
                marks.append((frame.record, frame.tick, frame.timestamp))
    (mark, tick, timestamp), _ = marks
    assert [{"ok": True, "id": "a mark", "tick": tick, "timestamp": timestamp}] * 3 == replies
    assert "Größe 😀" == mark.text
    assert mark.packetId is not None


def test_a_shutdown_is_refused_unless_it_was_allowed(client: Client, daemon: Daemon) -> None:
    reply = client.ask("shutdown", id=1)
    assert "forbidden" == reply["error"]["code"]
    assert "--allow-shutdown" in reply["error"]["message"]
    assert client.ask("hello")["ok"] is True
    assert daemon.process.poll() is None


def test_there_are_no_keys_to_reload_without_keys(client: Client) -> None:
    reply = client.ask("reload_keys", id="no keys")
    assert "forbidden" == reply["error"]["code"]
    assert "--keys" in reply["error"]["message"]


def test_a_shutdown_that_was_allowed_ends_the_daemon(clients: Clients) -> None:
    with Daemon("--source", "sim", "--allow-shutdown") as daemon:
        assert {"ok": True, "id": 1} == clients.of(daemon).ask("shutdown", id=1)
        assert 0 == daemon.wait()


def test_latest_holds_the_newest_frame_of_every_topic(client: Client, daemon: Daemon) -> None:
    drives(client)
    with daemon.connect() as bridge:
        seen = bridge.latest(Physics, timeout=10)
        frames = client.ask("latest")["frames"]
    assert {record.topic for record in (Physics, Graphics, Derived, Static, Status, Controls, Event)} == frames.keys()
    assert seen.tick <= frames["physics"]["tick"] < seen.tick + 600
    assert {frames["physics"]["tick"]} == {frames[topic]["tick"] for topic in ("graphics", "derived")}
    for record in (Physics, Graphics, Derived, Static, Status, Controls, Event):
        assert HEADER | {column.name for column in record.columns} == frames[record.topic].keys()


def test_static_is_unavailable_before_any_sim_has_run(clients: Clients, page_dir: Path) -> None:
    with Daemon("--page-dir", str(page_dir)) as daemon:
        client = clients.of(daemon)
        assert "unavailable" == client.ask("static")["error"]["code"]
        assert client.ask("latest")["frames"].keys() <= {"status", "controls"}


@pytest.mark.alone
def test_requests_are_answered_at_once_at_the_lowest_rate(clients: Clients) -> None:
    with Daemon("--source", "sim", "--rate", "1") as daemon:
        client = clients.of(daemon)
        client.ask("hello")
        for _ in range(5):
            asked = time.perf_counter()
            client.ask("status")
            assert time.perf_counter() - asked < 0.5
