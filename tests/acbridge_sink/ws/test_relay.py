"""The relay as its clients meet it: over real sockets, from real processes."""

import json
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import pytest
import zmq
from websockets.exceptions import ConnectionClosed

import tools
from acbridge import Graphics, Physics
from acbridge.topics import BY_NAME, TOPICS
from acbridge_sink.daemon_watch import FIX
from bench import packb, unpackb
from programs import PATIENCE_S, Daemon, Program, until
from relays import Message, Relay, ended, first, messages, of_topic, of_type, some

HEADER = ["topic", "v", "run", "tick", "seq", "timestamp", "mono_ns"]
STATES = ["physics", "graphics", "derived", "static", "status"]
"""What a newcomer is shown at once."""


@pytest.fixture(scope="module")
def fast() -> Iterator[Daemon]:
    with Daemon("--source", "sim", "--rate", "333") as running:
        yield running


@pytest.fixture(scope="module")
def relay(fast: Daemon) -> Iterator[Relay]:
    """Run one relay for all tests here: each must leave it well."""
    with Relay(fast.address) as running:
        with running.client("?topics=status") as client:
            first(client, of_topic("status"))
        yield running
        assert [f"relay at http://127.0.0.1:{running.port}"] == running.err


def test_the_first_message_names_the_daemon_and_describes_every_field(relay: Relay, fast: Daemon) -> None:
    with relay.client() as client:
        hello = next(messages(client))
    described = hello.pop("topics")
    assert ("hello", 1, fast.run, 333.0, True) == tuple(hello[k] for k in ("type", "wire", "run", "rate", "connected"))
    assert list(BY_NAME) == list(described)
    for topic in TOPICS:
        for column in topic.record.columns:
            expected = {"unit": column.unit, "type": column.type_name, "meaning": column.meaning}
            assert expected == described[topic.name][column.name]


def test_then_comes_the_newest_of_each_topic_at_once(relay: Relay) -> None:
    with relay.client() as client:
        stream = messages(client)
        next(stream)
        received = [message["topic"] for message in islice(stream, 5)]
    assert STATES == received


def test_a_frame_is_flat_and_holds_what_the_daemon_sent(relay: Relay, fast: Daemon) -> None:
    with (
        fast.connect() as bridge,
        relay.client("?topics=physics&max_hz=1000") as client,
        bridge.frames(Physics, timeout=PATIENCE_S) as frames,
    ):
        oldest = next(frames).seq
        relayed = first(client, lambda message: message.get("seq", 0) > oldest)
        sent = next(frame for frame in frames if frame.seq >= relayed["seq"])
    assert relayed["seq"] == sent.seq
    assert [*HEADER, *(column.name for column in Physics.columns)] == sorted(
        relayed, key=[*HEADER, *vars(sent.record)].index
    )
    assert json.loads(json.dumps(vars(sent.record))) == {k: v for k, v in relayed.items() if k not in HEADER}
    assert (sent.tick, sent.timestamp, sent.mono_ns) == tuple(relayed[k] for k in ("tick", "timestamp", "mono_ns"))


def test_msgpack_has_the_same_values_as_json(relay: Relay) -> None:
    with (
        relay.client("?max_hz=1000") as text,
        relay.client("?max_hz=1000", subprotocols=["acbridge.msgpack"]) as binary,
    ):
        assert (None, "acbridge.msgpack") == (text.subprotocol, binary.subprotocol)
        unpacked: list[Message] = [unpackb(binary.recv(timeout=PATIENCE_S, decode=False)) for _ in range(60)]
        received = some(text, 60)
    by_key = {(message["topic"], message["seq"]): message for message in unpacked if "seq" in message}
    common = [message for message in received if "seq" in message and (message["topic"], message["seq"]) in by_key]
    assert len(common) > 10
    for message in common:
        assert message == by_key[message["topic"], message["seq"]]
    assert unpacked[0]["topics"] == received[0]["topics"]


def test_the_json_subprotocol_may_be_named_and_the_clients_first_choice_counts(relay: Relay) -> None:
    with relay.client(subprotocols=["other", "acbridge.json", "acbridge.msgpack"]) as client:
        assert "acbridge.json" == client.subprotocol
        assert "hello" == next(messages(client))["type"]


def test_a_query_chooses_topics_fields_and_rate(relay: Relay) -> None:
    with relay.client("?topics=physics,derived&fields=speedKmh,rpms,acc_right_g&max_hz=20") as client:
        frames = some(client, 41)[1:]
    assert {"physics", "derived"} == {frame["topic"] for frame in frames}
    for frame in frames:
        fields = {"physics": {"speedKmh", "rpms"}, "derived": set(frame) & {"acc_right_g"}}[frame["topic"]]
        assert {*HEADER, *fields} == set(frame)
    stamps = [frame["mono_ns"] for frame in frames if frame["topic"] == "physics"]
    assert 15 < (len(stamps) - 1) * 1e9 / (stamps[-1] - stamps[0]) < 25


@pytest.mark.parametrize("subprotocol", ["acbridge.json", "acbridge.msgpack"])
def test_an_unknown_name_that_no_format_can_carry_is_answered(relay: Relay, subprotocol: str) -> None:
    with relay.client("?topics=status", subprotocols=[subprotocol]) as client:
        client.send('{"op":"subscribe","fields":["\\ud800\\u001b[2J"]}')
        received = (client.recv(timeout=PATIENCE_S) for _ in range(50))
        replies = (json.loads(data) if isinstance(data, str) else unpackb(data) for data in received)
        error = next(message for message in replies if message.get("type") == "error")
        assert "unknown fields in the chosen topics: \ufffd\ufffd[2J; nothing was changed" == error["message"]


def test_a_rate_that_a_client_asked_for_is_no_skip(relay: Relay) -> None:
    with relay.client("?topics=physics&fields=rpms&max_hz=10") as client:
        received = some(client, 12)[1:]
    assert [] == [message for message in received if "type" in message]
    # The due times lie on a grid, and a frame may come half a period early.
    assert all(after["mono_ns"] - before["mono_ns"] >= 50e6 for before, after in pairwise(received[1:]))


def test_a_message_chooses_anew_and_begins_with_the_newest(relay: Relay) -> None:
    with relay.client("?topics=status") as client:
        first(client, of_topic("status"))
        client.send(json.dumps({"op": "subscribe", "topics": ["static"], "fields": ["track"]}))
        static = first(client, of_topic("static"))
        assert {*HEADER, "track"} == static.keys()
        client.send(packb({"op": "subscribe", "topics": ["graphics"], "fields": []}))  # none means all
        graphics = first(client, of_topic("graphics"))
        assert HEADER == list(graphics)[: len(HEADER)]
        assert {column.name for column in Graphics.columns} == graphics.keys() - {*HEADER}


def test_fields_without_topics_choose_the_topics_that_have_them(relay: Relay) -> None:
    with relay.client("?fields=speedKmh") as client:
        received = some(client, 6)[1:]
    assert {"physics"} == {message["topic"] for message in received}


def test_no_topics_mean_no_frames(relay: Relay) -> None:
    with relay.client("?topics=") as client:
        next(messages(client))
        with pytest.raises(TimeoutError):
            client.recv(timeout=0.2)


@pytest.mark.parametrize(
    ("message", "named"),
    [
        ({"op": "subscribe", "topics": ["physics", "fysics", "telemetry"]}, "unknown topics: fysics, telemetry"),
        ({"op": "subscribe", "fields": ["speed"]}, "unknown fields in the chosen topics: speed"),
        ({"op": "subscribe", "topics": ["derived"], "fields": ["rpms"]}, "rpms"),
        ({"op": "subscribe", "topics": "physics"}, "topics must be an array of names"),
        ({"op": "subscribe", "topics": [["physics"]]}, "topics must be an array of names"),
        ({"op": "subscribe", "max_hz": 0}, "max_hz must be a number above 0"),
        ({"op": "subscribe", "max_hz": True}, "max_hz"),
        ({"op": "subscribe", "max_hz": float("nan")}, "max_hz"),
        ({"op": "subscribe", "max_rate": 3}, "unknown: max_rate"),
        ({"op": "shutdown"}, "'op' is 'subscribe'"),
        ({}, "'op' is 'subscribe'"),
        ([], "'op' is 'subscribe'"),
        ("}", "must be one map"),
        ("[" * 4000, "must be one map"),
        (b"\x91" * 4000, "must be one map"),
        (b"\xdd\xff\xff\xff\xff", "must be one map"),
        (b"\xff\x00", "must be one map"),
        (b"", "must be one map"),
    ],
    ids=lambda value: repr(value)[:60],
)
def test_a_bad_message_is_answered_by_name_and_changes_nothing(relay: Relay, message: Any, named: str) -> None:
    with relay.client("?topics=physics&fields=rpms&max_hz=100") as client:
        client.send(message if isinstance(message, str | bytes) else json.dumps(message))
        assert named in first(client, of_type("error"))["message"]
        frame = first(client, of_topic("physics"))
    assert [*HEADER, "rpms"] == list(frame)


def test_a_bad_query_is_an_error_and_the_default_is_selected(relay: Relay) -> None:
    with relay.client("?topics=fysics") as client:
        stream = messages(client)
        assert "hello" == next(stream)["type"]
        assert {"type": "error", "message": "unknown topics: fysics; nothing was changed"} == next(stream)
        assert "physics" == next(stream)["topic"]
    with relay.client("?max_hz=fast") as client:
        assert "max_hz must be a number, not 'fast'" == first(client, of_type("error"))["message"]


def test_a_client_that_talks_too_much_is_shown_the_door(relay: Relay) -> None:
    with relay.client("?topics=") as client:
        with suppress(ConnectionClosed):
            for _ in range(60):
                client.send("{}")
        assert 1008 == ended(client)


def test_a_message_that_is_too_long_ends_the_connection(relay: Relay) -> None:
    with relay.client("?topics=") as client:
        client.send("x" * 5000)
        assert 1009 == ended(client)


def test_health_has_the_state_of_the_relay(relay: Relay) -> None:
    with relay.client(), relay.client():
        until(lambda: relay.health()["clients"] == 2, "both clients counted")
        health = relay.health()
    assert (True, True, "live") == (health["ok"], health["connected"], health["sim_state"])
    assert 0 <= health["tick_age_s"] < 2
    until(lambda: relay.health()["clients"] == 0, "both clients gone")


def test_a_relay_reports_when_the_daemon_comes_and_goes() -> None:
    with Daemon("--source", "sim") as earlier:
        port = earlier.port
    with Relay(f"127.0.0.1:{port}") as relay, relay.client() as client:
        stream = messages(client)
        hello = next(stream)
        assert (None, None, False) == (hello["run"], hello["sim_state"], hello["connected"])
        assert {"type": "daemon", "connected": False} == next(stream)
        assert {"ok": True, "clients": 1, "connected": False, "sim_state": None, "tick_age_s": None} == relay.health()
        runs: list[int] = []
        for _ in range(2):
            with Daemon("--source", "sim", port=port) as daemon:
                assert {"type": "daemon", "connected": True} == first(client, of_type("daemon"))
                physics = first(client, of_topic("physics"))
                assert daemon.run == physics["run"]
                runs.append(daemon.run)
            assert {"type": "daemon", "connected": False} == first(client, of_type("daemon"))
        assert runs[0] != runs[1]


def test_a_missing_daemon_is_reported_once() -> None:
    complaint = f"acbridge-sink: no daemon answers at tcp://127.0.0.1:1; {FIX}"
    with Relay("127.0.0.1:1") as relay:
        relay.said(complaint)
        assert 69 == relay.end(signal.SIGINT)
    unheard = "acbridge-sink: no daemon was heard at tcp://127.0.0.1:1"
    assert [f"relay at http://127.0.0.1:{relay.port}", complaint, unheard] == relay.err


@pytest.mark.alone
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_closes_good_stuck_and_silent_clients_within_two_seconds(fast: Daemon, how: signal.Signals) -> None:
    with (
        Relay(fast.address) as relay,
        relay.client() as client,
        relay.raw("?max_hz=1000"),
        relay.tight(),
    ):
        first(client, of_topic("physics"))
        time.sleep(0.5)  # let the buffers of the stuck one fill
        asked = time.monotonic()
        relay.process.send_signal(how)
        assert 1001 == ended(client)
        assert 0 == relay.wait()
        assert time.monotonic() - asked < 2
    assert [f"relay at http://127.0.0.1:{relay.port}"] == relay.err


def test_a_relay_comes_back_on_its_port(fast: Daemon) -> None:
    with Relay(fast.address) as before, before.client() as client:
        first(client, of_topic("physics"))
        before.process.kill()
        assert ended(client) is None
    with Relay(fast.address, port=before.port) as after, after.client() as client:
        first(client, of_topic("physics"))


def test_help_explains_every_option() -> None:
    with Program("acbridge_sink", "ws", "--help") as program:
        assert 0 == program.wait()
    text = "\n".join(program.out)
    for option in ("connect", "topic-prefix", "duration", "host", "port", "token", "max-clients", "dial"):
        assert f"--{option}" in text


def test_a_port_that_is_taken_ends_with_one_line(relay: Relay) -> None:
    with Program("acbridge_sink", "ws", "--port", str(relay.port)) as second:
        assert 69 == second.wait()
    (line,) = second.err
    assert f"cannot listen on 127.0.0.1 port {relay.port}" in line


def test_something_else_on_the_daemons_port_ends_it_with_one_line() -> None:
    with zmq.Context() as context, context.socket(zmq.PUB) as foreign:
        foreign.linger = 0
        port = foreign.bind_to_random_port("tcp://127.0.0.1")
        with Relay(f"127.0.0.1:{port}") as relay, relay.client() as client:
            until(lambda: foreign.send_multipart([b"status", b"", b""]) or relay.process.poll() is not None, "its end")
            assert 1 == relay.wait()
            assert 1001 == ended(client)
    assert "is this port an acbridge daemon's?" in relay.err[-1]
    assert 2 == len(relay.err)


def test_a_missing_extra_ends_with_one_line_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "websockets.py").write_text("raise ModuleNotFoundError('No module', name='websockets')")
    with Program("acbridge_sink", "ws", env={"PYTHONPATH": str(tmp_path)}) as relay:
        assert 78 == relay.wait()
    assert ["acbridge-sink: ws needs websockets: pip install 'acbridge[ws]'"] == relay.err


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("--host", "0.0.0.0"), "give --token, at least 16 characters"),
        (("--host", "::"), "give --token"),
        (("--host", "rig.example"), "give --token"),
        (("--token", "short"), "at least 16 characters"),
        (("--dial", "http://example.org"), "wss://host/path"),
        (("--dial", "wss://"), "wss://host/path"),
        (("--dial", "ws://host:99999/"), "ws://host:port/path"),
        (("--max-clients", "0"), "--max-clients"),
        (("--max-clients", "1001"), "--max-clients"),
    ],
    ids=str,
)
def test_settings_that_cannot_work_end_with_one_clear_line(arguments: tuple[str, ...], problem: str) -> None:
    with Program("acbridge_sink", "ws", *arguments) as relay:
        assert 2 == relay.wait()
    assert relay.err[-1].startswith("Error: ")
    assert problem in relay.err[-1]


NODE = """
import { WebSocket } from "ws";
const [, , url, subprotocol] = process.argv;
const socket = subprotocol ? new WebSocket(url, subprotocol) : new WebSocket(url);
let lines = 0;
socket.on("message", (data, binary) => {
  if (lines === 5) return; // what was under way when we closed
  if (binary) { console.log("binary", data[0] >= 0x80); process.exit(); }
  const message = JSON.parse(data);
  if (message.type === "skipped") return; // a busy machine
  console.log(message.type ?? message.topic, message.rpms ?? "");
  if (++lines === 5) socket.close();
});
"""


def test_a_client_of_another_language_understands_the_relay(relay: Relay, tmp_path: Path) -> None:
    node, npm = tools.require("node"), tools.require("npm")
    (tmp_path / "client.mjs").write_text(NODE)
    subprocess.run(
        [npm, "install", "--no-audit", "--no-fund", "ws@8"], cwd=tmp_path, check=True, capture_output=True, timeout=300
    )
    shutil.rmtree(tmp_path / "node_modules" / ".cache", ignore_errors=True)

    def run(*arguments: str) -> list[str]:
        ended = subprocess.run(
            [node, "client.mjs", *arguments], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True
        )
        return ended.stdout.splitlines()

    url = f"ws://127.0.0.1:{relay.port}/?topics=physics&fields=rpms"
    said = run(url)
    assert "hello" == said[0].strip()
    assert [4, True] == [
        len(said[1:]),
        all(line.split()[0] == "physics" and int(line.split()[1]) > 0 for line in said[1:]),
    ]
    assert ["binary true"] == run(url, "acbridge.msgpack")
