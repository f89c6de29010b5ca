"""What a supervisor hears from the daemon, over the socket that it would listen on."""

import os
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from acbridge import Bridge, Physics, connect
from acbridge_daemon.supervisor import Supervisor
from game import Game
from programs import PATIENCE_S, Program, until

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="supervisors with a notify socket are Unix's")
BEAT = {"WATCHDOG_USEC": "200000"}


class Listener:
    """The supervisor's end of the socket."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("\0" + address[1:] if address.startswith("@") else address)
        self.socket.settimeout(PATIENCE_S)

    def hear(self) -> str:
        """Return the next state that is told."""
        return self.socket.recv(4096).decode()

    def hear_until(self, wanted: str) -> list[str]:
        """Return everything up to a state that begins with a text, the state included."""
        heard = [self.hear()]
        deadline = time.monotonic() + PATIENCE_S
        while not heard[-1].startswith(wanted):
            assert time.monotonic() < deadline, f"{wanted} was not told"
            heard.append(self.hear())
        return heard

    def silent(self, seconds: float) -> bool:
        """Return whether nothing is told for so long."""
        self.socket.settimeout(seconds)
        try:
            self.hear()
        except TimeoutError:
            return True
        finally:
            self.socket.settimeout(PATIENCE_S)
        return False

    def fill(self) -> None:
        """Leave no room for anything to be told."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.setblocking(False)
            with suppress(BlockingIOError):
                while True:
                    sender.sendto(b"FILLED=1", self.address)


@pytest.fixture(params=["path", "abstract"])
def address(request: pytest.FixtureRequest) -> Iterator[str]:
    """Make an address of either kind."""
    with tempfile.TemporaryDirectory() as directory:
        path = str(Path(directory) / "notify")
        yield path if request.param == "path" else f"@{path}"


@pytest.fixture
def listener() -> Iterator[Listener]:
    """Listen at a path."""
    with tempfile.TemporaryDirectory() as directory:
        listening = Listener(str(Path(directory) / "notify"))
        with listening.socket:
            yield listening


@contextmanager
def supervised(address: str, *arguments: str, **env: str) -> Generator[Program]:
    """Run a daemon that knows its supervisor, with the stand-in unless something else is asked for."""
    arguments = arguments or ("--source", "sim")
    with Program("acbridge_daemon", "--port", "0", *arguments, env={"NOTIFY_SOCKET": address, **env}) as program:
        yield program


def bridge_to(program: Program) -> Bridge:
    (started,) = until(lambda: program.events("daemon_started"), "the start")
    return connect(port=int(started["frames"].rpartition(":")[2]))


def test_ready_is_told_when_both_ports_answer(address: str) -> None:
    listening = Listener(address)
    with listening.socket, supervised(address) as daemon:
        listening.hear_until("READY=1")
        (started,) = until(lambda: daemon.events("daemon_started"), "the start")
        for endpoint in (started["frames"], started["requests"]):
            socket.create_connection(("127.0.0.1", int(endpoint.rpartition(":")[2]))).close()
        with bridge_to(daemon) as bridge:
            assert started["run"] == bridge.request("hello", timeout=5)["run"]


def test_the_end_is_told_last(listener: Listener) -> None:
    with supervised(listener.address, **BEAT) as daemon:
        listener.hear_until("READY=1")
        assert 0 == daemon.end(signal.SIGTERM)
    assert "STOPPING=1" == listener.hear_until("STOPPING=1")[-1]
    listener.socket.setblocking(False)
    with pytest.raises(BlockingIOError):
        listener.hear()


def test_the_beat_stops_with_the_loop_and_comes_back_with_it(listener: Listener) -> None:
    with supervised(listener.address, **BEAT) as daemon:
        for _ in range(5):
            listener.hear_until("WATCHDOG=1")
        os.kill(daemon.process.pid, signal.SIGSTOP)
        os.waitid(os.P_PID, daemon.process.pid, os.WSTOPPED)
        while not listener.silent(1.0):  # what it told before; a loop that turns would be heard ten times
            pass
        os.kill(daemon.process.pid, signal.SIGCONT)
        for _ in range(5):
            listener.hear_until("WATCHDOG=1")


@pytest.mark.parametrize(("whose", "beats"), [("$$", True), ("1", False)], ids=["ours", "another's"])
def test_the_beat_is_for_the_process_that_is_watched(listener: Listener, whose: str, beats: bool) -> None:
    command = f'WATCHDOG_PID={whose} exec "{sys.executable}" -m acbridge_daemon --source sim --port 0'
    env = {"NOTIFY_SOCKET": listener.address, "WATCHDOG_USEC": "2000"}  # every turn
    with Program("-c", f"import os; os.execv('/bin/sh', ['sh', '-c', {command!r}])", env=env) as daemon:
        listener.hear_until("STATUS=the sim is live")
        daemon.process.send_signal(signal.SIGTERM)
        assert beats == ("WATCHDOG=1" in listener.hear_until("STOPPING=1"))
        assert 0 == daemon.wait()


def test_without_a_watchdog_nothing_beats(listener: Listener) -> None:
    with supervised(listener.address) as daemon:
        heard = listener.hear_until("STATUS=the sim is live")
        daemon.process.send_signal(signal.SIGTERM)
        heard += listener.hear_until("STOPPING=1")
    assert ["READY=1", "STOPPING=1"] == [state for state in heard if not state.startswith("STATUS=")]


def test_the_status_follows_the_sim(listener: Listener, page_dir: Path) -> None:
    with supervised(listener.address, "--page-dir", str(page_dir)):
        absent = listener.hear_until("STATUS=the sim is absent: ")[-1]
        assert str(page_dir) in absent
        with Game(page_dir):
            listener.hear_until("STATUS=the sim is live")
        listener.hear_until("STATUS=the sim is frozen")


def test_a_supervisor_that_does_not_listen_holds_nothing_up_and_hears_later(listener: Listener) -> None:
    listener.fill()
    with supervised(listener.address, "--source", "sim", "--rate", "333", **BEAT) as daemon:
        with bridge_to(daemon) as bridge, bridge.frames(Physics, timeout=5) as frames:
            first = next(frames).tick
            assert until(lambda: next(frames).tick - first > 333, "a second of ticks")
        assert "FILLED=1" in listener.hear_until("READY=1")
        listener.hear_until("WATCHDOG=1")
        assert 0 == daemon.end()


def test_a_supervisor_that_is_gone_is_not_missed() -> None:
    with supervised("/nowhere/at/all", **BEAT) as daemon:
        with bridge_to(daemon) as bridge:
            assert bridge.latest(Physics, timeout=5)
        assert 0 == daemon.end()
        assert "Traceback" not in "\n".join(daemon.err)


def test_a_status_is_one_line_whatever_the_sim_says(listener: Listener) -> None:
    supervisor = Supervisor({"NOTIFY_SOCKET": listener.address})
    supervisor.status("unsupported", "smVersion 1\nMAINPID=1")
    assert "STATUS=the sim is unsupported: smVersion 1 MAINPID=1" == listener.hear()
    supervisor.stopping()
