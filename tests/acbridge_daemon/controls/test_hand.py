"""The process that holds a device: whatever happens to its daemon, it leaves the device neutral before it vanishes."""

import signal
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from acbridge.controls import Command
from acbridge_daemon.controls.hand import KEPT_S, READY
from acbridge_sim import ControlPage
from acbridge_sim.control_page import SILENCE_S
from noting_device import Notes
from programs import PATIENCE_S, until

GAS = ControlPage(sequence=1, gas=1.0)
NEUTRAL = (0.0, 0.0, 0.3, 1.0)


@pytest.fixture
def notes(tmp_path: Path) -> Notes:
    return Notes(tmp_path / "notes")


@contextmanager
def held(notes: Notes, manner: str = "good") -> Generator["subprocess.Popen[bytes]"]:
    """Run the process, ready."""
    with subprocess.Popen(
        notes.command(manner), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0
    ) as process:
        assert process.stdout is not None
        try:
            assert READY == process.stdout.readline().decode().strip()
            yield process
        finally:
            process.kill()


def send(process: "subprocess.Popen[bytes]", page: bytes | ControlPage) -> None:
    assert process.stdin is not None
    process.stdin.write(page.pack() if isinstance(page, ControlPage) else page)


def axes(notes: Notes) -> tuple[float, ...]:
    shown = notes.newest
    return tuple(shown[name] for name in ("steer", "gas", "brake", "clutch"))


def full_gas(process: "subprocess.Popen[bytes]", notes: Notes) -> None:
    send(process, GAS)
    until(lambda: notes.newest["gas"] == 1.0, "full gas")


def assert_left_neutral(notes: Notes) -> None:
    """The device was neutral for a while before it vanished, and it vanished once."""
    assert NEUTRAL == axes(notes)
    closed = notes.all("close")
    assert 1 == len(closed)
    last_driven = max(shown["time"] for shown in notes.all("apply") if shown["gas"])
    first_neutral = min(shown["time"] for shown in notes.all("apply") if shown["time"] > last_driven)
    assert closed[0]["time"] - first_neutral >= KEPT_S * 0.95


def test_it_is_neutral_from_the_beginning_and_shows_each_command(notes: Notes) -> None:
    with held(notes) as process:
        assert NEUTRAL == axes(notes)
        send(process, ControlPage(1, -0.5, 0.25, 0.125, 0.75))
        until(lambda: axes(notes) == (-0.5, 0.25, 0.125, 0.75), "the command")


def test_the_end_of_its_stdin_leaves_the_device_neutral(notes: Notes) -> None:
    with held(notes) as process:
        full_gas(process, notes)
        assert process.stdin is not None
        process.stdin.close()
        assert 0 == process.wait(PATIENCE_S)
    assert_left_neutral(notes)


def test_silence_makes_the_device_neutral_and_a_command_drives_it_again(notes: Notes) -> None:
    with held(notes) as process:
        full_gas(process, notes)
        until(lambda: axes(notes) == NEUTRAL, "neutral")
        driven = next(shown for shown in notes.all("apply") if shown["gas"])
        neutral = next(shown for shown in notes.all("apply") if shown["time"] > driven["time"] and not shown["gas"])
        assert neutral["time"] - driven["time"] >= SILENCE_S * 0.95
        assert not notes.all("close")
        send(process, GAS._replace(sequence=2, gas=0.5))
        until(lambda: notes.newest["gas"] == 0.5, "half gas")


def test_what_is_no_page_moves_nothing_and_breaks_no_silence(notes: Notes) -> None:
    with held(notes) as process:
        full_gas(process, notes)

        def junk() -> bool:
            for page in (bytes(60), GAS._replace(steer=2.0).pack(), GAS._replace(gas=float("nan")).pack()):
                send(process, page)
            return axes(notes) == NEUTRAL

        until(junk, "neutral")
        assert {0.0, 1.0} == {shown["gas"] for shown in notes.all("apply")}


def test_a_page_in_pieces_is_one_command(notes: Notes) -> None:
    with held(notes) as process:
        page = GAS.pack()
        for piece in (page[:1], page[1:30], page[30:]):
            send(process, piece)
            time.sleep(0.01)
        until(lambda: notes.newest["gas"] == 1.0, "full gas")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_request_to_terminate_leaves_the_device_neutral(notes: Notes, number: signal.Signals) -> None:
    with held(notes) as process:
        full_gas(process, notes)
        process.send_signal(number)
        assert 0 == process.wait(PATIENCE_S)
        assert process.stderr is not None
        assert b"" == process.stderr.read()
    assert_left_neutral(notes)


def test_a_ctrl_c_is_not_for_it(notes: Notes) -> None:
    with held(notes) as process:
        process.send_signal(signal.SIGINT)
        full_gas(process, notes)
        assert process.poll() is None


def test_shifts_and_resets_count_from_the_first_page_on(notes: Notes) -> None:
    with held(notes) as process:
        page = ControlPage(sequence=9, shifts_up=40, shifts_down=7, resets=3, start=1)
        send(process, page)
        send(process, page := page.following(Command(gas=0.5, shifts_up=42, shifts_down=7)))
        until(lambda: notes.newest["gas"] == 0.5, "the command")
        assert (2, 0) == (notes.newest["shifts_up"], notes.newest["shifts_down"])
        assert not notes.all("reset")
        send(process, page := page.beginning_at("hotlap"))
        until(lambda: notes.all("reset"), "the reset")
        send(process, page.following(Command(gas=0.25, shifts_up=42, shifts_down=7)))
        until(lambda: notes.newest["gas"] == 0.25, "the command")
        assert ["hotlap"] == [reset["start"] for reset in notes.all("reset")]
        until(lambda: axes(notes) == NEUTRAL, "neutral")
        assert (2, 0) == (notes.newest["shifts_up"], notes.newest["shifts_down"])


def test_one_that_was_stopped_continues_with_the_newest_command(notes: Notes) -> None:
    with held(notes) as process:
        full_gas(process, notes)
        process.send_signal(signal.SIGSTOP)
        page = GAS
        for _ in range(500):
            send(process, page := page.following(Command(gas=1.0)))
        send(process, page.following(Command(steer=0.5)))
        process.send_signal(signal.SIGCONT)
        until(lambda: notes.newest["steer"] == 0.5, "the newest command")


def test_a_device_that_cannot_be_opened_is_one_line(notes: Notes) -> None:
    said = subprocess.run(notes.command("missing"), capture_output=True, check=False, timeout=PATIENCE_S)
    assert (1, b"there is no such wheel; buy one\n", b"") == (said.returncode, said.stdout, said.stderr)


def test_a_device_that_is_lost_is_one_line_and_is_closed(notes: Notes) -> None:
    with held(notes, "fragile") as process:
        send(process, ControlPage(1, steer=1.0))
        assert 1 == process.wait(PATIENCE_S)
        assert process.stdout is not None
        assert process.stderr is not None
        assert (b"the wheel fell off\n", b"") == (process.stdout.read(), process.stderr.read())
    assert 1 == len(notes.all("close"))


def test_a_daemon_that_is_gone_does_not_disturb_its_last_words(notes: Notes) -> None:
    with held(notes, "fragile") as process:
        assert process.stdout is not None
        process.stdout.close()
        send(process, ControlPage(1, steer=1.0))
        assert 1 == process.wait(PATIENCE_S)
        assert process.stderr is not None
        assert b"" == process.stderr.read()
    assert 1 == len(notes.all("close"))


@pytest.mark.parametrize("name", ["vjoy", "custom_ai"])
def test_the_devices_of_windows_say_that_they_are(name: str) -> None:
    program = ("-m", "acbridge_daemon.controls.hand", name, "0.3")
    said = subprocess.run([sys.executable, *program], capture_output=True, check=False, timeout=PATIENCE_S)
    assert (1, b"") == (said.returncode, said.stderr)
    assert b"on Windows only; on Linux use --controls uinput\n" in said.stdout
