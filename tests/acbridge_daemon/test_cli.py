"""The daemon as its user sees it: options, exit codes, signals and printed lines."""

import json
import signal
import socket
import time
from collections.abc import Generator
from contextlib import contextmanager
from importlib.metadata import version

import pytest
import zmq

from acbridge import Physics, Static, connect
from programs import PATIENCE_S, Daemon, Program, until

UNAVAILABLE = 69
NOT_OURS = "192.0.2.1"
"""An address reserved for documentation, which no machine has."""


def run(*arguments: str, **env: str) -> Program:
    """Run the daemon until it ends by itself."""
    with Program("acbridge_daemon", *arguments, env=env) as program:
        program.wait()
        return program


@contextmanager
def taken_port() -> Generator[int]:
    """Take a port whose lower neighbour is free, and yield it."""
    while True:
        with socket.create_server(("127.0.0.1", 0)) as held:
            port = held.getsockname()[1]
            try:
                socket.create_server(("127.0.0.1", port - 1)).close()
            except OSError:
                continue
            yield port
            return


def test_help_shows_examples() -> None:
    program = run("--help")
    text = "\n".join(program.out)
    assert 0 == program.process.returncode
    assert "Examples:" in text
    assert "acbridge-daemon --rate 30 " in text
    assert "ACBRIDGE_RATE=30" in text
    for option in ("--rate", "--source", "--bind", "--port", "--names", "--keys", "--insecure", "--allow-shutdown"):
        assert option in text


def test_version_is_one_line_with_wire_and_libraries() -> None:
    program = run("--version")
    assert 0 == program.process.returncode
    (line,) = program.out
    assert line.startswith(f"acbridge-daemon {version('acbridge')} ")
    assert "wire 1" in line
    assert f"libzmq {zmq.zmq_version()}" in line


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--rate", "0"), "1 to 1000"),
        (("--rate", "1e9"), "1 to 1000"),
        (("--rate", "abc"), "'abc' is not a valid float"),
        (("--port", "65535"), "1 to 65534"),
        (("--bind", "nosuchhost"), "such as 127.0.0.1"),
        (("--bind", "0.0.0.0"), "--insecure"),
        (("--bind", "0.0.0.0"), "--keys DIR"),
        (("--source", "replay"), "'live', 'sim'"),
        (("--page-dir", "/nowhere/at/all", "--source", "live"), "/nowhere/at/all is not a directory"),
        (("--speed", "9"), "--speed"),
    ],
)
def test_a_bad_option_ends_with_one_clear_line(arguments: tuple[str, ...], message: str) -> None:
    program = run("--source", "sim", "--port", "0", *arguments)
    assert 2 == program.process.returncode
    (line,) = [line for line in program.err if line.startswith("Error: ")]
    assert message in line
    assert line == program.err[-1]
    assert "Traceback" not in "\n".join(program.err)
    assert [] == program.out


def test_a_bad_environment_ends_like_a_bad_option() -> None:
    program = run("--source", "sim", ACBRIDGE_RATE="0")
    assert 2 == program.process.returncode
    assert "1 to 1000" in program.err[-1]


def test_a_second_daemon_names_the_taken_address_and_does_not_affect_the_first(daemon: Daemon) -> None:
    second = run("--source", "sim", "--port", str(daemon.port))
    assert UNAVAILABLE == second.process.returncode
    (line,) = second.err
    assert f"tcp://127.0.0.1:{daemon.port}:" in line
    assert "taken" in line
    with daemon.connect() as bridge:
        assert daemon.run == bridge.request("hello", timeout=5)["run"]
        assert 0 == bridge.latest(Physics, timeout=5).lost


def test_a_taken_request_port_is_named() -> None:
    with taken_port() as port:
        program = run("--source", "sim", "--port", str(port - 1))
    assert UNAVAILABLE == program.process.returncode
    (line,) = program.err
    assert f"tcp://127.0.0.1:{port}:" in line
    assert "taken" in line


def test_an_address_that_is_not_of_this_machine_is_named() -> None:
    program = run("--source", "sim", "--port", "0", "--bind", NOT_OURS, "--insecure")
    assert UNAVAILABLE == program.process.returncode
    (line,) = program.err
    assert f"tcp://{NOT_OURS}:" in line
    assert "--bind" in line


@pytest.mark.alone
@pytest.mark.parametrize("rate", ["1", "1000"])
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_daemon_cleanly_within_two_seconds(how: signal.Signals, rate: str) -> None:
    with Daemon("--source", "sim", "--rate", rate) as daemon, daemon.connect() as bridge:
        bridge.latest(Physics, timeout=5)
        asked = time.monotonic()
        assert 0 == daemon.end(how)
        assert time.monotonic() - asked < 2
        assert daemon.events("daemon_ended")
        assert "Traceback" not in "\n".join(daemon.err)


def test_options_are_read_from_the_environment() -> None:
    env = {"ACBRIDGE_RATE": "30", "ACBRIDGE_SOURCE": "sim", "ACBRIDGE_PORT": "0"}
    with Program("acbridge_daemon", env=env) as program:
        (started,) = until(lambda: program.events("daemon_started"), "the start")
        assert (30.0, "sim") == (started["rate"], started["source"])
        assert 0 == program.end()


def test_an_option_outweighs_the_environment() -> None:
    with Program(
        "acbridge_daemon", "--rate", "40", "--source", "sim", "--port", "0", env={"ACBRIDGE_RATE": "30"}
    ) as it:
        (started,) = until(lambda: it.events("daemon_started"), "the start")
        assert 40 == started["rate"]


def test_a_topic_prefix_begins_every_topic() -> None:
    with Daemon("--source", "sim", "--topic-prefix", "rig7.") as daemon:
        with zmq.Context() as context, context.socket(zmq.SUB) as sub:
            sub.connect(f"tcp://{daemon.address}")
            sub.subscribe(b"")
            regular = {b"rig7.physics", b"rig7.graphics", b"rig7.derived", b"rig7.static", b"rig7.status"}
            topics: set[bytes] = set()
            while not regular <= topics:
                assert sub.poll(5000), f"only {topics} came"
                topics.add(sub.recv_multipart()[0])
        assert topics <= regular | {b"rig7.event", b"rig7.controls"}  # which comes when something happens
        with connect(port=daemon.port, topic_prefix="rig7.") as bridge:
            assert bridge.latest(Physics, timeout=5).record.speedKmh > 0
            assert "rig7." == bridge.request("hello", timeout=5)["topic_prefix"]


@pytest.mark.parametrize(("flags", "name"), [((), ""), (("--names",), "Stand-in")])
def test_names_are_published_only_when_asked_for(flags: tuple[str, ...], name: str) -> None:
    with Daemon("--source", "sim", *flags) as daemon, daemon.connect() as bridge:
        static = bridge.latest(Static, timeout=5).record
        replies = bridge.request("static", timeout=5), bridge.request("latest", timeout=5)["frames"]["static"]
    for said in (vars(static), *replies):
        assert [name] * 3 == [said["playerName"], said["playerSurname"], said["playerNick"]]
        assert "acbridge_stand_in" == said["carModel"]


def test_log_lines_are_json_without_a_terminal() -> None:
    with Daemon("--source", "sim") as daemon:
        daemon.end()
    events = [json.loads(line) for line in daemon.err]
    assert all(event.keys() >= {"event", "level", "timestamp"} for event in events)
    assert ["daemon_started", "daemon_ended"] == [events[0]["event"], events[-1]["event"]]
    assert [] == daemon.out


def test_a_daemon_without_a_stderr_serves_without_a_log() -> None:
    with taken_port() as port:
        pass  # now both of the pair are free
    code = "import sys; sys.stdout = sys.stderr = None; from acbridge_daemon.cli import main; main()"
    with (
        Program("-c", code, "--source", "sim", "--port", str(port - 1)) as program,
        connect(port=port - 1) as bridge,
    ):
        assert bridge.latest(Physics, timeout=PATIENCE_S)
        assert (0, []) == (program.end(), program.err)


def test_an_insecure_daemon_says_so() -> None:
    with Daemon("--source", "sim", "--bind", "0.0.0.0", "--insecure") as daemon:
        (warned,) = until(lambda: daemon.events("anyone_on_the_network_can_listen_and_ask"), "the warning")
        assert ("warning", "0.0.0.0") == (warned["level"], warned["bind"])
        with daemon.connect() as bridge:
            assert "sim" == bridge.request("hello", timeout=5)["source"]
