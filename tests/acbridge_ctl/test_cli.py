"""The asking side as its user meets it: every command, what it prints, and how it ends when something is wrong."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from acbridge import Event, Status
from acbridge.controls import Controls
from acbridge.derived import THRESHOLDS
from acbridge.driving import Driver
from acbridge.pages import Physics
from acbridge.topics import BY_NAME
from game import Game
from keyring import Keyring
from programs import PATIENCE_S, Daemon, Program, until

OK, REFUSED, USAGE, UNAVAILABLE = 0, 1, 2, 69
NO_DAEMON = ("--connect", "127.0.0.1:1", "--timeout", "0.2")
ASKING = {
    "status": (),
    "latest": (),
    "schema": (),
    "thresholds": (),
    "set-threshold": ("stuck_s=5",),
    "set-rate": ("60",),
    "mark": ("here",),
    "reload-keys": (),
    "shutdown": (),
}
"""Every command that asks the daemon once, with good arguments."""


@pytest.fixture(scope="module")
def daemon() -> Iterator[Daemon]:
    """Run one daemon for all tests here: each must leave it well."""
    with Daemon("--source", "sim") as running:
        with running.connect() as bridge:
            until(lambda: bridge.status().sim_state == "live", "the sim's start")
        yield running


def run(*arguments: str, at: Daemon | None = None, **env: str) -> Program:
    """Run a command until it ends by itself."""
    with Program(
        "acbridge_ctl", *arguments, env={**env, **({"ACBRIDGE_CONNECT": at.address} if at is not None else {})}
    ) as program:
        program.wait()
        assert "Traceback" not in "\n".join(program.err)
        return program


def printed(*arguments: str, at: Daemon) -> list[str]:
    """Run a command that must succeed and return its lines."""
    program = run(*arguments, at=at)
    assert (OK, []) == (program.process.returncode, program.err)
    return program.out


def parsed(*arguments: str, at: Daemon) -> Any:
    """Run a command that must succeed with one JSON object."""
    (line,) = printed(*arguments, at=at)
    return json.loads(line)


def complaint(*arguments: str, code: int, at: Daemon | None = None) -> str:
    """Run a command that must fail and return the last line of what it says."""
    program = run(*arguments, at=at)
    assert (code, []) == (program.process.returncode, program.out)
    return program.err[-1]


@pytest.mark.parametrize(
    "command",
    [(), *((name,) for name in (*ASKING, "watch", "drive", "calibrate", "doctor", "keygen", "service"))],
    ids=" ".join,
)
def test_every_command_explains_itself_with_examples(command: tuple[str, ...]) -> None:
    program = run(*command, "--help")
    assert (OK, []) == (program.process.returncode, program.err)
    text = "\n".join(program.out)
    assert re.search(rf"Examples?:\s+acbridge-ctl {' '.join(command)}", text), text
    assert command in ((), ("keygen",), ("service",)) or "--connect" in text


def test_the_status_has_a_line_about_the_controls_if_there_is_a_back_end(daemon: Daemon) -> None:
    assert not any(line.startswith("controls") for line in printed("status", at=daemon))
    with Daemon("--source", "sim", "--controls", "sim") as drivable, drivable.connect() as bridge:
        bridge.latest(Physics, timeout=PATIENCE_S)
        with Driver(bridge, "ann", timeout=PATIENCE_S):
            held = printed("status", at=drivable)
        bridge.wait_for(Controls, lambda frame: frame.record.state == "free", timeout=PATIENCE_S)
        free = printed("status", at=drivable)
    assert "controls  neutral by ann, through sim" == held[-1]
    assert "controls  free (released), through sim" == free[-1]


def test_help_explains_exit_codes_and_completion() -> None:
    text = "\n".join(run("--help").out)
    assert "69   no daemon answers" in text
    assert "_ACBRIDGE_CTL_COMPLETE=bash_source acbridge-ctl" in text


def test_the_shell_completes_commands() -> None:
    command = str(Path(sys.executable).with_name("acbridge-ctl"))
    env = {**os.environ, "_ACBRIDGE_CTL_COMPLETE": "zsh_complete", "COMP_WORDS": "acbridge-ctl sh", "COMP_CWORD": "1"}
    done = subprocess.run([command], env=env, capture_output=True, text=True, check=True, timeout=30)
    assert "shutdown" in done.stdout.splitlines()


@pytest.mark.parametrize("name", ["daemon", "sim", "sink", "ctl", "demo", "gym"])
def test_a_real_bash_completes_options_of_every_program(name: str) -> None:
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("bash is not on this machine")
    program = f"acbridge-{name}"
    complete = f"_ACBRIDGE_{name.upper()}_COMPLETE"
    script = f"""
        eval "$({complete}=bash_source {program})"
        function=$(complete -p {program}); function=${{function#*-F }}; function=${{function%% *}}
        COMP_WORDS=({program} --ver) COMP_CWORD=1
        $function {program} --ver {program}
        echo "${{COMPREPLY[@]}}"
    """
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [bash, "-c", script], env={**os.environ, "PATH": path}, capture_output=True, text=True, check=True, timeout=60
    )
    assert ["--version"] == done.stdout.split()


def test_version_is_one_line() -> None:
    (line,) = run("--version").out
    assert version("acbridge") in line


@pytest.mark.parametrize("command", ASKING)
def test_without_a_daemon_one_line_says_what_to_do(command: str) -> None:
    program = run(command, *ASKING[command], *NO_DAEMON)
    assert (UNAVAILABLE, []) == (program.process.returncode, program.out)
    (line,) = program.err
    assert line.startswith("acbridge-ctl: no reply to ")
    assert "start acbridge-daemon" in line
    assert (command in ("set-threshold", "set-rate", "mark", "reload-keys", "shutdown")) == (
        "may have carried it out" in line
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ("status", "--connect", "a b"),
        ("status", "--connect", "localhost:65535"),
        ("status", "--connect", "..."),
        ("watch", "--connect", "..."),
        ("status", "--timeout", "0"),
        ("latest", "weather"),
        ("schema", "weather"),
        ("set-threshold",),
        ("set-threshold", "stuck_s"),
        ("set-threshold", "stuck_s=soon"),
        ("set-rate",),
        ("set-rate", "fast"),
        ("set-rate", "0"),
        ("set-rate", "1001"),
        ("set-rate", "nan"),
        ("mark",),
        ("mark", ""),
        ("mark", "x" * 201),
        ("mark", "two\nlines"),
        ("mark", "\x1b[2J"),
        ("dance",),
    ],
    ids=lambda arguments: " ".join(arguments)[:30],
)
def test_a_bad_option_ends_with_one_clear_line(arguments: tuple[str, ...]) -> None:
    assert complaint(*arguments, code=USAGE).startswith("Error: ")


def test_status_is_readable(daemon: Daemon) -> None:
    lines = {line[:9].strip(): line[10:] for line in printed("status", at=daemon)}
    assert lines["daemon"].startswith(f"{version('acbridge')} at tcp://{daemon.address}, run {daemon.run}, up ")
    assert re.match(r"60 Hz requested, .* missed$", lines["rate"])
    assert re.match(r"live since 20\d\d-\d\d-\d\d \d\d:\d\d:\d\d$", lines["sim"])
    assert lines["requests"].endswith("refused")


def test_status_as_json_is_one_object_with_every_field(daemon: Daemon) -> None:
    found = parsed("status", "--json", at=daemon)
    assert {"run", "wire", "frames", *(column.name for column in Status.columns)} == found.keys()
    assert (daemon.run, 1, "live", 60.0) == (found["run"], found["wire"], found["sim_state"], found["rate"])


def test_a_sim_that_does_not_run_is_reported_and_is_not_a_failure(page_dir: Path) -> None:
    with Daemon("--page-dir", str(page_dir)) as daemon:
        lines = printed("status", at=daemon)
        assert any("absent since" in line and "no frames of the sim are published" in line for line in lines)
        assert any("there is no" in line and "start the sim" in line for line in lines)
        assert "absent" == parsed("status", "--json", at=daemon)["sim_state"]
        said = complaint("latest", "physics", code=REFUSED, at=daemon)
        assert "acbridge-ctl: nothing is published on physics now; the sim is absent" == said


def test_latest_is_the_newest_frame_of_a_topic_or_of_all(daemon: Daemon) -> None:
    frames = parsed("latest", at=daemon)
    assert {"physics", "graphics", "derived", "static", "status"} <= frames.keys() <= BY_NAME.keys()
    frame = parsed("latest", "physics", at=daemon)
    assert frame["tick"] > frames["physics"]["tick"]
    assert {"tick", "timestamp", "speedKmh", "wheelSlip"} <= frame.keys()


def test_latest_prints_only_the_fields_that_are_asked_for(daemon: Daemon) -> None:
    assert ["gear", "tick"] == list(parsed("latest", "physics", "--field", "gear", "--field", "tick", at=daemon))
    both = parsed("latest", "--field", "packetId", "--field", "smVersion", at=daemon)
    assert {"packetId"} == both["physics"].keys() == both["graphics"].keys()
    assert {"smVersion": "1.7"} == both["static"]


def test_latest_of_a_field_that_no_topic_has_is_refused(daemon: Daemon) -> None:
    said = complaint("latest", "physics", "--field", "gear", "--field", "speed", code=USAGE, at=daemon)
    assert "Error: no frame has speed; did you mean 'speedKmh'?" == said


def test_latest_has_no_frame_of_a_session_that_has_ended(game: Game) -> None:
    with Daemon("--page-dir", str(game.directory)) as daemon:
        until(lambda: run("latest", "physics", at=daemon).process.returncode == 0, "a frame of the session")
        game.exit()
        with daemon.connect() as bridge:
            until(lambda: bridge.status(timeout=5).sim_state == "idle", "the end of the session")
        said = complaint("latest", "physics", code=REFUSED, at=daemon)
        assert "acbridge-ctl: nothing is published on physics now; the sim is idle" == said
        assert {"status", "controls", "event"} == parsed("latest", at=daemon).keys()


def test_an_unknown_host_is_named() -> None:
    said = complaint("status", "--connect", "no-such-host.invalid", code=UNAVAILABLE)
    assert "acbridge-ctl: no reply to 'hello' from tcp://no-such-host.invalid:5556: the host name" in said
    assert "no-such-host.invalid is not known" in said


def test_a_closed_stdout_changes_nothing(daemon: Daemon) -> None:
    command = [sys.executable, "-m", "acbridge_ctl", "mark", "unseen", "--connect", daemon.address]
    done = subprocess.run(
        ["sh", "-c", 'exec "$@" >&-', "sh", *command], stderr=subprocess.PIPE, text=True, check=False, timeout=60
    )
    assert (74, "acbridge-ctl: cannot write: stdout is closed\n") == (done.returncode, done.stderr)
    with daemon.connect() as bridge:
        assert "unseen" != bridge.request("latest")["frames"].get("event", {}).get("text")


def test_schema_is_the_daemons(daemon: Daemon) -> None:
    assert BY_NAME.keys() == parsed("schema", at=daemon).keys()
    assert Event.json_schema() == parsed("schema", "event", at=daemon)


def test_thresholds_are_listed_with_value_and_range(daemon: Daemon) -> None:
    lines = printed("thresholds", at=daemon)
    assert list(THRESHOLDS) == [line.split()[0] for line in lines]
    assert re.match(
        r"stuck_kmh +3 km/h +0 to 50 +stuck: slower than this with gas\.", lines[list(THRESHOLDS).index("stuck_kmh")]
    )
    found = parsed("thresholds", "--json", at=daemon)
    assert {**THRESHOLDS["stuck_kmh"]._asdict(), "value": 3.0} == found["stuck_kmh"]


def test_thresholds_are_set_together_or_not_at_all(daemon: Daemon) -> None:
    assert ["stuck_s 5", "spin_angle 1.5"] == printed("set-threshold", "stuck_s=5", "spin_angle=1.5", at=daemon)
    said = complaint("set-threshold", "stuck_s=6", "spin_angle=0.3", code=REFUSED, at=daemon)
    assert said.startswith("acbridge-ctl: 'set_thresholds' was refused (bad_argument): spin_over_angle must stay under")
    assert 5.0 == parsed("thresholds", "--json", at=daemon)["stuck_s"]["value"]


def test_an_unknown_or_impossible_threshold_is_a_bad_option_that_says_what_is_allowed() -> None:
    said = complaint("set-threshold", "stuck_s=6", "stuck=6", code=USAGE)
    assert "Error: there is no threshold 'stuck'; did you mean 'stuck_s'?" == said
    said = complaint("set-threshold", "stuck_s=6", "stuck_kmh=-1", code=USAGE)
    assert "Error: stuck_kmh must be a number from 0 to 50 km/h" == said


def test_the_rate_is_set(daemon: Daemon) -> None:
    assert ["120 Hz"] == printed("set-rate", "120", at=daemon)
    assert 120.0 == parsed("status", "--json", at=daemon)["rate"]
    assert ["60 Hz"] == printed("set-rate", "60", at=daemon)


def test_a_mark_reaches_a_subscriber_exactly_once(daemon: Daemon) -> None:
    with daemon.connect() as bridge, bridge.frames(Event, Status, timeout=10) as frames:
        until(lambda: isinstance(next(frames).record, Status), "status, so the subscription stands")
        (said,) = printed("mark", "Größe 日本 😀", at=daemon)
        printed("mark", "end", at=daemon)
        marks: list[tuple[str | None, int]] = []
        while not marks or marks[-1][0] != "end":
            frame = next(frames)
            if isinstance(frame.record, Event) and frame.record.kind == "mark":
                marks.append((frame.record.text, frame.tick))
    assert [("Größe 日本 😀", int(said.removeprefix("marked at tick ")))] == marks[:-1]


def test_reloading_keys_fails_if_some_cannot_be_used(tmp_path: Path) -> None:
    ring = Keyring(tmp_path / "keys")
    ring.add("rig")
    ring.add("screen", "observer")
    who = ("--key", str(ring.secret_file("rig")), "--server-key", str(ring.server))
    with Daemon("--source", "sim", "--keys", str(ring.directory)) as daemon:
        assert ["rig operator", "screen observer"] == [
            " ".join(line.split()) for line in printed("reload-keys", *who, at=daemon)
        ]
        ring.public_file("screen").write_text("nonsense")
        program = run("reload-keys", *who, at=daemon)
        assert (1, ["rig operator"]) == (program.process.returncode, [" ".join(line.split()) for line in program.out])
        (line,) = program.err
        assert line.startswith(f"acbridge-ctl: {ring.public_file('screen')}: ")


def test_a_daemon_with_allow_shutdown_is_shut_down() -> None:
    with Daemon("--source", "sim", "--allow-shutdown") as daemon:
        assert ["the daemon ends"] == printed("shutdown", at=daemon)
        assert OK == daemon.wait()


def test_a_daemon_without_allow_shutdown_continues(daemon: Daemon) -> None:
    said = complaint("shutdown", code=REFUSED, at=daemon)
    assert "start the daemon with --allow-shutdown" in said
    assert daemon.process.poll() is None


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("command", [("status",), ("watch",), ("doctor",)], ids=" ".join)
def test_an_answer_that_cannot_be_written_ends_with_one_line(daemon: Daemon, command: tuple[str, ...]) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "acbridge_ctl", *command, "--connect", daemon.address],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=30,
        )
    assert (74, "acbridge-ctl: cannot write: No space left on device\n") == (done.returncode, done.stderr)


def test_a_reader_that_leaves_ends_the_watch_in_peace(daemon: Daemon) -> None:
    watch = [sys.executable, "-m", "acbridge_ctl", "watch", "--connect", daemon.address]
    with subprocess.Popen(watch, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        assert "status" in running.stdout.readline()
        running.stdout.close()
        assert (0, "") == (running.wait(30), running.stderr.read())


@pytest.mark.alone
def test_an_interrupt_ends_a_waiting_command_at_once() -> None:
    with Program("acbridge_ctl", "status", "--connect", "127.0.0.1:1", "--timeout", "60") as program:
        time.sleep(1.0)  # its waiting is invisible from outside
        asked = time.monotonic()
        program.interrupt()
        program.wait()
    assert time.monotonic() - asked < 2
    assert "Traceback" not in "\n".join(program.err)
