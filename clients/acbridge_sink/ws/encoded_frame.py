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


class EncodedFrame:
    """
    One frame on its way to many clients, encoded once per set of fields and format.

    Attributes:
        frame: The frame as it was received.
        topic: Its topic.
    """

    __slots__ = ("_encoded", "frame", "topic")

    def __init__(self, frame: Frame[Any]) -> None:
        self.frame = frame
        self.topic = frame.topic
        self._encoded: dict[tuple[frozenset[str], bool], bytes] = {}

    def encoded(self, selection: Selection, *, binary: bool) -> bytes:
        """Return the bytes for a client, encoding them if no other client took the same fields in this format."""
        key = (selection.fields, binary)
        found = self._encoded.get(key)
        if found is None:
            found = self._encoded[key] = encode(self.message(selection), binary=binary)
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
