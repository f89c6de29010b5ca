"""Blocks of rows: the same rows come back, and nothing else passes for a block."""

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acbridge import DecodeError
from acbridge.plain_text import plain
from acbridge.recording.page_log.blocks import MAX_RAW_BYTES, decode, encode, planes, planes_undone, xor_rows
from acbridge.recording.page_log.blocks import xor_rows_undone as undone
from acbridge.recording.page_log.rows import Row, RowKind
from acbridge.status import SimState
from acbridge.wire import Stamp
from page_logs import drive

SIZES = (5, 3)


def rows_of_small_pages() -> st.SearchStrategy[list[Row]]:
    stamps = st.builds(Stamp, st.integers(0, 2**62), st.floats(1e9, 4e9))
    pages = st.tuples(st.binary(min_size=5, max_size=5), st.sampled_from([b"abc", b"abd", b"\0\0\0"]))
    rest = (st.sampled_from(SimState), st.integers(0, 2**62), stamps)
    with_pages = st.builds(Row, st.just(RowKind.PAGES), *rest, pages, st.text(max_size=9))
    kinds = st.sampled_from([RowKind.NONE, RowKind.TORN, RowKind.NOTE])
    others = st.builds(Row, kinds, *rest, st.none(), st.text(max_size=9))
    return st.lists(with_pages | others, min_size=1, max_size=40)


@given(rows=rows_of_small_pages(), pack=st.booleans())
def test_any_rows_come_back(rows: list[Row], pack: bool) -> None:
    stored, length = encode(rows, pack=pack)
    shown = [row._replace(text=plain(row.text)) for row in rows]
    assert shown == decode(stored, length, len(rows), SIZES)


@given(data=st.binary(max_size=200), size=st.integers(1, 12))
def test_both_filters_can_be_undone(data: bytes, size: int) -> None:
    rows = data[: len(data) // size * size]
    assert rows == planes_undone(planes(rows, size), size) == undone(xor_rows(rows, size), size)


def test_a_second_of_a_drive_takes_less_than_a_fifth_of_its_pages() -> None:
    rows = drive(2.0, 333.0)[333:]
    stored, _ = encode(rows)
    plain = sum(len(row.pages[0]) for row in rows if row.pages)
    assert len(stored) < plain / 3


STORED, LENGTH = encode(drive(0.5))
REAL = (592, 304, 684)


@pytest.mark.parametrize(
    ("stored", "length", "rows"),
    [
        (STORED, LENGTH, 29),
        (STORED, LENGTH, 31),
        (STORED, LENGTH - 1, 30),
        (STORED[:-1], LENGTH, 30),
        (b"", LENGTH, 30),
        (STORED, MAX_RAW_BYTES + 1, 30),
        (STORED, LENGTH, 10**9),
        (STORED, LENGTH, 0),
        (zlib.compress(b"\x05" + zlib.decompress(STORED)[1:]), LENGTH, 30),
        (zlib.compress(bytes(200_000_000)), LENGTH, 30),
        (zlib.compress(bytes(LENGTH)), LENGTH, 30),
        (bytes(LENGTH), LENGTH, 30),
    ],
)
def test_what_is_no_block_is_refused(stored: bytes, length: int, rows: int) -> None:
    with pytest.raises(DecodeError):
        decode(stored, length, rows, REAL)


def test_a_block_without_the_pages_of_its_first_row_is_refused() -> None:
    rows = [Row(RowKind.PAGES, SimState.LIVE, 1, Stamp(1, 1.0), (b"12345", b"abc"))]
    stored, length = encode(rows, pack=False)
    with pytest.raises(DecodeError, match="without all pages"):
        decode(stored[:2] + b"\x01" + stored[3:-3], length - 3, 1, SIZES)
