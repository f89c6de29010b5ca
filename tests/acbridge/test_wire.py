"""Frames: their header, their fixed places, and everything that is not one."""

import math
import struct
from collections.abc import Callable
from types import new_class
from typing import Any, cast

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from acbridge import packing, wire
from acbridge.derived import Derived, Event, EventKind
from acbridge.errors import DecodeError, WireVersionError
from acbridge.layout import Page
from acbridge.page_frames import PageEncoder
from acbridge.pages import Graphics, Physics, Static
from acbridge.schema import Record, string
from acbridge.status import Status
from acbridge.wire import HEADER_BYTES, Header
from deriving import derive

HEADER = Header(run=0xDEADBEEF, tick=12, seq=2**40, timestamp=1800000000.125, mono_ns=2**63)


def content(page: type[Page]) -> bytes:
    """Return a page on which no two numbers have the same bytes."""
    return bytes(place % 251 for place in range(page.page_size))


def samples() -> dict[str, bytes]:
    """Return a frame of every topic."""
    physics, graphics, static = content(Physics), content(Graphics), content(Static)
    derived = derive(Physics.from_page(physics), Graphics.from_page(graphics), Static.from_page(static))
    status: dict[str, Any] = dict.fromkeys((column.name for column in Status.columns), 1)
    status |= {"version": "1", "source": "sim", "sim_state": "live", "insecure": False, "sim_detail": None}
    status |= {"controls_state": "free", "controls_backend": "sim", "controls_calibration": None}
    return {
        "physics": PageEncoder(Physics).encode(HEADER, physics),
        "graphics": PageEncoder(Graphics).encode(HEADER, graphics),
        "static": PageEncoder(Static).encode(HEADER, static),
        "derived": wire.encode(HEADER, derived),
        "status": wire.encode(HEADER, Status(**status)),
        "event": wire.encode(HEADER, Event.of(EventKind.LAP_COMPLETED, lap=3, sector_times_ms=(1, 2, 3), valid=True)),
    }


FRAMES = samples()
READERS: list[Callable[[bytes], object]] = [
    wire.read_header,
    wire.decode_map,
    lambda payload: wire.decode(payload, Physics),
]
each_topic = pytest.mark.parametrize("topic", FRAMES)


def by_name(record: Record) -> str:
    """Return a record's values in one order, as text: NaN equals NaN there, and 1 is not 1.0."""
    return repr(sorted(vars(record).items()))


def with_fields(frame: bytes, fields: dict[str, Any]) -> bytes:
    """Return a frame with the same header and other fields."""
    count = (6 + len(fields)).to_bytes(2, "big")
    return (
        frame[:1] + count + frame[3:HEADER_BYTES] + b"".join(packing.pack(part) for kv in fields.items() for part in kv)
    )


@each_topic
def test_a_header_comes_back_from_every_frame(topic: str) -> None:
    assert HEADER == wire.read_header(FRAMES[topic])
    assert HEADER == wire.read_header(FRAMES[topic][:HEADER_BYTES])


@each_topic
def test_a_header_has_the_same_places_in_every_frame(topic: str) -> None:
    frame = FRAMES[topic]
    assert [(b"\xa1v", 1), (b"\xa3run", 0xCE)] == [(frame[3:5], frame[5]), (frame[6:10], frame[10])]
    assert HEADER == (
        *struct.unpack_from(">I", frame, 11),
        *struct.unpack_from(">Q", frame, 21),
        *struct.unpack_from(">Q", frame, 34),
        *struct.unpack_from(">d", frame, 53),
        *struct.unpack_from(">Q", frame, 70),
    )
    assert 78 == HEADER_BYTES
    assert len(wire.decode_map(frame)) == int.from_bytes(frame[1:3], "big")


@pytest.mark.parametrize(
    "header", [Header(0, 0, 0, 0.0, 0), Header(2**32 - 1, 2**64 - 1, 2**64 - 1, -1e300, 2**64 - 1)]
)
def test_a_header_takes_the_same_room_whatever_it_says(header: Header) -> None:
    record = wire.decode(FRAMES["derived"], Derived).record
    for frame in (PageEncoder(Graphics).encode(header, content(Graphics)), wire.encode(header, record)):
        assert header == wire.read_header(frame)
        assert len(frame) in (len(FRAMES["graphics"]), len(FRAMES["derived"]))


@each_topic
def test_what_is_encoded_is_decoded(topic: str) -> None:
    records = {record.topic: record for record in (Physics, Graphics, Static, Derived, Status, Event)}
    frame = wire.decode(FRAMES[topic], records[topic])
    assert records[topic] is type(frame.record)
    assert 0 == frame.lost
    assert {"v": 1, **HEADER._asdict(), **vars(frame.record)} == wire.decode_map(FRAMES[topic])


@pytest.mark.parametrize(("version", "advice"), [(0, "upgrade the daemon"), (2, "upgrade the library")])
@each_topic
def test_a_frame_of_another_version_says_which_side_to_upgrade(topic: str, version: int, advice: str) -> None:
    frame = FRAMES[topic][:5] + bytes([version]) + FRAMES[topic][6:]
    for read in READERS:
        with pytest.raises(WireVersionError, match=advice) as caught:
            read(frame)
        assert (version, wire.WIRE_VERSION) == (caught.value.got, caught.value.known)


@pytest.mark.parametrize("missing", ["gear_number", "off_track", "wheels_past_peak"])
def test_a_frame_without_a_field_names_it(missing: str) -> None:
    fields = vars(wire.decode(FRAMES["derived"], Derived).record).copy()
    del fields[missing]
    with pytest.raises(DecodeError, match=f"derived record lacks '{missing}'.*upgrade"):
        wire.decode(with_fields(FRAMES["derived"], fields), Derived)


WRONG = {
    "a text for a number": ("physics", "speedKmh", "\x1b[2J"),
    "nil for a number": ("physics", "gear", None),
    "a truth for a number": ("physics", "gear", True),
    "a number for a text": ("static", "carModel", 7),
    "a number for an array": ("physics", "wheelSlip", 1.0),
    "too short an array": ("physics", "wheelSlip", (1.0, 1.0, 1.0)),
    "a text in an array": ("physics", "wheelSlip", (1.0, 1.0, 1.0, "x")),
    "an array in an array": ("physics", "wheelSlip", (1.0, 1.0, 1.0, (1.0,))),
    "too short an inner array": ("physics", "tyreContactPoint", ((1.0, 2.0), (1.0, 2.0, 3.0), (1.0, 2.0, 3.0), (1.0,))),
    "a map for an array": ("derived", "sector_times_ms", {"a": 1}),
    "a number for a truth": ("derived", "stuck", 1),
    "nil for a text": ("event", "kind", None),
}


@pytest.mark.parametrize(("topic", "name", "value"), WRONG.values(), ids=WRONG)
def test_a_value_of_another_type_is_refused_by_name(topic: str, name: str, value: object) -> None:
    record = {each.topic: each for each in (Physics, Static, Derived, Event)}[topic]
    fields: dict[str, Any] = dict(vars(wire.decode(FRAMES[topic], record).record))
    with pytest.raises(DecodeError, match=f"^{name} of {topic} is no "):
        wire.decode(with_fields(FRAMES[topic], {**fields, name: value}), record)


@pytest.mark.parametrize("timestamp", [math.nan, math.inf, -1.0, 1e300])
def test_a_timestamp_that_is_no_time_is_refused(timestamp: float) -> None:
    frame = wire.encode(HEADER._replace(timestamp=timestamp), wire.decode(FRAMES["derived"], Derived).record)
    with pytest.raises(DecodeError, match="is no time"):
        wire.decode(frame, Derived)


def test_texts_of_a_frame_are_plain_at_every_depth() -> None:
    fields: dict[str, Any] = dict(vars(wire.decode(FRAMES["event"], Event).record))
    fields |= {"text": "\x1b]0;owned\x07", "newer": {"\u202ekey": ("\x9b31m", 1)}}
    record = wire.decode(with_fields(FRAMES["event"], fields), Event).record
    assert "\ufffd]0;owned\ufffd" == record.text
    assert {"\ufffdkey": ("\ufffd31m", 1)} == vars(record)["newer"]


def test_a_field_more_does_no_harm() -> None:
    record = wire.decode(FRAMES["derived"], Derived).record
    frame = with_fields(FRAMES["derived"], {"new_one": [1, 2], **vars(record), "newer": {"a": None}})
    newer = wire.decode(frame, Derived)
    assert vars(record) | {"new_one": (1, 2), "newer": {"a": None}} == vars(newer.record)
    assert HEADER == newer[1:6]


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\x80",
        b"\xde\x00\x00",
        b"HTTP/1.1 400 Bad Request\r\n\r\n" * 4,
        bytes(200),
        b"\xff" * 200,
        packing.pack({"v": 1, "run": 1, "tick": 1, "seq": 1, "timestamp": 1.0, "mono_ns": 1, "more": "a" * 99}),
        FRAMES["physics"][1:],
        b"\x8f" + FRAMES["physics"][1:],
    ],
)
def test_what_does_not_begin_with_a_header_is_refused(payload: bytes) -> None:
    for read in READERS:
        with pytest.raises(DecodeError, match="header"):
            read(payload)


@each_topic
def test_a_frame_cut_anywhere_is_refused(topic: str) -> None:
    whole = FRAMES[topic]
    for length in range(len(whole)):
        with pytest.raises(DecodeError):
            wire.decode_map(whole[:length])


@pytest.mark.parametrize(
    "rest",
    [
        b"\x00",
        b"\xc0" * 30,
        b"\xa1a" + b"\x91" * 4000 + b"\x00",
        b"\xa1a" + b"\x81\xa1a" * 4000 + b"\x00",
        b"\xa1a" + b"\xdd\xff\xff\xff\xff" * 500,
        b"\xa1a\xdb\xff\xff\xff\xff",
        b"\x01\x02",
        b"\xa1a\xc1",
        b"\xa1\xff\x01",
        b"\xa1a\xd4\x01\x00",
    ],
    ids=lambda rest: rest[:8].hex(),
)
def test_a_header_with_rubbish_behind_it_is_refused(rest: bytes) -> None:
    with pytest.raises(DecodeError):
        wire.decode_map(b"\xde\x00\x07" + FRAMES["physics"][3:HEADER_BYTES] + rest)


@settings(deadline=None, max_examples=300)
@given(st.binary(max_size=300), st.sampled_from(list(FRAMES)), st.integers(0, 1000), st.booleans())
@example(b"", "physics", 0, True)
def test_any_bytes_are_a_frame_or_refused(junk: bytes, topic: str, at: int, whole: bool) -> None:
    frame = FRAMES[topic]
    at = min(at, len(frame))
    damaged = frame[:at] + junk + (frame[at + len(junk) :] if whole else b"")
    for payload in (junk, damaged):
        try:
            wire.decode(payload, Physics)
        except DecodeError as error:
            assert str(error)  # noqa: PT017  most are refused, some are not


@pytest.mark.parametrize("size", [1, 8, 9, 10, 15, 16, 17, 60])
def test_a_record_of_any_size_is_encoded(size: int) -> None:
    columns = {f"column_{place:02}": string("One of many.") for place in range(size)}
    kind = cast("type[Record]", new_class("Sized", (Record,), {"topic": "sized"}, lambda body: body.update(columns)))
    record = kind(**{name: f"é {name}" for name in columns})
    assert record == wire.decode(wire.encode(HEADER, record), kind).record
