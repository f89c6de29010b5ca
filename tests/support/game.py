"""
A game for tests: a process that owns the three pages and rewrites them every 3 ms, as the real game does.

It is not the stand-in: it knows nothing of cars beyond what `acbridge_sim` computes, and everything of bad manners. Run
it with ``python game.py DIRECTORY PREFIX``; it obeys the lines on its stdin and answers each with ``done``. On Windows
the pages are named mappings, and the directory says nothing.
"""

import json
import mmap
import os
import queue
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from acbridge.pages import AC1, Graphics, Static
from acbridge_sim import STEP_S, SessionType, World
from wine import HERE, Interpreter

FILE_SIZE = 2048
LOOK_S = 0.002 if sys.platform == "win32" else 0.0005
"""How often the game looks whether a step is due; under wine each sleep costs three calls of its server."""
NAMES = ("physics", "graphics", "static")


class Game:
    """The game as a test sees it: a process that accepts orders."""

    def __init__(self, directory: Path, prefix: str = "acpmf_", python: Interpreter = HERE) -> None:
        self.directory = directory
        self.prefix = prefix
        self._process = subprocess.Popen(
            [*python.command, python.path(Path(__file__)), str(directory), prefix],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,  # Python under wine cannot start with a file for any of the three
            env={**os.environ, **python.env},
            text=True,
        )
        self._wait()

    def path(self, page: str) -> Path:
        return self.directory / f"{self.prefix}{page}"

    def order(self, line: str) -> None:
        """Send an order, such as ``status 3``, and wait until it is carried out."""
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        self._wait()

    def kill(self) -> None:
        """Kill the process at once; the pages stay."""
        self._process.kill()
        self._end()

    def exit(self) -> None:
        """Exit as the game does: the status in graphics becomes off, the other pages stay unchanged."""
        self.order("status 0")
        self.kill()

    def _wait(self) -> None:
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        if self._process.stdout.readline() != "done\n":
            raise AssertionError(f"the game failed: {self._process.stderr.read()}")

    def _end(self) -> None:
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            assert pipe is not None
            pipe.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()


class _Pages:
    """The files, mapped for writing."""

    def __init__(self, directory: Path, prefix: str) -> None:
        self._paths = {name: directory / f"{prefix}{name}" for name in NAMES}
        self._maps: dict[str, mmap.mmap] = {}
        self.storms = 0

    def create(self) -> None:
        for name, path in self._paths.items():
            if sys.platform == "win32":
                self._maps[name] = mmap.mmap(-1, FILE_SIZE, tagname=f"Local\\{path.name}")
                continue
            handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
            os.ftruncate(handle, FILE_SIZE)
            self._maps[name] = mmap.mmap(handle, FILE_SIZE)
            os.close(handle)

    def replace(self) -> None:
        """Delete the files and create new ones with the same names."""
        for path in self._paths.values():
            path.unlink()
        self.create()

    def write(self, name: str, page: bytes) -> None:
        self._maps[name][: len(page)] = page

    def storm(self) -> None:
        """Rewrite physics for about a millisecond without a pause, differently each time."""
        physics = self._maps["physics"]
        for _ in range(2000):
            self.storms += 1
            struct.pack_into("<i", physics, 0, self.storms)


class _World:
    """The world with the overrides that a test ordered."""

    def __init__(self) -> None:
        self.world = World(session=SessionType.HOTLAP)
        self.status: int | None = None
        self.version: str | None = None
        self.texts: dict[str, str] = {}
        self.stands = False
        self.zero = False
        self.storms = False
        self.begun = time.perf_counter()

    def restart(self) -> None:
        self.world = World(session=SessionType.HOTLAP)
        self.begun = time.perf_counter()

    def advance(self) -> bool:
        due = int((time.perf_counter() - self.begun) / STEP_S) - self.world.ticks
        if due <= 0:
            return False
        if self.stands:
            self.begun += due * STEP_S
            return True
        self.world.step(due)
        return True

    def pages(self) -> dict[str, bytes]:
        if self.zero:
            return {page.topic: bytes(page.page_size) for page in AC1.pages}
        physics, graphics, static = self.world.pages()
        if self.status is not None:
            graphics = Graphics.pack(vars(Graphics.from_page(graphics)) | {"status": self.status})
        if self.version is not None:
            static = Static.pack(vars(Static.from_page(static)) | {"smVersion": self.version})
        if self.texts:
            graphics = Graphics.pack(vars(Graphics.from_page(graphics)) | self.texts)
            static = Static.pack(vars(Static.from_page(static)) | self.texts)
        return {"physics": physics, "graphics": graphics, "static": static}


def main(directory: Path, prefix: str) -> None:
    pages, world = _Pages(directory, prefix), _World()
    pages.create()
    for name, page in world.pages().items():
        pages.write(name, page)
    print("done", flush=True)
    orders: queue.SimpleQueue[str] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(orders,), daemon=True).start()
    while True:
        while not orders.empty():
            line = orders.get()
            if not line:
                return
            _obey(line.split(), pages, world)
            print("done", flush=True)
        if world.storms:
            pages.storm()
            continue
        if world.advance():
            for name, page in world.pages().items():
                pages.write(name, page)
        time.sleep(LOOK_S)


def _listen(orders: "queue.SimpleQueue[str]") -> None:
    """Enqueue every line of stdin, and an empty one at its end."""
    for line in sys.stdin:
        orders.put(line)
    orders.put("")


def _obey(words: list[str], pages: _Pages, world: _World) -> None:
    match words:
        case ["status", number]:
            world.status = int(number)
        case ["version", version]:
            world.version = version
        case [("stands" | "storms" | "zero") as manner, ("on" | "off") as switch]:
            setattr(world, manner, switch == "on")
        case ["text", name, text]:
            world.texts[name] = json.loads(text)
        case ["restart"]:
            world.restart()
        case ["replace"]:
            pages.replace()
            world.restart()
        case _:
            raise ValueError(words)
    for name, page in world.pages().items():
        pages.write(name, page)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
