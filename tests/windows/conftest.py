"""What the Windows tests share: the Windows Python, a game and a daemon that run with it."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import wine
from game import Game
from wine import Interpreter

# These run inside the Windows Python; elsewhere test_inside.py runs them there.
collect_ignore = [] if sys.platform == "win32" else ["inside"]


@pytest.fixture(scope="session")
def windows() -> Interpreter:
    """Return the Windows Python."""
    return wine.windows()


@pytest.fixture
def windows_game(windows: Interpreter, tmp_path: Path) -> Iterator[Game]:
    """Run a game that creates the named mappings, in a process of its own."""
    with Game(tmp_path, python=windows) as running:
        yield running
