"""Sessions: each change is reported once, whatever sign comes first, and a session clock alone changes nothing."""

import itertools
from typing import Any

import pytest

from acbridge import EventKind
from course import Course
from deriving import Drive, on_wheels

PRACTICE, QUALIFY, RACE = 0, 1, 2
SESSIONS = (EventKind.SESSION_STARTED, EventKind.SESSION_ENDED)
RATES = [333, 33, 5, 1]


def sessions(drive: Drive) -> list[tuple[str, str | None, str | None]]:
    return [(event.kind, event.session, event.reason) for event in drive.of(*SESSIONS)]


MET = ("session_started", "practice", None)


@pytest.mark.parametrize("every", RATES)
@pytest.mark.parametrize("rise_ms", [3_000.0, 60_000.0])
def test_time_that_is_added_to_the_session_ends_nothing(every: int, rise_ms: float) -> None:
    course = Course(1000.0 if every > 1 else 300.0, every=every)
    course.lap(2)
    for _ in range(3):
        course.left_ms += rise_ms
        course.go(5.0)
    course.left_ms += rise_ms
    course.lap(2)
    course.settle()
    assert [MET] == sessions(course.drive)
    lap_ms = round(course.length / course.speed * 1000)
    assert [(n, lap_ms, True) for n in range(1, len(course.completed()) + 1)] == course.completed()


@pytest.mark.parametrize("every", RATES)
@pytest.mark.parametrize("order", list(itertools.permutations(range(3))), ids=str)
def test_practice_qualify_and_race_are_reported_once_each_in_every_order_of_signs(
    order: tuple[int, ...], every: int
) -> None:
    drive = Drive(session=PRACTICE, completedLaps=3, sessionTimeLeft=10_000.0, iCurrentTime=5000)
    clock = 5000
    for _ in range(10):
        clock += 3 * every
        drive.tick(every, iCurrentTime=clock)
    for kind in (QUALIFY, RACE):
        left = 600_000.0
        signs: list[dict[str, Any]] = [{"session": kind}, {"sessionTimeLeft": left}, {"completedLaps": 0}]
        for number in order:
            drive.tick(every, **signs[number])
            drive.tick(every)
        drive.tick(every, iCurrentTime=0)
        for _ in range(max(5, 700 // every)):
            left -= 3 * every
            drive.tick(every, sessionTimeLeft=left)
        drive.tick(every, completedLaps=2, sessionTimeLeft=10_000.0)
        for _ in range(max(5, 700 // every)):
            drive.tick(every)
    assert [
        MET,
        ("session_ended", "practice", "session_changed"),
        ("session_started", "qualify", "session_changed"),
        ("session_ended", "qualify", "session_changed"),
        ("session_started", "race", "session_changed"),
    ] == sessions(drive)


def test_a_session_that_is_not_known_for_an_instant_is_none_of_its_own() -> None:
    drive = Drive(session=PRACTICE)
    for session in (PRACTICE, -1, -1, QUALIFY, QUALIFY):
        drive.tick(session=session)
    assert [("practice", None), ("practice", "session_changed"), ("qualify", "session_changed")] == [
        (name, reason) for _, name, reason in sessions(drive)
    ]


@pytest.mark.parametrize("every", RATES)
@pytest.mark.parametrize("order", list(itertools.permutations(range(3))), ids=str)
def test_a_restart_is_reported_once_in_every_order_of_signs(order: tuple[int, ...], every: int) -> None:
    drive = Drive(iCurrentTime=40_000, sessionTimeLeft=10_000.0, **on_wheels(at=(0.0, 900.0)))
    clock = 40_000
    for _ in range(5):
        clock += 3 * every
        drive.tick(every, iCurrentTime=clock)
    signs: list[dict[str, Any]] = [{"sessionTimeLeft": 600_000.0}, {"iCurrentTime": 0}, on_wheels()]
    for number in order:
        drive.tick(every, **signs[number])
        drive.tick(every)
    for _ in range(max(5, 700 // every)):
        drive.tick(every)
    assert [MET, ("session_ended", "practice", "restarted"), ("session_started", "practice", "restarted")] == sessions(
        drive
    )
    assert [] == drive.of(EventKind.LAP_COMPLETED)


def test_a_count_that_falls_is_a_restart() -> None:
    drive = Drive(completedLaps=3)
    drive.tick(completedLaps=0)
    drive.go(3000, every=30)
    assert [None, "restarted", "restarted"] == [reason for _, _, reason in sessions(drive)]


def test_a_clock_given_up_is_no_restart() -> None:
    course = Course()
    course.go(20.0)
    course.begin()
    course.go(5.0)
    assert [MET] == sessions(course.drive)
