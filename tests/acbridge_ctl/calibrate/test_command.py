"""The calibrate command against the stand-in over sockets: straight axes, curved ones, and those that have no map."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from acbridge.calibration import AxisMap, digest
from acbridge.controls import Controls
from acbridge.driving import Driver
from programs import PATIENCE_S, Daemon, Program, until

OK, FAILED, UNAVAILABLE, IO = 0, 1, 69, 74
CHANGED = """
from acbridge_daemon.cli import main
from acbridge_daemon.stand_in import StandIn

apply, read = StandIn.drive, StandIn.read
{change}
main()
"""
"""A daemon whose stand-in does something else with commands, as a game's settings do."""
CURVED = """
def drive(self, command):
    gas, brake = max(0.0, (command.gas - 0.1) / 0.9), min(1.0, command.brake / 0.8)
    apply(self, command._replace(gas=gas, brake=brake, steer=command.steer * abs(command.steer)))
StandIn.drive = drive
"""
FILTERED = """
def drive(self, command):
    self.wanted = command
def filtered(self):
    now, wanted = self._commands, getattr(self, "wanted", None)
    if wanted is not None:
        apply(self, wanted._replace(steer=now.steer + 0.02 * (wanted.steer - now.steer)))
    return read(self)
StandIn.drive, StandIn.read = drive, filtered
"""
SLACK = """
def drive(self, command):
    shown = getattr(self, "shown", 0.0)
    self.shown = min(command.brake + 0.05, max(command.brake - 0.05, shown))
    apply(self, command._replace(brake=min(1.0, max(0.0, self.shown))))
StandIn.drive = drive
"""
UNBOUND = """
StandIn.drive = lambda self, command: apply(self, command._replace(steer=0.0))
"""
INVERTED = """
StandIn.drive = lambda self, command: apply(self, command._replace(steer=-command.steer))
"""


@pytest.fixture(scope="module")
def drivable() -> Iterator[Daemon]:
    with Daemon("--source", "sim", "--controls", "sim") as running:
        yield running


def changed(change: str) -> Daemon:
    return Daemon("--source", "sim", "--controls", "sim", program=("-c", CHANGED.format(change=change)))


def calibrate(daemon: Daemon, *arguments: str | Path) -> Program:
    words = map(str, arguments)
    return Program("acbridge_ctl", "calibrate", "--connect", daemon.address, "--timeout", "20", *words)


def axis(values: dict[str, Any]) -> AxisMap:
    return AxisMap(**values)


def test_the_straight_axes_of_the_stand_in_are_measured(drivable: Daemon, tmp_path: Path) -> None:
    path, picture = tmp_path / "fit.json", tmp_path / "fit.png"
    with calibrate(drivable, path, "--picture", picture) as program:
        assert OK == program.wait(), program.err
    found = json.loads(path.read_text(encoding="utf-8"))
    assert ("acbridge_stand_in", "sim", "0.1.0") == (found["car"], found["backend"], found["daemon"])
    assert {"steer", "gas", "brake"} == found["axes"].keys()
    for values in found["axes"].values():
        assert 1.0 == pytest.approx(values["gamma"], abs=0.01)
        assert (0.0, 0.0) == (values["dead"], values["end"])
        assert 0.7 == pytest.approx(axis(values).command(0.7), abs=0.01)
    assert digest(found["axes"]) == found["hash"]
    assert 0 < found["lag_p50_s"] <= found["lag_p99_s"]
    assert found["lags"] > 40
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert f"written to {path}" == program.out[-1]
    assert ["steer", "gas", "brake"] == [line.split()[1].rstrip(":") for line in program.err]
    with drivable.connect() as bridge:
        assert "free" == bridge.latest(Controls, timeout=PATIENCE_S).record.state


def test_dead_zones_and_curves_are_found(tmp_path: Path) -> None:
    path = tmp_path / "fit.json"
    with changed(CURVED) as daemon, calibrate(daemon, path) as program:
        assert OK == program.wait(), program.err
    axes = json.loads(path.read_text(encoding="utf-8"))["axes"]
    assert 0.1 == pytest.approx(axes["gas"]["dead"], abs=0.02)
    assert 0.2 == pytest.approx(axes["brake"]["end"], abs=0.02)
    assert 2.0 == pytest.approx(axes["steer"]["gamma"], abs=0.1)
    assert 0.55 == pytest.approx(axis(axes["gas"]).command(0.5), abs=0.02)
    assert -0.5 == pytest.approx(axis(axes["steer"]).command(-0.25), abs=0.02)


@pytest.mark.parametrize(
    ("change", "name", "reason", "setting"),
    [
        (FILTERED, "steer", "", "set the steering filter and the speed sensitivity to 0"),
        (SLACK, "brake", "it is no function of the command", "switch off ABS"),
        (UNBOUND, "steer", "the command does not arrive", ""),
        (INVERTED, "steer", "invert this axis", ""),
    ],
    ids=["filtered", "slack", "unbound", "inverted"],
)
def test_telemetry_that_is_no_function_of_the_command_is_refused(
    change: str, name: str, reason: str, setting: str, tmp_path: Path
) -> None:
    path = tmp_path / "fit.json"
    with changed(change) as daemon, calibrate(daemon, path) as program:
        assert FAILED == program.wait()
    assert all(word in program.err[-1] for word in (name, reason, setting)), program.err
    assert not path.exists()


def test_a_driver_who_takes_the_controls_ends_it_with_one_line(drivable: Daemon, tmp_path: Path) -> None:
    path = tmp_path / "fit.json"
    with drivable.connect() as bridge, calibrate(drivable, path) as program:
        bridge.wait_for(Controls, lambda frame: frame.record.state == "driving", timeout=PATIENCE_S)
        with Driver(bridge, "robot", force=True, timeout=PATIENCE_S):
            assert FAILED == program.wait()
    assert "acbridge-ctl: not driving (not_driver): you do not hold the controls: robot does" == program.err[-1]
    assert not path.exists()


def test_an_interrupt_writes_nothing_and_releases_the_controls(drivable: Daemon, tmp_path: Path) -> None:
    path = tmp_path / "fit.json"
    with drivable.connect() as bridge, calibrate(drivable, path) as program:
        bridge.wait_for(Controls, lambda frame: frame.record.state == "driving", timeout=PATIENCE_S)
        assert FAILED == program.end(signal.SIGINT)
        assert ["acbridge-ctl: ended before the measurement was complete; nothing was written"] == program.err
        until(lambda: bridge.latest(Controls).record.state == "free", "the release")
    assert not path.exists()


def test_without_a_sim_it_says_so(page_dir: Path, tmp_path: Path) -> None:
    with Daemon("--page-dir", str(page_dir)) as daemon, calibrate(daemon, tmp_path / "fit.json") as program:
        assert FAILED == program.wait()
    assert "no session has run yet" in program.err[-1]


def test_without_matplotlib_it_says_what_to_install(drivable: Daemon, tmp_path: Path) -> None:
    script = "import sys; sys.modules['matplotlib'] = None; from acbridge_ctl.cli import main; main()"
    arguments = ("calibrate", str(tmp_path / "fit.json"), "--picture", str(tmp_path / "fit.png"))
    with Program("-c", script, *arguments, "--connect", drivable.address) as program:
        assert 78 == program.wait()
    assert ["-c: --picture needs matplotlib: pip install 'acbridge[plot]'"] == program.err
