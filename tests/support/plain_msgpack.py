"""A msgpack reader that uses no msgpack library, and the way PlotJuggler's ZMQ plugin reads a message."""

import struct
from collections.abc import Callable, Iterator
from typing import cast


class UnreadableError(ValueError):
    """Bytes that a strict reader refuses."""


class Single(float):
    """A float32; a float64 is a plain float."""

    __slots__ = ()


_NUMBERS = {
    0xCA: (">f", Single),
    0xCB: (">d", float),
    0xCC: (">B", int),
    0xCD: (">H", int),
    0xCE: (">I", int),
    0xCF: (">Q", int),
    0xD0: (">b", int),
    0xD1: (">h", int),
    0xD2: (">i", int),
    0xD3: (">q", int),
}
_CONSTANTS = {0xC0: None, 0xC2: False, 0xC3: True}
_TEXT_SIZES = {0xD9: ">B", 0xDA: ">H", 0xDB: ">I"}
_ARRAY_SIZES = {0xDC: ">H", 0xDD: ">I"}
_MAP_SIZES = {0xDE: ">H", 0xDF: ">I"}


def read(data: bytes) -> tuple[object, bytes]:
    """
    Read one value and return it with the bytes that follow it.

    Raises:
        UnreadableError: The value is cut off, or holds a binary, an extension, or a key that is repeated or no text.
    """
    marker, rest = _take(data, 1)[0], data[1:]
    if marker in _CONSTANTS:
        return _CONSTANTS[marker], rest
    if marker in _NUMBERS:
        code, kind = _NUMBERS[marker]
        number, rest = _number(rest, code)
        return kind(number), rest
    if marker <= 0x7F or marker >= 0xE0:
        return marker - (0x100 if marker >= 0xE0 else 0), rest
    return _sized(marker, rest)


def _sized(marker: int, rest: bytes) -> tuple[object, bytes]:
    for low, high, sizes, take in (
        (0xA0, 0xBF, _TEXT_SIZES, _text),
        (0x90, 0x9F, _ARRAY_SIZES, _array),
        (0x80, 0x8F, _MAP_SIZES, _map),
    ):
        reader = cast("Callable[[bytes, int], tuple[object, bytes]]", take)
        if low <= marker <= high:
            return reader(rest, marker - low)
        if marker in sizes:
            size, body = _number(rest, sizes[marker])
            return reader(body, int(size))
    raise UnreadableError(f"marker {marker:#04x} has no place in a frame")


def _text(data: bytes, size: int) -> tuple[str, bytes]:
    return _take(data, size).decode("utf-8", "strict"), data[size:]


def _array(data: bytes, size: int) -> tuple[list[object], bytes]:
    values: list[object] = []
    for _ in range(size):
        value, data = read(data)
        values.append(value)
    return values, data


def _map(data: bytes, size: int) -> tuple[dict[str, object], bytes]:
    values: dict[str, object] = {}
    for _ in range(size):
        key, data = read(data)
        if not isinstance(key, str):
            raise UnreadableError(f"the key {key!r} is no text")
        if key in values:
            raise UnreadableError(f"the key {key!r} comes twice")
        values[key], data = read(data)
    return values, data


def _number(data: bytes, code: str) -> tuple[float, bytes]:
    size = struct.calcsize(code)
    return struct.unpack(code, _take(data, size))[0], data[size:]


def _take(data: bytes, size: int) -> bytes:
    if len(data) < size:
        raise UnreadableError(f"{size} bytes wanted, {len(data)} left")
    return data[:size]


def read_map(payload: bytes) -> dict[str, object]:
    """Read a payload that is exactly one map."""
    value, rest = read(payload)
    if rest:
        raise UnreadableError(f"{len(rest)} bytes follow the value")
    if not isinstance(value, dict):
        raise UnreadableError(f"a map was expected, not {type(value).__name__}")
    return cast("dict[str, object]", value)


def read_message(parts: list[bytes]) -> tuple[str, float, dict[str, float]]:
    """
    Return topic, time in Unix seconds and series by name of one message, as PlotJuggler's ZMQ plugin makes them.

    Raises:
        UnreadableError: The message does not have two parts, or the second is not one map with a float64 `timestamp`.
    """
    if len(parts) != 2:
        raise UnreadableError(f"a message has 2 parts, not {len(parts)}")
    topic = parts[0].decode("utf-8", "strict")
    values = read_map(parts[1])
    timestamp = values.get("timestamp")
    if type(timestamp) is not float:
        raise UnreadableError(f"timestamp must be a float64, not {timestamp!r}")
    return topic, timestamp, dict(_series(topic, values))


def _series(name: str, value: object) -> Iterator[tuple[str, float]]:
    """Flatten numbers and truth values to series; text and nil are dropped."""
    if isinstance(value, int | float):
        yield name, float(value)
    elif isinstance(value, dict):
        for key, inner in cast("dict[str, object]", value).items():
            yield from _series(f"{name}/{key}", inner)
    elif isinstance(value, list):
        for index, inner in enumerate(cast("list[object]", value)):
            yield from _series(f"{name}[{index}]", inner)
