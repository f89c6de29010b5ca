"""On the track and off it, on pages made by hand."""

import pytest

from acbridge import EventKind, Thresholds
from deriving import Drive


def limits(**values: float) -> Thresholds:
    return Thresholds().changed(values)


@pytest.mark.parametrize(
    ("wheels", "word"),
    [(0, "none"), (1, "partial"), (2, "partial"), (3, "off"), (4, "fully"), (9, "fully"), (-1, "none")],
)
def test_wheels_off_the_track_have_a_word_after_a_tenth_of_a_second(wheels: int, word: str) -> None:
    drive = Drive()
    drive.tick(numberOfTyresOut=wheels)
    assert "none" == drive.go(99).off_track
    assert word == drive.go(3).off_track
    drive.tick(numberOfTyresOut=0)
    assert word == drive.go(99).off_track
    assert "none" == drive.go(3).off_track


def test_wheels_that_come_back_change_the_word_after_a_tenth_of_a_second() -> None:
    drive = Drive(numberOfTyresOut=4)
    words: list[str | None] = []
    for wheels in (3, 2, 1, 3, 4, 0):
        drive.tick(numberOfTyresOut=wheels)
        words += [drive.go(99).off_track, drive.go(3).off_track]
    assert [
        "fully",
        "off",
        "off",
        "partial",
        "partial",
        "partial",
        "partial",
        "off",
        "off",
        "fully",
        "fully",
        "none",
    ] == words


def test_wheels_that_are_off_for_less_do_not_count() -> None:
    drive = Drive()
    for _ in range(10):
        assert "none" == drive.go(99, numberOfTyresOut=4).off_track
        assert "none" == drive.tick(numberOfTyresOut=0).off_track
    assert [] == drive.of(EventKind.OFF_TRACK, EventKind.REJOINED)


def test_off_track_and_rejoined_are_emitted_once_each() -> None:
    drive = Drive(trackSPlineLength=1000.0, normalizedCarPosition=0.25)
    drive.go(2100, numberOfTyresOut=3)
    drive.go(900, numberOfTyresOut=4)
    drive.go(600, numberOfTyresOut=0, normalizedCarPosition=0.3)
    left, back = drive.of(EventKind.OFF_TRACK, EventKind.REJOINED)
    assert ("off_track", 250.0, None) == (left.kind, left.lap_distance_m, left.duration_s)
    assert ("rejoined", 300.0, 3.0) == (back.kind, back.lap_distance_m, back.duration_s)
    assert (1035, 2035) == (left.packetId, back.packetId)  # 102 ms after the first of the ticks, and 3 s later


def test_two_wheels_off_are_not_off_the_track() -> None:
    drive = Drive()
    drive.go(3000, numberOfTyresOut=2)
    drive.go(3000, numberOfTyresOut=0)
    assert [] == drive.of(EventKind.OFF_TRACK, EventKind.REJOINED)


def test_how_long_wheels_must_be_off_can_be_changed() -> None:
    drive = Drive(limits(off_track_s=0.0))
    assert "off" == drive.tick(numberOfTyresOut=3).off_track
    assert "none" == drive.tick(numberOfTyresOut=0).off_track
