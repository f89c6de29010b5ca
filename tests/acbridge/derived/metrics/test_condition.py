"""The condition of the car in the derived record, for pages whose answers are known."""

import math
from typing import Any

import pytest

from acbridge import Derived
from deriving import Drive

NAN, INF = math.nan, math.inf


def derived(**values: Any) -> Derived:
    """Derive from pages of zeros but for some fields."""
    return Drive(**values).record


def test_grip_loss_has_a_value_for_each_wheel() -> None:
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
