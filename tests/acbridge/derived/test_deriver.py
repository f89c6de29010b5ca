"""The composition: sessions, the sim's state, restarts, replays, and that history is all that it depends on."""

from copy import deepcopy
from typing import Any

import pytest

from acbridge import Derived, Event, Graphics, Physics, SimState, Static, Thresholds
from acbridge.derived.deriver import Deriver
from acbridge_sim import SessionType, World
from deriving import changed

PAUSE, REPLAY, LIVE = 3, 1, 2


class Follower:
    """A deriver that is shown the pages of a world at 66 Hz."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.deriver = Deriver()
        self.events: list[Event] = []

    def watch(self, seconds: float) -> list[Event]:
        """Let the world run, and return what happened meanwhile."""
        new: list[Event] = []
        for _ in range(round(seconds / 0.015)):
            self.world.step(5)
            new += self.look()[1]
        return new

    def look(self) -> tuple[Derived, list[Event]]:
        physics, graphics, static = self.world.pages()
        derived, events = self.deriver.tick(
            Physics.from_page(physics), Graphics.from_page(graphics), Static.from_page(static)
        )
        self.events += events
        return derived, events


def kinds(events: list[Event]) -> list[str]:
    return [event.kind for event in events]


@pytest.fixture(scope="module")
def driven() -> Follower:
    """Drive for a while, once for all tests."""
    follower = Follower(World(session=SessionType.HOTLAP))
    follower.watch(40.0)
    return follower


@pytest.fixture
def hotlap(driven: Follower) -> Follower:
    """Return a follower of a car that has been at speed, on a timed lap, for a while."""
    follower = deepcopy(driven)
    assert (True, 1) == (follower.look()[0].is_lap_valid, follower.look()[0].lap_number)
    return follower


def test_a_session_is_met_once(hotlap: Follower) -> None:
    assert ["sim_state_changed", "session_started"] == kinds(hotlap.events)[:2]
    changed_to, started = hotlap.events[:2]
    assert (None, "live") == (changed_to.before, changed_to.after)
    assert ("hotlap", None) == (started.session, started.reason)


def test_a_restart_in_the_middle_of_a_lap_is_a_new_session_and_no_lap(hotlap: Follower) -> None:
    hotlap.world.restart()
    events = hotlap.watch(10.0)
    session = [event for event in events if event.kind.startswith("session")]
    assert [("session_ended", "restarted"), ("session_started", "restarted")] == [(e.kind, e.reason) for e in session]
    assert "lap_completed" not in kinds(events)
    derived = hotlap.look()[0]
    assert (1, "out_lap") == (derived.lap_number, derived.lap_state)


def test_a_restart_of_a_race_is_noticed_although_its_clock_waits_for_the_lights() -> None:
    follower = Follower(World(session=SessionType.RACE))
    follower.watch(20.0)
    assert "valid" == follower.look()[0].lap_state
    follower.world.restart()
    events = follower.watch(8.0)
    assert [("session_ended", "restarted"), ("session_started", "restarted")] == [
        (e.kind, e.reason) for e in events if e.kind.startswith("session")
    ]


def test_a_new_process_of_the_sim_begins_everything_anew(hotlap: Follower) -> None:
    hotlap.world.relaunch()
    _, events = hotlap.look()
    assert [("session_ended", "sim_restarted"), ("session_started", None)] == [(e.kind, e.reason) for e in events]
    assert "teleport" not in kinds(hotlap.watch(2.0))


def test_another_kind_of_session_is_another_session() -> None:
    deriver = Deriver()
    static: Static = changed(Static)
    found: list[Event] = []
    for step, session in enumerate((0, 0, 1, 1, 2)):
        physics: Physics = changed(Physics, packetId=100 + step)
        found += deriver.tick(physics, changed(Graphics, status=LIVE, session=session), static)[1]
    assert [
        ("session_started", "practice", None),
        ("session_ended", "practice", "session_changed"),
        ("session_started", "qualify", "session_changed"),
        ("session_ended", "qualify", "session_changed"),
        ("session_started", "race", "session_changed"),
    ] == [(e.kind, e.session, e.reason) for e in found if e.kind.startswith("session")]


@pytest.mark.parametrize("status", [PAUSE, REPLAY])
def test_nothing_of_the_lap_changes_in_a_pause_or_a_replay(hotlap: Follower, status: int) -> None:
    before, _ = hotlap.look()
    physics, graphics, static = hotlap.world.pages()
    strange: Any = vars(Graphics.from_page(graphics)) | {
        "status": status,
        "iCurrentTime": 0,
        "completedLaps": 7,
        "normalizedCarPosition": 0.1,
        "sessionTimeLeft": -1.0,
        "isInPitLane": 1,
    }
    derived, events = hotlap.deriver.tick(Physics.from_page(physics), Graphics(**strange), Static.from_page(static))
    state = {PAUSE: "paused", REPLAY: "replay"}[status]
    assert [("live", state)] == [(e.before, e.after) for e in events]
    for name in ("lap_state", "lap_number", "lap_progress", "delta_to_best_s", "in_pit_lane", "teleported", "stuck"):
        assert getattr(before, name) == getattr(derived, name), name
    assert ["sim_state_changed"] == kinds(hotlap.look()[1])
    assert set(kinds(hotlap.watch(2.0))) <= {"sector_completed"}


def test_a_sim_at_rest_changes_the_state_and_ends_the_session_only_when_it_is_gone(hotlap: Follower) -> None:
    frozen = hotlap.deriver.set_state(SimState.FROZEN)
    assert [("sim_state_changed", "live", "frozen")] == [(e.kind, e.before, e.after) for e in frozen]
    assert ["sim_state_changed"] == kinds(hotlap.look()[1])
    gone = hotlap.deriver.set_state(SimState.IDLE)
    assert [("sim_state_changed", None), ("session_ended", "left")] == [(e.kind, e.reason) for e in gone]
    assert [] == hotlap.deriver.set_state(SimState.IDLE)
    assert ["sim_state_changed", "session_started"] == kinds(hotlap.look()[1])


def test_going_back_to_the_pits_is_a_teleport_that_spoils_the_lap(hotlap: Follower) -> None:
    hotlap.world.pits()
    events = hotlap.watch(5.0)
    assert ["teleport", "lap_invalidated", "pit_in"] == kinds(events)
    assert "teleport" == events[1].reason
    derived = hotlap.look()[0]
    assert ("in_pit", "out_lap", True) == (derived.lap_state, derived.lap_invalid_reason, derived.in_pit_lane)


def test_an_excursion_emits_off_track_rejoined_and_one_cut() -> None:
    follower = Follower(World(session=SessionType.HOTLAP))
    follower.watch(30.0)
    follower.world.drive_off_track = True
    events = follower.watch(12.0)
    follower.world.drive_off_track = False
    events += follower.watch(20.0)
    emitted = kinds(events)
    assert 1 == emitted.count("lap_invalidated")
    assert 1 <= emitted.count("off_track") == emitted.count("rejoined")
    off = [event for event in events if event.kind in ("off_track", "rejoined")]
    assert ["off_track", "rejoined"] * (len(off) // 2) == kinds(off)
    assert "cut" == follower.look()[0].lap_invalid_reason


def test_changed_thresholds_are_emitted_and_hold_from_then_on() -> None:
    deriver = Deriver()
    event = deriver.set_thresholds(Thresholds().changed({"stationary_kmh": 20.0, "stuck_s": 3}))
    assert ("thresholds_changed", "stationary_kmh=20") == (event.kind, event.text)
    physics: Physics = changed(Physics, speedKmh=15.0)
    assert deriver.tick(physics, changed(Graphics, status=LIVE), changed(Static))[0].stationary
    assert not Deriver().tick(physics, changed(Graphics, status=LIVE), changed(Static))[0].stationary


def test_a_mark_has_the_place_of_the_tick_before() -> None:
    deriver = Deriver()
    early = deriver.mark("before")
    assert ("mark", None, None, "before") == (early.kind, early.packetId, early.lap, early.text)
    deriver.tick(changed(Physics, packetId=333), changed(Graphics, status=LIVE, completedLaps=4), changed(Static))
    mark = deriver.mark("here")
    assert ("mark", 333, 5, "here") == (mark.kind, mark.packetId, mark.lap, mark.text)


def test_the_record_has_its_fields_in_the_order_of_the_table() -> None:
    derived = Deriver().tick(changed(Physics), changed(Graphics), changed(Static))[0]
    assert [column.name for column in Derived.columns] == list(vars(derived))


def test_the_same_pages_give_the_same_whatever_the_rate_of_looking_before() -> None:
    """A hold of 0.1 s ends at the same step, from wherever the counting began."""
    found: list[list[int]] = []
    for begin in (0, 1, 7, 1000003):
        deriver = Deriver()
        ends: list[int] = []
        for step in range(300):
            physics: Physics = changed(Physics, packetId=begin + step, numberOfTyresOut=4 if step >= 100 else 0)
            derived, _ = deriver.tick(physics, changed(Graphics, status=LIVE), changed(Static))
            if derived.off_track == "fully":
                ends.append(step)
        found.append(ends)
    assert [list(range(134, 300))] * 4 == found
