"""A policy as files: read as it was written, damaged files refused, and driven through the command line."""

import json
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from safetensors.numpy import save as save_arrays

from acbridge_gym import Settings
from acbridge_gym.cli import main
from acbridge_gym.policy import MANIFEST, WEIGHTS, Policy, manifest_of, read_arrays
from programs import Daemon, Program, until


def policy_of(gas: float = 0.3) -> Policy:
    """Return a policy that gives the same gas always."""
    settings, rng = Settings(flat=True), np.random.default_rng(1)
    sizes = (sum(channel.size for channel in settings.table), 8, 2)
    first = rng.normal(size=(sizes[1], sizes[0])).astype(np.float32), np.zeros(sizes[1], np.float32)
    last = np.zeros((sizes[2], sizes[1]), np.float32), np.array([0.0, gas], np.float32)
    mean, gain = np.full(sizes[0], 0.1, np.float32), np.full(sizes[0], 2.0, np.float32)
    return Policy(mean, gain, (first, last), manifest_of(settings, track="circuit"))


def test_a_policy_is_read_as_it_was_written(tmp_path: Path) -> None:
    policy = policy_of()
    policy.save(tmp_path / "mine")
    read = Policy.load(tmp_path / "mine")
    observation: Any = np.linspace(-1, 1, policy.mean.size, dtype=np.float32)
    assert policy.act(observation).tolist() == read.act(observation).tolist()
    assert policy.manifest == read.manifest
    assert {"step_ms": 45, "flat": True} == {name: read.settings[name] for name in ("step_ms", "flat")}


def test_actions_stay_in_their_range() -> None:
    policy = policy_of(gas=7.0)
    assert [0.0, 1.0] == policy.act(np.zeros_like(policy.mean)).tolist()


@pytest.mark.parametrize("keep", [0, 4, 20, 200, -4])
def test_weights_that_are_cut_off_are_refused(tmp_path: Path, keep: int) -> None:
    whole, path = save_arrays({"0.weight": np.ones((30, 30), np.float32)}), tmp_path / WEIGHTS
    path.write_bytes(whole)
    assert (30, 30) == read_arrays(path)["0.weight"].shape
    path.write_bytes(whole[:keep])
    with pytest.raises(ValueError, match="no weights"):
        read_arrays(path)


def test_weights_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    path = tmp_path / WEIGHTS
    path.write_bytes(save_arrays({"0.bias": np.array([1.0, np.nan], np.float32)}))
    with pytest.raises(ValueError, match="finite"):
        read_arrays(path)


@pytest.mark.parametrize("text", [b"", b"{", b"\xff\xfe", b"[1]", b"{}", b'{"format": 2}', b"[" * 100_000])
def test_manifests_of_another_kind_are_refused(tmp_path: Path, text: bytes) -> None:
    policy_of().save(tmp_path)
    (tmp_path / MANIFEST).write_bytes(text)
    with pytest.raises(ValueError, match="is not"):
        Policy.load(tmp_path)


def test_a_policy_for_other_observations_is_refused(tmp_path: Path) -> None:
    policy_of().save(tmp_path)
    manifest = json.loads((tmp_path / MANIFEST).read_text())
    manifest["channels"] = manifest["channels"][1:]
    (tmp_path / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(ValueError, match="other channels"):
        Policy.load(tmp_path)


def test_the_program_says_how_far_a_policy_got(tmp_path: Path) -> None:
    policy_of().save(tmp_path)
    done = CliRunner().invoke(main, ["evaluate", str(tmp_path), "--laps", "1"])
    assert 1 == done.exit_code, done.output
    assert "off_track at" in done.output


def test_the_program_prints_what_a_policy_is_for(tmp_path: Path) -> None:
    policy_of().save(tmp_path)
    done = CliRunner().invoke(main, ["info", str(tmp_path)])
    assert 0 == done.exit_code, done.output
    assert "step_ms  45" in done.output


def test_damaged_and_missing_files_end_the_program_with_one_line(tmp_path: Path) -> None:
    missing = CliRunner().invoke(main, ["info", str(tmp_path / "none")])
    policy_of().save(tmp_path)
    (tmp_path / WEIGHTS).write_bytes(b"no")
    damaged = CliRunner().invoke(main, ["info", str(tmp_path)])
    assert (74, 65) == (missing.exit_code, damaged.exit_code)
    assert [1, 1] == [len(done.output.splitlines()) for done in (missing, damaged)]


def test_the_program_draws_a_lap_beside_the_drivers(tmp_path: Path) -> None:
    policy_of().save(tmp_path / "mine")
    picture = tmp_path / "lap.png"
    done = CliRunner().invoke(main, ["evaluate", str(tmp_path / "mine"), "--laps", "1", "--picture", str(picture)])
    assert 1 == done.exit_code, done.output
    assert b"\x89PNG" == picture.read_bytes()[:4]


def test_the_program_prints_which_packages_are_there() -> None:
    done = CliRunner().invoke(main, ["check"])
    assert 0 == done.exit_code, done.output
    assert "ok  gymnasium" in done.output
    assert "RaceSim-v0, plain" in done.output


@pytest.mark.alone
def test_the_program_drives_the_car_of_a_daemon_and_lets_go_when_it_is_stopped(tmp_path: Path) -> None:
    policy_of(gas=0.15).save(tmp_path)
    with Daemon("--source", "sim", "--controls", "sim", "--rate", "333") as daemon:
        with Program("acbridge_gym", "drive", str(tmp_path), "--connect", daemon.address) as program:
            until(lambda: daemon.events("car_reset"), "a reset")
            assert 0 == program.end(signal.SIGINT), program.err
        until(lambda: len(daemon.events("driver_changed")) == 2, "the release")
        assert ["acquired", "released"] == [event["reason"] for event in daemon.events("driver_changed")]


def test_a_daemon_that_cannot_drive_or_is_not_there_ends_the_program_with_one_line(tmp_path: Path) -> None:
    policy_of().save(tmp_path)
    missing = CliRunner().invoke(main, ["drive", str(tmp_path), "--connect", "127.0.0.1:9"])
    with Daemon("--source", "sim", "--rate", "60") as daemon:
        refused = CliRunner().invoke(main, ["drive", str(tmp_path), "--connect", daemon.address])
    assert (69, 1) == (missing.exit_code, refused.exit_code), missing.output + refused.output
    assert "start acbridge-daemon" in missing.output
    assert "--controls" in refused.output
