"""
From pages to frames: the check for torn pages, the encoding, the numbers in the header. Pure: the caller hands in what
reads and what waits.

The sim copies whole pages into shared memory without a lock, so a copy may mix two states. Two equal copies of every
page, packetId included, taken at least 20 µs apart, were never torn in 1.4 million reads against a writer like the
sim's; one copy was, 9.6 times in a million.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from acbridge import wire
from acbridge.derived import Deriver, Event, Thresholds
from acbridge.page_frames import PageEncoder
from acbridge.pages import Graphics, Physics, Static
from acbridge.schema import Record
from acbridge.sources import Pages
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


def read_stable(read: Callable[[], Pages | None], pause: Callable[[], None]) -> Reading:
    """
    Read the pages until two copies in a row are equal.

    Args:
        read: Copies all pages; ``None`` if they are gone.
        pause: Lets at least 20 µs pass.
    """
    first = read()
    for rereads in range(TRIES):
        if first is None:
            return Reading(None, rereads, torn=False)
        pause()
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
    """Makes the frames of one run of the daemon."""

    def __init__(self, run: int, thresholds: Thresholds | None = None, *, names: bool = False) -> None:
        """
        Begin a run.

        Args:
            run: Its random 32-bit number.
            thresholds: What is counted as what; the defaults if not given.
            names: Whether personal names are published.
        """
        self._deriver = Deriver(thresholds)
        self._run = run
        self._physics = PageEncoder(Physics)
        self._graphics = PageEncoder(Graphics)
        self._static = PageEncoder(Static, names=names)
        self._seqs: Counter[str] = Counter()
        self._static_page = b""
        self._static_record: Static | None = None

    def tick(self, pages: Pages, tick: int, stamp: Stamp) -> Iterator[Message]:
        """
        Yield the frames of one tick: static first if it changed, then physics, graphics, derived and the events.

        Each is made when it is asked for, so that physics is on its way before the next is begun.
        """
        if self._static_record is None or pages.static != self._static_page:
            self._static_page = pages.static
            self._static_record = Static.from_page(pages.static)
            yield self.static(tick, stamp)
        header = self._header(Physics.topic, tick, stamp)
        yield Message(Physics.topic, self._physics.encode(header, pages.physics))
        header = self._header(Graphics.topic, tick, stamp)
        yield Message(Graphics.topic, self._graphics.encode(header, pages.graphics))
        derived, events = self._deriver.tick(
            Physics.from_page(pages.physics), Graphics.from_page(pages.graphics), self._static_record
        )
        yield self.record(derived, tick, stamp)
        for event in events:
            yield self.record(event, tick, stamp)

    def rest(self, state: SimState) -> list[Event]:
        """Set a state of the sim without samples, and return the events that it causes."""
        return self._deriver.set_state(state)

    @property
    def thresholds(self) -> Thresholds:
        """The detection thresholds in force."""
        return self._deriver.thresholds

    def change(self, values: Mapping[str, float]) -> Event:
        """Change some thresholds by name, and return the event of the change."""
        return self._deriver.set_thresholds(self._deriver.thresholds.changed(values))

    def mark(self, text: str) -> Event:
        """Return an event of kind mark, with the position of the newest tick."""
        return self._deriver.mark(text)

    def static(self, tick: int, stamp: Stamp) -> Message:
        """Return the static page of the last tick as a frame."""
        return Message(Static.topic, self._static.encode(self._header(Static.topic, tick, stamp), self._static_page))

    def record(self, record: Record, tick: int, stamp: Stamp) -> Message:
        """Return a record of ours as a frame."""
        return Message(record.topic, wire.encode(self._header(record.topic, tick, stamp), record))

    def _header(self, topic: str, tick: int, stamp: Stamp) -> wire.Header:
        seq = self._seqs[topic]
        self._seqs[topic] = seq + 1
        return wire.Header(self._run, tick, seq, stamp.timestamp, stamp.mono_ns)
