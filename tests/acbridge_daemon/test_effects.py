"""The three effects of requests, seen by a plain client of a responder with a table of its own."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import zmq

from acbridge.requests import Argument, Effect, Request, RequestSpec
from acbridge_daemon.responder import RequestCounts, Responder
from acbridge_daemon.security import ZapHandler
from bench import packb, unpackb

PATIENCE_MS = 10_000


def check_integer(value: object) -> int:
    if type(value) is int:
        return value
    raise ValueError("must be an integer")


INTEGER = Argument("An integer.", check_integer)
TABLE = {
    "read": RequestSpec("Return the value.", "value"),
    "add": RequestSpec("Add to the value.", "value", Effect.ONCE, {"amount": INTEGER}),
    "steer": RequestSpec(
        "Set the value.",
        "value",
        Effect.STREAM,
        {"epoch": INTEGER, "seq": INTEGER, "value": INTEGER},
        order=("epoch", "seq"),
    ),
}


class Server:
    """A responder that keeps one number, and a REQ client of it."""

    def __init__(self) -> None:
        self.value = 0
        self.now = 0.0
        self.carried_out: list[str] = []
        self.context = zmq.Context()
        self.zap = ZapHandler(self.context, None)
        answers = {"read": self._read, "add": self._add, "steer": self._steer}
        self.counts = RequestCounts()
        self.responder = Responder(self.context, answers, self.zap, self.counts, TABLE)
        port = self.responder.socket.bind_to_random_port("tcp://127.0.0.1")
        self.client = self.context.socket(zmq.REQ)
        self.client.connect(f"tcp://127.0.0.1:{port}")

    def ask(self, request: str, **fields: Any) -> dict[str, Any]:
        self.now += 0.01  # so that no limit on requests per second is met
        self.client.send(packb({"request": request, **fields}))
        poller = zmq.Poller()
        for polled in (self.client, self.responder.socket, self.zap.socket):
            poller.register(polled, zmq.POLLIN)
        while True:
            ready = dict(poller.poll(PATIENCE_MS))
            assert ready, "no reply came"
            self.zap.answer()
            self.responder.answer(self.now)
            if self.client in ready:
                return unpackb(self.client.recv())

    def _read(self, _: Request) -> Mapping[str, Any]:
        self.carried_out.append("read")
        return {"value": self.value}

    def _add(self, request: Request) -> Mapping[str, Any]:
        self.carried_out.append("add")
        self.value += request.arguments["amount"]
        return {"value": self.value}

    def _steer(self, request: Request) -> Mapping[str, Any]:
        self.carried_out.append("steer")
        self.value = request.arguments["value"]
        return {"value": self.value}

    def close(self) -> None:
        self.responder.connections.close()
        for opened in (self.client, self.responder.socket, self.zap.socket):
            opened.close(0)
        self.context.term()


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.close()


def test_a_reading_request_is_carried_out_each_time(server: Server) -> None:
    assert [0, 0] == [server.ask("read", id="a")["value"] for _ in range(2)]
    assert ["read", "read"] == server.carried_out


def test_a_changing_request_is_carried_out_once_per_id(server: Server) -> None:
    assert [5, 5, 10] == [server.ask("add", id=name, amount=5)["value"] for name in ("a", "a", "b")]
    assert ["add", "add"] == server.carried_out


def test_a_stream_needs_no_id_and_its_replies_are_not_kept(server: Server) -> None:
    assert 3 == server.ask("steer", epoch=1, seq=1, value=3)["value"]
    assert 4 == server.ask("steer", epoch=1, seq=2, value=4, id="same")["value"]
    assert 9 == server.ask("steer", epoch=1, seq=3, value=9, id="same")["value"]
    assert 9 == server.value


@pytest.mark.parametrize(("epoch", "seq"), [(2, 5), (2, 4), (1, 99), (-1, 0)])
def test_a_request_of_a_stream_that_was_overtaken_is_refused_and_changes_nothing(
    server: Server, epoch: int, seq: int
) -> None:
    server.ask("steer", epoch=2, seq=5, value=7)
    refused = server.ask("steer", epoch=epoch, seq=seq, value=1)
    assert (False, "stale") == (refused["ok"], refused["error"]["code"])
    assert 7 == server.ask("read")["value"]
    assert (3, 1) == (server.counts.answered, server.counts.refused)


def test_a_larger_epoch_begins_its_sequence_anew(server: Server) -> None:
    server.ask("steer", epoch=2, seq=500, value=7)
    assert 8 == server.ask("steer", epoch=3, seq=0, value=8)["value"]


def test_a_stream_leaves_the_memory_of_replies_untouched(server: Server) -> None:
    server.ask("add", id="once", amount=1)
    for seq in range(2000):
        server.ask("steer", epoch=1, seq=seq, value=seq, id=seq)
    assert 1 == server.ask("add", id="once", amount=1)["value"]
    assert 1999 == server.value
