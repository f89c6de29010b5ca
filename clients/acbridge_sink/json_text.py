"""JSON as the sinks write it: compact, and legal whatever a float holds."""

import json
import math
from typing import Any, cast


def to_json(values: dict[str, Any]) -> bytes:
    """Encode as JSON, which has neither inf nor nan: they become null."""
    try:
        return json.dumps(values, allow_nan=False, separators=(",", ":")).encode()
    except ValueError:
        return json.dumps(_finite(values), allow_nan=False, separators=(",", ":")).encode()


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in cast("dict[str, Any]", value).items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in cast("list[Any]", value)]
    return value
