"""The daemon's log when no program reads it, or when it has too many lines."""

import json
import os
import resource
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from fcntl import F_SETPIPE_SZ, fcntl
from pathlib import Path
from typing import Any

import pytest

from acbridge import connect
from programs import PATIENCE_S, Daemon, until

SMALL = 4096
"""Bytes that the pipe holds."""


@pytest.fixture
def full_pipe() -> Iterator[tuple[int, int]]:
    """Make a full pipe; both ends are closed afterwards."""
    reading, writing = os.pipe()
    fcntl(writing, F_SETPIPE_SZ, SMALL)
    os.write(writing, b"\n" * SMALL)
    ends = [reading, writing]
    yield reading, writing
    for end in ends:
        try:
            os.close(end)
        except OSError:
            continue


def free_port() -> int:
    """Return the first of two free ports."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port: int = first.getsockname()[1]
            try:
                second.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port


def start(port: int, log: int) -> "subprocess.Popen[bytes]":
    arguments = ("--port", str(port), "--source", "sim", "--rate", "100")
    return subprocess.Popen([sys.executable, "-m", "acbridge_daemon", *arguments], stdin=subprocess.DEVNULL, stderr=log)


def test_a_log_that_is_not_read_delays_nothing_and_its_losses_are_logged_later(full_pipe: tuple[int, int]) -> None:
    reading, writing = full_pipe
    port = free_port()
    daemon = start(port, writing)
    try:
        with connect(port=port) as bridge:
            first = until(lambda: bridge.status(timeout=PATIENCE_S), "an answer")
            for n in range(20):
                bridge.request("set_rate", rate=100.0 + n)
            until(lambda: bridge.status().published_ticks > first.published_ticks + 100, "a second of ticks")
            assert bridge.status().rate == 119.0
        os.close(writing)  # so that the daemon's end is the last one
        text = b""
        daemon.send_signal(signal.SIGTERM)
        while chunk := os.read(reading, 65536):
            text += chunk
        assert daemon.wait(PATIENCE_S) == 0
    finally:
        daemon.kill()
        daemon.wait()
    events = [json.loads(line) for line in text.decode().splitlines() if line]
    assert ("daemon_started", "daemon_ended") == (events[0]["event"], events[-1]["event"])
    assert changes(events) == 19  # the first is no change


def test_lines_that_find_no_room_are_counted(full_pipe: tuple[int, int]) -> None:
    reading, writing = full_pipe
    talk = (
        "import structlog, time; from acbridge_daemon import logs; logs.configure(); log = structlog.get_logger()\n"
        "for n in range(3000): log.info(f'event_{n}')\n"
        "print('said', flush=True); input()"
    )
    talker = subprocess.Popen(
        [sys.executable, "-c", talk], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=writing, text=True
    )
    os.close(writing)
    try:
        assert talker.stdout is not None
        assert talker.stdout.readline() == "said\n"  # it was not delayed
        text = b""
        while b"log_lines_lost" not in text:
            text += os.read(reading, 65536)
        talker.communicate("\n", timeout=PATIENCE_S)
    finally:
        talker.kill()
        talker.wait()
    events = [json.loads(line) for line in text.decode().splitlines() if line]
    assert events[-1]["event"] == "log_lines_lost"
    assert len(events) - 1 + events[-1]["lines"] == 3000


def test_the_daemon_ends_when_its_log_is_not_read(full_pipe: tuple[int, int]) -> None:
    port = free_port()
    daemon = start(port, full_pipe[1])
    try:
        with connect(port=port) as bridge:
            until(lambda: bridge.status(timeout=PATIENCE_S), "an answer")
        daemon.send_signal(signal.SIGTERM)
        assert daemon.wait(PATIENCE_S) == 0
    finally:
        daemon.kill()
        daemon.wait()


def test_the_daemon_continues_when_the_reader_of_its_log_ends() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    port = free_port()
    daemon = start(port, writing)
    os.close(writing)
    try:
        with connect(port=port) as bridge:
            first = until(lambda: bridge.status(timeout=PATIENCE_S), "an answer")
            until(lambda: bridge.status().published_ticks > first.published_ticks + 100, "a second of ticks")
    finally:
        daemon.terminate()
        assert daemon.wait(PATIENCE_S) == 0


def test_a_log_on_a_disk_that_was_full_continues(tmp_path: Path) -> None:
    path, port = tmp_path / "log", free_port()
    with path.open("ab") as file:
        daemon = start(port, file.fileno())
    try:
        with connect(port=port) as bridge:
            until(lambda: bridge.status(timeout=PATIENCE_S), "an answer")
            until(lambda: b"sim_state_changed" in path.read_bytes(), "the log")
            resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE, (path.stat().st_size + 10, resource.RLIM_INFINITY))
            bridge.request("set_rate", rate=50)
            until(lambda: bridge.status().rate == 50, "the change")
            until(lambda: path.read_bytes()[-11:-10] == b"\n", "half a line")
            resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            bridge.request("set_rate", rate=40)
            until(lambda: b"log_lines_lost" in path.read_bytes(), "the line about the loss")
    finally:
        daemon.terminate()
        assert daemon.wait(PATIENCE_S) == 0
    lines = path.read_bytes().splitlines()
    broken = [line for line in lines if not line.endswith(b"}")]
    assert len(broken) == 1
    events = [json.loads(line) for line in lines if line not in broken]
    assert [50] not in [[event.get("rate")] for event in events]
    assert {"event": "log_lines_lost", "lines": 1}.items() <= events[-2].items()
    assert events[-1]["event"] == "daemon_ended"


def test_events_that_peers_cause_often_are_logged_a_few_times_and_then_counted(daemon: Daemon) -> None:
    with daemon.connect() as bridge:
        for n in range(200):
            bridge.request("set_rate", rate=60.0 + (n + 1) % 2)
    until(lambda: changes(logged(daemon)) == 200, "the number of the others")
    seconds = Counter(event["timestamp"][:19] for event in daemon.events("rate_changed"))
    assert max(seconds.values()) <= 20  # ten in a second that begins with the first


def changes(events: list[dict[str, Any]]) -> int:
    """Return the number of changes of the rate in a log, logged or counted."""
    counts = [event["counts"].get("rate_changed", 0) for event in events if event["event"] == "events_unlogged"]
    return sum(counts) + sum(event["event"] == "rate_changed" for event in events)


def logged(daemon: Daemon) -> list[dict[str, Any]]:
    return [json.loads(line) for line in daemon.err]
