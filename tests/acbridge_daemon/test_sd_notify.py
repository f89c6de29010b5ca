"""Notifications to the service manager, received over a real notification socket."""

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
from acbridge_daemon.sd_notify import ServiceNotifier
from game import Game
from programs import PATIENCE_S, Program, until

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="Windows has no service manager with a notification socket"
)
WATCHDOG = {"WATCHDOG_USEC": "200000"}


class Listener:
    """The service manager's end of the socket."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("\0" + address[1:] if address.startswith("@") else address)
        self.socket.settimeout(PATIENCE_S)

    def hear(self) -> str:
        """Return the next notification."""
        return self.socket.recv(4096).decode()

    def hear_until(self, wanted: str) -> list[str]:
        """Return all notifications up to one that begins with a text, that one included."""
        heard = [self.hear()]
        deadline = time.monotonic() + PATIENCE_S
        while not heard[-1].startswith(wanted):
            assert time.monotonic() < deadline, f"{wanted} was not sent"
            heard.append(self.hear())
        return heard

    def silent(self, seconds: float) -> bool:
        """Return whether nothing is sent for so many seconds."""
        self.socket.settimeout(seconds)
        try:
            self.hear()
        except TimeoutError:
            return True
        finally:
            self.socket.settimeout(PATIENCE_S)
        return False

    def fill(self) -> None:
        """Fill the queue, so that nothing more can be sent."""
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
    """Run a daemon under this service manager, with the stand-in unless the arguments say otherwise."""
    arguments = arguments or ("--source", "sim")
    with Program("acbridge_daemon", "--port", "0", *arguments, env={"NOTIFY_SOCKET": address, **env}) as program:
        yield program


def bridge_to(program: Program) -> Bridge:
    (started,) = until(lambda: program.events("daemon_started"), "the start")
    return connect(port=int(started["frames"].rpartition(":")[2]))


def test_ready_is_sent_once_both_ports_answer(address: str) -> None:
    listening = Listener(address)
    with listening.socket, supervised(address) as daemon:
        listening.hear_until("READY=1")
        (started,) = until(lambda: daemon.events("daemon_started"), "the start")
        for endpoint in (started["frames"], started["requests"]):
            socket.create_connection(("127.0.0.1", int(endpoint.rpartition(":")[2]))).close()
        with bridge_to(daemon) as bridge:
            assert started["run"] == bridge.request("hello", timeout=5)["run"]


def test_stopping_is_the_last_notification(listener: Listener) -> None:
    with supervised(listener.address, **WATCHDOG) as daemon:
        listener.hear_until("READY=1")
        assert 0 == daemon.end(signal.SIGTERM)
    assert "STOPPING=1" == listener.hear_until("STOPPING=1")[-1]
    listener.socket.setblocking(False)
    with pytest.raises(BlockingIOError):
        listener.hear()


def test_the_watchdog_is_notified_while_the_loop_runs(listener: Listener) -> None:
    with supervised(listener.address, **WATCHDOG) as daemon:
        for _ in range(5):
            listener.hear_until("WATCHDOG=1")
        os.kill(daemon.process.pid, signal.SIGSTOP)
        os.waitid(os.P_PID, daemon.process.pid, os.WSTOPPED)
        while not listener.silent(1.0):  # what was sent before; a running loop would send ten in this time
            pass
        os.kill(daemon.process.pid, signal.SIGCONT)
        for _ in range(5):
            listener.hear_until("WATCHDOG=1")


@pytest.mark.parametrize(("whose", "beats"), [("$$", True), ("1", False)], ids=["ours", "another's"])
def test_only_the_process_that_is_watched_notifies_the_watchdog(listener: Listener, whose: str, beats: bool) -> None:
    command = f'WATCHDOG_PID={whose} exec "{sys.executable}" -m acbridge_daemon --source sim --port 0'
    env = {"NOTIFY_SOCKET": listener.address, "WATCHDOG_USEC": "2000"}  # every turn
    with Program("-c", f"import os; os.execv('/bin/sh', ['sh', '-c', {command!r}])", env=env) as daemon:
        listener.hear_until("STATUS=the sim is live")
        daemon.process.send_signal(signal.SIGTERM)
        assert beats == ("WATCHDOG=1" in listener.hear_until("STOPPING=1"))
        assert 0 == daemon.wait()


def test_without_a_watchdog_none_is_notified(listener: Listener) -> None:
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


def test_a_service_manager_that_does_not_read_delays_nothing_and_is_notified_later(listener: Listener) -> None:
    listener.fill()
    with supervised(listener.address, "--source", "sim", "--rate", "333", **WATCHDOG) as daemon:
        with bridge_to(daemon) as bridge, bridge.frames(Physics, timeout=5) as frames:
            first = next(frames).tick
            assert until(lambda: next(frames).tick - first > 333, "a second of ticks")
        assert "FILLED=1" in listener.hear_until("READY=1")
        listener.hear_until("WATCHDOG=1")
        assert 0 == daemon.end()


def test_a_service_manager_that_is_gone_does_no_harm() -> None:
    with supervised("/nowhere/at/all", **WATCHDOG) as daemon:
        with bridge_to(daemon) as bridge:
            assert bridge.latest(Physics, timeout=5)
        assert 0 == daemon.end()
        assert "Traceback" not in "\n".join(daemon.err)


def test_a_status_is_one_line_whatever_the_sim_says(listener: Listener) -> None:
    notifier = ServiceNotifier({"NOTIFY_SOCKET": listener.address})
    notifier.status("unsupported", "smVersion 1\nMAINPID=1")
    assert "STATUS=the sim is unsupported: smVersion 1 MAINPID=1" == listener.hear()
    notifier.stopping()
