"""Which topics and fields are selected, in every sink by the same rule."""

import pytest

from acbridge import Event, Graphics, Physics, UnknownName
from acbridge.selection import Selection
from acbridge.topics import TOPICS


def record(kind: type[Event]) -> Event:
    return kind.adopt(dict.fromkeys(column.name for column in kind.columns))


def test_without_names_everything_is_selected() -> None:
    assert tuple(topic.record for topic in TOPICS) == Selection.of(None).records


def test_topics_come_in_the_order_of_the_table() -> None:
    assert ("physics", "graphics", "event") == Selection.of(["event", "graphics", "physics"]).topics


def test_fields_alone_select_the_topics_that_have_one() -> None:
    assert (Physics,) == Selection.of(None, ["speedKmh"]).records
    assert () == Selection.of([]).records


def test_the_default_is_what_a_sink_is_for() -> None:
    assert (Graphics,) == Selection.of(None, default=(Graphics,)).records


def test_a_selected_topic_keeps_its_selected_fields() -> None:
    event = record(Event)
    assert {"kind": None, "lap": None} == Selection.of(["event"], ["kind", "lap"]).values(event)


def test_a_selected_topic_without_any_of_the_fields_stays_whole() -> None:
    event = record(Event)
    assert vars(event) == Selection.of(["physics", "event"], ["speedKmh"]).values(event)


@pytest.mark.parametrize(
    ("topics", "fields", "said"),
    [
        (["telemetry"], [], "there is no topic 'telemetry'; there are: controls, derived, event"),
        (["physics"], ["speedkmh"], r"there is no field 'speedkmh'; did you mean 'speedKmh'\?$"),
        (["graphics"], ["speedKmh"], "there is no field 'speedKmh'; there are: "),
    ],
)
def test_an_unknown_name_is_refused(topics: list[str], fields: list[str], said: str) -> None:
    with pytest.raises(UnknownName, match=said):
        Selection.of(topics, fields)
