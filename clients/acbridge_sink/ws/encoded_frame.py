"""
Frames and notices as the bytes that clients get.

Opens no socket, reads no clock.
"""

from collections.abc import Mapping
from typing import Any

from acbridge import packing
from acbridge.json_lines import fast_json
from acbridge.selection import Selection
from acbridge.wire import WIRE_VERSION, Frame

JSON_SUBPROTOCOL = "acbridge.json"
MSGPACK_SUBPROTOCOL = "acbridge.msgpack"


def encode(message: Mapping[str, Any], *, binary: bool) -> bytes:
    """Encode a message as msgpack, or as JSON."""
    return packing.pack(message) if binary else fast_json(message)


def framed(data: bytes, *, binary: bool) -> bytes:
    """Return an encoded message as a WebSocket sends it from a server (RFC 6455, section 5.2): unmasked and whole."""
    kind, size = 0x82 if binary else 0x81, len(data)
    if size < 126:  # noqa: PLR2004  as the RFC has it
        return bytes((kind, size)) + data
    if size < 2**16:
        return bytes((kind, 126)) + size.to_bytes(2, "big") + data
    return bytes((kind, 127)) + size.to_bytes(8, "big") + data


class EncodedFrame:
    """
    One frame on its way to many clients, encoded once per set of fields and format.

    Attributes:
        frame: The frame as it was received.
        topic: Its topic.
    """

    __slots__ = ("_encoded", "_framed", "frame", "topic")

    def __init__(self, frame: Frame[Any]) -> None:
        self.frame = frame
        self.topic = frame.topic
        self._encoded: dict[tuple[frozenset[str], bool], bytes] = {}
        self._framed: dict[tuple[frozenset[str], bool], bytes] = {}

    def encoded(self, selection: Selection, *, binary: bool) -> bytes:
        """Return the bytes for a client, encoding them if no other client took the same fields in this format."""
        key = (selection.fields, binary)
        found = self._encoded.get(key)
        if found is None:
            found = self._encoded[key] = encode(self.message(selection), binary=binary)
        return found

    def framed(self, selection: Selection, *, binary: bool) -> bytes:
        """Return the bytes for a client of a server, in the frame that WebSocket puts around them."""
        key = (selection.fields, binary)
        found = self._framed.get(key)
        if found is None:
            found = self._framed[key] = framed(self.encoded(selection, binary=binary), binary=binary)
        return found

    def message(self, selection: Selection) -> dict[str, Any]:
        """Return the message: topic, header and the selected fields."""
        return {
            "topic": self.topic,
            "v": WIRE_VERSION,
            "run": self.frame.run,
            "tick": self.frame.tick,
            "seq": self.frame.seq,
            "timestamp": self.frame.timestamp,
            "mono_ns": self.frame.mono_ns,
            **selection.values(self.frame.record),
        }
