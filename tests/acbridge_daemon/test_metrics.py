"""The daemon's status for Prometheus."""

import socket
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from http.client import HTTPConnection
from pathlib import Path

import pytest

from acbridge import Status
from acbridge.schema import FLOAT64, INT64
from acbridge.topics import TOPICS
from acbridge_daemon.metrics import MOST_CONNECTIONS
from programs import PATIENCE_S, Daemon, Program, until

WITHOUT_THE_EXTRA = """
import sys
sys.modules["prometheus_client"] = None
from acbridge_daemon.cli import main
main(prog_name="acbridge-daemon", args=["--source", "sim", "--port", "0", "--metrics", sys.argv[1]])
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def scrape(port: int) -> dict[str, float]:
    """Return the samples that the daemon serves, or none while it does not serve."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            text = answer.read().decode()
    except OSError:
        return {}
    lines = [line.rpartition(" ") for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in lines}


@pytest.fixture(scope="module")
def samples() -> dict[str, float]:
    port = free_port()
    with Daemon("--source", "sim", "--metrics", str(port)):
        until(lambda: scrape(port).get("acbridge_rate_kept", 0) > 0, "the first rate")
        return scrape(port)


def test_every_number_of_the_status_is_a_metric(samples: dict[str, float]) -> None:
    for column in Status.columns:
        if column.kind in (INT64, FLOAT64):
            assert f"acbridge_{column.name}" in samples or f"acbridge_{column.name}_total" in samples, column.name


def test_a_number_that_only_grows_is_a_counter(samples: dict[str, float]) -> None:
    assert samples["acbridge_ticks_total"] > 0
    assert 60.0 == samples["acbridge_rate"]
    assert samples["acbridge_connections"] >= 0


def test_frames_are_counted_for_each_topic(samples: dict[str, float]) -> None:
    counts = {topic.name: samples[f'acbridge_frames_total{{topic="{topic.name}"}}'] for topic in TOPICS}
    each_tick = [counts[topic] for topic in ("physics", "graphics", "derived")]
    assert min(each_tick) > 0
    assert max(each_tick) - min(each_tick) <= 1  # a scrape may fall between the frames of a tick
    assert counts["static"] > 0
    assert counts["status"] > 0


def test_the_state_of_the_sim_is_the_one_with_a_1(samples: dict[str, float]) -> None:
    states = {name: value for name, value in samples.items() if name.startswith("acbridge_sim_state{")}
    assert 7 == len(states)
    assert ['acbridge_sim_state{state="live"}'] == [name for name, value in states.items() if value]


def test_a_port_that_is_taken_ends_the_daemon_with_one_line() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        with Program("acbridge_daemon", "--source", "sim", "--port", "0", "--metrics", port) as program:
            assert 69 == program.wait()
    assert f"acbridge-daemon: cannot serve --metrics on port {port}: Address already in use" in program.err


def test_without_the_extra_the_daemon_says_what_to_install() -> None:
    with Program("-c", WITHOUT_THE_EXTRA, str(free_port())) as program:
        assert 78 == program.wait()
    assert "acbridge-daemon: --metrics needs prometheus-client: pip install 'acbridge[metrics]'" in program.err


def test_a_port_that_is_none_is_a_usage_error() -> None:
    with Program("acbridge_daemon", "--source", "sim", "--metrics", "70000") as program:
        assert 2 == program.wait()
    assert any("metrics takes a port from 1 to 65535" in line for line in program.err)


@pytest.fixture(scope="module")
def serving() -> Iterator[tuple[Daemon, int]]:
    port = free_port()
    with Daemon("--source", "sim", "--metrics", str(port)) as daemon:
        until(lambda: scrape(port), "the first status")
        yield daemon, port


@pytest.mark.parametrize(
    ("host", "status"), [("127.0.0.1", 200), ("localhost:9000", 200), ("[::1]", 200), ("evil.example", 403), ("", 403)]
)
def test_a_page_whose_name_leads_here_reads_nothing(serving: tuple[Daemon, int], host: str, status: int) -> None:
    connection = HTTPConnection("127.0.0.1", serving[1], timeout=PATIENCE_S)
    connection.request("GET", "/metrics", headers={"Host": host})
    response = connection.getresponse()
    assert (status, status == 200) == (response.status, b"acbridge_rate" in response.read())
    connection.close()


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks into /proc")
def test_idle_connections_take_few_threads_and_give_them_back(serving: tuple[Daemon, int]) -> None:
    daemon, port = serving
    threads = Path(f"/proc/{daemon.process.pid}/task")
    before = len(list(threads.iterdir()))
    with ExitStack() as idle:
        for _ in range(100):
            idle.enter_context(socket.create_connection(("127.0.0.1", port)))
        until(lambda: len(list(threads.iterdir())) > before, "the first connections")
        assert len(list(threads.iterdir())) <= before + MOST_CONNECTIONS
        until(lambda: scrape(port), "an answer, once the silent connections have ended")
    assert [] == [line for line in daemon.err if "Traceback" in line]
