"""The newest frame of each topic, what went missing before it, and when it may be trusted."""

import pytest

from acbridge import wire
from acbridge.client.mailbox import Box, Mail, Mailbox, Trust
from acbridge.errors import DecodeError, WireVersionError
from acbridge.schema import Record, integer
from acbridge.topics import BY_NAME, SAMPLE
from acbridge.wire import Header

S = 1_000_000_000
"""Nanoseconds in a second."""


class Dot(Record, topic="dot"):
    """The smallest record: a mailbox looks at headers only."""

    x: int = integer("A number.")


def frame(seq: int, *, tick: int | None = None, run: int = 1, mono_ns: int | None = None) -> bytes:
    """Encode a frame; without more being said it is one of a second each."""
    stamp = seq * S if mono_ns is None else mono_ns
    return wire.encode(Header(run, seq if tick is None else tick, seq, 0.0, stamp), Dot(x=seq))


def fill(topic: str, *seqs: int, run: int = 1) -> Box:
    box = Box(topic)
    for seq in seqs:
        box.put(frame(seq, run=run), 0)
    return box


def at_rate(topic: str, rate: float, frames: int = 100) -> tuple[Box, int]:
    """Return a box that got frames at a rate, and the instant of the newest, which came half a second late."""
    box, stamp = Box(topic), 0
    for seq in range(frames):
        stamp = round(5 * S + seq * S / rate)
        box.put(frame(seq, mono_ns=stamp), stamp + S // 2)
    return box, stamp


def trust(box: Box, now_ns: int = 0, *, same_clock: bool = True) -> Trust:
    return box.trust(now_ns, same_clock=same_clock)


def newest(box: Box) -> Mail:
    assert box.newest is not None
    return box.newest


def test_a_box_without_frames_is_not_trusted() -> None:
    assert trust(Box("physics"), S) == Trust(alive=False, age=None, rate=None, received=0, lost=0, restarts=0, run=None)


def test_the_newest_frame_is_kept() -> None:
    box = fill("physics", 0, 1, 2)
    assert (frame(2), 2, 3) == (newest(box).payload, newest(box).header.seq, box.received)


def test_the_first_frame_of_all_has_nothing_missing_before_it() -> None:
    box = fill("physics", 5000)
    assert (0, 0) == (newest(box).lost, trust(box).lost)


@pytest.mark.parametrize(
    ("seqs", "last", "total"),
    [((7, 8, 9), 0, 0), ((7, 8, 10), 1, 1), ((7, 10, 11), 0, 2), ((7, 9, 20), 10, 11), ((7, 8, 8), 0, 0)],
)
def test_a_jump_in_seq_is_a_gap(seqs: tuple[int, ...], last: int, total: int) -> None:
    box = fill("physics", *seqs)
    assert (last, total, 0) == (newest(box).lost, trust(box).lost, trust(box).restarts)


def test_each_topic_has_gaps_of_its_own() -> None:
    mailbox = Mailbox(("physics",))
    for topic, seq in [("physics", 0), ("graphics", 0), ("physics", 1), ("graphics", 5), ("physics", 2)]:
        mailbox.put(topic, frame(seq), 0)
    assert (0, 4, 0) == tuple(trust(mailbox[topic]).lost for topic in ("physics", "graphics", "derived"))


def test_a_new_run_is_a_restart_that_lost_what_came_before_its_first_frame() -> None:
    box = fill("physics", 100, 101)
    box.put(frame(3, run=2), 0)
    assert (3, 3, 1, 2) == (newest(box).lost, trust(box).lost, trust(box).restarts, trust(box).run)
    box.put(frame(4, run=2), 0)
    box.put(frame(0, run=3), 0)
    assert (0, 3, 2, 3) == (newest(box).lost, trust(box).lost, trust(box).restarts, trust(box).run)


@pytest.mark.parametrize("rate", [1.0, 60.0, 333.0, 1000.0])
def test_the_rate_is_the_daemons_whenever_frames_arrive(rate: float) -> None:
    box = Box("physics")
    for seq in range(100):
        box.put(frame(seq, mono_ns=round(seq * S / rate)), 7)
    assert rate == pytest.approx(box.rate, rel=1e-6)
    assert box.rate == trust(box).rate


def test_the_rate_is_that_of_the_last_64_frames() -> None:
    box = Box("physics")
    stamps = [number * S for number in range(50)] + [50 * S + number * S // 100 for number in range(64)]
    for seq, stamp in enumerate(stamps):
        box.put(frame(seq, mono_ns=stamp), 0)
    assert 100.0 == pytest.approx(box.rate)


def test_one_frame_has_no_rate() -> None:
    box = fill("physics", 0)
    assert box.rate is None
    box.put(frame(1, run=2), 0)
    assert box.rate is None


def test_frames_of_one_instant_have_no_rate() -> None:
    box = Box("physics")
    for seq in range(2):
        box.put(frame(seq, mono_ns=S), 0)
    assert box.rate is None


def test_age_counts_from_the_sampling_on_the_same_clock_and_from_arrival_on_another() -> None:
    box = Box("physics")
    box.put(frame(0, mono_ns=10 * S), 12 * S)
    assert (3.0, 1.0) == (trust(box, 13 * S).age, trust(box, 13 * S, same_clock=False).age)


@pytest.mark.parametrize("same_clock", [True, False])
@pytest.mark.parametrize(("rate", "patience"), [(2.0, 5.0), (10.0, 1.0), (60.0, 10 / 60), (100.0, 0.1), (1000.0, 0.1)])
def test_a_topic_of_the_tick_is_stale_after_ten_periods(rate: float, patience: float, same_clock: bool) -> None:
    box, stamp = at_rate("physics", rate)
    since = stamp if same_clock else stamp + S // 2
    verdicts = [trust(box, since + round((patience + late) * S), same_clock=same_clock) for late in (-0.001, 0.001)]
    assert [True, False] == [verdict.alive for verdict in verdicts]


def test_a_topic_of_which_one_frame_came_is_stale_after_a_second() -> None:
    box = fill("physics", 0)
    assert [True, False] == [trust(box, now).alive for now in (S, S + 1)]


@pytest.mark.parametrize("topic", ["status", "static"])
@pytest.mark.parametrize("frames", [1, 2, 100])
def test_what_comes_every_second_is_stale_after_three(topic: str, frames: int) -> None:
    box, stamp = at_rate(topic, 50.0, frames)
    assert [True, False] == [trust(box, stamp + now).alive for now in (3 * S, 3 * S + 1)]


def test_a_stale_topic_is_alive_again_with_its_next_frame() -> None:
    box, stamp = at_rate("physics", 100.0)
    assert not trust(box, stamp + 9 * S).alive
    box.put(frame(100, mono_ns=stamp + 9 * S), 0)
    assert trust(box, stamp + 9 * S).alive


ALIGNED = tuple(record.topic for record in SAMPLE)


def sampled(*frames: tuple[str, int, int]) -> list[tuple[int, int]] | None:
    """Return run and tick of each frame in the sample after some frames, each a topic, a run and a tick."""
    mailbox = Mailbox(ALIGNED)
    for topic, run, tick in frames:
        mailbox.put(topic, frame(tick, tick=tick, run=run), 0)
    return None if mailbox.sample is None else [mail.header[:2] for mail in mailbox.sample]


def tick_of(run: int, tick: int) -> list[tuple[str, int, int]]:
    return [(topic, run, tick) for topic in ALIGNED]


def test_a_sample_is_the_newest_tick_that_is_whole() -> None:
    assert [(1, 8)] * 3 == sampled(*tick_of(1, 7), *tick_of(1, 8))
    assert [(1, 7)] * 3 == sampled(*tick_of(1, 7), *tick_of(1, 8)[:2])
    assert sampled(*tick_of(1, 7)[:2]) is None


@pytest.mark.parametrize("lost", ALIGNED)
def test_a_tick_that_lost_a_frame_is_no_sample(lost: str) -> None:
    broken = [one for one in tick_of(1, 8) if one[0] != lost]
    assert [(1, 7)] * 3 == sampled(*tick_of(1, 7), *broken)
    assert [(1, 9)] * 3 == sampled(*tick_of(1, 7), *broken, *tick_of(1, 9))


def test_a_sample_is_of_one_run() -> None:
    assert sampled(("physics", 1, 7), ("graphics", 1, 7), ("derived", 2, 7)) is None
    assert [(2, 7)] * 3 == sampled(*tick_of(1, 7), *tick_of(2, 7))


def test_a_sample_holds_its_frames_in_the_order_of_the_tick() -> None:
    mailbox = Mailbox(ALIGNED)
    payloads = [frame(place, tick=7) for place in range(3)]
    for topic, payload in zip(ALIGNED, payloads, strict=True):
        mailbox.put(topic, payload, 0)
    assert mailbox.sample is not None
    assert payloads == [mail.payload for mail in mailbox.sample]


def test_an_unknown_topic_is_ignored() -> None:
    mailbox = Mailbox(ALIGNED)
    for payload in (frame(0), b"anything"):
        mailbox.put("physics2", payload, 0)
    assert {0} == {mailbox[topic].received for topic in BY_NAME}


@pytest.mark.parametrize("garbage", [b"", b"\x80", frame(9)[:40], bytes(200)])
def test_what_is_no_frame_leaves_the_box_as_it_was(garbage: bytes) -> None:
    mailbox = Mailbox(ALIGNED)
    for topic, run, tick in tick_of(1, 7):
        mailbox.put(topic, frame(tick, run=run), 0)
    before = [(trust(mailbox[topic], 8 * S), newest(mailbox[topic])) for topic in ALIGNED], mailbox.sample
    for topic in ALIGNED:
        with pytest.raises(DecodeError):
            mailbox.put(topic, garbage, 8 * S)
    assert before == ([(trust(mailbox[topic], 8 * S), newest(mailbox[topic])) for topic in ALIGNED], mailbox.sample)


def test_a_frame_of_another_version_leaves_the_box_as_it_was() -> None:
    box, other = fill("physics", 7), frame(9)[:5] + b"\x02" + frame(9)[6:]
    with pytest.raises(WireVersionError):
        box.put(other, 0)
    assert (7, 1, 0) == (newest(box).header.seq, box.received, trust(box).lost)
