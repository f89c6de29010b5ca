"""
The metrics: one function for each column of the derived record, by the same name.

A new metric is a column in the record and a function here; the documentation and the wire follow.
"""

from collections.abc import Callable, Mapping
from typing import Any

from acbridge.derived.metrics import condition, consumption, dynamics, lap, situation
from acbridge.derived.metrics.sample import Sample
from acbridge.derived.record import Derived

GROUPS = {
    "Dynamics": dynamics,
    "Condition": condition,
    "Lap": lap,
    "Situation": situation,
    "Consumption": consumption,
}
"""The modules in which metrics are declared, by the title of their group."""


def _declared(name: str) -> Callable[[Sample], Any]:
    """Return the function of a column, which a group declares (and does not merely import)."""
    for module in GROUPS.values():
        function = getattr(module, name, None)
        if function is not None and function.__module__ == module.__name__:
            return function
    raise LookupError(f"the derived record has a column {name!r}, and no group of metrics has a function of that name")


METRICS: Mapping[str, Callable[[Sample], Any]] = {column.name: _declared(column.name) for column in Derived.columns}
"""The function of each column, in the order of the table, which is the order on the wire."""
