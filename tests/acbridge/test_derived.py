"""What acbridge works out: each function and the whole record, for states whose answers are known."""

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acbridge.derived import (
    Derived,
    avg_wheel_slip,
    body_slip_angle,
    damage_level,
    derive,
    grip_loss,
    lap_distance_m,
    past_peak,
)
from acbridge.pages import Graphics, Physics, Static
from acbridge.schema import Page

NAN = math.nan


def changed(page: type[Page], **values: Any) -> Any:
    """Return a page of zeros but for some fields."""
    return page(**vars(page.from_page(bytes(page.page_size))) | values)


def derived(*, graphics: dict[str, Any] | None = None, static: dict[str, Any] | None = None, **physics: Any) -> Derived:
    """Derive from pages of zeros but for some fields."""
    return derive(changed(Physics, **physics), changed(Graphics, **graphics or {}), changed(Static, **static or {}))


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
def test_the_slip_angle_is_positive_to_the_left(forward: float, left: float, angle: float) -> None:
    assert angle == pytest.approx(body_slip_angle(forward, left))
    assert angle == pytest.approx(derived(localVelocity=(left, 0.3, forward)).body_slip_angle)


@pytest.mark.parametrize("forward", [3.0, 0.0, -30.0, NAN])
def test_a_car_that_hardly_moves_forward_has_no_slip_angle(forward: float) -> None:
    assert body_slip_angle(forward, 1.0) is None
    assert derived(localVelocity=(1.0, 0.0, forward)).body_slip_angle is None


def test_a_right_hand_bend_accelerates_to_the_right() -> None:
    bend = derived(accG=(-1.25, 0.1, 0.0))
    assert (1.25, 0.0) == (bend.acc_right_g, bend.acc_forward_g)


def test_braking_accelerates_backward() -> None:
    braking = derived(accG=(0.0, 0.1, -0.75))
    assert (0.0, -0.75) == (braking.acc_right_g, braking.acc_forward_g)


@pytest.mark.parametrize(
    ("slip", "average"),
    [
        ((0.0, 0.0, 0.0, 0.0), 0.0),
        ((0.5, 1.0, 1.5, 2.0), 1.25),
        ((1e6, 0.0, 0.0, 0.0), 2.5),
        ((math.inf, 10.0, 12.0, 1e6), 10.0),
        ((0.0, 0.0, NAN, 0.0), 2.5),
        ((1e6, NAN, 0.5, 0.5), 5.25),
    ],
)
def test_wheel_slip_is_cut_before_it_is_averaged(slip: tuple[float, float, float, float], average: float) -> None:
    assert average == avg_wheel_slip(slip)
    assert average == derived(wheelSlip=slip).avg_wheel_slip


def test_a_wheel_is_past_its_peak_only_above_1() -> None:
    assert (False, False, True) == (past_peak(0.99), past_peak(1.0), past_peak(1.01))
    assert (False, True, False, True) == derived(wheelSlip=(0.2, 1.5, 1.0, 1e6)).wheels_past_peak


def test_grip_loss_is_a_share_that_grows_as_the_wear_number_falls() -> None:
    assert [0.0, 0.02, 0.3, -0.005] == [round(grip_loss(wear), 6) for wear in (100.0, 98.0, 70.0, 100.5)]
    assert (0.0, 0.25, 0.5, 0.75) == derived(tyreWear=(100.0, 75.0, 50.0, 25.0)).tyre_grip_loss


def test_the_hardest_hit_zone_is_the_damage_level() -> None:
    assert 13.0 == damage_level((7.0, 13.0, 8.0, 0.0))
    assert 100.0 == damage_level((0.0, 0.0, 250.0, 0.0))
    assert 8.0 == derived(carDamage=(1.0, 2.0, 8.0, 4.0, 8.0)).damage_level
    assert 9.0 == derived(carDamage=(1.0, 2.0, 8.0, 9.0, 9.0)).damage_level


@pytest.mark.parametrize(
    ("wheels", "word"),
    [(0, "none"), (1, "partial"), (2, "partial"), (3, "off"), (4, "fully"), (-1, "none"), (9, "fully")],
)
def test_wheels_off_the_track_have_a_word(wheels: int, word: str) -> None:
    assert word == derived(numberOfTyresOut=wheels).off_track


def test_gears_are_numbered_as_a_driver_counts() -> None:
    assert [-1, 0, 1, 6] == [derived(gear=gear).gear_number for gear in (0, 1, 2, 7)]


def test_fuel_is_a_fraction_of_the_tank() -> None:
    assert 0.25 == derived(fuel=10.0, static={"maxFuel": 40.0}).fuel_fraction
    assert 0.0 == derived(fuel=0.0, static={"maxFuel": 40.0}).fuel_fraction


@pytest.mark.parametrize("tank", [0.0, -1.0, NAN])
def test_a_car_that_does_not_say_its_tank_has_no_fuel_fraction(tank: float) -> None:
    assert derived(fuel=10.0, static={"maxFuel": tank}).fuel_fraction is None


def test_the_way_along_the_line_is_in_metres() -> None:
    assert 1250.0 == lap_distance_m(0.25, 5000.0)
    place = derived(graphics={"normalizedCarPosition": 0.5}, static={"trackSPlineLength": 4864.0})
    assert 2432.0 == place.lap_distance_m


def test_a_track_without_a_line_has_no_way_along_it() -> None:
    assert lap_distance_m(0.25, 0.0) is None
    assert derived(graphics={"normalizedCarPosition": 0.5}).lap_distance_m is None


def test_the_record_of_a_real_page_is_plausible(real_pages: dict[str, bytes]) -> None:
    found = derive(
        Physics.from_page(real_pages["physics"]),
        Graphics.from_page(real_pages["graphics"]),
        Static.from_page(real_pages["static"]),
    )
    assert (0, "none", None) == (found.gear_number, found.off_track, found.body_slip_angle)
    assert 13.02 == pytest.approx(found.damage_level, abs=0.01)
    assert 0.8433 == pytest.approx(found.fuel_fraction, abs=1e-4)
    assert 752.8 == pytest.approx(found.lap_distance_m, abs=0.1)


def any_page(page: type[Page]) -> st.SearchStrategy[bytes]:
    return st.binary(min_size=page.page_size, max_size=page.page_size)


@settings(deadline=None)
@given(any_page(Physics), any_page(Graphics), any_page(Static))
def test_any_pages_have_a_derived_record_and_always_the_same(physics: bytes, graphics: bytes, static: bytes) -> None:
    def once() -> Derived:
        return derive(Physics.from_page(physics), Graphics.from_page(graphics), Static.from_page(static))

    first = repr(once())
    derived(wheelSlip=(5.0, 5.0, 5.0, 5.0), gear=3)
    assert first == repr(once())
