"""
What a client asks for, in the query of its address or in a message, as a `Selection`.

Opens no socket, reads no clock.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast
from urllib.parse import parse_qs

from acbridge import packing
from acbridge.errors import DecodeError, UnknownName
from acbridge.plain_text import plain
from acbridge.selection import Selection

DEFAULT_HZ = 60.0
"""Frames per second of each topic, if the client names no rate: what a screen can show."""
HIGHEST_HZ = 1000.0
"""The daemon's own highest rate: with it, a client gets every frame."""
_KEYS = ("topics", "fields", "max_hz")
_LISTED = 10
"""Unknown names that an error lists: enough to find the mistake."""


class BadSelection(ValueError):  # noqa: N818  the name says what happened
    """A client asked for something that does not exist; the text names it."""


def from_query(query: str) -> Selection:
    """
    Read a selection from the query of a URL, such as ``topics=physics,derived&max_hz=20``; other keys are ignored.

    Raises:
        BadSelection: The query asks for something that does not exist.
    """
    given = {key: values[-1] for key, values in parse_qs(query, keep_blank_values=True).items()}
    wanted: dict[str, Any] = {
        key: [name for name in given[key].split(",") if name] for key in ("topics", "fields") if key in given
    }
    if "max_hz" in given:
        try:
            wanted["max_hz"] = float(given["max_hz"])
        except ValueError:
            raise BadSelection(f"max_hz must be a number, not {given['max_hz'][:40]!r}") from None
    return from_values(wanted)


def from_message(message: str | bytes) -> Selection:
    """
    Read a selection from a client's message: JSON if it is text, msgpack if it is binary.

    Raises:
        BadSelection: The message is not a subscribe message, or asks for something that does not exist.
    """
    try:
        wanted: object = json.loads(message) if isinstance(message, str) else packing.unpack(message, packing.REQUEST)
    except (ValueError, RecursionError, DecodeError):  # a few thousand brackets are deeper than Python counts
        raise BadSelection("a message must be one map, such as {'op': 'subscribe', 'topics': ['physics']}") from None
    if not isinstance(wanted, dict) or cast("dict[object, object]", wanted).get("op") != "subscribe":
        raise BadSelection("a message must be a map whose 'op' is 'subscribe'; there is no other request")
    return from_values({key: value for key, value in cast("dict[str, Any]", wanted).items() if key != "op"})


def from_values(wanted: Mapping[str, Any]) -> Selection:
    """
    Check what a client asks for, and add the defaults: all topics, all fields, 60 Hz.

    Raises:
        BadSelection: The client asks for something that does not exist.
    """
    unknown = [key for key in wanted if key not in _KEYS]
    if unknown:
        raise BadSelection(f"unknown: {_listed(unknown)}; a client may choose topics, fields and max_hz")
    hz = wanted.get("max_hz", DEFAULT_HZ)
    if isinstance(hz, bool) or not isinstance(hz, int | float) or not 0 < hz <= HIGHEST_HZ:
        raise BadSelection(f"max_hz must be a number above 0 and at most {HIGHEST_HZ:g}")
    topics, fields = _names(wanted, "topics"), _names(wanted, "fields")
    try:
        return Selection.of(topics, fields or (), max_rate=float(hz) if hz < HIGHEST_HZ else None)
    except UnknownName as error:
        where = "" if error.kind == "topic" else " in the chosen topics"
        raise BadSelection(f"unknown {error.kind}s{where}: {_listed(error.names)}; nothing was changed") from None


def _names(wanted: Mapping[str, Any], key: str) -> list[str] | None:
    names = wanted.get(key)
    if names is None:
        return None
    if not isinstance(names, list | tuple) or not all(isinstance(n, str) for n in cast("list[object]", names)):
        raise BadSelection(f"{key} must be an array of names")
    return list(cast("list[str]", names))


def _listed(names: Sequence[object]) -> str:
    return ", ".join(plain(str(name)[:40]) for name in names[:_LISTED]) + (", ..." if len(names) > _LISTED else "")
