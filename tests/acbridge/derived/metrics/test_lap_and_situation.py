"""Lap and situation in the derived record, for pages whose answers are known."""

import math
from typing import Any

import pytest

from acbridge import Derived, SimState, Thresholds
from acbridge.pages import STATUS_LIVE, STATUS_PAUSE, STATUS_REPLAY
from deriving import Drive, moving, on_wheels

NAN, INF = math.nan, math.inf


def derived(**values: Any) -> Derived:
    """Derive from pages of zeros but for some fields."""
    return Drive(**values).record


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
def test_sim_state_is_the_status_of_the_graphics_page(status: int, state: SimState) -> None:
    assert state.value == derived(status=status).sim_state


@pytest.mark.parametrize(("kmh", "stationary"), [(0.0, True), (0.99, True), (1.0, False), (80.0, False), (NAN, False)])
def test_a_car_under_1_km_h_is_stationary(kmh: float, stationary: bool) -> None:
    assert stationary is derived(speedKmh=kmh).stationary


@pytest.mark.parametrize(
    ("wheels", "word"),
    [(0, "none"), (1, "partial"), (2, "partial"), (3, "off"), (4, "fully"), (-1, "none"), (9, "fully")],
)
def test_wheels_off_the_track_at_the_first_tick_have_a_word_at_once(wheels: int, word: str) -> None:
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
    record = Drive(limits, **page).record
    assert 0.75 == record.avg_wheel_slip
    assert -0.0125 == pytest.approx(record.understeer_angle)
    flags = ("bodywork_damaged", "bodywork_critical", "tyre_damaged", "tyre_critical", "stationary")
    assert [True] * 5 == [getattr(record, name) for name in flags]
    usual = derived(**page)
    assert [False] * 5 == [getattr(usual, name) for name in flags]
