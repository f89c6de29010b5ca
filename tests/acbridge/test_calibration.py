"""The map from a command to the telemetry: fitted to readings of known curves, and refused where there is none."""

from collections.abc import Callable

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from acbridge.calibration import (
    LARGEST_RESIDUAL,
    LEVELS,
    AxisMap,
    NoMap,
    Reading,
    digest,
    edges,
    fit,
    quantile,
    staircase,
)

Curve = Callable[[float], float]


def taken(curve: Curve, low: float = 0.0, high: float = 1.0, halvings: int = 3) -> list[Reading]:
    """Return the readings that a calibration takes of a curve."""
    readings = [Reading(command, curve(command)) for command in staircase(low, high)]
    for _ in range(halvings):
        readings += [Reading(command, curve(command)) for command in edges(readings)]
    return readings


def curve(dead: float = 0.0, end: float = 0.0, gamma: float = 1.0) -> Curve:
    """Return the curve of a pedal, or of both sides of a steering wheel."""

    def show(command: float) -> float:
        part = min(1.0, max(0.0, (abs(command) - dead) / (1 - dead - end)))
        return part**gamma if command > 0 else -(part**gamma)

    return show


def test_a_staircase_goes_up_and_down_again() -> None:
    assert (0.0, 0.125, 0.25) == staircase(0.0, 1.0)[:3]
    assert (0.25, 0.125, 0.0) == staircase(0.0, 1.0)[-3:]
    assert 2 * LEVELS - 1 == len(staircase(-1.0, 1.0))


@pytest.mark.parametrize("low", [-1.0, 0.0])
def test_a_straight_axis_is_its_own_map(low: float) -> None:
    found = fit(taken(curve(), low))
    assert found.commands == pytest.approx(found.shown)
    assert (0.0, 0.0, 0.0) == (found.residual, found.dead, found.end)
    assert 1.0 == pytest.approx(found.gamma)
    assert 0.3 == pytest.approx(found.show(0.3)) == pytest.approx(found.command(0.3))


@pytest.mark.parametrize("low", [-1.0, 0.0])
@pytest.mark.parametrize("dead", [0.0, 0.06, 0.2])
@pytest.mark.parametrize("end", [0.0, 0.1])
@pytest.mark.parametrize("gamma", [0.7, 1.0, 2.4])
def test_dead_zones_and_the_exponent_are_found(low: float, dead: float, end: float, gamma: float) -> None:
    show = curve(dead, end, gamma)
    found = fit(taken(show, low, halvings=7))
    assert dead == pytest.approx(found.dead, abs=0.04)
    assert end == pytest.approx(found.end, abs=0.01)
    assert gamma == pytest.approx(found.gamma, rel=0.1)
    for tenth in range(1, 10):
        assert tenth / 10 == pytest.approx(show(found.command(tenth / 10)), abs=0.07)


def test_the_command_for_rest_is_rest_and_not_the_end_of_the_dead_zone() -> None:
    found = fit(taken(curve(dead=0.2), -1.0))
    assert 0.0 == found.command(0.0)
    assert -1.0 == found.command(-1.0)
    assert 1.0 == found.command(2.0)
    assert 0.15 < found.command(0.01) < 0.26


def test_an_end_that_is_reached_early_is_commanded_no_further() -> None:
    assert 0.8 == pytest.approx(fit(taken(curve(end=0.2), halvings=5)).command(1.0), abs=0.02)


def test_an_axis_that_does_not_move_has_no_map() -> None:
    with pytest.raises(NoMap, match="does not arrive"):
        fit(taken(lambda _: 0.5))


def test_an_inverted_axis_has_no_map() -> None:
    with pytest.raises(NoMap, match="invert this axis"):
        fit(taken(lambda command: 1 - command))


def test_readings_that_differ_from_the_way_up_to_the_way_down_have_no_map() -> None:
    up = len(staircase(0.0, 1.0)) // 2
    lagging = [
        Reading(command, command + (-0.03 if place <= up else 0.03))
        for place, command in enumerate(staircase(0.0, 1.0))
    ]
    with pytest.raises(NoMap, match="no function of the command"):
        fit(lagging)


def test_a_telemetry_that_falls_in_the_middle_has_no_map() -> None:
    with pytest.raises(NoMap, match="no function of the command"):
        fit(taken(lambda command: command if command < 0.5 else command - 0.3))


rising = st.lists(st.floats(-1, 1), min_size=3, max_size=20).map(sorted)


@given(rising, st.data())
def test_any_rising_telemetry_is_mapped_and_mapped_back(shown: list[float], data: st.DataObject) -> None:
    assume(shown[-1] - shown[0] >= 0.1)
    commands = [place / (len(shown) - 1) for place in range(len(shown))]
    found = fit([Reading(*pair) for pair in zip(commands, shown, strict=True)])
    assert tuple(shown) == found.shown
    wanted = data.draw(st.floats(shown[0], shown[-1]))
    assert wanted == pytest.approx(found.show(found.command(wanted)), abs=1e-6)
    assert 0.0 <= found.dead <= 1.0
    assert 0.0 <= found.end <= 1.0


@given(rising, st.floats(-LARGEST_RESIDUAL / 2.1, LARGEST_RESIDUAL / 2.1))
def test_a_map_never_falls_whatever_the_noise(shown: list[float], noise: float) -> None:
    assume(shown[-1] - shown[0] >= 0.2)
    readings = [Reading(place / len(shown), value + noise * (-1) ** place) for place, value in enumerate(shown)]
    found = fit(readings)
    assert list(found.shown) == sorted(found.shown)
    assert found.residual <= LARGEST_RESIDUAL


def test_quantiles_are_values_that_were_seen() -> None:
    assert None is quantile([], 0.5)
    assert [1.0, 2.0, 3.0, 3.0] == [quantile([3.0, 1.0, 2.0], share) for share in (0.0, 0.5, 0.99, 1.0)]


def test_the_same_values_have_the_same_hash_and_others_another() -> None:
    one, other = (
        AxisMap((0.0, 1.0), (0.0, 1.0), 0.0, 0.0, 0.0, 1.0),
        AxisMap((0.0, 1.0), (0.0, 0.9), 0.0, 0.0, 0.0, 1.0),
    )
    assert digest(one.values()) == digest(dict(reversed(one.values().items())))
    assert digest(one.values()) != digest(other.values())
