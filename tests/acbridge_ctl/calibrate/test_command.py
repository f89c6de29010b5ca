"""The calibrate command against the stand-in over sockets: straight axes, curved ones, and those that have no map."""

import json
import signal
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from acbridge import Bridge, Physics, RequestRefused
from acbridge.calibration import AxisMap, Calibration, digest
from acbridge.controls import Controls
from acbridge.driving import Driver
from programs import PATIENCE_S, Daemon, Program, until

OK, FAILED, UNAVAILABLE, IO = 0, 1, 69, 74
LONG_S = 3 * PATIENCE_S
"""A measurement waits for the telemetry some eighty times."""
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


@contextmanager
def changed(change: str, *options: str) -> Generator[Daemon]:
    script = CHANGED.format(change=change)
    with Daemon("--source", "sim", "--controls", "sim", *options, program=("-c", script)) as daemon:
        with daemon.connect() as bridge:  # the first tick may come after the daemon's line that it started
            until(lambda: bridge.status().sim_state == "live", "live")
        yield daemon


def calibrate(daemon: Daemon, *arguments: str | Path) -> Program:
    words = map(str, arguments)
    return Program("acbridge_ctl", "calibrate", "--connect", daemon.address, "--timeout", "20", *words)


def axis(values: dict[str, Any]) -> AxisMap:
    return AxisMap(**values)


def test_the_straight_axes_of_the_stand_in_are_measured(drivable: Daemon, tmp_path: Path) -> None:
    path, picture = tmp_path / "fit.json", tmp_path / "fit.png"
    with calibrate(drivable, path, "--picture", picture) as program:
        assert OK == program.wait(LONG_S), program.err
    found = json.loads(path.read_text(encoding="utf-8"))
    assert ("acbridge_stand_in", "sim", "0.1.0") == (found["car"], found["backend"], found["daemon"])
    assert {"steer", "gas", "brake"} == found["axes"].keys()
    for values in found["axes"].values():
        assert 1.0 == pytest.approx(values["gamma"], abs=0.01)
        assert (0.0, 0.0) == (values["dead"], values["end"])
        assert 0.7 == pytest.approx(axis(values).command(0.7), abs=0.01)
    assert digest(found["axes"]) == found["hash"]
    with drivable.connect() as bridge:
        assert found["hash"] == bridge.status().controls_calibration
    assert "the daemon corrects commands by it from now on, until it ends" in program.out[-2]
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
        assert OK == program.wait(LONG_S), program.err
    axes = json.loads(path.read_text(encoding="utf-8"))["axes"]
    assert 0.1 == pytest.approx(axes["gas"]["dead"], abs=0.02)
    assert 0.2 == pytest.approx(axes["brake"]["end"], abs=0.02)
    assert 2.0 == pytest.approx(axes["steer"]["gamma"], abs=0.1)
    assert 0.55 == pytest.approx(axis(axes["gas"]).command(0.5), abs=0.02)
    assert -0.5 == pytest.approx(axis(axes["steer"]).command(-0.25), abs=0.02)


def shows_what_is_asked(bridge: Bridge) -> None:
    """Ask for values of each axis, and wait until the telemetry shows them, with no difference reported."""
    with Driver(bridge, "me", lease_ms=5000, timeout=PATIENCE_S) as driver:
        for asked in ((0.5, 0.0, 0.5), (-0.25, 0.75, 0.0), (1.0, 0.0, 1.0), (0.0, 0.1, 0.0)):

            def shown(asked: tuple[float, float, float] = asked) -> bool:
                driver.drive(*asked, ttl_ms=1000)
                physics, record = bridge.latest(Physics).record, bridge.latest(Controls).record
                echo = (record.echo_steer, record.echo_gas, record.echo_brake)
                return (
                    asked == (record.steer, record.gas, record.brake)
                    and pytest.approx(asked, abs=0.02) == (physics.steerAngle, physics.gas, physics.brake)
                    and pytest.approx((0.0, 0.0, 0.0), abs=0.02) == echo
                )

            until(shown, f"{asked} in the telemetry")


def test_the_daemon_corrects_commands_by_the_maps_and_keeps_them(tmp_path: Path) -> None:
    path, kept = tmp_path / "fit.json", tmp_path / "kept.json"
    with changed(CURVED, "--calibration", str(kept)) as daemon, daemon.connect() as bridge:
        with calibrate(daemon, path) as program:
            assert OK == program.wait(LONG_S), program.err
        assert "the daemon corrects commands by it from now on, and keeps it" == program.out[-2]
        found = json.loads(kept.read_text(encoding="utf-8"))
        assert ("sim", "acbridge_stand_in") == (found["backend"], found["car"])
        assert json.loads(path.read_text(encoding="utf-8"))["axes"] == found["axes"]
        shows_what_is_asked(bridge)
        with calibrate(daemon, tmp_path / "broken.json") as program:  # applies its commands as they are
            bridge.wait_for(Controls, lambda frame: frame.record.state == "driving", timeout=PATIENCE_S)
            until(lambda: bridge.status().controls_calibration is None, "the measurement")
            program.process.kill()
        until(lambda: bridge.status().controls_calibration == found["hash"], "the maps of before")
        with calibrate(daemon, path) as program:
            assert OK == program.wait(LONG_S), program.err
        again = json.loads(path.read_text(encoding="utf-8"))["axes"]
        assert 2.0 == pytest.approx(again["steer"]["gamma"], abs=0.1)
    with changed(CURVED, "--calibration", str(path)) as daemon, daemon.connect() as bridge:
        shows_what_is_asked(bridge)


def test_a_request_with_bad_maps_or_of_a_stranger_changes_nothing(drivable: Daemon) -> None:
    straight = {"commands": [0.0, 1.0], "shown": [0.0, 1.0], "residual": 0.0, "dead": 0.0, "end": 0.0, "gamma": None}
    with drivable.connect() as bridge, Driver(bridge, "me", timeout=PATIENCE_S) as driver:
        before = bridge.status().controls_calibration
        for token, axes, code in (
            (driver.token, {"gas": straight | {"shown": [0.5, 1.0], "commands": [0.5, 1.0]}}, "bad_argument"),
            (driver.token, {}, "bad_argument"),
            (driver.token + 1, {"gas": straight}, "not_driver"),
        ):
            with pytest.raises(RequestRefused) as caught:
                bridge.request("calibrate", token=token, axes=axes, timeout=PATIENCE_S)
            assert code == caught.value.code
        assert before == bridge.status().controls_calibration


def test_a_file_that_cannot_be_written_changes_nothing(tmp_path: Path) -> None:
    straight = AxisMap((0.0, 1.0), (0.0, 1.0), 0.0, 0.0, 0.0, None)
    missing = tmp_path / "missing" / "kept.json"
    with Program(
        "acbridge_daemon", "--port", "0", "--source", "sim", "--controls", "sim", "--calibration", str(missing)
    ) as daemon:
        assert 78 == daemon.wait()
    assert daemon.err[-1].endswith(f"there is no folder {missing.parent}")
    missing.parent.mkdir()
    with (
        Daemon("--source", "sim", "--controls", "sim", "--calibration", str(missing)) as daemon,
        daemon.connect() as bridge,
        Driver(bridge, "me", timeout=PATIENCE_S) as driver,
    ):
        missing.parent.rmdir()
        with pytest.raises(RequestRefused, match=f"cannot write {missing}") as caught:
            driver.calibrate(Calibration({"gas": straight}))
        assert "unavailable" == caught.value.code
        assert bridge.status().controls_calibration is None


@pytest.mark.parametrize(
    ("text", "words"), [("{}", "its format is not"), ("", "it is no JSON"), (None, "Is a directory")]
)
def test_a_file_that_is_no_calibration_ends_the_daemon_with_one_line(
    text: str | None, words: str, tmp_path: Path
) -> None:
    kept = tmp_path / "kept.json"
    kept.mkdir() if text is None else kept.write_text(text)
    options = ("--port", "0", "--source", "sim", "--controls", "sim", "--calibration", str(kept))
    with Program("acbridge_daemon", *options) as daemon:
        assert (2 if text is None else 78) == daemon.wait()
    assert words in daemon.err[-1] or "is a directory" in daemon.err[-1]


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
