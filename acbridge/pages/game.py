"""What must be known of a game beyond the fields of its pages, as one value. It refuses to open or decide anything."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

from acbridge.layout import Page
from acbridge.status import SimState

P = TypeVar("P", bound=Page)

Pages = tuple[bytes, ...]
"""One copy of each page of a game, in the order of :attr:`Game.pages`."""


class PageField(NamedTuple):
    """A field, and the page that holds it."""

    page: type[Page]
    name: str


class StatusWord(NamedTuple):
    """A word in which the game states what it does, and the sim state that it stands for."""

    word: str
    state: SimState


@dataclass(frozen=True, slots=True, kw_only=True)
class Game:
    """
    One game, as far as its shared memory is concerned.

    Attributes:
        name: The name of the game.
        pages: Its pages, in the order in which they are read and published.
        on_change: Those that are published when they change and once a second, instead of at every tick.
        page_prefix: How the names of its pages in shared memory begin.
        page_file_size: Bytes of each page file that bridges under Proton make, though the pages are smaller.
        version: The text field by which its pages are distinguished from those of another game.
        version_text: What that text says in this game.
        relatives: What it says in other games that use the same page names, and the names of these games.
        step: The counter of physics steps, an int32 that wraps.
        step_ms: Milliseconds of one physics step.
        status: The number that says what the game does.
        status_words: What each value of it means.
        sessions: The session kinds by their number, from 0.
    """

    name: str
    pages: tuple[type[Page], ...]
    on_change: tuple[type[Page], ...] = ()
    page_prefix: str
    page_file_size: int
    version: PageField
    version_text: str
    relatives: Mapping[str, str] = field(default_factory=dict[str, str])
    step: PageField
    step_ms: int
    status: PageField
    status_words: Mapping[int, StatusWord]
    sessions: tuple[str, ...] = ()

    def reader(self, wanted: PageField) -> Callable[[Pages], Any]:
        """Return a function that reads one field from copies of the pages."""
        place, read = self.pages.index(wanted.page), wanted.page.reader(wanted.name)
        return lambda pages: read(pages[place])

    def record(self, page: type[P], pages: Pages) -> P:
        """Read one page whole from copies of the pages."""
        return page.from_page(pages[self.pages.index(page)])

    def state(self, status: int) -> SimState | None:
        """Return the sim state that a status number stands for, ``None`` for an unknown number."""
        word = self.status_words.get(status)
        return None if word is None else word.state

    def session_name(self, kind: int) -> str | None:
        """Return a session kind in words, such as ``"time_attack"``, ``None`` for an unknown number."""
        return self.sessions[kind] if 0 <= kind < len(self.sessions) else None
