"""The live view, on a real pseudo-terminal as a terminal emulator sees it."""

import os
import signal
from collections.abc import Iterator

import pytest

from acbridge import Frame, Graphics, Physics, Static, Trust
from acbridge.client import Silence
from acbridge.derived.deriver import Deriver
from acbridge.driving import Driver
from acbridge_sim import SessionType, World
from acbridge_sink.pump import TickFrames
from acbridge_sink.terminal import View, draw
from programs import PATIENCE_S, Daemon, until
from screens import Screen

ENTER, LEAVE = b"\x1b[?1049h", b"\x1b[?1049l"
CURSOR_BACK = b"\x1b[?25h"


@pytest.fixture(scope="module")
def driving() -> Iterator[Daemon]:
    with Daemon("--source", "sim", "--rate", "120") as daemon:
        yield daemon


def test_the_view_fits_80_columns_and_24_rows_and_moves(driving: Daemon) -> None:
    with Screen("acbridge_sink", "console", "--connect", driving.address) as screen:
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
    with Screen("acbridge_sink", "console", "--connect", driving.address) as screen:
        screen.shows("km/h")
        assert 0 == screen.end(how)
        assert screen.raw.count(ENTER) == screen.raw.count(LEAVE) == 1
        assert screen.raw.rindex(CURSOR_BACK) > screen.raw.index(ENTER)
        assert screen.process.stderr is not None
        assert b"Traceback" not in screen.process.stderr.read()


def test_the_terminal_comes_back_when_the_sink_ends_by_itself(driving: Daemon) -> None:
    with Screen("acbridge_sink", "console", "--connect", driving.address, "--count", "30") as screen:
        until(lambda: screen.look() and screen.process.poll() is not None, "the end")
        screen.look()
        assert (0, 1, 1) == (screen.process.returncode, screen.raw.count(ENTER), screen.raw.count(LEAVE))


def test_a_resized_terminal_is_drawn_anew_and_never_wraps(driving: Daemon) -> None:
    with Screen("acbridge_sink", "console", "--connect", driving.address) as screen:
        screen.shows("km/h")
        for columns, rows in ((40, 10), (120, 40), (1, 5), (80, 24)):
            screen.resize(columns, rows)
            screen.look()
        assert len(screen.shows("km/h")) == 24
        assert None is screen.process.poll()


def test_a_note_from_the_environment_is_the_last_line(driving: Daemon) -> None:
    with Screen(
        "acbridge_sink", "console", "--connect", driving.address, env={"ACBRIDGE_CONSOLE_NOTE": "open the door"}
    ) as screen:
        screen.shows("km/h")
        assert " open the door" == [line for line in screen.look() if line][-1]


def test_who_drives_is_shown_if_there_is_a_back_end() -> None:
    with Daemon("--source", "sim", "--controls", "sim") as daemon, daemon.connect() as bridge:
        bridge.latest(Physics, timeout=PATIENCE_S)
        with Screen("acbridge_sink", "console", "--connect", daemon.address) as screen:
            screen.shows("controls free")
            with Driver(bridge, "ann", timeout=PATIENCE_S):
                screen.shows("controls neutral by ann, through sim")
            screen.shows("controls free (released), through sim")


def test_a_missing_daemon_and_its_return_are_shown(driving: Daemon) -> None:
    with Daemon("--source", "sim") as daemon, Screen("acbridge_sink", "console", "--connect", daemon.address) as screen:
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
        View("tcp://127.0.0.1:5555", note="open the door", controls="driving by ann, through sim"),
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


def test_every_moment_fits_40_columns_with_all_four_tyres() -> None:
    from rich.console import Console

    world = World(session=SessionType.HOTLAP)
    world.step(700)
    pages = world.pages()
    physics, graphics, static = Physics.from_page(pages[0]), Graphics.from_page(pages[1]), Static.from_page(pages[2])
    derived, _ = Deriver().tick(physics, graphics, static)
    tick = TickFrames.of(*(Frame(record, 1, 1, 1, 0.0, 1) for record in (physics, graphics, derived)))
    alive = Trust(alive=True, age=0.001, rate=60.0, received=1, lost=0, restarts=0, run=1)
    console = Console(width=40, height=24, file=open(os.devnull, "w"), record=True)  # noqa: PTH123, SIM115
    console.print(draw(View("tcp://127.0.0.1:5555", static=static, tick=tick, trust=alive), 40))
    lines = console.export_text().splitlines()
    console.file.close()
    assert max(map(len, lines)) <= 40
    for words in ("FL FR RL RR", "LIVE", "km/h gear"):
        assert any(words in " ".join(line.split()) for line in lines), words


def test_a_reason_of_silence_wraps() -> None:
    from rich.console import Console

    silence = Silence("the topics of this daemon begin with rig7., those asked for have none", "check --topic-prefix")
    console = Console(width=40, height=24, file=open(os.devnull, "w"), record=True)  # noqa: PTH123, SIM115
    console.print(draw(View("tcp://127.0.0.1:5555", silence=silence), 40))
    text = " ".join(console.export_text().split())
    console.file.close()
    assert "begin with rig7., those asked for have none check --topic-prefix" in text


def test_the_key_q_ends_the_view_and_leaves_the_terminal_as_it_was(driving: Daemon) -> None:
    with Screen("acbridge_sink", "console", "--connect", driving.address) as screen:
        before = screen.settings()
        screen.shows("km/h")
        screen.press("xyz")
        screen.press("q")
        until(lambda: screen.look() and screen.process.poll() is not None, "the end")
        assert (0, before) == (screen.process.returncode, screen.settings())


def test_a_terminal_that_cannot_be_drawn_on_gets_lines_that_fit(driving: Daemon) -> None:
    arguments = ("console", "--connect", driving.address, "--count", "30")
    with Screen("acbridge_sink", *arguments, columns=40, env={"TERM": "dumb", "COLUMNS": "40"}) as screen:
        lines = screen.shows("km/h")
        until(lambda: screen.look() and screen.process.poll() is not None, "the end")
        assert ENTER not in screen.raw
        assert all(line.startswith("lap") for line in lines if line)
