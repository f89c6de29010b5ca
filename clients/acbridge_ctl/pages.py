"""The sim's pages: are they there, may they be read, whose are they, and does anything move in them."""

import sys
import time
from pathlib import Path

from acbridge.pages import SM_VERSION, STATUS_LIVE, STATUS_OFF, STATUS_PAUSE, STATUS_REPLAY, Graphics, Physics, Static
from acbridge.sources import Pages, Presence
from acbridge.sources.shared_memory import shared_memory
from acbridge_ctl.findings import Finding, Level

LOOK_S = 0.2
"""Between two looks: the sim steps every 3 ms."""
OTHER_SIMS = {"1.9": "Assetto Corsa Competizione", "1.0": "Assetto Corsa EVO"}
"""What others of the family write where Assetto Corsa writes its 1.7."""
SAYS = {STATUS_OFF: "off", STATUS_REPLAY: "replay", STATUS_LIVE: "live", STATUS_PAUSE: "pause"}
START = "start a session in Assetto Corsa"
PROTON = (
    "; under Proton a bridge must be there before the game: simshmbridge (acshm, then in the game's prefix its "
    "acbridge.exe, which is another program than this), simd, shm-bridge or winecarte"
)
BRIDGE = PROTON if sys.platform == "linux" else ""


def look_at_pages(directory: Path, prefix: str) -> list[Finding]:
    """Look at the pages twice, and create none."""
    memory = shared_memory(directory, prefix)
    found = judge_presence(memory.inspect())
    if any(finding.level is not Level.OK for finding in found):
        return found
    try:
        memory.attach()
        first = memory.read()
        time.sleep(LOOK_S)
        second = memory.read()
    finally:
        memory.detach()
    if first is None or second is None:
        return [*found, Finding(Level.WARN, "sim", "the pages went away meanwhile", "look again")]
    return [*found, *judge_pages(first, second)]


def judge_presence(seen: list[Presence]) -> list[Finding]:
    """Judge whether the pages are there and may be read."""
    there = [page for page in seen if page.there]
    if not there:
        return [
            Finding(Level.WARN, "pages", f"there is no {' and no '.join(p.name for p in seen)}", f"{START}{BRIDGE}")
        ]
    problems = [
        Finding(Level.FAIL, "pages", page.problem, "" if page.there else "the others are there: start the sim again")
        for page in seen
        if page.problem is not None
    ]
    return problems or [Finding(Level.OK, "pages", f"{page.name}: {page.detail}") for page in seen]


def judge_pages(first: Pages, second: Pages) -> list[Finding]:
    """Judge what the pages hold, from two looks at them."""
    static, graphics = Static.from_page(second.static), Graphics.from_page(second.graphics)
    steps = Physics.from_page(second.physics).packetId - Physics.from_page(first.physics).packetId
    if not static.smVersion:
        text = "the pages are there but no sim has filled them: smVersion is empty"
        return [Finding(Level.WARN, "sim", text, f"{START}{BRIDGE}")]
    if static.smVersion != SM_VERSION:
        other = OTHER_SIMS.get(static.smVersion, "another sim, or another version")
        text = f'the pages are those of {other}: smVersion is "{static.smVersion}", Assetto Corsa says "{SM_VERSION}"'
        return [Finding(Level.FAIL, "sim", text, "end that one, and start Assetto Corsa (the first, 1.16)")]
    layout = f" {static.trackConfiguration}" if static.trackConfiguration else ""
    which = f"Assetto Corsa {static.acVersion}: {static.carModel} on {static.track}{layout}"
    return [Finding(Level.OK, "sim", which), judge_movement(graphics.status, steps)]


def judge_movement(status: int, steps: int) -> Finding:
    """
    Judge whether the sim is alive.

    Args:
        status: What it says of itself.
        steps: By how much packetId of the physics page moved between two looks.
    """
    moved = f"packetId moved by {steps} in {LOOK_S:g} s" if steps else f"packetId stood still for {LOOK_S:g} s"
    said = SAYS.get(status)
    if said is None:
        return Finding(Level.WARN, "movement", f"the sim says status {status}, which is none that we know; {moved}")
    if status == STATUS_OFF:
        return Finding(Level.WARN, "movement", f"the sim says {said}; {moved}", START)
    if status == STATUS_LIVE and not steps:
        text = f"the sim says {said}, but {moved}: a menu is open, it crashed, or these are old pages"
        return Finding(Level.WARN, "movement", text, "drive on, or start the game again")
    return Finding(Level.OK, "movement", f"the sim says {said}; {moved}")
