"""What begins with a frame, by arithmetic: a header, a file, a gap."""

from typing import Any

from acbridge import Event, EventKind
from acbridge.recording.writing.rotation import Rotation
from acbridge_sink.jsonl.segments import Segments, Start
from recordings import another_static, records

CONTINUES = Start(segment=False, restarted=False)
BEGINS = Start(segment=True, restarted=False)
MINUTE_NS = 60_000_000_000


class Follower:
    """Feeds ticks of a daemon that answers with a static record."""

    def __init__(self, rotation: Rotation | None = None) -> None:
        self.segments = Segments(rotation or Rotation())
        self.static: dict[str, Any] | None = dict(vars(records()[2]))
        self.asked = 0

    def ask(self) -> dict[str, Any]:
        self.asked += 1
        return {"static": self.static, "thresholds": {"stuck_s": 3.0}}

    def tick(self, packet: int | None, *, run: int = 1, mono_ns: int = 0, size: int = 0, replay: bool = False) -> Start:
        return self.segments.tick(run, packet, mono_ns, size, self.ask, replay=replay)


def test_the_first_tick_begins_a_segment_and_the_next_continue_it() -> None:
    follower = Follower()
    assert [BEGINS, CONTINUES, CONTINUES] == [follower.tick(packet) for packet in (1, 2, 2)]
    assert 1 == follower.asked


def test_another_run_begins_a_segment_and_may_have_lost_frames() -> None:
    follower = Follower()
    follower.tick(9)
    assert Start(segment=True, restarted=True) == follower.tick(10, run=2)


def test_a_packet_id_that_falls_asks_for_the_car_and_begins_nothing_if_it_is_the_same() -> None:
    follower = Follower()
    follower.tick(9)
    assert CONTINUES == follower.tick(1)
    assert 2 == follower.asked


def test_a_packet_id_that_falls_in_a_replay_asks_nothing_and_begins_nothing() -> None:
    follower = Follower()
    follower.tick(900)
    follower.static = dict(vars(another_static(maxFuel=7.0)))
    assert [CONTINUES] * 4 == [follower.tick(packet, replay=True) for packet in (500, 501, 20, 700)]
    assert [CONTINUES] * 2 == [follower.tick(packet) for packet in (900, 901)]
    assert 1 == follower.asked
    assert BEGINS == follower.tick(1)


def test_another_car_in_a_replay_begins_a_segment() -> None:
    follower = Follower()
    follower.tick(900)
    other = another_static(carModel="another")
    assert not follower.segments.is_news(other, with_ticks=True)
    follower.static = dict(vars(other))
    assert BEGINS == follower.tick(20, replay=True)


def test_another_car_after_a_rest_begins_a_segment() -> None:
    follower = Follower()
    follower.tick(9)
    follower.segments.rest()
    follower.static = dict(vars(another_static(carModel="another")))
    assert BEGINS == follower.tick(10)


def test_a_tick_without_physics_asks_nothing() -> None:
    follower = Follower()
    follower.tick(9)
    assert CONTINUES == follower.tick(None)
    assert 1 == follower.asked


def test_a_size_an_age_or_a_number_of_laps_begins_a_segment() -> None:
    by_size = Follower(Rotation(size=2))
    assert [BEGINS, CONTINUES, BEGINS] == [by_size.tick(1, size=size) for size in (0, 1_999_999, 2_000_000)]
    by_age = Follower(Rotation(minutes=1))
    assert [BEGINS, CONTINUES, BEGINS, CONTINUES] == [
        by_age.tick(1, mono_ns=ns) for ns in (0, MINUTE_NS - 1, MINUTE_NS, MINUTE_NS + 1)
    ]
    by_laps = Follower(Rotation(laps=1))
    by_laps.tick(1)
    by_laps.segments.event(Event.of(EventKind.LAP_COMPLETED))
    assert [BEGINS, CONTINUES] == [by_laps.tick(2), by_laps.tick(3)]
    assert 1 == by_laps.segments.laps


def test_a_static_record_is_news_if_it_differs_from_the_header() -> None:
    follower = Follower()
    follower.tick(1)
    assert not follower.segments.is_news(records()[2], with_ticks=True)
    assert follower.segments.is_news(another_static(maxFuel=7.0), with_ticks=True)
    assert not follower.segments.is_news(another_static(maxFuel=7.0), with_ticks=True)


def test_a_static_record_of_another_car_is_left_to_the_header_of_the_next_tick() -> None:
    follower = Follower()
    follower.tick(1)
    other = another_static(carModel="another")
    assert not follower.segments.is_news(other, with_ticks=True)
    follower.static = dict(vars(other))
    assert BEGINS == follower.tick(2)


def test_the_next_header_says_the_changed_thresholds() -> None:
    follower = Follower()
    follower.tick(1)
    follower.segments.event(Event.of(EventKind.THRESHOLDS_CHANGED, text="stuck_s=9.25"))
    assert {"stuck_s": 9.25} == follower.segments.header["thresholds"]
