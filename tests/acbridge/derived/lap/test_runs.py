"""Runs and laps on odd ground: given up, denied by the sim, driven by the AI, with holes, at the end of a session."""

from typing import Any

import pytest

from acbridge import EventKind, SimState
from acbridge.pages import STATUS_LIVE, STATUS_REPLAY
from course import Course
from deriving import on_wheels

RATES = [333, 67, 20, 5, 1]
PRACTICE, QUALIFY, RACE = 0, 1, 2


# ---- The best lap


def lap_of(course: Course, seconds: float) -> None:
    """Drive a lap of so many seconds, and a little on."""
    course.speed = course.length / seconds
    course.lap()
    course.speed = 0.01
    course.go(1.5)


def best(course: Course) -> int | None:
    """Return the time of the lap that is compared with."""
    course.speed = 50.0
    record = course.tick()
    if record.predicted_lap_ms is None or record.delta_to_best_s is None:
        return None
    return record.predicted_lap_ms - round(record.delta_to_best_s * 1000)


def test_a_first_best_time_slower_than_ours_proves_that_ours_did_not_count() -> None:
    course = Course(1000.0, speed=20.0)
    course.counts = False
    lap_of(course, 58.0)
    ours = course.last_ms
    assert ours == pytest.approx(best(course), abs=2)
    course.counts = True
    lap_of(course, 60.0)
    assert course.last_ms > ours
    assert course.last_ms == pytest.approx(best(course), abs=2)
    assert [ours, course.last_ms] == [event.lap_time_ms for event in course.of(EventKind.BEST_LAP)]


def test_a_best_time_that_rises_later_takes_the_best_lap_back() -> None:
    course = Course(1000.0, speed=20.0)
    lap_of(course, 60.0)
    slow = course.last_ms
    lap_of(course, 58.0)
    fast = course.last_ms
    assert fast == pytest.approx(best(course), abs=2)
    course.best_ms = slow
    course.go(0.1)
    assert slow == pytest.approx(best(course), abs=2)
    course.best_ms = fast
    course.go(0.1)
    assert fast == pytest.approx(best(course), abs=2)


@pytest.mark.parametrize("every", [67, 5])
def test_a_lap_of_the_ai_says_so_and_is_nobodys_best_lap(every: int) -> None:
    course = Course(1000.0, every=every, speed=20.0, isAIControlled=1)
    course.lap()
    course.go(3.0)
    assert "ai" == course.record.driver
    course.lap()
    assert course.tick(isAIControlled=0).driver in ("ai", "mixed")
    course.go(10.0)
    course.tick(isAIControlled=1)
    assert "mixed" == course.record.driver
    course.lap()
    course.tick(isAIControlled=0)
    course.speed = 18.0
    course.lap()
    course.settle()
    assert ["ai", "ai", "mixed"] == [event.driver for event in course.of(EventKind.LAP_COMPLETED)][:3]
    assert set() == {event.lap for event in course.of(EventKind.BEST_LAP)} & {1, 2, 3}
    course.lap()
    course.settle()
    last = course.of(EventKind.LAP_COMPLETED)[-1]
    assert ("human", True) == (last.driver, last.valid)
    assert {4, 5} >= {event.lap for event in course.of(EventKind.BEST_LAP)} > set()


# ---- Runs that are given up


@pytest.mark.parametrize("every", [67, 5, 1])
def test_a_run_that_starts_over_without_a_count_is_whole_again_and_again(every: int) -> None:
    course = Course(every=every) if every > 5 else Course(2000.0, speed=100.0, every=every)
    course.lap()
    for part in (0.31, 0.5, 0.31):
        while course.position < part:
            course.tick()
        course.put(0.0)
        course.begin(15.0)
        record = course.tick()
        assert ("valid", True, ()) == (record.lap_state, record.is_lap_valid, record.sector_times_ms)
        assert all(each.is_lap_valid for each in course.go(3.0))
    course.lap()
    course.settle()
    assert [1, 2] == [number for number, _, _ in course.completed()]
    last = course.of(EventKind.LAP_COMPLETED)[-1]
    assert (True, True) == (last.valid, last.sector_times_ms is not None)
    assert 3.0 == pytest.approx(last.fuel_used, abs=0.05 + every * 0.003 * 0.06)
    assert [] == course.of(EventKind.LAP_INVALIDATED)


@pytest.mark.parametrize("clock_first", [True, False])
def test_a_run_that_starts_over_where_the_car_is_put_counts_in_either_order(clock_first: bool) -> None:
    course = Course(**on_wheels(at=(0.0, 900.0)))
    course.go(31.0)
    back = on_wheels(at=(0.0, -50.0))
    if clock_first:
        course.begin(3.0)
        course.tick()
        course.tick(**back)
    else:
        course.tick(**back)
        course.begin(3.0)
        course.tick()
    assert 1 == len(course.of(EventKind.TELEPORT))
    assert all(record.is_lap_valid for record in course.go(5.0))


@pytest.mark.parametrize("every", [67, 20, 5])
def test_a_hotlap_restarted_just_before_the_line_counts_from_the_line(every: int) -> None:
    course = Course(every=every)
    course.go(61.0)
    course.at, course.clock = course.start - 30.0, None  # 0.6 s before the line
    assert "out_lap" == course.tick().lap_state
    course.go(1.0)
    assert all(record.lap_state == "valid" for record in course.go(3.0))
    course.lap()
    course.settle()
    assert [(1, 100_000, True)] == course.completed()


def test_a_run_that_waits_for_its_start_is_an_out_lap() -> None:
    course = Course(line=0.05, finish=0.8)
    course.lap()
    assert {"out_lap"} == {record.lap_state for record in course.go(4.0)}


def test_a_finish_at_which_the_clock_runs_on_ends_the_run() -> None:
    course = Course(line=0.05, finish=0.8)
    course.stops = False
    course.lap()
    course.settle()
    assert [(1, 75_000, True)] == course.completed()
    assert {"out_lap"} == {record.lap_state for record in course.go(4.0)}


# ---- Holes


def still(course: Course) -> dict[str, Any]:
    """Return the fields of a graphics page that does not change while the car drives on."""
    names = ("normalizedCarPosition", "iCurrentTime", "currentSectorIndex", "iLastTime", "bestTime", "lastSectorTime")
    graphics = course.drive.pages[1]
    return {name: getattr(graphics, name) for name in (*names, "completedLaps", "sessionTimeLeft")}


def freeze(course: Course, seconds: float) -> None:
    """Let the graphics page stand for so long while the car drives on."""
    held = still(course)
    for _ in range(round(seconds / 0.015)):
        course.tick(**held)


def test_graphics_that_stand_over_the_line_give_no_wrong_consumption() -> None:
    course = Course(2000.0)
    course.lap(2)
    course.go(35.0)
    freeze(course, 12.0)
    course.lap(2)
    course.settle()
    used = [event.fuel_used for event in course.of(EventKind.LAP_COMPLETED)]
    assert [(n, 40_000) for n in (1, 2, 3, 4, 5)] == [(number, time) for number, time, _ in course.completed()]
    assert [None, None] == used[2:4]
    assert [3.0] * 3 == pytest.approx([fuel for fuel in used if fuel is not None], abs=0.03)
    assert 3.0 == pytest.approx(course.record.fuel_per_lap, abs=0.03)


def test_a_replay_watched_while_the_lap_clock_stands_leaves_the_lap_whole() -> None:
    course = Course(2000.0)
    course.go(16.0)
    for packet in (500, 400, 90_000, 17):
        course.drive.tick(1, status=STATUS_REPLAY, packetId=packet)
    course.tick(status=STATUS_LIVE)
    assert course.record.is_lap_valid
    course.lap()
    course.settle()
    assert [(1, 40_000, True)] == course.completed()
    assert ["session_started"] == [e.kind for e in course.of(EventKind.SESSION_STARTED, EventKind.SESSION_ENDED)]


def test_a_clock_that_jumps_ahead_makes_the_lap_unseen() -> None:
    course = Course()
    course.go(40.0)
    assert course.clock is not None
    course.clock += 2100.0
    assert "not_seen_whole" == course.tick().lap_invalid_reason


@pytest.mark.parametrize("stall_ms", [105, 300, 600, 1500])
def test_the_sims_own_sector_time_is_kept_after_a_stutter(stall_ms: int) -> None:
    course = Course(1500.0)
    for _ in range(2):
        course.lap()
        for split in (1 / 3, 2 / 3):
            while course.position < split - stall_ms / 3 / 30_000:
                course.tick()
            freeze(course, stall_ms / 1000)
    course.lap()
    course.settle()
    sectors = [event.sector_times_ms for event in course.of(EventKind.LAP_COMPLETED)]
    assert [10_000, 10_000, 10_000] == pytest.approx(sectors[-1], abs=1)
    times = [event.sector_time_ms for event in course.of(EventKind.SECTOR_COMPLETED)]
    assert [10_000] * len(times) == pytest.approx(times, abs=2)


# ---- Fuel and tyres


@pytest.mark.parametrize("per_tick", [0.03, 0.004, 0.5])
def test_fuel_that_rises_however_slowly_is_no_consumption(per_tick: float) -> None:
    course = Course(1000.0)
    course.lap()
    for _ in range(round(20.0 / per_tick)):
        course.fuel += per_tick
        course.tick()
    course.lap(2)
    course.settle()
    used = [event.fuel_used for event in course.of(EventKind.LAP_COMPLETED)]
    assert None in used
    assert all(fuel is None or fuel >= 0 for fuel in used)
    assert (course.record.fuel_per_lap or 0) >= 0
    assert (course.record.fuel_laps_left or 0) >= 0


def test_a_car_that_regains_more_than_it_uses_has_no_consumption() -> None:
    course = Course(1000.0)
    course.fuel_per_m = -22.0 / 1000.0
    course.lap(3)
    course.settle()
    assert [None] * 3 == [event.fuel_used for event in course.of(EventKind.LAP_COMPLETED)]
    assert (None, None) == (course.record.fuel_per_lap, course.record.fuel_laps_left)


def test_a_car_that_uses_no_fuel_has_no_laps_left_to_count() -> None:
    course = Course(1000.0)
    course.fuel_per_m = 0.0
    course.lap(2)
    course.settle()
    assert (0.0, None) == (course.record.fuel_per_lap, course.record.fuel_laps_left)


def test_wear_per_lap_is_that_of_the_compound_on_the_car() -> None:
    course = Course(1000.0, tyreCompound="Semislicks (SM)")  # can lose 30
    course.wear_per_m = 1.26 / 1000.0
    course.lap(3)
    course.settle()
    assert (0.042,) * 4 == pytest.approx(course.record.tyre_wear_per_lap, rel=0.05)
    course.wear, course.wear_per_m = 100.0, 2.4 / 1000.0
    course.tick(tyreCompound="Slick Soft (S)")  # can lose 12
    assert None is course.record.tyre_wear_per_lap
    course.lap(2)
    course.settle()
    assert (0.2,) * 4 == pytest.approx(course.record.tyre_wear_per_lap, rel=0.05)
    course.tick(tyreCompound="Semislicks (SM)")
    assert (0.042,) * 4 == pytest.approx(course.record.tyre_wear_per_lap, rel=0.05)


def test_tyres_that_scrub_in_lose_nothing() -> None:
    course = Course(1000.0, tyreCompound="Slick Soft (S)")
    course.wear, course.wear_per_m = 98.0, -0.5 / 1000.0
    course.lap(2)
    course.settle()
    assert [None] * 2 == [event.tyre_grip_lost for event in course.of(EventKind.LAP_COMPLETED)]
    assert None is course.record.tyre_wear_per_lap


# ---- The end of a session


def ended(course: Course) -> list[tuple[str, int | None]]:
    kinds = (EventKind.LAP_COMPLETED, EventKind.SESSION_ENDED)
    return [(event.kind, event.lap_time_ms) for event in course.of(*kinds)]


@pytest.mark.parametrize("every", [67, 20, 5, 1])
def test_a_lap_counted_right_before_the_menu_comes_before_the_end(every: int) -> None:
    course = Course(1000.0, every=every)
    course.lap(2)
    course.lap()
    course.drive.set_state(SimState.IDLE)
    assert [("lap_completed", 20_000)] * 3 + [("session_ended", None)] == ended(course)


@pytest.mark.parametrize("ticks", [0, 1, 3])
def test_a_lap_counted_right_before_the_next_session_comes_before_the_end(ticks: int) -> None:
    course = Course(1000.0)
    course.best_ms = 30_000  # a verdict takes its time
    course.counts = False
    course.lap()
    for _ in range(ticks):
        course.tick()
    course.tick(session=QUALIFY)
    assert [("lap_completed", 20_000), ("session_ended", None)] == ended(course)


def test_a_run_that_was_not_counted_is_no_lap_at_the_end() -> None:
    course = Course()
    course.go(30.0)
    course.clock = None
    course.tick()
    course.drive.set_state(SimState.IDLE)
    assert [("session_ended", None)] == ended(course)


# ---- Forgotten ground


def test_a_lap_through_the_pit_lane_is_counted_and_the_next_one_is_an_out_lap() -> None:
    course = Course(1000.0)
    course.lap()
    course.go(17.0)
    course.go(0.5, isInPitLane=1)
    course.lap()
    course.go(2.0)
    assert ("in_pit", "out_lap") == (course.record.lap_state, course.record.lap_invalid_reason)
    course.tick(isInPitLane=0)
    course.lap(2)
    course.settle()
    assert [(1, True), (2, True), (3, False), (4, True)] == [(n, valid) for n, _, valid in course.completed()]
    used = [event.fuel_used is None for event in course.of(EventKind.LAP_COMPLETED)]
    assert [False, True, True, False] == used


@pytest.mark.long
def test_a_session_of_24_hours_has_all_its_laps() -> None:
    course = Course(100_000.0, every=333, session=RACE, isTimedRace=1, numberOfLaps=0)
    course.lap(43)  # 2000 s each
    course.settle()
    assert [(n, 2_000_000, True) for n in range(1, 44)] == course.completed()


@pytest.mark.parametrize("fields", [{"numberOfLaps": 5, "penaltyTime": 5.0, "flag": 6}, {"hasDRS": 1, "drs": 1.0}])
def test_penalties_and_gadgets_change_no_lap(fields: dict[str, Any]) -> None:
    course = Course(1000.0, session=RACE, **fields)
    course.lap(2)
    course.settle()
    assert [(1, 20_000, True), (2, 20_000, True)] == course.completed()


def test_a_session_without_a_lap_has_none() -> None:
    course = Course(speed=0.0)
    course.go(5.0)
    course.drive.set_state(SimState.IDLE)
    assert [("session_ended", None)] == ended(course)


def test_another_car_of_the_same_process_begins_anew() -> None:
    course = Course(1000.0, carModel="one")
    course.lap(2)
    course.settle()
    assert course.record.fuel_per_lap
    course.tick(carModel="two")
    assert (None, None) == (course.record.fuel_per_lap, course.record.delta_to_best_s)
    assert ["sim_restarted"] == [event.reason for event in course.of(EventKind.SESSION_ENDED)]


def test_a_track_with_nine_sectors_has_nine_times() -> None:
    course = Course(4500.0, every=20, sectors=9)
    course.lap(2)
    course.settle()
    assert [(10_000,) * 9] * 2 == [event.sector_times_ms for event in course.of(EventKind.LAP_COMPLETED)]
    sectors = [(event.lap, event.sector) for event in course.of(EventKind.SECTOR_COMPLETED)]
    assert [(lap, sector) for lap in (1, 2) for sector in range(1, 10)] == sectors


def test_a_driver_swap_changes_neither_session_nor_lap() -> None:
    course = Course(1000.0, session=RACE, playerName="One")
    course.lap()
    course.go(5.0)
    course.go(5.0, playerName="Two")
    course.lap()
    course.settle()
    assert [(1, 20_000, True), (2, 20_000, True)] == course.completed()
    assert [] == course.of(EventKind.SESSION_ENDED)


def test_an_engine_that_stalls_at_speed_leaves_the_lap_whole_and_locks_no_wheel() -> None:
    course = Course(1000.0, **on_wheels(), tyreRadius=(0.3,) * 4, maxRpm=7000)
    course.lap()
    course.go(5.0)
    records = course.go(5.0, rpms=0, gas=0.0, clutch=0.0)
    course.lap()
    course.settle()
    assert [(1, 20_000, True), (2, 20_000, True)] == course.completed()
    assert {(False, False)} == {(record.wheel_lock_detected, record.stuck) for record in records}
