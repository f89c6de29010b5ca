"""
The daemon's status for Prometheus, at ``/metrics`` of a port of its own (extra ``metrics``).

The HTTP server has threads of its own; they read the newest status record, which the loop replaces once a second, and
the counters of frames, and touch nothing else. The text is prometheus_client's.
"""

import threading
from collections.abc import Callable, Iterable
from socketserver import ThreadingMixIn
from typing import Any, cast
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from prometheus_client import (
    CollectorRegistry,
    make_wsgi_app,  # pyright: ignore[reportUnknownVariableType]  its result has no type
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from acbridge.address import host_of, is_loopback
from acbridge.schema import BOOL, FLOAT64, INT64
from acbridge.status import SimState, Status
from acbridge_daemon.report import Report

COUNTERS = frozenset(
    column.name
    for column in Status.columns
    if column.kind is INT64 and column.name not in ("sim_sessions", "connections")
)
"""Numbers of the status record that only grow while the daemon lives."""


MOST_CONNECTIONS = 8
"""Scrapes at once; others are refused."""
TIMEOUT_S = 5.0
"""How long a connection may be silent."""


class StatusCollector(Collector):
    """Makes metrics of the daemon's report at each scrape."""

    def __init__(self, report: Report) -> None:
        self._report = report

    def collect(self) -> Iterable[Metric]:
        """Yield a metric for each number of the status record, the frames of each topic, and the sim's state."""
        status = self._report.newest
        if status is None:
            return
        for column in Status.columns:
            value = getattr(status, column.name)
            if value is None or column.kind not in (INT64, FLOAT64, BOOL):
                continue
            name = f"acbridge_{column.name}"
            if column.name in COUNTERS:
                yield CounterMetricFamily(name, column.meaning, value=value)
            else:
                yield GaugeMetricFamily(name, column.meaning, value=float(value), unit="")
        frames = CounterMetricFamily("acbridge_frames", "Frames published on a topic.", labels=["topic"])
        for topic, count in self._report.frames().items():
            frames.add_metric([topic], count)
        yield frames
        state = GaugeMetricFamily("acbridge_sim_state", "1 for the state that the sim is in.", labels=["state"])
        for each in SimState:
            state.add_metric([each.value], float(each.value == status.sim_state))
        yield state


def serve_metrics(port: int, address: str, report: Report) -> None:
    """
    Serve the metrics in a thread of its own that ends with the process.

    Raises:
        OSError: The port is taken.
    """
    registry = CollectorRegistry(auto_describe=False)
    registry.register(StatusCollector(report))
    server = _Server((address, port), _RequestHandler)
    server.set_app(_for_loopback_names(cast("Callable[..., Any]", make_wsgi_app(registry))))
    threading.Thread(target=server.serve_forever, name="acbridge-metrics", daemon=True).start()


def _for_loopback_names(app: Callable[..., Any]) -> Callable[..., Any]:
    """Return an application that refuses requests for another host: a web page may have its name lead to us."""

    def checked(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if is_loopback(host_of(environ.get("HTTP_HOST", ""))):
            return app(environ, start_response)
        start_response("403 Forbidden", [("Content-Type", "text/plain")])
        return [b"metrics are served to this machine only: use http://127.0.0.1\n"]

    return checked


class _RequestHandler(WSGIRequestHandler):
    timeout = TIMEOUT_S  # pyright: ignore[reportAssignmentType]  # seconds, as for a socket

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  as its base class names it
        """Log nothing: the daemon's log has no line for each scrape."""


class _Server(ThreadingMixIn, WSGIServer):
    """Serves a few connections at once, each in a thread."""

    daemon_threads = True

    def __init__(self, *arguments: Any) -> None:
        self._free = threading.BoundedSemaphore(MOST_CONNECTIONS)
        super().__init__(*arguments)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Start a thread for a connection, unless there are too many."""
        if self._free.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve a connection."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Log nothing of a client that hangs up."""
