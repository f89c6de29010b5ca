"""What PlotJuggler's ZMQ plugin makes of our messages, read over a real socket without any msgpack library."""

import struct
import time
from collections.abc import Iterator

import pytest
import zmq

from acbridge.schema import ANY_LENGTH
from acbridge.topics import BY_NAME
from plain_msgpack import Single, UnreadableError, read, read_map, read_message
from programs import PATIENCE_S, Daemon


def collect(port: int) -> dict[str, list[bytes]]:
    """Receive until every topic has come once, and return one message of each."""
    found: dict[str, list[bytes]] = {}
    deadline = time.monotonic() + PATIENCE_S
    with zmq.Context() as context, context.socket(zmq.SUB) as socket:
        socket.linger = 0
        socket.rcvtimeo = 5000
        socket.connect(f"tcp://127.0.0.1:{port}")
        socket.subscribe(b"")
        while found.keys() != BY_NAME.keys():
            assert time.monotonic() < deadline, f"only {sorted(found)} came"
            parts = socket.recv_multipart()
            found[parts[0].decode()] = parts
    return found


@pytest.fixture(scope="module")
def messages() -> Iterator[dict[str, list[bytes]]]:
    """One message of each topic, as it came from the socket."""
    with Daemon("--source", "sim") as daemon:
        yield collect(daemon.port)


def test_every_topic_reads_as_series_with_the_time_in_unix_seconds(messages: dict[str, list[bytes]]) -> None:
    now = time.time()
    for name, parts in messages.items():
        topic, timestamp, series = read_message(parts)
        assert name == topic
        assert now - 60 < timestamp < now + 1
        assert timestamp == series[f"{topic}/timestamp"]


def test_numbers_become_series_named_after_topic_and_field(messages: dict[str, list[bytes]]) -> None:
    series = read_message(messages["physics"])[2]
    assert series["physics/speedKmh"] > 0
    assert series["physics/wheelLoad[3]"] > 0
    assert abs(series["physics/tyreContactPoint[2][1]"]) < 100
    assert "physics/wheelLoad[4]" not in series
    assert "physics/tyreContactPoint[2]" not in series
    assert 60.0 == read_message(messages["status"])[2]["status/rate"]


def test_truth_values_become_series(messages: dict[str, list[bytes]]) -> None:
    series = read_message(messages["derived"])[2]
    assert {0.0, 1.0} >= {series[f"derived/wheels_past_peak[{wheel}]"] for wheel in range(4)}


def test_text_and_nil_are_dropped(messages: dict[str, list[bytes]]) -> None:
    assert "static/track" not in read_message(messages["static"])[2]
    assert "status/sim_detail" not in read_message(messages["status"])[2]
    assert "static/trackSPlineLength" in read_message(messages["static"])[2]


def test_every_number_of_the_table_becomes_a_series(messages: dict[str, list[bytes]]) -> None:
    for name, parts in messages.items():
        series = read_message(parts)[2]
        for column in BY_NAME[name].record.columns:
            if not column.is_text and not column.nullable and ANY_LENGTH not in column.shape:
                first = "".join("[0]" for _ in column.shape)
                last = "".join(f"[{size - 1}]" for size in column.shape)
                assert f"{name}/{column.name}{first}" in series
                assert f"{name}/{column.name}{last}" in series


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b"\xc0", None),
        (b"\xc3", True),
        (b"\x7f", 127),
        (b"\xff", -1),
        (b"\xcd\x01\x00", 256),
        (b"\xd2\xff\xff\xff\xfe", -2),
        (b"\xcf" + b"\xff" * 8, 2**64 - 1),
        (b"\xcb" + struct.pack(">d", 0.1), 0.1),
        (b"\xca" + struct.pack(">f", 0.5), Single(0.5)),
        (b"\xa2\xc3\xbc", "ü"),
        (b"\xd9\x01a", "a"),
        (b"\x92\x01\xa1a", [1, "a"]),
        (b"\xdc\x00\x01\xc2", [False]),
        (b"\x81\xa1a\x90", {"a": []}),
        (b"\xde\x00\x01\xa1a\x80", {"a": {}}),
    ],
)
def test_the_plain_reader_reads(data: bytes, value: object) -> None:
    assert (value, b"rest") == read(data + b"rest")
    assert type(value) is type(read(data)[0])


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "1 bytes wanted, 0 left"),
        (b"\x81\xa1a", "0 left"),
        (b"\x81\xa3a", "3 bytes wanted, 1 left"),
        (b"\x81\x01\xa1a", "key 1 is no text"),
        (b"\x81\xa1a\x81\x01\x02", "key 1 is no text"),
        (b"\x81\xc4\x01a\x02", "marker 0xc4"),
        (b"\x81\xa1a\xd4\x01\x00", "marker 0xd4"),
        (b"\x81\xa1a\xc1", "marker 0xc1"),
        (b"\x82\xa1a\x01\xa1a\x02", "comes twice"),
        (b"\x81\xa1a\x01\x00", "1 bytes follow"),
        (b"\x81\xa1\xff\x01", "utf-8"),
        (b"\x91\x01", "a map was expected"),
    ],
)
def test_the_plain_reader_refuses_a_payload_with(payload: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        read_map(payload)


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ([b"physics"], "2 parts, not 1"),
        ([b"physics", b"\x80", b""], "2 parts, not 3"),
        ([b"\xff", b"\x81\xa9timestamp\xcb" + bytes(8)], "utf-8"),
        ([b"physics", b"\x81\xa9timestamp\xca" + bytes(4)], "must be a float64"),
        ([b"physics", b"\x81\xa9timestamp\x01"], "must be a float64"),
        ([b"physics", b"\x80"], "must be a float64"),
    ],
)
def test_the_plain_reader_refuses_a_message_with(parts: list[bytes], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        read_message(parts)


def test_the_plain_reader_refuses_a_frame_of_another_length(
    messages: dict[str, list[bytes]],
) -> None:
    with pytest.raises(UnreadableError, match="1 bytes follow"):
        read_map(messages["physics"][1] + b"\x00")
    with pytest.raises(UnreadableError, match="left"):
        read_map(messages["physics"][1][:-1])
