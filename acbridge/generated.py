"""
Functions that are written from a table, as `dataclasses` writes ``__init__``: straight lines instead of loops.

Only the tables of this library reach it: the names of their columns and their shapes.
"""

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any


def values_of(items: Sequence[tuple[str, str]], flat: int, names: Mapping[str, object]) -> Callable[[Any], Any]:
    """
    Return a function that makes a dictionary from the flat values of a `struct`.

    Each flat value is a local variable there, and the dictionary a filled copy: several times faster than subscripts
    and a long display, which Python builds in parts.

    Args:
        items: The keys, and for each the expression of its value, in Python; ``v0`` is the first flat value.
        flat: How many flat values there are.
        names: The other names in the expressions, and their values.
    """
    lines = [
        "def function(flat):",
        f"    {''.join(f'v{i}, ' for i in range(flat))} = flat",
        "    values = empty.copy()",
        *(f"    values[{key!r}] = {value}" for key, value in items),
        "    return values",
    ]
    scope: dict[str, Any] = {"__builtins__": {}, "empty": dict.fromkeys(key for key, _ in items), **names}
    exec("\n".join(lines), scope)  # noqa: S102  text of our own tables
    return scope["function"]


def tuples_of(shape: tuple[int, ...], first: int) -> str:
    """
    Return the expression of an element among the flat values, or of an array of them.

    Args:
        shape: Elements per axis, ``()`` for a single one.
        first: The place of the first element.
    """
    if not shape:
        return f"v{first}"
    size = prod(shape[1:])
    return "(" + "".join(f"{tuples_of(shape[1:], first + i * size)}, " for i in range(shape[0])) + ")"
