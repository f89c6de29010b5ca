"""What the daemon answers to each request: the table is `Answers.table`, the contract is docs/reference/protocol.md."""

from collections.abc import Callable, Mapping
from typing import Any

import structlog

from acbridge import requests, wire
from acbridge.derived import THRESHOLDS
from acbridge.errors import RequestRefused
from acbridge.pages import Static
from acbridge.requests import Request
from acbridge.topics import TOPICS
from acbridge_daemon.clock import Clock
from acbridge_daemon.controls.driving import Driving
from acbridge_daemon.ingest import Ingest
from acbridge_daemon.publisher import Publisher
from acbridge_daemon.report import Report
from acbridge_daemon.responder import Answer
from acbridge_daemon.security import Keyring
from acbridge_daemon.settings import Settings


class Answers:
    """Carries out requests. What changes the loop itself is done by three functions of the loop."""

    def __init__(
        self,
        settings: Settings,
        report: Report,
        ingest: Ingest,
        publisher: Publisher,
        clock: Clock,
        keyring: Keyring | None,
        driving: Driving,
        *,
        set_rate: Callable[[float], None],
        read_keys: Callable[[], None],
        stop: Callable[[], None],
    ) -> None:
        self._settings = settings
        self._report = report
        self._ingest = ingest
        self._publisher = publisher
        self._clock = clock
        self._keyring = keyring
        self._driving = driving
        self._set_loop_rate = set_rate
        self._read_keys = read_keys
        self._stop = stop
        self._log = structlog.get_logger()

    def table(self) -> Mapping[str, Answer]:
        """Return the method that carries out each request."""
        return {
            "hello": self._hello,
            "status": self._status,
            "schema": _schema,
            "static": self._static,
            "latest": self._latest,
            "thresholds": self._thresholds,
            "set_rate": self._set_rate,
            "set_thresholds": self._set_thresholds,
            "mark": self._mark,
            "reload_keys": self._reload_keys,
            "shutdown": self._shutdown,
            **self._driving.answers(),
        }

    def _hello(self, _: Request) -> Mapping[str, Any]:
        return {
            "version": self._report.version,
            "wire": wire.WIRE_VERSION,
            "run": self._report.run,
            "rate": self._report.rate,
            "source": self._settings.source,
            "sim_state": self._ingest.liveness.state.value,
            "topic_prefix": self._settings.topic_prefix,
            "topics": {
                topic.name: {"fingerprint": topic.record.fingerprint(), "cadence": topic.sent} for topic in TOPICS
            },
            "thresholds": self._ingest.sampler.thresholds.values(),
        }

    def _status(self, _: Request) -> Mapping[str, Any]:
        return {**vars(self._report.status(self._clock.now())), "frames": dict(self._report.frames())}

    def _latest(self, _: Request) -> Mapping[str, Any]:
        return {"frames": {topic: wire.decode_map(frame) for topic, frame in self._publisher.newest.items()}}

    def _static(self, _: Request) -> Mapping[str, Any]:
        newest = self._publisher.newest.get(Static.topic)
        if newest is None:
            raise RequestRefused("static", requests.UNAVAILABLE, "no session has run yet; start one in the sim")
        return vars(wire.decode(newest, Static).record)

    def _thresholds(self, _: Request) -> Mapping[str, Any]:
        values = self._ingest.sampler.thresholds.values()
        return {"thresholds": {name: {"value": values[name], **rule._asdict()} for name, rule in THRESHOLDS.items()}}

    def _set_rate(self, request: Request) -> Mapping[str, Any]:
        if self._settings.replay is not None:
            raise RequestRefused("set_rate", requests.UNAVAILABLE, "a recording sets the rate; see --speed")
        rate = request.arguments["rate"]
        if rate != self._report.rate:
            self._set_loop_rate(rate)
            self._log.info("rate_changed", rate=rate)
        return {"rate": rate}

    def _set_thresholds(self, request: Request) -> Mapping[str, Any]:
        try:
            event = self._ingest.change_thresholds(request.arguments["thresholds"], self._clock.now())
        except ValueError as error:  # two of them contradict each other
            raise RequestRefused("set_thresholds", requests.BAD_ARGUMENT, str(error)) from error
        self._log.info("thresholds_changed", thresholds=event.text)
        return {"thresholds": self._ingest.sampler.thresholds.values()}

    def _mark(self, request: Request) -> Mapping[str, Any]:
        stamp = self._clock.now()
        self._ingest.mark(request.arguments["text"], stamp)
        return {"tick": self._ingest.tick, "timestamp": stamp.timestamp}

    def _reload_keys(self, _: Request) -> Mapping[str, Any]:
        if self._keyring is None:
            raise RequestRefused("reload_keys", requests.FORBIDDEN, "start the daemon with --keys to have keys")
        self._read_keys()
        return {"clients": self._keyring.roles, "problems": self._keyring.problems}

    def _shutdown(self, _: Request) -> Mapping[str, Any]:
        if not self._settings.allow_shutdown:
            raise RequestRefused("shutdown", requests.FORBIDDEN, "start the daemon with --allow-shutdown to allow this")
        self._log.info("shutdown_requested")
        self._stop()
        return {}


def _schema(_: Request) -> Mapping[str, Any]:
    return {"wire": wire.WIRE_VERSION, "topics": {topic.name: topic.record.json_schema() for topic in TOPICS}}
