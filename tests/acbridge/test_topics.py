"""The table of topics."""

from acbridge.derived import Derived, Event
from acbridge.pages import Graphics, Physics, Static
from acbridge.status import Status
from acbridge.topics import BY_NAME, EVERY_TICK, TOPICS


def test_no_topic_is_the_beginning_of_another() -> None:
    names = [topic.name for topic in TOPICS]
    overlaps = [(one, other) for one in names for other in names if one != other and other.startswith(one)]
    assert [] == overlaps
    assert len(names) == len(set(names))


def test_every_topic_is_found_by_its_name() -> None:
    assert {"physics", "graphics", "derived", "static", "status", "event"} == BY_NAME.keys()
    assert list(TOPICS) == list(BY_NAME.values())
    assert [Physics, Graphics, Derived, Static, Status, Event] == [BY_NAME[topic.name].record for topic in TOPICS]


def test_a_tick_publishes_physics_then_graphics_then_derived() -> None:
    assert (Physics, Graphics, Derived) == EVERY_TICK


def test_a_name_is_the_one_that_its_record_says() -> None:
    assert [topic.record.topic for topic in TOPICS] == [topic.name for topic in TOPICS]


def test_a_name_stays_short_and_plain() -> None:
    assert [] == [topic.name for topic in TOPICS if not (topic.name.isascii() and topic.name.isalpha())]
