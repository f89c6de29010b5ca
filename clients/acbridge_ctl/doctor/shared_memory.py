"""The sim's pages: are they there, may they be read, whose are they, and does anything move in them."""

import time
from enum import Enum
from pathlib import Path

from acbridge.pages import SM_VERSION, STATUS_LIVE, STATUS_OFF, STATUS_PAUSE, STATUS_REPLAY, Graphics, Physics, Static
from acbridge.sources import Pages, Presence, SharedMemory
from acbridge.sources.shared_memory import shared_memory
from acbridge_ctl.doctor.findings import Finding, Level

LOOK_S = 0.2
"""Between two looks: the sim steps every 3 ms."""
OTHER_SIMS = {"1.9": "Assetto Corsa Competizione", "1.0": "Assetto Corsa EVO"}
"""What others of the family write where Assetto Corsa writes its 1.7."""
SAYS = {STATUS_OFF: "off", STATUS_REPLAY: "replay", STATUS_LIVE: "live", STATUS_PAUSE: "pause"}
START = "start a session in Assetto Corsa"


class Content(Enum):
    """What the pages hold, as far as it matters to whoever fills them."""

    ABSENT = "absent"
    """There are no pages."""
    EMPTY = "empty"
    """Nobody has filled them: as a bridge makes them, or while the game loads."""
    STILL = "still"
    """Assetto Corsa has filled them, and nothing moves now."""
    LIVE = "live"
    """Assetto Corsa, moving."""
    UNFIT = "unfit"
    """They cannot be used, or are another sim's."""


def look_at_pages(directory: Path, prefix: str) -> tuple[list[Finding], Content]:
    """Look at the pages twice, and create none."""
    memory = shared_memory(directory, prefix)
    seen = memory.inspect()
    found = judge_presence(seen)
    if any(finding.level is not Level.OK for finding in found):
        return found, Content.UNFIT if any(page.there for page in seen) else Content.ABSENT
    looks = look_twice(memory)
    if looks is None:
        return [*found, Finding(Level.WARN, "sim", "the pages went away meanwhile", "look again")], Content.ABSENT
    return [*found, *judge_pages(*looks)], content_of(*looks)


def look_twice(memory: SharedMemory) -> tuple[Pages, Pages] | None:
    """Copy the pages, and again a little later; ``None`` if they cannot be attached to, or went away."""
    try:
        memory.attach()
        first = memory.read()
        time.sleep(LOOK_S)
        second = memory.read()
    finally:
        memory.detach()
    return None if first is None or second is None else (first, second)


def steps_between(first: Pages, second: Pages) -> int:
    """Return by how much packetId of the physics page moved."""
    return Physics.from_page(second.physics).packetId - Physics.from_page(first.physics).packetId


def content_of(first: Pages, second: Pages) -> Content:
    """Tell what the pages hold, from two looks at them."""
    version = Static.from_page(second.static).smVersion
    if version == SM_VERSION:
        return Content.LIVE if steps_between(first, second) else Content.STILL
    return Content.UNFIT if version else Content.EMPTY


def judge_presence(seen: list[Presence]) -> list[Finding]:
    """Judge whether the pages are there and may be read."""
    there = [page for page in seen if page.there]
    if not there:
        return [Finding(Level.WARN, "pages", f"there is no {' and no '.join(p.name for p in seen)}", START)]
    problems = [
        Finding(Level.FAIL, "pages", page.problem, "" if page.there else "the others are there: start the sim again")
        for page in seen
        if page.problem is not None
    ]
    return problems or [Finding(Level.OK, "pages", f"{page.name}: {page.detail}") for page in seen]


def judge_pages(first: Pages, second: Pages) -> list[Finding]:
    """Judge what the pages hold, from two looks at them."""
    static, graphics = Static.from_page(second.static), Graphics.from_page(second.graphics)
    if not static.smVersion:
        why = "smVersion is empty" if any(map(any, second)) else "they are all zeros"
        return [Finding(Level.WARN, "sim", f"the pages are there but no sim has filled them: {why}", START)]
    if static.smVersion != SM_VERSION:
        other = OTHER_SIMS.get(static.smVersion, "another sim, or another version")
        text = f'the pages are those of {other}: smVersion is "{static.smVersion}", Assetto Corsa says "{SM_VERSION}"'
        return [Finding(Level.FAIL, "sim", text, "end that one, and start Assetto Corsa (the first, 1.16)")]
    layout = f" {static.trackConfiguration}" if static.trackConfiguration else ""
    which = f"Assetto Corsa {static.acVersion}: {static.carModel} on {static.track}{layout}"
    return [Finding(Level.OK, "sim", which), judge_movement(graphics.status, steps_between(first, second))]


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
