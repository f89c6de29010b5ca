"""The situation: each state and event, with the time it takes, on pages made by hand."""

import math
from typing import Any

import pytest

from acbridge import Event, EventKind, Thresholds
from acbridge.derived.debounce import Debounced
from acbridge.pages import STATUS_LIVE, STATUS_PAUSE, STATUS_REPLAY
from deriving import Drive, moving, on_wheels

NAN = math.nan
RACE = 2


def hit(front: float = 0.0, rear: float = 0.0, left: float = 0.0, right: float = 0.0) -> dict[str, Any]:
    return {"carDamage": (front, rear, left, right, max(front, rear, left, right))}


def limits(**values: float) -> Thresholds:
    return Thresholds().changed(values)


def what(events: list[Event]) -> list[str]:
    return [event.kind for event in events]


# ---- Debounced


def test_a_truth_is_held_until_its_opposite_has_held() -> None:
    held = Debounced()
    seen = [held.update(now_ms, raw, 0.1, 0.05) for now_ms, raw in ((0, True), (99, True), (100, True), (103, True))]
    assert [False, False, True, True] == seen
    assert held.value is True
    seen = [held.update(now_ms, raw, 0.1, 0.05) for now_ms, raw in ((110, False), (159, False), (160, False))]
    assert [True, True, False] == seen


def test_a_truth_that_flickers_does_not_count() -> None:
    held = Debounced()
    seen = [held.update(now_ms, now_ms % 90 != 0, 0.1, 0.1) for now_ms in range(0, 900, 15)]
    assert not any(seen)


def test_a_truth_is_let_go_at_once_unless_told_otherwise() -> None:
    held = Debounced()
    assert [False, True, False] == [
        held.update(now_ms, raw, 0.1) for now_ms, raw in ((0, True), (100, True), (103, False))
    ]


def test_a_truth_counts_at_once_if_it_need_not_hold() -> None:
    assert Debounced().update(0, raw=True, rise_s=0.0) is True


# ---- Off the track


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


def test_leaving_the_track_and_coming_back_are_told_once() -> None:
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


# ---- The pits


@pytest.mark.parametrize("name", ["isInPitLane", "isInPit"])
def test_the_pit_lane_is_told_once_in_and_once_out(name: str) -> None:
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
def test_fuel_filled_in_is_told_on_leaving(fuel: float, added: float | None) -> None:
    drive = Drive(fuel=20.0)
    drive.go(3000, every=30, isInPitLane=1)
    drive.go(3000, every=30, fuel=fuel)
    drive.go(600, isInPitLane=0)
    assert [added] == [event.fuel_added for event in drive.of(EventKind.PIT_OUT)]


def test_a_pit_lane_met_for_an_instant_does_not_count() -> None:
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


# ---- Stuck


def test_gas_without_speed_for_3_s_is_stuck() -> None:
    drive = Drive(gear=2, clutch=1.0)
    drive.tick(gas=0.21, **moving(0.83))  # 2.99 km/h
    assert drive.go(2997, every=27).stuck is False
    assert drive.go(3).stuck is True
    assert drive.tick(**moving(0.84)).stuck is False


@pytest.mark.parametrize(
    "freely",
    [
        {"gas": 0.2},
        {"gas": 1.0, "clutch": 0.0},  # the pedal is down
        {"gas": 1.0, "brake": 0.06},  # it is held on purpose
        {"gas": 1.0, "gear": 1},  # it waits in neutral
        {"gas": 1.0, "speedKmh": 3.0},
        {"gas": 1.0, "isInPitLane": 1},
        {"gas": 1.0, "sessionTimeLeft": math.inf},  # it waits for the lights
        {"gas": 1.0, "sessionTimeLeft": math.nan},  # the same from a recording, which has no inf
        {"gas": 1.0, "isInPit": 1},
        {"gas": NAN},
        {"numberOfTyresOut": 2},
        {"numberOfTyresOut": 4, "speedKmh": 5.0},
        {"numberOfTyresOut": 4, "isInPitLane": 1},
    ],
)
def test_a_car_that_could_go_on_is_not_stuck(freely: dict[str, Any]) -> None:
    usual: dict[str, Any] = {"gear": 2, "clutch": 1.0}
    drive = Drive(**usual | freely)
    for _ in range(100):
        assert drive.go(90, every=90).stuck is False


def test_no_speed_off_the_track_for_5_s_is_stuck() -> None:
    drive = Drive(numberOfTyresOut=3, **moving(1.38))  # 4.97 km/h
    assert drive.go(4998, every=6).stuck is False
    assert drive.go(3).stuck is True
    assert drive.go(99, numberOfTyresOut=2).stuck is True
    assert drive.go(6).stuck is False


def test_a_build_that_does_not_write_the_clutch_is_found_out_by_driving() -> None:
    drive = Drive(gear=2, gas=1.0)
    assert drive.go(6000, every=30).stuck is False
    drive.go(300, every=30, **moving(10.0))
    assert drive.go(6000, every=30, **moving(0.0)).stuck is True


def test_a_spell_of_gas_does_not_add_up() -> None:
    drive = Drive(gear=2, clutch=1.0)
    for _ in range(3):
        drive.go(2700, every=30, gas=1.0)
        drive.tick(gas=0.0)
    assert drive.record.stuck is False


# ---- The wrong way


def way(begin: float, speed: float, seconds: float) -> list[float]:
    """Return where a car is on a line of 1000 m that it drives along at a speed in m/s, every 15 ms."""
    return [(begin + speed * 0.015 * i / 1000) % 1.0 for i in range(1, round(seconds / 0.015) + 1)]


def wrong(drive: Drive, places: list[float], **values: Any) -> list[bool | None]:
    return [drive.tick(5, normalizedCarPosition=place, **values).wrong_way for place in places]


def on_line(place: float = 0.5, thresholds: Thresholds | None = None, **values: Any) -> Drive:
    usual: dict[str, Any] = {"trackSPlineLength": 1000.0, "normalizedCarPosition": place, "gear": 3, **moving(20.0)}
    return Drive(thresholds, **usual | values)


def test_driving_against_the_line_for_1_5_s_is_the_wrong_way() -> None:
    drive = on_line()
    said = wrong(drive, way(0.5, -20.0, 3.0))
    assert [False] * 100 + [True] * 100 == said
    assert [False] * 20 == wrong(drive, way(0.44, 20.0, 0.3))


def test_driving_along_the_line_is_never_the_wrong_way() -> None:
    drive = on_line(0.0, limits(wrong_way_s=0.0))
    assert not any(wrong(drive, way(0.0, 20.0, 120.0)))  # twice round, over the wrap


def test_the_wrap_from_1_to_0_is_forward() -> None:
    drive = on_line(0.998, limits(wrong_way_s=0.0))
    assert [False] * 5 == wrong(drive, [0.999, 1.0, 0.0, 0.001, 0.002])


def test_the_wrap_from_0_to_1_is_backward() -> None:
    drive = on_line(0.003, limits(wrong_way_s=0.0))
    assert [True] * 4 == wrong(drive, [0.002, 0.001, 0.999, 0.998])


def test_the_way_is_told_between_the_pages_that_tell_the_place() -> None:
    drive = on_line()
    said = wrong(drive, [place for place in way(0.5, -40.0, 1.5) for _ in range(2)])  # each page is seen twice
    assert [False] * 100 + [True] * 100 == said


@pytest.mark.parametrize(
    "fair",
    [
        {"gear": 0},
        moving(10.0 / 3.6),
        moving(-20.0),  # it slides or rolls backward
        moving(NAN),
        {"trackSPlineLength": 0.0},
    ],
)
def test_going_back_is_not_always_driving_the_wrong_way(fair: dict[str, Any]) -> None:
    drive = on_line(0.5, limits(wrong_way_s=0.0), **fair)
    assert not any(wrong(drive, way(0.5, -20.0, 3.0)))
    drive = on_line(0.5, limits(wrong_way_s=0.0))
    assert all(wrong(drive, way(0.5, -20.0, 3.0)))  # but for that, it is


@pytest.mark.parametrize("place", [NAN, -0.1, 1.1])
def test_a_place_that_is_none_tells_no_way(place: float) -> None:
    drive = on_line(0.5, limits(wrong_way_s=0.0))
    assert [False, False, False] == wrong(drive, [0.51, place, 0.511])
    assert [True, True, False] == wrong(drive, [0.510, place, 0.511])


# ---- Teleports


def jump(metres: float, *, steps: int = 5, before: float = 0.0, after: float = 0.0) -> list[Event]:
    """Move a car between two ticks, at a speed in m/s before and after, and return what was told."""
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


def test_a_teleport_is_told_once_and_shown_for_a_second() -> None:
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


# ---- Impacts


def impacts(drive: Drive) -> list[tuple[str | None, float | None]]:
    return [(event.zone, event.impact_kmh) for event in drive.of(EventKind.IMPACT)]


@pytest.mark.parametrize("zone", ["front", "rear", "left", "right"])
def test_an_impact_is_told_once_when_it_is_over(zone: str) -> None:
    drive = Drive()
    drive.tick(**hit(**{zone: 13.5}))
    drive.go(99)
    assert [] == impacts(drive)
    drive.go(3)
    assert [(zone, 13.5)] == impacts(drive)
    drive.go(3000, every=30)
    assert [(zone, 13.5)] == impacts(drive)


def test_rises_within_a_tenth_of_a_second_are_one_impact() -> None:
    drive = Drive()
    for damage in (4.0, 9.0, 13.5):
        drive.tick(10, **hit(front=damage))
    drive.go(600)
    assert [("front", 13.5)] == impacts(drive)


def test_a_side_that_is_hit_harder_later_was_hit_again() -> None:
    drive = Drive()
    drive.go(600, **hit(front=10.0))
    drive.go(600, **hit(front=25.0))
    assert [("front", 10.0), ("front", 25.0)] == impacts(drive)


def test_each_side_has_its_own_impact() -> None:
    drive = Drive()
    drive.tick(**hit(front=30.0))
    drive.go(51)
    drive.go(600, **hit(front=30.0, left=12.0))
    assert [("front", 30.0), ("left", 12.0)] == impacts(drive)


def test_a_small_rise_is_no_impact() -> None:
    drive = Drive()
    drive.go(600, **hit(rear=1.0))
    assert [] == impacts(drive)
    drive.go(600, **hit(rear=1.01))
    drive.go(600, **hit(rear=2.0))
    assert [("rear", 1.01)] == impacts(drive)


def test_damage_met_is_no_impact() -> None:
    drive = Drive(**hit(40.0, 30.0, 20.0, 10.0))
    drive.go(600)
    assert [] == impacts(drive)
    drive.go(600, **hit(41.5, 30.0, 20.0, 10.0))
    assert [("front", 41.5)] == impacts(drive)


def test_a_repair_is_no_impact_and_the_next_one_counts_again() -> None:
    drive = Drive()
    drive.go(600, **hit(front=40.0, left=20.0))
    drive.go(600, **hit(left=5.0))
    assert [("front", 40.0), ("left", 20.0)] == impacts(drive)
    drive.go(600, **hit(front=8.0, left=7.0))
    assert [("front", 8.0), ("left", 7.0)] == impacts(drive)[2:]


def test_an_impact_after_a_repair_that_cut_one_short_has_its_own_size() -> None:
    drive = Drive(**hit(front=10.0))
    drive.go(30, **hit(front=60.0))
    drive.go(600)  # still 60 for long enough
    drive.go(30, **hit(front=90.0))
    drive.go(600, **hit())  # repaired before that impact was over
    drive.go(600, **hit(front=20.0))
    assert [("front", 60.0), ("front", 20.0)] == impacts(drive)


def test_the_largest_of_the_zones_is_not_one_of_them() -> None:
    drive = Drive()
    drive.go(600, carDamage=(0.0, 0.0, 0.0, 0.0, 50.0))
    assert [] == impacts(drive)


def test_damage_that_is_not_a_number_is_none() -> None:
    drive = Drive(carDamage=(NAN, 0.0, 0.0, 0.0, 0.0))
    drive.go(600, carDamage=(20.0, NAN, 0.0, 0.0, 20.0))
    drive.go(600, carDamage=(NAN, 0.0, 0.0, 0.0, 20.0))
    drive.go(600, carDamage=(20.0, 0.0, 0.0, 0.0, 20.0))
    assert [("front", 20.0)] == impacts(drive)


def test_what_is_an_impact_can_be_changed() -> None:
    drive = Drive(limits(impact_rise=5.0, impact_s=0.0))
    drive.tick(**hit(front=5.0))
    assert [] == impacts(drive)
    drive.tick(**hit(front=5.1))
    assert [("front", 5.1)] == impacts(drive)


# ---- Spins


def drifting(angle: float, speed: float = 20.0) -> dict[str, Any]:
    """Return the fields of a car whose body slips by an angle in rad."""
    return moving(speed * math.cos(angle), speed * math.sin(angle))


@pytest.mark.parametrize("angle", [1.58, -1.58, 3.1, -2.0])
def test_a_car_that_has_turned_round_for_a_fifth_of_a_second_has_spun(angle: float) -> None:
    drive = Drive(gear=3, **moving(20.0))
    drive.tick()
    drive.tick(**drifting(angle))
    drive.go(198)
    assert [] == drive.of(EventKind.SPIN)
    drive.go(3)
    assert 1 == len(drive.of(EventKind.SPIN))


@pytest.mark.parametrize(
    "fields",
    [
        drifting(1.56),
        drifting(-1.56),
        drifting(1.5, 5.0),
        drifting(math.pi) | {"gear": 0},
        moving(NAN, 20.0),
    ],
)
def test_a_car_that_does_not_slide_across_does_not_spin(fields: dict[str, Any]) -> None:
    drive = Drive(gear=3, **moving(20.0))
    drive.tick()
    drive.go(3000, every=30, **fields)
    assert [] == drive.of(EventKind.SPIN)


def test_a_slide_that_is_caught_in_time_is_no_spin() -> None:
    drive = Drive(gear=3, **moving(20.0))
    drive.tick()
    for _ in range(5):
        drive.go(198, **drifting(1.5))
        drive.tick(**drifting(1.1))
    assert [] == drive.of(EventKind.SPIN)


def test_a_drift_at_80_degrees_that_is_caught_is_no_spin() -> None:
    drive = Drive(gear=3, **moving(20.0))
    drive.tick()
    for _ in range(3):
        drive.go(900, **drifting(math.radians(80.0)))
        drive.go(900, **drifting(math.radians(-80.0)))
        drive.go(900, **drifting(0.1))
    assert [] == drive.of(EventKind.SPIN)


def test_a_car_that_slides_across_until_it_stands_has_spun() -> None:
    drive = Drive(gear=3, **moving(20.0))
    drive.tick()
    drive.go(900, **drifting(math.radians(80.0)))
    drive.go(600, **drifting(math.radians(80.0), 4.9))
    assert 1 == len(drive.of(EventKind.SPIN))


def test_a_spin_all_the_way_round_is_one() -> None:
    drive = Drive(gear=3)
    for i in range(127):
        drive.tick(5, **drifting(i * 0.05))
    drive.go(600, **drifting(0.0))
    assert 1 == len(drive.of(EventKind.SPIN))


def test_a_spin_that_wavers_is_one() -> None:
    drive = Drive(gear=3, **moving(20.0))
    drive.tick()
    for angle in (1.7, 0.31, 1.7, -0.5, -1.7):
        drive.go(600, every=30, **drifting(angle))
    assert 1 == len(drive.of(EventKind.SPIN))


@pytest.mark.parametrize(
    ("over", "spins"), [(drifting(0.29), 2), (drifting(-0.29), 2), (drifting(1.5, 5.0), 1), (moving(0.0), 1)]
)
def test_after_a_spin_another_takes_a_car_that_went_straight_again(over: dict[str, Any], spins: int) -> None:
    drive = Drive(gear=3, **moving(20.0))
    drive.tick()
    for fields in (drifting(2.0), over, drifting(2.0)):
        drive.go(600, every=30, **fields)
    assert spins == len(drive.of(EventKind.SPIN))


def test_a_car_that_rolls_backward_out_of_gear_does_not_spin() -> None:
    drive = Drive(gear=0, **moving(-8.0))
    drive.go(600, every=30)
    drive.go(600, every=30, gear=1)
    assert [] == drive.of(EventKind.SPIN)


def test_a_car_that_stops_on_a_slope_and_rolls_back_does_not_spin() -> None:
    drive = Drive(gear=3, **moving(20.0))
    drive.go(300, every=30)
    for speed in (8.0, 4.0, 0.0, -4.0, -8.0):
        drive.go(600, every=30, gear=1, **moving(speed))
    assert [] == drive.of(EventKind.SPIN)


def test_a_car_that_was_put_down_sideways_does_not_spin() -> None:
    drive = Drive(gear=3, **on_wheels(), **moving(20.0))
    drive.go(990, every=30, **on_wheels(at=(300.0, 400.0)), **drifting(2.0))
    assert [] == drive.of(EventKind.SPIN)


# ---- Pause and replay


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
    told = len(drive.events)
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
    assert ["sim_state_changed", "sim_state_changed"] == what(drive.events[told:])


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


def test_events_tell_when_they_were_noticed() -> None:
    drive = Drive()
    for wheels in (4, 0, 4, 0):
        drive.go(300, numberOfTyresOut=wheels)
    packets = [event.packetId for event in drive.of(EventKind.OFF_TRACK, EventKind.REJOINED)]
    assert [1035, 1135, 1235, 1335] == packets  # noticed 102 ms after the first of the ticks
