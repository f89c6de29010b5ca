"""
The daemon's measurements of itself, and the status record made from them.

The loop reports each tick here; nothing here publishes, waits or reads a clock.
"""

from collections import deque
from collections.abc import Mapping

from acbridge.status import Status
from acbridge.topics import TOPICS
from acbridge.wire import Stamp
from acbridge_daemon.controls.driving import Driving
from acbridge_daemon.ingest import Ingest
from acbridge_daemon.latency import LatencyHistogram
from acbridge_daemon.publisher import Publisher
from acbridge_daemon.responder import RequestCounts
from acbridge_daemon.settings import Settings

RATE_WINDOW = 11
"""Seconds marked: the rate kept is measured over the ten between them."""
SLICE_NS = 1_000_000_000
"""One slice of the lateness histogram, which keeps a minute of them."""


class Report:
    """
    Counts ticks, measures their lateness and the rate kept, and makes the status record.

    Attributes:
        run: Random 32-bit number of this life of the daemon.
        version: Version of this distribution.
        rate: Ticks per second that the loop is asked to keep.
        newest: The status record published last; ``None`` before the first.
        memory_guards: How often all peers were disconnected to free memory.
    """

    def __init__(
        self,
        run: int,
        version: str,
        settings: Settings,
        ingest: Ingest,
        driving: Driving,
        publisher: Publisher,
        counts: RequestCounts,
    ) -> None:
        self.run = run
        self.version = version
        self.rate = settings.rate
        self.newest: Status | None = None
        self.memory_guards = 0
        self._settings = settings
        self._ingest = ingest
        self._driving = driving
        self._publisher = publisher
        self._counts = counts
        self._started_ns = ingest.since.mono_ns
        self._ticks = self._missed = 0
        self._latency = LatencyHistogram()
        self._slice_due_ns = 0
        self._seconds: deque[tuple[int, int]] = deque(maxlen=RATE_WINDOW)

    def tick(self, late_ns: int, skipped: int) -> None:
        """Count a tick that began so late, after so many that were skipped."""
        self._latency.record(late_ns)
        self._missed += skipped
        self._ticks += 1

    def change_rate(self, rate: float) -> None:
        """Measure the rate kept anew, against another rate."""
        self.rate = rate
        self._seconds.clear()

    def second(self, stamp: Stamp) -> Status:
        """Close a second, or what a change of the sim's state left of one, and return its status record."""
        self._seconds.append((stamp.mono_ns, self._ticks))
        if stamp.mono_ns >= self._slice_due_ns:
            self._slice_due_ns = stamp.mono_ns + SLICE_NS
            self._latency.rotate()
        self.newest = self.status(stamp)
        return self.newest

    def frames(self) -> Mapping[str, int]:
        """Return the number of frames published so far, by topic."""
        return {topic.name: self._publisher.sent(topic.name) for topic in TOPICS}

    def status(self, stamp: Stamp) -> Status:
        """Return how the daemon and the sim are at an instant."""
        ingest, late, calibration = self._ingest, self._latency.summary(), self._driving.calibration
        return Status(
            version=self.version,
            source=self._settings.source,
            sim_state=ingest.liveness.state.value,
            sim_state_since=ingest.since.timestamp,
            sim_detail=ingest.detail,
            sim_sessions=ingest.liveness.sessions,
            uptime_s=(stamp.mono_ns - self._started_ns) * 1e-9,
            rate=self.rate,
            rate_kept=self._rate_kept(),
            ticks=self._ticks,
            missed_ticks=self._missed,
            published_ticks=ingest.published,
            reread_pages=ingest.rereads,
            torn_ticks=ingest.torn,
            late_p50=late and late.p50,
            late_p99=late and late.p99,
            late_max=late and late.largest,
            connections=len(self._publisher.connections.open),
            sent_bytes=self._publisher.sent_bytes,
            insecure=self._settings.exposed and self._settings.keys is None,
            controls_state=self._driving.state,
            controls_backend=self._driving.backend_name,
            controls_calibration=calibration and calibration.hash,
            requests=self._counts.answered,
            refused_requests=self._counts.refused,
            memory_guards=self.memory_guards,
        )

    def _rate_kept(self) -> float | None:
        """Return the ticks per second between the first and the last mark; ``None`` with fewer than two."""
        if not self._seconds:
            return None
        (first_ns, first), (last_ns, last) = self._seconds[0], self._seconds[-1]
        return (last - first) * 1e9 / (last_ns - first_ns) if last_ns > first_ns else None
