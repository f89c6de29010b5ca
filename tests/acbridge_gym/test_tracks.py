"""Tracks by name, file and static page; a map gives the observations of the road that it was made of."""

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from acbridge import TrackMapError, TrackUnknown
from acbridge.pages import Static
from acbridge.track_map import find, read, write
from acbridge_gym import Seen
from acbridge_gym.envs.race import race_sim
from acbridge_gym.tracks import track_of, track_under
from acbridge_sim import World, layout, map_of
from acbridge_sim import track_of as driveable
from racing import observation, random_actions, rules


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of maps, which is empty."""
    for name in ("ACBRIDGE_TRACKS", "LOCALAPPDATA", "XDG_DATA_HOME", "HOME"):
        monkeypatch.setenv(name, str(tmp_path / "maps"))
    return tmp_path / "maps"


def static_page(track: str, configuration: str = "") -> Static:
    page: Any = Static.from_page(World().pages()[2])
    return Static.adopt({**vars(page), "track": track, "trackConfiguration": configuration})


@pytest.mark.parametrize("name", ["circuit", "oval", "random:5"])
def test_a_policy_sees_the_same_numbers_from_a_written_map_as_from_the_stand_ins_road(name: str, folder: Path) -> None:
    track = track_of(name)
    write(map_of(track), folder / "track.csv")
    again = track_of(str(folder / "track.csv"))
    table, rng = rules(), random.Random(6)
    for _ in range(500):
        x, z, heading = track.point(rng.uniform(0, track.length), rng.uniform(-9, 9))
        seen = Seen(x=x, z=z, heading=heading + rng.uniform(-2, 2), forward=rng.uniform(-5, 80), max_rpm=7600.0)
        here, there = observation(seen, track.road, table), observation(seen, again.road, table)
        assert here.tobytes() == there.tobytes()


@pytest.mark.parametrize(("spacing", "tolerance"), [(1.0, 0.01), (4.0, 0.05)])
def test_a_map_of_another_spacing_differs_by_little(spacing: float, tolerance: float) -> None:
    track = layout("circuit")
    again = driveable(map_of(track).resampled(spacing))
    table, rng = rules(), random.Random(6)
    for _ in range(500):
        x, z, heading = track.point(rng.uniform(0, track.length), rng.uniform(-5, 5))
        seen = Seen(x=x, z=z, heading=heading, forward=rng.uniform(0, 60), max_rpm=7600.0)
        here, there = observation(seen, track.road, table), observation(seen, again.road, table)
        assert there == pytest.approx(here, abs=tolerance)


@pytest.mark.parametrize("path", [str, Path])
def test_an_environment_drives_on_the_track_of_a_file(path: Any, folder: Path) -> None:
    flat = layout("oval")
    write(map_of(flat), folder / "track.csv")
    one = race_sim(track=path(folder / "track.csv"), flat=True)
    other = race_sim(track="oval", flat=True)
    assert one.reset(seed=1)[0].tobytes() == other.reset(seed=1)[0].tobytes()
    for action in random_actions(20, 2, 3):
        assert one.step(action)[0] == pytest.approx(other.step(action)[0], abs=1e-5)
    assert np.isfinite(one.step(np.zeros(2, np.float32))[0]).all()


def test_the_stand_ins_tracks_need_no_map_and_others_are_found_by_their_names(folder: Path) -> None:
    assert layout("oval") is track_under(static_page("acbridge_park", "oval"))
    with pytest.raises(TrackUnknown, match="acbridge-ctl track learn"):
        track_under(static_page("monza"))
    ring = track_of("random:5")
    found = map_of(ring)
    write(found, folder / "random-5.csv")
    assert ring.x == track_under(static_page("random", "5")).x
    assert found == find("random", "5") == read(folder / "random-5.csv")


def test_a_file_without_a_track_is_refused(folder: Path) -> None:
    folder.mkdir()
    (folder / "monza.csv").write_text("lap,time\n1,95.4\n")
    with pytest.raises(TrackMapError, match="needs the columns"):
        race_sim(track=str(folder / "monza.csv"))
    with pytest.raises(TrackMapError, match="needs the columns"):
        track_under(static_page("monza"))
    with pytest.raises(TrackMapError, match="No such file"):
        race_sim(track=str(folder / "none.csv"))
