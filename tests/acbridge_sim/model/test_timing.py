"""Laps and sectors are timed to the millisecond, and only whole ones."""

import pytest

from acbridge_sim import Timing, Track, lap_text, layout


def drive(timing: Timing, track: Track, start: float, metres: float, speed: float = 30.0, off: int = 0) -> None:
    """Move along the line at a speed in m/s."""
    before = start % track.length
    for _ in range(round(metres / (speed * 0.003))):
        after = (before + speed * 0.003) % track.length
        timing.step(before, after, off)
        before = after


def test_the_clock_starts_at_the_first_crossing_of_the_line() -> None:
    track = layout("oval")
    timing = Timing(track, cut_invalidates_lap=True)
    drive(timing, track, -100.0, 90.0)
    assert (0, 0) == (timing.current_ms, timing.laps)
    drive(timing, track, -10.0, 40.0)
    assert timing.current_ms == pytest.approx(1000, abs=6)
    assert (0, 0) == (timing.last_ms, timing.laps)


@pytest.mark.parametrize("speed", [29.0, 30.0, 31.7, 50.3, 61.1])
def test_a_lap_is_timed_to_the_millisecond_between_two_steps(speed: float) -> None:
    track = layout("oval")
    timing = Timing(track, cut_invalidates_lap=True)
    drive(timing, track, -10.0, track.length + 20.0, speed)
    assert 1 == timing.laps
    assert timing.last_ms == pytest.approx(1000 * track.length / speed, abs=0.6)
    assert timing.last_ms == timing.best_ms == timing.best_clean_ms


def test_sectors_add_up_to_the_lap() -> None:
    track = layout("circuit")
    timing = Timing(track, cut_invalidates_lap=True)
    splits: list[int] = []
    before, shown = track.length - 5.0, 0
    while not timing.laps:
        after = (before + 0.1) % track.length
        timing.step(before, after, 0)
        before = after
        if timing.split_ms != shown:
            shown = timing.split_ms
            splits.append(shown)
    assert 3 == len(splits)
    assert timing.last_ms == sum(splits)


def test_a_cut_lap_counts_but_is_no_clean_best() -> None:
    track = layout("oval")
    timing = Timing(track, cut_invalidates_lap=True)
    drive(timing, track, -10.0, 20.0)
    drive(timing, track, 10.0, 20.0, off=3)
    assert timing.cut
    drive(timing, track, 30.0, track.length)
    assert (1, 0) == (timing.laps, timing.best_clean_ms)
    assert timing.best_ms == timing.last_ms > 0
    assert not timing.cut


@pytest.mark.parametrize(("off", "cut_invalidates_lap"), [(2, True), (4, False)])
def test_two_wheels_off_or_a_lenient_session_cut_nothing(off: int, *, cut_invalidates_lap: bool) -> None:
    track = layout("oval")
    timing = Timing(track, cut_invalidates_lap=cut_invalidates_lap)
    drive(timing, track, -10.0, track.length + 20.0, off=off)
    assert timing.best_clean_ms == timing.last_ms > 0


def test_rolling_back_over_the_line_is_no_lap() -> None:
    track = layout("oval")
    timing = Timing(track, cut_invalidates_lap=True)
    drive(timing, track, -10.0, 20.0)
    timing.step(0.05, track.length - 0.05, 0)
    timing.step(track.length - 0.05, 0.05, 0)
    assert 0 == timing.laps


def test_times_are_written_as_the_sim_writes_them() -> None:
    texts = {0: "-:--:---", 103398: "1:43:398", 3: "0:00:003", 59_999: "0:59:999", 890_400: "14:50:400"}
    assert texts == {milliseconds: lap_text(milliseconds) for milliseconds in texts}


def test_whether_the_last_lap_was_cut_is_kept_during_the_next() -> None:
    track = layout("oval")
    timing = Timing(track, cut_invalidates_lap=True)
    drive(timing, track, -10.0, 20.0)
    drive(timing, track, 10.0, 20.0, off=3)
    drive(timing, track, 30.0, track.length)
    assert (True, False) == (timing.last_cut, timing.cut)
    drive(timing, track, 30.0, track.length)
    assert (2, False) == (timing.laps, timing.last_cut)
