"""
Which part of the published data a program takes: topics, fields and a rate.

The one rule for fields, in every sink: a field is looked for in all selected topics. A selected topic that has none of
the fields is carried whole, because a header alone would say nothing. Without named topics, only topics that have one
of the fields are selected.

Pure: it opens nothing and reads no clock.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

from acbridge.errors import UnknownName
from acbridge.schema import Record
from acbridge.topics import TOPICS


@dataclass(frozen=True, slots=True)
class Selection:
    """
    Topics, fields and a rate.

    Attributes:
        records: Record classes of the topics, in the order of the topic table.
        fields: Names of the only fields to carry; empty for all.
        max_rate: Frames of a topic per second at most, Hz; ``None`` for every frame.
    """

    records: tuple[type[Record], ...]
    fields: frozenset[str] = frozenset()
    max_rate: float | None = None

    @classmethod
    def of(
        cls,
        topics: Iterable[str] | None,
        fields: Iterable[str] = (),
        *,
        default: tuple[type[Record], ...] | None = None,
        max_rate: float | None = None,
    ) -> Self:
        """
        Select by names.

        Args:
            topics: Names of topics; ``None`` for the default ones.
            fields: Names of the only fields to carry; none for all.
            default: Record classes to take if no topics are named; ``None`` for those of all topics.
            max_rate: Frames of a topic per second at most, Hz; ``None`` for every frame.

        Raises:
            UnknownName: There is no such topic, or no selected topic has such a field.
        """
        wanted = frozenset(fields)
        if topics is None:
            records = tuple(topic.record for topic in TOPICS) if default is None else default
        else:
            names = frozenset(topics)
            _check("topic", names, (topic.name for topic in TOPICS))
            records = tuple(topic.record for topic in TOPICS if topic.name in names)
        _check("field", wanted, (column.name for record in records for column in record.columns))
        if wanted and topics is None:
            records = tuple(r for r in records if any(column.name in wanted for column in r.columns))
        return cls(records, wanted, max_rate)

    @property
    def topics(self) -> tuple[str, ...]:
        """Names of the topics, in the order of the topic table."""
        return tuple(record.topic for record in self.records)

    def values(self, record: Record) -> dict[str, Any]:
        """Return the selected fields of a record; all of them if it has none that is selected."""
        whole = vars(record)
        if not self.fields:
            return whole
        return {name: value for name, value in whole.items() if name in self.fields} or whole


def _check(kind: str, names: frozenset[str], known: Iterable[str]) -> None:
    there = frozenset(known)
    if names - there:
        raise UnknownName(kind, tuple(sorted(names - there)), tuple(sorted(there)))
