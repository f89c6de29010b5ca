"""
The keys of a terminal: which bytes mean which key, and which keys are held.

A terminal reports presses and repeats, and no releases; only some report releases when asked to (the keyboard protocol
of kitty, which foot, WezTerm, Ghostty, Alacritty and iTerm2 know too). Pure: reads no terminal and no clock.
"""

import math
import re
from collections.abc import Iterator
from typing import NamedTuple

from acbridge.hands import Key


class Change(NamedTuple):
    """
    What a terminal reports of a key.

    Attributes:
        key: The key; ``None`` for all keys.
        down: Whether it is pressed, not released.
        again: Whether it was pressed before and repeats; known only with `released_later`.
        released_later: Whether the terminal will report its release.
    """

    key: Key | None
    down: bool = True
    again: bool = False
    released_later: bool = False


ASK = "\x1b[>15u\x1b[?1004h"
"""Asks a terminal for releases, and for the loss of its focus; terminals that do not know this ignore it."""
TAKE_BACK = "\x1b[?1004l\x1b[<u"

ARROWS = {"A": Key.GAS, "B": Key.BRAKE, "C": Key.RIGHT, "D": Key.LEFT}
LETTERS = {
    "w": Key.GAS,
    "a": Key.LEFT,
    "s": Key.BRAKE,
    "d": Key.RIGHT,
    " ": Key.BRAKE,
    "+": Key.SHIFT_UP,
    "=": Key.SHIFT_UP,  # the same key without the shift key
    "-": Key.SHIFT_DOWN,
    "_": Key.SHIFT_DOWN,
    "r": Key.RESET,
    "q": Key.QUIT,
    "\x03": Key.QUIT,
}
OPPOSITES = {Key.LEFT: Key.RIGHT, Key.RIGHT: Key.LEFT, Key.GAS: Key.BRAKE, Key.BRAKE: Key.GAS}
CTRL = 4
"""The bit of the control key in the modifiers of a report, which are sent plus 1."""
REPEATED, RELEASED = 2, 3
_FOCUS_LOST = "O"
_SEQUENCE = re.compile(r"\x1b(?:O([A-D])|\[([\d:;]*)([A-Za-z~]))")
_BEGUN = re.compile(r"\x1b(?:O|\[[\d:;]*)?$")
_LONGEST = 32
"""Characters after which something that looks like the beginning of a sequence is none."""


class Decoder:
    """
    Turns the bytes of a terminal into changes of keys; a sequence may come in pieces.

    Once a terminal has shown that it reports releases, every key of it does.
    """

    def __init__(self) -> None:
        self._rest = ""
        self._reports = False

    def feed(self, data: bytes) -> Iterator[Change]:
        """Yield the changes that these bytes report, in order; other keys are left out."""
        text, self._rest = self._rest + data.decode("utf-8", "replace"), ""
        at = 0
        while at < len(text):
            found = _SEQUENCE.match(text, at)
            if found is not None:
                at = found.end()
                change = _sequence(found[1], found[2], found[3])
            elif _BEGUN.match(text, at) and len(text) - at < _LONGEST:
                self._rest = text[at:]
                return
            else:
                change = _letter(text[at])
                at += 1
            if change is not None:
                self._reports |= change.released_later
                yield change._replace(released_later=self._reports)


def _letter(letter: str) -> Change | None:
    key = LETTERS.get(letter.lower())
    return None if key is None else Change(key)


def _sequence(plain_arrow: str | None, numbers: str | None, final: str | None) -> Change | None:
    if plain_arrow is not None:
        return Change(ARROWS[plain_arrow])
    if final == _FOCUS_LOST:
        return Change(None, down=False)
    code, modifiers, event = _numbers(numbers or "")
    if final == "u":
        key = LETTERS.get(chr(code).lower()) if 0 < code <= 0x10FFFF else None  # noqa: PLR2004  the last of Unicode
        if modifiers & CTRL:
            key = Key.QUIT if code == ord("c") else None
        reports = True
    else:
        key, reports = ARROWS.get(final or ""), event is not None
    if key is None:
        return None
    return Change(key, down=event != RELEASED, again=event == REPEATED, released_later=reports)


def _numbers(text: str) -> tuple[int, int, int | None]:
    """Return the code of a key, as it is with the shift key if that is reported, its modifiers, and what happened."""
    parts = [[int(number or 0) for number in part.split(":")] for part in text.split(";")]
    codes = parts[0]
    code = codes[1] if len(codes) > 1 and codes[1] else codes[0]
    states = parts[1] if len(parts) > 1 else [1]
    return code, max(0, states[0] - 1), states[1] if len(states) > 1 else None


FIRST_S = {Key.LEFT: 0.35, Key.RIGHT: 0.35}
"""How long a key counts as held after its first press, s: a tap of the steering must be short."""
FIRST_OTHERS_S = 0.6
"""As above, for other keys: most keyboards repeat after half a second."""
REPEAT_S = 0.15
"""How long a key counts as held after a repeat, s; keyboards repeat 10 to 30 times a second."""


class HeldKeys:
    """
    Which keys are held.

    Where releases are not reported, a key is held as long as it repeats. A keyboard repeats only the key that was
    pressed last: an earlier one that was held then stays held with it. The opposite key releases at once.
    """

    def __init__(self) -> None:
        self._until: dict[Key, float] = {}

    def take(self, change: Change, now_s: float) -> None:
        """Follow a change."""
        if change.key is None:
            self._until.clear()
        elif not change.down:
            self._until.pop(change.key, None)
        else:
            self._press(change.key, now_s, released_later=change.released_later)

    def _press(self, key: Key, now_s: float, *, released_later: bool) -> None:
        held = self.at(now_s)
        keep_s = REPEAT_S if key in held else FIRST_S.get(key, FIRST_OTHERS_S)
        until = math.inf if released_later else now_s + keep_s
        self._until = {other: max(self._until[other], until) for other in held if other is not OPPOSITES.get(key)}
        self._until[key] = max(until, self._until.get(key, 0.0))

    def at(self, now_s: float) -> frozenset[Key]:
        """Return the keys that are held at a time, s."""
        return frozenset(key for key, until in self._until.items() if now_s <= until)
