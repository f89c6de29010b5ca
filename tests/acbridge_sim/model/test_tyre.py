"""The tyre's curve peaks where it says, and use changes its grip the way the sim's tyres do."""

import pytest

from acbridge_sim import Compound, Tyre, grip_share


def test_the_curve_peaks_at_a_slip_of_one() -> None:
    assert grip_share(1.0) == pytest.approx(1.0, abs=1e-6)
    assert max(grip_share(i / 100) for i in range(1000)) == pytest.approx(1.0, abs=1e-6)


def test_the_curve_rises_steeply_and_falls_gently() -> None:
    rising = [grip_share(i / 50) for i in range(51)]
    falling = [grip_share(1 + i / 5) for i in range(50)]
    assert sorted(rising) == rising
    assert sorted(falling, reverse=True) == falling
    assert 0.6 < falling[-1] < 0.95


def test_wear_scrubs_in_and_then_takes_grip_away_down_to_a_floor() -> None:
    grip = [Compound().grip_left(kilometres) for kilometres in range(0, 3000, 2)]
    best = grip.index(100.0)
    assert grip[0] < 100.0
    assert sorted(grip[:best]) == grip[:best]
    assert sorted(grip[best:], reverse=True) == grip[best:]
    assert grip[-1] == 70.0


def test_a_tyre_that_slides_gets_hot_and_its_pressure_rises() -> None:
    sliding, rolling = Tyre(Compound(), 60.0), Tyre(Compound(), 60.0)
    for _ in range(1000):
        sliding.use(0.03, 8000.0, 0.3, 40.0, 22.0, 1.0, off=False)
        rolling.use(0.03, 300.0, 0.3, 40.0, 22.0, 1.0, off=False)
    assert sliding.core > rolling.core
    assert sliding.pressure > rolling.pressure
    assert sliding.tread[0] > sliding.tread[2]  # it leans on its inner edge
    assert sliding.kilometres > rolling.kilometres


def test_grip_is_best_at_the_best_temperature() -> None:
    compound = Compound()
    assert compound.warmth(compound.best_temperature) == 1.0
    assert compound.warmth(20.0) < 1.0 > compound.warmth(160.0)


def test_grass_leaves_dirt_that_driving_cleans_off() -> None:
    tyre = Tyre(Compound(), 70.0)
    for _ in range(50):
        tyre.use(0.03, 1000.0, 0.3, 20.0, 22.0, 1.0, off=True)
    dirty = tyre.dirt
    assert dirty > 1
    for _ in range(1000):
        tyre.use(0.03, 1000.0, 0.3, 40.0, 22.0, 1.0, off=False)
    assert tyre.dirt < dirty / 4


def test_without_wear_a_tyre_stays_new() -> None:
    tyre = Tyre(Compound(), 70.0)
    for _ in range(1000):
        tyre.use(0.03, 9000.0, 0.3, 50.0, 22.0, 0.0, off=False)
    assert tyre.kilometres == 0.0
