"""Text of other programs without the characters that steer what shows it."""

import unicodedata

import pytest

from acbridge.layout import read_utf8, read_utf16
from acbridge.plain_text import plain, plain_values

STEERING = [chr(code) for code in range(0x110000) if unicodedata.category(chr(code)) in ("Cc", "Cs", "Zl", "Zp")]
BIDI = [chr(code) for code in range(0x110000) if unicodedata.bidirectional(chr(code)) in (
    "LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"
)] + list("\u200e\u200f\u061c")  # fmt: skip


def test_control_characters_lone_surrogates_and_marks_of_direction_become_replacement_characters() -> None:
    assert len(STEERING) > 2000
    assert 12 == len(BIDI)
    assert [] == [character for character in STEERING + BIDI if plain(f"a{character}b") != "a\ufffdb"]


@pytest.mark.parametrize("text", ["", "ks_nordschleife", "Nürburgring 🏁", "a\u00a0b", "日本", "\u200d", "\ufffd"])
def test_other_text_stays(text: str) -> None:
    assert text == plain(text)


def test_values_are_plain_at_every_depth_and_keep_their_types() -> None:
    value = {"a\n": ["\x1b", ("\x07", 1.5, None)], "b": {"c": b"\x1b"}, "d": True}
    assert {"a\ufffd": ["\ufffd", ("\ufffd", 1.5, None)], "b": {"c": b"\x1b"}, "d": True} == plain_values(value)


@pytest.mark.parametrize(("read", "encoding"), [(read_utf8, "utf-8"), (read_utf16, "utf-16-le")])
def test_text_of_pages_is_plain(read: object, encoding: str) -> None:
    assert callable(read)
    assert "\ufffd]0;owned\ufffd \ufffdgnp" == read("\x1b]0;owned\x07 \u202egnp\0rest".encode(encoding))
