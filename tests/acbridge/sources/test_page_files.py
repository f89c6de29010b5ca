"""Pages in real files of shared memory, those that misbehave included."""

import os
import signal
import subprocess
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import pytest

from acbridge.pages import AC1, Pages
from acbridge.sources import PageSource

SIZES = {page.page_name: page.page_size for page in AC1.pages}
PHYSICS = "acpmf_physics"


def fill(directory: Path, mark: int, size: int | None = None) -> Pages:
    """Write three pages that consist of one byte, with zeros behind them up to a size."""
    pages = tuple(bytes([mark]) * needed for needed in SIZES.values())
    for name, page in zip(SIZES, pages, strict=True):
        (directory / f"acpmf_{name}").write_bytes(page.ljust(size or 0, b"\0"))
    return pages


def page_files(directory: Path, prefix: str = "acpmf_") -> PageSource:
    assert sys.platform != "win32"
    from acbridge.sources.page_files import PageFiles

    return PageFiles(directory, prefix, AC1.pages)


@pytest.fixture
def source(page_dir: Path) -> Iterator[PageSource]:
    files = page_files(page_dir)
    yield files
    files.detach()


@contextmanager
def at_most(seconds: float) -> Generator[None]:
    """Fail instead of hanging."""
    assert sys.platform != "win32"

    def give_up(_signal: int, _frame: FrameType | None) -> None:
        raise TimeoutError(f"still not done after {seconds:g} s")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def held_open(directory: Path) -> list[int]:
    """Return this process's descriptors of files under a directory, deleted ones included."""
    found: list[int] = []
    for entry in Path("/proc/self/fd").iterdir():
        try:
            target = entry.readlink()
        except FileNotFoundError:  # the one that lists the directory
            continue
        if directory in target.parents:
            found.append(int(entry.name))
    return found


def descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def test_a_directory_without_pages_is_named(source: PageSource, page_dir: Path) -> None:
    problem = source.attach()
    assert str(page_dir / PHYSICS) in str(problem)
    assert "start the sim" in str(problem)
    assert source.read() is None


@pytest.mark.parametrize("missing", SIZES)
def test_one_missing_page_is_named(source: PageSource, page_dir: Path, missing: str) -> None:
    fill(page_dir, 1)
    (page_dir / f"acpmf_{missing}").unlink()
    assert f"there is no {page_dir / f'acpmf_{missing}'}" in str(source.attach())
    assert source.read() is None


@pytest.mark.parametrize("size", [0, 100, SIZES["physics"] - 1])
def test_a_file_shorter_than_the_page_is_reported_with_both_sizes(
    source: PageSource, page_dir: Path, size: int
) -> None:
    fill(page_dir, 1)
    os.truncate(page_dir / PHYSICS, size)
    assert f"has {size} bytes, the page needs 592" in str(source.attach())
    assert source.read() is None


@pytest.mark.parametrize("size", [None, 2048, 4096, 16000], ids=str)
def test_a_file_that_holds_the_page_is_read_up_to_its_end(source: PageSource, page_dir: Path, size: int | None) -> None:
    pages = fill(page_dir, 7, size)
    assert source.attach() is None
    assert pages == source.read()


def test_pages_are_read_as_they_are_now(source: PageSource, page_dir: Path) -> None:
    fill(page_dir, 1)
    assert source.attach() is None
    with (page_dir / PHYSICS).open("r+b") as file:
        file.write(b"\x05" * 592)
    read = source.read()
    assert read is not None
    assert b"\x05" * 592 == read[0]


def test_another_prefix_names_other_files(page_dir: Path) -> None:
    fill(page_dir, 1)
    assert "rig2_physics" in str(page_files(page_dir, "rig2_").attach())


def test_a_file_that_may_not_be_read_is_reported_with_the_reason(source: PageSource, page_dir: Path) -> None:
    assert sys.platform != "win32"
    fill(page_dir, 1)
    if os.geteuid() == 0:  # root may read everything, and trusts no other user's pages
        os.chown(page_dir / PHYSICS, 4321, -1)
        reason = "belongs to another user (uid 4321)"
    else:
        (page_dir / PHYSICS).chmod(0)
        reason = "Permission denied"
    problem = str(source.attach())
    assert str(page_dir / PHYSICS) in problem
    assert reason in problem


def test_a_pipe_in_place_of_a_page_is_refused_at_once(source: PageSource, page_dir: Path) -> None:
    assert sys.platform != "win32"
    fill(page_dir, 1)
    (page_dir / PHYSICS).unlink()
    os.mkfifo(page_dir / PHYSICS)
    with at_most(5):
        assert f"{page_dir / PHYSICS} is not a regular file" == source.attach()


def test_a_directory_in_place_of_a_page_is_refused(source: PageSource, page_dir: Path) -> None:
    fill(page_dir, 1)
    (page_dir / PHYSICS).unlink()
    (page_dir / PHYSICS).mkdir()
    assert f"{page_dir / PHYSICS} is not a regular file" == source.attach()


def test_a_link_to_itself_in_place_of_a_page_is_refused(source: PageSource, page_dir: Path) -> None:
    fill(page_dir, 1)
    (page_dir / PHYSICS).unlink()
    (page_dir / PHYSICS).symlink_to(page_dir / PHYSICS)
    with at_most(5):
        assert f"cannot read {page_dir / PHYSICS}" in str(source.attach())


def test_files_that_were_replaced_are_noticed_by_the_next_attach(source: PageSource, page_dir: Path) -> None:
    fill(page_dir, 1)
    source.attach()
    for name in SIZES:
        (page_dir / f"acpmf_{name}").unlink()
    pages = fill(page_dir, 2)
    assert source.attach() is None
    assert pages == source.read()


def test_files_that_were_deleted_are_noticed_by_the_next_attach(source: PageSource, page_dir: Path) -> None:
    fill(page_dir, 1)
    source.attach()
    (page_dir / "acpmf_graphics").unlink()
    assert f"there is no {page_dir / 'acpmf_graphics'}" in str(source.attach())
    assert source.read() is None


def test_pages_that_come_back_are_attached_again(source: PageSource, page_dir: Path) -> None:
    fill(page_dir, 1)
    source.attach()
    (page_dir / "acpmf_graphics").unlink()
    source.attach()
    pages = fill(page_dir, 3)
    assert source.attach() is None
    assert pages == source.read()


def test_a_file_that_shrinks_while_it_is_read_does_not_end_the_process(page_dir: Path) -> None:
    fill(page_dir, 1, size=4096)
    child = """
import os, sys
from pathlib import Path
from acbridge.pages import AC1
from acbridge.sources.page_files import PageFiles
directory = Path(sys.argv[1])
source = PageFiles(directory, "acpmf_", AC1.pages)
print(source.attach(), source.read() is not None)
os.truncate(directory / "acpmf_physics", 0)
print(source.read(), source.attach())
"""
    done = subprocess.run(
        [sys.executable, "-c", child, str(page_dir)], capture_output=True, text=True, check=False, timeout=30
    )
    problem = f"{page_dir / PHYSICS} has 0 bytes, the page needs 592; did another program make it?"
    assert (0, f"None True\nNone {problem}\n", "") == (done.returncode, done.stdout, done.stderr)


def test_detaching_closes_every_descriptor(source: PageSource, page_dir: Path) -> None:
    before = descriptors()
    fill(page_dir, 1)
    source.attach()
    assert before + 3 == descriptors()
    source.detach()
    assert before == descriptors()
    assert source.read() is None


def test_attaching_in_vain_holds_nothing_open(source: PageSource, page_dir: Path) -> None:
    before = descriptors()
    fill(page_dir, 1)
    os.truncate(page_dir / "acpmf_static", 10)
    for _ in range(20):
        assert source.attach() is not None
    assert before == descriptors()


def test_attaching_again_and_again_holds_three_files_open(source: PageSource, page_dir: Path) -> None:
    before = descriptors()
    for mark in range(20):
        for name in SIZES:
            (page_dir / f"acpmf_{name}").unlink(missing_ok=True)
        fill(page_dir, mark)
        assert source.attach() is None
        assert source.attach() is None
    assert before + 3 == descriptors()


def look_at(directory: Path) -> dict[str, tuple[int, ...]]:
    """Return what a writer could have changed about each file."""
    return {
        path.name: (stat.st_ino, stat.st_size, stat.st_mode, stat.st_uid, stat.st_mtime_ns, stat.st_ctime_ns)
        for path in directory.iterdir()
        for stat in (path.stat(),)
    }


@pytest.mark.parametrize("found", [[], ["physics"], ["physics", "graphics", "static"]], ids=len)
def test_nothing_is_created_resized_or_touched(source: PageSource, page_dir: Path, found: list[str]) -> None:
    fill(page_dir, 1, size=2048)
    for name in SIZES.keys() - set(found):
        (page_dir / f"acpmf_{name}").unlink()
    before = look_at(page_dir)
    for _ in range(3):
        source.attach()
        source.read()
    source.detach()
    assert before == look_at(page_dir)


def test_pages_are_never_opened_for_writing(source: PageSource, page_dir: Path) -> None:
    fill(page_dir, 1)
    source.attach()
    modes: list[int] = []
    for descriptor in held_open(page_dir):
        info = Path(f"/proc/self/fdinfo/{descriptor}").read_text()
        flags = next(line.split()[1] for line in info.splitlines() if line.startswith("flags:"))
        modes.append(int(flags, 8) & (os.O_WRONLY | os.O_RDWR))
    assert [os.O_RDONLY] * 3 == modes
