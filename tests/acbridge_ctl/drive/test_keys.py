"""Bytes of a terminal as keys, and which of them are held: terminals that report releases, and those that do not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acbridge.hands import Key
from acbridge_ctl.drive.keys import Change, Decoder, HeldKeys


def decoded(*pieces: bytes) -> list[Change]:
    decoder = Decoder()
    return [change for piece in pieces for change in decoder.feed(piece)]


@pytest.mark.parametrize(
    ("data", "keys"),
    [
        (b"\x1b[A\x1b[B\x1b[C\x1b[D", [Key.GAS, Key.BRAKE, Key.RIGHT, Key.LEFT]),
        (b"\x1bOA\x1bOD", [Key.GAS, Key.LEFT]),
        (b"wasdWASD", [Key.GAS, Key.LEFT, Key.BRAKE, Key.RIGHT] * 2),
        (b" +=-_rq", [Key.BRAKE, *[Key.SHIFT_UP] * 2, *[Key.SHIFT_DOWN] * 2, Key.RESET, Key.QUIT]),
        (b"\x1b[15~xyz\xff\xfe\x1b[Zw", [Key.GAS]),
        (b"\x1b\x1bw", [Key.GAS]),
    ],
)
def test_keys_are_decoded(data: bytes, keys: list[Key]) -> None:
    assert [Change(key) for key in keys] == decoded(data)


def test_a_sequence_may_come_in_pieces() -> None:
    assert [Change(Key.LEFT), Change(Key.GAS)] == decoded(b"\x1b", b"[", b"D\x1bO", b"A")


def test_releases_are_decoded_where_a_terminal_reports_them() -> None:
    changes = decoded(b"\x1b[97;1:1u\x1b[97;1:2u\x1b[97;1:3u\x1b[1;1:3A\x1b[C")
    assert [
        Change(Key.LEFT, released_later=True),
        Change(Key.LEFT, again=True, released_later=True),
        Change(Key.LEFT, down=False, released_later=True),
        Change(Key.GAS, down=False, released_later=True),
        Change(Key.RIGHT, released_later=True),
    ] == changes


@pytest.mark.parametrize(
    ("data", "key"), [(b"\x1b[61:43;2u", Key.SHIFT_UP), (b"\x1b[99;5u", Key.QUIT), (b"\x1b[87u", Key.GAS)]
)
def test_reports_with_modifiers_are_decoded(data: bytes, key: Key) -> None:
    assert [key] == [change.key for change in decoded(data)]


def test_a_modifier_alone_and_other_control_keys_are_none_of_ours() -> None:
    assert [] == decoded(b"\x1b[57441;2u\x1b[119;5u\x1b[9999999u")


def test_a_lost_focus_releases_all_keys() -> None:
    assert [Change(None, down=False)] == decoded(b"\x1b[O\x1b[I")
    keys = HeldKeys()
    keys.take(Change(Key.GAS, released_later=True), 0.0)
    keys.take(Change(None, down=False), 1.0)
    assert frozenset() == keys.at(1.0)


@given(st.lists(st.binary(max_size=12), max_size=12))
def test_any_bytes_are_decoded_the_same_however_they_are_cut(pieces: list[bytes]) -> None:
    whole = b"".join(piece for piece in pieces if piece.isascii())
    ascii_pieces = [piece for piece in pieces if piece.isascii()]
    assert decoded(whole) == decoded(*ascii_pieces)
    decoded(*pieces)


def test_a_key_is_held_while_it_repeats() -> None:
    keys = HeldKeys()
    keys.take(Change(Key.GAS), 0.0)
    assert {Key.GAS} == keys.at(0.5)
    for repeat in range(20):
        keys.take(Change(Key.GAS), 0.5 + repeat * 0.03)
        assert {Key.GAS} == keys.at(0.52 + repeat * 0.03)
    assert frozenset() == keys.at(1.07 + 0.16)


def test_a_tap_of_the_steering_is_shorter_than_the_delay_of_a_repeat() -> None:
    keys = HeldKeys()
    keys.take(Change(Key.LEFT), 0.0)
    assert {Key.LEFT} == keys.at(0.3)
    assert frozenset() == keys.at(0.4)


def test_an_earlier_key_stays_held_while_a_later_one_repeats() -> None:
    keys = HeldKeys()
    keys.take(Change(Key.GAS), 0.0)
    keys.take(Change(Key.GAS), 0.5)
    keys.take(Change(Key.LEFT), 0.55)
    assert {Key.GAS, Key.LEFT} == keys.at(0.85)
    for repeat in range(20):
        keys.take(Change(Key.LEFT), 0.8 + repeat * 0.03)
    assert {Key.GAS, Key.LEFT} == keys.at(1.4)
    assert frozenset() == keys.at(1.6)


@pytest.mark.parametrize(("one", "other"), [(Key.LEFT, Key.RIGHT), (Key.GAS, Key.BRAKE)])
def test_the_opposite_key_releases_at_once(one: Key, other: Key) -> None:
    keys = HeldKeys()
    for first, then in ((one, other), (other, one)):
        keys.take(Change(first), 0.0)
        keys.take(Change(then), 0.01)
        assert {then} == keys.at(0.02)


def test_a_key_whose_release_is_reported_is_held_until_then() -> None:
    keys = HeldKeys()
    keys.take(Change(Key.GAS, released_later=True), 0.0)
    keys.take(Change(Key.LEFT, released_later=True), 1.0)
    assert {Key.GAS, Key.LEFT} == keys.at(1000.0)
    keys.take(Change(Key.GAS, down=False, released_later=True), 1000.0)
    assert {Key.LEFT} == keys.at(1000.0)
