"""Maps are found by track and layout, in the folder of the environment first and then in the user's."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from acbridge import TrackMapError, TrackUnknown
from acbridge.track_map import find, folders, write
from acbridge.track_map.folders import file_name
from acbridge_sim import layout, map_of

OVAL = map_of(layout("oval"))


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACBRIDGE_TRACKS", str(tmp_path / "chosen"))
    for name in ("LOCALAPPDATA", "XDG_DATA_HOME", "HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path / "user"))


def test_the_folder_of_the_environment_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = folders()
    assert tmp_path / "chosen" == first
    assert second.is_relative_to(tmp_path / "user")
    write(replace(OVAL, origin="the second"), second / "acbridge_park-oval.csv")
    assert "the second" == find("acbridge_park", "oval").origin
    write(OVAL, first / "acbridge_park-oval.csv")
    assert OVAL == find("acbridge_park", "oval")
    monkeypatch.delenv("ACBRIDGE_TRACKS")
    assert [second] == folders()


@pytest.mark.skipif(sys.platform != "linux", reason="the rule of Linux")
def test_without_a_variable_maps_are_where_linux_keeps_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_DATA_HOME")
    assert Path.home() / ".local" / "share" / "acbridge" / "tracks" == folders()[-1]


def test_an_unknown_track_names_the_command_that_learns_it(tmp_path: Path) -> None:
    for track, configuration in (("monza", ""), ("monza", "junior"), ("../../etc", "passwd"), ("", "")):
        with pytest.raises(TrackUnknown, match="acbridge-ctl track learn RECORDING") as caught:
            find(track, configuration)
        assert (track, configuration, tmp_path / "chosen") == caught.value.args
    assert "there is no map of the track 'monza', layout 'junior' in " in str(TrackUnknown("monza", "junior", tmp_path))


def test_the_map_of_another_track_is_refused(tmp_path: Path) -> None:
    write(OVAL, tmp_path / "chosen" / "monza.csv")
    with pytest.raises(TrackMapError, match="it is the map of acbridge_park oval"):
        find("monza", "")


def test_files_have_the_name_of_track_and_layout() -> None:
    assert "monza.csv" == file_name("monza", "")
    assert "ks_nurburgring-layout_gp_a.csv" == file_name("ks_nurburgring", "layout_gp_a")
