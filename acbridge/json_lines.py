"""JSON on one line. It has neither inf nor nan, which the sim writes now and then: they become null."""

import json
import math
from collections.abc import Mapping
from typing import Any, cast


def to_json(values: Mapping[str, Any], *, ensure_ascii: bool = True) -> bytes:
    """
    Encode as JSON.

    Args:
        values: What to encode.
        ensure_ascii: Escape all other letters, since not every terminal knows them; else they are UTF-8.
    """
    try:
        text = json.dumps(values, allow_nan=False, ensure_ascii=ensure_ascii, separators=(",", ":"))
    except ValueError:
        text = json.dumps(_finite(values), allow_nan=False, ensure_ascii=ensure_ascii, separators=(",", ":"))
    return text.encode()


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in cast("dict[str, Any]", value).items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in cast("list[Any]", value)]
    return value
