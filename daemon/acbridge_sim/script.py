"""
The script language of the stand-in, for tests and bug reports: ``live 10; pause 2; restart; live 5; exit``.

Parsing only; `show` runs the steps.
"""

import math
from typing import NamedTuple

LASTING = {
    "off": "the sim has started, no session is loaded",
    "live": "drive",
    "cut": "drive with the wheels off the track, which makes the lap invalid",
    "esc": "open the ESC menu: the car stands still, the sim still reports live",
    "pause": "pause: the car stands still, the sim reports pause",
    "pits": "go back to the pits and stay there",
    "replay": "show a replay",
}
"""Verbs that need a number of seconds."""
INSTANT = {
    "practice": "begin a practice session",
    "qualify": "begin a qualifying session",
    "race": "begin a race",
    "hotlap": "begin a hotlap session",
    "restart": "restart the session",
    "relaunch": "start a new process of the sim: packetIds begin at 0",
    "exit": "exit as the sim does, leaving the pages behind",
    "crash": "end in the middle of a write, leaving the pages behind",
}
"""Verbs without an argument."""
ENDINGS = ("exit", "crash")


class ScriptStep(NamedTuple):
    """One step of a script: a verb, and its duration in seconds (0 for a verb without one)."""

    verb: str
    seconds: float


def parse(text: str) -> list[ScriptStep]:
    """
    Return the steps of a script.

    Raises:
        ValueError: A step is wrong; the message says which, and what is allowed.
    """
    steps: list[ScriptStep] = []
    for part in text.split(";"):
        words = part.split()
        if not words:
            continue
        if steps and steps[-1].verb in ENDINGS:
            raise ValueError(f"nothing can follow {steps[-1].verb!r}, but {part.strip()!r} does")
        steps.append(_step(words))
    if not steps:
        raise ValueError('a script has at least one step, such as "live 10; exit"')
    return steps


def _step(words: list[str]) -> ScriptStep:
    verb, *rest = words
    if verb in INSTANT:
        if rest:
            raise ValueError(f"{verb!r} takes no argument, but {' '.join(rest)!r} follows it")
        return ScriptStep(verb, 0.0)
    if verb not in LASTING:
        raise ValueError(f"unknown verb {verb!r}; choose one of {', '.join((*LASTING, *INSTANT))}")
    try:
        (word,) = rest
        seconds = float(word)
    except ValueError:
        raise ValueError(f"{verb!r} needs seconds, such as '{verb} 10', not {' '.join(rest)!r}") from None
    if not (math.isfinite(seconds) and seconds > 0):
        raise ValueError(f"{verb!r} needs a positive number of seconds, not {seconds:g}")
    return ScriptStep(verb, seconds)
