"""What the daemon answers to each request: the table is `Answers.table`, the contract is docs/reference/protocol.md."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import structlog

from acbridge import requests, wire
from acbridge.derived import THRESHOLDS
from acbridge.errors import RequestRefused
from acbridge.pages import Static
from acbridge.requests import Request
from acbridge.topics import TOPICS
from acbridge_daemon.clock import Clock
from acbridge_daemon.feed import Feed
from acbridge_daemon.publisher import Publisher
from acbridge_daemon.responder import Answer
from acbridge_daemon.settings import Settings

if TYPE_CHECKING:
    from acbridge_daemon.service import Service


class Answers:
    """Carries out requests for a service."""

    def __init__(self, service: "Service", settings: Settings, feed: Feed, publisher: Publisher, clock: Clock) -> None:
        self._service = service
        self._settings = settings
        self._feed = feed
        self._publisher = publisher
        self._clock = clock
        self._log = structlog.get_logger()

    def table(self) -> Mapping[str, Answer]:
        """Return what carries out each request."""
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
        }

    def _hello(self, _: Request) -> Mapping[str, Any]:
        return {
            "version": self._service.version,
            "wire": wire.WIRE_VERSION,
            "run": self._service.run,
            "rate": self._service.rate,
            "source": self._settings.source,
            "sim_state": self._feed.liveness.state.value,
            "topic_prefix": self._settings.topic_prefix,
            "topics": {
                topic.name: {"fingerprint": topic.record.fingerprint(), "cadence": topic.cadence} for topic in TOPICS
            },
            "thresholds": self._feed.sampler.thresholds.values(),
        }

    def _status(self, _: Request) -> Mapping[str, Any]:
        return vars(self._service.status(self._clock.now()))

    def _latest(self, _: Request) -> Mapping[str, Any]:
        return {"frames": {topic: wire.decode_map(frame) for topic, frame in self._publisher.newest.items()}}

    def _static(self, _: Request) -> Mapping[str, Any]:
        newest = self._publisher.newest.get(Static.topic)
        if newest is None:
            raise RequestRefused("static", requests.UNAVAILABLE, "no session has run yet; start one in the sim")
        return vars(wire.decode(newest, Static).record)

    def _thresholds(self, _: Request) -> Mapping[str, Any]:
        values = self._feed.sampler.thresholds.values()
        return {"thresholds": {name: {"value": values[name], **rule._asdict()} for name, rule in THRESHOLDS.items()}}

    def _set_rate(self, request: Request) -> Mapping[str, Any]:
        rate = request.arguments["rate"]
        if rate != self._service.rate:
            self._service.set_rate(rate)
            self._log.info("rate_changed", rate=rate)
        return {"rate": rate}

    def _set_thresholds(self, request: Request) -> Mapping[str, Any]:
        try:
            event = self._feed.sampler.change(request.arguments["thresholds"])
        except ValueError as error:  # two of them contradict each other
            raise RequestRefused("set_thresholds", requests.BAD_ARGUMENT, str(error)) from error
        self._feed.tell(event, self._clock.now())
        self._log.info("thresholds_changed", thresholds=event.text)
        return {"thresholds": self._feed.sampler.thresholds.values()}

    def _mark(self, request: Request) -> Mapping[str, Any]:
        stamp = self._clock.now()
        self._feed.tell(self._feed.sampler.mark(request.arguments["text"]), stamp)
        return {"tick": self._feed.tick, "timestamp": stamp.timestamp}

    def _reload_keys(self, _: Request) -> Mapping[str, Any]:
        keyring = self._service.keyring
        if keyring is None:
            raise RequestRefused("reload_keys", requests.FORBIDDEN, "start the daemon with --keys to have any")
        self._service.read_keys()
        return {"clients": keyring.roles, "problems": keyring.problems}

    def _shutdown(self, _: Request) -> Mapping[str, Any]:
        if not self._settings.allow_shutdown:
            raise RequestRefused("shutdown", requests.FORBIDDEN, "start the daemon with --allow-shutdown to allow this")
        self._log.info("shutdown_requested")
        self._service.stop()
        return {}


def _schema(_: Request) -> Mapping[str, Any]:
    return {"wire": wire.WIRE_VERSION, "topics": {topic.name: topic.record.json_schema() for topic in TOPICS}}
