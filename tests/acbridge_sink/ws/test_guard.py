"""What a client can do below the messages: pings without end, and connections without a greeting."""

import socket
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from programs import PATIENCE_S, Daemon, Program, until
from relays import Relay, ended, first, of_topic

PING = b"\x89\x80\0\0\0\0"
"""A masked ping without content."""
FEW_FILES = """
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, (128, 128))
from acbridge_sink.cli import main
main(prog_name="acbridge-sink")
"""


@pytest.fixture(scope="module")
def daemon() -> Iterator[Daemon]:
    with Daemon("--source", "sim", "--rate", "60") as running:
        yield running


def test_pings_without_end_end_the_connection_and_delay_no_other(daemon: Daemon) -> None:
    with Relay(daemon.address) as relay, relay.client("?topics=physics") as good:
        first(good, of_topic("physics"))
        flooding = relay.raw()
        assert flooding.recv(4096).startswith(b"HTTP/1.1 101")
        received = b""
        with suppress(OSError):
            for _ in range(200):
                flooding.sendall(PING * 1000)
        with suppress(OSError):
            while more := flooding.recv(65536):
                received += more
        flooding.close()
        first(good, of_topic("physics"))
        until(lambda: relay.health()["clients"] == 1, "the end of the flooding connection")
        assert [f"relay at http://127.0.0.1:{relay.port}"] == relay.err


def test_a_client_that_pings_too_often_is_given_the_reason(daemon: Daemon) -> None:
    with Relay(daemon.address) as relay:
        with relay.client("?topics=status") as client:
            for _ in range(60):
                client.ping()
            assert 1008 == ended(client)
        with relay.client("?topics=status") as client:
            for _ in range(20):
                client.ping().wait(PATIENCE_S)
            first(client, of_topic("status"))


def test_connections_without_a_greeting_take_no_descriptors_from_clients(daemon: Daemon) -> None:
    given = ("ws", "--connect", daemon.address, "--port", "0", "--max-clients", "4")
    with Program("-c", FEW_FILES, *given) as relay:
        port = int(relay.said("relay at http://").rpartition(":")[2])
        idle: list[socket.socket] = []
        for _ in range(300):
            with suppress(OSError):
                idle.append(socket.create_connection(("127.0.0.1", port), timeout=1))
        time.sleep(0.2)
        for connection in idle:
            connection.close()

        def healthy() -> bool:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1) as bare:
                bare.sendall(f"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
                return bare.recv(4096).startswith(b"HTTP/1.1 200")
            return False

        until(healthy, "an answer")
        assert 0 == relay.end()
    assert len(relay.err) <= 2
    assert "Traceback" not in "\n".join(relay.err)
