"""The timing line, the place in the lap and the delta, on courses of which every time is known."""

import itertools

import pytest

from acbridge import Derived, EventKind
from course import Course

RATES = [333, 67, 20, 5, 1]
"""Steps from tick to tick: 1, 5, 17, 67 and 333 Hz."""


def deltas(records: list[Derived]) -> list[float]:
    return [record.delta_to_best_s for record in records if record.delta_to_best_s is not None]


def progresses(records: list[Derived]) -> list[float]:
    return [record.lap_progress for record in records if record.lap_progress is not None]


def test_a_clock_that_falls_to_0_in_mid_lap_and_stays_there_says_nothing_of_the_line() -> None:
    course = Course(at=0.43, clock_ms=43_000.0)
    course.tick()
    course.clock = None
    course.go(0.1)
    course.put(0.02)
    assert 0.02 == pytest.approx(course.tick().lap_progress, abs=0.001)


@pytest.mark.parametrize("clock_first", [True, False])
def test_going_back_to_the_pits_says_nothing_of_the_line_in_either_order(clock_first: bool) -> None:
    course = Course(at=0.43, clock_ms=43_000.0)
    course.go(1.0)
    if clock_first:
        course.clock = None
        course.tick()
    course.speed = 0.0
    course.put(0.97)
    course.tick(isInPit=1, isInPitLane=1)
    course.clock = None
    assert 0.97 == pytest.approx(course.go(2.0)[-1].lap_progress, abs=0.001)


@pytest.mark.parametrize(("length", "every"), [(5000.0, 67), (5000.0, 20), (1500.0, 5)])
@pytest.mark.parametrize("line", [0.0, 0.0016, 0.0045, 0.5, 0.9957, 0.98])
def test_equal_laps_have_no_delta_wherever_the_line_is(line: float, length: float, every: int) -> None:
    course = Course(length, line, every=every)
    course.lap()
    course.settle()
    found = course.lap()
    assert 0.95 * len(found) < len(deltas(found))
    assert 0.05 > max(map(abs, deltas(found)))
    course.go(2.0)
    assert 0.05 > max(map(abs, deltas(course.go(5.0))))


def test_equal_laps_have_no_delta_on_a_long_track_with_the_line_before_the_zero() -> None:
    course = Course(20_800.0, 0.9957, every=33)
    course.lap()
    found = course.settle().lap()
    assert 0.05 > max(map(abs, deltas(found)))
    found = course.go(5.0)
    assert len(deltas(found)) == len(found)
    assert 0.05 > max(map(abs, deltas(found)))


@pytest.mark.parametrize("line", [0.0016, 0.9984])
def test_a_car_that_stands_between_zero_and_line_falls_behind_by_what_it_stands(line: float) -> None:
    course = Course(2000.0, line)
    course.lap()
    course.settle()
    while course.position < 0.999 or course.at < course.end - 5.0:
        course.tick()
        if course.end - 6.0 < course.at:
            break
    course.speed = 0.0
    found = deltas(course.go(4.0))
    assert found
    assert 0.0 - 0.05 <= min(found)
    assert max(found) <= 4.05


def test_a_car_that_rolls_back_over_the_line_falls_behind_by_the_time_it_takes() -> None:
    course = Course(2000.0)
    course.lap(2)
    course.go(0.3)
    course.speed = -5.0
    found = course.go(4.0)
    assert 0.0 <= min(deltas(found))
    course.speed = 5.0
    found += course.go(4.0)
    assert 0.0 <= min(progresses(found))
    assert 0.02 > max(progresses(found))
    assert 8.3 == pytest.approx(deltas(found)[-1], abs=0.5)


def test_after_a_rolling_start_the_line_is_where_laps_are_counted() -> None:
    course = Course(at=0.93, speed=25.0, every=33)
    course.begin()
    first = course.go(14.0 + 3.6)
    assert 0.018 == pytest.approx(first[-1].lap_progress, abs=0.001)
    course.lap()
    course.settle()
    course.lap()
    assert 0.018 == pytest.approx(course.go(3.6)[-1].lap_progress, abs=0.001)


def test_a_clock_that_starts_over_at_the_line_after_a_rolling_start_moves_the_line() -> None:
    course = Course(at=0.93, speed=25.0)
    course.begin()
    course.go(14.0)
    course.begin()
    assert 0.018 == pytest.approx(course.go(3.6)[-1].lap_progress, abs=0.001)


def open_runs(length: float, start: float, finish: float, runs: int, *, every: int = 5) -> list[list[Derived]]:
    """Drive equal runs, with the way back by teleport; return the ticks of each run, and of each way back."""
    course = Course(length, start, finish, every=every)
    found: list[list[Derived]] = []
    for _ in range(runs):
        while course.clock is None:
            course.tick()
        found.append([course.record, *course.lap()[:-1]])
        between = [course.record, *course.go(3.0)]
        course.put(max(0.0, start - 0.01))
        between += course.go(0.1)
        found.append(between)
    assert [number for number, _, _ in course.completed()] == list(range(1, runs + 1))
    assert all(valid for _, _, valid in course.completed())
    return found


@pytest.mark.parametrize("every", [67, 20, 5])
@pytest.mark.parametrize(
    ("length", "start", "finish"), [(2500.0, 0.05, 0.80), (1200.0, 0.1, 0.435), (1500.0, 0.3, 0.1)]
)
def test_open_tracks_have_progress_from_0_to_1_and_a_delta(
    length: float, start: float, finish: float, every: int
) -> None:
    finish += finish < start
    step = every * 0.003 * 50.0 / ((finish - start) * length)
    _, _, second, after, third, _ = open_runs(length, start, finish, 3, every=every)
    for run in (second, third):
        ways = progresses(run)
        assert 0.0 == pytest.approx(ways[0], abs=step + 0.001)
        assert 1.0 == pytest.approx(ways[-1], abs=step + 0.001)
        assert all(0 <= after - before <= step * 1.5 + 0.001 for before, after in itertools.pairwise(ways))
        assert len(deltas(run)) > 0.9 * len(run)
        assert 0.05 > max(map(abs, deltas(run)))
    assert {"out_lap"} == {record.lap_state for record in after}
    assert [1.0] * (len(after) // 2) == pytest.approx(progresses(after)[: len(after) // 2])


def test_a_lap_met_late_has_no_time_where_it_was_not_seen() -> None:
    course = Course(2000.0, at=0.04, clock_ms=15_000.0)
    course.lap()
    course.settle()
    assert [(1, 53_400, True)] == course.completed()
    found = [(record.lap_progress or 0.0, record.delta_to_best_s) for record in course.go(30.0)]
    assert {None} == {delta for progress, delta in found if progress < 0.039}
    later = [delta for progress, delta in found if progress > 0.042]
    assert [-13.4] * len(later) == pytest.approx(later, abs=0.05)


def test_a_line_that_was_learned_wrong_is_corrected_by_the_next_lap() -> None:
    course = Course(at=0.43)
    course.begin()  # a clock that starts in mid-lap
    assert 0.01 == pytest.approx(course.go(1.0)[-1].lap_progress, abs=0.002)
    course.lap()
    course.settle()
    course.go(3.5)
    assert 0.05 == pytest.approx(course.record.lap_progress, abs=0.002)


@pytest.mark.parametrize("every", RATES)
def test_a_lap_is_emitted_once_with_its_time_at_every_rate(every: int) -> None:
    course = Course(every=every) if every > 5 else Course(2000.0, speed=100.0, every=every)
    course.lap(3)
    course.settle()
    expected_ms = round(course.length / course.speed * 1000)
    assert [(n, expected_ms, True) for n in (1, 2, 3)] == course.completed()
    assert [1] == [event.lap for event in course.of(EventKind.BEST_LAP)]
    assert all(event.sector_times_ms is not None for event in course.of(EventKind.LAP_COMPLETED))
