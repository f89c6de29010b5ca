"""The messages that wait for a client, by arithmetic: the newest frames, the rate, and the count of the others."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from acbridge import Event, EventKind, Frame, Physics, Status
from acbridge.schema import Record
from acbridge.selection import Selection
from acbridge_sink.ws.encoded_frame import EncodedFrame
from acbridge_sink.ws.hub import LAPS, Hub
from acbridge_sink.ws.outbox import EVENTS, Outbox
from bench import unpackb

HZ = 60
ALL = Selection.of(None)


def record(kind: type[Record], **values: Any) -> Record:
    return kind.adopt({**dict.fromkeys(column.name for column in kind.columns), **values})


def encoded(seq: int, kind: type[Record] = Physics, *, run: int = 1, lost: int = 0, hz: float = HZ) -> EncodedFrame:
    return EncodedFrame(Frame(record(kind), run, seq, seq, 0.0, round(seq * 1e9 / hz), lost))


def outbox(*topics: str, max_hz: float | None = HZ) -> Outbox:
    return Outbox(Selection.of(topics, max_rate=max_hz))


def taken(box: Outbox) -> Iterator[str]:
    """Empty an outbox, each message in a word."""
    while box:
        notice, frame = box.take()
        if notice is not None:
            yield f"{notice['count']} skipped" if notice["type"] == "skipped" else notice["type"]
        if frame is not None:
            yield f"{frame.topic} {frame.frame.seq}"


def test_a_client_that_keeps_up_is_sent_everything() -> None:
    box, sent = outbox("physics"), list[str]()
    for seq in range(9):
        box.offer(encoded(seq))
        sent += taken(box)
    assert [f"physics {seq}" for seq in range(9)] == sent


def test_a_slow_client_gets_the_count_of_missed_frames_before_the_newest() -> None:
    box = outbox("physics")
    box.offer(encoded(0))
    assert ["physics 0"] == list(taken(box))
    for seq in range(1, 9):
        box.offer(encoded(seq))
    assert ["7 skipped", "physics 8"] == list(taken(box))


def test_what_was_lost_on_the_way_to_us_counts_too() -> None:
    box = outbox("physics")
    box.offer(encoded(0))
    list(taken(box))
    box.offer(encoded(4, lost=3))
    assert ["3 skipped", "physics 4"] == list(taken(box))


def test_before_the_first_frame_there_is_nothing_to_miss() -> None:
    box = outbox("physics")
    for seq in range(5):
        box.offer(encoded(seq))
    assert ["physics 4"] == list(taken(box))


def test_a_topic_that_waits_keeps_its_turn() -> None:
    box = outbox("physics", "status")
    for seq in range(3):
        box.offer(encoded(seq, Status))
        box.offer(encoded(seq))
    assert ["status 2", "physics 2"] == list(taken(box))


def test_a_cap_is_kept_on_average_and_is_no_skip() -> None:
    for hz, cap in ((333, 60), (100, 60), (60, 60), (60, 20), (60, 7), (50, 60)):
        box, sent = outbox("physics", max_hz=cap), list[str]()
        for seq in range(10 * hz):
            jitter = round((seq * 7919 % 100 - 50) / 100 * 0.2 * 1e9 / hz)
            frame = encoded(seq, hz=hz).frame
            box.offer(EncodedFrame(frame._replace(mono_ns=max(0, frame.mono_ns + jitter))))
            sent += taken(box)
        assert abs(len(sent) - 10 * min(hz, cap)) <= 1, (hz, cap)
        assert not [word for word in sent if "skipped" in word]


def test_the_highest_rate_holds_nothing_back_however_close_two_ticks_come() -> None:
    box = outbox("physics", max_hz=None)
    box.offer(encoded(0))
    list(taken(box))
    box.offer(EncodedFrame(encoded(1).frame._replace(mono_ns=1000)))
    assert ["physics 1"] == list(taken(box))


def test_of_what_was_lost_a_capped_client_misses_only_what_was_due() -> None:
    box = outbox("physics", max_hz=20)
    box.offer(encoded(0, hz=200))
    list(taken(box))
    box.offer(encoded(4, hz=200, lost=3))
    assert [] == list(taken(box))
    box.offer(encoded(10, hz=200))
    assert ["physics 10"] == list(taken(box))
    box.offer(encoded(40, hz=200, lost=29))
    assert ["2 skipped", "physics 40"] == list(taken(box))


def test_another_run_begins_another_clock() -> None:
    box = outbox("physics")
    box.offer(encoded(1000))
    box.offer(encoded(0, run=2))
    assert ["physics 0"] == list(taken(box))
    box.offer(encoded(1, run=2))
    assert ["physics 1"] == list(taken(box))


def test_events_queue_up_and_the_oldest_go_first_when_there_are_too_many() -> None:
    box = outbox("event")
    for seq in range(EVENTS + 3):
        box.offer(encoded(seq, Event))
    assert ["3 skipped", *(f"event {seq}" for seq in range(3, EVENTS + 3))] == list(taken(box))
    box.offer(encoded(EVENTS + 3, Event))
    assert [f"event {EVENTS + 3}"] == list(taken(box))


def test_events_are_never_held_back_by_a_rate() -> None:
    box = outbox("event", max_hz=1)
    for seq in range(5):
        box.offer(encoded(seq, Event))
    assert 5 == len(list(taken(box)))


def test_another_choice_begins_anew_but_for_events() -> None:
    box = outbox("physics", "event")
    for seq in range(3):
        box.offer(encoded(seq))
        box.offer(encoded(seq, Event))
    box.select(Selection.of(("status", "event")))
    box.offer(encoded(9))
    assert ["event 0", "event 1", "event 2"] == list(taken(box))
    box.select(Selection.of(("physics",)))
    box.offer(encoded(10))
    assert ["physics 10"] == list(taken(box))


def test_every_wait_wakes_the_sender() -> None:
    box, woken = outbox("physics"), list[int]()
    box.wake = lambda: woken.append(1)
    box.offer(encoded(0))
    box.offer(encoded(0, Status))
    box.enqueue({"type": "error"})
    assert 2 == len(woken)


def test_a_frame_is_encoded_once_per_shape() -> None:
    one = encoded(0)
    assert one.encoded(ALL, binary=False) is one.encoded(ALL, binary=False)
    few = Selection.of(["physics"], ["rpms"])
    assert one.encoded(few, binary=False) is one.encoded(Selection.of(None, ["rpms"]), binary=False)
    shapes = [one.encoded(fields, binary=binary) for fields in (ALL, few) for binary in (False, True)]
    assert 4 == len(set(shapes))


def test_inf_and_nan_are_null_in_json_and_themselves_in_msgpack() -> None:
    frame = encoded(0).frame._replace(record=record(Physics, gas=float("inf"), accG=(1.0, float("nan"), 2.0)))
    said = json.loads(EncodedFrame(frame).encoded(ALL, binary=False))
    assert (None, [1.0, None, 2.0]) == (said["gas"], said["accG"])
    packed = unpackb(EncodedFrame(frame).encoded(ALL, binary=True))
    assert float("inf") == packed["gas"]


def test_a_newcomer_is_shown_what_is_newest_but_no_old_event() -> None:
    hub, box = Hub(), outbox("physics", "static", "event")
    hub.publish([encoded(7).frame, encoded(3, Event).frame], now=1.0)
    hub.join(box)
    assert ["hello", "physics 7"] == list(taken(box))


def lap(seq: int, kind: EventKind = EventKind.LAP_COMPLETED, *, run: int = 1, lost: int = 0) -> Frame[Any]:
    return encoded(seq, Event, run=run, lost=lost).frame._replace(record=Event.of(kind, lap=seq))


def laps_sent(hub: Hub, *topics: str) -> list[int]:
    """Return the laps that a new client receives."""
    box, laps = outbox(*topics), list[int]()
    hub.join(box)
    while box:
        notice, frame = box.take()
        assert frame is None
        if notice is not None and notice["type"] == "laps":
            laps += [lap["lap"] for lap in notice["laps"]]
    return laps


def test_a_new_client_that_selects_events_gets_the_last_laps_of_the_session_beside_the_frames() -> None:
    hub, present = Hub(), outbox("event")
    hub.join(present)
    hub.publish([lap(1), lap(2, EventKind.PIT_IN), lap(3, lost=5)], now=1.0)
    assert ["hello", "daemon", "daemon", "5 skipped", "event 1", "event 2", "event 3"] == list(taken(present))
    assert ([1, 3], []) == (laps_sent(hub, "event"), laps_sent(hub, "static"))
    assert [] == list(taken(present))
    hub.publish([lap(seq) for seq in range(4, 4 + LAPS)], now=1.1)
    assert list(range(4, 4 + LAPS)) == laps_sent(hub, "event", "static")


def test_a_server_that_is_dialled_again_gets_each_lap_once() -> None:
    hub, box = Hub(), outbox("event")
    hub.publish([lap(1)], now=1.0)
    hub.join(box)
    assert ["hello", "laps"] == list(taken(box))
    hub.publish([lap(2)], now=1.1)  # the connection is gone, and this one waits for the next
    hub.join(box)
    notice, _ = box.take()
    assert notice is not None
    assert "hello" == notice["type"]
    notice, _ = box.take()
    assert notice is not None
    assert [1] == [each["lap"] for each in notice["laps"]]
    assert ["event 2"] == list(taken(box))


@pytest.mark.parametrize("begin", [lap(4, EventKind.SESSION_STARTED), lap(0, EventKind.PIT_IN, run=2)])
def test_laps_of_an_earlier_session_or_run_are_forgotten(begin: Frame[Any]) -> None:
    hub = Hub()
    hub.publish([lap(1), begin], now=1.0)
    assert [] == laps_sent(hub, "event")


def test_a_silent_daemon_is_reported_once_and_so_is_its_return() -> None:
    hub, box = Hub(), outbox("physics")
    hub.publish([encoded(0).frame], now=1.0)
    hub.join(box)
    list(taken(box))
    for _ in range(3):
        hub.disconnect()
    assert ["daemon"] == list(taken(box))
    assert not hub.connected
    hub.publish([encoded(0, run=2).frame], now=6.0)
    assert ["daemon", "physics 0"] == list(taken(box))


def test_frames_of_an_earlier_run_are_not_sent_to_new_clients() -> None:
    hub, box = Hub(), outbox("physics", "status")
    hub.publish([encoded(9, Status).frame], now=1.0)
    hub.publish([encoded(0, run=2).frame], now=2.0)
    hub.join(box)
    assert ["hello", "physics 0"] == list(taken(box))


def test_a_conversation_that_begins_again_counts_on() -> None:
    hub, box = Hub(), outbox("physics")
    hub.join(box)
    hub.publish([encoded(0).frame], now=1.0)
    list(taken(box))
    hub.publish([encoded(seq).frame for seq in range(1, 9)], now=1.1)  # no client takes them
    hub.join(box)
    assert ["hello", "7 skipped", "physics 8"] == list(taken(box))
