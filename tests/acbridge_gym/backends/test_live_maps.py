"""A daemon's car on a track that is not the stand-in's own: the map is found by its name, or given."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

from acbridge import TrackUnknown
from acbridge.track_map import write
from acbridge_gym import RaceEnv
from acbridge_sim import map_of
from laps import tiny
from programs import Daemon, Program

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the pages are files")

GAS = np.array([0.0, 0.3], np.float32)
TRACK = tiny()


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of maps, which is empty."""
    for name in ("ACBRIDGE_TRACKS", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "maps"))
    return tmp_path / "maps"


@pytest.fixture
def daemon(page_dir: Path, tmp_path: Path) -> Iterator[Daemon]:
    """Yield a daemon whose car is on a track that is not the stand-in's own."""
    write(map_of(TRACK), tmp_path / "tiny.csv")
    pages = ("--page-dir", str(page_dir))
    with Program("acbridge_sim", "--driver", "none", "--borders", str(tmp_path / "tiny.csv"), *pages) as sim:
        sim.said("tiny short, stand_in, practice")
        with Daemon(*pages, "--controls", "page", "--rate", "333.33") as daemon:
            yield daemon


def made(daemon: Daemon, **settings: Any) -> RaceEnv:
    env = gym.make("acbridge/Race-v0", port=daemon.port, flat=True, start={"s": 20.0, "speed": 10.0}, **settings)
    assert isinstance(env.unwrapped, RaceEnv)
    return env.unwrapped


def drives(env: RaceEnv) -> None:
    """Reset, and check that an episode drives on the map's road."""
    _, info = env.reset()
    for _ in range(5):
        observation, _, terminated, truncated, info = env.step(GAS)
        assert (False, False) == (terminated, truncated), info["reason"]
        assert env.observation_space.contains(observation)
    assert 20 < info["distance_m"] < 40
    assert TRACK.road == env.backend.road


def test_a_track_without_a_map_names_the_command_and_one_with_a_map_is_driven(daemon: Daemon, folder: Path) -> None:
    env = made(daemon)
    with pytest.raises(TrackUnknown, match=r"track 'tiny', layout 'short' .* acbridge-ctl track learn RECORDING"):
        env.reset()
    write(map_of(TRACK), folder / "tiny-short.csv")
    drives(env)
    env.close()


def test_a_map_that_is_given_needs_no_name(daemon: Daemon, tmp_path: Path) -> None:
    env = made(daemon, track=tmp_path / "tiny.csv")
    drives(env)
    env.close()
