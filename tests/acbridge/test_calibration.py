"""The map from a command to the telemetry: fitted to readings of known curves, and refused where there is none."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from acbridge.calibration import (
    FORMAT,
    LARGEST_RESIDUAL,
    LEVELS,
    MOST_POINTS,
    AxisMap,
    BadCalibration,
    Calibration,
    NoMap,
    Reading,
    check_axes,
    digest,
    edges,
    fit,
    quantile,
    read_calibration,
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


# ---- Files and requests

GAS = fit(taken(curve(0.1, 0.05, 1.5))).values()
STEER = fit(taken(curve(0.05), low=-1.0)).values()


def test_maps_are_the_same_after_a_file() -> None:
    calibration = check_axes({"gas": GAS, "steer": STEER})
    values = {"format": FORMAT, "backend": "vjoy", "axes": calibration.values(), "hash": calibration.hash, "more": 1}
    read = read_calibration(json.dumps(values).encode(), "vjoy")
    assert (calibration.axes, calibration.hash) == (read.axes, read.hash)
    found = read.commands({"steer": -0.5, "gas": 0.5, "brake": 0.3})
    assert {"steer", "gas"} == found.keys()
    assert -0.5 == pytest.approx(read.axes["steer"].show(found["steer"]))
    assert 0.5 == pytest.approx(read.axes["gas"].show(found["gas"]))


BAD_AXES: dict[str, dict[str, Any]] = {
    "no gas": GAS | {"commands": [0.5, 1.0], "shown": [0.0, 1.0]},
    "negative": GAS | {"commands": [0.0, 1.0], "shown": [-0.1, 1.0]},
    "falling": GAS | {"commands": [0.0, 0.5, 1.0], "shown": [0.0, 0.7, 0.6]},
    "standing": GAS | {"commands": [0.0, 0.5, 0.5, 1.0], "shown": [0.0, 0.5, 0.6, 1.0]},
    "flat": GAS | {"commands": [0.0, 1.0], "shown": [0.5, 0.55]},
    "text": GAS | {"commands": [0.0, "0.5", 1.0], "shown": [0.0, 0.5, 1.0]},
    "true": GAS | {"commands": [0.0, 1.0], "shown": [0.0, True]},
    "nan": GAS | {"commands": [0.0, 1.0], "shown": [0.0, float("nan")]},
    "long": GAS | {"commands": [at / 99 for at in range(100)], "shown": [at / 99 for at in range(100)]},
    "uneven": GAS | {"commands": [0.0, 1.0], "shown": [0.0, 0.5, 1.0]},
    "empty": GAS | {"commands": [], "shown": []},
    "residual": GAS | {"residual": 0.5},
    "gamma": GAS | {"gamma": float("inf")},
    "missing": {name: value for name, value in GAS.items() if name != "dead"},
    "extra": GAS | {"x": 1},
}


@pytest.mark.parametrize("axis", BAD_AXES.values(), ids=BAD_AXES)
def test_a_map_that_could_press_the_gas_or_means_nothing_is_refused(axis: dict[str, Any]) -> None:
    with pytest.raises(BadCalibration, match="gas"):
        check_axes({"steer": STEER, "gas": axis})


@pytest.mark.parametrize("values", [None, {}, [], "gas", {"clutch": GAS}, {"gas": None}, {"gas": [1]}, {1: GAS}])
def test_what_is_no_map_of_axes_is_refused(values: object) -> None:
    with pytest.raises(BadCalibration):
        check_axes(values)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"format": "acbridge calibration 2"}, "its format is not"),
        ({"backend": "uinput"}, "it was measured through 'uinput', not vjoy"),
        ({"hash": "sha256:00"}, "the file was changed"),
        ({"axes": {"gas": GAS | {"residual": 0.01}}}, "the file was changed"),
        ({"axes": {}}, "axes must be maps"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_by_name(change: dict[str, Any], words: str) -> None:
    values = {"format": FORMAT, "backend": "vjoy", "axes": {"gas": GAS}, "hash": digest({"gas": GAS})}
    read_calibration(json.dumps(values).encode(), "vjoy")
    with pytest.raises(BadCalibration, match=words):
        read_calibration(json.dumps(values | change).encode(), "vjoy")


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"\xff", b"1" * 10_000])
def test_a_file_of_anything_else_is_refused(data: bytes) -> None:
    with pytest.raises(BadCalibration):
        read_calibration(data, "vjoy")


@st.composite
def maps(draw: st.DrawFn) -> Calibration:
    """Return the calibration of any maps that are accepted."""
    axes: dict[str, Any] = {}
    for name, low in (("steer", -1.0), ("gas", 0.0), ("brake", 0.0)):
        inner = draw(st.lists(st.floats(low, 1.0), max_size=MOST_POINTS - 2, unique=True))
        commands = sorted({low, 1.0, *inner})
        shown = sorted(draw(st.lists(st.floats(low, 1.0), min_size=len(commands), max_size=len(commands))))
        assume(shown[-1] - shown[0] >= 0.1)
        axes[name] = {"commands": commands, "shown": shown, "residual": 0.0, "dead": 0.0, "end": 0.0, "gamma": None}
    return check_axes(axes)


@given(maps(), st.floats(-1.0, 1.0), st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_a_corrected_command_stays_in_its_range_and_released_gas_is_released(
    calibration: Calibration, steer: float, gas: float, brake: float
) -> None:
    found = calibration.commands({"steer": steer, "gas": gas, "brake": brake})
    assert -1.0 <= found["steer"] <= 1.0
    assert 0.0 <= found["gas"] <= 1.0
    assert 0.0 <= found["brake"] <= 1.0
    assert 0.0 == calibration.commands({"steer": steer, "gas": 0.0, "brake": brake})["gas"]
