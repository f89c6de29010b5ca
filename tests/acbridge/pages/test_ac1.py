"""The three pages: where every field lies, against a second list and against ctypes, and what their text may be."""

import ctypes
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acbridge.errors import PageError
from acbridge.layout import Page
from acbridge.pages import AC1, Graphics, Physics, Static
from layout import LAYOUT, SIZES

C_TYPES: dict[str, Any] = {"int32": ctypes.c_int32, "float32": ctypes.c_float, "char16": ctypes.c_uint16}

each_page = pytest.mark.parametrize("page", AC1.pages, ids=[page.topic for page in AC1.pages])


def structure(page: type[Page]) -> Any:
    """Return an empty C structure of a page, laid out by ctypes."""
    fields = [
        (name, C_TYPES[kind] * count if count > 1 else C_TYPES[kind]) for name, _, kind, count in LAYOUT[page.topic]
    ]
    kind = type(page.topic, (ctypes.LittleEndianStructure,), {"_pack_": 4, "_layout_": "ms", "_fields_": fields})
    return kind()


def distinct(page: type[Page]) -> tuple[dict[str, Any], bytes]:
    """Return a value for every field, no two alike, and the C structure filled with them."""
    c_page = structure(page)
    values: dict[str, Any] = {}
    for number, (name, _, kind, count) in enumerate(LAYOUT[page.topic], start=1):
        if kind == "char16":
            values[name] = f"text {number}"
            for place, letter in enumerate(values[name]):
                getattr(c_page, name)[place] = ord(letter)
        elif count == 1:
            values[name] = -number if kind == "int32" else number + 0.5
            setattr(c_page, name, values[name])
        else:
            flat = [number + place / 16 for place in range(count)]
            getattr(c_page, name)[:] = flat
            values[name] = tuple(flat)
            if count == 12:
                values[name] = tuple(tuple(flat[wheel * 3 : wheel * 3 + 3]) for wheel in range(4))
    return values, bytes(c_page)


@each_page
def test_every_field_lies_where_the_sim_puts_it(page: type[Page]) -> None:
    table = [(c.name, offset, c.kind.name, c.units or c.count) for c, offset, _ in page.places]
    assert LAYOUT[page.topic] == table
    assert SIZES[page.topic] == page.page_size


def test_there_is_a_list_for_every_page() -> None:
    assert LAYOUT.keys() == {page.topic for page in AC1.pages}


@each_page
def test_a_page_is_read_as_a_c_program_wrote_it(page: type[Page]) -> None:
    values, c_page = distinct(page)
    assert SIZES[page.topic] == len(c_page)
    assert page(**values) == page.from_page(c_page)


@each_page
def test_a_page_is_written_as_a_c_program_reads_it(page: type[Page]) -> None:
    values, c_page = distinct(page)
    assert c_page == page(**values).to_page()


@each_page
def test_what_follows_the_page_is_ignored(page: type[Page]) -> None:
    _, c_page = distinct(page)
    assert page.from_page(c_page) == page.from_page(c_page + b"\xff" * (4096 - len(c_page)))


@each_page
def test_a_page_cut_short_is_refused_with_both_sizes(page: type[Page]) -> None:
    size = SIZES[page.topic]
    for short in (0, size - 1):
        with pytest.raises(PageError) as caught:
            page.from_page(bytes(short))
        assert (page.topic, short, size) == (caught.value.page, caught.value.size, caught.value.needed)
        assert str(short) in str(caught.value)
        assert f"{page.topic} page needs {size}" in str(caught.value)


def current_time(units: bytes) -> str:
    """Read bytes as the text of currentTime, 15 units."""
    page = bytearray(SIZES["graphics"])
    page[12 : 12 + len(units)] = units
    return Graphics.from_page(bytes(page)).currentTime


@pytest.mark.parametrize(
    ("units", "text"),
    [
        (bytes(30), ""),
        (b"a\0" * 15, "a" * 15),
        (b"\xff" * 30, "\uffff" * 15),
        (b"1\0\0\0" + b"9\0" * 13, "1"),
        (b"a\0\x00\xd8b\0", "a\ufffdb"),
        (b"a\0\x00\xdcb\0", "a\ufffdb"),
        (b"a\0" * 14 + b"\x3d\xd8", "a" * 14 + "\ufffd"),
        ("é車😀".encode("utf-16-le"), "é車😀"),
    ],
    ids=[
        "nothing",
        "no NUL",
        "all ones",
        "leftovers after the NUL",
        "a lone high surrogate",
        "a lone low surrogate",
        "half a character at the end",
        "beyond ASCII",
    ],
)
def test_text_of_a_page_may_be(units: bytes, text: str) -> None:
    assert text == current_time(units)


def static_with(**changes: Any) -> Static:
    return Static(**vars(Static.from_page(bytes(SIZES["static"]))) | changes)


@pytest.mark.parametrize("text", ["Nürburgring", "鈴鹿サーキット", "😀" * 16, "a" * 32])
def test_text_that_fits_comes_back_from_its_page(text: str) -> None:
    assert text == Static.from_page(static_with(track=text).to_page()).track


def test_text_that_is_too_long_is_cut_and_keeps_its_nul() -> None:
    page = static_with(carModel="a" * 99, track="monza").to_page()
    assert SIZES["static"] == len(page)
    assert b"a\0" * 32 + b"\0\0" == page[68:134]
    assert "monza" == Static.from_page(page).track


def test_text_with_a_lone_surrogate_can_be_written() -> None:
    assert "a?b" == Static.from_page(static_with(track="a\ud800b").to_page()).track


@each_page
@settings(deadline=None)
@given(data=st.data())
def test_any_bytes_are_a_page(page: type[Page], data: st.DataObject) -> None:
    size = SIZES[page.topic]
    record = page.from_page(data.draw(st.binary(min_size=size, max_size=size)))
    assert [column.name for column in page.columns] == list(vars(record))


@st.composite
def values_of(draw: st.DrawFn, page: type[Page]) -> dict[str, Any]:
    """Values that a page can hold: 32-bit numbers, and text that leaves room for its NUL."""
    floats = st.floats(width=32, allow_nan=False)
    values: dict[str, Any] = {}
    for column, _, _ in page.places:
        if column.is_text:
            fits = st.text(
                st.characters(exclude_categories=("Cc", "Cf"), max_codepoint=0xD7FF), max_size=column.units - 1
            )
            values[column.name] = draw(fits)
        elif not column.shape:
            whole = st.integers(-(2**31), 2**31 - 1)
            values[column.name] = draw(whole if column.kind.name == "int32" else floats)
        elif len(column.shape) == 1:
            values[column.name] = draw(st.tuples(*[floats] * column.count))
        else:
            row = st.tuples(*[floats] * column.shape[1])
            values[column.name] = draw(st.tuples(*[row] * column.shape[0]))
    return values


@each_page
@settings(deadline=None, max_examples=25)
@given(data=st.data())
def test_a_record_comes_back_from_its_page(page: type[Page], data: st.DataObject) -> None:
    record = page(**data.draw(values_of(page)))
    assert record == page.from_page(record.to_page())


def test_a_real_physics_page_reads_as_the_car_it_was(real_pages: dict[str, bytes]) -> None:
    physics = Physics.from_page(real_pages["physics"])
    assert (1, 6500, 850, 57556) == (physics.gear, physics.currentMaxRpm, physics.rpms, physics.packetId)
    assert math.isclose(29.52, physics.fuel, abs_tol=0.01)
    assert (100.0,) * 4 == physics.tyreWear
    assert (0.0, 0.0, 0.0) == physics.velocity
    assert [13.02, 7.23, 7.97, 0.0, 13.02] == [round(zone, 2) for zone in physics.carDamage]
    assert math.isclose(11350.7, sum(physics.wheelLoad), abs_tol=0.1)
    assert math.isclose(0.85, physics.brakeBias, abs_tol=1e-6)


def test_real_contact_vectors_agree_with_the_heading(real_pages: dict[str, bytes]) -> None:
    physics = Physics.from_page(real_pages["physics"])
    right = (-math.cos(physics.heading), -math.sin(physics.heading))
    forward = (-math.sin(physics.heading), math.cos(physics.heading))
    front_left, front_right, *_ = physics.tyreContactPoint
    across = (front_right[0] - front_left[0], front_right[2] - front_left[2])
    track = math.hypot(*across)
    assert 1.2 < track < 1.6
    assert math.isclose(1.0, (across[0] * right[0] + across[1] * right[1]) / track, abs_tol=1e-4)
    for x, y, z in physics.tyreContactHeading:
        assert math.isclose(1.0, math.hypot(x, y, z), abs_tol=1e-5)
        assert -1.0 <= x * forward[0] + z * forward[1] < -0.999
    for _, up, _ in physics.tyreContactNormal:
        assert up > 0.99


def test_a_real_graphics_page_reads_as_the_session_it_was(real_pages: dict[str, bytes]) -> None:
    graphics = Graphics.from_page(real_pages["graphics"])
    assert (2, 2) == (graphics.status, graphics.session)
    assert ("1:43:398", "-:--:---", " ") == (graphics.currentTime, graphics.bestTime, graphics.split)
    assert "Semislicks (SM)" == graphics.tyreCompound
    assert 103398 == graphics.iCurrentTime
    assert (-1, 0) == (graphics.x_timeLimitedRemaining, graphics.x_escMenuVisible)


def test_a_real_static_page_reads_as_the_car_and_track_it_was(real_pages: dict[str, bytes]) -> None:
    static = Static.from_page(real_pages["static"])
    assert ("1.7", "1.16.4") == (static.smVersion, static.acVersion)
    assert ("imola", "abarth500", "0_white_scorpion") == (static.track, static.carModel, static.carSkin)
    assert (35.0, 6500) == (static.maxFuel, static.maxRpm)
    assert math.isclose(4864.1, static.trackSPlineLength, abs_tol=0.1)
