"""
Training: its files, its end by Ctrl-C, its resumption, and that it learns.

Needs the extra ``train``, so it is left out of the usual run: ``uv run --extra train pytest -m train``.
"""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from acbridge_gym.cli import main
from acbridge_gym.policy import Policy
from acbridge_sim import World, layout

pytestmark = pytest.mark.train


def train(directory: Path, *options: str) -> Result:
    return CliRunner().invoke(main, ["train", str(directory), *options])


def test_a_training_leaves_a_policy_a_checkpoint_and_curves(tmp_path: Path) -> None:
    done = train(tmp_path / "mine", "--steps", "1e4", "--track", "oval")
    assert 0 == done.exit_code, done.output
    assert Policy.load(tmp_path / "mine").manifest["steps"] >= 10_000
    with (tmp_path / "mine" / "curve.csv").open(newline="") as file:
        assert [16384] == [int(row["steps"]) for row in csv.DictReader(file)]
    assert list((tmp_path / "mine" / "tensorboard").glob("*/events*"))
    pickled = [path for path in (tmp_path / "mine").rglob("*") if path.suffix in (".pkl", ".pt", ".pth", ".zip")]
    assert [] == pickled


def test_a_training_is_resumed_with_its_own_settings(tmp_path: Path) -> None:
    done = train(tmp_path, "--steps", "1e4", "--track", "oval", "--seed", "3")
    assert 0 == done.exit_code, done.output
    whole = json.loads((tmp_path / "checkpoint.json").read_text())
    (tmp_path / "checkpoint.json").write_text(json.dumps(whole | {"total": 30_000}))
    again = train(tmp_path, "--resume")
    assert 0 == again.exit_code, again.output
    more = json.loads((tmp_path / "checkpoint.json").read_text())
    assert (whole["track"], whole["seed"]) == (more["track"], more["seed"])
    assert 32768 == more["steps"]
    assert more["count"] > whole["count"]


def test_a_checkpoint_holds_all_of_the_learner(tmp_path: Path) -> None:
    from acbridge_gym.train import Training

    run = Training(tmp_path, track="oval", steps=8192, seed=1)
    run.run(lambda _: None)
    again = Training.resume(tmp_path)
    observation: Any = np.linspace(-1, 1, run.policy().mean.size, dtype=np.float32)
    assert run.policy().act(observation).tolist() == again.policy().act(observation).tolist()
    assert run.steps == again.steps


def test_a_directory_with_a_training_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "checkpoint.json").write_text("{}")
    done = train(tmp_path, "--steps", "1e4")
    assert 2 == done.exit_code
    assert "--resume" in done.output


@pytest.mark.parametrize("name", ["checkpoint.json", "checkpoint.safetensors"])
def test_a_damaged_checkpoint_ends_with_one_line(tmp_path: Path, name: str) -> None:
    assert 0 == train(tmp_path, "--steps", "1e4", "--track", "oval").exit_code
    (tmp_path / name).write_bytes((tmp_path / name).read_bytes()[:100])
    done = train(tmp_path, "--resume")
    assert 65 == done.exit_code, done.output
    assert 1 == len(done.output.splitlines())


def test_an_unknown_track_ends_with_one_line(tmp_path: Path) -> None:
    done = train(tmp_path / "mine", "--track", "moon")
    assert 2 == done.exit_code
    assert "there is no track" in done.output
    assert not (tmp_path / "mine").exists()


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C cannot be sent to another console")
def test_an_interrupted_training_says_how_to_go_on(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "acbridge_gym", "train", str(tmp_path), "--track", "oval"]
    with subprocess.Popen(words, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as process:
        deadline = time.monotonic() + 300
        while not (tmp_path / "checkpoint.json").exists():
            assert time.monotonic() < deadline
            time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert 0 == process.returncode, errors
    assert f"acbridge-gym train {tmp_path} --resume" in errors


def test_half_a_million_steps_lap_the_oval_within_a_tenth_of_the_drivers_time(tmp_path: Path) -> None:
    world = World(track=layout("oval"))
    while world.timing.laps < 2:
        world.step(100)
    done = train(tmp_path, "--track", "oval", "--steps", "5e5")
    assert 0 == done.exit_code, done.output
    laps = Policy.load(tmp_path).manifest["laps_s"]
    assert 2 == len(laps), done.output
    assert max(laps) < 1.1 * world.timing.last_ms / 1000
