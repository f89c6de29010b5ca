"""A car whose parameters are out of range is refused, by the parameter's name."""

import math
from typing import Any

import pytest

from acbridge_sim import CarSpec, Compound


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("mass", 0.0),
        ("mass", math.nan),
        ("mass", math.inf),
        ("wheelbase", -1.0),
        ("tyre_radius", 0.0),
        ("power", -0.1),
        ("drag_area", math.nan),
        ("brake_bias", 1.1),
        ("front_share", math.nan),
        ("steer_lock", 1.6),
        ("idle_rpm", 9000.0),
        ("gears", ()),
        ("gears", (-3.0, 0.0)),
        ("gears", (3.0, 0.0, 3.0)),
        ("gears", (-3.0, 0.0, 3.0, math.nan)),
        ("torque", ()),
        ("torque", ((0.0, 100.0), (0.0, 200.0))),
        ("torque", ((0.0, math.nan),)),
        ("spring", (0.0, 70_000.0)),
        ("spring", (70_000.0, math.nan)),
    ],
)
def test_a_car_parameter_out_of_range_is_refused_by_name(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=f"a car's {name}"):
        CarSpec(**{name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [("peak", 0.0), ("peak_ratio", math.nan), ("wear", ()), ("wear", ((1.0, 99.0), (0.0, 98.0)))],
)
def test_a_compound_parameter_out_of_range_is_refused_by_name(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=f"a compound's {name}"):
        Compound(**{name: value})
