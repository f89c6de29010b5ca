"""The console: ten readable lines a second, and one that says what it waits for."""

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from acbridge import Bridge, Frame, Graphics, Physics, Static, connect
from acbridge.controls import Controls
from acbridge.driving import Driver
from acbridge_sim import World
from acbridge_sink.console import Console
from acbridge_sink.daemon_watch import FIX
from acbridge_sink.pump import TickFrames
from deriving import derive
from game import Game
from programs import PATIENCE_S, Daemon, Program, Sink, until

LINE = re.compile(
    r"lap (?P<lap>\d+) +(?P<time>\d+:\d\d:\d\d\d|-:--:---)  +(?P<speed>\d+\.\d) km/h  gear (?P<gear>[RN1-9])  .*"
    r"tick (?P<tick>\d+)  lost (?P<lost>\d+)"
)


def parse(lines: list[str]) -> list[dict[str, str]]:
    """Return the parts of the lines about the car."""
    return [found.groupdict() for line in lines if (found := LINE.fullmatch(line))]


@pytest.fixture
def no_daemon() -> Iterator[Bridge]:
    """Connect to a port where no daemon runs."""
    with connect(port=1) as bridge:
        yield bridge


def tick(number: int = 1, lost: int = 0, **changes: Any) -> TickFrames:
    """Return a tick of the stand-in's car with other values of physics."""
    pages = World().pages()
    values: dict[str, Any] = vars(Physics.from_page(pages[0])) | changes
    physics, graphics = Physics(**values), Graphics.from_page(pages[1])
    derived = derive(physics, graphics, Static.from_page(pages[2]))
    return TickFrames.of(
        Frame(physics, 1, number, number, 1000.0, number, lost),
        Frame(graphics, 1, number, number, 1000.0, number),
        Frame(derived, 1, number, number, 1000.0, number),
    )


@pytest.mark.parametrize("rate", [30, 1000])
def test_about_ten_lines_a_second_are_printed_whatever_the_rate(rate: int) -> None:
    with Daemon("--source", "sim", "--rate", str(rate)) as daemon, Sink(daemon, "console", "--duration", "1.2") as sink:
        assert 0 == sink.wait()
    lines = parse(sink.out)
    assert 5 <= len(lines) <= 14
    ticks = [int(line["tick"]) for line in lines]
    between = [after - before for before, after in pairwise(ticks)]
    assert pytest.approx(rate / 10, rel=0.35) == median(between)


def test_a_line_has_lap_speed_and_gear(no_daemon: Bridge, capsys: pytest.CaptureFixture[str]) -> None:
    Console(no_daemon, every_s=0).tick(tick(77, speedKmh=123.44, gear=4))
    (line,) = parse(capsys.readouterr().out.splitlines())
    assert {"lap": "1", "speed": "123.4", "gear": "3", "tick": "77", "lost": "0"}.items() <= line.items()


def test_reverse_and_neutral_are_letters(no_daemon: Bridge, capsys: pytest.CaptureFixture[str]) -> None:
    console = Console(no_daemon, every_s=0)
    for gear in range(4):
        console.tick(tick(gear=gear))
    assert ["R", "N", "1", "2"] == [line["gear"] for line in parse(capsys.readouterr().out.splitlines())]


def test_lost_frames_are_summed_up(no_daemon: Bridge, capsys: pytest.CaptureFixture[str]) -> None:
    console = Console(no_daemon, every_s=0)
    for number, lost in enumerate((0, 3, 0, 2)):
        console.tick(tick(number, lost))
    assert ["0", "3", "3", "5"] == [line["lost"] for line in parse(capsys.readouterr().out.splitlines())]


def test_who_drives_is_a_line_whenever_it_changes() -> None:
    with Daemon("--source", "sim", "--controls", "sim") as daemon, daemon.connect() as bridge:
        bridge.latest(Physics, timeout=PATIENCE_S)
        with Sink(daemon, "console") as sink:
            sink.said("controls free")
            with Driver(bridge, "ann", timeout=PATIENCE_S) as driver:
                driver.drive(brake=1.0, ttl_ms=1000)
                sink.said("controls driving by ann, through sim")
            sink.said("controls free (released), through sim")
            assert 0 == sink.end()
    assert len(parse(sink.out)) >= 1


def test_without_a_back_end_nothing_is_said_of_the_controls(daemon: Daemon) -> None:
    with daemon.connect() as bridge, Sink(daemon, "console", "--duration", "3") as sink:
        bridge.latest(Controls, timeout=PATIENCE_S)
        assert 0 == sink.wait()
    assert [] == [line for line in sink.out if "controls" in line]


def test_an_incomplete_tick_is_left_out(no_daemon: Bridge, capsys: pytest.CaptureFixture[str]) -> None:
    console = Console(no_daemon, every_s=0)
    for missing in range(3):
        frames = tick().frames
        console.tick(TickFrames.of(*frames[:missing], *frames[missing + 1 :]))
    assert "" == capsys.readouterr().out
    console.tick(tick())
    assert 1 == len(parse(capsys.readouterr().out.splitlines()))


def test_a_missing_daemon_is_reported_once() -> None:
    with Program("acbridge_sink", "console", "--connect", "127.0.0.1:1") as sink:
        sink.said("no daemon answers")
        time.sleep(1.0)  # in which it looks again, and prints nothing more
        assert 69 == sink.end()
    assert [f"no daemon answers at tcp://127.0.0.1:1; {FIX}"] == sink.out
    assert ["acbridge-sink: no daemon was heard at tcp://127.0.0.1:1"] == sink.err


def test_a_disk_that_takes_no_line_ends_it_with_one(daemon: Daemon) -> None:
    arguments = ("acbridge_sink", "console", "--connect", daemon.address, "--duration", "20")
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", *arguments], stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=60
        )
    assert (74, "acbridge-sink: cannot write: No space left on device\n") == (done.returncode, done.stderr)


def test_a_missing_sim_is_reported_once(page_dir: Path) -> None:
    with Daemon("--page-dir", str(page_dir)) as daemon, Sink(daemon, "console") as sink:
        line = sink.said("sim absent")
        assert f"there is no {page_dir}/acpmf_physics" in line
        assert "start the sim" in line
        with daemon.connect() as bridge:
            ticks = bridge.status(timeout=5).ticks
            until(lambda: bridge.status(timeout=5).ticks > ticks + 60, "another second")
        assert 0 == sink.end()
    assert [line] == [said for said in sink.out if "sim absent" in said]


def test_a_daemon_that_waits_for_the_sim_is_never_called_missing(page_dir: Path) -> None:
    with Daemon("--page-dir", str(page_dir)) as daemon, Sink(daemon, "console") as sink:
        sink.said("sim absent")
        assert 0 == sink.end()
    assert [] == [line for line in sink.out if "no daemon" in line]


def test_a_daemon_whose_sim_stops_after_a_while_is_never_called_missing(game: Game) -> None:
    with Daemon("--page-dir", str(game.directory)) as daemon, Sink(daemon, "console") as sink:
        until(lambda: len(parse(sink.out)) > 20, "two seconds of lines about the car")
        game.exit()
        sink.said("sim idle")
        assert 0 == sink.end()
    assert [] == [line for line in sink.out if "no daemon" in line]


def test_a_daemon_that_comes_later_is_picked_up() -> None:
    with Daemon("--source", "sim") as daemon:
        pass
    with Sink(daemon, "console") as sink:
        sink.said("no daemon answers")
        with Daemon("--source", "sim", port=daemon.port):
            until(lambda: len(parse(sink.out)) > 3, "lines about the car")
            assert 0 == sink.end()


def test_a_reader_of_stdout_that_ends_ends_the_console_silently(daemon: Daemon) -> None:
    command = [sys.executable, "-m", "acbridge_sink", "console", "--connect", daemon.address]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as console:
        assert console.stdout is not None
        assert console.stderr is not None
        assert console.stdout.readline()
        console.stdout.close()
        assert 0 == console.wait(20)
        assert "" == console.stderr.read()


def test_a_port_that_is_no_daemons_ends_with_one_line() -> None:
    script = """
import sys, time, zmq
socket = zmq.Context().socket(zmq.PUB)
print("port", socket.bind_to_random_port("tcp://127.0.0.1", max_port=60000), flush=True)
while True:
    socket.send_multipart([b"physics", b"something else"])
    time.sleep(0.01)
"""
    with Program("-c", script) as other:
        port = other.said("port").split()[1]
        with Program("acbridge_sink", "console", "--connect", f"127.0.0.1:{port}") as sink:
            assert 1 == sink.wait()
    (line,) = sink.err
    assert "is this port an acbridge daemon's?" in line
