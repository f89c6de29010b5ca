"""Fixtures of the Windows tests: the Windows Python, a game and a daemon that run with it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import wine
from game import Game
from wine import HERE, Interpreter

# These run inside the Windows Python; elsewhere test_inside.py runs them there.
collect_ignore = [] if sys.platform == "win32" else ["inside"]


@pytest.fixture(scope="module")
def windows() -> Iterator[Interpreter]:
    """
    Return the Windows Python, with a wine of its own.

    A connection whose Windows process was killed stays open in wine's server, which then spins: a whole core, for all
    tests that follow. So each module begins with a new server.
    """
    python = wine.windows()
    if python is HERE:
        yield python
        return
    # Wine boots with its first process and shuts down after its last: a waiting process saves each test some seconds.
    # (Two processes that boot it at the same time may wait five minutes for each other.)
    with subprocess.Popen(
        [*python.command, "-c", "print('up', flush=True); input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **python.env},
    ) as waiting:
        assert waiting.stdout is not None
        assert waiting.stdout.readline().startswith(b"up"), waiting.communicate()[1]
        yield python
        waiting.communicate(b"\n")
    server = {**os.environ, **python.env}
    subprocess.run(["wineserver", "-k"], env=server, check=False)
    subprocess.run(["wineserver", "-w"], env=server, check=False, timeout=120)


@pytest.fixture
def windows_game(windows: Interpreter, tmp_path: Path) -> Iterator[Game]:
    """Run a game that creates the named mappings, in a process of its own."""
    with Game(tmp_path, python=windows) as running:
        yield running
