"""Proton: which of this user's processes are the game and bridges that we know, and do they share the pages with us."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from acbridge_ctl.doctor.findings import Finding, Level
from acbridge_ctl.doctor.shared_memory import Content

GAME = "acs.exe"
COPIES = "wine2linux.exe"
SHARES = {
    "acbridge.exe": "simshmbridge",
    "simshmbridge.exe": "simshmbridge",  # its name in 2024
    "shm-bridge.exe": "shm-bridge",
    COPIES: "winecarte",
}
"""What runs beside the game in its prefix and shares the pages."""
ATTENDS = {"acshm": "simshmbridge", "createsimshm": "simshmbridge", "simd": "simd", "winecarte-run": "winecarte"}
"""What makes the files or starts one of the former, and shares nothing by itself."""
BRIDGES = SHARES | ATTENDS

HOW = (
    "under Proton, start one before the game: acbridge-ctl proton-stubs (or acshm) and then, in the game's prefix, the "
    "acbridge.exe of simshmbridge, which is another program than this; or simd, shm-bridge or winecarte: "
    "docs/guides/proton.md"
)
AGAIN = "end the game, start a bridge in its prefix, then the game again: docs/guides/proton.md"


class Process(NamedTuple):
    """A running program."""

    name: str
    pid: int

    def __str__(self) -> str:
        known = BRIDGES.get(self.name)
        return f"{self.name}{f' of {known}' if known not in (None, self.name) else ''} (pid {self.pid})"


def look_at_proton(content: Content, proc: Path = Path("/proc")) -> list[Finding]:
    """Look who runs, and judge it against what the pages hold; only Linux has bridges."""
    return [judge_bridge(content, processes(proc))] if sys.platform == "linux" else []


def processes(proc: Path) -> list[Process]:
    """Return this user's game and bridges, in the order of their pids."""
    if sys.platform == "win32":
        return []
    found: list[Process] = []
    for pid in sorted(int(entry.name) for entry in proc.glob("[0-9]*")):
        process = proc / str(pid)
        try:
            if process.stat().st_uid == os.geteuid():
                found.extend(Process(name, pid) for name in _names(process) if name == GAME or name in BRIDGES)
        except OSError:  # it ended meanwhile
            continue
    return found


def _names(process: Path) -> Iterator[str]:
    """Return what a process is called; its threads may be named anyhow, and wine shows paths of either world."""
    command = (process / "cmdline").read_bytes().split(b"\0", 1)[0].decode(errors="replace")
    names = command.replace("\\", "/").rpartition("/")[2], (process / "comm").read_text(errors="replace").rstrip("\n")
    return iter(dict.fromkeys(names))


def judge_bridge(content: Content, running: list[Process]) -> Finding:
    """
    Judge whether somebody shares the game's pages.

    Args:
        content: What the pages hold.
        running: This user's game and bridges.
    """
    game = [process for process in running if process.name == GAME]
    sharing = [process for process in running if process.name in SHARES]
    attending = [process for process in running if process.name in ATTENDS]
    bridges = told([*sharing, *attending])
    if content is Content.LIVE:
        text = f"{bridges} runs" if bridges else "none that we know runs: the pages are filled by something else"
        if any(process.name == COPIES for process in sharing):
            text += "; it copies the pages every 16 ms unless told otherwise, so a rate above 60 Hz tells nothing more"
        return Finding(Level.OK, "bridge", text)
    unfilled = content in (Content.ABSENT, Content.EMPTY)
    if game and not sharing:
        alone = f" ({told(attending)} alone does not)" if attending else ""
        text = f"the game runs, {told(game)}, but no bridge shares its pages{alone}"
        return Finding(Level.FAIL if unfilled else Level.WARN, "bridge", text, AGAIN)
    if game and unfilled:
        text = f"{bridges} runs, and so does the game, {told(game)}, but nothing has come of it yet"
        fix = "wait until you drive; if it stays, the bridge came too late: end both, start the bridge, then the game"
        return Finding(Level.WARN, "bridge", text, fix)
    if sharing:
        return Finding(Level.OK, "bridge", f"{bridges} runs{'' if game else ' and waits for the game'}")
    if content is Content.ABSENT and not attending:
        return Finding(Level.WARN, "bridge", "none runs, and no page files are there", HOW)
    alone = f", {told(attending)} aside" if attending else ""
    what = "the pages are left from before" if content is Content.STILL else "the page files are there"
    text = f"no game runs and {what}, but no bridge shares them{alone}"
    return Finding(Level.WARN, "bridge", text, "start one in the game's prefix before the game: docs/guides/proton.md")


def told(running: list[Process]) -> str:
    """Return processes as a sentence names them."""
    return ", ".join(str(process) for process in running)
