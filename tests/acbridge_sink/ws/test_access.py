"""Access to the relay, the files that it serves, and the isolation of clients from each other."""

import json
import os
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus

from acbridge_sink.ws.site import DASHBOARD, TYPES
from bench import percentile
from programs import PATIENCE_S, Daemon, until
from relays import Message, Relay, first, messages, of_topic, some, status

TOKEN = "correct-horse-battery"
STUCK = 10


@pytest.fixture(scope="module")
def daemon() -> Iterator[Daemon]:
    with Daemon("--source", "sim", "--rate", "333") as running:
        yield running


@pytest.fixture(scope="module")
def relay(daemon: Daemon) -> Iterator[Relay]:
    """Run one relay for all tests here: each must leave it well."""
    with Relay(daemon.address) as running:
        yield running
        assert [f"relay at http://127.0.0.1:{running.port}"] == running.err


@pytest.fixture(scope="module")
def guarded(daemon: Daemon) -> Iterator[Relay]:
    """Run a relay that other machines could reach."""
    with Relay(daemon.address, "--host", "0.0.0.0", env={"ACBRIDGE_WS_TOKEN": TOKEN}) as running:
        yield running


HOSTS = {
    "127.0.0.1:{port}": True,
    "localhost:{port}": True,
    "LocalHost": True,
    "[::1]:{port}": True,
    "127.8.8.8:1": True,  # a tunnel's end
    "evil.example:{port}": False,
    "127.0.0.1.evil.example:{port}": False,
    "localhost.evil.example": False,
    "192.168.1.20:{port}": False,
    "0.0.0.0:{port}": False,
    "127.0.0.1:{port}, evil.example": False,
    "evil.example@127.0.0.1": False,
    "": False,
}
ORIGINS = {
    None: True,
    "http://{host}": True,
    "https://{host}": True,  # a proxy that adds TLS
    "null": False,
    "": False,
    "http://evil.example": False,
    "http://{host}.evil.example": False,
    "http://evil.example/{host}": False,
    "http://{host}/": False,
    "http://127.0.0.1:1": False,
    "file://": False,
}


@pytest.mark.parametrize("host", HOSTS)
def test_only_our_own_page_and_programs_get_in_by_our_own_names(relay: Relay, host: str) -> None:
    here = host.format(port=relay.port)
    for origin, good in ORIGINS.items():
        headers = {"Host": here} | ({} if origin is None else {"Origin": origin.format(host=here)})
        with relay.raw("?topics=", headers) as bare:
            assert (101 if good and HOSTS[host] else 403) == status(bare), headers
    for path in ("/", "/healthz", "/nothing"):
        refused = relay.get(path, Host=here)[0].status == 403
        assert refused is not HOSTS[host], path


def test_health_is_for_our_own_page_too(relay: Relay) -> None:
    assert 403 == relay.get("/healthz", Origin="http://evil.example")[0].status
    assert 200 == relay.get("/healthz", Origin=f"http://127.0.0.1:{relay.port}")[0].status


@pytest.mark.parametrize(
    ("query", "bearer", "answer"),
    [
        ("", None, 401),
        ("?token=", None, 401),
        (f"?token={TOKEN}x", None, 401),
        ("?token=%ff%ff", None, 401),
        (f"?token={TOKEN}", None, 101),
        (f"?topics=physics&token={TOKEN}", None, 101),
        ("", f"Bearer {TOKEN}", 101),
        ("", f"bearer {TOKEN}", 101),
        ("", "Bearer wrong", 401),
        ("", "Bearer \u00fc", 401),
        ("", f"Basic {TOKEN}", 401),
        ("", TOKEN, 401),
    ],
)
def test_a_relay_that_others_can_reach_asks_for_the_token(
    guarded: Relay, query: str, bearer: str | None, answer: int
) -> None:
    given = {} if bearer is None else {"Authorization": bearer}
    with guarded.raw(query, given) as bare:
        assert answer == status(bare)
    asked = guarded.get(f"/healthz{query}", **{name: value.encode("latin-1") for name, value in given.items()})  # type: ignore[arg-type]
    assert (200 if answer == 101 else 401) == asked[0].status


def test_a_token_does_not_let_a_strangers_page_in(guarded: Relay) -> None:
    with guarded.raw(f"?token={TOKEN}", {"Origin": "http://evil.example"}) as bare:
        assert 403 == status(bare)
    with guarded.raw(f"?token={TOKEN}", {"Host": "evil.example"}) as bare:
        assert 403 == status(bare)
    with guarded.raw(f"?token={TOKEN}", {"Host": "192.168.1.20:8765"}) as bare:
        assert 101 == status(bare)
    assert 200 == guarded.get("/", Host="192.168.1.20:8765")[0].status  # the page holds no data


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/..",
        "/../cli.py",
        "/../../acbridge_sink/cli.py",
        "/%2e%2e/cli.py",
        "/..%2fcli.py",
        "/..\\cli.py",
        "//etc/passwd",
        "/etc/passwd",
        "/./index.html",
        "/index.html/",
        "/index.html%00",
        "/INDEX.HTML",
        "index.html",
        "http://127.0.0.1/index.html",
        "/healthz/",
    ],
)
def test_nothing_but_the_page_is_served(relay: Relay, path: str) -> None:
    response, body = relay.get(path)
    assert (404, b"nothing here\n") == (response.status, body)


def test_every_file_of_the_page_is_served_as_what_it_is(relay: Relay) -> None:
    files = [path for path in DASHBOARD.rglob("*") if path.is_file()]
    assert DASHBOARD / "index.html" in files
    for path in files:
        response, body = relay.get(f"/{path.relative_to(DASHBOARD).as_posix()}")
        assert (200, path.read_bytes()) == (response.status, body)
        assert TYPES[path.suffix] == response.headers["Content-Type"]
        assert "no-store" == response.headers["Cache-Control"]
        assert "nosniff" == response.headers["X-Content-Type-Options"]
        assert "default-src 'self'; connect-src 'self' ws: wss:" == response.headers["Content-Security-Policy"]
    assert (DASHBOARD / "index.html").read_bytes() == relay.get("/")[1] == relay.get("/?token=x")[1]


@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT", "DELETE", "OPTIONS"])
def test_nothing_but_get_is_answered(relay: Relay, method: str) -> None:
    assert 405 == relay.get("/", method)[0].status


def test_one_client_too_many_is_refused_and_a_place_that_is_left_is_free(daemon: Daemon) -> None:
    with (
        Relay(daemon.address, "--max-clients", "2") as relay,
        relay.client("?topics="),
        relay.client("?topics=") as second,
    ):
        until(lambda: relay.health()["clients"] == 2, "both counted")
        with pytest.raises(InvalidStatus) as refused:
            relay.client()
        assert 503 == refused.value.response.status_code
        second.close()
        until(lambda: relay.health()["clients"] == 1, "the place left")
        with relay.client("?topics=physics") as third:
            first(third, of_topic("physics"))


def resident_bytes(relay: Relay) -> int:
    return int(Path(f"/proc/{relay.process.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")


@pytest.mark.alone
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_stuck_clients_delay_no_other_cost_nothing_and_are_disconnected(daemon: Daemon) -> None:
    """A plain broadcast fails this: it keeps what they do not take, and so do the pings that should find them."""
    with Relay(daemon.address) as relay, relay.client("?topics=physics&max_hz=1000") as good:
        first(good, of_topic("physics"))
        stuck = [relay.raw("?max_hz=1000") for _ in range(STUCK)]
        until(lambda: relay.health()["clients"] == 1 + STUCK, "all counted")
        time.sleep(1)
        before, begun = resident_bytes(relay), time.monotonic()
        ages: list[int] = []
        gaps = skipped = 0
        last = first(good, of_topic("physics"))["seq"]
        let_go: float | None = None
        for message in messages(good):
            if "type" in message:
                skipped += message["count"]
                continue
            ages.append(time.perf_counter_ns() - message["mono_ns"])
            gaps += message["seq"] - last - 1
            last = message["seq"]
            if len(ages) % 100 == 0 and relay.health()["clients"] == 1:
                let_go = time.monotonic() - begun
                break
            assert time.monotonic() - begun < 20, relay.health()
        grown = resident_bytes(relay) - before
        for bare in stuck:
            bare.close()
    assert let_go is not None
    assert 7 < let_go < 14
    assert grown < 5_000_000
    assert gaps == skipped
    assert percentile(ages, 50) < 20e6
    assert len(ages) > 200 * let_go


def test_a_client_that_pauses_gets_the_exact_count_of_missed_frames(relay: Relay) -> None:
    with relay.client("?topics=physics,event&max_hz=1000", sock=relay.tight(), max_queue=1) as client:
        received: list[Message] = []
        for _ in range(3):
            received += some(client, 50)
            time.sleep(1.5)
        stream = messages(client)
        while "seq" not in (last := received[-1]) or time.perf_counter_ns() - last["mono_ns"] > 50e6:
            received.append(next(stream))  # until the client has caught up; a count precedes a frame
    physics = [m for m in received if m.get("topic") == "physics"]
    said = sum(m["count"] for m in physics if m.get("type") == "skipped")
    frames = [m["seq"] for m in physics if "seq" in m]
    gaps = frames[-1] - frames[0] + 1 - len(frames)
    assert gaps == said
    assert gaps > 300


def test_garbage_before_the_handshake_leaves_no_trace(relay: Relay) -> None:
    for sent in (
        b"\x00" * 100,
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 1000 + b"\r\n",
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n123456789",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nOrigin: a\r\nOrigin: b\r\n\r\n",
    ):
        with socket.create_connection(("127.0.0.1", relay.port), timeout=PATIENCE_S) as bare:
            bare.sendall(sent)
            try:
                answer = bare.recv(65536)
            except ConnectionResetError:
                answer = b""
            assert not answer or int(answer.split()[1]) >= 400, (sent[:60], answer)
    assert json.loads(relay.get("/healthz")[1])["ok"]
