"""
From pages to frames: the check for torn pages, the encoding, the numbers in the header. Pure: the caller hands in what
reads and what waits.

The sim copies whole pages into shared memory without a lock, so a copy may mix two states. Two equal copies of every
page, packetId included, taken at least 20 µs apart, were never torn in 1.4 million reads against a writer like the
sim's; one copy was, 9.6 times in a million.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from acbridge import wire
from acbridge.derived import Event, EventKind, Thresholds
from acbridge.derived.deriver import DERIVED_FROM, Deriver
from acbridge.layout import Page
from acbridge.page_frames import PageEncoder
from acbridge.pages import Game, Pages
from acbridge.schema import Record
from acbridge.status import SimState
from acbridge.wire import Stamp

TRIES = 4
"""Pairs of copies compared before a tick is given up as torn."""


class Reading(NamedTuple):
    """
    What came of reading the pages once.

    Attributes:
        pages: Pages that held still; ``None`` if there are none, or if they were torn.
        rereads: Times that they changed between two copies.
        torn: Whether they never held still.
    """

    pages: Pages | None
    rereads: int
    torn: bool


def read_stable(read: Callable[[], Pages | None], pause: Callable[[Pages], None]) -> Reading:
    """
    Read the pages until two copies in a row are equal.

    Args:
        read: Copies all pages; ``None`` if they are gone.
        pause: Lets at least 20 µs pass; it may work on the first copy meanwhile.
    """
    first = read()
    for rereads in range(TRIES):
        if first is None:
            return Reading(None, rereads, torn=False)
        pause(first)
        second = read()
        if first == second:
            return Reading(second, rereads, torn=False)
        first = second
    return Reading(None, TRIES, torn=first is not None)


class Message(NamedTuple):
    """One message to publish: a topic without its prefix, and a frame."""

    topic: str
    payload: bytes


class Sampler:
    """
    Makes the frames of one run of the daemon.

    Attributes:
        game: The game whose pages are sampled.
        newest: The records of the newest tick from which metrics are derived; ``None`` before the first.
        laps: Laps completed so far.
        lap: Number of the lap that the car is in; 0 before the first tick.
    """

    def __init__(self, game: Game, run: int, thresholds: Thresholds | None = None, *, names: bool = False) -> None:
        """
        Begin a run.

        Args:
            game: The game whose pages are sampled.
            run: The random 32-bit number of the run.
            thresholds: The detection thresholds; the defaults if not given.
            names: Whether personal names are published.
        """
        self.game = game
        self.newest: tuple[Any, ...] | None = None
        self.laps = self.lap = 0
        self._deriver = Deriver(thresholds)
        # Metrics are derived from some pages of one game; another game's frames come without them.
        derives = set(DERIVED_FROM) <= set(game.pages)
        self._inputs = [(page, game.pages.index(page)) for page in DERIVED_FROM] if derives else []
        self._run = run
        self._encoders = [(page, PageEncoder(page, names=names)) for page in game.pages]
        self._seqs: Counter[str] = Counter()
        self._kept: dict[type[Page], bytes] = {}
        self._records: dict[type[Page], tuple[bytes, Page]] = {}

    def prepare(self, pages: Pages) -> None:
        """Do the part of `tick` that needs no more than a copy of the pages; in vain if it turns out to be torn."""
        for (page, encoder), copy in zip(self._encoders, pages, strict=True):
            if page not in self.game.on_change:
                encoder.prepare(copy)
        for page, place in self._inputs:
            self._read(page, pages[place])

    def tick(self, pages: Pages, tick: int, stamp: Stamp) -> Iterator[Message]:
        """
        Yield the frames of one tick: pages published on change that changed, the other pages, derived, the events.

        Each is made when the caller takes it, so that one is on its way before the next is begun.
        """
        for (page, encoder), copy in zip(self._encoders, pages, strict=True):
            if page in self.game.on_change and self._kept.get(page) != copy:
                self._kept[page] = copy
                yield self._frame(page, encoder, copy, tick, stamp)
        for (page, encoder), copy in zip(self._encoders, pages, strict=True):
            if page not in self.game.on_change:
                yield self._frame(page, encoder, copy, tick, stamp)
        if self._inputs:
            records: list[Any] = [self._read(page, pages[place]) for page, place in self._inputs]
            self.newest = tuple(records)
            derived, events = self._deriver.tick(*records)
            self.lap = derived.lap_number or 0
            yield self.record(derived, tick, stamp)
            for event in events:
                self.laps += event.kind == EventKind.LAP_COMPLETED
                yield self.record(event, tick, stamp)

    def rest(self, state: SimState) -> list[Event]:
        """Set a state of the sim without samples, and return the events that it causes."""
        return self._deriver.set_state(state)

    @property
    def thresholds(self) -> Thresholds:
        """The detection thresholds in force."""
        return self._deriver.thresholds

    def restart(self, thresholds: Thresholds) -> None:
        """Derive anew with these thresholds, as another run of the daemon does."""
        self._deriver = Deriver(thresholds)
        self._kept.clear()
        self.lap = 0

    def change(self, values: Mapping[str, float]) -> Event:
        """Change some thresholds by name, and return the event of the change."""
        return self._deriver.set_thresholds(self._deriver.thresholds.changed(values))

    def mark(self, text: str) -> Event:
        """Return an event of kind mark, with the position of the newest tick."""
        return self._deriver.mark(text)

    def repeat(self, tick: int, stamp: Stamp) -> Iterator[Message]:
        """Yield the pages that are published on change once more, as the last tick saw them."""
        for page, encoder in self._encoders:
            if page in self._kept:
                yield self._frame(page, encoder, self._kept[page], tick, stamp)

    def record(self, record: Record, tick: int, stamp: Stamp) -> Message:
        """Return a record of ours as a frame."""
        return Message(record.topic, wire.encode(self._header(record.topic, tick, stamp), record))

    def _header(self, topic: str, tick: int, stamp: Stamp) -> wire.Header:
        seq = self._seqs[topic]
        self._seqs[topic] = seq + 1
        return wire.Header(self._run, tick, seq, stamp.timestamp, stamp.mono_ns)

    def _frame(self, page: type[Page], encoder: PageEncoder, copy: bytes, tick: int, stamp: Stamp) -> Message:
        return Message(page.topic, encoder.encode(self._header(page.topic, tick, stamp), copy))

    def _read(self, page: type[Page], copy: bytes) -> Page:
        """Return the record of a page; the same one as long as the page does not change."""
        known = self._records.get(page)
        if known is None or known[0] != copy:
            known = self._records[page] = copy, page.from_page(copy)
        return known[1]
