"""The examples, run as a reader would run them, against a real daemon."""

import ast
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from itertools import takewhile
from pathlib import Path
from typing import NamedTuple

import pytest

import tools
from acbridge import Frame, Physics
from keyring import Keyring
from programs import PATIENCE_S, Daemon

pytestmark = pytest.mark.house

LINES = 20
SLOWEST_KMH = 50.0
"""The stand-in always drives faster than this, km/h."""
NPM_PATIENCE_S = 300.0
SAID = re.compile(r"(?:(?P<time>\S+Z)  )?(?P<speed>[\d.]+) km/h, gear (?P<gear>-?\d)(?:, 0 lost)?")


class Said(NamedTuple):
    """The values in one line that an example prints."""

    time: float | None
    speed: float
    gear: int


@pytest.fixture
def examples(checkout: Path) -> Path:
    return checkout / "clients" / "examples"


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[tuple[Daemon, dict[str, str]]]:
    """Run a daemon with keys, and return the environment that an example needs."""
    ring = Keyring(tmp_path / "keys")
    ring.add("screen", "observer")
    with Daemon("--source", "sim", "--keys", str(ring.directory)) as daemon:
        env = {"ACBRIDGE_KEY": str(ring.secret_file("screen")), "ACBRIDGE_SERVER_KEY": str(ring.server)}
        yield daemon, {**os.environ, **env}


def run(
    *command: str | Path, cwd: Path | None = None, patience: float = PATIENCE_S, env: dict[str, str] | None = None
) -> list[str]:
    """Run a command that must succeed, and return the lines that it printed."""
    words = [str(word) for word in command]
    ended = subprocess.run(words, cwd=cwd, capture_output=True, text=True, timeout=patience, check=False, env=env)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.splitlines()


def run_beside_frames(
    daemon: Daemon, *command: str | Path, cwd: Path | None = None
) -> tuple[list[str], list[Frame[Physics]]]:
    """Run an example; return its output and every frame that the daemon published during its run."""
    with daemon.connect() as bridge:
        stream = bridge.frames(Physics, timeout=PATIENCE_S)
        first = next(stream)
        lines = run(*command, daemon.address, str(LINES), cwd=cwd)
        ended = time.time()
        return lines, [first, *takewhile(lambda frame: frame.timestamp < ended, stream)]


def read(line: str) -> Said:
    said = SAID.fullmatch(line)
    assert said, line
    sampled = None if said["time"] is None else datetime.fromisoformat(said["time"]).timestamp()
    return Said(sampled, float(said["speed"]), int(said["gear"]))


def printed_frames(lines: list[str], published: list[Frame[Physics]]) -> list[Frame[Physics]]:
    """Return the consecutive frames whose values are in the lines; fail if there are none."""
    said = [read(line) for line in lines]

    def matches(line: Said, frame: Frame[Physics]) -> bool:
        # Not equality: Python and JavaScript round halves differently, and times are cut to 1 ms.
        return (
            abs(line.speed - frame.record.speedKmh) < 0.051
            and line.gear == frame.record.gear - 1
            and (line.time is None or abs(line.time - frame.timestamp) < 0.0011)
        )

    for first in range(len(published) - len(said) + 1):
        frames = published[first : first + len(said)]
        if all(map(matches, said, frames)):
            return frames
    pytest.fail(f"no {len(said)} frames in a row carry what was printed: {lines}")


def test_the_plain_subscriber_prints_what_the_frames_carry(daemon: Daemon, examples: Path) -> None:
    lines, published = run_beside_frames(daemon, sys.executable, examples / "plain_subscriber.py")
    assert LINES == len(lines)
    assert min(frame.record.speedKmh for frame in printed_frames(lines, published)) > SLOWEST_KMH


def test_the_plain_subscriber_does_not_import_our_library(examples: Path) -> None:
    tree = ast.parse((examples / "plain_subscriber.py").read_text())
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    assert ["import os", "import sys", "import msgpack", "import zmq", "import zmq.auth"] == [
        ast.unparse(node) for node in imports
    ]


def test_the_library_subscriber_prints_what_the_frames_carry(daemon: Daemon, examples: Path) -> None:
    (newest, *lines), published = run_beside_frames(daemon, sys.executable, examples / "library_subscriber.py")
    now, _, trust = newest.partition("; ")
    printed_frames([now.removeprefix("now ")], published)
    assert re.fullmatch(r"alive True, 0\.\d+ s old", trust)
    assert LINES == len(lines)
    assert min(frame.record.speedKmh for frame in printed_frames(lines, published)) > SLOWEST_KMH


@pytest.mark.parametrize("name", ["plain_subscriber.py", "library_subscriber.py"])
def test_the_subscribers_take_keys_from_the_environment(
    guarded: tuple[Daemon, dict[str, str]], examples: Path, name: str
) -> None:
    daemon, env = guarded
    assert "km/h" in run(sys.executable, examples / name, daemon.address, "2", env=env)[-1]


def test_the_library_subscriber_ends_with_one_line_when_no_daemon_answers(examples: Path) -> None:
    command = [sys.executable, str(examples / "library_subscriber.py"), "127.0.0.1:9", "1"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert (1, "") == (ended.returncode, ended.stdout)
    assert "start acbridge-daemon" in ended.stderr
    assert 1 == len(ended.stderr.splitlines())


def test_the_node_subscriber_prints_what_the_frames_carry(
    daemon: Daemon, examples: Path, tmp_path: Path, guarded: tuple[Daemon, dict[str, str]]
) -> None:
    node, npm = tools.require("node"), tools.require("npm")
    folder = tmp_path / "node"
    shutil.copytree(examples / "node", folder, ignore=shutil.ignore_patterns("node_modules"))
    run(npm, "install", "--no-audit", "--no-fund", cwd=folder, patience=NPM_PATIENCE_S)
    lines, published = run_beside_frames(daemon, node, "subscriber.mjs", cwd=folder)
    assert LINES == len(lines)
    assert min(frame.record.speedKmh for frame in printed_frames(lines, published)) > SLOWEST_KMH
    assert all(read(line).time is not None for line in lines)
    guarded_daemon, env = guarded
    assert "km/h" in run(node, "subscriber.mjs", guarded_daemon.address, "2", cwd=folder, env=env)[-1]
