"""The bundle for a bug report: what it holds, what it leaves out, and that its owner sees both."""

import json
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from acbridge.crash_files import crash_name
from programs import Daemon, Program


@pytest.fixture(scope="module")
def daemon() -> Iterator[Daemon]:
    with Daemon("--source", "sim") as running:
        yield running


def bundle(path: Path, connect: str, home: Path | str) -> Program:
    env = {"HOME": str(home), "XDG_STATE_HOME": str(path.parent / "state")}
    with Program("acbridge_ctl", "doctor", "--connect", connect, "--bundle", str(path), env=env) as program:
        program.wait()
        return program


def test_a_bundle_has_findings_versions_status_and_the_last_crash(daemon: Daemon, tmp_path: Path) -> None:
    state = tmp_path / "state" / "acbridge"
    state.mkdir(parents=True)
    for utc, run in (("20260101T000000Z", 1), ("20261231T000000Z", 2)):
        (state / crash_name(utc, run)).write_bytes(b"crash")
    path = tmp_path / "report.zip"
    program = bundle(path, daemon.address, tmp_path)
    with zipfile.ZipFile(path) as found:
        names = set(found.namelist())
        assert {"findings.json", "versions.json", "status.json", crash_name("20261231T000000Z", 2)} <= names
        assert crash_name("20260101T000000Z", 1) not in names
        versions, status = (json.loads(found.read(name)) for name in ("versions.json", "status.json"))
        everything = b"".join(found.read(name) for name in names)
    assert {"acbridge", "pyzmq", "msgpack", "rich"} <= versions["packages"].keys()
    assert "live" == status["sim_state"]
    assert str(tmp_path).encode() not in everything
    listing = "\n".join(program.err)
    assert all(name in listing for name in names)
    (crash,) = (line for line in program.err if "crash-20261231" in line)
    assert "addresses and key names" in crash
    assert "Nothing was sent. Look at it before you attach it to a bug report." in listing


def test_a_bundle_without_a_daemon_has_the_findings(tmp_path: Path) -> None:
    path = tmp_path / "report.zip"
    bundle(path, "127.0.0.1:1", tmp_path)
    with zipfile.ZipFile(path) as found:
        assert "status.json" not in found.namelist()
        assert "start acbridge-daemon" in found.read("findings.json").decode()


@pytest.mark.skipif(os.name != "posix", reason="sets HOME")
def test_a_user_without_a_folder_gets_a_bundle(tmp_path: Path) -> None:
    path = tmp_path / "report.zip"
    program = bundle(path, "127.0.0.1:1", "~")  # Python cannot expand ~ to ~
    assert not any("Traceback" in line for line in program.err)
    assert zipfile.is_zipfile(path)


def test_of_another_machine_no_file_of_this_one_is_packed(tmp_path: Path) -> None:
    state = tmp_path / "state" / "acbridge"
    state.mkdir(parents=True)
    (state / crash_name("20260101T000000Z", 1)).write_bytes(b"crash")
    path = tmp_path / "report.zip"
    bundle(path, "no-such-host.invalid", tmp_path)
    with zipfile.ZipFile(path) as found:
        assert {"findings.json", "versions.json"} == set(found.namelist())


def test_a_file_that_exists_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "report.zip"
    path.write_text("mine")
    program = bundle(path, "127.0.0.1:1", tmp_path)
    assert (74, "mine") == (program.process.returncode, path.read_text())
    assert f"acbridge-ctl: {path} is there already; choose another name" == program.err[-1]
