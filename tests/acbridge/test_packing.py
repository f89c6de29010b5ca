"""The bounds on the values that are unpacked for a peer."""

import math
import struct
import tracemalloc

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from acbridge.errors import DecodeError
from acbridge.packing import FRAME, REPLY, REQUEST, Bounds, pack, unpack, unpack_map

MOST = b"\xff\xff\xff\xff"

each_bounds = pytest.mark.parametrize("bounds", [FRAME, REQUEST, REPLY], ids=["frame", "request", "reply"])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xc1",
        b"\x91",
        b"\xcb\x00",
        b"\xa5abc",
        b"\xa1\xff",
        b"\xd9\xfa" + b"\xff" * 250,
        b"\x01\x01",
        b"\x81\xa1a\x01\x00",
        b"\x91" * 4000,
        b"\x91" * 60_000 + b"\x00",
        b"\x81\xa1a" * 20_000 + b"\x00",
        (b"\xdd" + MOST) * 500,
        b"\xdd" + MOST,
        b"\xdf" + MOST,
        b"\xdb" + MOST,
        b"\xc6" + MOST,
        b"\xc9" + MOST + b"\x01",
        b"\xd4\x01\x00",
        b"\xc7\x01\x01\x00",
        b"\xc7\x00\x01",
        b"\xd6\xff\x00\x00\x00\x00",
        b"\x81\x01\x02",
        b"\x81\xc0\x02",
        b"\x81\x91\x01\x02",
        b"\x81\x80\x02",
        b"\x81\xcb" + bytes(8) + b"\x02",
    ],
    ids=[
        "nothing",
        "an unused marker",
        "an array cut off",
        "a number cut off",
        "a text cut off",
        "text that is not UTF-8",
        "much text that is not UTF-8",
        "two values",
        "a map and one byte more",
        "arrays in arrays without end",
        "arrays in arrays",
        "maps in maps",
        "arrays that all say 4 G",
        "an array that says 4 G",
        "a map that says 4 G",
        "a text that says 4 G",
        "a binary that says 4 G",
        "an extension that says 4 G",
        "an extension of 1 byte",
        "an extension with its length",
        "an extension of no bytes",
        "a timestamp",
        "an int key",
        "a nil key",
        "an array as key",
        "a map as key",
        "a float key",
    ],
)
@each_bounds
def test_a_peer_may_not_send(data: bytes, bounds: Bounds) -> None:
    with pytest.raises(DecodeError) as caught:
        unpack(data, bounds)
    assert len(str(caught.value)) <= 200


@each_bounds
def test_sizes_are_bounded_to_the_last_one(bounds: Bounds) -> None:
    text, array, mapping = bounds.text, bounds.array, bounds.map
    assert "a" * text == unpack(pack("a" * text), bounds)
    assert b"a" * bounds.binary == unpack(pack(b"a" * bounds.binary), bounds)
    assert (0,) * array == unpack(pack([0] * array), bounds)
    numbers = {str(number): number for number in range(mapping)}
    assert numbers == unpack(pack(numbers), bounds)
    for value in ("a" * (text + 1), b"a" * (bounds.binary + 1), [0] * (array + 1), {**numbers, "more": 1}):
        with pytest.raises(DecodeError):
            unpack(pack(value), bounds)


@pytest.mark.parametrize("marker", [b"\xdd", b"\xdf", b"\xdb", b"\xc6"], ids=["array", "map", "text", "binary"])
def test_a_declared_size_costs_no_memory(marker: bytes) -> None:
    data = (marker + MOST) * 500
    tracemalloc.start()
    with pytest.raises(DecodeError):
        unpack(data, REPLY)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100_000


@pytest.mark.parametrize("value", [1, "text", None, True, [], [{}], 1.5, b"bytes"])
def test_a_value_that_is_no_map_is_refused_as_a_map(value: object) -> None:
    with pytest.raises(DecodeError, match="a map"):
        unpack_map(pack(value), REQUEST)


@pytest.mark.parametrize("value", [{b"a": 1}, {"a": {b"b": 1}}, {"a": [{b"b": 1}]}], ids=["top", "map", "array"])
def test_keys_are_text_at_every_level(value: object) -> None:
    with pytest.raises(DecodeError, match="string keys"):
        unpack_map(pack(value), REQUEST)


def test_a_map_is_unpacked_with_arrays_as_tuples() -> None:
    value = {"a": [1, [2, 3]], "b": {"c": None}, "d": True, "e": "é", "f": -0.1}
    assert {**value, "a": (1, (2, 3))} == unpack_map(pack(value), REQUEST)


def test_inf_and_nan_are_packed_and_unpacked() -> None:
    values = unpack_map(pack({"nan": math.nan, "inf": math.inf, "low": -math.inf}), FRAME)
    assert struct.pack("ddd", math.nan, math.inf, -math.inf) == struct.pack("ddd", *values.values())


@settings(deadline=None, max_examples=300)
@given(st.binary(max_size=200))
@example(b"\xc7\x00\xff")
@example(b"\xd6\xff\xff\xff\xff\xff")
def test_any_bytes_are_a_value_or_refused(data: bytes) -> None:
    try:
        unpack_map(data, REQUEST)
    except DecodeError as error:
        assert len(str(error)) <= 200  # noqa: PT017  most bytes are refused, some are not
