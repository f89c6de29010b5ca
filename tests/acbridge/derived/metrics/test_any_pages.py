"""The whole derived record, for real pages, and for any pages at all."""

import math
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acbridge import Derived, Event, Graphics, Physics, Static
from acbridge.derived import motion
from acbridge.derived.deriver import Deriver
from acbridge.layout import Page
from acbridge.pages import AC1, STATUS_LIVE
from acbridge.schema import BOOL, FLOAT32, FLOAT64, INT64, STRING, Column
from deriving import Drive, changed, derive, moving, on_wheels

NAN, INF = math.nan, math.inf
RADII = (0.3, 0.3, 0.32, 0.32)


def derived(**values: Any) -> Derived:
    """Derive from pages of zeros but for some fields."""
    return Drive(**values).record


def test_a_record_has_its_columns_in_their_order() -> None:
    assert [column.name for column in Derived.columns] == list(vars(derived()))


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
        for page in AC1.pages
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
    derived = [repr(drive.record)]
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
        derived.append(repr((drive.tick(20, **page), drive.events)))
    return derived


@pytest.mark.parametrize(("name", "first", "second"), floats(), ids=str)
def test_an_infinity_in_a_page_counts_like_no_number(name: str, first: int, second: int) -> None:
    # A recording keeps neither: what it is read back as must give the same record.
    expected = story(name, first, second, NAN)
    assert expected == story(name, first, second, INF)
    assert expected == story(name, first, second, -INF)
