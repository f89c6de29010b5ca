"""
The table of requests: their arguments with checks, their effects, and the bytes of requests and replies.

A request is one msgpack map, ``{"request": NAME, "id": ..., ARGUMENTS...}``; a reply is ``{"ok": true, ...}`` or
``{"ok": false, "error": {"code", "message"}}``, with the id of the request if it had one. Every request gets exactly
one reply. A new request is one line of `REQUESTS` and one method of the daemon. This module opens no socket and carries
no request out.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, NamedTuple, cast

from acbridge import calibration, controls, packing
from acbridge.derived.thresholds import checked
from acbridge.errors import DecodeError, RequestRefused, shown
from acbridge.plain_text import plain_values

MAX_REQUEST_BYTES = 4096
"""The socket cuts off a longer request and disconnects its sender."""
MAX_ID_BYTES = 64
MIN_RATE, MAX_RATE = 1.0, 1000.0
"""The range of `rate`, in Hz."""
MAX_MARK = 200
"""Characters that the text of a mark may have: 200 of four bytes fill the longest text of a request."""

BAD_REQUEST = "bad_request"
UNKNOWN_REQUEST = "unknown_request"
BAD_ARGUMENT = "bad_argument"
FORBIDDEN = "forbidden"
STALE = "stale"
HELD = "held"
NOT_DRIVER = "not_driver"
SUSPENDED = "suspended"
UNAVAILABLE = "unavailable"
BUSY = "busy"
INTERNAL = "internal"

ERROR_CODES = {
    BAD_REQUEST: "The bytes are not one msgpack map with string keys and a request name.",
    UNKNOWN_REQUEST: "No request has this name.",
    BAD_ARGUMENT: "An argument is missing, unknown or out of range; nothing was changed.",
    FORBIDDEN: "The daemon was not started with the flag that allows this, or the client's key is an observer's.",
    STALE: "A newer request of the same stream was carried out before this one, or its epoch has ended, or it answers "
    "a frame older than 0.25 s; it was dropped.",
    HELD: "Another driver holds the controls; the message has its name.",
    NOT_DRIVER: "The token is not that of the driver who holds the controls.",
    SUSPENDED: "The car takes no commands now; the message begins with the reason.",
    UNAVAILABLE: "The answer does not exist yet, such as static before the sim runs.",
    BUSY: "Too many requests; nothing was changed. Ask again in a second.",
    INTERNAL: "The daemon failed; its log says how.",
}


class Effect(Enum):
    """What carrying out a request does to the daemon, and therefore how often it may be carried out."""

    READS = "reads"
    """Changes nothing; every client may ask."""
    ONCE = "once per id"
    """Changes the daemon. It needs an ``id``; the same id and bytes again get the same reply and change nothing."""
    STREAM = "stream"
    """One of a series; where it has an order, only the newest counts. It needs no id; no reply is remembered."""

    @property
    def carried_out(self) -> str:
        """How often a request with this effect is carried out, as the documentation says it."""
        return _CARRIED_OUT[self]


_CARRIED_OUT = {
    Effect.READS: "always; it changes nothing",
    Effect.ONCE: "once for each `id`",
    Effect.STREAM: "always; with sequence numbers, only if they are larger than the newest carried out",
}


def check_rate(value: object) -> float:
    """
    Return a valid rate in Hz.

    Raises:
        ValueError: The value is not a finite number from 1 to 1000.
    """
    if isinstance(value, int | float) and not isinstance(value, bool) and MIN_RATE <= value <= MAX_RATE:
        return float(value)  # nan is in no range
    raise ValueError(f"rate must be a number from {MIN_RATE:g} to {MAX_RATE:g} Hz, not {shown(value)}")


def check_thresholds(values: object) -> dict[str, float]:
    """
    Return valid thresholds by name.

    Raises:
        ValueError: The value is not a map, a name is unknown, or a threshold is out of its range.
    """
    if not isinstance(values, dict) or not values:
        raise ValueError('thresholds must be a map of names to numbers, such as {"stuck_s": 5}')
    return checked(cast("dict[str, object]", values))


def check_mark(text: object) -> str:
    """
    Return the valid text of a mark.

    Raises:
        ValueError: The value is not text, is empty or too long, or has characters that one line cannot show.
    """
    if isinstance(text, str) and 1 <= len(text) <= MAX_MARK and text.isprintable():
        return text
    raise ValueError(f"text must be 1 to {MAX_MARK} printable characters, without line breaks, not {shown(text)}")


def check_axes(values: object) -> calibration.Calibration | None:
    """
    Return the calibration of maps of axes, or ``None`` for none.

    Raises:
        ValueError: The value is neither nil nor a map of maps that can be applied.
    """
    return None if values is None else calibration.check_axes(values)


REQUIRED = object()
"""The default of an argument that must be given."""


class Argument(NamedTuple):
    """
    One argument of a request.

    Attributes:
        meaning: What it stands for, with unit and range.
        check: Returns the value as the daemon uses it; raises ValueError with the reason otherwise.
        default: Its value where it is absent; `REQUIRED` if it must be there.
    """

    meaning: str
    check: Callable[[object], Any]
    default: Any = REQUIRED


@dataclass(frozen=True, slots=True)
class RequestSpec:
    """
    One line of the table of requests.

    Attributes:
        meaning: What the request asks for.
        reply: What a positive reply holds besides ``ok`` and ``id``.
        effect: What carrying it out does to the daemon.
        arguments: Its arguments by name.
        order: Names of the integer arguments by which a later request of a stream is known, most significant first.
    """

    meaning: str
    reply: str
    effect: Effect = Effect.READS
    arguments: Mapping[str, Argument] = field(default_factory=dict[str, Argument])
    order: tuple[str, ...] = ()


REQUESTS: Mapping[str, RequestSpec] = {
    "hello": RequestSpec(
        "Who the daemon is.", "version, wire, run, rate, source, sim_state, topic_prefix, topics, thresholds"
    ),
    "status": RequestSpec(
        "How the daemon and the sim are.",
        "the fields of the status topic; frames: topic to the number of frames published on it",
    ),
    "schema": RequestSpec("What the topics hold.", "wire, topics: JSON Schema of each topic"),
    "static": RequestSpec("The car, the track and the rules.", "the fields of the static topic"),
    "latest": RequestSpec(
        "The newest frame of each topic, for late joiners; those of a session only while it runs.",
        "frames: topic to frame",
    ),
    "thresholds": RequestSpec(
        "The detection thresholds.", "thresholds: name to value, low, high, unit, meaning, source"
    ),
    "set_rate": RequestSpec(
        "Change the rate.",
        "rate",
        Effect.ONCE,
        {"rate": Argument(f"Ticks per second, {MIN_RATE:g} to {MAX_RATE:g}.", check_rate)},
    ),
    "set_thresholds": RequestSpec(
        "Change detection thresholds; all of them or, if one is wrong, none.",
        "thresholds: name to value",
        Effect.ONCE,
        {"thresholds": Argument("A map of names to numbers.", check_thresholds)},
    ),
    "mark": RequestSpec(
        "Publish an event of kind mark, so that this moment can be found again.",
        "tick, timestamp: those of the event",
        Effect.ONCE,
        {"text": Argument(f"The reason: 1 to {MAX_MARK} printable characters.", check_mark)},
    ),
    "reload_keys": RequestSpec(
        "Read the directory of keys again; only if the daemon was started with --keys.",
        "clients: name to role; problems: texts",
        Effect.ONCE,
    ),
    "acquire": RequestSpec(
        "Take the controls of the car; only one driver holds them. The driver who holds them may ask again, with the "
        "token, for a new epoch.",
        "epoch, token, lease_ms, backend, resets: names of means, starts: names of places, neutral: the map of axes",
        Effect.ONCE,
        {
            "driver": Argument(
                f"Name of the driver: 1 to {controls.MAX_NAME} printable characters.", controls.check_driver
            ),
            "lease_ms": Argument(
                f"The controls are free again after so long without a word from the driver, "
                f"{controls.MIN_LEASE_MS} to {controls.MAX_LEASE_MS} ms.",
                controls.check_lease,
                controls.DEFAULT_LEASE_MS,
            ),
            "force": Argument("Whether to take the controls from another driver.", controls.check_force, False),
            "token": Argument("The token of the driver who holds them; nil for another.", controls.check_token, None),
        },
    ),
    "drive": RequestSpec(
        "Apply a command to the car.",
        "seq, tick: of the newest tick, late_s: from the sampling of the frame answered until now, or nil",
        Effect.STREAM,
        {
            "token": Argument("Of the driver.", controls.check_count),
            "epoch": Argument("Of the lease.", controls.check_count),
            "seq": Argument("Grows with each command of an epoch.", controls.check_count),
            "steer": Argument("-1 full left to 1 full right.", controls.check_steer),
            "gas": Argument("0 to 1.", controls.check_gas),
            "brake": Argument("0 to 1.", controls.check_brake),
            "clutch": Argument("1 engaged to 0.", controls.check_clutch, 1.0),
            "shifts_up": Argument("Running count of shifts up.", controls.check_shifts, 0),
            "shifts_down": Argument("Running count of shifts down.", controls.check_shifts, 0),
            "ttl_ms": Argument(
                f"How long it is applied before the car is neutral, {controls.MIN_TTL_MS} to {controls.MAX_TTL_MS} ms.",
                controls.check_ttl,
                controls.DEFAULT_TTL_MS,
            ),
            "tick": Argument("The tick of the frame that it answers; nil for none.", controls.check_tick, None),
        },
        order=("epoch", "seq"),
    ),
    "hold": RequestSpec(
        "Keep the controls; the car stays as its command says.",
        "state, reason, epoch",
        Effect.STREAM,
        {"token": Argument("Of the driver.", controls.check_count)},
    ),
    "release": RequestSpec(
        "Give the controls back; the car is neutral at once.",
        "nothing more",
        Effect.ONCE,
        {"token": Argument("Of the driver.", controls.check_count)},
    ),
    "reset": RequestSpec(
        "Begin a run at another place. Its end is reported by the topic controls and by an event.",
        "reset: number of the reset, epoch",
        Effect.ONCE,
        {
            "token": Argument("Of the driver.", controls.check_count),
            "start": Argument(
                "Where: grid, pits, hotlap, or a map of s, offset and speed (m, m, m/s).", controls.check_start
            ),
            "means": Argument("The means to use; nil for any that can.", controls.check_means, None),
        },
    ),
    "calibrate": RequestSpec(
        "Correct all commands from now on, so that the telemetry shows what was asked; or, without maps, apply those "
        "of this driver as they are, for a measurement.",
        "hash: of the maps applied or nil, stored: whether the daemon keeps them in its file",
        Effect.ONCE,
        {
            "token": Argument("Of the driver.", controls.check_count),
            "axes": Argument(
                "Maps by axis (steer, gas, brake), each with commands, shown, residual, dead, end and gamma; nil to "
                "measure.",
                check_axes,
                None,
            ),
        },
    ),
    "shutdown": RequestSpec(
        "End the daemon; only if it was started with --allow-shutdown.", "nothing more", Effect.ONCE
    ),
}


@dataclass(frozen=True, slots=True)
class Request:
    """
    A request that was checked against the table.

    Attributes:
        name: Its name in the table.
        id: The id that its sender gave it; ``None`` if there is none.
        arguments: Checked values by name.
        spec: Its line of the table.
    """

    name: str
    id: str | int | None
    arguments: Mapping[str, Any]
    spec: RequestSpec

    @property
    def order(self) -> tuple[int, ...]:
        """Its place in its stream; of two requests the one with the larger order is newer."""
        return tuple(self.arguments[name] for name in self.spec.order)


def encode_request(name: str, request_id: str, arguments: Mapping[str, Any]) -> bytes:
    """Encode a request."""
    return packing.pack({**arguments, "request": name, "id": request_id})


def unpack_request(body: bytes) -> dict[str, Any]:
    """
    Decode the bytes of a request, within limits.

    Raises:
        RequestRefused: The bytes are not one map with string keys.
    """
    try:
        return packing.unpack_map(body, packing.REQUEST)
    except DecodeError as error:
        raise RequestRefused("", BAD_REQUEST, str(error)) from error


def read_id(values: Mapping[str, Any]) -> str | int | None:
    """Return the id of a request, so that a refusal can carry it; ``None`` if it has no valid one."""
    found = values.get("id")
    if isinstance(found, str) and 0 < len(found.encode("utf-8", "replace")) <= MAX_ID_BYTES:
        return found
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def check_request(values: Mapping[str, Any], table: Mapping[str, RequestSpec] = REQUESTS) -> Request:
    """
    Check a decoded request against the table.

    Raises:
        RequestRefused: The map is not a request of the table; code and message say why.
    """
    arguments = dict(values)
    name = arguments.pop("request", None)
    if not isinstance(name, str):
        raise RequestRefused("", BAD_REQUEST, '"request" must name a request: ' + ", ".join(table))
    spec = table.get(name)
    if spec is None:
        raise RequestRefused(name, UNKNOWN_REQUEST, "the requests are: " + ", ".join(table))
    request_id = read_id(arguments)
    if arguments.pop("id", None) is not None and request_id is None:
        raise RequestRefused(name, BAD_ARGUMENT, f"id must be an integer or a text of 1 to {MAX_ID_BYTES} bytes")
    if spec.effect is Effect.ONCE and request_id is None:
        raise RequestRefused(name, BAD_ARGUMENT, "a changing request needs an id of its own, so that it is done once")
    for key, argument in spec.arguments.items():
        if argument.default is not REQUIRED:
            arguments.setdefault(key, argument.default)
    wrong = sorted(arguments.keys() ^ spec.arguments.keys())
    if wrong:
        takes = ", ".join(spec.arguments) or "no arguments"
        raise RequestRefused(name, BAD_ARGUMENT, f"takes {takes}; missing or unknown: {', '.join(wrong)}"[:200])
    try:
        checked_arguments = {key: argument.check(arguments[key]) for key, argument in spec.arguments.items()}
    except ValueError as error:
        raise RequestRefused(name, BAD_ARGUMENT, str(error)) from error
    return Request(name, request_id, checked_arguments, spec)


def encode_reply(request_id: str | int | None, fields: Mapping[str, Any]) -> bytes:
    """Encode a positive reply."""
    return packing.pack({"ok": True, **_identity(request_id), **fields})


def encode_refusal(request_id: str | int | None, refused: RequestRefused) -> bytes:
    """Encode an error reply."""
    error = {"code": refused.code, "message": refused.message}
    return packing.pack({"ok": False, **_identity(request_id), "error": error})


def _identity(request_id: str | int | None) -> dict[str, str | int]:
    return {} if request_id is None else {"id": request_id}


def reply_id(body: bytes) -> str | int | None:
    """
    Return the id of the request that a reply answers; ``None`` if that had none.

    Raises:
        DecodeError: The bytes are not a reply of an acbridge daemon.
    """
    return read_id(packing.unpack_map(body, packing.REPLY))


def decode_reply(name: str, body: bytes) -> dict[str, Any]:
    """
    Return the fields of a positive reply, without ``ok`` and ``id``; their texts are plain.

    Raises:
        DecodeError: The bytes are not a reply of an acbridge daemon.
        RequestRefused: The daemon refused the request; code and message say why.
    """
    reply = plain_values(packing.unpack_map(body, packing.REPLY))
    match reply:
        case {"ok": True}:
            return {key: value for key, value in reply.items() if key not in ("ok", "id")}
        case {"ok": False, "error": {"code": str(code), "message": str(message)}}:
            raise RequestRefused(name, code, message)
        case _:
            raise DecodeError(f"the reply to {name!r} has neither result nor error; is this an acbridge daemon?")
