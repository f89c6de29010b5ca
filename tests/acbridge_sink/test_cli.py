"""The sinks as their user meets them: options, limits, help and exit codes."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest

from keyring import Keyring
from programs import Daemon, Program, Sink, until

USAGE = 2
CONFIG, DATA, IO = 78, 65, 74


@pytest.fixture(scope="module")
def daemon() -> Iterator[Daemon]:
    """Run one daemon for all tests here: each must leave it well."""
    with Daemon("--source", "sim") as running:
        yield running


def run(*arguments: str, **env: str) -> Program:
    """Run a sink until it ends by itself."""
    with Program("acbridge_sink", *arguments, env=env) as program:
        program.wait()
        return program


@pytest.mark.parametrize(
    ("command", "expected"),
    [((), "acbridge-sink console"), (("console",), "--connect"), (("jsonl",), "PATH")],
    ids=["group", "console", "jsonl"],
)
def test_help_explains_the_group_and_every_sink(command: tuple[str, ...], expected: str) -> None:
    program = run(*command, "--help")
    assert (0, []) == (program.process.returncode, program.err)
    assert expected in "\n".join(program.out)


def test_help_shows_examples_and_every_sink() -> None:
    text = "\n".join(run("--help").out)
    assert "Examples:" in text
    assert "acbridge-sink jsonl evening.jsonl --duration 600" in text
    assert "Show the car live; print ten lines a second if" in text
    assert "Record every tick as a line of JSON in PATH." in text


OPTIONS = {
    *("connect", "topic-prefix", "key", "server-key", "from", "speed", "loop"),
    *("topic", "field", "max-rate", "count", "duration"),
}
SELECTION = {"topic", "field", "max-rate"}


@pytest.mark.parametrize(
    ("kind", "without"),
    [("console", SELECTION), ("jsonl", {"speed", "loop"}), ("ws", {*SELECTION, "count"})],
)
def test_every_sink_shows_the_options_that_it_takes(kind: str, without: set[str]) -> None:
    text = "\n".join(run(kind, "--help").out)
    assert without == {option for option in OPTIONS if f"--{option} " not in text}


def test_version_is_one_line() -> None:
    (line,) = run("--version").out
    assert version("acbridge") in line


@pytest.mark.parametrize(
    "address",
    [
        "",
        ":5555",
        "localhost:",
        "localhost:abc",
        "localhost:0",
        "localhost:65535",
        "localhost:-1",
        "::1",
        "a b",
        "x!:80",
    ],
)
def test_an_address_that_is_none_ends_with_a_hint(address: str) -> None:
    program = run("console", "--connect", address, "--duration", "0.3")
    assert USAGE == program.process.returncode
    assert "HOST or HOST:PORT, such as 192.168.1.20:5555" in program.err[-1]
    assert "Traceback" not in "\n".join(program.err)


@pytest.mark.parametrize(
    "arguments",
    [
        ("console", "--connect", "..."),
        ("console", "--count", "0"),
        ("console", "--duration", "0"),
        ("console", "--duration", "-1"),
        ("console", "--count", "many"),
        ("jsonl",),
        ("websocket",),
        ("console", "--key", "me.key_secret"),
        ("console", "--server-key", "server.key"),
        ("console", "--topic", "physics"),
        ("console", "--speed", "2"),
        ("ws", "--loop"),
        ("ws", "--from", "a.jsonl", "--connect", "localhost"),
        ("ws", "--from", "a.jsonl", "--speed", "0"),
    ],
    ids=" ".join,
)
def test_a_bad_option_ends_with_one_clear_line(arguments: tuple[str, ...]) -> None:
    program = run(*arguments)
    assert USAGE == program.process.returncode
    assert program.err[-1].startswith("Error: ")
    assert "Traceback" not in "\n".join(program.err)


def test_a_count_ends_the_sink_after_exactly_so_many_ticks(daemon: Daemon, tmp_path: Path) -> None:
    path = tmp_path / "drive.jsonl"
    with Sink(daemon, "jsonl", str(path), "--count", "9") as sink:
        assert 0 == sink.wait()
    assert 9 == sum(line.startswith(b'{"tick"') for line in path.read_bytes().splitlines())


def test_a_duration_ends_the_sink(daemon: Daemon) -> None:
    begun = time.monotonic()
    with Sink(daemon, "console", "--duration", "0.7") as sink:
        assert 0 == sink.wait()
    assert time.monotonic() - begun >= 0.7


def test_the_first_limit_that_is_reached_ends_the_sink(daemon: Daemon) -> None:
    with Sink(daemon, "console", "--duration", "3600", "--count", "2") as sink:
        assert 0 == sink.wait()


def test_the_address_is_taken_from_the_environment(daemon: Daemon) -> None:
    program = run("console", "--count", "1", ACBRIDGE_CONNECT=daemon.address)
    assert 0 == program.process.returncode
    assert "km/h" in program.out[-1]


def test_a_topic_prefix_selects_the_rig() -> None:
    with Daemon("--source", "sim", "--topic-prefix", "rig7.") as daemon:
        with Sink(daemon, "console", "--topic-prefix", "rig7.", "--count", "1") as sink:
            assert 0 == sink.wait()
        assert "km/h" in sink.out[-1]


@pytest.fixture(scope="module")
def ring(tmp_path_factory: pytest.TempPathFactory) -> Keyring:
    ring = Keyring(tmp_path_factory.mktemp("ring"))
    ring.add("screen", "observer")
    return ring


def test_a_sink_with_keys_records_from_a_daemon_with_keys(ring: Keyring, tmp_path: Path) -> None:
    path = tmp_path / "drive.jsonl"
    keys = ("--key", str(ring.secret_file("screen")), "--server-key", str(ring.server))
    with Daemon("--source", "sim", "--keys", str(ring.directory)) as daemon:
        with Sink(daemon, "jsonl", str(path), "--count", "9", *keys) as sink:
            assert 0 == sink.wait()
        env = {"ACBRIDGE_KEY": keys[1], "ACBRIDGE_SERVER_KEY": keys[3], "ACBRIDGE_CONNECT": daemon.address}
        assert "km/h" in run("console", "--count", "1", **env).out[-1]
        with Sink(daemon, "console", "--duration", "0.7", "--count", "1") as sink:
            assert 69 == sink.wait()
    assert 1 + 9 == len(path.read_bytes().splitlines())
    assert "km/h" not in "".join(sink.out)  # the one without keys


def test_keys_that_cannot_be_used_end_the_sink_with_one_line(ring: Keyring) -> None:
    program = run("console", "--key", str(ring.public_file("screen")), "--server-key", str(ring.server))
    assert CONFIG == program.process.returncode
    (line,) = program.err
    assert "give screen.key_secret" in line


@pytest.mark.alone
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_waiting_sink_cleanly_within_two_seconds(how: signal.Signals) -> None:
    with Program("acbridge_sink", "console", "--connect", "127.0.0.1:1") as sink:
        until(lambda: sink.out, "the first line")
        asked = time.monotonic()
        assert 69 == sink.end(how)
        assert time.monotonic() - asked < 2
        assert ["acbridge-sink: no daemon was heard at tcp://127.0.0.1:1"] == sink.err


@pytest.mark.parametrize("arguments", [("console",), ("jsonl", "-")], ids=" ".join)
def test_a_closed_stdout_ends_the_sink_with_one_line(daemon: Daemon, arguments: tuple[str, ...]) -> None:
    command = [sys.executable, "-m", "acbridge_sink", *arguments, "--connect", daemon.address]
    done = subprocess.run(
        ["sh", "-c", 'exec "$@" >&-', "sh", *command], stderr=subprocess.PIPE, text=True, check=False, timeout=60
    )
    assert (IO, "acbridge-sink: cannot write: stdout is closed\n") == (done.returncode, done.stderr)


def test_a_recording_needs_no_stdout(daemon: Daemon, tmp_path: Path) -> None:
    path = tmp_path / "drive.jsonl"
    command = [sys.executable, "-m", "acbridge_sink", "jsonl", str(path), "--connect", daemon.address, "--count", "3"]
    assert 0 == subprocess.run(["sh", "-c", 'exec "$@" >&-', "sh", *command], check=False, timeout=60).returncode
    assert path.stat().st_size > 0
