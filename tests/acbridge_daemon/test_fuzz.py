"""Random bytes: decoders raise only their own errors, and every request in REP's envelope gets one reply."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import zmq
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from acbridge import (
    DecodeError,
    Derived,
    Event,
    EventKind,
    Graphics,
    Physics,
    Static,
    Status,
    WireVersionError,
    requests,
    wire,
)
from acbridge.errors import RequestRefused
from acbridge.packing import pack
from acbridge.recording import read_ticks
from acbridge.requests import REQUESTS
from acbridge.wire import Header
from programs import Daemon

RECORDS = (Physics, Graphics, Static, Derived, Status, Event)
HEAD = wire.encode(Header(1, 2, 3, 4.0, 5), Event.of(EventKind.SPIN))
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | st.text(max_size=80)
    | st.binary(max_size=80)
    | st.sampled_from((*REQUESTS, "request", "id", "rate", "thresholds", "stuck_s"))
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=8) | st.integers(0, 9), inner, max_size=5)
    ),
    max_leaves=20,
)
REQUEST_LIKE = st.fixed_dictionaries(
    {"request": st.sampled_from(tuple(REQUESTS)) | SCALARS},
    optional={"id": SCALARS, "rate": VALUES, "thresholds": VALUES, "text": VALUES},
).filter(lambda body: body["request"] != "shutdown")


def mutated(body: bytes, places: list[tuple[int, int]]) -> bytes:
    changed = bytearray(body)
    for place, byte in places:
        if changed:
            changed[place % len(changed)] = byte
    return bytes(changed)


BYTES = (
    st.binary(max_size=300)
    | VALUES.map(pack)
    | REQUEST_LIKE.map(pack)
    | st.builds(
        mutated, REQUEST_LIKE.map(pack), st.lists(st.tuples(st.integers(0, 4096), st.integers(0, 255)), max_size=4)
    )
)
FRAMES = BYTES | st.builds(
    mutated, st.just(HEAD), st.lists(st.tuples(st.integers(0, 4096), st.integers(0, 255)), max_size=6)
)


@settings(deadline=None, max_examples=400)
@given(FRAMES)
def test_a_frame_of_any_bytes_is_decoded_or_refused(payload: bytes) -> None:
    for record in RECORDS:
        with suppress(DecodeError, WireVersionError):
            wire.decode(payload, record)


@settings(deadline=None, max_examples=400)
@given(BYTES)
def test_a_request_of_any_bytes_is_checked_or_refused(body: bytes) -> None:
    code, message = "", "good"
    try:
        requests.check_request(requests.unpack_request(body))
    except RequestRefused as refused:
        code, message = refused.code, refused.message
    assert code in ("", *requests.ERROR_CODES)
    assert 0 < len(message) < 3000


@settings(deadline=None, max_examples=200)
@given(BYTES)
def test_a_reply_of_any_bytes_is_read_or_refused(body: bytes) -> None:
    with suppress(DecodeError, RequestRefused):
        requests.decode_reply("hello", body)


@settings(deadline=None, max_examples=200)
@given(st.lists(st.text(max_size=60).map(lambda line: line + "\n"), max_size=4))
def test_a_recording_of_any_lines_is_read_or_refused(lines: list[str]) -> None:
    with suppress(DecodeError):
        list(read_ticks(lines))


@pytest.fixture(scope="module")
def asker() -> Iterator["zmq.Socket[bytes]"]:
    """Yield a socket that receives every reply, connected to a daemon that must still run at the end."""
    with Daemon("--source", "sim") as daemon, zmq.Context() as context:
        socket = context.socket(zmq.DEALER)
        socket.linger = 0
        socket.connect(f"tcp://127.0.0.1:{daemon.port + 1}")
        yield socket
        socket.close()
        with daemon.connect() as bridge:
            assert daemon.run == bridge.request("hello", timeout=10)["run"]
        assert [] == daemon.events("request_failed")


@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(BYTES)
def test_every_request_of_any_bytes_gets_exactly_one_reply(asker: "zmq.Socket[bytes]", body: bytes) -> None:
    asker.send_multipart([b"", body])
    assert asker.poll(10_000), "no reply came"
    delimiter, reply = asker.recv_multipart()
    assert b"" == delimiter
    assert reply
    assert not asker.poll(0), "a second reply came"
