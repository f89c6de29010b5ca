"""Laps: one event for each, with the right time, in whatever order the sim writes the parts of a new lap."""

import itertools
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acbridge import Derived, Event, Graphics, Physics, Static
from acbridge.derived import Thresholds
from acbridge.derived.deriver import Deriver
from acbridge_sim import World
from acbridge_sim.faults import ROLLOVERS, Faults
from acbridge_sim.model.road import Bend, Straight, lay
from acbridge_sim.model.track import Track
from acbridge_sim.telemetry import lap_text
from deriving import changed

LENGTH = 5000.0
STATIC: Static = changed(Static, trackSPlineLength=LENGTH, sectorCount=3, penaltiesEnabled=1, tyreRadius=(0.3,) * 4)
FRAME = 5
"""Physics steps from one rendered frame to the next: 15 ms."""
PARTS = ("position", "time", "last", "count")


class Stint:
    """
    Pages of a car on laps of which every time is known.

    What the sim shows is kept in parts, each of which may lag behind by some frames when a lap ends.
    """

    def __init__(self, *, at: float = 0.0, in_pit: bool = False, line: float = 0.0, session: int = 0) -> None:
        self.step = 1000
        self.frame = 100
        self.line = line
        self.fuel = 30.0
        self.wear = 100.0
        self.out = 0
        self.in_pit = in_pit
        self.session = session
        self.speed_kmh = 180.0
        self.shown: dict[str, Any] = {
            "normalizedCarPosition": (at + line) % 1.0,
            "iCurrentTime": 0,
            "currentSectorIndex": 0,
            "iLastTime": 0,
            "bestTime": "-:--:---",
            "lastSectorTime": 0,
            "completedLaps": 0,
            "sessionTimeLeft": -1000.0,
        }
        self.deriver = Deriver()
        self.events: list[Event] = []
        self.derived: list[Derived] = []

    def tick(self, steps: int = FRAME, **shown: Any) -> Derived:
        """Let a frame pass, show some things, and derive."""
        self.step += steps
        self.frame += 2
        self.shown |= shown
        self.shown["sessionTimeLeft"] -= 3.0 * steps
        derived, events = self.deriver.tick(self.physics(), self.graphics(), STATIC)
        self.events += events
        self.derived.append(derived)
        return derived

    def physics(self) -> Physics:
        found: Physics = changed(
            Physics,
            packetId=self.step,
            speedKmh=self.speed_kmh,
            localVelocity=(0.0, 0.0, self.speed_kmh / 3.6),
            fuel=self.fuel,
            tyreWear=(self.wear,) * 4,
            numberOfTyresOut=self.out,
            gear=5,
        )
        return found

    def graphics(self) -> Graphics:
        found: Graphics = changed(
            Graphics,
            packetId=self.frame,
            status=2,
            session=self.session,
            isInPitLane=int(self.in_pit),
            tyreCompound="Semislicks (SM)",
            **self.shown,
        )
        return found

    def drive(self, lap_ms: int, sectors: tuple[int, int], until: float = 1.0) -> None:
        """Drive a lap, or part of it, in even ticks of four frames; the new lap is not shown yet."""
        clock = self.shown["iCurrentTime"]
        ends = (sectors[0], sectors[0] + sectors[1])
        while clock + 60 < lap_ms * until:
            clock += 60
            index = sum(clock >= end for end in ends)
            split = {}
            if index > self.shown["currentSectorIndex"]:
                split = {"lastSectorTime": sectors[index - 1]}
            self.fuel -= 2.0 * 60 / lap_ms
            self.wear -= 0.1 * 60 / lap_ms
            place = (clock / lap_ms + self.line) % 1.0
            self.tick(4 * FRAME, normalizedCarPosition=place, iCurrentTime=clock, currentSectorIndex=index, **split)

    def finish(self, lap_ms: int, delays: dict[str, int], *, counts: bool = True) -> None:
        """Show the new lap, each part so many frames late."""
        overshoot = max(0, self.shown["iCurrentTime"] + 60 - lap_ms)
        best = self.shown["bestTime"]
        better = best == "-:--:---" or lap_text(lap_ms) < best
        results = {"iLastTime": lap_ms, "lastSectorTime": 1} | (
            {"bestTime": lap_text(lap_ms)} if counts and better else {}
        )
        for frame in range(max(delays.values()) + 1):
            clock = overshoot + 15 * frame
            shown: dict[str, Any] = {}
            if frame >= delays["position"]:
                shown["normalizedCarPosition"] = (clock / lap_ms + self.line) % 1.0
            if frame >= delays["time"]:
                shown |= {"iCurrentTime": clock, "currentSectorIndex": 0}
            if frame == delays["last"]:
                shown |= results
            if frame == delays["count"]:
                shown["completedLaps"] = self.shown["completedLaps"] + 1
            self.tick(**shown)

    def lap(self, lap_ms: int, delays: dict[str, int] | None = None, *, counts: bool = True) -> None:
        """Drive a whole lap of three sectors."""
        self.drive(lap_ms, (lap_ms // 3, lap_ms // 4))
        self.finish(lap_ms, delays or dict.fromkeys(PARTS, 0), counts=counts)

    def of(self, *kinds: str) -> list[Event]:
        return [event for event in self.events if event.kind in kinds]

    def laps(self) -> list[tuple[int | None, int | None, bool | None, str | None]]:
        """Return number, time, validity and reason of the laps emitted so far, once nothing is left to wait for."""
        for _ in range(80):
            clock = self.shown["iCurrentTime"] + 15
            self.tick(iCurrentTime=clock)
        return [(e.lap, e.lap_time_ms, e.valid, e.reason) for e in self.of("lap_completed")]


ORDERS = [dict(zip(PARTS, delays, strict=True)) for delays in itertools.product((0, 1, 2), repeat=4) if 0 in delays]


@pytest.mark.parametrize("delays", ORDERS, ids=lambda delays: "-".join(map(str, delays.values())))
@pytest.mark.parametrize("line", [0.0, 0.98])
def test_each_lap_is_emitted_once_with_its_time_in_every_order_of_arrival(delays: dict[str, int], line: float) -> None:
    stint = Stint(line=line)
    times = [12_013, 11_998, 12_400]
    for lap_ms in times:
        stint.lap(lap_ms, delays)
    assert [(1, 12_013, True, None), (2, 11_998, True, None), (3, 12_400, True, None)] == stint.laps()
    assert [(lap_ms // 3, lap_ms // 4, lap_ms - lap_ms // 3 - lap_ms // 4) for lap_ms in times] == [
        event.sector_times_ms for event in stint.of("lap_completed")
    ]
    assert [(1, 12_013), (2, 11_998)] == [(e.lap, e.lap_time_ms) for e in stint.of("best_lap")]
    assert [1, 2, 3] * 3 == [event.sector for event in stint.of("sector_completed")]
    assert [1, 1, 1, 2, 2, 2, 3, 3, 3] == [event.lap for event in stint.of("sector_completed")]
    assert [] == stint.of("lap_invalidated", "session_ended", "teleport")


@settings(deadline=None, max_examples=60)
@given(
    delays=st.lists(st.fixed_dictionaries({part: st.integers(0, 12) for part in PARTS}), min_size=2, max_size=3),
    times=st.lists(st.integers(4_000, 9_000).map(lambda n: 3 * n), min_size=3, max_size=3),
    line=st.sampled_from((0.0, 0.5, 0.98)),
    every=st.sampled_from((1, 2, 3, 7)),
)
def test_no_shuffle_of_arrivals_loses_or_doubles_a_lap(
    delays: list[dict[str, int]], times: list[int], line: float, every: int
) -> None:
    stint = Stint(line=line)
    whole, stint.tick = stint.tick, lambda steps=FRAME, **shown: skip(stint, every, steps, shown)  # type: ignore[method-assign,assignment]
    for lap_ms, late in zip(times, delays, strict=False):
        stint.lap(lap_ms, late)
    stint.tick = whole  # type: ignore[method-assign]
    laps = [(number, time) for number, time, _, _ in stint.laps()]
    assert [(n, lap_ms) for n, (lap_ms, _) in enumerate(zip(times, delays, strict=False), 1)] == laps


def skip(stint: Stint, every: int, steps: int, shown: dict[str, Any]) -> None:
    """Derive only at every so many frames, as a slow daemon does."""
    stint.shown |= shown
    stint.frame += 2
    stint.step += steps
    if stint.frame // 2 % every == 0:
        derived, events = stint.deriver.tick(stint.physics(), stint.graphics(), STATIC)
        stint.events += events
        stint.derived.append(derived)


def test_two_laps_of_the_same_time_are_two_laps() -> None:
    stint = Stint()
    for _ in range(3):
        stint.lap(21_000, {"position": 0, "time": 1, "last": 1, "count": 2})
    assert [(1, 21_000, True, None), (2, 21_000, True, None), (3, 21_000, True, None)] == stint.laps()
    assert 1 == len(stint.of("best_lap"))


def test_a_cut_in_sector_two_makes_the_lap_invalid_once_and_only_that_lap() -> None:
    stint = Stint()
    stint.lap(30_000)
    stint.drive(29_100, (10_000, 9_000), until=0.5)
    stint.out = 3
    assert not stint.tick().is_lap_valid
    stint.out = 0
    stint.tick()
    stint.out = 4
    stint.tick()
    stint.out = 0
    stint.drive(29_100, (10_000, 9_000))
    assert ("invalid", False, "cut") == (
        stint.derived[-1].lap_state,
        stint.derived[-1].is_lap_valid,
        stint.derived[-1].lap_invalid_reason,
    )
    stint.finish(29_100, dict.fromkeys(PARTS, 0), counts=False)
    stint.lap(31_002)
    assert [(1, 30_000, True, None), (2, 29_100, False, "cut"), (3, 31_002, True, None)] == stint.laps()
    assert [(2, "cut")] == [(event.lap, event.reason) for event in stint.of("lap_invalidated")]
    assert [(1, 30_000)] == [(event.lap, event.lap_time_ms) for event in stint.of("best_lap")]


@pytest.mark.parametrize(
    ("wheels", "speed_kmh", "in_pit", "reason"),
    [(3, 100.0, False, "cut"), (2, 100.0, False, None), (4, 10.0, False, None), (4, 60.0, True, None)],
)
def test_a_cut_takes_three_wheels_at_speed_outside_the_pits(
    wheels: int, speed_kmh: float, in_pit: bool, reason: str | None
) -> None:
    stint = Stint()
    stint.drive(30_000, (10_000, 10_000), until=0.2)
    stint.in_pit, stint.speed_kmh = in_pit, speed_kmh
    for _ in range(30):
        stint.tick()
    stint.out = wheels
    assert reason == stint.tick().lap_invalid_reason


def test_cuts_do_not_count_where_the_sim_does_not_punish_them() -> None:
    stint = Stint()
    stint.drive(30_000, (10_000, 10_000), until=0.2)
    stint.out = 4
    lawless: Static = changed(Static, trackSPlineLength=LENGTH, penaltiesEnabled=0)
    assert stint.deriver.tick(stint.physics(), stint.graphics(), lawless)[0].is_lap_valid


def test_the_sims_verdict_overrules_our_estimate() -> None:
    generous, strict = Stint(), Stint()
    generous.drive(30_000, (10_000, 10_000), until=0.5)
    generous.out = 3
    generous.tick()
    generous.out = 0
    generous.drive(30_000, (10_000, 10_000))
    generous.finish(30_000, dict.fromkeys(PARTS, 0))
    strict.lap(33_000)
    strict.drive(30_000, (10_000, 10_000))
    strict.finish(30_000, dict.fromkeys(PARTS, 0), counts=False)
    assert [(1, 30_000, True, None)] == generous.laps()
    assert [(1, 33_000, True, None), (2, 30_000, False, "sim")] == strict.laps()
    assert ["sim", "sim"] == [stint.of("lap_completed")[-1].verdict for stint in (generous, strict)]
    assert [[30_000], [33_000]] == [[event.lap_time_ms for event in s.of("best_lap")] for s in (generous, strict)]


def test_a_sim_that_never_shows_a_best_time_does_not_make_laps_invalid() -> None:
    stint = Stint()
    for lap_ms in (30_000, 29_400):
        stint.lap(lap_ms, counts=False)
    assert [(1, 30_000, True, None), (2, 29_400, True, None)] == stint.laps()
    assert ["estimated"] * 2 == [event.verdict for event in stint.of("lap_completed")]


@pytest.mark.parametrize("late", [0, 1, 5])
def test_going_back_to_the_pits_begins_an_out_lap(late: int) -> None:
    stint = Stint()
    stint.drive(30_000, (10_000, 10_000), until=0.6)
    for _ in range(late):
        stint.tick()
    stint.in_pit, stint.speed_kmh = True, 0.0
    for _ in range(200):
        stint.tick(iCurrentTime=0, currentSectorIndex=0, normalizedCarPosition=0.01)
    stint.in_pit, stint.speed_kmh = False, 100.0
    for n in range(200):
        assert "valid" != stint.tick(normalizedCarPosition=0.02 + n / 250).lap_state
    assert "valid" == stint.tick(normalizedCarPosition=0.001, iCurrentTime=12).lap_state
    assert [] == stint.laps()


def test_a_lap_slower_than_the_best_is_valid_by_our_own_estimate() -> None:
    stint = Stint()
    stint.lap(30_000)
    stint.lap(30_300)
    stint.laps()
    assert ["sim", "estimated"] == [event.verdict for event in stint.of("lap_completed")]


def test_a_lap_that_begins_in_the_pits_is_an_out_lap() -> None:
    stint = Stint(in_pit=True)
    assert ("in_pit", "out_lap") == (stint.tick().lap_state, stint.derived[-1].lap_invalid_reason)
    stint.drive(60_000, (20_000, 20_000), until=0.3)
    stint.in_pit = False
    stint.drive(60_000, (20_000, 20_000))
    assert ("out_lap", False) == (stint.derived[-1].lap_state, stint.derived[-1].is_lap_valid)
    stint.finish(60_000, dict.fromkeys(PARTS, 0), counts=False)
    stint.lap(30_000)
    assert [(1, 60_000, False, "out_lap"), (2, 30_000, True, None)] == stint.laps()
    assert [2] == [event.lap for event in stint.of("best_lap")]


def test_a_lap_joined_in_the_middle_is_invalid_until_the_sim_counts_it() -> None:
    for counts, expected in ((True, (1, 30_000, True, None)), (False, (1, 30_000, False, "not_seen_whole"))):
        stint = Stint()
        stint.shown |= {"iCurrentTime": 15_000, "currentSectorIndex": 1, "normalizedCarPosition": 0.5}
        assert ("invalid", "not_seen_whole") == (stint.tick().lap_state, stint.derived[-1].lap_invalid_reason)
        stint.drive(30_000, (10_000, 10_000))
        stint.finish(30_000, dict.fromkeys(PARTS, 0), counts=counts)
        assert [expected] == stint.laps()
        assert [None] == [event.sector_times_ms for event in stint.of("lap_completed")]
        assert [None] == [event.fuel_used for event in stint.of("lap_completed")]


def test_the_clock_starts_at_the_first_crossing_of_the_line() -> None:
    stint = Stint()
    stint.tick(normalizedCarPosition=0.97)
    assert ("out_lap", 1) == (stint.derived[-1].lap_state, stint.derived[-1].lap_number)
    stint.tick(normalizedCarPosition=0.001, iCurrentTime=9)
    assert "valid" == stint.derived[-1].lap_state
    stint.lap(30_000)
    assert [(1, 30_000, True, None)] == stint.laps()


def test_a_clock_set_back_without_a_count_completes_no_lap() -> None:
    stint = Stint()
    stint.drive(30_000, (10_000, 10_000), until=0.6)
    assert "out_lap" == stint.tick(iCurrentTime=0, currentSectorIndex=0).lap_state
    assert [] == stint.laps()
    assert stint.derived[-1].is_lap_valid  # the clock runs again: a run of its own


def test_fuel_per_lap_is_the_median_of_clean_laps_without_pit_stops_and_refuelling() -> None:
    stint = Stint()
    assert None is stint.tick().fuel_per_lap
    stint.lap(30_000)
    stint.lap(30_300)
    stint.laps()
    first = [event.fuel_used for event in stint.of("lap_completed")]
    assert [pytest.approx(2.0, abs=0.01)] * 2 == first
    stint.fuel += 20.0
    stint.drive(30_000, (10_000, 10_000))
    stint.finish(30_000, dict.fromkeys(PARTS, 0))
    stint.in_pit = True
    for _ in range(40):
        stint.tick()
    stint.in_pit = False
    stint.lap(33_000)
    stint.laps()
    assert [None, None] == [event.fuel_used for event in stint.of("lap_completed")][2:]
    last = stint.derived[-1]
    assert 2.0 == pytest.approx(last.fuel_per_lap, abs=0.01)
    assert stint.fuel / 2.0 == pytest.approx(last.fuel_laps_left, rel=0.01)
    assert (0.1 / 30,) * 4 == pytest.approx(last.tyre_wear_per_lap, rel=0.01)


def test_pit_out_after_refuelling_has_the_fuel_added() -> None:
    stint = Stint()
    stint.drive(30_000, (10_000, 10_000), until=0.2)
    stint.in_pit = True
    for _ in range(100):
        stint.tick()
    stint.fuel += 12.5
    for _ in range(100):
        stint.tick()
    stint.in_pit = False
    for _ in range(100):
        stint.tick()
    assert ["pit_in", "pit_out"] == [event.kind for event in stint.of("pit_in", "pit_out")]
    out = stint.of("pit_out")[0]
    assert (3.0, 12.5) == (pytest.approx(out.duration_s, abs=0.05), pytest.approx(out.fuel_added))


def test_a_hole_of_more_than_two_seconds_makes_the_lap_unseen() -> None:
    stint = Stint()
    stint.drive(30_000, (10_000, 10_000), until=0.2)
    stint.tick(steps=333 * 3, iCurrentTime=stint.shown["iCurrentTime"] + 3000)
    assert "not_seen_whole" == stint.derived[-1].lap_invalid_reason


def test_delta_and_prediction_compare_with_the_best_lap_seen() -> None:
    stint = Stint()
    stint.lap(30_000)
    assert None is stint.derived[len(stint.derived) // 2].delta_to_best_s
    stint.lap(33_000)
    stint.drive(27_000, (9_000, 9_000), until=0.5)
    last = stint.derived[-1]
    assert -1.5 == pytest.approx(last.delta_to_best_s, abs=0.03)
    assert 28_500 == pytest.approx(last.predicted_lap_ms, abs=30)
    slow = [d for d in stint.derived if d.lap_number == 2 and d.lap_progress and abs(d.lap_progress - 0.5) < 0.001]
    assert 1.5 == pytest.approx(slow[0].delta_to_best_s, abs=0.03)


@pytest.mark.parametrize(
    "delays",
    [order for order in ORDERS if 1 not in order.values()],
    ids=lambda delays: "-".join(map(str, delays.values())),
)
@pytest.mark.parametrize("line", [0.0, 0.98])
def test_progress_and_delta_never_jump_while_a_new_lap_appears(delays: dict[str, int], line: float) -> None:
    stint = Stint(line=line)
    for _ in range(4 if line else 3):  # where the line is, is learned by the first lap
        stint.lap(15_000, delays)
    stint.drive(15_000, (5_000, 5_000), until=0.1)
    late = [d for d in stint.derived if d.delta_to_best_s is not None]
    assert len(late) > 400
    assert all(abs(d.delta_to_best_s or 0.0) < 0.2 for d in late)
    steps = [(after.lap_progress or 0.0) - (before.lap_progress or 0.0) for before, after in itertools.pairwise(late)]
    # A lap that began before the line was known ends at 0.98 of the AI line, not at 1.
    assert all(-0.001 <= step < 0.01 or step < -0.97 for step in steps)
    assert sum(step < -0.97 for step in steps) in (2, 3)  # the first lap has nothing to be compared with


def test_a_track_without_an_ai_line_has_laps_all_the_same() -> None:
    stint = Stint()
    bare: Static = changed(Static, sectorCount=1)
    events: list[Event] = []
    for clock in [*range(15, 20_000, 15), *range(0, 2_000, 15)]:
        stint.step += FRAME
        done = clock < stint.shown["iCurrentTime"]
        stint.shown |= {"iCurrentTime": clock} | ({"completedLaps": 1, "iLastTime": 20_001} if done else {})
        derived, more = stint.deriver.tick(stint.physics(), stint.graphics(), bare)
        events += more
        assert None is derived.lap_progress is derived.delta_to_best_s
    assert [20_001] == [event.lap_time_ms for event in events if event.kind == "lap_completed"]


SMALL = Track(
    "small",
    "",
    lay((Straight(60), *[Bend(90, 40, 20), Straight(None)] * 2, Bend(90, 40, 20), Straight(40), Bend(90, 40, 20))),
    half_width=6.0,
)
"""Half a kilometre: laps of 20 s."""


def drive(world: World, laps: int) -> tuple[list[int], list[Event]]:
    """Return the lap times by the world's own clock, and the events that its pages gave at 60 Hz and a bit."""
    deriver, events, times = Deriver(), list[Event](), list[int]()
    static = Static.from_page(world.pages()[2])
    rest = 0
    while rest < 100:
        world.step(5)
        physics, graphics, _ = world.pages()
        events += deriver.tick(Physics.from_page(physics), Graphics.from_page(graphics), static)[1]
        if len(times) < world.timing.laps:
            times.append(world.timing.last_ms)
        rest += len(times) >= laps
    return times, events


def of_kind(events: Iterable[Event], kind: str) -> list[Event]:
    return [event for event in events if event.kind == kind]


@pytest.mark.parametrize(("rollover", "line"), [*[(name, 0.0) for name in ROLLOVERS], ("time-first", 0.98)])
def test_the_stand_ins_laps_are_emitted_once_with_its_own_times_under_every_fault(rollover: str, line: float) -> None:
    faults = Faults(rollover=rollover, finish_at=line)
    times, events = drive(World(track=SMALL, faults=faults), laps=2)
    laps = of_kind(events, "lap_completed")
    assert times == [lap.lap_time_ms for lap in laps]
    assert [True, True] == [lap.valid for lap in laps]
    assert times == [sum(lap.sector_times_ms or ()) for lap in laps]
    assert [1, 2, 3, 1, 2, 3] == [event.sector for event in of_kind(events, "sector_completed")]
    assert [] == [kind for kind in ("lap_invalidated", "teleport", "session_ended") if of_kind(events, kind)]


def test_other_thresholds_give_other_verdicts() -> None:
    stint = Stint()
    stint.deriver = Deriver(Thresholds().changed({"cut_wheels": 2}))
    stint.drive(30_000, (10_000, 10_000), until=0.2)
    stint.out = 2
    assert "cut" == stint.tick().lap_invalid_reason
