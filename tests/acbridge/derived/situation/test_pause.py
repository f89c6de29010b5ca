"""The situation in a pause, in a replay, and while the clock stands."""

import math
from typing import Any

import pytest

from acbridge import Event, EventKind
from acbridge.pages import STATUS_LIVE, STATUS_PAUSE, STATUS_REPLAY
from deriving import Drive, moving, on_wheels


def hit(front: float = 0.0, rear: float = 0.0, left: float = 0.0, right: float = 0.0) -> dict[str, Any]:
    return {"carDamage": (front, rear, left, right, max(front, rear, left, right))}


def what(events: list[Event]) -> list[str]:
    return [event.kind for event in events]


def drifting(angle: float, speed: float = 20.0) -> dict[str, Any]:
    """Return the fields of a car whose body slips by an angle in rad."""
    return moving(speed * math.cos(angle), speed * math.sin(angle))


@pytest.mark.parametrize("status", [STATUS_PAUSE, STATUS_REPLAY])
def test_what_pages_show_in_a_pause_or_a_replay_is_not_the_situation(status: int) -> None:
    calm: dict[str, Any] = {
        **on_wheels(),
        **hit(),
        **moving(20.0),
        "gear": 3,
        "brake": 0.0,
        "gas": 0.0,
        "numberOfTyresOut": 0,
        "isInPitLane": 0,
    }
    drive = Drive(tyreRadius=(0.3, 0.3, 0.3, 0.3), wheelAngularSpeed=(66.5, 66.5, 66.5, 66.5), **calm)
    drive.go(300)
    before = len(drive.events)
    wild = {
        **on_wheels(at=(300.0, 400.0)),
        **hit(50.0),
        **drifting(2.0, 50.0),
        "brake": 1.0,
        "gas": 1.0,
        "numberOfTyresOut": 4,
        "isInPitLane": 1,
    }
    shown = drive.go(6000, every=30, status=status, wheelAngularSpeed=(0.0, 0.0, 500.0, 500.0), **wild)
    for record in (shown, drive.tick(status=STATUS_LIVE, wheelAngularSpeed=(66.5, 66.5, 66.5, 66.5), **calm)):
        assert ("none", False, False) == (record.off_track, record.in_pit_lane, record.stuck)
        assert (False, False, False) == (record.teleported, record.wheel_lock_detected, record.wheel_spin_detected)
    drive.go(300)
    assert ["sim_state_changed", "sim_state_changed"] == what(drive.events[before:])


@pytest.mark.parametrize("status", [STATUS_PAUSE, STATUS_REPLAY])
def test_the_situation_lasts_through_a_pause_or_a_replay(status: int) -> None:
    drive = Drive(numberOfTyresOut=4, isInPitLane=1)
    drive.go(6000, every=30, status=status, numberOfTyresOut=0, isInPitLane=0)
    assert ("fully", True) == (drive.record.off_track, drive.record.in_pit_lane)


def test_nothing_happens_while_the_sim_s_clock_stands() -> None:
    drive = Drive(gear=2)
    for _ in range(200):
        drive.tick(0, gas=1.0, numberOfTyresOut=4, isInPitLane=1, **hit(50.0))
    assert ("none", False, False) == (drive.record.off_track, drive.record.in_pit_lane, drive.record.stuck)
    assert ["sim_state_changed", "session_started"] == what(drive.events)


def test_events_have_the_packet_id_at_which_they_were_noticed() -> None:
    drive = Drive()
    for wheels in (4, 0, 4, 0):
        drive.go(300, numberOfTyresOut=wheels)
    packets = [event.packetId for event in drive.of(EventKind.OFF_TRACK, EventKind.REJOINED)]
    assert [1035, 1135, 1235, 1335] == packets  # noticed 102 ms after the first of the ticks
