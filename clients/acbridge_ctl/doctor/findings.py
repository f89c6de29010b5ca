"""What the doctor finds: one line each."""

from enum import StrEnum
from typing import NamedTuple


class Level(StrEnum):
    """How bad it is."""

    OK = "OK"
    """As it should be."""
    WARN = "WARN"
    """Not running yet, or worse than it could be; nothing is broken."""
    FAIL = "FAIL"
    """No frames of the sim can come through before this is mended."""


class Finding(NamedTuple):
    """
    One thing that was looked at.

    Attributes:
        level: How bad it is.
        check: What was looked at, in one word.
        text: What was found.
        fix: What to do about it; empty if nothing is to be done.
    """

    level: Level
    check: str
    text: str
    fix: str = ""

    def __str__(self) -> str:
        return f"{self.level:<4}  {self.check:<9} {self.text}" + (f"; {self.fix}" if self.fix else "")
