"""
Draw docs/guides/dashboard.png: the page of the relay in a browser, some laps into a session.

The laps are driven faster than real time, through page files of its own; only the last seconds run in real time.
Run it with ``uv run python tests/pictures/dashboard.py [PNG]``; it takes about a minute, and needs Chromium.
"""

import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))

from playwright.sync_api import ViewportSize

from acbridge.pages import AC1, Graphics
from acbridge_sim import STEP_S, SessionType, World
from browsing import browser
from programs import Daemon
from relays import Relay

CHECKOUT = Path(__file__).resolve().parent.parent.parent
SIZE: ViewportSize = {"width": 1280, "height": 800}
HASTE = 8
"""Factor over real time at which the laps are driven."""
LAPS = 3
PLACE = 0.55
"""Share of a lap at which the picture is taken."""
LAST_S = 12.0
"""Seconds in real time at the end, which fill the traces."""
FILE_BYTES = 2048


class Driving:
    """A world that advances in a thread of its own and is written into page files."""

    def __init__(self, folder: Path) -> None:
        self.haste = 1
        self._world = World(session=SessionType.HOTLAP, seed=3, fuel=24.0)
        for page in AC1.pages:
            (folder / f"acpmf_{page.topic}").write_bytes(bytes(FILE_BYTES))
        self._files = [(folder / f"acpmf_{page.topic}").open("r+b", buffering=0) for page in AC1.pages]
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._drive)
        self._thread.start()

    def where(self) -> tuple[int, float]:
        """Return the number of completed laps, and the share of the running lap."""
        graphics = Graphics.from_page(self._world.pages()[1])
        return graphics.completedLaps, graphics.normalizedCarPosition

    def end(self) -> None:
        self._ended.set()
        self._thread.join()

    def _drive(self) -> None:
        due = time.perf_counter()
        while not self._ended.is_set():
            self._world.step(self.haste)
            for file, page in zip(self._files, self._world.pages(), strict=True):
                file.seek(0)
                file.write(page)
            due = max(due + STEP_S, time.perf_counter() - 0.02)
            time.sleep(max(0.0, due - time.perf_counter()))


def main() -> None:
    """Draw the picture."""
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else CHECKOUT / "docs" / "guides" / "dashboard.png"
    with tempfile.TemporaryDirectory() as folder, browser() as chromium:
        driving = Driving(Path(folder))
        try:
            with Daemon("--page-dir", folder) as daemon, Relay(daemon.address) as relay:
                page = chromium.new_page(viewport=SIZE)
                page.goto(f"http://127.0.0.1:{relay.port}/")
                page.get_by_text("Live", exact=True).wait_for()
                driving.haste = HASTE
                while driving.where() < (LAPS, PLACE - 0.1) or driving.where()[1] < PLACE - 0.1:
                    page.wait_for_timeout(20)
                driving.haste = 1
                page.wait_for_timeout(1000 * LAST_S)
                page.screenshot(path=target)
        finally:
            driving.end()
    print(f"{target}: {target.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
