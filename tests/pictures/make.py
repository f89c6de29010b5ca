"""Makes the pictures of the documentation: run ``uv run python tests/pictures/make.py`` when the view changes."""

import io
import re
from pathlib import Path
from typing import Any

from rich.console import Console

from acbridge import Frame, Graphics, Physics, Static
from acbridge.derived.deriver import Deriver
from acbridge.status import Status
from acbridge_sim import World
from acbridge_sink.pump import TickFrames
from acbridge_sink.terminal import View, draw

GUIDES = Path(__file__).resolve().parent.parent.parent / "docs" / "guides"
COLUMNS, ROWS = 80, 24
PLACE_MS = 21_600
"""Time in the second lap at which the stand-in is shown, ms: braking into a bend."""


def console_picture() -> str:
    """Return the console's live view of the stand-in as SVG."""
    world, deriver, view = World(), Deriver(), View("tcp://127.0.0.1:5555")
    static = view.static = Static.from_page(world.pages()[2])
    while world.timing.laps < 1 or world.timing.current_ms < PLACE_MS:
        world.step(5)
        pages = world.pages()
        physics, graphics = Physics.from_page(pages[0]), Graphics.from_page(pages[1])
        derived, events = deriver.tick(physics, graphics, static)
        view.events.extend(events)
        view.tick = TickFrames.of(*(Frame(record, 1, 1, 1, 0.0, 1) for record in (physics, graphics, derived)))
    said: dict[str, Any] = dict.fromkeys((column.name for column in Status.columns), 0)
    said |= {"sim_state": "live", "rate_kept": 60.0}
    view.status = Status(**said)
    console = Console(record=True, width=COLUMNS, height=ROWS, file=io.StringIO(), force_terminal=True)
    console.print(draw(view))
    picture = console.export_svg(title="acbridge-sink console")
    return re.sub(r"@font-face \{.*?\}", "", picture, flags=re.DOTALL)  # a viewer needs no network


if __name__ == "__main__":
    (GUIDES / "console.svg").write_text(console_picture(), encoding="utf-8")
