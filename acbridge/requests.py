"""
Requests and replies: their table, their codec, and the memory that keeps a request from being carried out twice.

A request is one msgpack map, ``{"request": NAME, "id": ..., ARGUMENTS...}``; a reply is ``{"ok": true, ...}`` or
``{"ok": false, "error": {"code", "message"}}``, with the request's ``id`` if it had one. Whatever arrives gets exactly
one reply. This module opens no socket and carries nothing out.
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from acbridge import packing
from acbridge.derived.thresholds import checked
from acbridge.errors import DecodeError, RequestRefused

MAX_REQUEST_BYTES = 4096
"""A longer request is cut off by the socket, and its sender disconnected."""
MAX_ID_BYTES = 64
MIN_RATE, MAX_RATE = 1.0, 1000.0
"""What `rate` may be, in Hz."""
MAX_MARK = 200
"""Characters that the text of a mark may have; they fill the longest text of a request."""

BAD_REQUEST = "bad_request"
UNKNOWN_REQUEST = "unknown_request"
BAD_ARGUMENT = "bad_argument"
FORBIDDEN = "forbidden"
UNAVAILABLE = "unavailable"
BUSY = "busy"
INTERNAL = "internal"

ERROR_CODES = {
    BAD_REQUEST: "The bytes are not one msgpack map with string keys and a request name.",
    UNKNOWN_REQUEST: "No request has this name.",
    BAD_ARGUMENT: "An argument is missing, unknown or out of range; nothing was changed.",
    FORBIDDEN: "The daemon was not started with the flag that allows this, or the client's key may only observe.",
    UNAVAILABLE: "There is nothing to answer with yet, such as static before the sim runs.",
    BUSY: "Too many requests; nothing was changed. Ask again in a second.",
    INTERNAL: "The daemon failed; its log says how.",
}


@dataclass(frozen=True, slots=True)
class Rule:
    """
    One line of the table of requests.

    Attributes:
        meaning: What it asks for.
        reply: What a good reply holds besides ``ok`` and ``id``.
        changing: Whether it changes the daemon; then ``id`` is required and it is carried out once per id.
        arguments: Names and meanings.
    """

    meaning: str
    reply: str
    changing: bool = False
    arguments: Mapping[str, str] = field(default_factory=dict[str, str])


REQUESTS: Mapping[str, Rule] = {
    "hello": Rule("Who is there.", "version, wire, run, rate, source, sim_state, topic_prefix, topics, thresholds"),
    "status": Rule("How the daemon and the sim are.", "the fields of the status topic"),
    "schema": Rule("What the topics hold.", "wire, topics: JSON Schema of each topic"),
    "static": Rule("The car, the track and the rules.", "the fields of the static topic"),
    "latest": Rule("The newest frame of each topic, for late joiners.", "frames: topic to frame"),
    "thresholds": Rule("What is counted as what.", "thresholds: name to value, low, high, unit, meaning, source"),
    "set_rate": Rule(
        "Change the rate.",
        "rate",
        changing=True,
        arguments={"rate": f"Ticks per second, {MIN_RATE:g} to {MAX_RATE:g}."},
    ),
    "set_thresholds": Rule(
        "Change what is counted as what; all of them or, if one is wrong, none.",
        "thresholds: name to value",
        changing=True,
        arguments={"thresholds": "A map of names to numbers."},
    ),
    "mark": Rule(
        "Tell an event of kind mark, so that this moment is found again.",
        "tick, timestamp: those of the event",
        changing=True,
        arguments={"text": f"Why: 1 to {MAX_MARK} printable characters."},
    ),
    "reload_keys": Rule(
        "Read again who may connect; only if it was started with --keys.",
        "clients: name to role; problems: texts",
        changing=True,
    ),
    "shutdown": Rule("End the daemon; only if it was started with --allow-shutdown.", "nothing more", changing=True),
}


@dataclass(frozen=True, slots=True)
class Request:
    """A request that has been checked against the table."""

    name: str
    id: str | int | None
    arguments: Mapping[str, Any]

    @property
    def changing(self) -> bool:
        """Whether carrying it out changes the daemon."""
        return REQUESTS[self.name].changing


def check_rate(value: object) -> float:
    """
    Return a rate in Hz if it is one.

    Raises:
        ValueError: It is not a finite number from 1 to 1000.
    """
    if isinstance(value, int | float) and not isinstance(value, bool) and MIN_RATE <= value <= MAX_RATE:
        return float(value)  # nan is in no range
    raise ValueError(f"rate must be a number from {MIN_RATE:g} to {MAX_RATE:g} Hz, not {_short(value)}")


def check_thresholds(values: object) -> dict[str, float]:
    """
    Return thresholds by name if they are some.

    Raises:
        ValueError: It is no map, a name is unknown, or a value is out of its range.
    """
    if not isinstance(values, dict) or not values:
        raise ValueError('thresholds must be a map of names to numbers, such as {"stuck_s": 5}')
    return checked(cast("dict[str, object]", values))


def check_mark(text: object) -> str:
    """
    Return the text of a mark if it is one.

    Raises:
        ValueError: It is no text, empty, too long, or holds what cannot be shown on one line.
    """
    if isinstance(text, str) and 1 <= len(text) <= MAX_MARK and text.isprintable():
        return text
    raise ValueError(f"text must be 1 to {MAX_MARK} printable characters, without line breaks, not {_short(text)}")


def _short(value: object) -> str:
    try:
        text = repr(value)
    except ValueError:  # an integer of thousands of digits
        text = "that"
    return text if len(text) <= 40 else text[:37] + "..."  # noqa: PLR2004  characters


def encode_request(name: str, request_id: str, arguments: Mapping[str, Any]) -> bytes:
    """Encode a request."""
    return packing.pack({**arguments, "request": name, "id": request_id})


def unpack_request(body: bytes) -> dict[str, Any]:
    """
    Decode the bytes of a request, within limits.

    Raises:
        RequestRefused: They are not one map with string keys.
    """
    try:
        return packing.unpack_map(body, packing.REQUEST)
    except DecodeError as error:
        raise RequestRefused("", BAD_REQUEST, str(error)) from error


def read_id(values: Mapping[str, Any]) -> str | int | None:
    """Return the id of a request, so that even a refusal can carry it; ``None`` if it has no good one."""
    found = values.get("id")
    if isinstance(found, str) and 0 < len(found.encode("utf-8", "replace")) <= MAX_ID_BYTES:
        return found
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def check_request(values: Mapping[str, Any]) -> Request:
    """
    Check a decoded request against the table.

    Raises:
        RequestRefused: It is none; the code and the message say why.
    """
    arguments = dict(values)
    name = arguments.pop("request", None)
    if not isinstance(name, str):
        raise RequestRefused("", BAD_REQUEST, '"request" must name a request: ' + ", ".join(REQUESTS))
    rule = REQUESTS.get(name)
    if rule is None:
        raise RequestRefused(name, UNKNOWN_REQUEST, "there are: " + ", ".join(REQUESTS))
    request_id = read_id(arguments)
    if arguments.pop("id", None) is not None and request_id is None:
        raise RequestRefused(name, BAD_ARGUMENT, f"id must be an integer or a text of 1 to {MAX_ID_BYTES} bytes")
    if rule.changing and request_id is None:
        raise RequestRefused(name, BAD_ARGUMENT, "a changing request needs an id of its own, so that it is done once")
    wrong = sorted(arguments.keys() ^ rule.arguments.keys())
    if wrong:
        takes = ", ".join(rule.arguments) or "no arguments"
        raise RequestRefused(name, BAD_ARGUMENT, f"takes {takes}; missing or unknown: {', '.join(wrong)}"[:200])
    try:
        if "rate" in arguments:
            arguments["rate"] = check_rate(arguments["rate"])
        if "thresholds" in arguments:
            arguments["thresholds"] = check_thresholds(arguments["thresholds"])
        if "text" in arguments:
            arguments["text"] = check_mark(arguments["text"])
    except ValueError as error:
        raise RequestRefused(name, BAD_ARGUMENT, str(error)) from error
    return Request(name, request_id, arguments)


def encode_reply(request_id: str | int | None, fields: Mapping[str, Any]) -> bytes:
    """Encode a good reply."""
    return packing.pack({"ok": True, **_identity(request_id), **fields})


def encode_refusal(request_id: str | int | None, refused: RequestRefused) -> bytes:
    """Encode an error reply."""
    error = {"code": refused.code, "message": refused.message}
    return packing.pack({"ok": False, **_identity(request_id), "error": error})


def _identity(request_id: str | int | None) -> dict[str, str | int]:
    return {} if request_id is None else {"id": request_id}


def decode_reply(name: str, body: bytes) -> dict[str, Any]:
    """
    Return what a good reply holds, without ``ok`` and ``id``.

    Raises:
        DecodeError: The bytes are no reply of ours.
        RequestRefused: The daemon refused; code and message say why.
    """
    reply = packing.unpack_map(body, packing.REPLY)
    match reply:
        case {"ok": True}:
            return {key: value for key, value in reply.items() if key not in ("ok", "id")}
        case {"ok": False, "error": {"code": str(code), "message": str(message)}}:
            raise RequestRefused(name, code, message)
        case _:
            raise DecodeError(f"the reply to {name!r} has neither result nor error; is this an acbridge daemon?")


class ReplyCache:
    """
    Remembers the replies to changing requests, so that the same id is never carried out twice.

    A client that saw no reply cannot know whether its request was carried out; it asks again with the same id.
    """

    def __init__(self, size: int = 1024, keep_s: float = 60.0) -> None:
        self._size = size
        self._keep_s = keep_s
        self._replies: OrderedDict[str | int, tuple[float, bytes, bytes]] = OrderedDict()

    def find(self, request_id: str | int, body: bytes, now: float) -> bytes | None:
        """
        Return the reply that this request got before, if it did.

        Args:
            request_id: Its id.
            body: Its bytes.
            now: Seconds on any steady clock.

        Raises:
            RequestRefused: The id was used for a different request.
        """
        while self._replies and next(iter(self._replies.values()))[0] < now - self._keep_s:
            self._replies.popitem(last=False)
        known = self._replies.get(request_id)
        if known is None:
            return None
        if known[1] != body:
            raise RequestRefused("", BAD_ARGUMENT, "this id was used for another request; take a new one")
        return known[2]

    def keep(self, request_id: str | int, body: bytes, reply: bytes, now: float) -> None:
        """Remember a reply."""
        self._replies[request_id] = (now, body, reply)
        if len(self._replies) > self._size:
            self._replies.popitem(last=False)
