"""A daemon that drives through a device, and what becomes of the device when a process is killed."""

import os
import signal
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from acbridge import Bridge, Controls, NotDriving, Physics, RequestRefused
from acbridge.cli import ExitCode
from acbridge.driving import Driver
from acbridge_daemon.controls.hand import KEPT_S
from noting_device import Notes
from ordered_sim import OrderedSim
from programs import Daemon, Program, until

SUPPORT = Path(__file__).parents[2] / "support"


@pytest.fixture
def game(page_dir: Path) -> Iterator[OrderedSim]:
    """Run a game that follows the device: the daemon opens one anew whose commands the telemetry does not show."""
    with OrderedSim(page_dir) as running:
        yield running


@pytest.fixture
def notes(tmp_path: Path, page_dir: Path) -> Notes:
    return Notes(tmp_path / "notes", page_dir / "acpmf_controls")


@contextmanager
def driven(
    game: OrderedSim, notes: Notes, manner: str = "good", controls: str = "uinput"
) -> Generator[tuple[Daemon, Bridge]]:
    """Run a daemon beside a game, with such a device."""
    assert notes.page is not None
    program = ("-u", str(SUPPORT / "noting_daemon.py"), str(notes.file), manner, str(notes.page))
    options = ("--page-dir", str(notes.page.parent), "--controls", controls)
    with Daemon(*options, program=program) as daemon, daemon.connect() as bridge:
        until(lambda: bridge.status().sim_state == "live", "live")
        yield daemon, bridge


def full_gas(driver: Driver, notes: Notes) -> None:
    def asked() -> bool:
        driver.drive(gas=1.0, ttl_ms=1000)
        return notes.newest["gas"] == 1.0

    until(asked, "full gas")


def ended(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return Path(f"/proc/{pid}/stat").exists() and ") Z " in Path(f"/proc/{pid}/stat").read_text()


def assert_left_neutral(notes: Notes) -> None:
    """The device was neutral for a while before it vanished."""
    closed = until(lambda: notes.all("close"), "the device removed")[-1]
    assert (0.0, 0.0, 0.3) == tuple(notes.newest[axis] for axis in ("steer", "gas", "brake"))
    shown = notes.all("apply")
    last_driven = max(command["time"] for command in shown if command["gas"])
    first_neutral = min(command["time"] for command in shown if command["time"] > last_driven)
    assert closed["time"] - first_neutral >= KEPT_S * 0.95
    until(lambda: ended(notes.pid), "the end of the process")


def test_commands_reach_the_device_and_a_driver_that_leaves_leaves_it_neutral(game: OrderedSim, notes: Notes) -> None:
    with driven(game, notes) as (_, bridge):
        assert 0.3 == notes.newest["brake"]
        with Driver(bridge, "me") as driver:
            assert ("uinput", (), ()) == (driver.backend, driver.resets, driver.starts)
            full_gas(driver, notes)
        until(lambda: (0.0, 0.3) == (notes.newest["gas"], notes.newest["brake"]), "neutral")
        assert not notes.all("close")


def test_a_daemon_killed_at_full_gas_leaves_the_device_neutral(game: OrderedSim, notes: Notes) -> None:
    with driven(game, notes) as (daemon, bridge), Driver(bridge, "me") as driver:
        full_gas(driver, notes)
        daemon.process.kill()
        assert_left_neutral(notes)


def test_a_daemon_stopped_at_full_gas_leaves_the_device_neutral_and_drives_on_later(
    game: OrderedSim, notes: Notes
) -> None:
    with driven(game, notes) as (daemon, bridge), Driver(bridge, "me", lease_ms=5000) as driver:
        full_gas(driver, notes)
        daemon.process.send_signal(signal.SIGSTOP)
        until(lambda: (0.0, 0.3) == (notes.newest["gas"], notes.newest["brake"]), "neutral")
        assert not notes.all("close")
        daemon.process.send_signal(signal.SIGCONT)
        full_gas(driver, notes)


def test_a_ctrl_c_for_all_of_a_terminal_ends_the_daemon_first(game: OrderedSim, notes: Notes) -> None:
    with driven(game, notes) as (daemon, bridge), Driver(bridge, "me") as driver:
        full_gas(driver, notes)
        os.killpg(daemon.process.pid, signal.SIGINT)
        assert 0 == daemon.wait()
        assert_left_neutral(notes)
    assert not [line for line in daemon.err if not line.startswith("{")]


def test_a_child_that_is_killed_costs_no_telemetry_and_is_started_again_once(game: OrderedSim, notes: Notes) -> None:
    with driven(game, notes) as (daemon, bridge), Driver(bridge, "me", lease_ms=5000) as driver:
        full_gas(driver, notes)
        with bridge.frames(Physics, timeout=20) as frames:
            before = next(frames)
            os.kill(notes.pid, signal.SIGKILL)
            until(lambda: len(notes.all("open")) == 2, "another device")
            for after in frames:
                if after.seq >= before.seq + 60:
                    break
        reopened = until(lambda: daemon.events("controls_reopened"), "the device opened again")
        assert ["the program that holds uinput has ended with -9"] == [event["detail"] for event in reopened]
        with pytest.raises(NotDriving, match="back_end"):
            until(lambda: driver.drive(gas=1.0), "the refusal")
        assert "back_end" == bridge.latest(Controls, timeout=5).record.reason
        assert (0.0, 0.3) == (notes.newest["gas"], notes.newest["brake"])
        driver.resume()
        full_gas(driver, notes)
        assert 2 == len(notes.all("open"))


def test_a_device_is_opened_again_once_if_the_telemetry_does_not_follow_and_never_if_it_does(
    game: OrderedSim, notes: Notes
) -> None:
    with driven(game, notes) as (daemon, bridge), Driver(bridge, "me") as driver:

        def drives_on(brake: float) -> None:
            tick = bridge.latest(Physics).tick + 60
            until(lambda: driver.drive(brake=brake, ttl_ms=1000) or bridge.latest(Physics).tick > tick, "a second")

        full_gas(driver, notes)
        drives_on(0.5)
        assert [] == daemon.events("controls_reopened")
        game.order("deaf on")
        until(lambda: driver.drive(brake=1.0, ttl_ms=1000) or len(notes.all("open")) == 2, "another device")
        drives_on(1.0)
        assert ["the telemetry does not follow the commands"] == [
            event["detail"] for event in daemon.events("controls_reopened")
        ]
        assert bridge.latest(Controls).record.frozen_input


def test_a_device_that_is_lost_is_reported_in_its_own_words(game: OrderedSim, notes: Notes) -> None:
    with driven(game, notes, "fragile") as (daemon, bridge), Driver(bridge, "me", lease_ms=5000) as driver:
        driver.drive(steer=1.0)
        lost = until(lambda: daemon.events("controls_lost"), "the loss")
        assert "the wheel fell off" == lost[0]["detail"]
        assert bridge.latest(Physics, timeout=5).record.packetId > 0


def test_a_device_that_is_unplugged_again_and_again_is_driven_again_when_it_is_back(
    game: OrderedSim, notes: Notes
) -> None:
    with driven(game, notes, controls="custom_ai") as (daemon, bridge), Driver(bridge, "me", lease_ms=5000) as driver:

        def tried(times: int) -> bool:
            return len(notes.all("missing")) == times

        for loss in (1, 2):
            full_gas(driver, notes)
            notes.unplug()
            until(lambda times=2 * loss: tried(times), "attempts to open it")  # type: ignore[misc]
            record = bridge.latest(Controls, timeout=20).record
            assert ("suspended", "back_end", "me", 0.0, 0.3) == (
                record.state, record.reason, record.driver, record.gas, record.brake,
            )  # fmt: skip
            assert record.backend_problem in ("the wheel fell off", "there is no such wheel; buy one")
            with pytest.raises(NotDriving, match="back_end"):
                until(lambda: driver.drive(gas=1.0), "the refusal")
            with pytest.raises(RequestRefused, match="nothing reaches the car") as refused:
                bridge.request("reset", token=driver.token, start="pits", timeout=20)
            assert "unavailable" == refused.value.code
            assert loss == len(notes.all("open"))
            notes.plug_in()
            record = bridge.wait_for(Controls, lambda frame: frame.record.state == "neutral", timeout=60).record
            assert ("back_end", None) == (record.reason, record.backend_problem)
            assert (loss + 1, 0.0, 0.3) == (len(notes.all("open")), notes.newest["gas"], notes.newest["brake"])
            assert loss == len(until(lambda: daemon.events("controls_reopened"), "the log of it"))
            driver.resume()


def test_a_device_that_cannot_be_opened_ends_the_daemon_with_one_line(page_dir: Path, notes: Notes) -> None:
    program = ("-u", str(SUPPORT / "noting_daemon.py"), str(notes.file), "missing", str(notes.page))
    with Program(*program, "--port", "0", "--page-dir", str(page_dir), "--controls", "uinput") as daemon:
        assert ExitCode.UNAVAILABLE == daemon.wait()
    assert [True] == ["there is no such wheel; buy one" in line for line in daemon.err]
