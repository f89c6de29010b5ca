"""The sim's pages: are they there, may they be read, whose are they, and does anything move in them."""

import time
from enum import Enum
from pathlib import Path

from acbridge.layout import counter_steps
from acbridge.pages import AC1, Graphics, Pages, Static
from acbridge.sources import PageCheck, SharedMemory
from acbridge.sources.shared_memory import shared_memory
from acbridge.status import SimState
from acbridge_ctl.doctor.findings import Finding, Level

LOOK_S = 0.2
"""Between two looks: the sim steps every 3 ms."""
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
    memory = shared_memory(directory, prefix, AC1.pages)
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
    packet_id = AC1.reader(AC1.step)
    return counter_steps(packet_id(first), packet_id(second))


def content_of(first: Pages, second: Pages) -> Content:
    """Tell what the pages hold, from two looks at them."""
    version = AC1.reader(AC1.version)(second)
    if version == AC1.version_text:
        return Content.LIVE if steps_between(first, second) else Content.STILL
    return Content.UNFIT if version else Content.EMPTY


def judge_presence(seen: list[PageCheck]) -> list[Finding]:
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
    static, graphics = AC1.record(Static, second), AC1.record(Graphics, second)
    if not static.smVersion:
        why = "smVersion is empty" if any(map(any, second)) else "they are all zeros"
        return [Finding(Level.WARN, "sim", f"the pages are there but no sim has filled them: {why}", START)]
    if static.smVersion != AC1.version_text:
        other = AC1.relatives.get(static.smVersion, "another sim, or another version")
        ours = f'{AC1.name} says "{AC1.version_text}"'
        text = f'the pages are those of {other}: smVersion is "{static.smVersion}", {ours}'
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
    said = AC1.status_words.get(status)
    if said is None:
        return Finding(Level.WARN, "movement", f"the sim says status {status}, which is none that we know; {moved}")
    if said.state is SimState.IDLE:
        return Finding(Level.WARN, "movement", f"the sim says {said.word}; {moved}", START)
    if said.state is SimState.LIVE and not steps:
        text = f"the sim says {said.word}, but {moved}: a menu is open, it crashed, or these are old pages"
        return Finding(Level.WARN, "movement", text, "drive on, or start the game again")
    return Finding(Level.OK, "movement", f"the sim says {said.word}; {moved}")
