"""Page bytes to frame bytes: every number at its fixed place, text last, repeated structs by column."""

import math
import struct
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acbridge import wire
from acbridge.checks import check
from acbridge.errors import DecodeError
from acbridge.layout import Group, Page, f32, f32x3, i32, text8
from acbridge.page_frames import PageEncoder
from acbridge.pages import AC1, Physics, Static
from acbridge.schema import Record, Vec3
from acbridge.wire import HEADER_BYTES, Header
from plain_msgpack import read_map

HEADER = Header(run=0xDEADBEEF, tick=12, seq=2**40, timestamp=1800000000.125, mono_ns=2**63)
HEADER_KEYS = ("v", *Header._fields)
SLOTS = Group(20, "car slots")


class Grid(Page, topic="cars"):
    """Every car on the track."""

    name: str = text8(9, "Name of the server.")
    index: tuple[int, ...] = i32("Index of the car.", group=SLOTS)
    driver: tuple[str, ...] = text8(7, "Name of the driver.", personal=True, group=SLOTS)
    position: tuple[Vec3, ...] = f32x3("Position in the world.", unit="m", axes="x, y, z", group=SLOTS)
    spline: tuple[float, ...] = f32("Position along the line.", shape=(80,))
    points: tuple[Vec3, ...] = f32("Points.", unit="m", shape=(30, 3), axes="points; x, y, z")
    cars: int = i32("Cars on the track.")


PAGES = (*AC1.pages, Grid)
each_page = pytest.mark.parametrize("page", PAGES, ids=[page.topic for page in PAGES])


def content(page: type[Page]) -> bytes:
    """Return a page on which no two numbers have the same bytes."""
    return bytes(place % 251 for place in range(page.page_size))


def by_name(record: Record) -> str:
    """Return a record's values in one order, as text: NaN equals NaN there, and 1 is not 1.0."""
    return repr(sorted(vars(record).items()))


@each_page
def test_every_number_stands_at_its_offset(page: type[Page]) -> None:
    encoder = PageEncoder(page)
    numbers = [column for column in page.columns if not column.is_text]
    assert {column.name for column in numbers} == encoder.offsets.keys()
    record, frame = vars(page.from_page(content(page))), encoder.encode(HEADER, content(page))
    for column in numbers:
        marker, code = (0xD2, ">i") if column.kind.name == "int32" else (0xCA, ">f")
        rows, row = ([record[column.name]], 0) if len(column.shape) < 2 else (record[column.name], column.shape[1])
        at = encoder.offsets[column.name]
        for place, values in enumerate(rows):
            start = at + place * (5 * row + 1)
            for element, value in enumerate(values if column.shape else [values]):
                assert marker == frame[start + 5 * element - 1]
                assert (value,) == struct.unpack_from(code, frame, start + 5 * element)


@each_page
@settings(deadline=None)
@given(data=st.data())
def test_a_frame_says_what_its_page_says(page: type[Page], data: st.DataObject) -> None:
    drawn = data.draw(st.binary(min_size=page.page_size, max_size=page.page_size))
    frame = wire.decode(PageEncoder(page, names=True).encode(HEADER, drawn), page, lost=3)
    assert by_name(page.from_page(drawn)) == by_name(frame.record)
    assert (*HEADER, 3, page.topic) == (*frame[1:], frame.topic)


@each_page
@settings(deadline=None)
@given(place=st.integers(0, 5000), byte=st.integers(0, 255), cut=st.integers(0, 40), more=st.binary(max_size=9))
def test_a_spoilt_frame_says_what_its_msgpack_says(
    page: type[Page], place: int, byte: int, cut: int, more: bytes
) -> None:
    frame = bytearray(PageEncoder(page).encode(HEADER, content(page)))
    frame[HEADER_BYTES + place % (len(frame) - HEADER_BYTES)] = byte
    spoilt = bytes(frame[: len(frame) - cut]) + more
    try:
        values = {name: value for name, value in wire.decode_map(spoilt).items() if name not in HEADER_KEYS}
        expected = page.adopt(values)
        check(page, values)
    except DecodeError:
        with pytest.raises(DecodeError):
            wire.decode(spoilt, page)
    else:
        assert by_name(expected) == by_name(wire.decode(spoilt, page).record)


@each_page
def test_fields_in_another_order_and_new_ones_are_decoded_by_their_keys(page: type[Page]) -> None:
    frame = PageEncoder(page).encode(HEADER, content(page))
    fields = reversed(wire.decode_map(frame).items())
    values = {name: value for name, value in fields if name not in HEADER_KEYS} | {"zzz": 1.5}
    other = wire.encode(HEADER, page.adopt(values))
    assert by_name(page.adopt(values)) == by_name(wire.decode(other, page).record)


def test_what_is_not_finite_survives() -> None:
    values: dict[str, Any] = vars(Physics.from_page(content(Physics)))
    values |= {"finalFF": math.nan, "accG": (math.inf, -math.inf, -0.0)}
    frame = PageEncoder(Physics).encode(HEADER, Physics(**values).to_page())
    record = wire.decode(frame, Physics).record
    assert "nan (inf, -inf, -0.0)" == f"{record.finalFF} {record.accG}"


def test_personal_names_are_empty_unless_asked_for() -> None:
    personal = [column.name for column in Static.columns if column.personal]
    assert ["playerName", "playerSurname", "playerNick"] == personal
    values: dict[str, Any] = vars(Static.from_page(content(Static))) | dict.fromkeys(personal, "Jane")
    page = Static(**values).to_page()
    hidden, shown = PageEncoder(Static).encode(HEADER, page), PageEncoder(Static, names=True).encode(HEADER, page)
    assert (b"Jane" in hidden, b"Jane" in shown) == (False, True)
    assert ["", "", ""] == [wire.decode_map(hidden)[name] for name in personal]
    assert ["Jane"] * 3 == [wire.decode_map(shown)[name] for name in personal]
    assert Static.from_page(page).track == wire.decode(hidden, Static).record.track


def test_a_larger_page_makes_the_same_frame() -> None:
    physics, encode = content(Physics), PageEncoder(Physics).encode
    assert encode(HEADER, physics) == encode(HEADER, physics + b"\xff" * 500)


def test_another_reader_finds_a_repeated_struct_in_arrays() -> None:
    page = Grid.from_page(content(Grid))
    found = read_map(PageEncoder(Grid, names=True).encode(HEADER, content(Grid)))
    expected = {
        name: list(map(list, value)) if name in ("position", "points") else list(value) if name != "name" else value
        for name, value in vars(page).items()
        if name != "cars"
    }
    assert expected | {"cars": page.cars} == {name: found[name] for name in vars(page)}


def test_text_comes_last_in_a_frame() -> None:
    found = list(read_map(PageEncoder(Grid).encode(HEADER, content(Grid))))
    assert ["cars", "index", "position", "spline", "points", "name", "driver"] == found[6:]


def test_personal_names_of_a_repeated_struct_are_empty_unless_asked_for() -> None:
    values: dict[str, Any] = vars(Grid.from_page(content(Grid))) | {"driver": ("Jane",) * 20}
    page = Grid(**values).to_page()
    hidden, shown = (wire.decode(PageEncoder(Grid, names=names).encode(HEADER, page), Grid) for names in (False, True))
    assert (("",) * 20, ("Jane",) * 20) == (hidden.record.driver, shown.record.driver)
