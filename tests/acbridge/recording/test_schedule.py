"""When a recorded frame is due: by arithmetic."""

import pytest

from acbridge.recording.schedule import LATE_S, LONGEST_HOLE_S, Schedule

SECOND = 1_000_000_000


@pytest.mark.parametrize("speed", [0.5, 1.0, 4.0])
def test_frames_keep_their_recorded_distance_divided_by_the_speed(speed: float) -> None:
    schedule = Schedule(speed)
    recorded = [7 * SECOND + number * SECOND // 60 for number in range(4)]
    due = [schedule.due(1, mono_ns, now_ns=0) for mono_ns in recorded]
    assert [pytest.approx(number * SECOND / 60 / speed, abs=5) for number in range(4)] == due


def test_a_little_lateness_is_made_up_for() -> None:
    schedule = Schedule(1.0)
    schedule.due(1, 0, now_ns=0)
    assert SECOND // 60 == schedule.due(1, SECOND // 60, now_ns=SECOND // 50)
    assert 2 * (SECOND // 60) == schedule.due(1, 2 * (SECOND // 60), now_ns=SECOND // 50)


def test_a_late_frame_moves_the_frames_after_it_so_that_they_do_not_come_in_a_bunch() -> None:
    schedule = Schedule(1.0)
    schedule.due(1, 0, now_ns=0)
    late = round((LATE_S + 5) * SECOND)
    assert late == schedule.due(1, SECOND // 10, now_ns=late)
    assert late + SECOND // 10 == schedule.due(1, 2 * (SECOND // 10), now_ns=late)


def test_a_long_hole_is_played_as_a_short_one() -> None:
    schedule = Schedule(2.0)
    schedule.due(1, 0, now_ns=0)
    assert round(LONGEST_HOLE_S * SECOND / 2) == schedule.due(1, 3600 * SECOND, now_ns=0)


def test_another_run_follows_after_the_longest_hole_whatever_its_clock_says() -> None:
    schedule = Schedule(1.0)
    schedule.due(1, 500 * SECOND, now_ns=0)
    assert round(LONGEST_HOLE_S * SECOND) == schedule.due(2, 3 * SECOND, now_ns=0)
    assert round(LONGEST_HOLE_S * SECOND) == schedule.due(2, 2 * SECOND, now_ns=0)  # a clock that went back
