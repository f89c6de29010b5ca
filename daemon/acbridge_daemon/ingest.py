"""From the sim's pages to the frame port: attach, read the pages, follow the sim's state, record, publish frames."""

from collections.abc import Callable, Mapping
from itertools import chain
from typing import TYPE_CHECKING

import structlog

from acbridge.derived import Event, Thresholds
from acbridge.pages import Pages
from acbridge.schema import Record
from acbridge.sources import PageSource
from acbridge.status import SimState
from acbridge.wire import Stamp
from acbridge_daemon.clock import Clock
from acbridge_daemon.crash import LastPages
from acbridge_daemon.liveness import Liveness
from acbridge_daemon.publisher import Publisher
from acbridge_daemon.sampler import Reading, Sampler, read_stable

if TYPE_CHECKING:
    from acbridge_daemon.recorder import Recorder

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
        recorder: Records what each tick read; ``None`` for no recording.
    """

    def __init__(
        self,
        source: PageSource,
        sampler: Sampler,
        publisher: Publisher,
        clock: Clock,
        reading: Callable[[], Reading] | None = None,
    ) -> None:
        """
        Begin; nothing is read yet.

        Args:
            source: Where pages come from.
            sampler: Makes the frames.
            publisher: Sends them.
            clock: The daemon's clock.
            reading: Returns the pages of a tick that was recorded; ``None`` to read them twice and compare.
        """
        self.sampler = sampler
        self.liveness = Liveness(sampler.game)
        self.since = clock.now()
        self.tick = 0
        self.published = self.rereads = self.torn = 0
        self.last_pages = LastPages()
        self._source = source
        self._reading = reading or (lambda: read_stable(source.read, self._pause))
        self._publisher = publisher
        self._clock = clock
        self.recorder: Recorder | None = None
        self._log = structlog.get_logger()
        self._problem: str | None = None
        self._attach_due = 0

    @property
    def detail(self) -> str | None:
        """Why the sim is in its state; ``None`` if the state says it all."""
        return self._problem or self.liveness.detail

    def step(self, tick: int, stamp: Stamp, published: Stamp | None = None, *, from_lap: int = 0) -> bool:
        """
        Read the pages, publish the frames of one tick, and return whether the sim's state changed.

        Args:
            tick: Turn of the loop.
            stamp: When the pages are read; the logic goes by it.
            published: What frames say instead, if that is another time.
            from_lap: Publish nothing before the car is in this lap; metrics are derived.
        """
        self.tick = tick
        said = published or stamp
        self._attach_if_due(stamp)
        reading = self._reading()
        self.rereads += reading.rereads
        if reading.torn:
            self._give_up(tick, stamp)
            return False
        if reading.pages is None and self._problem is None:
            self._attach()  # they vanished: find out why
        if reading.pages is not None:
            self.last_pages.keep(reading.pages, tick, stamp)
        before = self.liveness.state
        state = self.liveness.update(reading.pages, stamp.mono_ns * 1e-9)
        if self.recorder is not None:
            self.recorder.tick(tick, stamp, state, reading.pages, self._problem or "", self.sampler.laps)
        if state.flows and reading.pages is not None:
            self._publish_tick(reading.pages, tick, said, from_lap)
        elif state is not before:
            self._publisher.forget_session()
            events = self.sampler.rest(state)
            for event in [] if from_lap else events:
                self.publish(event, said)
        if state is before:
            return False
        self.since = said
        self._log.info("sim_state_changed", state=state, before=before, detail=self.detail)
        return True

    def restart(self, thresholds: Thresholds, stamp: Stamp, published: Stamp) -> None:
        """
        Let the sim be absent between two runs of a recording, and begin the second as another daemon would.

        Args:
            thresholds: With which the second is derived.
            stamp: When it begins; the logic goes by it.
            published: What frames say instead.
        """
        self.liveness.update(None, stamp.mono_ns * 1e-9)
        self.since = published
        self._publisher.forget_session()
        for event in self.sampler.rest(SimState.ABSENT):
            self.publish(event, published)
        self.sampler.restart(thresholds)

    def publish(self, record: Record, stamp: Stamp) -> None:
        """Publish a record that the daemon made itself, such as status or an event."""
        self._publisher.send(self.sampler.record(record, self.tick, stamp))

    def mark(self, text: str, stamp: Stamp) -> None:
        """Publish the event that marks the newest tick, and record the mark."""
        self.publish(self.sampler.mark(text), stamp)
        if self.recorder is not None:
            self.recorder.mark(self.tick, stamp, text)

    def change_thresholds(self, values: Mapping[str, float], stamp: Stamp) -> Event:
        """
        Change thresholds by name; publish and record the change, and return its event.

        Raises:
            ValueError: Two of them contradict each other.
        """
        event = self.sampler.change(values)
        self.publish(event, stamp)
        if self.recorder is not None:
            self.recorder.change_thresholds(self.tick, stamp, dict(values))
        return event

    def change_rate(self, rate: float, stamp: Stamp) -> None:
        """Record that the loop keeps another rate."""
        if self.recorder is not None:
            self.recorder.change_rate(self.tick, stamp, rate)

    def repeat_static(self, stamp: Stamp) -> None:
        """Publish the static page again, for subscribers that came late, while a session runs."""
        if self.liveness.state.flows:
            for message in self.sampler.repeat(self.tick, stamp):
                self._publisher.send(message)

    def close(self) -> None:
        """Detach from the pages, and finish the recording."""
        self._source.detach()
        if self.recorder is not None:
            self.recorder.close()

    def _publish_tick(self, pages: Pages, tick: int, stamp: Stamp, from_lap: int) -> None:
        messages = self.sampler.tick(pages, tick, stamp)
        if from_lap:  # the lap is known once the tick is derived
            derived = list(messages)
            if self.sampler.lap < from_lap:
                return
            messages = chain(list(self.sampler.repeat(tick, stamp)), derived)
        for message in messages:
            self._publisher.send(message)
        self.published += 1

    def _give_up(self, tick: int, stamp: Stamp) -> None:
        """Count a tick whose pages never held still."""
        self.torn += 1
        if self.recorder is not None:
            self.recorder.torn(tick, stamp, self.sampler.laps)

    def _attach_if_due(self, stamp: Stamp) -> None:
        if stamp.mono_ns >= self._attach_due:
            self._attach_due = stamp.mono_ns + ATTACH_EVERY_NS
            self._attach()

    def _attach(self) -> None:
        """Attach to the pages; detach first unless frames flow, since an open handle keeps a dead session alive."""
        if not self.liveness.state.flows:
            self._source.detach()
        before, self._problem = self._problem, self._source.attach()
        if self._problem is not None and self._problem != before:
            self._log.info("waiting_for_sim", detail=self._problem)

    def _pause(self, pages: Pages) -> None:
        """Let the time between two copies pass, with work on the first one."""
        end_ns = self._clock.mono_ns() + COPY_GAP_NS
        if self.liveness.state.flows:
            self.sampler.prepare(pages)
        while self._clock.mono_ns() < end_ns:
            pass
