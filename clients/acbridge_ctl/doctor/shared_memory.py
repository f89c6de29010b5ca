"""Checks of the shared-memory pages: present, readable, of which game, and changing."""

import time
from enum import Enum
from pathlib import Path

from acbridge.layout import counter_steps
from acbridge.pages import AC1, Graphics, Pages, Static
from acbridge.sources import PageCheck, SharedMemory
from acbridge.sources.shared_memory import shared_memory
from acbridge.status import SimState
from acbridge_ctl.doctor.findings import Finding, Level

SAMPLE_INTERVAL_S = 0.2
"""Time between two samples of the pages: the sim steps every 3 ms."""
START_SESSION = "start a session in Assetto Corsa"


class Content(Enum):
    """What the pages hold, as far as the check of the page bridge needs to know."""

    ABSENT = "absent"
    """There are no pages."""
    EMPTY = "empty"
    """The pages are zeros: newly made by a page bridge, or the game still loads."""
    STILL = "still"
    """Assetto Corsa has filled them, and packetId stands still."""
    LIVE = "live"
    """Assetto Corsa fills them, and packetId moves."""
    UNFIT = "unfit"
    """They cannot be used, or another game fills them."""


def check_pages(directory: Path, prefix: str) -> tuple[list[Finding], Content]:
    """Sample the pages twice and evaluate them; creates no page."""
    memory = shared_memory(directory, prefix, AC1.pages)
    pages = memory.inspect()
    findings = evaluate_presence(pages)
    if any(finding.level is not Level.OK for finding in findings):
        return findings, Content.UNFIT if any(page.there for page in pages) else Content.ABSENT
    samples = sample_twice(memory)
    if samples is None:
        gone = Finding(Level.WARN, "sim", "the pages disappeared during the check", "run the doctor again")
        return [*findings, gone], Content.ABSENT
    return [*findings, *evaluate_pages(*samples)], content_of(*samples)


def sample_twice(memory: SharedMemory) -> tuple[Pages, Pages] | None:
    """Copy the pages twice, 0.2 s apart; ``None`` if they cannot be attached, or disappeared."""
    try:
        memory.attach()
        first = memory.read()
        time.sleep(SAMPLE_INTERVAL_S)
        second = memory.read()
    finally:
        memory.detach()
    return None if first is None or second is None else (first, second)


def steps_between(first: Pages, second: Pages) -> int:
    """Return by how much packetId of the physics page grew between two samples."""
    packet_id = AC1.reader(AC1.step)
    return counter_steps(packet_id(first), packet_id(second))


def content_of(first: Pages, second: Pages) -> Content:
    """Return what the pages hold, from two samples."""
    version = AC1.reader(AC1.version)(second)
    if version == AC1.version_text:
        return Content.LIVE if steps_between(first, second) else Content.STILL
    return Content.UNFIT if version else Content.EMPTY


def evaluate_presence(pages: list[PageCheck]) -> list[Finding]:
    """Evaluate whether the pages exist and can be read."""
    if not any(page.there for page in pages):
        return [Finding(Level.WARN, "pages", f"there is no {' and no '.join(p.name for p in pages)}", START_SESSION)]
    problems = [
        Finding(Level.FAIL, "pages", page.problem, "" if page.there else "the other pages exist: start the sim again")
        for page in pages
        if page.problem is not None
    ]
    return problems or [Finding(Level.OK, "pages", f"{page.name}: {page.detail}") for page in pages]


def evaluate_pages(first: Pages, second: Pages) -> list[Finding]:
    """Evaluate what the pages hold, from two samples."""
    static, graphics = AC1.record(Static, second), AC1.record(Graphics, second)
    if not static.smVersion:
        why = "smVersion is empty" if any(map(any, second)) else "they are all zeros"
        return [Finding(Level.WARN, "sim", f"the pages exist, but no sim has filled them: {why}", START_SESSION)]
    if static.smVersion != AC1.version_text:
        other = AC1.relatives.get(static.smVersion, "another sim, or another version")
        ours = f'{AC1.name} has "{AC1.version_text}"'
        text = f'the pages belong to {other}: smVersion is "{static.smVersion}", {ours}'
        return [Finding(Level.FAIL, "sim", text, "end that game, and start Assetto Corsa (the first game, 1.16)")]
    layout = f" {static.trackConfiguration}" if static.trackConfiguration else ""
    which = f"Assetto Corsa {static.acVersion}: {static.carModel} on {static.track}{layout}"
    return [Finding(Level.OK, "sim", which), evaluate_movement(graphics.status, steps_between(first, second))]


def evaluate_movement(status: int, steps: int) -> Finding:
    """
    Evaluate whether the sim runs.

    Args:
        status: The status in the graphics page.
        steps: By how much packetId of the physics page grew between two samples.
    """
    moved = (
        f"packetId moved by {steps} in {SAMPLE_INTERVAL_S:g} s"
        if steps
        else f"packetId stood still for {SAMPLE_INTERVAL_S:g} s"
    )
    known = AC1.status_words.get(status)
    if known is None:
        return Finding(Level.WARN, "movement", f"the sim's status {status} is unknown; {moved}")
    if known.state is SimState.IDLE:
        return Finding(Level.WARN, "movement", f"the sim's status is {known.word}; {moved}", START_SESSION)
    if known.state is SimState.LIVE and not steps:
        text = f"the sim's status is {known.word}, but {moved}: a menu is open, it crashed, or these are old pages"
        return Finding(Level.WARN, "movement", text, "continue to drive, or start the game again")
    return Finding(Level.OK, "movement", f"the sim's status is {known.word}; {moved}")
