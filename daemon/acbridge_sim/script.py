"""
The language in which tests and bug reports tell the stand-in what to do: ``live 10; pause 2; restart; live 5; exit``.

Parsing only; `show` carries it out.
"""

import math
from typing import NamedTuple

LASTING = {
    "off": "the sim has started, no session is loaded",
    "live": "drive",
    "cut": "drive with the wheels off the track, which makes the lap invalid",
    "esc": "open the ESC menu: everything stands, the sim goes on saying live",
    "pause": "pause: everything stands, the sim says so",
    "pits": "go back to the pits and stay there",
    "replay": "show a replay",
}
"""Verbs that take seconds."""
INSTANT = {
    "practice": "begin a practice session",
    "qualify": "begin a qualifying session",
    "race": "begin a race",
    "hotlap": "begin a hotlap session",
    "restart": "restart the session",
    "relaunch": "be a new process of the sim: packetIds begin at 0",
    "exit": "exit as the sim does, leaving its pages behind",
    "crash": "die in the middle of a write, leaving its pages behind",
}
"""Verbs that take nothing."""
ENDINGS = ("exit", "crash")


class Act(NamedTuple):
    """One step of a script: a verb, and how long it lasts in seconds (0 for an instant)."""

    verb: str
    seconds: float


def parse(text: str) -> list[Act]:
    """
    Return the steps of a script.

    Raises:
        ValueError: It cannot be understood; the text says where and what would be.
    """
    acts: list[Act] = []
    for part in text.split(";"):
        words = part.split()
        if not words:
            continue
        if acts and acts[-1].verb in ENDINGS:
            raise ValueError(f"nothing can follow {acts[-1].verb!r}, but {part.strip()!r} does")
        acts.append(_act(words))
    if not acts:
        raise ValueError('a script has at least one step, such as "live 10; exit"')
    return acts


def _act(words: list[str]) -> Act:
    verb, *rest = words
    if verb in INSTANT:
        if rest:
            raise ValueError(f"{verb!r} takes nothing, but {' '.join(rest)!r} follows it")
        return Act(verb, 0.0)
    if verb not in LASTING:
        raise ValueError(f"there is no {verb!r}; there are {', '.join((*LASTING, *INSTANT))}")
    try:
        (word,) = rest
        seconds = float(word)
    except ValueError:
        raise ValueError(f"{verb!r} takes seconds, such as '{verb} 10', not {' '.join(rest)!r}") from None
    if not (math.isfinite(seconds) and seconds > 0):
        raise ValueError(f"{verb!r} takes a positive number of seconds, not {seconds:g}")
    return Act(verb, seconds)
