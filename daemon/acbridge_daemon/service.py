"""
The composition root and the loop: pace, sample, derive, publish, answer.

One thread owns the loop and all sockets. A sim that does not run is a state: the loop turns all the same.
"""

import gc
import secrets
import time
from collections import deque

import structlog
import zmq

from acbridge.sources import PageSource
from acbridge.status import Status
from acbridge.topics import EVERY_TICK
from acbridge.wire import Stamp
from acbridge_daemon import logs
from acbridge_daemon.answers import Answers
from acbridge_daemon.clock import Clock
from acbridge_daemon.feed import Feed
from acbridge_daemon.latency import LatencyHistogram
from acbridge_daemon.pacer import Pacer
from acbridge_daemon.publisher import Publisher
from acbridge_daemon.responder import Responder
from acbridge_daemon.sampler import Sampler
from acbridge_daemon.sd_notify import ServiceNotifier
from acbridge_daemon.security import Keyring, ZapHandler
from acbridge_daemon.settings import Settings
from acbridge_daemon.sockets import BindError, bind_pair

REPORT_EVERY_NS = 1_000_000_000
RATE_WINDOW = 11
"""Reports over which the rate kept is measured: ten seconds."""
POLL_MARGIN_NS = 1_500_000
"""Polling counts in milliseconds; the rest of the wait is slept, which is exact."""
ANSWER_MARGIN_NS = 300_000
"""No request is begun this close to the next tick."""
LONGEST_POLL_MS = 100
"""So that a signal never waits longer (Windows cannot interrupt a poll)."""
MIN_QUEUE = 64


class Service:
    """
    One life of the daemon.

    Attributes:
        run: Its random 32-bit number.
        version: Of this distribution.
        rate: Ticks per second that it is asked to keep.
        newest_status: What the last report said; ``None`` before the first.
        frames_endpoint: Where frames are published.
        requests_endpoint: Where requests are answered.
    """

    def __init__(
        self,
        settings: Settings,
        source: PageSource,
        clock: Clock,
        context: "zmq.Context[zmq.Socket[bytes]]",
        version: str,
        zap: ZapHandler,
        notifier: ServiceNotifier,
    ) -> None:
        """
        Bind both sockets; the ZAP handler decides who may connect.

        Raises:
            BindError: An address cannot be used.
        """
        self.run = secrets.randbits(32)
        self.version = version
        self.rate = settings.rate
        self.newest_status: Status | None = None
        self._settings = settings
        self._clock = clock
        self._log = structlog.get_logger()
        self._zap = zap
        self._notifier = notifier
        self._publisher = Publisher(context, settings.topic_prefix, _queue(settings.rate), zap)
        sampler = Sampler(self.run, settings.thresholds, names=settings.names)
        self._feed = Feed(source, sampler, self._publisher, clock)
        answers = Answers(self, settings, self._feed, self._publisher, clock)
        self._responder = Responder(context, answers.table(), zap)
        self.frames_endpoint, self.requests_endpoint = bind_pair(
            self._publisher.socket, self._responder.socket, settings.host, settings.port
        )
        self._poller = zmq.Poller()
        self._poller.register(self._publisher.socket, zmq.POLLIN)
        self._poller.register(self._responder.socket, zmq.POLLIN)
        self._poller.register(self._publisher.connections.socket, zmq.POLLIN)
        self._poller.register(self._responder.connections.socket, zmq.POLLIN)
        self._poller.register(zap.socket, zmq.POLLIN)
        self._keys_due = False
        self._port_lost: BindError | None = None
        self._stopping = False
        self._started = self._clock.now()
        self._pacer = Pacer(self.rate, self._started.mono_ns)
        self._report_due = self._slice_due = 0
        self._tick = self._turns = self._missed = 0
        self._lateness = LatencyHistogram()
        self._history: deque[tuple[int, int]] = deque(maxlen=RATE_WINDOW)

    @property
    def keyring(self) -> Keyring | None:
        """The keys; ``None`` without access control."""
        return self._zap.keyring

    def stop(self) -> None:
        """End the loop soon; may be called from a signal handler."""
        self._stopping = True

    def reload_keys(self) -> None:
        """Read the keys again soon; may be called from a signal handler."""
        self._keys_due = True

    def set_rate(self, rate: float) -> None:
        """Keep another rate from now on."""
        self.rate = rate
        self._pacer = Pacer(rate, self._clock.mono_ns())
        self._history.clear()

    def serve(self) -> None:
        """
        Run the loop until it is stopped.

        Raises:
            BindError: The port was lost while subscribers were disconnected whose keys were removed.
        """
        gc.collect()
        gc.freeze()  # what start-up made stays: the collector need not walk it again
        self._pacer = Pacer(self.rate, self._clock.mono_ns())
        while not self._stopping:
            self._turn(self._clock.now())
            self._answer_until_due()
        self._notifier.stopping()
        self._feed.end()
        if self._port_lost is not None:
            raise self._port_lost
        self._report(self._clock.now())

    def close(self) -> None:
        """Close the sockets; what was sent has 200 ms to leave."""
        self._publisher.close()
        self._responder.connections.close()
        self._responder.socket.close()
        self._zap.socket.close()

    def _turn(self, stamp: Stamp) -> None:
        """Do what is due at one tick."""
        self._lateness.record(stamp.mono_ns - self._pacer.deadline_ns)
        skipped = self._pacer.take(stamp.mono_ns)
        self._missed += skipped
        self._tick += 1 + skipped
        self._turns += 1
        changed = self._feed.turn(self._tick, stamp)
        if changed or stamp.mono_ns >= self._report_due:
            self._report_due = stamp.mono_ns + REPORT_EVERY_NS
            self._report(stamp)

    def _answer_until_due(self) -> None:
        """Answer requests until the next tick is due; look at the sockets at least once."""
        mono_ns = self._clock.mono_ns
        while True:
            self._notifier.keep_alive(mono_ns())
            left_ns = self._pacer.deadline_ns - mono_ns()
            wait_ms = min(LONGEST_POLL_MS, max(0, (left_ns - POLL_MARGIN_NS) // 1_000_000))
            if self._poller.poll(wait_ms):
                self._zap.connections = self._publisher.connections.follow() + self._responder.connections.follow()
                while self._answer() and mono_ns() < self._pacer.deadline_ns - ANSWER_MARGIN_NS:
                    pass
            if self._keys_due:
                self.read_keys()
            left_ns = self._pacer.deadline_ns - mono_ns()  # a request may have changed the rate
            if left_ns <= 0 or self._stopping:
                return
            if left_ns <= POLL_MARGIN_NS + 1_000_000:
                time.sleep(left_ns * 1e-9)
                return

    def _answer(self) -> bool:
        """Answer one request and one question of who may connect, and return whether there was any."""
        asked = self._zap.answer()
        return self._responder.answer(self._clock.mono_ns() * 1e-9) or asked

    def read_keys(self) -> None:
        """Read again who may connect; disconnect the subscribers if one of them no longer may."""
        self._keys_due = False
        if self.keyring is None or not self.keyring.reload():
            return
        self._poller.unregister(self._publisher.socket)
        self._poller.unregister(self._publisher.connections.socket)
        try:
            self._publisher.disconnect_all()
        except BindError as error:
            self._port_lost = error
            self.stop()
        else:
            self._poller.register(self._publisher.connections.socket, zmq.POLLIN)
            self._poller.register(self._publisher.socket, zmq.POLLIN)

    def _report(self, stamp: Stamp) -> None:
        """Publish status, and static again for whoever came late."""
        step = self._clock.follow_wall()
        if step:
            self._log.warning("clock_set", seconds=round(step, 3))
        self._history.append((stamp.mono_ns, self._turns))
        if stamp.mono_ns >= self._slice_due:
            self._slice_due = stamp.mono_ns + REPORT_EVERY_NS
            self._lateness.rotate()
        logs.tell_unlogged()
        self.newest_status = self.status(stamp)
        self._notifier.status(self.newest_status.sim_state, self.newest_status.sim_detail)
        self._feed.tell(self.newest_status, stamp)
        self._feed.repeat_static(stamp)

    def status(self, stamp: Stamp) -> Status:
        """Return how the daemon and the sim are."""
        feed, publisher, late = self._feed, self._publisher, self._lateness.summary()
        return Status(
            version=self.version,
            source=self._settings.source,
            sim_state=feed.liveness.state.value,
            sim_state_since=feed.since.timestamp,
            sim_detail=feed.detail,
            sim_sessions=feed.liveness.sessions,
            uptime_s=(stamp.mono_ns - self._started.mono_ns) * 1e-9,
            rate=self.rate,
            rate_kept=self._rate_kept(),
            ticks=self._turns,
            missed_ticks=self._missed,
            published_ticks=feed.published,
            reread_pages=feed.rereads,
            torn_ticks=feed.torn,
            late_p50=late and late.p50,
            late_p99=late and late.p99,
            late_max=late and late.largest,
            connections=publisher.connections.count,
            sent_bytes=publisher.sent_bytes,
            physics_frames=publisher.sent("physics"),
            graphics_frames=publisher.sent("graphics"),
            derived_frames=publisher.sent("derived"),
            static_frames=publisher.sent("static"),
            status_frames=publisher.sent("status"),
            event_frames=publisher.sent("event"),
            insecure=self._settings.exposed and self.keyring is None,
            requests=self._responder.answered,
            refused_requests=self._responder.refused,
        )

    def _rate_kept(self) -> float | None:
        if len(self._history) < 2:  # noqa: PLR2004  a rate takes two
            return None
        (first_ns, first), (last_ns, last) = self._history[0], self._history[-1]
        return (last - first) * 1e9 / (last_ns - first_ns) if last_ns > first_ns else None


def _queue(rate: float) -> int:
    """Return one second of frames: what may wait for a slow subscriber."""
    return max(MIN_QUEUE, round(rate * len(EVERY_TICK)))
