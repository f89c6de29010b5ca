"""The whole derived record, for pages whose answers are known, and for any pages at all."""

import math
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acbridge import Derived, Event, Graphics, Physics, SimState, Static, Thresholds
from acbridge.derived import Deriver, motion
from acbridge.layout import Page
from acbridge.pages import PAGES, STATUS_LIVE, STATUS_PAUSE, STATUS_REPLAY
from acbridge.schema import BOOL, FLOAT32, FLOAT64, INT64, STRING, Column, WheelsKnown
from deriving import HEADINGS, Drive, changed, derive, moving, on_wheels

NAN, INF = math.nan, math.inf
FIRST, NONE, REAR = (True, False, False, False), (False,) * 4, (False, False, True, True)
RADII = (0.3, 0.3, 0.32, 0.32)


def derived(**values: Any) -> Derived:
    """Derive from pages of zeros but for some fields."""
    return Drive(**values).record


def rolling(speed: float) -> tuple[float, ...]:
    """Return how fast wheels turn that neither lock nor spin, rad/s."""
    return tuple(speed / (1.0025 * radius) for radius in RADII)


def test_a_record_has_its_columns_in_their_order() -> None:
    assert [column.name for column in Derived.columns] == list(vars(derived()))


# ---- Dynamics


def test_a_right_hand_bend_accelerates_to_the_right() -> None:
    bend = derived(accG=(-1.25, 0.1, 0.0))
    assert (1.25, 0.0) == (bend.acc_right_g, bend.acc_forward_g)


def test_braking_accelerates_backward() -> None:
    braking = derived(accG=(0.0, 0.1, -0.75))
    assert (0.0, -0.75) == (braking.acc_right_g, braking.acc_forward_g)


@pytest.mark.parametrize(
    ("forward", "left", "angle"),
    [
        (20.0, 0.0, 0.0),
        (20.0, 20.0 * math.tan(0.1), 0.1),
        (20.0, -20.0 * math.tan(0.1), -0.1),
        (5.0, 5.0, math.pi / 4),
        (3.1, 0.0, 0.0),
    ],
)
def test_the_body_s_slip_angle_is_positive_to_the_left(forward: float, left: float, angle: float) -> None:
    assert angle == pytest.approx(derived(localVelocity=(left, 0.3, forward)).body_slip_angle)


@pytest.mark.parametrize("forward", [3.0, 0.0, -30.0, NAN])
def test_a_car_that_hardly_moves_forward_has_no_body_slip_angle(forward: float) -> None:
    assert derived(localVelocity=(1.0, 0.0, forward)).body_slip_angle is None


@pytest.mark.parametrize("heading", HEADINGS)
@pytest.mark.parametrize("side", [1.0, -1.0])
def test_wheels_that_roll_through_a_crab_walk_slip_by_its_angle_alone(heading: float, side: float) -> None:
    found = derived(
        **on_wheels(heading, at=(-300.0, 120.0)),
        **moving(20.0, side * 20.0 * math.tan(0.1)),
        tyreRadius=RADII,
        wheelAngularSpeed=rolling(20.0),
    )
    assert (0.0,) * 4 == pytest.approx(found.slip_ratio, abs=1e-9)
    assert (side * 0.1,) * 4 == pytest.approx(found.slip_angle)
    assert side * 0.1 == pytest.approx(found.body_slip_angle)


@pytest.mark.parametrize("heading", HEADINGS)
def test_the_centre_of_gravity_learned_at_a_standstill_counts_at_speed(heading: float) -> None:
    geometry: dict[str, Any] = {"front": 0.9, "rear": 1.6, "track": 0.0}
    drive = Drive(**on_wheels(heading, **geometry))
    moved = on_wheels(heading, at=(5.0, 5.0), **geometry) | {"carCoordinates": (4.0, 0.8, 4.0)}  # of a frame before
    found = drive.tick(100, **moved, **moving(20.0, 0.0, 0.5))
    front, rear = math.atan2(0.5 * 0.9, 20.0), math.atan2(-0.5 * 1.6, 20.0)
    assert (front, front, rear, rear) == pytest.approx(found.slip_angle)


@pytest.mark.parametrize("forward", [3.01, -3.01, 50.0])
def test_above_3_m_s_there_is_slip(forward: float) -> None:
    found = derived(**on_wheels(), **moving(forward), tyreRadius=RADII)
    assert (-1.0,) * 4 == pytest.approx(found.slip_ratio)
    assert (0.0,) * 4 == pytest.approx(found.slip_angle)


@pytest.mark.parametrize("velocity", [moving(3.0), moving(-3.0), moving(0.0), moving(2.0, 30.0), moving(NAN)])
def test_up_to_3_m_s_forward_there_is_none(velocity: dict[str, Any]) -> None:
    found = derived(**on_wheels(), **velocity, tyreRadius=RADII)
    assert (None, None) == (found.slip_ratio, found.slip_angle)


def test_from_which_speed_there_is_slip_can_be_changed() -> None:
    limits = Thresholds().changed({"min_speed": 10.0})
    slow, fast = (Drive(limits, **on_wheels(), **moving(speed), tyreRadius=RADII).record for speed in (10.0, 10.1))
    assert (None, None, None) == (slow.slip_ratio, slow.slip_angle, slow.body_slip_angle)
    assert ((-1.0,) * 4, (0.0,) * 4, 0.0) == (fast.slip_ratio, fast.slip_angle, fast.body_slip_angle)


def test_a_car_that_does_not_say_its_wheels_has_slip_angles_only() -> None:
    found = derived(**on_wheels(), **moving(20.0))
    assert (None, (0.0,) * 4) == (found.slip_ratio, found.slip_angle)


def test_a_sim_without_contact_points_has_slip_ratios_only() -> None:
    found = derived(**moving(20.0), tyreRadius=RADII)
    assert ((-1.0,) * 4, None) == (found.slip_ratio, found.slip_angle)


def bend(radius: float, speed: float, more: float = 0.0, heading: float = 0.7) -> Derived:
    """Drive round a bend to the left (radius positive, m) as Ackermann steers it, and by so many rad more."""
    steer = [math.atan(2.6 / (radius - aside)) + more * math.copysign(1.0, radius) for aside in (0.75, -0.75)]
    return derived(
        **on_wheels(heading, front=1.2, rear=1.4, track=1.5, steer=(*steer, 0.0, 0.0)),
        **moving(speed, speed * 1.4 / radius, speed / radius),
    )


@pytest.mark.parametrize("heading", HEADINGS)
@pytest.mark.parametrize("radius", [50.0, -50.0, 120.0, -120.0])
def test_wheels_steered_as_the_bend_needs_have_no_understeer(radius: float, heading: float) -> None:
    assert 0.0 == pytest.approx(bend(radius, 15.0, heading=heading).understeer_angle, abs=2e-4)


@pytest.mark.parametrize("radius", [50.0, -50.0])
@pytest.mark.parametrize("more", [0.05, -0.05, -0.2])
def test_steering_beyond_what_the_bend_needs_is_understeer_both_ways(radius: float, more: float) -> None:
    assert more == pytest.approx(bend(radius, 15.0, more).understeer_angle, abs=2e-4)


@pytest.mark.parametrize(
    ("velocity", "told"),
    [
        (moving(8.01, 0.0, 0.5), True),
        (moving(8.0, 0.0, 0.5), False),
        (moving(-20.0, 0.0, 0.5), False),
        (moving(NAN, 0.0, 0.5), False),
        (moving(20.0, 0.0, 0.051), True),
        (moving(20.0, 0.0, -0.051), True),
        (moving(20.0, 0.0, 0.05), False),
        (moving(20.0, 0.0, -0.05), False),
        (moving(20.0, 0.0, 0.0), False),
        (moving(20.0, 0.0, NAN), False),
    ],
)
def test_understeer_is_told_at_speed_in_a_bend(velocity: dict[str, Any], told: bool) -> None:
    assert told is (derived(**on_wheels(), **velocity).understeer_angle is not None)


def test_a_sim_without_contact_points_tells_no_understeer() -> None:
    assert derived(**moving(20.0, 0.0, 0.5)).understeer_angle is None


@pytest.mark.parametrize(
    ("slip", "average"),
    [
        ((0.0, 0.0, 0.0, 0.0), 0.0),
        ((0.5, 1.0, 1.5, 2.0), 1.25),
        ((INF, 10.0, 12.0, 1e6), 10.0),
        ((1e6, NAN, 0.5, 0.5), 5.25),
    ],
)
def test_wheel_slip_is_cut_at_10_before_it_is_averaged(slip: tuple[float, ...], average: float) -> None:
    assert average == derived(wheelSlip=slip).avg_wheel_slip


def test_grip_is_used_up_at_a_wheel_slip_of_1() -> None:
    found = derived(wheelSlip=(0.25, 1.0, 1.01, NAN))
    assert (0.25, 1.0, 1.0, 1.0) == found.grip_used
    assert (False, False, True, True) == found.wheels_past_peak


def test_a_wheel_is_locked_once_it_has_stood_for_30_ms_and_until_it_turns() -> None:
    fl, fr, rl, rr = rolling(50.0)
    drive = Drive(**on_wheels(), **moving(50.0), tyreRadius=RADII, wheelAngularSpeed=(fl, fr, rl, rr))
    drive.tick(brake=1.0, wheelAngularSpeed=(0.0, fr, rl, rr))
    told: list[tuple[bool | None, WheelsKnown]] = []
    for ms, share in ((27, 0.0), (3, 0.0), (3, 0.89), (3, 0.91), (27, 0.0), (3, 0.0), (3, 0.0)):
        record = drive.go(ms, wheelAngularSpeed=(fl * share, fr, rl, rr))
        assert (share - 1, 0.0, 0.0, 0.0) == pytest.approx(record.slip_ratio, abs=1e-9)
        told.append((record.wheel_lock_detected, record.locked_wheels))
    yes, no = (True, FIRST), (False, NONE)
    assert [no, yes, yes, no, no, no, yes] == told
    assert drive.tick(brake=0.0).wheel_lock_detected is False


def test_ticks_too_far_apart_do_not_say_whether_a_wheel_is_locked() -> None:
    drive = Drive(**moving(-50.0), tyreRadius=RADII, wheelAngularSpeed=rolling(-50.0))
    for _ in range(3):
        record = drive.tick(34, brake=1.0, wheelAngularSpeed=(0.0,) * 4)
        assert ((None,) * 4, None) == (record.locked_wheels, record.wheel_lock_detected)
    assert ((True,) * 4, True) == (drive.tick(33).locked_wheels, drive.record.wheel_lock_detected)
    assert (True,) * 4 == drive.tick(100).locked_wheels  # it has not let go at either end
    assert (False,) * 4 == drive.tick(100, wheelAngularSpeed=rolling(-50.0)).locked_wheels


def test_wheels_spin_once_they_have_turned_too_fast_for_30_ms_and_until_they_grip() -> None:
    fl, fr, rl, rr = rolling(10.0)
    drive = Drive(**on_wheels(), **moving(10.0), tyreRadius=RADII, wheelAngularSpeed=(fl, fr, rl, rr))
    drive.tick(gas=1.0, wheelAngularSpeed=(fl, fr, 1.4 * rl, 1.4 * rr))
    told: list[tuple[bool | None, WheelsKnown]] = []
    for ms, share in ((27, 1.4), (3, 1.4), (3, 1.11), (3, 1.09)):
        record = drive.go(ms, wheelAngularSpeed=(fl, fr, share * rl, share * rr))
        told.append((record.wheel_spin_detected, record.spinning_wheels))
    assert [(False, NONE), (True, REAR), (True, REAR), (False, NONE)] == told


def test_wheels_that_spin_at_a_standstill_are_told_although_their_ratio_is_not() -> None:
    drive = Drive(**on_wheels(), tyreRadius=RADII, gas=1.0)
    record = drive.go(60, wheelAngularSpeed=(0.0, 0.0, 40.0, 40.0))
    assert (REAR, None) == (record.spinning_wheels, record.slip_ratio)


def test_gas_and_brake_overlap_by_the_smaller() -> None:
    assert [0.25, 0.25, 0.0] == [
        derived(gas=gas, brake=brake).brake_throttle_overlap for gas, brake in ((0.25, 0.5), (1.0, 0.25), (0.0, 1.0))
    ]


def test_driver_aids_are_told_as_settings() -> None:
    found = derived(tc=0.125, abs=0.25)
    assert (0.125, 0.25) == (found.tc_setting, found.abs_setting)


def test_gears_are_numbered_as_a_driver_counts() -> None:
    assert [-1, 0, 1, 6] == [derived(gear=gear).gear_number for gear in (0, 1, 2, 7)]


# ---- Condition


def test_grip_loss_is_told_by_wheel() -> None:
    assert (0.0, 0.25, 0.5, 0.75) == derived(tyreWear=(100.0, 75.0, 50.0, 25.0)).tyre_grip_loss


def test_tyres_wear_down_to_their_compound_s_floor() -> None:
    wear = (100.0, 94.0, 91.0, 85.0)
    assert (0.0, 0.5, 0.75, 1.0) == derived(tyreWear=wear, tyreCompound="Slick Soft (S)").tyre_wear
    assert (0.0, 0.2, 0.3, 0.5) == pytest.approx(derived(tyreWear=wear, tyreCompound="Semislicks (SM)").tyre_wear)
    assert derived(tyreWear=wear, tyreCompound="Mod Slicks (X)").tyre_wear is None


@pytest.mark.parametrize(
    ("compound", "wear", "damaged", "critical"),
    [
        ("Semislicks (SM)", 76.1, False, False),  # of 100 to 70
        ("Semislicks (SM)", 76.0, True, False),
        ("Semislicks (SM)", 71.6, True, False),
        ("Semislicks (SM)", 71.5, True, True),
        ("GP57 (V)", 98.5, False, False),  # of 100 to 98
        ("GP57 (V)", 98.3, True, False),
        ("GP57 (V)", 98.0, True, True),
        ("Mod Slicks (X)", 98.0, False, False),
        ("Mod Slicks (X)", 97.9, True, False),
        ("Mod Slicks (X)", 96.0, True, False),
        ("Mod Slicks (X)", 95.9, True, True),
    ],
)
@pytest.mark.parametrize("wheel", range(4))
def test_the_most_worn_tyre_decides_what_is_damaged(
    compound: str, wear: float, damaged: bool, critical: bool, wheel: int
) -> None:
    wears = [100.0] * 4
    wears[wheel] = wear
    found = derived(tyreWear=tuple(wears), tyreCompound=compound)
    assert (damaged, critical) == (found.tyre_damaged, found.tyre_critical)


@pytest.mark.parametrize("wheel", range(4))
def test_a_tyre_without_a_number_does_not_make_the_others_damaged(wheel: int) -> None:
    wears = [97.0] * 4  # a tenth of the way to this compound's floor
    wears[wheel] = NAN
    found = derived(tyreWear=tuple(wears), tyreCompound="Semislicks (SM)")
    assert (None, False, False) == (found.tyre_wear, found.tyre_damaged, found.tyre_critical)


@pytest.mark.parametrize("wheel", range(4))
def test_a_tyre_without_a_number_does_not_hide_the_others_damage(wheel: int) -> None:
    wears = [97.0] * 4
    wears[wheel] = NAN
    assert derived(tyreWear=tuple(wears), tyreCompound="Mod Slicks (X)").tyre_damaged is True


def test_the_hardest_hit_zone_is_the_damage_level() -> None:
    found = derived(carDamage=(1.0, 2.0, 8.0, 4.0, 8.0))
    assert (8.0, (1.0, 2.0, 8.0, 4.0)) == (found.damage_level, found.damage_levels)
    found = derived(carDamage=(120.0, NAN, 9.0, 0.0, 120.0))
    assert (100.0, (100.0, 0.0, 9.0, 0.0)) == (found.damage_level, found.damage_levels)


@pytest.mark.parametrize(
    ("zones", "damaged", "critical"),
    [
        ((0.0, 0.0, 0.0, 0.0, 500.0), False, False),
        ((10.0, 10.0, 10.0, 10.0, 10.0), False, False),
        ((10.0, 10.0, 10.0, 10.5, 10.5), True, False),
        ((50.0, 50.0, 50.0, 50.0, 50.0), True, False),
        ((50.0, 50.5, 50.0, 50.0, 50.5), True, True),
        ((0.0, 0.0, 201.0, 0.0, 201.0), True, True),  # not cut
    ],
)
def test_the_sum_of_the_zones_decides_what_bodywork_is_damaged(
    zones: tuple[float, ...], damaged: bool, critical: bool
) -> None:
    found = derived(carDamage=zones)
    assert (damaged, critical) == (found.bodywork_damaged, found.bodywork_critical)


def test_fuel_is_a_fraction_of_the_tank() -> None:
    assert 0.25 == derived(fuel=10.0, maxFuel=40.0).fuel_fraction
    assert 0.0 == derived(fuel=0.0, maxFuel=40.0).fuel_fraction


@pytest.mark.parametrize("tank", [0.0, -1.0, NAN])
def test_a_car_that_does_not_say_its_tank_has_no_fuel_fraction(tank: float) -> None:
    assert derived(fuel=10.0, maxFuel=tank).fuel_fraction is None


# ---- Lap and situation


def test_the_way_along_the_line_is_in_metres() -> None:
    assert 2432.0 == derived(normalizedCarPosition=0.5, trackSPlineLength=4864.0).lap_distance_m


def test_a_track_without_a_line_has_no_way_along_it() -> None:
    found = derived(normalizedCarPosition=0.5)
    assert (None, None) == (found.lap_distance_m, found.lap_progress)


def test_laps_and_sectors_are_counted_from_1() -> None:
    assert (1, 1) == (derived().lap_number, derived().sector)
    found = derived(completedLaps=7, currentSectorIndex=2)
    assert (8, 3) == (found.lap_number, found.sector)


@pytest.mark.parametrize(
    ("status", "state"),
    [(STATUS_LIVE, SimState.LIVE), (STATUS_PAUSE, SimState.PAUSED), (STATUS_REPLAY, SimState.REPLAY)],
)
def test_the_state_of_the_sim_is_told(status: int, state: SimState) -> None:
    assert state.value == derived(status=status).sim_state


@pytest.mark.parametrize(("kmh", "stationary"), [(0.0, True), (0.99, True), (1.0, False), (80.0, False), (NAN, False)])
def test_a_car_under_1_km_h_is_stationary(kmh: float, stationary: bool) -> None:
    assert stationary is derived(speedKmh=kmh).stationary


@pytest.mark.parametrize(
    ("wheels", "word"),
    [(0, "none"), (1, "partial"), (2, "partial"), (3, "off"), (4, "fully"), (-1, "none"), (9, "fully")],
)
def test_wheels_met_off_the_track_have_a_word_at_once(wheels: int, word: str) -> None:
    assert word == derived(numberOfTyresOut=wheels).off_track


def test_thresholds_of_what_is_derived_can_be_changed() -> None:
    limits = Thresholds().changed(
        {
            "wheel_slip_cap": 1.0,
            "bodywork_damaged": 5.0,
            "bodywork_critical": 9.0,
            "tyre_damaged_wear": 0.1,
            "tyre_critical_wear": 0.2,
            "stationary_kmh": 5.0,
            "understeer_min_speed": 3.0,
            "understeer_min_yaw_rate": 0.01,
        }
    )
    page: dict[str, Any] = {
        **on_wheels(),
        **moving(4.0, 0.0, 0.02),
        "speedKmh": 4.0,
        "wheelSlip": (5.0, 5.0, 0.5, 0.5),
        "carDamage": (6.0, 0.0, 4.0, 0.0, 6.0),
        "tyreWear": (94.0,) * 4,
        "tyreCompound": "Semislicks (SM)",
    }
    told = Drive(limits, **page).record
    assert 0.75 == told.avg_wheel_slip
    assert -0.0125 == pytest.approx(told.understeer_angle)
    flags = ("bodywork_damaged", "bodywork_critical", "tyre_damaged", "tyre_critical", "stationary")
    assert [True] * 5 == [getattr(told, name) for name in flags]
    usual = derived(**page)
    assert [False] * 5 == [getattr(usual, name) for name in flags]


# ---- Real pages, and any


def test_the_record_of_a_real_page_is_plausible(real_pages: dict[str, bytes]) -> None:
    physics = Physics.from_page(real_pages["physics"])
    found = derive(physics, Graphics.from_page(real_pages["graphics"]), Static.from_page(real_pages["static"]))
    assert (0, "none", None) == (found.gear_number, found.off_track, found.body_slip_angle)
    assert (True, False, None, None) == (found.stationary, found.stuck, found.slip_ratio, found.slip_angle)
    assert 13.02 == pytest.approx(found.damage_level, abs=0.01)
    assert (13.02, 7.23, 7.97, 0.0) == pytest.approx(found.damage_levels, abs=0.01)
    assert (False, False) == (found.bodywork_damaged, found.bodywork_critical)
    assert 0.8433 == pytest.approx(found.fuel_fraction, abs=1e-4)
    assert 752.8 == pytest.approx(found.lap_distance_m, abs=0.1)
    assert ((0.0,) * 4, (0.0,) * 4, False) == (found.tyre_wear, found.tyre_grip_loss, found.tyre_damaged)
    assert (0.1, 0.11) == pytest.approx((found.tc_setting, found.abs_setting))


def test_a_real_car_stands_on_its_wheels(real_pages: dict[str, bytes]) -> None:
    page = Physics.from_page(real_pages["physics"])
    found = motion.contact_geometry(page.heading, page.tyreContactPoint, page.tyreContactHeading)
    assert found is not None
    assert 2.3 == pytest.approx(found.wheelbase, abs=0.02)  # as the maker of this car says
    assert [(1, 1), (1, -1), (-1, 1), (-1, -1)] == [
        (math.copysign(1, wheel.ahead), math.copysign(1, wheel.aside)) for wheel in found.wheels
    ]
    assert [0.0] * 4 == pytest.approx([wheel.steer for wheel in found.wheels], abs=0.005)  # a little toe


def any_page(page: type[Page]) -> st.SearchStrategy[bytes]:
    return st.binary(min_size=page.page_size, max_size=page.page_size)


def element_of(column: Column) -> Column:
    """Return the column of one element: of an array of flags that may be absent, each may."""
    return Column(column.name, column.kind, (), "", "", nullable=column.nullable and column.kind is BOOL)


def is_of(column: Column, value: object) -> bool:
    """Return whether a value is what its column says."""
    if value is None:
        return column.nullable
    if column.shape:
        elements = cast("tuple[object, ...]", value)
        fits = type(value) is tuple and (column.shape == (0,) or column.shape == (len(elements),))
        return fits and all(is_of(element_of(column), element) for element in elements)
    return type(value) is {FLOAT64: float, INT64: int, BOOL: bool, STRING: str}[column.kind]


@settings(deadline=None)
@given(st.lists(st.tuples(any_page(Physics), any_page(Graphics), any_page(Static)), min_size=1, max_size=3))
def test_any_pages_have_a_derived_record_and_always_the_same(ticks: list[tuple[bytes, bytes, bytes]]) -> None:
    def once() -> list[tuple[Derived, list[Event]]]:
        deriver = Deriver()
        return [
            deriver.tick(Physics.from_page(physics), Graphics.from_page(graphics), Static.from_page(static))
            for physics, graphics, static in ticks
        ]

    first = once()
    derived(wheelSlip=(5.0, 5.0, 5.0, 5.0), gear=3)
    assert repr(first) == repr(once())
    for record, events in first:
        for table in (record, *events):
            assert [] == [column for column in table.columns if not is_of(column, getattr(table, column.name))]


def floats() -> list[tuple[str, int, int]]:
    """Return the name of every float of the pages, and, of each of its elements, its place."""
    return [
        (column.name, *place)
        for page in PAGES
        for column in page.columns
        if column.kind is FLOAT32
        for place in ([(i, j) for i in range(math.prod(column.shape[:1])) for j in range(math.prod(column.shape[1:]))])
    ]


def spoiled(value: Any, first: int, second: int, by: float) -> Any:
    """Return the value of a field with one of its floats replaced."""
    if not isinstance(value, tuple):
        return by
    elements = list(cast("tuple[Any, ...]", value))
    elements[first] = spoiled(elements[first], second, 0, by)
    return tuple(elements)


def story(name: str = "", first: int = 0, second: int = 0, by: float = 0.0) -> list[str]:
    """Drive off, brake, hit and turn, with a float spoiled meanwhile, and return all that was derived."""
    static: dict[str, Any] = {
        "maxFuel": 40.0,
        "tyreRadius": RADII,
        "trackSPlineLength": 1000.0,
        "sectorCount": 3,
        "penaltiesEnabled": 1,
    }
    if name in static:
        static[name] = spoiled(static[name], first, second, by)
    drive = Drive(status=STATUS_LIVE, **static, **on_wheels(1.0), fuel=30.0, sessionTimeLeft=-100.0)
    told = [repr(drive.record)]
    for i in range(1, 13):
        page: dict[str, Any] = {
            **vars(changed(Physics)),
            **vars(changed(Graphics)),
            **on_wheels(1.0 + 0.03 * i, at=(0.4 * i, 0.3 * i), front=1.2, rear=1.4, steer=(0.1, 0.09, 0.0, 0.0)),
            **moving(0.0 if i < 3 else 9.0, 0.5, 0.4),
            "status": STATUS_LIVE,
            "gas": 0.3,
            "brake": 0.2,
            "gear": 2,
            "fuel": 30.0 - 0.01 * i,
            "accG": (0.3, 0.1, -0.2),
            "wheelSlip": (0.5, 0.7, 1.2, 0.3),
            "wheelAngularSpeed": (31.0, 0.0, 60.0, 28.0),
            "tyreWear": (99.0, 98.0, 97.5, 99.5),
            "tyreCompound": "Semislicks (SM)",
            "carDamage": (5.0, 0.0, 2.0 if i < 7 else 9.0, 0.0, 9.0),
            "tc": 0.1,
            "abs": 0.2,
            "iCurrentTime": 60 * i,
            "sessionTimeLeft": -100.0 - 60.0 * i,
            "normalizedCarPosition": 0.001 * i,
        }
        if 4 <= i < 8 and name in page:
            page[name] = spoiled(page[name], first, second, by)
        del page["packetId"]
        told.append(repr((drive.tick(20, **page), drive.events)))
    return told


@pytest.mark.parametrize(("name", "first", "second"), floats(), ids=str)
def test_an_infinity_in_a_page_counts_like_no_number(name: str, first: int, second: int) -> None:
    # A recording keeps neither: what it is read back as must give the same record.
    expected = story(name, first, second, NAN)
    assert expected == story(name, first, second, INF)
    assert expected == story(name, first, second, -INF)
