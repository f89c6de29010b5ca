"""What a daemon that crashes leaves behind: a file with the pages that made it crash, and no personal names."""

import gzip
import json
import os
import struct
import tempfile
from base64 import b64decode
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from acbridge.crash_files import KEPT, crash_files, crash_folder
from acbridge.pages import AC1, Graphics, Physics, Static
from acbridge.wire import Stamp
from acbridge_daemon.crash import LastPages, Sample, write_crash
from acbridge_sim import World
from programs import Program

LAST = 700
"""The physics step at which the daemon fails: two seconds after the start of the session."""
CRASHING = Path(__file__).parents[1] / "support" / "crashing_daemon.py"


def lines(path: Path) -> list[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


@pytest.fixture(scope="module")
def crashed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Program, Path]:
    """Let a daemon crash; return it and the folder of its state."""
    home = tmp_path_factory.mktemp("home")
    options = ("--source", "sim", "--rate", "333", "--port", "0", "--names")
    env = {"XDG_STATE_HOME": str(home / "state"), "HOME": str(home)}
    with Program("-c", CRASHING.read_text(encoding="utf-8"), str(LAST), *options, env=env) as daemon:
        assert 1 == daemon.wait()
    return daemon, home / "state" / "acbridge"


def test_the_log_says_where_the_file_is(crashed: tuple[Program, Path]) -> None:
    daemon, folder = crashed
    (path,) = crash_files(folder)
    (event,) = daemon.events("crash_file")
    assert (str(path), "critical") == (event["path"], event["level"])
    assert "acbridge-ctl doctor --bundle" in event["fix"]
    assert "ZeroDivisionError: no such slip" in daemon.events("daemon_crashed")[0]["exception"]
    assert 0o700 == folder.stat().st_mode & 0o777


def test_the_file_has_error_settings_status_and_log(crashed: tuple[Program, Path]) -> None:
    (path,) = crash_files(crashed[1])
    first, *rest = lines(path)
    assert "ZeroDivisionError: no such slip" in first["error"]
    assert ("crash", "333.0", "live") == (first["type"], first["settings"]["rate"], first["status"]["sim_state"])
    logged = [line["event"] for line in rest if line["type"] == "log"]
    assert {"daemon_started", "sim_state_changed", "daemon_crashed"} <= set(logged)


def test_the_last_pages_are_those_that_made_it_crash(crashed: tuple[Program, Path]) -> None:
    (path,) = crash_files(crashed[1])
    pages = [line for line in lines(path) if line["type"] == "pages"]
    steps = [Physics.from_page(b64decode(line["physics"])).packetId for line in pages if "physics" in line]
    assert steps == sorted(steps)
    assert min(steps) < LAST - 300 < LAST <= steps[-1]
    assert {"physics", "graphics", "static"} <= pages[0].keys()
    assert all(after["timestamp"] > before["timestamp"] for before, after in pairwise(pages))


def test_no_file_has_the_name_of_a_person_or_of_the_home_folder(crashed: tuple[Program, Path]) -> None:
    (path,) = crash_files(crashed[1])
    text = gzip.decompress(path.read_bytes()).decode()
    assert str(crashed[1].parents[1]) not in text
    assert Static.from_page(World().pages()[2]).playerName
    statics = [Static.from_page(b64decode(line["static"])) for line in lines(path) if "static" in line]
    assert {("", "", "")} == {(static.playerName, static.playerSurname, static.playerNick) for static in statics}


def test_only_names_are_blanked() -> None:
    page = World().pages()[2]
    whole, blank = Static.from_page(page), Static.from_page(Static.without_names(page))
    changed = {name for name, value in vars(whole).items() if vars(blank)[name] != value}
    assert changed
    assert changed <= {"playerName", "playerSurname", "playerNick"}


def test_ten_seconds_are_kept_in_sixty_samples_a_second() -> None:
    last = LastPages()
    for tick in range(20_000):
        last.keep((struct.pack("<i", tick),), tick, Stamp(tick * 1_000_000, tick / 1000))
    samples = list(last.samples())
    assert 19_999 == samples[-1].tick
    assert 9.9 <= samples[-1].stamp.timestamp - samples[0].stamp.timestamp <= 10.1
    assert 580 <= len(samples) <= 610


@pytest.mark.skipif(os.name != "posix", reason="sets HOME")
@pytest.mark.parametrize("home", ["/", "/A", "~"], ids=["a root", "a text that base64 may have", "unknown"])
def test_pages_are_whole_whatever_the_folder_of_the_user_is(
    home: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", home)  # Python cannot expand ~ to ~
    pages = (b"\xff\xf0\x00" * 100, b"", b"")
    path = write_crash(
        tmp_path, ValueError("x"), {"run": 1}, [], [Sample(0, Stamp(0, 0.0), pages)], (Physics, Graphics, Static)
    )
    assert pages[0] == b64decode(lines(path)[1]["physics"])


@pytest.mark.skipif(os.name != "posix", reason="sets HOME")
def test_without_a_folder_of_the_user_the_file_is_a_temporary_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "~")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert crash_folder({}).is_relative_to(tmp_path)


def test_only_the_newest_files_stay(tmp_path: Path) -> None:
    for run in range(KEPT + 3):
        write_crash(tmp_path, ValueError("x"), {"run": run}, [{"event": "e", "odd": object()}], [], AC1.pages)
    runs = [int(path.name.split("-")[2].split(".")[0]) for path in crash_files(tmp_path)]
    assert list(range(3, KEPT + 3)) == runs


@pytest.mark.skipif(os.name != "posix", reason="the folder is another one there")
def test_the_folder_is_where_the_system_keeps_state(tmp_path: Path) -> None:
    assert tmp_path / "acbridge" == crash_folder({"XDG_STATE_HOME": str(tmp_path)})


def test_a_disk_that_refuses_the_file_changes_neither_log_nor_code(tmp_path: Path) -> None:
    (tmp_path / "state").touch()
    env = {"XDG_STATE_HOME": str(tmp_path / "state")}
    options = ("--source", "sim", "--port", "0")
    with Program("-c", CRASHING.read_text(encoding="utf-8"), "1", *options, env=env) as daemon:
        assert 1 == daemon.wait()
    assert "ZeroDivisionError: no such slip" in daemon.events("daemon_crashed")[0]["exception"]
    assert daemon.events("crash_file_not_written")
