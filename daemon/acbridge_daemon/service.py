"""
The composition root and the loop of the daemon: pace, sample, derive, publish, answer.

One thread owns the loop and all sockets. A sim that does not run is a state, not an error: the loop goes on.
"""

import gc
import secrets
import select
import sys
import time
from collections.abc import Iterator
from typing import Any

import structlog
import zmq

from acbridge.errors import DecodeError, shown
from acbridge.pages import AC1
from acbridge.recording.page_log.rows import NoteKind, Row, RowKind, read_note
from acbridge.requests import check_mark, check_rate, check_thresholds
from acbridge.sources import PageSource
from acbridge.topics import FRAMES_PER_TICK, REPEAT_S
from acbridge.wire import Stamp
from acbridge_daemon import logs
from acbridge_daemon.answers import Answers
from acbridge_daemon.clock import Clock
from acbridge_daemon.controls.backend import BackEnd
from acbridge_daemon.controls.calibration_file import CalibrationFile
from acbridge_daemon.controls.driving import NEUTRALS, Driving
from acbridge_daemon.crash import Sample
from acbridge_daemon.ingest import Ingest
from acbridge_daemon.memory import Memory
from acbridge_daemon.pacer import Pacer
from acbridge_daemon.publisher import Publisher
from acbridge_daemon.recorder import Daemon, Recorder
from acbridge_daemon.replay import Replay
from acbridge_daemon.report import Report
from acbridge_daemon.responder import RequestCounts, Responder
from acbridge_daemon.sampler import Sampler
from acbridge_daemon.sd_notify import ServiceNotifier
from acbridge_daemon.security import ZapHandler
from acbridge_daemon.settings import Settings
from acbridge_daemon.sockets import BindError, bind_pair

REPORT_EVERY_NS = round(REPEAT_S * 1e9)
POLL_MARGIN_NS = 1_500_000
"""The last part of a wait is slept, because a poll counts in milliseconds and sleep is exact."""
LAST_PART_NS = POLL_MARGIN_NS + 1_000_000
ANSWER_MARGIN_NS = 400_000
"""No request is answered later than this before the next tick: to apply a command takes so long."""
LONGEST_POLL_MS = 100
"""Longest poll, and so the longest wait of a signal: Windows cannot interrupt a poll."""
MIN_QUEUE = 64


class Service:
    """
    One life of the daemon.

    Attributes:
        report: Its measurements of itself.
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
        backend: BackEnd | None = None,
        calibration_file: CalibrationFile | None = None,
    ) -> None:
        """
        Bind both sockets; the ZAP handler decides who may connect, the back-end moves the car, corrected by the file.

        Raises:
            BindError: An address cannot be used.
            NotARecording: The file of the recording holds something else.
            OSError: It cannot be written.
        """
        run = secrets.randbits(32)
        counts = RequestCounts()
        self._clock = clock
        self._log = structlog.get_logger()
        self._zap = zap
        self._notifier = notifier
        self._publisher = Publisher(context, settings.topic_prefix, _queue(settings.rate), zap)
        sampler = Sampler(AC1, run, settings.thresholds, names=settings.names)
        self._replay = source if isinstance(source, Replay) else None
        reading = None if self._replay is None else self._replay.reading
        self._ingest = Ingest(source, sampler, self._publisher, clock, reading)
        self._driving = Driving(backend, NEUTRALS[settings.neutral], clock, self._ingest, calibration_file)
        self.report = Report(run, version, settings, self._ingest, self._driving, self._publisher, counts)
        answers = Answers(
            settings,
            self.report,
            self._ingest,
            self._publisher,
            clock,
            zap.keyring,
            self._driving,
            set_rate=self.set_rate,
            read_keys=self.read_keys,
            stop=self.stop,
        )
        self._responder = Responder(context, answers.table(), zap, counts)
        self.frames_endpoint, self.requests_endpoint = bind_pair(
            self._publisher.socket, self._responder.socket, settings.host, settings.port
        )
        if settings.record is not None:
            daemon = Daemon(run, version, settings.source)
            self._ingest.recorder = Recorder(settings.record, AC1, daemon, settings.rate, lambda: sampler.thresholds)
        self._poller = zmq.Poller()
        self._poller.register(self._publisher.socket, zmq.POLLIN)
        self._poller.register(self._responder.socket, zmq.POLLIN)
        self._poller.register(self._publisher.connections.socket, zmq.POLLIN)
        self._poller.register(self._responder.connections.socket, zmq.POLLIN)
        self._poller.register(zap.socket, zmq.POLLIN)
        self._keys_due = False
        self._port_lost: BindError | None = None
        self._stopping = False
        self._pacer: Pacer | Replay = self._replay or Pacer(settings.rate, clock.mono_ns())
        self._report_due = 0
        self._tick = 0
        self._memory = Memory()

    def stop(self) -> None:
        """End the loop soon; may be called from a signal handler."""
        self._stopping = True

    def reload_keys(self) -> None:
        """Read the keys again soon; may be called from a signal handler."""
        self._keys_due = True

    def set_rate(self, rate: float) -> None:
        """Keep another rate from now on."""
        self._pacer = Pacer(rate, self._clock.mono_ns())
        self.report.change_rate(rate)
        self._ingest.change_rate(rate, self._clock.now())

    def serve(self) -> None:
        """
        Run the loop until it is stopped.

        Raises:
            BindError: A port was lost while peers were disconnected.
        """
        gc.collect()
        gc.freeze()  # objects made at start-up stay, so the collector need not visit them again
        self._memory.measure()
        if self._replay is None:
            self._pacer = Pacer(self.report.rate, self._clock.mono_ns())
        while not self._stopping:
            self._step(self._clock.now())
            self._answer_until_due()
        self._notifier.stopping()
        self._driving.close()
        self._ingest.close()
        if self._port_lost is not None:
            raise self._port_lost
        self._publish_status(self._clock.now())

    def crash_samples(self) -> Iterator[Sample]:
        """Yield the last pages, for the file of a crash."""
        return self._ingest.last_pages.samples()

    def close(self) -> None:
        """Close the sockets; messages already sent have 200 ms to leave."""
        self._publisher.close()
        self._responder.close()
        self._zap.socket.close()

    def _step(self, stamp: Stamp) -> None:
        """Do what is due at one tick."""
        late_ns = stamp.mono_ns - self._pacer.deadline_ns
        skipped = self._pacer.take(stamp.mono_ns)
        self.report.tick(late_ns, skipped)
        if self._replay is not None:
            self._turn(self._replay, stamp)
            return
        self._tick += 1 + skipped
        changed = self._ingest.step(self._tick, stamp)
        self._driving.step(self._tick, stamp)
        if changed or stamp.mono_ns >= self._report_due:
            self._report_due = stamp.mono_ns + REPORT_EVERY_NS
            self._publish_status(stamp)

    def _turn(self, replay: Replay, now: Stamp) -> None:
        """Do at the turn of a recorded row what was done live; the logic goes by the row's time."""
        row = replay.row
        said = row.stamp if replay.recorded_stamps else now
        if replay.restarted:
            self._ingest.restart(replay.thresholds(), row.stamp, said)
            self.report.change_rate(replay.rate())
        if row.kind is RowKind.NOTE:
            self._repeat_note(row, said, quiet=replay.seeking)
            return
        seeking = replay.seeking
        changed = self._ingest.step(row.tick, row.stamp, said, from_lap=replay.from_lap if seeking else 0)
        replay.reached(self._ingest.sampler.lap)
        if seeking is not replay.seeking or changed or row.stamp.mono_ns >= self._report_due:
            self._report_due = row.stamp.mono_ns + REPORT_EVERY_NS
            if not replay.seeking:
                self._publish_status(said)
        if replay.ended:
            self.stop()

    def _repeat_note(self, row: Row, stamp: Stamp, *, quiet: bool) -> None:
        """Do what a recorded daemon was asked for between two ticks; publish nothing of it if it is to be quiet."""
        values = read_note(row)
        kind = values.get("note")
        try:
            if kind == NoteKind.MARK:
                text = check_mark(values["text"])
                if not quiet:
                    self._ingest.mark(text, stamp)
            elif kind == NoteKind.THRESHOLDS and quiet:
                self._ingest.sampler.change(check_thresholds(values["values"]))
            elif kind == NoteKind.THRESHOLDS:
                self._ingest.change_thresholds(check_thresholds(values["values"]), stamp)
            elif kind == NoteKind.RATE:
                self.report.change_rate(check_rate(values["rate"]))
        except (ValueError, KeyError) as error:
            raise DecodeError(f"a recorded note about {shown(kind)} cannot be: {error}") from error

    def _answer_until_due(self) -> None:
        """Answer requests until the next tick is due; poll the sockets, and answer one request, at least once."""
        mono_ns = self._clock.mono_ns
        while True:
            self._notifier.keep_alive(mono_ns())
            if self._memory.watch(mono_ns()):
                self._disconnect_all()
            self._driving.wake(mono_ns())
            left_ns = self._next_due_ns() - mono_ns()
            wait_ms = min(LONGEST_POLL_MS, max(0, (left_ns - POLL_MARGIN_NS) // 1_000_000))
            if ready := self._poller.poll(wait_ms):
                self._serve(ready)
            if self._keys_due:
                self.read_keys()
            left_ns = self._pacer.deadline_ns - mono_ns()  # a request may have changed the rate
            if left_ns <= 0 or self._stopping:
                return
            if self._driving.held and sys.platform != "win32":
                self._answer_exactly()
                if mono_ns() >= self._pacer.deadline_ns:
                    return
            elif left_ns <= LAST_PART_NS:
                time.sleep(left_ns * 1e-9)
                return

    def _serve(self, ready: list[tuple[Any, int]]) -> None:
        """Answer the waiting requests while there is time, at least one; then see who came, left and subscribed."""
        while self._answer() and self._clock.mono_ns() < self._pacer.deadline_ns - ANSWER_MARGIN_NS:
            pass
        self._zap.connections = self._publisher.connections.follow() + self._responder.connections.follow()
        if self._publisher.settling or (self._publisher.socket, zmq.POLLIN) in ready:
            self._publisher.listen()

    def _next_due_ns(self) -> int:
        """Return when the loop must do something: the next tick, or before it the end of a command or a lease."""
        due_ns = self._driving.deadline_ns
        return self._pacer.deadline_ns if due_ns is None else min(due_ns, self._pacer.deadline_ns)

    def _answer_exactly(self) -> None:
        """
        In the last part of a wait, answer requests until something is due: a command must not wait for a tick.

        A request that comes too late to be answered in time waits for the next tick, which begins punctually.
        """
        mono_ns = self._clock.mono_ns
        while 0 < (left_ns := self._next_due_ns() - (now_ns := mono_ns())) <= LAST_PART_NS and not self._stopping:
            if now_ns > self._pacer.deadline_ns - ANSWER_MARGIN_NS:
                time.sleep(left_ns * 1e-9)
            elif not self._responder.answer(now_ns * 1e-9):
                # The descriptor is readable when something has happened to the socket since it was found empty.
                select.select([self._responder.descriptor], [], [], left_ns * 1e-9)

    def _answer(self) -> bool:
        """Answer one request and one ZAP request; return whether there was any."""
        answered = self._responder.answer(self._clock.mono_ns() * 1e-9)
        return (not self._publisher.settling and self._zap.answer()) or answered

    def read_keys(self) -> None:
        """Read the keys again; disconnect all subscribers if one key was removed, so that its owner cannot stay."""
        self._keys_due = False
        if self._zap.keyring is None or not self._zap.keyring.reload():
            return
        self._reopen(self._publisher)

    def _disconnect_all(self) -> None:
        """Disconnect all peers, since they use too much memory: one of them sends a message without end."""
        self.report.memory_guards += 1
        self._log.error("memory_guard", detail="a peer filled the memory; all were disconnected and may come back")
        self._reopen(self._publisher)
        self._reopen(self._responder)

    def _reopen(self, port: Publisher | Responder) -> None:
        """Disconnect the peers of a port; end soon if the port is lost."""
        self._poller.unregister(port.socket)
        self._poller.unregister(port.connections.socket)
        try:
            port.disconnect_all()
        except BindError as error:
            self._port_lost = error
            self.stop()
        else:
            self._poller.register(port.connections.socket, zmq.POLLIN)
            self._poller.register(port.socket, zmq.POLLIN)

    def _publish_status(self, stamp: Stamp) -> None:
        """Publish status, and static again for subscribers that came late."""
        step = self._clock.follow_wall()
        if step:
            self._log.warning("clock_set", seconds=round(step, 3))
        logs.log_unlogged()
        status = self.report.second(stamp)
        self._notifier.status(status.sim_state, status.sim_detail)
        self._ingest.publish(status, stamp)
        self._ingest.repeat_static(stamp)


def _queue(rate: float) -> int:
    """Return the number of frames of one second, which may wait for a slow subscriber."""
    return max(MIN_QUEUE, round(rate * FRAMES_PER_TICK))
