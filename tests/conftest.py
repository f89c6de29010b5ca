"""Fixtures that more than one test module uses."""

import os
import sys
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from game import Game
from programs import Daemon

if sys.platform != "win32":
    import fcntl

# These need what only Unix has: page files, signals, /proc, small disks. tests/windows checks the same on Windows.
collect_ignore = (
    [
        "acbridge/client/test_bridge.py",
        "acbridge/test_page_files.py",
        "acbridge/test_plotjuggler.py",
        "acbridge_ctl",
        "acbridge_daemon",
        "acbridge_demo",
        "acbridge_sim/test_plot.py",
        "acbridge_sim/test_program.py",
        "acbridge_sink",
        "end_to_end",
        "house",
    ]
    if sys.platform == "win32"
    else []
)

CHECKOUT = Path(__file__).resolve().parent.parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort the longest tests to the beginning and those that run alone to the end."""
    items.sort(key=lambda item: (is_alone(item), item.get_closest_marker("minute") is None))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Run a test marked `alone` while no other runs, and nothing of `.ci/run` in the background: the lock is shared."""
    if sys.platform == "win32":  # one process runs all tests there
        return (yield)
    with Path(__file__).open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX if is_alone(item) else fcntl.LOCK_SH)
        return (yield)


def is_alone(item: pytest.Item) -> bool:
    """Return whether a test is marked `alone`."""
    return item.get_closest_marker("alone") is not None


@pytest.fixture(scope="session")
def checkout() -> Path:
    """Return the top of the checkout."""
    return CHECKOUT


@pytest.fixture(scope="session")
def real_pages() -> dict[str, bytes]:
    """Return the first bytes of the three pages of a real session, if this machine has them."""
    directory = CHECKOUT.parent / "shared" / "data" / "ac1_pages_1.16.4"
    if not directory.is_dir():
        pytest.skip("the pages of a real session are not on this machine")
    return {page: (directory / f"acpmf_{page}.bin").read_bytes() for page in ("physics", "graphics", "static")}


@pytest.fixture
def page_dir(tmp_path: Path) -> Iterator[Path]:
    """Make a directory in real shared memory, or an ordinary one where there is none."""
    shm = Path("/dev/shm")
    parent = shm if os.access(shm, os.W_OK) else tmp_path
    with tempfile.TemporaryDirectory(prefix="acbridge-test-", dir=parent) as directory:
        yield Path(directory)


@pytest.fixture
def game(page_dir: Path) -> Iterator[Game]:
    """Run a game that writes its pages into `page_dir`."""
    with Game(page_dir) as running:
        yield running


@pytest.fixture
def daemon() -> Iterator[Daemon]:
    """Run a daemon with the stand-in at 60 Hz."""
    with Daemon("--source", "sim") as running:
        yield running
