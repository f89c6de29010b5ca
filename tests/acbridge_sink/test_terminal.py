"""The live view, on a real pseudo-terminal as a terminal emulator sees it."""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Self, cast

import pyte  # pyright: ignore[reportMissingTypeStubs]  # it has none
import pytest

from acbridge import Frame, Graphics, Physics, Static
from acbridge.derived import Deriver
from acbridge_sim import SessionType, World
from acbridge_sink.pump import TickFrames
from acbridge_sink.terminal import View, draw
from programs import Daemon, until

ENTER, LEAVE = b"\x1b[?1049h", b"\x1b[?1049l"
CURSOR_BACK = b"\x1b[?25h"


class Screen:
    """A terminal with a sink in it."""

    def __init__(self, *arguments: str, columns: int = 80, rows: int = 24, env: dict[str, str] | None = None) -> None:
        self.raw = b""
        self._master, slave = pty.openpty()
        self._screen = cast("Any", pyte.Screen(columns, rows))
        self._stream = cast("Any", pyte.ByteStream(self._screen))
        self._resize(columns, rows)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "acbridge_sink", "console", *arguments],
            stdin=slave,
            stdout=slave,
            stderr=subprocess.PIPE,
            env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "", "LINES": "", **(env or {})},
        )
        os.close(slave)

    def resize(self, columns: int, rows: int) -> None:
        self._screen.resize(rows, columns)
        self._screen.reset()
        self._resize(columns, rows)
        self.process.send_signal(signal.SIGWINCH)

    def _resize(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def look(self) -> list[str]:
        """Return the lines that a user sees now."""
        while select.select([self._master], [], [], 0.05)[0]:
            try:
                data = os.read(self._master, 65536)
            except OSError:  # the program has ended
                break
            self.raw += data
            self._stream.feed(data)
        return [str(line).rstrip() for line in self._screen.display]

    def shows(self, text: str) -> list[str]:
        """Wait until a text is on the screen, and return the screen."""

        def look() -> list[str]:
            lines = self.look()
            return lines if any(text in line for line in lines) else []

        return until(look, f"showing {text!r}")

    def end(self, how: int) -> int:
        self.process.send_signal(how)
        deadline = time.monotonic() + 10
        while self.process.poll() is None and time.monotonic() < deadline:
            self.look()
        self.look()
        return self.process.wait(1)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.kill()
        self.process.communicate()
        os.close(self._master)


@pytest.fixture(scope="module")
def driving() -> Iterator[Daemon]:
    with Daemon("--source", "sim", "--rate", "120") as daemon:
        yield daemon


def test_the_view_fits_80_columns_and_24_rows_and_moves(driving: Daemon) -> None:
    with Screen("--connect", driving.address) as screen:
        lines = screen.shows("km/h")
        assert len(lines) == 24
        for word in ("LIVE", "gear", "throttle", "brake", "steering", "g right", "FL", "slip", "wear", "lap 1", "fuel"):
            assert any(word in line for line in lines), word
        with driving.connect() as bridge:
            bridge.request("set_thresholds", thresholds={"stuck_s": 4})
        screen.shows("thresholds changed · stuck_s=4")
        first = next(line for line in lines if " fuel " in line)
        until(lambda: [line for line in screen.look() if " fuel " in line and line != first], "another amount of fuel")
        assert b"\n" * 30 not in screen.raw


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_the_terminal_comes_back_however_it_ends(driving: Daemon, how: signal.Signals) -> None:
    with Screen("--connect", driving.address) as screen:
        screen.shows("km/h")
        assert 0 == screen.end(how)
        assert screen.raw.count(ENTER) == screen.raw.count(LEAVE) == 1
        assert screen.raw.rindex(CURSOR_BACK) > screen.raw.index(ENTER)
        assert screen.process.stderr is not None
        assert b"Traceback" not in screen.process.stderr.read()


def test_the_terminal_comes_back_when_the_sink_ends_by_itself(driving: Daemon) -> None:
    with Screen("--connect", driving.address, "--count", "30") as screen:
        until(lambda: screen.look() and screen.process.poll() is not None, "the end")
        screen.look()
        assert (0, 1, 1) == (screen.process.returncode, screen.raw.count(ENTER), screen.raw.count(LEAVE))


def test_a_resized_terminal_is_drawn_anew_and_never_wraps(driving: Daemon) -> None:
    with Screen("--connect", driving.address) as screen:
        screen.shows("km/h")
        for columns, rows in ((40, 10), (120, 40), (1, 5), (80, 24)):
            screen.resize(columns, rows)
            screen.look()
        assert len(screen.shows("km/h")) == 24
        assert None is screen.process.poll()


def test_a_note_from_the_environment_is_the_last_line(driving: Daemon) -> None:
    with Screen("--connect", driving.address, env={"ACBRIDGE_CONSOLE_NOTE": "open the door"}) as screen:
        screen.shows("km/h")
        assert " open the door" == [line for line in screen.look() if line][-1]


def test_a_missing_daemon_and_its_return_are_shown(driving: Daemon) -> None:
    with Daemon("--source", "sim") as daemon, Screen("--connect", daemon.address) as screen:
        screen.shows("km/h")
        daemon.end(signal.SIGKILL)
        assert "start acbridge-daemon" in "\n".join(screen.shows("no daemon answers"))
        with Daemon("--source", "sim", port=daemon.port):
            screen.shows("km/h")


def test_every_moment_of_a_lap_fits_80_by_24() -> None:
    from rich.console import Console

    world, deriver, view = (
        World(session=SessionType.HOTLAP),
        Deriver(),
        View("tcp://127.0.0.1:5555", note="open the door"),
    )
    static = view.static = Static.from_page(world.pages()[2])
    widest = longest = 0
    for _ in range(60):
        world.step(700)
        pages = world.pages()
        physics, graphics = Physics.from_page(pages[0]), Graphics.from_page(pages[1])
        derived, events = deriver.tick(physics, graphics, static)
        view.events.extend(events)
        view.tick = TickFrames.of(*(Frame(record, 1, 1, 1, 0.0, 1) for record in (physics, graphics, derived)))
        view.lost += 100_000
        console = Console(width=80, height=24, file=open(os.devnull, "w"), record=True)  # noqa: PTH123, SIM115
        console.print(draw(view))
        lines = console.export_text().splitlines()
        console.file.close()
        widest, longest = max(widest, *map(len, lines)), max(longest, len(lines))
    assert widest <= 80
    assert longest <= 24
