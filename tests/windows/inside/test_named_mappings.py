"""The sim's pages on Windows, inside one process: opened and never created, for reading only, and closed."""

import ctypes
import mmap
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from ctypes import wintypes

import pytest

from acbridge.pages import AC1
from acbridge.sources import named_mappings

SIZES = {page.page_name: page.page_size for page in AC1.pages}
assert sys.platform == "win32"

PREFIX = "acbridge_inside_"
SIZE = 2048

kernel32 = ctypes.WinDLL("kernel32", use_last_error=True)
kernel32.OpenFileMappingW.restype = wintypes.HANDLE
kernel32.CloseHandle.argtypes = (wintypes.HANDLE,)

Create = Callable[[str], mmap.mmap]


@pytest.fixture
def create() -> Iterator[Create]:
    """Create pages as the game does."""
    with ExitStack() as stack:
        yield lambda page: stack.enter_context(mmap.mmap(-1, SIZE, tagname=f"Local\\{PREFIX}{page}"))


@pytest.fixture
def mappings() -> Iterator[named_mappings.NamedMappings]:
    mappings = named_mappings.NamedMappings(PREFIX, AC1.pages)
    yield mappings
    mappings.detach()


def exists(page: str) -> bool:
    handle = kernel32.OpenFileMappingW(4, False, f"Local\\{PREFIX}{page}")
    if handle:
        kernel32.CloseHandle(handle)
    return bool(handle)


def test_looking_for_pages_creates_none(mappings: named_mappings.NamedMappings) -> None:
    for _ in range(3):
        problem = mappings.attach()
        assert problem is not None
        assert f"Local\\{PREFIX}physics" in problem
        assert mappings.read() is None
    assert [seen.there for seen in mappings.inspect()] == [False] * 3
    assert not any(exists(page) for page in SIZES)


def test_two_pages_of_three_are_not_enough_and_are_closed(
    create: Create, mappings: named_mappings.NamedMappings
) -> None:
    with create("physics"), create("graphics"):
        problem = mappings.attach()
        assert problem is not None
        assert "static" in problem
        assert mappings.read() is None
    assert not exists("physics")


def test_the_bytes_read_are_those_that_the_game_writes(create: Create, mappings: named_mappings.NamedMappings) -> None:
    made = {page: create(page) for page in SIZES}
    for number, (page, memory) in enumerate(made.items()):
        memory[: SIZES[page]] = bytes([number + 1]) * SIZES[page]
    assert mappings.attach() is None
    pages = mappings.read()
    assert pages is not None
    assert [bytes([n + 1]) * size for n, size in enumerate(SIZES.values())] == list(pages)
    made["physics"][0] = 77
    again = mappings.read()
    assert again is not None
    assert again[0][0] == 77


def test_the_views_cannot_be_written_through(create: Create, mappings: named_mappings.NamedMappings) -> None:
    for page in SIZES:
        create(page)
    assert mappings.attach() is None
    views = mappings._views  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    assert len(views) == 3
    for view in views.values():
        with pytest.raises(OSError, match="access violation writing"):
            ctypes.memset(view, 1, 1)
    assert mappings.read() is not None


def test_a_view_keeps_the_memory_of_an_ended_game_until_it_is_closed(mappings: named_mappings.NamedMappings) -> None:
    made = [mmap.mmap(-1, SIZE, tagname=f"Local\\{PREFIX}{page}") for page in SIZES]
    made[0][0] = 5
    assert mappings.attach() is None
    for memory in made:
        memory.close()
    kept = mappings.read()
    assert kept is not None
    assert kept[0][0] == 5
    mappings.detach()
    assert mappings.read() is None
    assert not any(exists(page) for page in SIZES)
    problem = mappings.attach()
    assert problem is not None


def test_a_game_that_starts_again_has_new_memory(create: Create, mappings: named_mappings.NamedMappings) -> None:
    for turn in (1, 2, 3):
        made = [mmap.mmap(-1, SIZE, tagname=f"Local\\{PREFIX}{page}") for page in SIZES]
        made[0][0] = turn
        assert mappings.attach() is None
        pages = mappings.read()
        assert pages is not None
        assert pages[0][:2] == bytes([turn, 0])
        mappings.detach()
        for memory in made:
            memory.close()


def test_inspecting_returns_the_size_and_keeps_no_view(create: Create, mappings: named_mappings.NamedMappings) -> None:
    with create("physics"), create("graphics"), create("static"):
        seen = mappings.inspect()
        assert [(page.there, page.problem) for page in seen] == [(True, None)] * 3
        assert all("bytes" in page.detail for page in seen)
    assert not any(exists(page) for page in SIZES)
