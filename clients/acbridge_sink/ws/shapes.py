"""
What a client may choose, and the bytes that follow from it.

A parcel encodes a frame once per shape, however many clients chose that shape. Opens no socket, reads no clock.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import parse_qs

from acbridge import packing
from acbridge.errors import DecodeError
from acbridge.json_lines import to_json
from acbridge.topics import BY_NAME, TOPICS
from acbridge.wire import WIRE_VERSION, Frame

JSON_SUBPROTOCOL = "acbridge.json"
MSGPACK_SUBPROTOCOL = "acbridge.msgpack"
DEFAULT_HZ = 60.0
"""What a screen can show."""
HIGHEST_HZ = 1000.0
"""The daemon's own highest rate: every frame."""
_KEYS = ("topics", "fields", "max_hz")
_FIELDS = {topic.name: frozenset(column.name for column in topic.record.columns) for topic in TOPICS}


class BadChoice(ValueError):  # noqa: N818  the name says what happened
    """A client asked for something that is not there; the text names it."""


@dataclass(frozen=True, slots=True)
class Choice:
    """
    What a client wants.

    Attributes:
        topics: Names of topics, in the order in which a tick publishes them.
        fields: Names of fields, whichever of the topics has them; ``None`` for all.
        max_hz: At most so many frames per second of each topic but ``event``; 1000 for every frame.
    """

    topics: tuple[str, ...] = tuple(BY_NAME)
    fields: frozenset[str] | None = None
    max_hz: float = DEFAULT_HZ


def from_query(query: str) -> Choice:
    """
    Read a choice out of the query of a URL, such as ``topics=physics,derived&max_hz=20``; other keys are left alone.

    Raises:
        BadChoice: It asks for something that is not there.
    """
    told = {key: values[-1] for key, values in parse_qs(query, keep_blank_values=True).items()}
    wanted: dict[str, Any] = {
        key: [name for name in told[key].split(",") if name] for key in ("topics", "fields") if key in told
    }
    if "max_hz" in told:
        try:
            wanted["max_hz"] = float(told["max_hz"])
        except ValueError:
            raise BadChoice(f"max_hz must be a number, not {told['max_hz'][:40]!r}") from None
    return choose(wanted)


def from_message(message: str | bytes) -> Choice:
    """
    Read a choice out of a client's message: JSON if it is text, msgpack if it is binary.

    Raises:
        BadChoice: It is no subscribe message, or asks for something that is not there.
    """
    try:
        wanted: object = json.loads(message) if isinstance(message, str) else packing.unpack(message, packing.REQUEST)
    except (ValueError, RecursionError, DecodeError):  # a few thousand brackets are deeper than Python counts
        raise BadChoice("a message must be one map, such as {'op': 'subscribe', 'topics': ['physics']}") from None
    if not isinstance(wanted, dict) or cast("dict[object, object]", wanted).get("op") != "subscribe":
        raise BadChoice("a message must be a map whose 'op' is 'subscribe'; nothing else can be asked here")
    return choose({key: value for key, value in cast("dict[str, Any]", wanted).items() if key != "op"})


def choose(wanted: Mapping[str, Any]) -> Choice:
    """
    Check what a client asks for; what it leaves out is the default.

    With fields and no topics, the topics are those that have one of the fields.

    Raises:
        BadChoice: It asks for something that is not there.
    """
    unknown = [key for key in wanted if key not in _KEYS]
    if unknown:
        raise BadChoice(f"unknown: {_listed(unknown)}; a client may choose topics, fields and max_hz")
    topics = _names(wanted, "topics", BY_NAME)
    fields = _names(wanted, "fields", frozenset[str]().union(*(_FIELDS[name] for name in topics or BY_NAME)))
    if topics is None:
        topics = frozenset(name for name in BY_NAME if fields is None or fields & _FIELDS[name])
    hz = wanted.get("max_hz", DEFAULT_HZ)
    if isinstance(hz, bool) or not isinstance(hz, int | float) or not 0 < hz <= HIGHEST_HZ:
        raise BadChoice(f"max_hz must be a number above 0 and at most {HIGHEST_HZ:g}")
    return Choice(tuple(name for name in BY_NAME if name in topics), fields, float(hz))


def _names(wanted: Mapping[str, Any], key: str, known: Mapping[str, Any] | frozenset[str]) -> frozenset[str] | None:
    if wanted.get(key) is None:
        return None
    names = wanted[key]
    if not isinstance(names, list | tuple) or not all(isinstance(n, str) for n in cast("list[object]", names)):
        raise BadChoice(f"{key} must be an array of names")
    unknown = [name for name in cast("list[str]", names) if name not in known]
    if unknown:
        where = "" if key == "topics" else " in the chosen topics"
        raise BadChoice(f"unknown {key}{where}: {_listed(unknown)}; nothing was changed")
    return frozenset(cast("list[str]", names))


def _listed(names: Sequence[object]) -> str:
    shown = ", ".join(str(name)[:40] for name in names[:10])
    return shown + (", ..." if len(names) > 10 else "")  # noqa: PLR2004  enough to find the mistake


def pack(message: Mapping[str, Any], *, binary: bool) -> bytes:
    """Encode a message that goes to one client."""
    return packing.pack(message) if binary else to_json(dict(message))


class Parcel:
    """
    One frame on its way to many clients.

    Attributes:
        frame: What the daemon sent.
        topic: Its topic.
    """

    __slots__ = ("_packed", "frame", "topic")

    def __init__(self, frame: Frame[Any]) -> None:
        self.frame = frame
        self.topic = frame.topic
        self._packed: dict[tuple[frozenset[str] | None, bool], bytes] = {}

    def packed(self, fields: frozenset[str] | None, *, binary: bool) -> bytes:
        """Return the message in a shape, encoding it if nobody asked for that shape before."""
        shape = (fields, binary)
        found = self._packed.get(shape)
        if found is None:
            found = self._packed[shape] = pack(self.message(fields), binary=binary)
        return found

    def message(self, fields: frozenset[str] | None) -> dict[str, Any]:
        """Return the message with some of the fields, or all."""
        values: dict[str, Any] = self.frame.record.__dict__
        return {
            "topic": self.topic,
            "v": WIRE_VERSION,
            "run": self.frame.run,
            "tick": self.frame.tick,
            "seq": self.frame.seq,
            "timestamp": self.frame.timestamp,
            "mono_ns": self.frame.mono_ns,
            **(values if fields is None else {name: value for name, value in values.items() if name in fields}),
        }
