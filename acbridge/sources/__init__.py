"""
Where pages come from. A source hands over whole pages as bytes and knows nothing of their fields.

It attaches to what is there and creates nothing: the sim owns its pages. This module opens nothing itself;
`shared_memory` finds the source that this machine has.
"""

from pathlib import Path
from typing import NamedTuple, Protocol

from acbridge.pages import PAGES

DEFAULT_PAGE_PREFIX = "acpmf_"
"""How the game begins the names of its pages."""
DEFAULT_PAGE_DIR = Path("/dev/shm")  # noqa: S108  this is where Linux keeps shared memory

PAGE_SIZES = {page.topic: page.page_size for page in PAGES}
"""Bytes to read of each page; the memory behind it may be larger."""
PAGE_FILE_SIZE = 2048
"""Bytes of each file that bridges under Proton make, though the pages are smaller."""


class Pages(NamedTuple):
    """One copy of each page, taken one after the other."""

    physics: bytes
    graphics: bytes
    static: bytes


class PageSource(Protocol):
    """Something that has pages, now and then."""

    def attach(self) -> str | None:
        """
        Attach to the pages if they are there, again if they were replaced; called now and then, sim or no sim.

        Returns:
            ``None`` when attached, else why not and what to do.
        """
        ...

    def read(self) -> Pages | None:
        """Copy every page as it is now; ``None`` when they are gone."""
        ...

    def detach(self) -> None:
        """Let go of the pages; an open handle may keep a dead session's data alive."""
        ...


class Presence(NamedTuple):
    """
    What is to be seen of one page without attaching to it.

    Attributes:
        name: What the system calls it.
        there: Whether anything has this name.
        problem: Why it cannot be used and what to do; ``None`` when it can.
        detail: Size, and other facts from the system.
    """

    name: str
    there: bool
    problem: str | None
    detail: str = ""


class SharedMemory(PageSource, Protocol):
    """The pages of a sim that runs by itself."""

    def inspect(self) -> list[Presence]:
        """Look at every page, for people who wonder why there are none; leaves alone what is attached."""
        ...
