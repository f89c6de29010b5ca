"""Values of a gamepad or wheel as axes of the car."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acbridge.hands import PAD_AXES, Axes, AxisUse, Reader, parse_axes

STEER, GAS, BRAKE = AxisUse(0), AxisUse(5), AxisUse(4)


def test_axes_are_named_by_number_and_a_minus_inverts() -> None:
    assert (STEER, GAS, BRAKE) == parse_axes(PAD_AXES)
    assert (AxisUse(0), AxisUse(2, inverted=True), AxisUse(3, inverted=True)) == parse_axes("0, -2, -3")


@pytest.mark.parametrize("text", ["", "0", "0,1", "0,1,2,3", "a,b,c", "0,1,32", "0,1.5,2", "-,1,2"])
def test_other_words_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"such as 0,5,4 or 0,-2,-3"):
        parse_axes(text)


def test_a_pedal_that_never_was_at_rest_is_not_pressed() -> None:
    reader = Reader((STEER, GAS, BRAKE))
    assert Axes() == reader.read([0.0] * 6)
    assert Axes() == reader.read([0.0, 0.0, 0.0, 0.0, -1.0, -1.0])
    assert Axes(0.5, 1.0, 0.5) == reader.read([0.5, 0.0, 0.0, 0.0, 0.0, 1.0])


def test_an_inverted_pedal_rests_at_its_top() -> None:
    reader = Reader(parse_axes("0,-1,-2"))
    reader.read([0.0, 1.0, 1.0])
    assert Axes(-1.0, 0.5, 1.0) == reader.read([-1.0, 0.0, -1.0])


def test_an_axis_that_the_device_lacks_is_0() -> None:
    reader = Reader((STEER, GAS, BRAKE))
    assert Axes() == reader.read([])
    assert Axes(0.25) == reader.read([0.25])


@given(st.lists(st.lists(st.floats(-2, 2), max_size=7), max_size=7))
def test_no_value_leaves_its_range(samples: list[list[float]]) -> None:
    reader = Reader((STEER, GAS, BRAKE))
    for sample in samples:
        steer, gas, brake = reader.read(sample)
        assert -1 <= steer <= 1
        assert 0 <= gas <= 1
        assert 0 <= brake <= 1
