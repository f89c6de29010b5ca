"""From the sim's pages to the frame port: attach to the pages, read them, follow the sim's state, publish frames."""

import structlog

from acbridge.schema import Record
from acbridge.sources import PageSource
from acbridge.wire import Stamp
from acbridge_daemon.clock import Clock
from acbridge_daemon.crash import LastPages
from acbridge_daemon.liveness import Liveness
from acbridge_daemon.publisher import Publisher
from acbridge_daemon.sampler import Sampler, read_stable

COPY_GAP_NS = 20_000
"""Time between the two copies of the pages that are compared."""
ATTACH_EVERY_NS = 500_000_000
"""How often pages are looked for that do not exist yet, or that may belong to a sim that ended."""


class Ingest:
    """
    Reads the sim at every tick and publishes its frames.

    Attributes:
        sampler: Makes the frames.
        liveness: The sim's state and sessions.
        since: When the sim came into that state.
        tick: The newest tick.
        published: Ticks that were published.
        rereads: Times that a page changed while it was read.
        torn: Ticks given up because the pages never held still.
        last_pages: The pages of the last seconds, for the file of a crash.
    """

    def __init__(self, source: PageSource, sampler: Sampler, publisher: Publisher, clock: Clock) -> None:
        self.sampler = sampler
        self.liveness = Liveness(sampler.game)
        self.since = clock.now()
        self.tick = 0
        self.published = self.rereads = self.torn = 0
        self.last_pages = LastPages()
        self._source = source
        self._publisher = publisher
        self._clock = clock
        self._log = structlog.get_logger()
        self._problem: str | None = None
        self._attach_due = 0

    @property
    def detail(self) -> str | None:
        """Why the sim is in its state; ``None`` if the state says it all."""
        return self._problem or self.liveness.detail

    def step(self, tick: int, stamp: Stamp) -> bool:
        """Read the pages, publish the frames of one tick, and return whether the sim's state changed."""
        self.tick = tick
        if stamp.mono_ns >= self._attach_due:
            self._attach_due = stamp.mono_ns + ATTACH_EVERY_NS
            self._attach()
        reading = read_stable(self._source.read, self._pause)
        self.rereads += reading.rereads
        if reading.torn:
            self.torn += 1
            return False
        if reading.pages is None and self._problem is None:
            self._attach()  # they vanished: find out why
        if reading.pages is not None:
            self.last_pages.keep(reading.pages, tick, stamp)
        before = self.liveness.state
        state = self.liveness.update(reading.pages, stamp.mono_ns * 1e-9)
        if state.flows and reading.pages is not None:
            for message in self.sampler.tick(reading.pages, tick, stamp):
                self._publisher.send(message)
            self.published += 1
        elif state is not before:
            self._publisher.forget_session()
            for event in self.sampler.rest(state):
                self.publish(event, stamp)
        if state is before:
            return False
        self.since = stamp
        self._log.info("sim_state_changed", state=state, before=before, detail=self.detail)
        return True

    def publish(self, record: Record, stamp: Stamp) -> None:
        """Publish a record that the daemon made itself, such as status or an event."""
        self._publisher.send(self.sampler.record(record, self.tick, stamp))

    def repeat_static(self, stamp: Stamp) -> None:
        """Publish the static page again, for subscribers that came late, while a session runs."""
        if self.liveness.state.flows:
            for message in self.sampler.repeat(self.tick, stamp):
                self._publisher.send(message)

    def close(self) -> None:
        """Detach from the pages."""
        self._source.detach()

    def _attach(self) -> None:
        """Attach to the pages; detach first unless frames flow, since an open handle keeps a dead session alive."""
        if not self.liveness.state.flows:
            self._source.detach()
        before, self._problem = self._problem, self._source.attach()
        if self._problem is not None and self._problem != before:
            self._log.info("waiting_for_sim", detail=self._problem)

    def _pause(self) -> None:
        end_ns = self._clock.mono_ns() + COPY_GAP_NS
        while self._clock.mono_ns() < end_ns:
            pass
