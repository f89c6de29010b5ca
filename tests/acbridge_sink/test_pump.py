"""The pump: frames made by hand become ticks, and limits end it."""

import time
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from acbridge import Derived, Event, Frame, Graphics, Physics, Static, Status, connect
from acbridge.selection import Selection
from acbridge_sim import World
from acbridge_sink.pump import Limits, TickAssembly, TickFrames, TickThinning, pump
from deriving import derive
from programs import Daemon, until

PAGES = World().pages()
PHYSICS, GRAPHICS = Physics.from_page(PAGES[0]), Graphics.from_page(PAGES[1])
DERIVED = derive(PHYSICS, GRAPHICS, Static.from_page(PAGES[2]))
TICK_RECORDS = Selection((Physics, Graphics, Derived))
RECORDS = {"p": PHYSICS, "g": GRAPHICS, "d": DERIVED}


def ticks(*frames: tuple[str, int], run: int = 1, assembly: TickAssembly | None = None) -> list[TickFrames]:
    """Put frames, each a letter and a tick, into an assembly and return what comes out."""
    return put(assembly or TickAssembly(), [frame(letter, tick, run=run) for letter, tick in frames])


def frame(letter: str, tick: int, *, run: int = 1, lost: int = 0) -> Frame[Physics | Graphics | Derived]:
    return Frame(RECORDS[letter], run, tick, seq=tick, timestamp=1000.0 + tick, mono_ns=tick, lost=lost)


def put(assembly: TickAssembly, frames: Iterable[Frame[Physics | Graphics | Derived]]) -> list[TickFrames]:
    return [tick for frame in frames for tick in assembly.put(frame)]


def whole(tick: int, run: int = 1) -> TickFrames:
    frames = tuple(frame(letter, tick, run=run) for letter in RECORDS)
    return TickFrames.of(*frames)


def without(tick: TickFrames, *names: str) -> TickFrames:
    """Return a tick of which some frames were lost."""
    return tick._replace(frames=tuple(f for f in tick.frames if f.topic not in names))


def test_three_frames_of_one_tick_make_a_tick() -> None:
    assert [whole(1), whole(2)] == ticks(("p", 1), ("g", 1), ("d", 1), ("p", 2), ("g", 2), ("d", 2))


def test_a_tick_is_passed_as_soon_as_it_is_whole() -> None:
    assembly = TickAssembly()
    assert [] == ticks(("p", 1), ("g", 1), assembly=assembly)
    assert [whole(1)] == ticks(("d", 1), assembly=assembly)


@pytest.mark.parametrize("begin", [[("g", 1), ("d", 1)], [("d", 1)]], ids=str)
def test_a_first_tick_that_was_joined_in_the_middle_is_dropped(begin: list[tuple[str, int]]) -> None:
    assert [whole(2)] == ticks(*begin, ("p", 2), ("g", 2), ("d", 2))


def test_a_tick_without_derived_is_passed_when_the_next_one_begins() -> None:
    expected = without(whole(1), "derived")
    assert [expected, whole(2)] == ticks(("p", 1), ("g", 1), ("p", 2), ("g", 2), ("d", 2))


def test_a_tick_without_physics_is_passed_with_the_rest() -> None:
    expected = without(whole(2), "physics")
    assert [whole(1), expected] == ticks(("p", 1), ("g", 1), ("d", 1), ("g", 2), ("d", 2))


def test_a_tick_without_graphics_is_passed_with_the_rest() -> None:
    assert [without(whole(1), "graphics")] == ticks(("p", 1), ("d", 1))


def test_ticks_that_lost_nearly_everything_are_passed_one_by_one() -> None:
    only_physics = [without(whole(tick), "graphics", "derived") for tick in (1, 2)]
    assert [*only_physics, whole(9)] == ticks(("p", 1), ("p", 2), ("p", 9), ("g", 9), ("d", 9))


def test_a_daemon_that_restarts_in_the_middle_of_a_tick_mixes_no_runs() -> None:
    assembly = TickAssembly()
    cut = ticks(("p", 5), ("g", 5), assembly=assembly)
    after = ticks(("p", 5), ("g", 5), ("d", 5), run=2, assembly=assembly)
    assert [] == cut
    assert [without(whole(5), "derived"), whole(5, run=2)] == after


def test_lost_frames_are_counted_by_topic() -> None:
    frames = [frame("p", 7, lost=2), frame("g", 7), frame("d", 7, lost=3)]
    (tick,) = put(TickAssembly(), frames)
    assert {"physics": 2, "derived": 3} == tick.lost


@pytest.fixture(scope="module")
def daemon() -> Iterator[Daemon]:
    """Run one daemon for all tests here."""
    with Daemon("--source", "sim") as running:
        yield running


class Collector:
    """A sink that keeps what it gets."""

    def __init__(self) -> None:
        self.ticks: list[TickFrames] = []
        self.others: list[Frame[Any]] = []
        self.idles = 0

    def tick(self, tick: TickFrames) -> None:
        self.ticks.append(tick)

    def other(self, frame: Frame[Any]) -> None:
        self.others.append(frame)

    def idle(self) -> None:
        self.idles += 1


@pytest.mark.parametrize("count", [1, 7])
def test_a_count_ends_the_pump_after_exactly_so_many_ticks(daemon: Daemon, count: int) -> None:
    sink = Collector()
    with daemon.connect() as bridge:
        pump(bridge, sink, Limits(count=count), lambda: False, TICK_RECORDS)
    assert count == len(sink.ticks)
    assert {daemon.run} == {tick.run for tick in sink.ticks}


@pytest.mark.alone
def test_a_duration_ends_the_pump_while_ticks_come(daemon: Daemon) -> None:
    sink = Collector()
    with daemon.connect() as bridge:
        until(lambda: bridge.status(timeout=5).sim_state == "live", "the sim's start")
        begun = time.perf_counter()
        pump(bridge, sink, Limits(duration=0.6), lambda: False, TICK_RECORDS)
        assert 0.6 <= time.perf_counter() - begun < 1.5
    assert 5 < len(sink.ticks) < 50  # 36 at 60 Hz, less the time to subscribe


@pytest.mark.alone
def test_a_duration_ends_the_pump_while_nothing_comes() -> None:
    sink = Collector()
    with connect(port=1) as bridge:
        begun = time.perf_counter()
        pump(bridge, sink, Limits(duration=0.6), lambda: False, TICK_RECORDS)
        assert 0.6 <= time.perf_counter() - begun < 1.5
    assert [] == sink.ticks
    assert sink.idles >= 2


def test_ticks_are_made_of_the_topics_that_were_chosen(daemon: Daemon) -> None:
    sink = Collector()
    with daemon.connect() as bridge:
        pump(bridge, sink, Limits(count=3), lambda: False, Selection((Physics, Derived)))
    assert [["physics", "derived"]] * 3 == [[frame.topic for frame in tick.frames] for tick in sink.ticks]
    assert [None] * 3 == [tick.record(Graphics) for tick in sink.ticks]


def test_frames_of_other_topics_are_passed_alone(daemon: Daemon) -> None:
    sink = Collector()
    with daemon.connect() as bridge:
        pump(bridge, sink, Limits(), lambda: len(sink.others) > 2, Selection((Status,)))
    assert {"status"} == {frame.topic for frame in sink.others}
    assert [] == sink.ticks


def test_a_tick_that_lost_its_end_comes_before_what_follows_it() -> None:
    assembly = TickAssembly((Physics, Graphics, Derived, Event))
    assert [] == ticks(("p", 1), ("g", 1), assembly=assembly)
    assert [without(whole(1), "derived")] == list(assembly.flush())
    assert [] == list(assembly.flush())


def thinned(thinning: TickThinning, stamps: Iterable[float]) -> list[float]:
    offered = (whole(1)._replace(timestamp=stamp, mono_ns=round(stamp * 1e9)) for stamp in stamps)
    return [tick.timestamp for tick in map(thinning.passed, offered) if tick is not None]


@pytest.mark.parametrize(("rate", "most", "kept"), [(333, 60, 60), (60, 60, 60), (30, 60, 30), (1000, 1, 1)])
def test_at_most_so_many_ticks_a_second_pass(rate: int, most: float, kept: int) -> None:
    seconds = 10
    passed = thinned(TickThinning(most), [1e9 + i / rate for i in range(rate * seconds)])
    assert kept * seconds - 1 <= len(passed) <= kept * seconds + 1


def test_thinning_goes_on_after_a_hole() -> None:
    assert [100.0, 200.0] == thinned(TickThinning(10), [100.0, 100.01, 200.0, 200.01])


def test_thinning_begins_anew_with_a_run_whose_clock_is_behind() -> None:
    thinning = TickThinning(10)
    assert thinning.passed(whole(100))
    assert thinning.passed(whole(1, run=2))


def test_the_next_passed_tick_has_the_losses_of_those_left_out() -> None:
    thinning = TickThinning(10)
    given = [whole(i)._replace(mono_ns=round(i * 4e7), lost={"physics": 1}) for i in range(4)]
    assert [{"physics": 1}, {"physics": 2}] == [tick.lost for tick in map(thinning.passed, given) if tick]


@pytest.mark.alone
def test_a_stop_request_need_not_wait_for_a_tick() -> None:
    sink = Collector()
    with connect(port=1) as bridge:
        begun = time.perf_counter()
        pump(bridge, sink, Limits(), lambda: sink.idles > 0, TICK_RECORDS)
        assert time.perf_counter() - begun < 1.0
