"""
JSON on one line. JSON has neither inf nor nan, which the sim sometimes writes: both become null.

Pure: it opens nothing and reads no clock.
"""

import json
import math
from collections.abc import Callable, Mapping
from typing import Any, cast


def to_json(values: Mapping[str, Any], *, ensure_ascii: bool = True) -> bytes:
    """
    Encode as JSON with the standard library.

    Args:
        values: The object to encode.
        ensure_ascii: Escape all letters outside ASCII, since not every terminal shows them; else they are UTF-8.
    """
    try:
        text = json.dumps(values, allow_nan=False, ensure_ascii=ensure_ascii, separators=(",", ":"))
    except ValueError:
        text = json.dumps(_finite(values), allow_nan=False, ensure_ascii=ensure_ascii, separators=(",", ":"))
    return text.encode()


def plain_json(values: Mapping[str, Any]) -> bytes:
    """Encode as JSON in UTF-8 with the standard library."""
    return to_json(values, ensure_ascii=False)


def _fastest() -> Callable[[Mapping[str, Any]], bytes]:
    try:
        import orjson  # noqa: PLC0415  optional
    except ModuleNotFoundError:
        return plain_json
    return orjson.dumps


fast_json = _fastest()
"""Encode as JSON in UTF-8, with orjson if it is installed (the extra ``fast``), in an eighth of the time."""


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in cast("dict[str, Any]", value).items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in cast("list[Any]", value)]
    return value
