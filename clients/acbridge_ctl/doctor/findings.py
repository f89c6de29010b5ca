"""A finding of the doctor: one line that says what was checked, with which result, and how to fix it."""

from enum import StrEnum
from typing import NamedTuple


class Level(StrEnum):
    """Severity of a finding."""

    OK = "OK"
    """As it should be."""
    WARN = "WARN"
    """Not running yet, or worse than it could be; nothing is broken."""
    FAIL = "FAIL"
    """Frames of the sim cannot arrive before this is fixed."""


class Finding(NamedTuple):
    """
    The result of one check.

    Attributes:
        level: Severity.
        check: What was checked, in one word.
        text: What was found.
        fix: What to do; empty if there is nothing to do.
    """

    level: Level
    check: str
    text: str
    fix: str = ""

    def __str__(self) -> str:
        return f"{self.level:<4}  {self.check:<11} {self.text}" + (f"; {self.fix}" if self.fix else "")
