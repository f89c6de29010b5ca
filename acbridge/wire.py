"""
The wire, version 1: frames to bytes and back.

A frame is one msgpack map with string keys: the header first, then the record's fields, flat. The header has the same
bytes at the same places in every frame, so it is read without decoding. Frames of pages are
encoded by `page_frames`.

It opens no socket and reads no clock.
"""

import struct
from typing import Any, Generic, NamedTuple, TypeVar

from acbridge import packing
from acbridge.checks import check
from acbridge.errors import DecodeError, WireVersionError
from acbridge.page_body import decoder_of
from acbridge.schema import Record

WIRE_VERSION = 1

MAX_FRAME_BYTES = 65536
"""No frame is larger; a peer that sends more is not one of ours."""
MAX_TIMESTAMP = 253402300799.0
"""The last second of the year 9999, in Unix seconds: no time is later."""

R = TypeVar("R", bound=Record)
R_co = TypeVar("R_co", bound=Record, covariant=True)


class Stamp(NamedTuple):
    """
    One instant on both clocks.

    Attributes:
        mono_ns: Nanoseconds on the machine's monotonic clock.
        timestamp: Unix seconds.
    """

    mono_ns: int
    timestamp: float


class Header(NamedTuple):
    """
    What every frame begins with, after the wire version.

    Attributes:
        run: Random 32-bit number of this life of the daemon.
        tick: Turn of the daemon's loop; shared by all frames of one sample.
        seq: Counts the frames of one topic in one run; a jump is a gap.
        timestamp: When the pages were sampled, Unix seconds.
        mono_ns: The same instant on the daemon machine's monotonic clock.
    """

    run: int
    tick: int
    seq: int
    timestamp: float
    mono_ns: int


class Frame(NamedTuple, Generic[R_co]):
    """
    A record with its header.

    Attributes:
        record: The values.
        run: Random 32-bit number of this life of the daemon; another number means that it restarted.
        tick: Turn of the daemon's loop; frames with the same tick were sampled together.
        seq: Counts the frames of this topic in this run.
        timestamp: When the pages were sampled, Unix seconds.
        mono_ns: The same instant on the daemon machine's monotonic clock (its ``time.perf_counter_ns()``).
        lost: Frames of this topic that went missing right before this one.
    """

    record: R_co
    run: int
    tick: int
    seq: int
    timestamp: float
    mono_ns: int
    lost: int = 0

    @property
    def topic(self) -> str:
        """The topic's name."""
        return self.record.topic


_HEADER = struct.Struct(">BH2sB5sI6sQ5sQ11sd9sQ")
_MAP16 = 0xDE
_KEYS = (b"\xa1v", b"\xa3run\xce", b"\xa4tick\xcf", b"\xa3seq\xcf", b"\xa9timestamp\xcb", b"\xa7mono_ns\xcf")
_HEADER_KEYS = ("v", *Header._fields)
_HEADER_FIELDS = len(_HEADER_KEYS)
HEADER_BYTES = _HEADER.size
HEADER_OFFSETS = (11, 21, 34, 53, 70)
"""Where the numbers of a header stand: run, tick, seq, timestamp, mono_ns."""


def read_header(payload: bytes) -> Header:
    """
    Read the header of a frame without decoding the rest.

    Raises:
        DecodeError: The bytes are no frame of ours.
        WireVersionError: They are one of another wire version.
    """
    if len(payload) < HEADER_BYTES or payload[0] != _MAP16:
        raise DecodeError("these bytes do not begin with a frame's header; is this port an acbridge daemon's?")
    _, _, k0, v, k1, run, k2, tick, k3, seq, k4, timestamp, k5, mono_ns = _HEADER.unpack_from(payload)
    if k0 == _KEYS[0] and v != WIRE_VERSION:
        raise WireVersionError(v, WIRE_VERSION)
    if (k0, k1, k2, k3, k4, k5) != _KEYS:
        raise DecodeError("these bytes do not begin with a frame's header; is this port an acbridge daemon's?")
    return Header(run, tick, seq, timestamp, mono_ns)


def decode_map(payload: bytes) -> dict[str, Any]:
    """
    Decode a whole frame into a dictionary: the header's keys, then the record's.

    Raises:
        DecodeError: The bytes are no frame of ours.
        WireVersionError: They are one of another wire version.
    """
    read_header(payload)
    return packing.unpack_map(payload, packing.FRAME)


def decode(payload: bytes, record: type[R], lost: int = 0) -> Frame[R]:
    """
    Decode a frame of a known topic; its values have the types of their columns, and its texts are plain.

    Args:
        payload: The second part of a message.
        record: The record class of its topic.
        lost: What the caller knows to be missing right before it.

    Raises:
        DecodeError: The bytes are no frame of ours, lack a field of the record (an older daemon), or hold a value of
            another type.
        WireVersionError: They are a frame of another wire version.
    """
    run, tick, seq, timestamp, mono_ns = read_header(payload)
    if not 0.0 <= timestamp <= MAX_TIMESTAMP:
        raise DecodeError(f"the timestamp of a {record.topic} frame is no time: {timestamp!r}")
    decoder = decoder_of(record)
    values = None if decoder is None else decoder.decode(payload, HEADER_BYTES)
    if values is None or payload[1:3] != (len(record.columns) + _HEADER_FIELDS).to_bytes(2, "big"):
        return Frame(_decode_by_keys(payload, record), run, tick, seq, timestamp, mono_ns, lost)
    return Frame(record.wrap(values), run, tick, seq, timestamp, mono_ns, lost)


def _decode_by_keys(payload: bytes, record: type[R]) -> R:
    """Decode the record of a frame, whatever the order of its fields; a newer daemon may send more."""
    values = packing.unpack_map(payload, packing.FRAME)
    for key in _HEADER_KEYS:
        del values[key]
    adopted = record.adopt(values)
    check(record, values)
    return adopted


def encode(header: Header, record: Record) -> bytes:
    """Encode a record of ours (not a page) as a frame."""
    values = vars(record)
    body = packing.pack(values)
    fields = len(values)
    marker_bytes = 1 if fields < 16 else 3  # noqa: PLR2004  msgpack: a fixmap holds up to 15 pairs, then map16
    return pack_header(header, fields) + body[marker_bytes:]


def pack_header(header: Header, fields: int) -> bytes:
    """Return the first bytes of a frame: a map marker for the header and so many fields, and the header itself."""
    k0, k1, k2, k3, k4, k5 = _KEYS
    run, tick, seq, timestamp, mono_ns = header
    return _HEADER.pack(
        _MAP16, fields + _HEADER_FIELDS, k0, WIRE_VERSION, k1, run, k2, tick, k3, seq, k4, timestamp, k5, mono_ns
    )
