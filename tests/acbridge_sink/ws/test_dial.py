"""The relay as a caller: it pushes to a server, which goes away and comes back."""

import json
import socket
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from itertools import pairwise
from queue import Queue

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

from bench import unpackb
from programs import PATIENCE_S, Daemon, Program, Sink, until
from relays import Message


class Call:
    """One call that the server took, and what came in."""

    def __init__(self, connection: ServerConnection) -> None:
        self.connection = connection
        self.received: list[Message] = []
        self.closed: int | None = None

    def listen(self) -> None:
        try:
            for data in self.connection:
                self.received.append(json.loads(data) if isinstance(data, str) else unpackb(data))
        except ConnectionClosed:
            pass
        self.closed = self.connection.protocol.close_code

    def of(self, kind: str) -> list[Message]:
        return [m for m in self.received if (m["type"] if "type" in m else m["topic"]) == kind]


@contextmanager
def server(port: int = 0, subprotocol: str = "acbridge.json") -> Generator[tuple[str, Queue[Call]], None, None]:
    """Run a server that takes calls."""
    calls: Queue[Call] = Queue()

    def take(connection: ServerConnection) -> None:
        call = Call(connection)
        calls.put(call)
        call.listen()

    # Chosen by the server, whatever the caller's order.
    listening = socket.create_server(("127.0.0.1", port))
    with serve(take, sock=listening, subprotocols=[subprotocol], compression=None) as running:  # type: ignore[list-item]
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        try:
            yield f"ws://127.0.0.1:{listening.getsockname()[1]}/rig?key=secret", calls
        finally:
            running.shutdown()
            thread.join()
            while not calls.empty():
                calls.get().connection.close()


@pytest.mark.alone
def test_a_server_that_is_dialled_is_a_client_like_any_other(daemon: Daemon) -> None:
    with server() as (url, calls), Sink(daemon, "ws", "--dial", url) as sink:
        call = calls.get(timeout=PATIENCE_S)
        request = call.connection.request
        assert request is not None
        assert "/rig?key=secret" == request.path
        until(lambda: call.of("derived") and call.of("status"), "frames")
        assert "hello" == call.received[0]["type"]
        call.connection.send(json.dumps({"op": "subscribe", "topics": ["physics"], "fields": ["rpms"]}))
        until(lambda: len(call.received[-1]) == 8, "the new shape")
        call.connection.send("nonsense")
        until(lambda: call.of("error"), "the error")
        asked = time.monotonic()
        assert 0 == sink.end()
        assert time.monotonic() - asked < 2
        until(lambda: call.closed is not None, "the goodbye")
        assert 1001 == call.closed
        where = url.partition("?")[0]
        assert [f"pushing to {where}"] == sink.err  # the query may be a key


def test_the_server_chooses_msgpack_if_it_likes(daemon: Daemon) -> None:
    with server(subprotocol="acbridge.msgpack") as (url, calls), Sink(daemon, "ws", "--dial", url):
        call = calls.get(timeout=PATIENCE_S)
        until(lambda: call.of("physics"), "a frame")
        assert "acbridge.msgpack" == call.connection.subprotocol
        assert call.of("hello")


def test_a_server_that_comes_back_gets_the_newest_and_the_count_of_what_it_missed(daemon: Daemon) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = f"ws://127.0.0.1:{port}/rig"
    with Sink(daemon, "ws", "--dial", url) as sink:
        sink.said(f"cannot reach {url}")
        with server(port) as (_, calls):
            first = calls.get(timeout=PATIENCE_S)
            until(lambda: len(first.of("physics")) > 20, "frames")
            first.connection.close()
        sink.said("disconnected; reconnecting")
        time.sleep(1.2)
        back = time.perf_counter_ns()
        with server(port) as (_, calls):
            second = calls.get(timeout=PATIENCE_S)
            until(lambda: len(second.of("physics")) > 20, "frames again")
            sink.end()
            sink.said(f"pushing to {url}; it missed ")
        assert "hello" == second.received[0]["type"]
        # Nothing is older than the server's return but for what had been the newest: no backlog.
        for topic in ("physics", "graphics", "derived"):
            frames = second.of(topic)
            assert all(frame["mono_ns"] > back - 100e6 for frame in frames), topic
            before, after = first.of(topic)[-1]["seq"], frames[0]["seq"]
            skipped = sum(m["count"] for m in second.of("skipped") if m["topic"] == topic)
            gaps = sum(b["seq"] - a["seq"] - 1 for a, b in pairwise(frames))
            missing = after - before - 1 + gaps
            # Frames in transit when the server ended were sent and did not arrive; they cannot be counted.
            assert missing - 30 <= skipped <= missing
            assert skipped > 60


def test_it_serves_as_well_if_a_port_is_given(daemon: Daemon) -> None:
    with server() as (url, calls), Sink(daemon, "ws", "--dial", url, "--port", "0") as sink:
        sink.said("relay at http://127.0.0.1:")
        call = calls.get(timeout=PATIENCE_S)
        until(lambda: call.received, "what the caller says")


@pytest.mark.alone
def test_an_end_while_no_server_answers_is_quick(daemon: Daemon) -> None:
    with Program("acbridge_sink", "ws", "--connect", daemon.address, "--dial", "ws://127.0.0.1:9/") as sink:
        sink.said("cannot reach")
        asked = time.monotonic()
        assert 0 == sink.end()
        assert time.monotonic() - asked < 2
        assert 1 == len(sink.err)
