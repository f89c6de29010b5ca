"""What use has done to the car: damage by zone, wear by compound."""

import math

import pytest

from acbridge.derived import condition

NAN = math.nan


@pytest.mark.parametrize(
    ("compound", "floor"),
    [
        ("Slick Medium (M)", 88.0),
        ("Slick SuperSoft (SS)", 88.0),
        ("Hypercar Trofeo (I)", 88.0),
        ("Street 90s (SV)", 88.0),
        ("Trofeo M Slicks (M)", 90.0),
        ("Vintage 60s (V)", 90.0),
        ("Soft GP70 (S)", 90.0),
        ("Hard Slicks 90s (H)", 90.0),
        ("Medium GP86 (M)", 94.0),
        ("Hard GP70 (H)", 95.0),
        ("Vintage (V)", 95.0),
        ("Cinturato (V)", 96.0),
        ("Hypercar Cup (HC)", 96.0),
        ("GP63 (V)", 98.0),
        ("Street (ST)", 80.0),
        ("ECO (E)", 80.0),
        ("Semislick (SM)", 70.0),
        ("Semislicks (SM)", 70.0),
        ("Hypercar road (HR)", 70.0),
    ],
)
def test_every_compound_of_the_game_falls_to_its_own_floor(compound: str, floor: float) -> None:
    assert floor == condition.floor_of(compound)


@pytest.mark.parametrize("compound", ["", "Hyper Rubber (HR)", "semislicks (sm)"])
def test_a_compound_that_is_not_the_game_s_has_no_floor(compound: str) -> None:
    assert condition.floor_of(compound) is None


def test_every_floor_lies_under_a_new_tyre() -> None:
    assert {70.0, 80.0, 88.0, 90.0, 94.0, 95.0, 96.0, 98.0} == set(condition.FLOORS.values())


@pytest.mark.parametrize(("wear", "loss"), [(100.0, 0.0), (98.0, 0.02), (70.0, 0.3), (100.5, -0.005), (0.0, 1.0)])
def test_grip_loss_is_a_share_that_grows_as_the_wear_number_falls(wear: float, loss: float) -> None:
    assert loss == pytest.approx(condition.grip_loss(wear))


def test_a_tyre_is_worn_when_it_has_fallen_to_its_floor() -> None:
    assert (0.0, 0.5, 1.0, 1.0) == condition.worn((100.0, 94.0, 88.0, 80.0), 88.0)
    assert (0.0, 0.2, 0.4, 0.8) == pytest.approx(condition.worn((100.0, 94.0, 88.0, 76.0), 70.0))


def test_a_tyre_that_scrubs_in_is_no_newer_than_new() -> None:
    assert (0.0, 0.0, 0.0, 0.0) == condition.worn((100.5, 100.0, 101.0, 1000.0), 88.0)


def test_wear_is_unknown_without_the_floor_of_the_compound() -> None:
    assert condition.worn((99.0, 99.0, 99.0, 99.0), None) is None


@pytest.mark.parametrize("unknown", [NAN, math.inf, -math.inf])
def test_wear_is_unknown_when_a_tyre_has_no_finite_number(unknown: float) -> None:
    assert condition.worn((99.0, unknown, 99.0, 99.0), 88.0) is None


@pytest.mark.parametrize(
    ("zone", "level"), [(0.0, 0.0), (13.0, 13.0), (100.0, 100.0), (250.0, 100.0), (-4.0, 0.0), (NAN, 0.0)]
)
def test_a_damage_level_lies_from_0_to_100(zone: float, level: float) -> None:
    assert level == condition.damage_level(zone)


@pytest.mark.parametrize(
    ("zones", "total"),
    [
        ((0.0, 0.0, 0.0, 0.0), 0.0),
        ((7.0, 13.0, 8.0, 0.5), 28.5),
        ((150.0, 0.0, 60.0, 0.0), 210.0),  # not cut
        ((-5.0, NAN, 8.0, 2.0), 10.0),
    ],
)
def test_the_zones_add_up(zones: tuple[float, ...], total: float) -> None:
    assert total == condition.total_damage(zones)
