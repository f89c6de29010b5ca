"""The drive command in a real terminal: keys move the stand-in, and the terminal comes back however it ends."""

import signal
import termios
from collections.abc import Callable, Iterator

import pytest

from acbridge import Bridge, EventKind
from acbridge.controls import Controls
from acbridge.derived import Event
from acbridge.driving import Driver
from acbridge.pages import STATUS_LIVE, STATUS_PAUSE, Physics
from game import Game
from programs import PATIENCE_S, Daemon, Program, until
from screens import Screen

OK, FAILED, USAGE, UNAVAILABLE = 0, 1, 2, 69
UP, LEFT = "\x1b[A", "\x1b[D"
ECHO = termios.ECHO | termios.ICANON


@pytest.fixture(scope="module")
def drivable() -> Iterator[Daemon]:
    with Daemon("--source", "sim", "--controls", "sim") as running:
        yield running


@pytest.fixture
def bridge(drivable: Daemon) -> Iterator[Bridge]:
    with drivable.connect() as connected:
        yield connected


def drive(daemon: Daemon, *arguments: str) -> Screen:
    return Screen("acbridge_ctl", "drive", "--connect", daemon.address, "--timeout", "20", *arguments)


def said(screen: Screen) -> str:
    """Return what the program wrote to stderr, once it has ended."""
    until(lambda: screen.look() and screen.process.poll() is not None, "the end")
    assert screen.process.stderr is not None
    return screen.process.stderr.read().decode()


def pressing(screen: Screen, keys: str, bridge: Bridge, wanted: Callable[[Controls], bool]) -> None:
    """Press keys, and again as a keyboard does, until the controls are as wanted."""

    def look() -> bool:
        screen.press(keys)
        screen.look()
        record = bridge.latest(Controls, timeout=PATIENCE_S).record
        return record.state == "driving" and wanted(record)

    until(look, f"pressing {keys!r}")


def test_keys_drive_the_car_and_the_view_shows_it(drivable: Daemon, bridge: Bridge) -> None:
    with drive(drivable, "--name", "ann") as screen:
        screen.shows("driving")
        assert "ann" == bridge.latest(Controls, timeout=PATIENCE_S).record.driver
        pressing(screen, UP, bridge, lambda record: record.gas > 0.9 and record.steer == 0)
        screen.press("+")
        bridge.wait_for(Controls, lambda frame: frame.record.shifts_up == 1, timeout=PATIENCE_S)
        pressing(screen, "w", bridge, lambda _: bridge.latest(Physics, timeout=PATIENCE_S).record.speedKmh > 5)
        pressing(screen, LEFT, bridge, lambda record: record.steer < -0.2)
        pressing(screen, " ", bridge, lambda record: record.brake > 0.9 and record.gas == 0)
        pressing(screen, "d", bridge, lambda record: record.steer > 0.1)
        rows = {line.split()[0]: line.split() for line in screen.shows("km/h") if line}
        assert {"steer": 5, "gas": 5, "brake": 5} == {name: len(rows[name]) for name in ("steer", "gas", "brake")}
        bridge.wait_for(Controls, lambda frame: frame.record.steer == 0 == frame.record.brake, timeout=PATIENCE_S)
        screen.press("q")
        assert "" == said(screen)
        assert OK == screen.process.returncode
        bridge.wait_for(Controls, lambda frame: frame.record.state == "free", timeout=PATIENCE_S)


def test_r_resets_the_car_and_driving_goes_on(drivable: Daemon, bridge: Bridge) -> None:
    with bridge.frames(Event, timeout=PATIENCE_S) as events, drive(drivable) as screen:
        screen.shows("driving")
        screen.press("r")
        done = next(frame.record for frame in events if frame.record.kind == EventKind.CAR_RESET)
        assert "done" == done.after
        screen.shows("reset to hotlap by begin")
        pressing(screen, UP, bridge, lambda record: record.gas > 0.5)
        assert OK == screen.end(signal.SIGTERM)


@pytest.mark.parametrize("how", ["q", "\x03", "\x1b[99;5u", signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_terminal_comes_back_however_it_ends(drivable: Daemon, how: "str | signal.Signals") -> None:
    with drive(drivable) as screen:
        before = screen.settings()
        screen.shows("driving")
        assert not screen.settings()[3] & ECHO
        if isinstance(how, str):
            screen.press(how)
        else:
            screen.process.send_signal(how)
        assert "" == said(screen)
        assert OK == screen.process.returncode
        assert before[3] & ECHO == ECHO == screen.settings()[3] & ECHO
        assert screen.raw.rindex(b"\x1b[?25h") > screen.raw.rindex(b"\x1b[?25l")


def test_a_driver_whose_controls_are_taken_ends_with_one_line(drivable: Daemon, bridge: Bridge) -> None:
    with drive(drivable) as screen:
        screen.shows("driving")
        with Driver(bridge, "robot", force=True, timeout=PATIENCE_S):
            line = said(screen)
        assert "acbridge-ctl: not driving (not_driver): you do not hold the controls: robot does\n" == line
        assert FAILED == screen.process.returncode
        assert screen.settings()[3] & ECHO == ECHO


def test_controls_that_are_held_are_taken_with_force_only(drivable: Daemon, bridge: Bridge) -> None:
    with Driver(bridge, "robot", timeout=PATIENCE_S), drive(drivable) as refused:
        line = said(refused)
        assert line.startswith("acbridge-ctl: 'acquire' was refused (held): robot has held the controls for ")
        assert FAILED == refused.process.returncode
        with drive(drivable, "--force", "--name", "ann") as screen:
            bridge.wait_for(Controls, lambda frame: frame.record.driver == "ann", timeout=PATIENCE_S)
            assert OK == screen.end(signal.SIGTERM)


def test_a_daemon_that_ends_ends_the_driver_with_one_line() -> None:
    with Daemon("--source", "sim", "--controls", "sim") as daemon, drive(daemon) as screen:
        screen.shows("driving")
        daemon.end(signal.SIGKILL)
        line = said(screen)
        assert line.startswith("acbridge-ctl: not driving (link_lost): no reply from ")
        assert (1, UNAVAILABLE) == (line.count("\n"), screen.process.returncode)


def test_after_a_pause_driving_goes_on(game: Game) -> None:
    (game.directory / "acpmf_controls").write_bytes(bytes(2048))
    with (
        Daemon("--page-dir", str(game.directory), "--controls", "page") as daemon,
        daemon.connect() as bridge,
    ):
        bridge.latest(Physics, timeout=PATIENCE_S)
        with drive(daemon) as screen:
            bridge.wait_for(Controls, lambda frame: frame.record.state == "driving", timeout=PATIENCE_S)
            game.order(f"status {STATUS_PAUSE}")
            screen.shows("suspended (paused)")
            screen.shows("not driving (")
            game.order(f"status {STATUS_LIVE}")
            bridge.wait_for(Controls, lambda frame: frame.record.state == "driving", timeout=PATIENCE_S)
            screen.shows("arrows or WASD")
            assert OK == screen.end(signal.SIGTERM)


def test_a_duration_ends_it(drivable: Daemon) -> None:
    with drive(drivable, "--duration", "0.5") as screen:
        assert "" == said(screen)
        assert OK == screen.process.returncode


def test_without_a_terminal_it_says_so(drivable: Daemon) -> None:
    with Program("acbridge_ctl", "drive", "--connect", drivable.address) as program:
        assert USAGE == program.wait()
    assert ["acbridge-ctl: drive reads keys from a terminal, and stdin or stdout is none; use --device"] == program.err


def test_a_daemon_that_cannot_drive_is_named(daemon: Daemon) -> None:
    with drive(daemon) as screen:
        assert "start it with --controls" in said(screen)
        assert FAILED == screen.process.returncode


def test_without_a_device_it_says_so(drivable: Daemon) -> None:
    with Program("acbridge_ctl", "drive", "--device", "--connect", drivable.address) as program:
        assert UNAVAILABLE == program.wait()
    (line,) = program.err
    assert "no gamepad and no wheel was found" in line


def test_without_pygame_it_says_what_to_install(drivable: Daemon) -> None:
    script = "import sys; sys.modules['pygame'] = None; from acbridge_ctl.cli import main; main()"
    with Program("-c", script, "drive", "--device", "--connect", drivable.address) as program:
        assert 78 == program.wait()
    assert ["-c: --device needs pygame: pip install 'acbridge[drive]'"] == program.err
