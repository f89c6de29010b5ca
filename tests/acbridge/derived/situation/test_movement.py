"""Teleports: the car moved without driving."""

from typing import Any

import pytest

from acbridge import Event, EventKind
from deriving import Drive, moving, on_wheels

RACE = 2


def what(events: list[Event]) -> list[str]:
    return [event.kind for event in events]


def jump(metres: float, *, steps: int = 5, before: float = 0.0, after: float = 0.0) -> list[Event]:
    """Move a car between two ticks, at a speed in m/s before and after, and return the teleports emitted."""
    drive = Drive(**on_wheels(0.3, at=(100.0, -50.0)), **moving(before))
    drive.tick(steps, **on_wheels(-2.0, at=(100.0 + 0.6 * metres, -50.0 - 0.8 * metres)), **moving(after))
    assert drive.record.teleported is bool(drive.of(EventKind.TELEPORT))
    return drive.of(EventKind.TELEPORT)


@pytest.mark.parametrize(
    ("metres", "steps", "before", "after"),
    [
        (20.1, 5, 0.0, 0.0),
        (500.0, 5, 0.0, 0.0),
        (500.0, 5, 80.0, 80.0),
        (35.1, 100, 50.0, 0.0),  # 0.3 s at 50 m/s are 15 m
        (35.1, 100, 0.0, 50.0),
        (500.0, 0, 80.0, 80.0),
    ],
)
def test_a_jump_farther_than_the_car_could_drive_is_a_teleport(
    metres: float, steps: int, before: float, after: float
) -> None:
    (event,) = jump(metres, steps=steps, before=before, after=after)
    assert metres == pytest.approx(event.distance_m)


@pytest.mark.parametrize(
    ("metres", "steps", "before", "after"),
    [
        (0.0, 5, 0.0, 0.0),
        (19.9, 5, 0.0, 0.0),
        (34.9, 100, 50.0, 0.0),
        (34.9, 100, 0.0, 50.0),
        (240.0, 1000, 80.0, 80.0),  # a hitch of 3 s
        (5.0, 0, 80.0, 80.0),
    ],
)
def test_a_move_that_the_car_could_drive_is_no_teleport(metres: float, steps: int, before: float, after: float) -> None:
    assert [] == jump(metres, steps=steps, before=before, after=after)


def test_a_teleport_is_emitted_once_and_the_field_stays_true_for_a_second() -> None:
    drive = Drive(**on_wheels())
    assert drive.record.teleported is False
    drive.tick(**on_wheels(at=(300.0, 400.0)))
    assert drive.record.teleported is True
    assert drive.go(999, every=9).teleported is True
    assert drive.go(3).teleported is False
    assert [500.0] == [event.distance_m for event in drive.of(EventKind.TELEPORT)]


def test_a_second_teleport_is_shown_for_its_own_second() -> None:
    drive = Drive(**on_wheels())
    drive.tick(**on_wheels(at=(300.0, 400.0)))
    drive.go(900, every=9)
    drive.tick(**on_wheels())
    assert drive.go(999, every=9).teleported is True
    assert drive.go(3).teleported is False
    assert 2 == len(drive.of(EventKind.TELEPORT))


def test_a_car_that_does_not_say_where_it_stands_is_not_teleported() -> None:
    somewhere, elsewhere = on_wheels(), on_wheels(at=(300.0, 400.0))
    nowhere: dict[str, Any] = somewhere | {"tyreContactPoint": ((0.0, 0.0, 0.0),) * 4}
    drive = Drive(**somewhere)
    for fields in (nowhere, elsewhere, nowhere, somewhere):
        drive.tick(**fields)
    assert [] == drive.of(EventKind.TELEPORT)


def test_a_new_session_begins_where_it_does() -> None:
    drive = Drive(**on_wheels())
    drive.tick(session=RACE, **on_wheels(at=(300.0, 400.0)))
    assert ["session_started", "session_ended", "session_started"] == what(
        drive.of(EventKind.SESSION_STARTED, EventKind.SESSION_ENDED)
    )
    assert [] == drive.of(EventKind.TELEPORT)
    assert drive.record.teleported is False
