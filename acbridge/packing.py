"""
msgpack within limits: the only module that imports the msgpack library.

Bytes from a peer are unpacked with a bound on every size that the peer controls, and every failure is a `DecodeError`.
"""

from typing import TYPE_CHECKING, Any, NamedTuple, cast

import msgpack  # pyright: ignore[reportMissingTypeStubs]  # it has no types

from acbridge.errors import DecodeError

if TYPE_CHECKING:
    from collections.abc import Callable

_pack = cast("Callable[[object], bytes]", msgpack.packb)  # pyright: ignore[reportUnknownMemberType]  # as above
_unpack = cast("Callable[..., object]", msgpack.unpackb)  # pyright: ignore[reportUnknownMemberType]  # as above


class Bounds(NamedTuple):
    """
    The largest text, binary, array and map that are unpacked; extensions never are.

    Attributes:
        strict: Whether every map, at every depth, must have text keys without repetition; the daemon's own frames and
            replies do not need the cost of this check.
    """

    text: int
    binary: int
    array: int
    map: int
    strict: bool


FRAME = Bounds(text=4096, binary=4096, array=256, map=1024, strict=False)
# The longest text of a request is that of a mark: 200 characters of up to four bytes.
REQUEST = Bounds(text=800, binary=256, array=256, map=64, strict=True)
REPLY = Bounds(text=65536, binary=65536, array=4096, map=4096, strict=False)


def pack(value: object) -> bytes:
    """Return a value as msgpack."""
    return _pack(value)


def unpack(data: bytes, bounds: Bounds) -> object:
    """
    Return the value that bytes hold; arrays become tuples.

    Raises:
        DecodeError: The bytes are not exactly one msgpack value within the bounds.
    """
    try:
        return _unpack(
            data,
            use_list=False,
            max_str_len=bounds.text,
            max_bin_len=bounds.binary,
            max_array_len=bounds.array,
            max_map_len=bounds.map,
            max_ext_len=0,
            ext_hook=_no_extension,
            object_pairs_hook=_strict_map if bounds.strict else None,
        )
    except ValueError as error:  # every error of msgpack is one
        raise DecodeError(f"not one msgpack value within the limits: {error!r}"[:200]) from error


def unpack_map(data: bytes, bounds: Bounds) -> dict[str, Any]:
    """
    Return the map with string keys that bytes hold.

    Raises:
        DecodeError: The bytes hold something else.
    """
    value = unpack(data, bounds)
    if not isinstance(value, dict):
        raise DecodeError(f"a map with string keys was expected, not {type(value).__name__}")
    if not all(isinstance(key, str) for key in cast("dict[object, object]", value)):
        raise DecodeError("a map with string keys was expected, not one with other keys")
    return cast("dict[str, Any]", value)


def _no_extension(_code: int, _data: bytes) -> object:
    raise ValueError("an extension type")


def _strict_map(pairs: list[tuple[object, object]]) -> dict[object, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a repeated key")
    if not all(isinstance(key, str) for key in found):
        raise ValueError("a map must have string keys")
    return found
