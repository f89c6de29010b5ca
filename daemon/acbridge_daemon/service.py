"""
The composition root and the loop: pace, sample, derive, publish, answer.

One thread owns the loop and all sockets. A sim that does not run is a state: the loop turns all the same.
"""

import gc
import secrets
import time
from collections import deque
from collections.abc import Mapping
from typing import Any

import structlog
import zmq

from acbridge import control, wire
from acbridge.control import Request
from acbridge.derived import RULES
from acbridge.errors import RequestRefused
from acbridge.pages import Static
from acbridge.sources import PageSource
from acbridge.status import Status
from acbridge.topics import EVERY_TICK, TOPICS
from acbridge.wire import Stamp
from acbridge_daemon.clock import Clock
from acbridge_daemon.lateness import Lateness
from acbridge_daemon.liveness import Liveness
from acbridge_daemon.pacer import Pacer
from acbridge_daemon.publisher import Publisher
from acbridge_daemon.responder import Handler, Responder
from acbridge_daemon.sampler import Sampler, read_stable
from acbridge_daemon.security import Gate, Keyring
from acbridge_daemon.settings import Settings
from acbridge_daemon.sockets import BindError, bind_pair
from acbridge_daemon.supervisor import Supervisor

COPY_GAP_NS = 20_000
"""Between two copies of the pages that are compared."""
ATTACH_EVERY_NS = 500_000_000
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
        gate: Gate,
        supervisor: Supervisor,
    ) -> None:
        """
        Bind both sockets, behind a gate.

        Raises:
            BindError: An address cannot be used.
        """
        self.run = secrets.randbits(32)
        self._settings = settings
        self._source = source
        self._clock = clock
        self._version = version
        self._log = structlog.get_logger()
        self._gate = gate
        self._supervisor = supervisor
        self._publisher = Publisher(context, settings.topic_prefix, _queue(settings.rate), gate)
        self._responder = Responder(context, self._handlers(), gate)
        self._sampler = Sampler(self.run, settings.thresholds, names=settings.names)
        self._liveness = Liveness()
        self._problem: str | None = None
        self._rate = settings.rate
        self.frames_endpoint, self.requests_endpoint = bind_pair(
            self._publisher.socket, self._responder.socket, settings.host, settings.port
        )
        self._poller = zmq.Poller()
        self._poller.register(self._publisher.socket, zmq.POLLIN)
        self._poller.register(self._responder.socket, zmq.POLLIN)
        self._poller.register(self._publisher.connections.socket, zmq.POLLIN)
        self._poller.register(self._responder.connections.socket, zmq.POLLIN)
        self._poller.register(gate.socket, zmq.POLLIN)
        self._keys_due = False
        self._port_lost: BindError | None = None
        self._stopping = False
        self._started = self._since = self._clock.now()
        self._pacer = Pacer(self._rate, self._started.mono_ns)
        self._attach_due = self._report_due = 0
        self._tick = 0
        self._turns = self._missed = self._published = self._rereads = self._torn = 0
        self._lateness = Lateness()
        self.newest_status: Status | None = None
        self._history: deque[tuple[int, int]] = deque(maxlen=RATE_WINDOW)

    def stop(self) -> None:
        """End the loop soon; may be called from a signal handler."""
        self._stopping = True

    def reload_keys(self) -> None:
        """Read the keys again soon; may be called from a signal handler."""
        self._keys_due = True

    def serve(self) -> None:
        """
        Run the loop until it is stopped.

        Raises:
            BindError: The port was lost while subscribers were disconnected whose keys were removed.
        """
        gc.collect()
        gc.freeze()  # what start-up made stays: the collector need not walk it again
        self._pacer = Pacer(self._rate, self._clock.mono_ns())
        while not self._stopping:
            self._turn(self._clock.now())
            self._answer_until_due()
        self._supervisor.stopping()
        self._report(self._clock.now())
        self._source.detach()
        if self._port_lost is not None:
            raise self._port_lost

    def close(self) -> None:
        """Close the sockets; what was sent has 200 ms to leave."""
        self._publisher.connections.close()
        self._responder.connections.close()
        self._publisher.socket.close()
        self._responder.socket.close()
        self._gate.socket.close()

    def _turn(self, stamp: Stamp) -> None:
        """Do what is due at one tick."""
        self._lateness.take(stamp.mono_ns - self._pacer.deadline_ns)
        skipped = self._pacer.take(stamp.mono_ns)
        self._missed += skipped
        self._tick += 1 + skipped
        self._turns += 1
        if stamp.mono_ns >= self._attach_due:
            self._attach_due = stamp.mono_ns + ATTACH_EVERY_NS
            self._attach()
        changed = self._sample(stamp)
        if changed or stamp.mono_ns >= self._report_due:
            self._report_due = stamp.mono_ns + REPORT_EVERY_NS
            self._report(stamp)

    def _answer_until_due(self) -> None:
        """Answer requests until the next tick is due; look at the sockets at least once."""
        mono_ns = self._clock.mono_ns
        while True:
            self._supervisor.beat(mono_ns())
            left_ns = self._pacer.deadline_ns - mono_ns()
            wait_ms = min(LONGEST_POLL_MS, max(0, (left_ns - POLL_MARGIN_NS) // 1_000_000))
            if self._poller.poll(wait_ms):
                self._gate.connections = self._publisher.connections.follow() + self._responder.connections.follow()
                while self._answer() and mono_ns() < self._pacer.deadline_ns - ANSWER_MARGIN_NS:
                    pass
            if self._keys_due and self._gate.keyring is not None:
                self._read_keys(self._gate.keyring)
            left_ns = self._pacer.deadline_ns - mono_ns()  # a request may have changed the rate
            if left_ns <= 0 or self._stopping:
                return
            if left_ns <= POLL_MARGIN_NS + 1_000_000:
                time.sleep(left_ns * 1e-9)
                return

    def _answer(self) -> bool:
        """Answer one request and one question of who may connect, and return whether there was any."""
        asked = self._gate.answer()
        return self._responder.answer(self._clock.mono_ns() * 1e-9) or asked

    def _read_keys(self, keyring: Keyring) -> None:
        """Read again who may connect; disconnect the subscribers if one of them no longer may."""
        self._keys_due = False
        if not keyring.reload():
            return
        self._poller.unregister(self._publisher.socket)
        self._poller.unregister(self._publisher.connections.socket)
        try:
            self._publisher.disconnect_all()
        except BindError as error:
            self._port_lost = error
            self.stop()
        self._poller.register(self._publisher.connections.socket, zmq.POLLIN)
        self._poller.register(self._publisher.socket, zmq.POLLIN)

    def _attach(self) -> None:
        """Look for the pages; let go of them first if nothing moves, since a handle keeps a dead session alive."""
        if not self._liveness.state.flows:
            self._source.detach()
        before, self._problem = self._problem, self._source.attach()
        if self._problem is not None and self._problem != before:
            self._log.info("waiting_for_sim", detail=self._problem)

    def _sample(self, stamp: Stamp) -> bool:
        """Read the pages, publish what they hold, and return whether the sim's state changed."""
        reading = read_stable(self._source.read, self._pause)
        self._rereads += reading.rereads
        if reading.torn:
            self._torn += 1
            return False
        if reading.pages is None and self._problem is None:
            self._attach()  # they vanished: find out why
        before = self._liveness.state
        state = self._liveness.update(reading.pages, stamp.mono_ns * 1e-9)
        if state.flows and reading.pages is not None:
            for message in self._sampler.tick(reading.pages, self._tick, stamp):
                self._publisher.send(message)
            self._published += 1
        elif state is not before:
            for event in self._sampler.rest(state):
                self._publisher.send(self._sampler.record(event, self._tick, stamp))
        if state is before:
            return False
        self._since = stamp
        self._log.info("sim_state_changed", state=state, before=before, detail=self._detail())
        return True

    def _pause(self) -> None:
        end_ns = self._clock.mono_ns() + COPY_GAP_NS
        while self._clock.mono_ns() < end_ns:
            pass

    def _report(self, stamp: Stamp) -> None:
        """Publish status, and static again for whoever came late."""
        step = self._clock.follow_wall()
        if step:
            self._log.warning("clock_set", seconds=round(step, 3))
        self._history.append((stamp.mono_ns, self._turns))
        self._lateness.turn()
        self.newest_status = self._status(stamp)
        self._supervisor.status(self._liveness.state, self._detail())
        self._publisher.send(self._sampler.record(self.newest_status, self._tick, stamp))
        if self._liveness.state.flows:
            self._publisher.send(self._sampler.static(self._tick, stamp))

    def _detail(self) -> str | None:
        return self._problem or self._liveness.detail

    def _status(self, stamp: Stamp) -> Status:
        late = self._lateness.summary()
        return Status(
            version=self._version,
            source=self._settings.source,
            sim_state=self._liveness.state.value,
            sim_state_since=self._since.timestamp,
            sim_detail=self._detail(),
            sim_sessions=self._liveness.sessions,
            uptime_s=(stamp.mono_ns - self._started.mono_ns) * 1e-9,
            rate=self._rate,
            rate_kept=self._rate_kept(),
            ticks=self._turns,
            missed_ticks=self._missed,
            published_ticks=self._published,
            reread_pages=self._rereads,
            torn_ticks=self._torn,
            late_p50=late and late.p50,
            late_p99=late and late.p99,
            late_max=late and late.largest,
            connections=self._publisher.connections.count,
            sent_bytes=self._publisher.sent_bytes,
            physics_frames=self._publisher.sent("physics"),
            graphics_frames=self._publisher.sent("graphics"),
            derived_frames=self._publisher.sent("derived"),
            static_frames=self._publisher.sent("static"),
            status_frames=self._publisher.sent("status"),
            event_frames=self._publisher.sent("event"),
            insecure=self._settings.exposed and self._gate.keyring is None,
            requests=self._responder.answered,
            refused_requests=self._responder.refused,
        )

    def _rate_kept(self) -> float | None:
        if len(self._history) < 2:  # noqa: PLR2004  a rate takes two
            return None
        (first_ns, first), (last_ns, last) = self._history[0], self._history[-1]
        return (last - first) * 1e9 / (last_ns - first_ns) if last_ns > first_ns else None

    def _handlers(self) -> Mapping[str, Handler]:
        return {
            "hello": self._hello,
            "status": self._status_now,
            "schema": _schema,
            "static": self._static,
            "latest": self._latest,
            "thresholds": self._thresholds,
            "set_rate": self._set_rate,
            "set_thresholds": self._set_thresholds,
            "mark": self._mark,
            "reload_keys": self._reload_keys,
            "shutdown": self._shutdown,
        }

    def _hello(self, _: Request) -> Mapping[str, Any]:
        return {
            "version": self._version,
            "wire": wire.WIRE_VERSION,
            "run": self.run,
            "rate": self._rate,
            "source": self._settings.source,
            "sim_state": self._liveness.state.value,
            "topic_prefix": self._settings.topic_prefix,
            "topics": {
                topic.name: {"fingerprint": topic.record.fingerprint(), "cadence": topic.cadence} for topic in TOPICS
            },
            "thresholds": self._sampler.thresholds.values(),
        }

    def _status_now(self, _: Request) -> Mapping[str, Any]:
        return vars(self._status(self._clock.now()))

    def _latest(self, _: Request) -> Mapping[str, Any]:
        return {"frames": {topic: wire.decode_map(frame) for topic, frame in self._publisher.newest.items()}}

    def _static(self, _: Request) -> Mapping[str, Any]:
        newest = self._publisher.newest.get(Static.topic)
        if newest is None:
            raise RequestRefused("static", control.UNAVAILABLE, "no session has run yet; start one in the sim")
        return vars(wire.decode(newest, Static).record)

    def _set_rate(self, request: Request) -> Mapping[str, Any]:
        if request.arguments["rate"] == self._rate:
            return {"rate": self._rate}
        self._rate = request.arguments["rate"]
        self._pacer = Pacer(self._rate, self._clock.mono_ns())
        self._history.clear()
        self._log.info("rate_changed", rate=self._rate)
        return {"rate": self._rate}

    def _thresholds(self, _: Request) -> Mapping[str, Any]:
        values = self._sampler.thresholds.values()
        return {"thresholds": {name: {"value": values[name], **rule._asdict()} for name, rule in RULES.items()}}

    def _set_thresholds(self, request: Request) -> Mapping[str, Any]:
        try:
            event = self._sampler.change(request.arguments["thresholds"])
        except ValueError as error:  # two of them contradict each other
            raise RequestRefused("set_thresholds", control.BAD_ARGUMENT, str(error)) from error
        self._publisher.send(self._sampler.record(event, self._tick, self._clock.now()))
        self._log.info("thresholds_changed", thresholds=event.text)
        return {"thresholds": self._sampler.thresholds.values()}

    def _mark(self, request: Request) -> Mapping[str, Any]:
        event = self._sampler.mark(request.arguments["text"])
        stamp = self._clock.now()
        self._publisher.send(self._sampler.record(event, self._tick, stamp))
        return {"tick": self._tick, "timestamp": stamp.timestamp}

    def _reload_keys(self, _: Request) -> Mapping[str, Any]:
        keyring = self._gate.keyring
        if keyring is None:
            raise RequestRefused("reload_keys", control.FORBIDDEN, "start the daemon with --keys to have any")
        self._read_keys(keyring)
        return {"clients": keyring.roles, "problems": keyring.problems}

    def _shutdown(self, _: Request) -> Mapping[str, Any]:
        if not self._settings.allow_shutdown:
            raise RequestRefused("shutdown", control.FORBIDDEN, "start the daemon with --allow-shutdown to allow this")
        self._log.info("shutdown_requested")
        self.stop()
        return {}


def _queue(rate: float) -> int:
    """Return one second of frames: what may wait for a slow subscriber."""
    return max(MIN_QUEUE, round(rate * len(EVERY_TICK)))


def _schema(_: Request) -> Mapping[str, Any]:
    return {"wire": wire.WIRE_VERSION, "topics": {topic.name: topic.record.json_schema() for topic in TOPICS}}
