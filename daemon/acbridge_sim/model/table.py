"""
State as a table: a dataclass whose columns carry unit and meaning, so that one definition serves Python and numba.

Fields annotated with :class:`Column` are the state. A plain object holds them as attributes; the compiled model holds
them as a record of a structured array with the same names (`acbridge_sim.batch`). Pure.
"""

from dataclasses import is_dataclass
from functools import cache
from typing import Any, NamedTuple, cast, get_type_hints


class Column(NamedTuple):
    """Unit and meaning of one field; the unit is empty for counts, shares and truths."""

    unit: str
    meaning: str


@cache
def columns(table: type) -> dict[str, Column]:
    """Return the columns of a table by name, in order."""
    found: dict[str, Column] = {}
    for name, hint in get_type_hints(table, include_extras=True).items():
        for extra in getattr(hint, "__metadata__", ()):
            if isinstance(extra, Column):
                found[name] = extra
    return found


def values(record: object) -> list[Any]:
    """Return the state of a record as nested lists of numbers, copied."""
    return [_copied(getattr(record, name)) for name in columns(type(record))]


def assign(record: object, state: list[Any]) -> None:
    """
    Put a state that :func:`values` returned back into a record.

    Raises:
        ValueError: The state has another shape, such as that of another version.
    """
    names = columns(type(record))
    if len(state) != len(names):
        raise ValueError(f"a state of {len(state)} fields does not fit {type(record).__name__}, which has {len(names)}")
    for name, value in zip(names, state, strict=True):
        held = getattr(record, name)
        if is_dataclass(held):
            assign(held, value)
        elif not isinstance(held, list):
            setattr(record, name, value)
        else:
            items = cast("list[Any]", held)
            for i, item in enumerate(value):
                if is_dataclass(items[i]):
                    assign(items[i], item)
                else:
                    items[i] = item


def _copied(value: Any) -> Any:
    if isinstance(value, list):
        return [_copied(item) for item in cast("list[Any]", value)]
    return values(value) if is_dataclass(value) else value
