"""The table of topics."""

from acbridge.controls import Controls
from acbridge.derived import Derived, Event
from acbridge.pages import Graphics, Physics, Static
from acbridge.status import Status
from acbridge.topics import BY_NAME, FRAMES_PER_TICK, SAMPLE, TICK_RECORDS, TOPICS, Topic


def test_no_topic_is_the_beginning_of_another() -> None:
    names = [topic.name for topic in TOPICS]
    overlaps = [(one, other) for one in names for other in names if one != other and other.startswith(one)]
    assert [] == overlaps
    assert len(names) == len(set(names))


def test_every_topic_is_found_by_its_name() -> None:
    assert {"physics", "graphics", "derived", "static", "status", "controls", "event"} == BY_NAME.keys()
    assert list(TOPICS) == list(BY_NAME.values())
    assert [Physics, Graphics, Derived, Static, Status, Controls, Event] == [
        BY_NAME[topic.name].record for topic in TOPICS
    ]


def test_every_record_of_a_sample_is_published_at_every_tick() -> None:
    assert (Physics, Graphics, Derived) == SAMPLE
    assert [1, 1, 1] == [BY_NAME[record.topic].every for record in SAMPLE if record in TICK_RECORDS]


def test_a_decimated_topic_is_due_at_the_ticks_that_its_number_divides() -> None:
    cars = Topic(Physics, every=3)
    assert [0, 3, 6] == [tick for tick in range(8) if cars.due(tick)]
    assert "at every tick whose number 3 divides while the sim is live, paused or in replay" == cars.sent


def test_a_topic_that_ticks_do_not_publish_is_never_due() -> None:
    assert [] == [topic.name for topic in TOPICS if not topic.by_ticks and topic.due(0)]


def test_queues_are_counted_in_frames_per_tick() -> None:
    assert len(TICK_RECORDS) + 1 == FRAMES_PER_TICK  # no topic is decimated yet; controls come at ticks while driven


def test_a_name_is_the_one_that_its_record_says() -> None:
    assert [topic.record.topic for topic in TOPICS] == [topic.name for topic in TOPICS]


def test_a_name_stays_short_and_plain() -> None:
    assert [] == [topic.name for topic in TOPICS if not (topic.name.isascii() and topic.name.isalpha())]
