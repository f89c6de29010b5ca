"""The doctor, on a machine where each link from the sim to a subscriber is missing in turn."""

import json
import os
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import zmq

from acbridge import Keys
from acbridge.pages import AC1, STATUS_LIVE, STATUS_OFF, STATUS_PAUSE, STATUS_REPLAY, Graphics
from acbridge.sources import PageCheck
from acbridge_ctl.doctor import machine
from acbridge_ctl.doctor.findings import Finding, Level
from acbridge_ctl.doctor.shared_memory import evaluate_movement, evaluate_presence
from doctoring import NO_DAEMON, doctor
from game import Game
from keyring import Keyring
from programs import Daemon, Program, until

NAMES = ("physics", "graphics", "static")


def test_the_port_of_requests_given_to_connect_is_recognised(page_dir: Path) -> None:
    with Daemon("--source", "sim") as daemon:
        report = doctor(page_dir, connect=f"127.0.0.1:{daemon.port + 1}")
    ((level, text),) = report.of("daemon")
    assert level == "FAIL"
    assert f"use --connect 127.0.0.1:{daemon.port};" in text


def stubs(directory: Path, size: int = 2048) -> None:
    """Make the files that a page bridge makes before the game starts."""
    for name in NAMES:
        (directory / f"acpmf_{name}").write_bytes(bytes(size))


@pytest.fixture
def taken() -> Iterator[int]:
    """Listen on a port and send nothing."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_with_neither_sim_nor_daemon_it_says_what_to_start(page_dir: Path) -> None:
    report = doctor(page_dir)
    assert 0 == report.code
    ((level, said),) = report.of("pages")
    assert "WARN" == level
    assert f"there is no {page_dir}/acpmf_physics and no " in said
    assert "start a session in Assetto Corsa" in said
    assert [("WARN", "none runs at 127.0.0.1:1, and ports 1 and 2 are free; start acbridge-daemon")] == report.of(
        "daemon"
    )


def test_for_people_every_finding_is_one_line(page_dir: Path) -> None:
    options = ("--page-dir", str(page_dir), "--connect", NO_DAEMON, "--timeout", "0.5")
    with Program("acbridge_ctl", "doctor", *options) as program:
        assert 0 == program.wait()
    assert ["python", "packages", "msgpack", "zeromq", "timer", "clock", "files", "pages", "page-bridge", "daemon"] == [
        line.split()[1] for line in program.out
    ]
    assert {"OK", "WARN"} == {line.split()[0] for line in program.out}


def test_pages_that_no_sim_has_filled_are_a_warning(page_dir: Path) -> None:
    stubs(page_dir)
    report = doctor(page_dir)
    assert (0, {"OK"}) == (report.code, {level for level, _ in report.of("pages")})
    assert "2048 bytes, mode 0" in report.of("pages")[0][1]
    ((level, said),) = report.of("sim")
    assert "WARN" == level
    assert "no sim has filled them: they are all zeros" in said


def test_pages_that_a_sim_has_begun_to_fill_are_distinguished_from_empty_ones(page_dir: Path) -> None:
    stubs(page_dir)
    (page_dir / "acpmf_physics").write_bytes(b"\1".ljust(2048, b"\0"))
    assert "no sim has filled them: smVersion is empty" in doctor(page_dir).of("sim")[0][1]


def test_the_pages_are_not_checked_if_the_daemon_has_its_own_simulator(page_dir: Path, daemon: Daemon) -> None:
    with daemon.connect() as bridge:
        until(lambda: bridge.status().sim_state == "live", "the sim's start")
    report = doctor(page_dir, connect=daemon.address)
    assert 0 == report.code
    assert [("OK", "not checked, since the daemon does not need them (--source sim); ")] == report.of("pages")
    assert [] == report.of("page-bridge")
    assert "OK" == report.levels()["state"]


def test_a_daemon_with_keys_answers_the_doctor_that_has_them(page_dir: Path, tmp_path: Path) -> None:
    keyring = Keyring(tmp_path / "keys")
    keyring.add("me")
    keyring.add("other")
    mine = ("--key", str(keyring.secret_file("me")), "--server-key", str(keyring.server))
    with Daemon("--page-dir", str(page_dir), "--keys", str(keyring.directory)) as daemon:
        known = doctor(page_dir, *mine, connect=daemon.address)
        without = doctor(page_dir, connect=daemon.address)
        keyring.public_file("me").unlink()
        with daemon.connect(Keys.load(keyring.secret_file("other"), keyring.server)) as bridge:
            bridge.request("reload_keys")
        unknown = doctor(page_dir, *mine, connect=daemon.address)
    assert (0, 1, 1) == (known.code, without.code, unknown.code)
    assert {"daemon": "OK", "frames": "OK"}.items() <= known.levels().items()
    ((level, said),) = without.of("daemon")
    assert "FAIL" == level
    assert f"port {daemon.port + 1} of 127.0.0.1 requires keys (CURVE); give --key" in said
    ((level, said),) = unknown.of("daemon")
    assert "FAIL" == level
    assert f"port {daemon.port + 1} of 127.0.0.1 does not accept these keys" in said
    assert "peer_refused" in said


def test_keys_for_a_daemon_without_keys_are_a_failure(page_dir: Path, tmp_path: Path) -> None:
    keyring = Keyring(tmp_path / "keys")
    keyring.add("me")
    mine = ("--key", str(keyring.secret_file("me")), "--server-key", str(keyring.server))
    with Daemon("--page-dir", str(page_dir)) as daemon:
        report = doctor(page_dir, *mine, connect=daemon.address)
    ((level, said),) = report.of("daemon")
    assert (1, "FAIL") == (report.code, level)
    assert "has no keys, and does not answer a client that uses keys; leave out --key and --server-key" in said


@pytest.mark.parametrize(("says", "named"), [("1.9", "Assetto Corsa Competizione"), ("2.0", "another sim")])
def test_another_sims_pages_are_named(game: Game, says: str, named: str) -> None:
    game.order(f"version {says}")
    report = doctor(game.directory)
    assert 1 == report.code
    ((level, said),) = report.of("sim")
    assert "FAIL" == level
    assert named in said
    assert f'smVersion is "{says}"' in said


def test_with_sim_and_daemon_running_every_check_is_ok(game: Game) -> None:
    with Daemon("--page-dir", str(game.directory)) as daemon:
        with daemon.connect() as bridge:
            until(lambda: bridge.status().sim_state == "live", "the sim's start")
        report = doctor(game.directory, connect=daemon.address)
    assert 0 == report.code
    assert {"OK"} == {level for check, level in report.levels().items() if check not in ("timer", "rate")}
    assert "Assetto Corsa 1." in report.of("sim")[0][1]
    assert "the sim's status is live; packetId moved by " in report.of("movement")[0][1]
    assert "the daemon reports that the sim is live" in report.of("state")[0][1]
    assert "60 Hz requested" in report.of("rate")[0][1]
    assert f"the status arrives from tcp://{daemon.address}" in report.of("frames")[0][1]


def test_a_sim_that_stands_still_is_a_warning(game: Game) -> None:
    game.order("stands on")
    report = doctor(game.directory)
    assert 0 == report.code
    ((level, said),) = report.of("movement")
    assert "WARN" == level
    assert "the sim's status is live, but packetId stood still" in said
    game.order("status 0")
    assert "the sim's status is off" in doctor(game.directory).of("movement")[0][1]


def test_a_single_page_that_is_missing_or_too_small_or_not_a_file_is_a_failure(page_dir: Path) -> None:
    stubs(page_dir)
    (page_dir / "acpmf_graphics").write_bytes(bytes(100))
    (page_dir / "acpmf_static").unlink()
    (page_dir / "acpmf_static").mkdir()
    report = doctor(page_dir)
    assert 1 == report.code
    assert ["FAIL", "FAIL"] == [level for level, _ in report.of("pages")]
    small, directory = (said for _, said in report.of("pages"))
    assert f"acpmf_graphics has 100 bytes, the page needs {Graphics.page_size}" in small
    assert "acpmf_static is not a regular file" in directory
    assert [] == report.of("sim")


@pytest.mark.skipif(sys.platform == "win32", reason="files are Linux's")
def test_a_page_of_another_user_or_without_permission_is_a_failure(page_dir: Path) -> None:
    stubs(page_dir)
    path = page_dir / "acpmf_physics"
    path.chmod(0)
    if os.geteuid() == 0:  # root may read everything; others may not give files away
        os.chown(path, 12345, -1)
    report = doctor(page_dir)
    ((level, said),) = report.of("pages")
    assert (1, "FAIL") == (report.code, level)
    assert ("belongs to another user (uid 12345)" if os.geteuid() == 0 else "Permission denied") in said


def test_a_page_that_cannot_be_read_is_a_failure_even_for_root(page_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert sys.platform != "win32"
    from acbridge.sources.page_files import PageFiles

    def refuse(*_: Any) -> int:
        raise PermissionError(13, "Permission denied")

    stubs(page_dir)
    files = PageFiles(page_dir, "acpmf_", AC1.pages)
    monkeypatch.setattr(os, "open", refuse)
    seen = files.inspect()
    assert [True] * 3 == [page.there for page in seen]
    assert f"cannot read {page_dir}/acpmf_physics: Permission denied" == evaluate_presence(seen)[0].text


def test_one_page_of_three_is_a_failure() -> None:
    seen = [
        PageCheck("one", there=True, problem=None, detail="2048 bytes"),
        PageCheck("two", there=False, problem="no two"),
    ]
    (finding,) = evaluate_presence(seen)
    assert (Level.FAIL, "no two") == (finding.level, finding.text)


def test_the_prefix_selects_the_pages(page_dir: Path) -> None:
    with Game(page_dir, "left_"):
        assert "OK" == doctor(page_dir, "--page-prefix", "left_").levels()["movement"]


@pytest.mark.parametrize("offset", [0, 1], ids=["frames", "requests"])
def test_a_port_that_another_program_has_is_a_failure(page_dir: Path, taken: int, offset: int) -> None:
    report = doctor(page_dir, connect=f"127.0.0.1:{taken - offset}")
    ((level, said),) = report.of("daemon")
    assert (1, "FAIL") == (report.code, level)
    assert f"port {taken} of 127.0.0.1 is taken by a program that does not answer as an acbridge daemon does" in said
    assert "--port" in said


def test_another_program_that_answers_in_zeromq_is_a_failure(page_dir: Path) -> None:
    with zmq.Context() as context, context.socket(zmq.REP) as other:
        port = other.bind_to_random_port("tcp://127.0.0.1")
        options = ("--page-dir", str(page_dir), "--connect", f"127.0.0.1:{port - 1}", "--json")
        with Program("acbridge_ctl", "doctor", *options) as program:
            assert other.poll(20_000)
            other.recv()
            other.send(b"what?")
            assert 1 == program.wait()
    (finding,) = [found for found in json.loads(program.out[0])["findings"] if found["check"] == "daemon"]
    assert "but not as an acbridge daemon does" in finding["text"]


def test_a_daemon_without_a_sim_says_what_it_waits_for(page_dir: Path) -> None:
    with Daemon("--page-dir", str(page_dir), "--topic-prefix", "rig7.") as daemon:
        report = doctor(page_dir, connect=daemon.address)
    assert 0 == report.code
    assert {"daemon": "OK", "state": "WARN", "frames": "OK"}.items() <= report.levels().items()
    assert f"there is no {page_dir}/acpmf_physics" in report.of("state")[0][1]
    assert "--topic-prefix rig7." in report.of("frames")[0][1]


def test_the_pages_of_another_machine_are_not_checked(page_dir: Path) -> None:
    report = doctor(page_dir, connect="localhost.invalid:5555")
    assert [("OK", "not checked, since the daemon is on localhost.invalid; run acbridge-ctl doctor there as well")] == (
        report.of("pages")
    )
    ((level, said),) = report.of("daemon")
    assert (1, "FAIL") == (report.code, level)
    assert "the host name localhost.invalid is not known; check --connect, or give the machine's address" == said


def test_an_impossible_host_name_is_a_failure(page_dir: Path) -> None:
    for name in ("...", "a" * 300):
        report = doctor(page_dir, connect=name)
        assert (1, "FAIL") == (report.code, report.of("daemon")[0][0])


def test_a_slow_timer_is_a_warning() -> None:
    assert machine.SLEEP_S <= machine.measure_sleep() < 1
    assert Level.OK is machine.evaluate_timer(0.0011).level
    finding = machine.evaluate_timer(0.0156)
    assert (Level.WARN, "sleeping 1 ms takes 15.60 ms") == (finding.level, finding.text)
    assert finding.fix


def test_a_clock_that_was_never_set_or_jumps_is_a_warning() -> None:
    assert Level.OK is machine.evaluate_clock(time.time(), 0.001).level
    assert "the wall clock says 1970-01-01" in machine.evaluate_clock(5.0, 0.0).text
    assert "the wall clock moved by -3600.000 s" in machine.evaluate_clock(time.time(), -3600.0).text


@pytest.mark.parametrize(("limit", "level"), [(256, "WARN"), (1023, "WARN"), (1024, "OK"), (-1, "OK")])
def test_a_low_limit_of_open_files_is_a_warning(limit: int, level: str) -> None:
    assert level == machine.evaluate_open_files(limit).level


def test_msgpack_in_pure_python_is_a_warning(page_dir: Path) -> None:
    with Program(
        "acbridge_ctl", "doctor", "--connect", NO_DAEMON, "--timeout", "0.1", env={"MSGPACK_PUREPYTHON": "1"}
    ) as slow:
        slow.wait()
    assert any(line.startswith("WARN  msgpack") and "pip install" in line for line in slow.out)


@pytest.mark.parametrize(
    ("status", "steps", "level"),
    [
        (STATUS_LIVE, 66, Level.OK),
        (STATUS_LIVE, 0, Level.WARN),
        (STATUS_PAUSE, 0, Level.OK),
        (STATUS_REPLAY, 0, Level.OK),
        (STATUS_OFF, 0, Level.WARN),
        (17, 66, Level.WARN),
    ],
)
def test_the_sims_status_is_compared_with_the_movement_of_packet_id(status: int, steps: int, level: Level) -> None:
    finding: Finding = evaluate_movement(status, steps)
    assert level is finding.level
    assert ("moved by 66" if steps else "stood still") in finding.text
