"""
The daemon's status for Prometheus, at ``/metrics`` of a port of its own (extra ``metrics``).

The HTTP server is prometheus_client's and has a thread of its own; it reads the newest status record, which the loop
replaces once a second, and the counters of frames, and touches nothing else.
"""

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from acbridge.schema import BOOL, FLOAT64, INT64
from acbridge.status import SimState, Status
from acbridge_daemon.report import Report

COUNTERS = frozenset(
    column.name
    for column in Status.columns
    if column.kind is INT64 and column.name not in ("sim_sessions", "connections")
)
"""Numbers of the status record that only grow while the daemon lives."""


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
    start_http_server(port, addr=address, registry=registry)
