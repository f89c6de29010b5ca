"""The watch command: a line for every status and every event, for people and for scripts."""

import json
import re
import signal
import time
from pathlib import Path

import pytest

from acbridge import Event, Status
from game import Game
from programs import Daemon, Program, until

UNAVAILABLE = 69
HEADER = {"topic", "run", "tick", "seq", "timestamp", "mono_ns", "lost"}


def watch(daemon: Daemon, *arguments: str) -> Program:
    return Program("acbridge_ctl", "watch", "--connect", daemon.address, *arguments)


def test_every_status_and_event_is_a_line(daemon: Daemon) -> None:
    with watch(daemon) as program:
        program.said("  status  live  ")
        with daemon.connect() as bridge:
            bridge.request("mark", text="a word")
        line = program.said("mark")
        assert re.match(r'\d\d:\d\d:\d\d\.\d{3}  event   mark  packetId=\d+  lap=1  .*text="a word"$', line)
        assert 0 == program.end(signal.SIGINT)
        assert [] == program.err


def test_every_line_of_json_is_a_frame(daemon: Daemon) -> None:
    with watch(daemon, "--json", "--count", "3") as program:
        until(lambda: program.out, "the first line")
        with daemon.connect() as bridge:
            bridge.request("mark", text="a word")
        assert 0 == program.wait()
    frames = [json.loads(line) for line in program.out]
    assert 3 == len(frames)
    for frame in frames:
        record = {"status": Status, "event": Event}[frame["topic"]]
        assert HEADER | {column.name for column in record.columns} == frame.keys()
        assert (daemon.run, 0) == (frame["run"], frame["lost"])
    assert "a word" in [frame["text"] for frame in frames if frame["topic"] == "event"]


def test_a_sim_that_starts_and_stops_is_followed(page_dir: Path) -> None:
    with Daemon("--page-dir", str(page_dir)) as daemon, watch(daemon) as program:
        assert "there is no" in program.said("status  absent")
        with Game(page_dir) as game:
            program.said("status  live")
            game.order("status 0")
            program.said('sim_state_changed  before="live"  after="idle"')
        assert 0 == program.end()


def test_a_watch_is_started_before_the_daemon_and_outlives_it(page_dir: Path) -> None:
    with Daemon("--source", "sim") as daemon:
        port = daemon.port
        assert 0 == daemon.end()
    with Program("acbridge_ctl", "watch", "--connect", f"127.0.0.1:{port}") as program:
        program.said(f"no daemon answers at tcp://127.0.0.1:{port}; waiting for one")
        with Daemon("--source", "sim", port=port) as daemon:
            program.said("status")
            assert 0 == daemon.end()
        until(lambda: len(program.err) == 2, "the second complaint")
        assert 0 == program.end()


def test_the_topic_prefix_selects_a_rig() -> None:
    with (
        Daemon("--source", "sim", "--topic-prefix", "rig7.") as daemon,
        watch(daemon, "--topic-prefix", "rig7.", "--count", "1") as program,
    ):
        assert 0 == program.wait()
        assert 1 == len(program.out)


@pytest.mark.parametrize("limit", [("--duration", "0.5"), ("--duration", "0.5", "--count", "9")], ids=" ".join)
def test_a_limit_without_a_daemon_ends_with_a_code_and_one_line(limit: tuple[str, ...]) -> None:
    with Program("acbridge_ctl", "watch", "--connect", "127.0.0.1:1", *limit) as program:
        assert UNAVAILABLE == program.wait()
    (line,) = program.err
    assert (
        "acbridge-ctl: no daemon was heard at tcp://127.0.0.1:1; start acbridge-daemon or check host and port" == line
    )


def test_a_watch_that_waits_says_that_the_topics_have_a_prefix() -> None:
    with Daemon("--source", "sim", "--topic-prefix", "rig7.") as daemon, watch(daemon) as program:
        program.said("the topics of this daemon begin with rig7., those asked for have none; check --topic-prefix")
        assert UNAVAILABLE == program.end()


@pytest.mark.alone
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_waiting_watch_cleanly_within_two_seconds(how: signal.Signals) -> None:
    with Program("acbridge_ctl", "watch", "--connect", "127.0.0.1:1") as program:
        until(lambda: program.err, "the first line")
        asked = time.monotonic()
        assert UNAVAILABLE == program.end(how)
        assert time.monotonic() - asked < 2
        assert [] == program.out
