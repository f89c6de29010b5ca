"""The pit lane: in, out, and what was filled in."""

import pytest

from acbridge import Event, EventKind
from deriving import Drive


def what(events: list[Event]) -> list[str]:
    return [event.kind for event in events]


@pytest.mark.parametrize("name", ["isInPitLane", "isInPit"])
def test_pit_in_and_pit_out_are_emitted_once_each(name: str) -> None:
    drive = Drive(fuel=20.0)
    drive.tick(**{name: 1})
    assert drive.go(297).in_pit_lane is False
    assert drive.go(3).in_pit_lane is True
    drive.go(6000, every=30)
    drive.tick(**{name: 0})
    assert drive.go(297).in_pit_lane is True
    assert drive.go(3).in_pit_lane is False
    drive.go(3000, every=30)
    into, out = drive.of(EventKind.PIT_IN, EventKind.PIT_OUT)
    assert ("pit_in", None, None) == (into.kind, into.duration_s, into.fuel_added)
    assert ("pit_out", 6.303, None) == (out.kind, out.duration_s, out.fuel_added)


@pytest.mark.parametrize(("fuel", "added"), [(45.0, 25.0), (20.06, pytest.approx(0.06)), (20.04, None), (19.5, None)])
def test_pit_out_has_the_fuel_added(fuel: float, added: float | None) -> None:
    drive = Drive(fuel=20.0)
    drive.go(3000, every=30, isInPitLane=1)
    drive.go(3000, every=30, fuel=fuel)
    drive.go(600, isInPitLane=0)
    assert [added] == [event.fuel_added for event in drive.of(EventKind.PIT_OUT)]


def test_a_pit_lane_flag_set_for_an_instant_does_not_count() -> None:
    drive = Drive()
    for _ in range(5):
        drive.go(297, isInPitLane=1)
        drive.tick(isInPitLane=0)
    assert drive.record.in_pit_lane is False
    drive.go(600, isInPitLane=1)
    for _ in range(5):
        drive.go(297, isInPitLane=0)
        drive.tick(isInPitLane=1)
    assert drive.record.in_pit_lane is True
    assert ["pit_in"] == what(drive.of(EventKind.PIT_IN, EventKind.PIT_OUT))


def test_a_car_met_in_the_pits_does_not_enter_them() -> None:
    drive = Drive(isInPit=1, isInPitLane=1, fuel=10.0)
    assert drive.record.in_pit_lane is True
    drive.go(3000, every=30, fuel=30.0)
    drive.go(600, isInPit=0)
    assert [] == drive.of(EventKind.PIT_IN, EventKind.PIT_OUT)
    drive.go(600, isInPitLane=0)
    (out,) = drive.of(EventKind.PIT_IN, EventKind.PIT_OUT)
    assert ("pit_out", 20.0) == (out.kind, out.fuel_added)
