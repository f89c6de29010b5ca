"""The doctor under Proton, with real processes that have the names of page bridges and of the game."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

import pytest

from acbridge_ctl.doctor.findings import Level
from acbridge_ctl.doctor.page_bridge import Process, evaluate_page_bridge, find_processes
from acbridge_ctl.doctor.shared_memory import Content
from game import Game
from programs import Program

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has bridges")

GAME = Process("acs.exe", 1)
ACBRIDGE, SHM_BRIDGE, COPIES = Process("acbridge.exe", 2), Process("shm-bridge.exe", 2), Process("wine2linux.exe", 2)
ACSHM, SIMD, WAITS = Process("acshm", 3), Process("simd", 3), Process("winecarte-run", 3)


class Start(Protocol):
    def __call__(self, argv0: str, comm: str | None = None) -> int: ...


@pytest.fixture
def start() -> Iterator[Start]:
    """Start processes with given names, and end them with the test."""
    with ExitStack() as around:

        def begin(argv0: str, comm: str | None = None) -> int:
            code = (
                "import sys; comm = sys.argv[1]\nif comm: open('/proc/self/comm', 'w').write(comm)\nprint(flush=True)"
            )
            process = around.enter_context(
                subprocess.Popen(
                    [argv0, "-I", "-c", f"{code}; sys.stdin.read()", comm or ""],
                    executable=sys.executable,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                )
            )
            around.callback(process.kill)
            assert process.stdout is not None
            process.stdout.readline()
            return process.pid

        yield begin


def bridge(directory: Path) -> tuple[str, str]:
    """Return level and text of the doctor's finding about page bridges."""
    options = ("--page-dir", str(directory), "--connect", "127.0.0.1:1", "--timeout", "0.2")
    with Program("acbridge_ctl", "doctor", "--json", *options) as program:
        program.wait()
    (found,) = [finding for finding in json.loads(program.out[0])["findings"] if finding["check"] == "page-bridge"]
    assert (found["level"] == "FAIL") <= (program.process.returncode == 1)
    return found["level"], f"{found['text']}; {found['fix']}"


def stubs(directory: Path) -> None:
    with Program("acbridge_ctl", "proton-stubs", "--page-dir", str(directory)) as program:
        assert 0 == program.wait()


@pytest.mark.parametrize(
    ("argv0", "comm", "name"),
    [
        ("Z:\\games\\assettocorsa\\acs.exe", None, "acs.exe"),
        ("/games/assettocorsa/acs.exe", None, "acs.exe"),
        ("/usr/lib/wine/wine64", "acs.exe", "acs.exe"),
        ("acs.exe", "main", "acs.exe"),
        ("acs.exe", "acs.exe", "acs.exe"),
        ("./assets/acshm", None, "acshm"),
    ],
)
def test_a_process_is_recognised_by_its_windows_or_linux_path_or_by_its_name(
    start: Start, argv0: str, comm: str | None, name: str
) -> None:
    pid = start(argv0, comm)
    assert [Process(name, pid)] == [process for process in find_processes(Path("/proc")) if process.pid == pid]


def test_a_process_that_only_mentions_the_game_is_not_the_game(start: Start) -> None:
    pid = start("/usr/bin/python3 /games/acs.exe.py", "acs.exe.old")
    assert pid not in [process.pid for process in find_processes(Path("/proc"))]


def test_processes_of_other_users_are_ignored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    process = tmp_path / "7"
    process.mkdir()
    (process / "cmdline").write_bytes(b"acs.exe\0")
    (process / "comm").write_text("acs.exe\n")
    (tmp_path / "8").mkdir()  # has ended
    (tmp_path / "self").mkdir()
    assert [Process("acs.exe", 7)] == find_processes(tmp_path)
    monkeypatch.setattr(os, "geteuid", lambda: process.stat().st_uid + 1)
    assert [] == find_processes(tmp_path)


def test_a_game_whose_pages_no_bridge_shares_is_a_failure(page_dir: Path, start: Start) -> None:
    pid = start("Z:\\games\\acs.exe")
    level, said = bridge(page_dir)
    assert "FAIL" == level
    assert f"acs.exe (pid {pid})" in said
    assert "end the game, start a bridge in its prefix, then the game again" in said


def test_stubs_that_a_bridge_shares_wait_for_the_game(page_dir: Path, start: Start) -> None:
    stubs(page_dir)
    pid = start("Z:\\tools\\acbridge.exe")
    level, said = bridge(page_dir)
    assert "OK" == level
    assert f"acbridge.exe of simshmbridge (pid {pid})" in said


def test_the_bridge_of_live_pages_is_named(game: Game, start: Start) -> None:
    pid = start("Z:\\tools\\wine2linux.exe")
    level, said = bridge(game.directory)
    assert "OK" == level
    assert f"wine2linux.exe of winecarte (pid {pid})" in said
    assert "a rate above 60 Hz adds no information" in said


@pytest.mark.parametrize("content", [Content.ABSENT, Content.EMPTY, Content.STILL, Content.LIVE])
@pytest.mark.parametrize("attending", [[], [ACSHM], [SIMD], [WAITS]], ids=str)
@pytest.mark.parametrize("sharing", [[], [ACBRIDGE], [SHM_BRIDGE], [COPIES]], ids=str)
@pytest.mark.parametrize("game", [[], [GAME]], ids=str)
def test_the_level_says_whether_frames_can_arrive(
    content: Content, game: list[Process], sharing: list[Process], attending: list[Process]
) -> None:
    finding = evaluate_page_bridge(content, [*game, *sharing, *attending])
    if content is Content.LIVE or (sharing and not (game and content is not Content.STILL)):
        expected = Level.OK
    elif game and not sharing and content is not Content.STILL:
        expected = Level.FAIL
    else:
        expected = Level.WARN
    assert expected is finding.level
    assert (finding.level is Level.OK) == (not finding.fix)
    for process in sharing:
        assert str(process) in finding.text


def test_without_pages_every_bridge_is_named_in_the_order_in_which_to_start_it() -> None:
    said = str(evaluate_page_bridge(Content.ABSENT, []))
    for name in ("simshmbridge", "acshm", "simd", "shm-bridge", "winecarte", "another program than this"):
        assert name in said
    assert said.index("proton-stubs") < said.index("acbridge.exe")


def test_a_program_that_makes_files_but_shares_nothing_is_named() -> None:
    said = str(evaluate_page_bridge(Content.EMPTY, [GAME, ACSHM]))
    assert "no bridge shares its pages (acshm of simshmbridge (pid 3) alone does not)" in said


def test_a_bridge_that_came_too_late_is_a_warning() -> None:
    said = str(evaluate_page_bridge(Content.EMPTY, [GAME, ACBRIDGE]))
    assert "the bridge came too late: end both, start the bridge, then the game" in said


def test_pages_left_from_before_are_distinguished_from_new_ones() -> None:
    assert "no game runs and the pages are left from before" in evaluate_page_bridge(Content.STILL, []).text
    assert "no game runs and the page files exist" in evaluate_page_bridge(Content.EMPTY, []).text
