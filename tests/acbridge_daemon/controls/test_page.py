"""Driving an acbridge-sim in another process through its control page."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from acbridge import Bridge, NotDriving, Physics, ResetFailed, Static
from acbridge.cli import ExitCode
from acbridge.controls import Command, Place
from acbridge.driving import Driver
from acbridge.pages import AC1
from acbridge.sources.shared_memory import shared_memory
from acbridge_daemon.controls.backend import BackEndError
from acbridge_daemon.controls.page import PageBackEnd
from acbridge_sim import ControlPage
from acbridge_sim.control_page import SIZE
from programs import Daemon, Program, until

NEUTRAL = Command(brake=0.3)
PAGE = "acpmf_controls"


def sim(page_dir: Path, *arguments: str) -> Program:
    """Start a stand-in without a driver, and wait until its pages are there."""
    program = Program("acbridge_sim", "--driver", "none", "--page-dir", str(page_dir), *arguments)
    program.said("control page")
    return program


def daemon_of(page_dir: Path) -> Daemon:
    return Daemon("--page-dir", str(page_dir), "--controls", "page", "--rate", "200")


@pytest.fixture
def stand_in(page_dir: Path) -> Iterator[Program]:
    with sim(page_dir, "--session", "hotlap") as program:
        yield program


@pytest.fixture
def daemon(page_dir: Path, stand_in: Program) -> Iterator[Daemon]:
    with daemon_of(page_dir) as running:
        yield running


@pytest.fixture
def bridge(daemon: Daemon) -> Iterator[Bridge]:
    with daemon.connect() as bridge:
        until(lambda: bridge.status().sim_state == "live", "live")
        yield bridge


def written(page_dir: Path) -> ControlPage:
    page = ControlPage.unpack((page_dir / PAGE).read_bytes()[:SIZE])
    assert page is not None
    return page


def physics(page_dir: Path) -> Physics:
    source = shared_memory(page_dir, "acpmf_", AC1.pages)
    source.attach()
    pages = source.read()
    source.detach()
    assert pages is not None
    return Physics.from_page(pages[0])


def full_gas(driver: Driver, bridge: Bridge) -> None:
    """Drive until the car shows it."""

    def asked() -> bool:
        driver.drive(0.25, 1.0, ttl_ms=1000)
        return bridge.latest(Physics).record.gas == 1.0

    until(asked, "full gas")


def test_commands_reach_the_car(bridge: Bridge) -> None:
    with Driver(bridge, "me") as driver:
        assert ("page", ("begin",)) == (driver.backend, driver.resets)
        full_gas(driver, bridge)
        assert 0.25 == pytest.approx(bridge.latest(Physics).record.steerAngle)
        driver.drive(-0.5, brake=0.75, clutch=0.5, ttl_ms=1000)
        seen = bridge.wait_for(Physics, lambda frame: frame.record.brake == 0.75, timeout=20).record
        assert (-0.5, 0.0, 0.5) == pytest.approx((seen.steerAngle, seen.gas, seen.clutch), abs=1e-6)
    bridge.wait_for(Physics, lambda frame: frame.record.brake == pytest.approx(0.3), timeout=20)


def test_one_shift_is_one_gear(bridge: Bridge) -> None:
    with Driver(bridge, "me") as driver:
        done = driver.reset(Place(200.0, 0.0, 20.0))
        assert done.attempts >= 1
        driver.drive(gas=0.3, ttl_ms=1000)  # the first command of an epoch sets the counts
        before = bridge.latest(Physics).record.gear
        driver.drive(gas=0.3, shift=1, ttl_ms=1000)
        bridge.wait_for(Physics, lambda frame: frame.record.gear == before + 1, timeout=20)
        driver.drive(gas=0.3, shift=-1, ttl_ms=1000)
        bridge.wait_for(Physics, lambda frame: frame.record.gear == before, timeout=20)


def test_each_start_is_reached_and_verified(bridge: Bridge) -> None:
    with Driver(bridge, "me") as driver:
        assert {"grid", "pits", "hotlap", "place"} == set(driver.starts)
        for start in ("pits", "grid", Place(500.0, 1.5, 30.0), "hotlap"):
            done = driver.reset(start, timeout=20)
            assert ("begin", "done") == (done.means, done.frame.record.reset_state)
            sample = bridge.sample()
            match start:
                case "pits":
                    assert sample.graphics.isInPit
                case "grid":
                    assert sample.physics.speedKmh < 4
                case Place():
                    place_m = sample.graphics.normalizedCarPosition * bridge.latest(Static).record.trackSPlineLength
                    assert 490 < place_m < 700
                case _:
                    assert sample.physics.speedKmh > 50
            assert 0 == sample.graphics.completedLaps


def test_a_place_behind_a_barrier_is_a_failure_with_its_reason(bridge: Bridge) -> None:
    with Driver(bridge, "me", lease_ms=5000) as driver, pytest.raises(ResetFailed, match="begin: "):
        driver.reset(Place(500.0, 99.0, 0.0), timeout=30)


def test_a_daemon_killed_at_full_gas_leaves_the_car_coasting(page_dir: Path, daemon: Daemon, bridge: Bridge) -> None:
    with Driver(bridge, "me") as driver:
        full_gas(driver, bridge)
        daemon.process.kill()
        daemon.wait()
        assert 1.0 == written(page_dir).gas  # what it was at the kill
        until(lambda: physics(page_dir).gas == 0.0, "released gas")
        assert (0.0, 0.0) == (physics(page_dir).brake, physics(page_dir).steerAngle)


def test_the_next_daemon_shifts_and_resets_nothing_that_the_killed_one_asked_for(
    page_dir: Path, daemon: Daemon, bridge: Bridge
) -> None:
    with Driver(bridge, "me") as driver:
        driver.reset(Place(1000.0, 0.0, 20.0))
        driver.drive(gas=0.3, ttl_ms=1000)  # the first command of an epoch sets the counts
        gear = bridge.latest(Physics).record.gear + 1
        driver.drive(gas=0.3, shift=1, ttl_ms=1000)
        bridge.wait_for(Physics, lambda frame: frame.record.gear == gear, timeout=20)
        daemon.process.kill()
        daemon.wait()
    known = written(page_dir)
    assert (1, 1) == (known.resets, known.shifts_up)
    with daemon_of(page_dir) as second, second.connect() as other, Driver(other, "other") as driver:
        full_gas(driver, other)
        assert known.resets == written(page_dir).resets
        assert gear == other.latest(Physics).record.gear
        driver.drive(gas=0.3, shift=1, ttl_ms=1000)
        other.wait_for(Physics, lambda frame: frame.record.gear == gear + 1, timeout=20)


def test_a_stand_in_that_is_started_again_is_driven_without_a_reset_of_before(
    page_dir: Path, stand_in: Program, daemon: Daemon, bridge: Bridge
) -> None:
    with Driver(bridge, "me", lease_ms=5000) as driver:
        driver.reset(Place(1000.0))
        stand_in.end()
        until(lambda: bridge.status().sim_state != "live", "the end")
        with sim(page_dir, "--session", "practice"):
            until(lambda: bridge.status().sim_state == "live", "live")
            with pytest.raises(NotDriving):
                until(lambda: driver.drive(gas=1.0), "the refusal")
            assert bridge.sample().graphics.isInPit  # as its session begins
            driver.resume()
            full_gas(driver, bridge)
            driver.reset("hotlap")


def test_a_page_that_is_replaced_is_opened_again(
    page_dir: Path, stand_in: Program, daemon: Daemon, bridge: Bridge
) -> None:
    with Driver(bridge, "me", lease_ms=5000) as driver:
        full_gas(driver, bridge)
        stand_in.end()
        for page in page_dir.iterdir():
            page.unlink()
        with sim(page_dir, "--session", "hotlap"):
            until(lambda: bridge.status().sim_state == "live", "live")
            reopened = until(lambda: daemon.events("controls_reopened"), "the page opened again")
            assert [f"another stand-in has made a new control page {PAGE}"] == [event["detail"] for event in reopened]
            driver.resume()
            full_gas(driver, bridge)


@pytest.mark.parametrize("made", [False, True], ids=["missing", "empty"])
def test_a_missing_page_ends_the_daemon_with_one_clear_line(page_dir: Path, made: bool) -> None:
    if made:
        (page_dir / PAGE).touch()
    with Program("acbridge_daemon", "--port", "0", "--page-dir", str(page_dir), "--controls", "page") as daemon:
        assert ExitCode.UNAVAILABLE == daemon.wait()
    assert 1 == len(daemon.err)
    assert f"there is no control page {PAGE}; start acbridge-sim --driver none first" in daemon.err[0]


def test_a_link_in_place_of_the_page_is_not_followed(page_dir: Path, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_bytes(bytes(2048))
    (page_dir / PAGE).symlink_to(precious)
    with pytest.raises(BackEndError, match=f"cannot open the control page {PAGE}: "):
        PageBackEnd(page_dir, "acpmf_", NEUTRAL).open()
    assert bytes(2048) == precious.read_bytes()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may open everything")
def test_a_page_of_another_user_is_not_called_missing(page_dir: Path) -> None:
    (page_dir / PAGE).write_bytes(bytes(2048))
    (page_dir / PAGE).chmod(0)
    with pytest.raises(BackEndError, match=f"cannot open the control page {PAGE}: Permission denied"):
        PageBackEnd(page_dir, "acpmf_", NEUTRAL).open()


def test_a_page_that_vanished_is_no_problem_until_there_is_another(page_dir: Path) -> None:
    page, backend = page_dir / PAGE, PageBackEnd(page_dir, "acpmf_", NEUTRAL)
    page.write_bytes(bytes(2048))
    backend.open()
    assert backend.problem() is None
    kept = page.rename(page_dir / "kept")
    assert backend.problem() is None
    page.touch()
    assert backend.problem() is None  # its stand-in is about to size it
    page.write_bytes(bytes(2048))
    problem = backend.problem()
    assert problem is not None
    backend.apply(Command(gas=1.0, shifts_up=3))
    backend.close()
    backend.open()
    first = written(page_dir)
    assert (pytest.approx(0.3), 0.0, 3) == (first.brake, first.gas, first.shifts_up)
    assert backend.problem() is None
    backend.close()
    assert kept.exists()
    backend.apply(Command(gas=1.0))
    assert 0.0 == written(page_dir).gas


def test_a_game_that_is_not_a_stand_in_cannot_be_driven_by_a_page(page_dir: Path) -> None:
    with Program("acbridge_sim", "--page-dir", str(page_dir)) as driven:
        driven.said("pages")
        with Program("acbridge_daemon", "--port", "0", "--page-dir", str(page_dir), "--controls", "page") as daemon:
            assert ExitCode.UNAVAILABLE == daemon.wait()
