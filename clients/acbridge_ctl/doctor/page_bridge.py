"""
Check of the page bridge under Proton (Linux): does a known program share the game's pages with this system?

Not `acbridge.Bridge`: a page bridge is a program in the game's wine prefix that makes the game's memory visible to
Linux.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from acbridge_ctl.doctor.findings import Finding, Level
from acbridge_ctl.doctor.shared_memory import Content

CHECK = "page-bridge"
GAME = "acs.exe"
COPYING = "wine2linux.exe"
SHARING = {
    "acbridge.exe": "simshmbridge",
    "simshmbridge.exe": "simshmbridge",  # its name in 2024
    "shm-bridge.exe": "shm-bridge",
    COPYING: "winecarte",
}
"""Programs that run beside the game in its prefix and share the pages, with the project that each belongs to."""
STARTING = {"acshm": "simshmbridge", "createsimshm": "simshmbridge", "simd": "simd", "winecarte-run": "winecarte"}
"""Programs that make the page files or start one of the former, and share nothing themselves."""
PROJECTS = SHARING | STARTING

HOW_TO_START = (
    "under Proton, start one before the game: acbridge-ctl proton-stubs (or acshm) and then, in the game's prefix, the "
    "acbridge.exe of simshmbridge, which is another program than this; or simd, shm-bridge or winecarte: "
    "docs/guides/proton.md"
)
RESTART = "end the game, start a bridge in its prefix, then the game again: docs/guides/proton.md"


class Process(NamedTuple):
    """A running program."""

    name: str
    pid: int

    def __str__(self) -> str:
        project = PROJECTS.get(self.name)
        return f"{self.name}{f' of {project}' if project not in (None, self.name) else ''} (pid {self.pid})"


def check_page_bridge(content: Content, proc: Path = Path("/proc")) -> list[Finding]:
    """Find the running programs and evaluate them with what the pages hold; empty except on Linux."""
    return [evaluate_page_bridge(content, find_processes(proc))] if sys.platform == "linux" else []


def find_processes(proc: Path) -> list[Process]:
    """Return this user's game and page bridges, in the order of their pids."""
    if sys.platform == "win32":
        return []
    found: list[Process] = []
    for pid in sorted(int(entry.name) for entry in proc.glob("[0-9]*")):
        process = proc / str(pid)
        try:
            if process.stat().st_uid == os.geteuid():
                found.extend(Process(name, pid) for name in _names(process) if name == GAME or name in PROJECTS)
        except OSError:  # the process has ended
            continue
    return found


def _names(process: Path) -> Iterator[str]:
    """Yield the names of a process: of its command, which wine may show as a Windows path, and of its main thread."""
    command = (process / "cmdline").read_bytes().split(b"\0", 1)[0].decode(errors="replace")
    names = command.replace("\\", "/").rpartition("/")[2], (process / "comm").read_text(errors="replace").rstrip("\n")
    return iter(dict.fromkeys(names))


def evaluate_page_bridge(content: Content, running: list[Process]) -> Finding:
    """
    Evaluate whether a page bridge shares the game's pages.

    Args:
        content: What the pages hold.
        running: This user's game and page bridges.
    """
    game = [process for process in running if process.name == GAME]
    sharing = [process for process in running if process.name in SHARING]
    starting = [process for process in running if process.name in STARTING]
    bridges = listed([*sharing, *starting])
    if content is Content.LIVE:
        text = f"{bridges} runs" if bridges else "no known one runs: something else fills the pages"
        if any(process.name == COPYING for process in sharing):
            text += "; it copies the pages every 16 ms by default, so a rate above 60 Hz adds no information"
        return Finding(Level.OK, CHECK, text)
    unfilled = content in (Content.ABSENT, Content.EMPTY)
    if game and not sharing:
        alone = f" ({listed(starting)} alone does not)" if starting else ""
        text = f"the game runs, {listed(game)}, but no bridge shares its pages{alone}"
        return Finding(Level.FAIL if unfilled else Level.WARN, CHECK, text, RESTART)
    if game and unfilled:
        text = f"{bridges} runs, and so does the game, {listed(game)}, but the pages are still empty"
        fix = "wait until you drive; if not, the bridge came too late: end both, start the bridge, then the game"
        return Finding(Level.WARN, CHECK, text, fix)
    if sharing:
        return Finding(Level.OK, CHECK, f"{bridges} runs{'' if game else ' and waits for the game'}")
    if content is Content.ABSENT and not starting:
        return Finding(Level.WARN, CHECK, "none runs, and there are no page files", HOW_TO_START)
    alone = f", except {listed(starting)}" if starting else ""
    what = "the pages are left from before" if content is Content.STILL else "the page files exist"
    text = f"no game runs and {what}, but no bridge shares them{alone}"
    return Finding(Level.WARN, CHECK, text, "start one in the game's prefix before the game: docs/guides/proton.md")


def listed(running: list[Process]) -> str:
    """Return processes as a list in a sentence."""
    return ", ".join(str(process) for process in running)
