"""
Where pages come from. A source returns whole pages as bytes and knows nothing of their fields.

It attaches to what is there and creates nothing: the sim owns its pages. This module opens nothing itself;
`shared_memory` finds the source that this machine has.
"""

from pathlib import Path
from typing import NamedTuple, Protocol

from acbridge.pages import Pages

DEFAULT_PAGE_DIR = Path("/dev/shm")  # noqa: S108  this is where Linux keeps shared memory


class PageSource(Protocol):
    """Pages that may be absent, and may come and go."""

    def attach(self) -> str | None:
        """
        Attach to the pages if they are there, again if they were replaced; to be called repeatedly, sim or no sim.

        Returns:
            ``None`` when attached, else why not and what to do.
        """
        ...

    def read(self) -> Pages | None:
        """Copy every page as it is now, one after the other; ``None`` when they are gone."""
        ...

    def detach(self) -> None:
        """Release the pages; an open handle may keep a dead session's data alive."""
        ...


class PageCheck(NamedTuple):
    """
    What can be found out about one page without attaching to it.

    Attributes:
        name: The system's name of the page.
        there: Whether something has this name.
        problem: Why it cannot be used and what to do; ``None`` when it can.
        detail: Size, and other facts from the system.
    """

    name: str
    there: bool
    problem: str | None
    detail: str = ""


class SharedMemory(PageSource, Protocol):
    """The pages of a sim that runs as a process of its own."""

    def inspect(self) -> list[PageCheck]:
        """Check every page, to explain why there are none; what is attached stays as it is."""
        ...
