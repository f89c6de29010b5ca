"""Things that differ on Windows and must still work: clocks, the C extension, signals, files."""

import importlib
import signal
import sys
import threading
import time
from itertools import pairwise
from pathlib import Path

import pytest
import zmq

from acbridge.cli import stop_requested
from acbridge.client.silence import explain_silence
from acbridge.keys import Keys, generate_client, generate_server
from acbridge_daemon.clock import Clock

assert sys.platform == "win32"

STEP_S = 0.0156
"""Step of time.time() and time.monotonic() before Python 3.13, seconds."""


def test_msgpack_is_the_compiled_one() -> None:
    assert importlib.import_module("msgpack").Packer.__module__ == "msgpack._cmsgpack"


def test_a_closed_port_is_an_absent_daemon() -> None:
    assert explain_silence("127.0.0.1", 1, keys=False).absent


def test_libzmq_can_encrypt() -> None:
    assert zmq.has("curve")


def test_stamps_are_finer_than_the_wall_clock_of_windows() -> None:
    clock = Clock()
    stamps = [clock.now()]
    while len(stamps) < 200:
        time.sleep(0.001)
        stamps.append(clock.now())
    walls = [after.timestamp - before.timestamp for before, after in pairwise(stamps)]
    steady = [(after.mono_ns - before.mono_ns) * 1e-9 for before, after in pairwise(stamps)]
    assert min(walls) > 0
    assert sorted(walls)[len(walls) // 2] < STEP_S / 2
    assert walls == pytest.approx(steady, abs=1e-5)
    assert stamps[-1].timestamp == pytest.approx(time.time(), abs=4 * STEP_S)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGBREAK])
def test_the_first_ctrl_c_or_ctrl_break_requests_an_end(number: signal.Signals) -> None:
    before = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM, signal.SIGBREAK)}
    try:
        requested = stop_requested()
        assert not requested()
        handler = signal.getsignal(number)
        assert callable(handler)
        handler(number, None)
        assert requested()
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGBREAK])
def test_the_daemon_ends_cleanly_when_its_handler_is_called(
    number: signal.Signals, capfd: pytest.CaptureFixture[str]
) -> None:
    from acbridge_daemon.cli import main

    def press() -> None:
        before = signal.getsignal(number)
        while not callable(handler := signal.getsignal(number)) or handler is before or handler is ours:
            time.sleep(0.01)
        time.sleep(0.2)
        handler(number, None)

    ours = signal.getsignal(number)
    presser = threading.Thread(target=press)
    presser.start()
    with pytest.raises(SystemExit) as ended:
        main(["--source", "sim", "--port", "0"])
    presser.join()
    assert ended.value.code == 0
    logged = capfd.readouterr().err
    assert "daemon_started" in logged


def test_keys_are_made_and_read_where_paths_have_spaces_and_letters(tmp_path: Path) -> None:
    ring = tmp_path / "Schlüssel für die Box — 鍵"
    server = generate_server(ring)
    secret = generate_client(ring, "rig", "operator")
    keys = Keys.load(secret, server)
    assert len(keys.public) == len(keys.secret) == len(keys.server) == 40
