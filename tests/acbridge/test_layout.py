"""Layouts beyond those of Assetto Corsa: 8-bit text, a repeated struct, long arrays; ctypes is the oracle."""

import ctypes
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acbridge.layout import Group, Page, counter_steps, f32, f32x3, i32, text, text8
from acbridge.schema import Vec3, f64

SLOTS = Group(20, "car slots")


class Grid(Page, topic="cars", page_name="grid"):
    """Every car on the track."""

    cars: int = i32("Cars on the track.")
    server: str = text8(9, "Name of the server.")
    index: tuple[int, ...] = i32("Index of the car.", group=SLOTS)
    driver: tuple[str, ...] = text8(7, "Name of the driver.", personal=True, group=SLOTS)
    position: tuple[Vec3, ...] = f32x3("Position in the world.", unit="m", axes="x, y, z", group=SLOTS)
    tag: tuple[str, ...] = text8(1, "One letter.", group=SLOTS)
    spline: tuple[float, ...] = f32("Position along the line.", shape=(80,))
    track: str = text(6, "Name of the track.")
    loaded: int = i32("Whether all of it is loaded, 1 yes.")


class Slot(ctypes.LittleEndianStructure):
    _pack_ = 4
    _layout_ = "ms"
    _fields_ = (
        ("index", ctypes.c_int32),
        ("driver", ctypes.c_ubyte * 7),
        ("position", ctypes.c_float * 3),
        ("tag", ctypes.c_ubyte * 1),
    )


class CGrid(ctypes.LittleEndianStructure):
    _pack_ = 4
    _layout_ = "ms"
    _fields_ = (
        ("cars", ctypes.c_int32),
        ("server", ctypes.c_ubyte * 9),
        ("slots", Slot * SLOTS.count),
        ("spline", ctypes.c_float * 80),
        ("track", ctypes.c_uint16 * 6),
        ("loaded", ctypes.c_int32),
    )


VALUES: dict[str, Any] = {
    "cars": 2,
    "server": "Spa é",
    "index": tuple(range(100, 120)),
    "driver": tuple(f"car {slot}" for slot in range(20)),
    "position": tuple((slot + 0.25, slot + 0.5, -slot - 0.75) for slot in range(20)),
    "tag": ("",) * 20,
    "spline": tuple(place / 64 for place in range(80)),
    "track": "monza",
    "loaded": -1,
}


def c_page() -> bytes:
    """Return the page as a C program writes it."""
    grid: Any = CGrid(cars=2, loaded=-1)
    for memory, content in ((grid.server, VALUES["server"].encode()), (grid.track, map(ord, VALUES["track"]))):
        for place, unit in enumerate(content):
            memory[place] = unit
    grid.spline[:] = VALUES["spline"]
    for number, slot in enumerate(grid.slots):
        slot.index = VALUES["index"][number]
        slot.position[:] = VALUES["position"][number]
        for place, byte in enumerate(VALUES["driver"][number].encode()):
            slot.driver[place] = byte
    return bytes(grid)


def with_server(content: bytes) -> str:
    """Return how a page with these bytes at the server's place, 9 of them, is read."""
    page = bytearray(c_page())
    page[4:13] = content.ljust(9, b"\0")
    return Grid.from_page(bytes(page)).server


def test_columns_of_a_repeated_struct_stand_where_a_compiler_puts_them() -> None:
    plain = {name: getattr(CGrid, name).offset for name in ("cars", "server", "spline", "track", "loaded")}
    slots: int = CGrid.slots.offset
    expected = plain | {name: slots + getattr(Slot, name).offset for name in ("index", "driver", "position", "tag")}
    assert expected == Grid.offsets
    assert ctypes.sizeof(CGrid) == Grid.page_size
    strides = {place.stride for place in Grid.places if place.column.group is not None}
    assert {ctypes.sizeof(Slot)} == strides


def test_a_repeated_struct_is_read_by_column() -> None:
    assert VALUES == vars(Grid.from_page(c_page()))


def test_a_repeated_struct_is_written_as_a_c_program_reads_it() -> None:
    assert c_page() == Grid(**VALUES).to_page()


def test_documents_describe_a_repeated_struct_by_column() -> None:
    columns = {column.name: column for column in Grid.columns}
    assert "int32[20]" == columns["index"].type_name
    assert "str[20]" == columns["driver"].type_name
    assert ("float32[20][3]", "car slots; x, y, z") == (columns["position"].type_name, columns["position"].axes)
    drivers = Grid.json_schema()["properties"]["driver"]
    assert ("array", {"type": "string"}, 20, 20) == (
        drivers["type"],
        drivers["items"],
        drivers["minItems"],
        drivers["maxItems"],
    )


def test_a_page_may_have_another_name_than_its_topic() -> None:
    assert ("cars", "grid") == (Grid.topic, Grid.page_name)


@pytest.mark.parametrize(
    ("content", "read"),
    [
        (b"", ""),
        ("Nürburg".encode(), "Nürburg"),
        (b"123456789", "123456789"),
        (b"a\0\xff\xfe stale", "a"),
        (b"a\xffb", "a\ufffdb"),
        (b"a\xc3", "a\ufffd"),
        (b"12345678\xc3", "12345678\ufffd"),
        (b"\xed\xa0\x80", "\ufffd\ufffd\ufffd"),
    ],
    ids=[
        "nothing",
        "beyond ASCII",
        "no NUL",
        "leftovers after the NUL",
        "a byte that begins no character",
        "half a character before the NUL",
        "half a character at the end",
        "a surrogate",
    ],
)
def test_8_bit_text_of_a_page_may_be(content: bytes, read: str) -> None:
    assert read == with_server(content)


@pytest.mark.parametrize(
    ("written", "read"),
    [("12345678", "12345678"), ("123456789", "12345678"), ("1234567é", "1234567"), ("a\ud800", "a?")],
)
def test_8_bit_text_that_is_too_long_is_cut_between_characters(written: str, read: str) -> None:
    assert read == Grid.from_page(Grid.pack(VALUES | {"server": written})).server


@settings(deadline=None, max_examples=50)
@given(st.binary(min_size=Grid.page_size, max_size=Grid.page_size))
def test_any_bytes_are_a_page_with_a_repeated_struct(page: bytes) -> None:
    record = Grid.from_page(page)
    assert [20, 20, 20, 20] == [len(values) for values in (record.index, record.driver, record.position, record.tag)]


@pytest.mark.parametrize("name", ["cars", "server", "track", "loaded"])
def test_one_column_can_be_read_alone(name: str) -> None:
    assert VALUES[name] == Grid.reader(name)(c_page())


def test_a_column_that_no_page_holds_is_refused() -> None:
    with pytest.raises(TypeError, match="speed is declared as a float64, which no page holds"):

        class _Wrong(Page, topic="wrong"):  # pyright: ignore[reportUnusedClass]
            speed: float = f64("Speed.")


@pytest.mark.parametrize(
    ("before", "after", "steps"),
    [(1, 1, 0), (1, 4, 3), (4, 1, -3), (2**31 - 1, -(2**31), 1), (-(2**31), 2**31 - 1, -1)],
)
def test_a_counter_goes_on_across_its_wrap(before: int, after: int, steps: int) -> None:
    assert steps == counter_steps(before, after)
