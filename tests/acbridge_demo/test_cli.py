"""`acbridge-demo` as a process: what it starts, what it prints, and that nothing of it is left."""

import fcntl
import os
import re
import signal
import struct
import subprocess
import sys
import termios
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from programs import PATIENCE_S, Program, until

ON_ITS_TERMINAL = """
import fcntl, termios
from acbridge_demo.cli import main

fcntl.ioctl(0, termios.TIOCSCTTY, 0)
main()
"""
SECOND_SCREEN = b"\x1b[?1049h"
"""What the live view writes first; the lines before it come back when the view ends."""
LINUX = pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks into /proc")


@pytest.fixture(autouse=True)
def on_a_terminal() -> Iterator[None]:
    """Make a hangup count, even if the tests run with it ignored, as under nohup."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


class Demo(Program):
    """A demo that has said where its page is."""

    def __init__(self, *arguments: str, env: dict[str, str] | None = None) -> None:
        super().__init__("acbridge_demo", *arguments, env=env)

    def page(self) -> str:
        found = re.search(r"open (http://127\.0\.0\.1:\d+/) in a browser", self.said("in a browser"))
        assert found
        return found[1]

    def children(self) -> dict[str, int]:
        return children(self.process.pid)


def children(demo: int) -> dict[str, int]:
    """Return the processes that a demo started, by what they are."""
    found: dict[str, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            words = (folder / "cmdline").read_bytes().decode().split("\0")
        except OSError:
            continue  # it has just ended
        if parent == demo:
            found[next((word for word in words if word in ("ws", "console")), "daemon")] = int(folder.name)
    return found


def drain(leader: int) -> None:
    """Read the output on a terminal until every program has closed it."""
    with suppress(OSError):
        while os.read(leader, 4096):
            pass
    os.close(leader)


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_the_page_answers_while_the_console_prints() -> None:
    with Demo() as demo:
        with urllib.request.urlopen(demo.page(), timeout=20) as answer:
            assert b"<title>acbridge</title>" in answer.read()
        demo.said("km/h")
        assert 0 == demo.end(signal.SIGINT)
    assert [] == demo.err


def test_it_ends_by_itself_after_a_duration() -> None:
    with Demo("--duration", "0.5") as demo:
        assert 0 == demo.wait()
    assert any("km/h" in line for line in demo.out)


@LINUX
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_nothing_is_left_running_when_it_is_asked_to_end(how: int) -> None:
    with Demo() as demo:
        demo.said("km/h")
        started = demo.children()
        assert {"daemon", "ws", "console"} == set(started)
        assert 0 == demo.end(how)
        assert [] == [name for name, pid in started.items() if not gone(pid)]


@LINUX
@pytest.mark.parametrize(("killed", "name"), [("daemon", "daemon"), ("ws", "relay"), ("console", "console")])
def test_when_one_is_killed_the_others_end(killed: str, name: str) -> None:
    with Demo() as demo:
        demo.said("km/h")
        started = demo.children()
        os.kill(started[killed], signal.SIGKILL)
        assert 1 == demo.wait()
        assert [f"acbridge-demo: the {name} was ended (-9), so all end"] == demo.err
        until(lambda: all(gone(pid) for pid in started.values()), "the others' end")


@LINUX
def test_when_it_is_killed_itself_the_others_end() -> None:
    with Demo() as demo:
        demo.said("km/h")
        started = demo.children()
        assert {"daemon", "ws", "console"} == set(started)
        demo.process.kill()
        until(lambda: all(gone(pid) for pid in started.values()), "the others' end")


@LINUX
@pytest.mark.parametrize("closes", [False, True], ids=["Ctrl-C", "closed"])
def test_nothing_is_left_running_when_the_terminal_says_so(closes: bool) -> None:
    leader, terminal = os.openpty()
    command = [sys.executable, "-c", ON_ITS_TERMINAL]
    demo = subprocess.Popen(command, stdin=terminal, stdout=terminal, stderr=terminal, start_new_session=True)
    os.close(terminal)
    said = b""
    while b"km/h" not in said:
        said += os.read(leader, 4096)
    started = children(demo.pid)
    assert {"daemon", "ws", "console"} == set(started)
    if closes:
        os.close(leader)
        demo.wait(PATIENCE_S)
    else:
        threading.Thread(target=drain, args=(leader,), daemon=True).start()
        os.write(leader, b"\x03")
        assert 0 == demo.wait(PATIENCE_S)
    assert [] == [name for name, pid in started.items() if not gone(pid)]


@LINUX
def test_the_live_view_shows_where_the_dashboard_is() -> None:
    leader, terminal = os.openpty()
    fcntl.ioctl(leader, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    command = [sys.executable, "-c", ON_ITS_TERMINAL]
    env = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "", "LINES": ""}
    demo = subprocess.Popen(command, stdin=terminal, stdout=terminal, stderr=terminal, start_new_session=True, env=env)
    os.close(terminal)
    printed = bytearray()

    def addresses() -> list[list[bytes]]:
        printed.extend(os.read(leader, 4096))
        before, _, view = bytes(printed).partition(SECOND_SCREEN)
        return [re.findall(rb"open (http://127\.0\.0\.1:\d+/) in a browser", part) for part in (before, view)]

    try:
        before, view = until(lambda: (found := addresses())[1] and found, "the address in the live view")
    finally:
        threading.Thread(target=drain, args=(leader,), daemon=True).start()
        demo.send_signal(signal.SIGINT)
        assert 0 == demo.wait(PATIENCE_S)
    assert before == view[:1]


def test_without_the_extra_it_says_what_to_install_and_goes_on_with_the_console(tmp_path: Path) -> None:
    # Stands before the real one on the path, and is not there.
    (tmp_path / "websockets.py").write_text(
        "raise ModuleNotFoundError(\"No module named 'websockets'\", name='websockets')"
    )
    with Demo("--duration", "1", env={"PYTHONPATH": str(tmp_path)}) as demo:
        assert 0 == demo.wait()
    assert ["No page for the browser, only the console; it needs websockets: pip install 'acbridge[ws]'"] == demo.err
    assert any("km/h" in line for line in demo.out)
    assert not any("in a browser" in line for line in demo.out)


def test_an_unknown_car_is_refused_before_anything_starts() -> None:
    with Demo("--car", "formla") as demo:
        assert 2 == demo.wait()
    assert "did you mean 'formula'?" in demo.err[-1]
    assert [] == demo.out
