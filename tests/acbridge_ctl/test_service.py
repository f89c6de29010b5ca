"""What `acbridge-ctl service` prints is valid for the system, and runs the daemon."""

import configparser
import os
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path, PureWindowsPath
from xml.etree import ElementTree as ET

import click
import pytest

from acbridge import connect
from acbridge_ctl.service import FLAGS, task
from acbridge_daemon.cli import main
from keyring import Keyring
from programs import PATIENCE_S, Program, until

NAMESPACE = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"
SCHEMA = {
    "Task": "RegistrationInfo Triggers Principals Settings Data Actions",
    "RegistrationInfo": "Author Date Description Documentation SecurityDescriptor Source URI Version",
    "Triggers": "LogonTrigger",
    "LogonTrigger": "Enabled StartBoundary EndBoundary Repetition ExecutionTimeLimit UserId Delay",
    "Repetition": "Interval Duration StopAtDurationEnd",
    "Principals": "Principal",
    "Principal": "UserId LogonType GroupId DisplayName RunLevel",
    "Settings": "AllowStartOnDemand RestartOnFailure MultipleInstancesPolicy DisallowStartIfOnBatteries "
    "StopIfGoingOnBatteries AllowHardTerminate StartWhenAvailable NetworkProfileName RunOnlyIfNetworkAvailable "
    "WakeToRun Enabled Hidden DeleteExpiredTaskAfter IdleSettings NetworkSettings ExecutionTimeLimit Priority "
    "RunOnlyIfIdle",
    "Actions": "Exec",
    "Exec": "Command Arguments WorkingDirectory",
}
"""
What version 1.2 of a task may hold, by Microsoft's [MS-TSCH] 2.5, as far as we use it. Each element comes once; only
those of a trigger come in an order of their own, which is this one.
"""
AWKWARD = 'a b%h$HOME"${x}\\;é'
"""A topic prefix with everything that systemd could interpret."""
on_linux = pytest.mark.skipif(sys.platform == "win32", reason="prints a task there")


def service(*options: str, **env: str) -> Program:
    with Program("acbridge_ctl", "service", *options, env=env) as program:
        program.wait()
        return program


def printed(*options: str) -> str:
    program = service("--", *options)
    assert (0, []) == (program.process.returncode, program.err)
    return "\n".join(program.out) + "\n"


def parsed(unit: str) -> configparser.RawConfigParser:
    """Read a unit; the parser refuses an option that comes twice."""
    parser = configparser.RawConfigParser()
    parser.optionxform = str  # pyright: ignore[reportAttributeAccessIssue]  # as its documentation says
    parser.read_string(unit)
    return parser


def command(unit: str) -> list[str]:
    """Return the words that systemd would run."""
    return [word.replace("%%", "%").replace("$$", "$") for word in shlex.split(parsed(unit)["Service"]["ExecStart"])]


@contextmanager
def notify_socket() -> Generator[socket.socket]:
    with tempfile.TemporaryDirectory() as directory, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(Path(directory) / "notify"))
        listening.settimeout(PATIENCE_S)
        yield listening


@on_linux
def test_the_unit_waits_for_the_daemon_watches_it_and_starts_it_again() -> None:
    unit = parsed(printed())
    assert ["Unit", "Service", "Install"] == unit.sections()
    assert ("notify", "on-failure", "2 78") == tuple(
        unit["Service"][name] for name in ("Type", "Restart", "RestartPreventExitStatus")
    )
    assert int(unit["Service"]["WatchdogSec"]) > 0
    assert "default.target" == unit["Install"]["WantedBy"]


@on_linux
def test_the_unit_hides_nothing_of_the_file_system() -> None:
    service = parsed(printed())["Service"]
    assert "yes" == service["NoNewPrivileges"]
    assert [] == [
        name for name in service if name.startswith(("Private", "Protect", "ReadOnly", "Inaccessible", "Temp"))
    ]


@on_linux
def test_the_units_command_runs_the_daemon_with_its_options_as_they_were_given() -> None:
    words = command(printed("--source", "sim", "--port", "0", "--topic-prefix", AWKWARD, "--rate", "40"))
    assert Path(words[0]).is_absolute()
    become = "import os, sys; os.execv(sys.argv[1], sys.argv[1:])"
    with (
        notify_socket() as listening,
        Program("-c", become, *words, env={"NOTIFY_SOCKET": listening.getsockname()}) as daemon,
    ):
        while listening.recv(4096) != b"READY=1":
            pass
        (started,) = until(lambda: daemon.events("daemon_started"), "the start")
        port = int(started["frames"].rpartition(":")[2])
        with connect(port=port, topic_prefix=AWKWARD) as bridge:
            hello = bridge.request("hello", timeout=5)
        assert 0 == daemon.end()
    assert (40, AWKWARD) == (hello["rate"], hello["topic_prefix"])


@on_linux
def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is not on this machine")
    unit = tmp_path / "acbridge.service"
    unit.write_text(printed("--topic-prefix", AWKWARD), encoding="utf-8")
    env = {**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)}
    done = subprocess.run([analyze, "--user", "verify", unit], env=env, capture_output=True, text=True, check=False)
    assert (0, "") == (done.returncode, done.stderr)


@pytest.mark.parametrize("spelling", ["--keys {}", "--keys={}"])
def test_a_relative_path_is_refused(spelling: str, tmp_path: Path) -> None:
    ring = Keyring(tmp_path / "keys")
    ring.add("screen")
    relative = os.path.relpath(ring.directory)
    program = service("--", *spelling.format(relative).split())
    assert (2, []) == (program.process.returncode, program.out)
    assert program.err[-1].endswith(f"use --keys {Path(relative).absolute()}")
    assert str(ring.directory) in printed(*spelling.format(ring.directory).split())


@pytest.mark.parametrize(
    ("options", "use"),
    [
        (("--record", "drives/"), f"use --record {Path('drives').absolute()}{os.sep}"),
        (("--source", "recording", "--loop", "x.acrec"), f"use {Path('x.acrec').absolute()}"),
    ],
    ids=str,
)
def test_a_relative_recording_is_refused(options: tuple[str, ...], use: str) -> None:
    program = service("--", *options)
    assert (2, []) == (program.process.returncode, program.out)
    assert program.err[-1].endswith(use)


def test_the_options_without_a_value_are_those_of_the_daemon() -> None:
    options = (option for option in main.params if isinstance(option, click.Option) and option.is_flag)
    assert {"--help", *(word for option in options for word in option.opts)} == set(FLAGS)


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (("--rate", "banana"), 2, "is not a valid float"),
        (("--rate", "3000"), 2, "rate must be a number from 1 to 1000 Hz"),
        (("--threshold", "stuk_s=3"), 2, "did you mean 'stuck_s'?"),
        (("--keys", "/nowhere"), 78, "/nowhere"),
        (("--topic-prefix", "a\x01"), 2, "characters that a service definition cannot hold"),
        (("--topic-prefix", "a\nExecStop=b"), 2, "characters that a service definition cannot hold"),
        (("--help",), 2, "ends at once"),
        (("--check",), 2, "a daemon with --check ends at once; leave it out"),
    ],
    ids=str,
)
def test_an_option_that_the_daemon_could_not_use_is_refused(options: tuple[str, ...], code: int, said: str) -> None:
    program = service("--", *options)
    assert (code, []) == (program.process.returncode, program.out)
    assert said in program.err[-1]


def test_the_variables_of_this_shell_are_none_of_the_service() -> None:
    program = service("--", "--rate", "30", ACBRIDGE_KEYS="/nowhere", ACBRIDGE_PORT="banana")
    assert (0, []) == (program.process.returncode, program.err)


def test_an_option_that_the_daemon_does_not_have_is_refused() -> None:
    program = service("--", "--rte", "30")
    assert (2, []) == (program.process.returncode, program.out)
    assert program.err[-1].startswith("Error: acbridge-daemon: No such option")


def test_a_value_that_is_not_a_path_may_have_the_name_of_a_file() -> None:
    assert "--topic-prefix tests" in printed("--topic-prefix", "tests")


@on_linux
def test_without_a_daemon_to_run_nothing_is_printed(tmp_path: Path) -> None:
    python = tmp_path / "python"  # a Python with no programs beside it
    python.symlink_to(sys.executable)
    beside = Path(sys.executable).parent
    for path, code in ((str(beside), 0), ("/nowhere", 1)):
        env = {"PYTHONPATH": os.pathsep.join(sys.path), "PATH": path}
        done = subprocess.run(
            [python, "-m", "acbridge_ctl", "service"], env=env, capture_output=True, text=True, check=False
        )
        assert code == done.returncode, done.stderr
        if code == 0:
            assert [str(beside / "acbridge-daemon")] == command(done.stdout)
        else:
            assert "" == done.stdout
            assert done.stderr.startswith("acbridge-ctl: there is no acbridge-daemon in ")


def a_task() -> str:
    program = PureWindowsPath(r"C:\Users\Jürgen & Söhne\pythonw.exe")
    return task(program, ("-m", "acbridge_daemon", "--keys", r"C:\my keys", "--topic-prefix", '<"é'), "PC\\Jürgen")


def test_the_task_holds_what_the_task_scheduler_knows_in_its_order() -> None:
    def look(element: ET.Element) -> None:
        name = element.tag.removeprefix(NAMESPACE)
        children = [child.tag.removeprefix(NAMESPACE) for child in element]
        known = SCHEMA.get(name, "").split()
        assert set(children) <= set(known), name
        assert len(set(children)) == len(children), name
        if name == "LogonTrigger":
            assert sorted(children, key=known.index) == children
        for child in element:
            look(child)

    root = ET.fromstring(a_task())
    assert (f"{NAMESPACE}Task", "1.2") == (root.tag, root.get("version"))
    look(root)
    principal, actions = root.find(f".//{NAMESPACE}Principal"), root.find(f".//{NAMESPACE}Actions")
    assert principal is not None
    assert actions is not None
    assert principal.get("id") == actions.get("Context")


def test_the_task_starts_the_daemon_for_its_user_and_never_ends_it() -> None:
    values = {element.tag.removeprefix(NAMESPACE): element.text for element in ET.fromstring(a_task()).iter()}
    expected = {
        "UserId": "PC\\Jürgen",
        "LogonType": "InteractiveToken",
        "RunLevel": "LeastPrivilege",
        "MultipleInstancesPolicy": "IgnoreNew",
        "DisallowStartIfOnBatteries": "false",
        "StopIfGoingOnBatteries": "false",
        "ExecutionTimeLimit": "PT0S",
        "Interval": "PT1M",
        "Command": r"C:\Users\Jürgen & Söhne\pythonw.exe",
        "Arguments": r'-m acbridge_daemon --keys "C:\my keys" --topic-prefix <\"é',
    }
    assert expected == {name: values[name] for name in expected}


@pytest.mark.parametrize("encoding", ["ascii", "utf-8-sig", "utf-16", "cp1252"])
def test_the_task_is_the_same_in_whatever_a_shell_writes(encoding: str, tmp_path: Path) -> None:
    file = tmp_path / "acbridge.xml"
    file.write_bytes(a_task().encode(encoding))
    assert ET.tostring(ET.parse(file).getroot()) == ET.tostring(ET.fromstring(a_task()))
