"""Ends of an episode: each for its cause, at its time, terminated or truncated as the table says."""

from collections.abc import Callable
from typing import Any

import pytest

from acbridge_gym import REASONS, Ends, Seen
from acbridge_gym.referee import Outcome, Referee
from acbridge_sim import layout
from racing import rules

TRACK = layout("oval")
T = 0.045


def drive(change: Callable[[int], dict[str, Any]], seconds: float = 20.0, **settings: Any) -> tuple[str, float]:
    """Let a car drive along the track, changed by the number of the step; return why and when the episode ends."""
    referee = Referee(TRACK.road, rules(**settings))

    def seen(step: int) -> Seen:
        values: dict[str, Any] = {"forward": 20.0, "at": 20.0 * step * T} | change(step)
        x, z, heading = TRACK.point(values.pop("at"))
        return Seen(x=x, z=z, heading=heading, **values)

    referee.begin(seen(0))
    outcome: Outcome | None = None
    for step in range(1, round(seconds / T)):
        referee.command([0.0, 0.0])
        outcome = referee.end(seen(step), step_s=T)
        if outcome.reason:
            return REASONS[outcome.reason].name, outcome.time_s
    return "", 0.0


def test_a_car_that_drives_goes_on() -> None:
    assert ("", 0.0) == drive(lambda _: {})


def test_three_wheels_off_the_track_end_it_after_their_time() -> None:
    assert ("off_track", pytest.approx(1.0, abs=T)) == drive(lambda _: {"wheels_off": 3})
    assert ("off_track", pytest.approx(T)) == drive(lambda _: {"wheels_off": 3}, ends={"off_track_s": 0.0})
    assert ("", 0.0) == drive(lambda _: {"wheels_off": 2}, ends={"off_track_s": 0.0})
    assert ("", 0.0) == drive(lambda step: {"wheels_off": 4 if step % 20 else 0})


def test_a_car_that_stands_ends_it_after_the_first_5_s_and_5_more() -> None:
    assert ("stuck", pytest.approx(10.0, abs=2 * T)) == drive(lambda _: {"forward": 0.3, "at": 5.0})
    assert ("", 0.0) == drive(lambda _: {"forward": 0.3, "at": 5.0}, seconds=9.9)


def test_a_car_that_drives_backwards_ends_it_after_10_m() -> None:
    assert ("wrong_way", pytest.approx(10 / 20, abs=2 * T)) == drive(lambda step: {"at": 500 - 20 * step * T})


def test_damage_ends_it_if_asked() -> None:
    def crash(step: int) -> dict[str, Any]:
        return {"damage": 50.0 if step > 9 else 0.0}

    assert ("", 0.0) == drive(crash)
    assert ("crash", pytest.approx(10 * T)) == drive(crash, ends={"crash_kmh": 20.0})


def test_laps_end_it_if_asked() -> None:
    def lap(step: int) -> dict[str, Any]:
        return {"laps": 4 + step // 100, "last_lap_s": 60.0}

    assert ("lap_goal", pytest.approx(200 * T)) == drive(lap, ends={"lap_goal": 2})


def test_time_ends_it() -> None:
    assert ("time_limit", pytest.approx(9.0)) == drive(lambda _: {}, max_episode_s=9.0)


def test_a_teleport_is_neither_progress_nor_the_wrong_way() -> None:
    assert ("", 0.0) == drive(lambda step: {"at": 20.0 * step * T + (800 if step > 50 else 0)})
    assert ("", 0.0) == drive(lambda step: {"at": 900 + 20.0 * step * T - (800 if step > 50 else 0)})


def test_only_ends_of_the_task_terminate() -> None:
    ends = {reason.name for reason in REASONS if reason.terminated}
    assert {"off_track", "stuck", "wrong_way", "crash", "lap_goal"} == ends


def test_a_negative_limit_is_refused() -> None:
    with pytest.raises(ValueError, match="stuck_s of the ends is 0 or more"):
        Ends(stuck_s=-1.0)
