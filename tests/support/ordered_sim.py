"""
A stand-in for tests that does at once what it is asked to, and has a fault as long as it is asked to.

Run it with ``python ordered_sim.py DIRECTORY``. Orders are lines on its stdin, each answered with ``done``: a verb of
the script language (``pause``, ``restart``), which lasts until the next one, or a fault of :data:`FAULTS` with ``on``
or ``off``.
"""

import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from acbridge_sim import World
from acbridge_sim.control_page import ControlPage
from acbridge_sim.faults import Faults
from acbridge_sim.script import INSTANT, ScriptStep
from acbridge_sim.shared_pages import SharedPages
from acbridge_sim.show import Show

FAULTS = ("deaf", "ai", "stubborn")
"""It sees no new command; it drives by itself, as its page says; it carries out no reset."""
PIECE_S = 0.03
"""How long it drives before it looks for orders."""


class OrderedSim:
    """The stand-in as a test sees it: a process that accepts orders."""

    def __init__(self, directory: Path) -> None:
        """Start it; its pages are there after construction."""
        self._process = subprocess.Popen(
            [sys.executable, __file__, str(directory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
            text=True,
        )
        self._wait()

    def order(self, line: str) -> None:
        """Send an order, and wait until it is carried out."""
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        self._wait()

    def _wait(self) -> None:
        assert self._process.stdout is not None
        answer = self._process.stdout.readline()
        assert "done\n" == answer

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()


class _Pages(SharedPages):
    """Pages whose controls may not be seen."""

    def __init__(self, directory: Path, faults: set[str]) -> None:
        super().__init__(directory, "acpmf_", controls=True)
        self._faults = faults
        self._seen: bytes | None = None
        self._resets = 0

    def controls(self) -> bytes | None:
        if "deaf" in self._faults:
            return self._seen
        page = super().controls()
        command = None if page is None else ControlPage.unpack(page)
        if command is not None:
            if "stubborn" in self._faults:
                command = command._replace(resets=self._resets)
                page = command.pack()
            self._resets = command.resets
        self._seen = page
        return page


def _orders(faults: set[str]) -> Iterator[ScriptStep]:
    """Yield the pieces of a script that follow from orders as they come."""
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()
    threading.Thread(target=lambda: [lines.put(line) for line in sys.stdin], daemon=True).start()
    verb = "live"
    print("done", flush=True)
    while True:
        line = ""
        with suppress(queue.Empty):
            line = lines.get_nowait().strip()
        name, _, switch = line.partition(" ")
        if name in FAULTS:
            (faults.add if switch == "on" else faults.discard)(name)
        elif name in INSTANT:
            verb = "live"
            yield ScriptStep(name, 0.0)
        elif name:
            verb = name
        yield ScriptStep(verb if verb != "live" or name else "", PIECE_S)
        if line:
            print("done", flush=True)


class _Show(Show):
    """A run that an empty verb does not change."""

    def _begin(self, verb: str) -> None:
        if verb:
            super()._begin(verb)


def _main(directory: Path) -> None:
    faults: set[str] = set()

    def spoil(self: Faults, values: dict[str, Any], step: int) -> None:
        del self, step
        values["isAIControlled"] |= "ai" in faults

    Faults.spoil_physics = spoil
    _Show(World(driver="none"), _Pages(directory, faults)).run(_orders(faults), lambda: False)  # pyright: ignore[reportArgumentType]  # any steps will do


if __name__ == "__main__":
    _main(Path(sys.argv[1]))
