"""What the doctor finds of the controls: who drives, and what keeps commands from the car."""

from pathlib import Path
from typing import Any

import pytest

from acbridge import Bridge, Status
from acbridge.controls import Controls
from acbridge.driving import Driver
from acbridge.pages import STATUS_PAUSE, Physics
from acbridge.wire import Frame
from acbridge_ctl.doctor.controls import evaluate_calibration, evaluate_controls, evaluate_without
from acbridge_ctl.doctor.findings import Level
from doctoring import doctor
from game import Game
from keyring import Keyring
from programs import PATIENCE_S, Daemon
from records import empty

DRIVABLE = ("--source", "sim", "--controls", "sim")
DEAF = """
from acbridge_daemon.cli import main
from acbridge_daemon.stand_in import StandIn

apply = StandIn.drive
StandIn.drive = lambda self, command: apply(self, command._replace(gas=0.0, brake=0.0))
main()
"""
"""A daemon whose stand-in takes no pedals, as a game does that has another device bound."""


def live(bridge: Bridge) -> None:
    bridge.latest(Physics, timeout=PATIENCE_S)


def test_a_daemon_without_a_back_end_says_how_to_start_one(page_dir: Path, daemon: Daemon) -> None:
    ((level, said),) = doctor(page_dir, connect=daemon.address).of("controls")
    assert "OK" == level
    assert "this daemon cannot drive; to drive, start it with --controls sim with --source sim" in said


def test_free_controls_and_their_driver_are_named(page_dir: Path) -> None:
    with Daemon(*DRIVABLE) as daemon, daemon.connect() as bridge:
        live(bridge)
        free = doctor(page_dir, connect=daemon.address)
        with Driver(bridge, "ann", timeout=PATIENCE_S):
            held = doctor(page_dir, connect=daemon.address)
    assert 0 == free.code == held.code
    assert [("OK", "this program may drive; ")] == free.of("role")
    ((_, said),) = free.of("controls")
    assert "free, through sim; " == said
    ((level, said),) = held.of("controls")
    assert "OK" == level
    assert said.startswith(
        "held by ann through sim, neutral; command none yet, the applied values are unchanged since "
    )


def test_a_key_of_an_observer_may_not_drive(page_dir: Path, tmp_path: Path) -> None:
    keyring = Keyring(tmp_path / "keys")
    keyring.add("guest", "observer")
    mine = ("--key", str(keyring.secret_file("guest")), "--server-key", str(keyring.server))
    with Daemon(*DRIVABLE, "--keys", str(keyring.directory)) as daemon:
        ((level, said),) = doctor(page_dir, *mine, connect=daemon.address).of("role")
    assert "WARN" == level
    assert "your key has the role observer" in said


def test_a_paused_sim_suspends_the_driver(game: Game) -> None:
    (game.directory / "acpmf_controls").write_bytes(bytes(2048))
    with (
        Daemon("--page-dir", str(game.directory), "--controls", "page") as daemon,
        daemon.connect() as bridge,
        Driver(bridge, "ann", timeout=PATIENCE_S),
    ):
        live(bridge)
        game.order(f"status {STATUS_PAUSE}")
        bridge.wait_for(Controls, lambda frame: frame.record.state == "suspended", timeout=PATIENCE_S)
        held, suspended, *_ = doctor(game.directory, connect=daemon.address).of("controls")
    assert held[1].startswith("held by ann through page, suspended; ")
    assert ("WARN", "the car takes no commands: paused; continue the session in the game") == suspended


def test_commands_that_do_not_arrive_are_found(page_dir: Path) -> None:
    with Daemon(*DRIVABLE, program=("-c", DEAF)) as daemon, daemon.connect() as bridge:
        live(bridge)
        with Driver(bridge, "ann", timeout=PATIENCE_S) as driver:
            driver.drive(brake=1.0, ttl_ms=1000)
            bridge.wait_for(Controls, lambda frame: frame.record.frozen_input, timeout=PATIENCE_S)
            found = doctor(page_dir, connect=daemon.address).of("controls")
    assert ["WARN"] == [level for level, said in found if "bind the axes of sim in the game's control settings" in said]


def test_a_daemon_without_keys_that_other_machines_reach_is_named() -> None:
    exposed = evaluate_without(empty(Status, controls_state="none", controls_backend="none", insecure=True))
    assert (Level.OK, True) == (exposed.level, "other machines reach it without keys" in exposed.text)
    assert "--keys DIR" in exposed.fix


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"state": "neutral", "reason": "ttl"}, "the car is neutral: ttl; the driver sends commands too rarely"),
        ({"state": "suspended", "reason": "replay"}, "takes no commands: replay; end the replay"),
        (
            {"state": "suspended", "reason": "back_end", "backend_problem": "no wheel"},
            "nothing reaches the car: no wheel; have uinput ready: the daemon opens it again by itself",
        ),
        ({"state": "driving", "reason": "ai"}, "the sim's own driver steers"),
        ({"state": "driving", "frozen_input": True, "echo_gas": -1.0}, "it differs in gas by -1.00; bind the axes"),
        ({"state": "neutral", "reset_state": "failed", "reset_detail": "put: gone"}, "failed after 0 attempts: put"),
    ],
)
def test_what_keeps_commands_from_the_car_is_a_warning(changes: dict[str, Any], words: str) -> None:
    record = empty(Controls, driver="ann", backend="uinput", **changes)
    first, second = evaluate_controls(Frame(record, 1, 1, 1, 1000.0, 1))
    assert (Level.OK, Level.WARN) == (first.level, second.level)
    assert words in str(second)


@pytest.mark.parametrize(
    ("known", "words"),
    [(None, "commands are applied as they are"), ("sha256:" + "a1" * 32, "by sha256:a1a1a1a1a1a1a1a1")],
)
def test_what_corrects_the_commands_is_named(known: str | None, words: str) -> None:
    found = evaluate_calibration(empty(Status, controls_calibration=known))
    assert (Level.OK, True) == (found.level, words in found.text)
