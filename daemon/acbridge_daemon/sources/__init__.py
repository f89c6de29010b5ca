"""
Where pages come from. A source hands over whole pages as bytes and knows nothing of their fields.

It attaches to what is there and creates nothing: the sim owns its pages.
"""

from typing import NamedTuple, Protocol

from acbridge.pages import PAGES

PAGE_SIZES = {page.topic: page.page_size for page in PAGES}
"""Bytes to read of each page; the memory behind it may be larger."""


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
