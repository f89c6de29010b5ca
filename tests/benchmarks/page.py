"""How often the dashboard draws with a feed of 60 Hz, in Chromium without a graphics card."""

import statistics
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))

from playwright.sync_api import ViewportSize

from bench import print_table
from browsing import browser
from programs import Daemon
from relays import Relay

GOAL = 30
SECONDS = 8
SIZES: dict[str, ViewportSize] = {
    "phone": {"width": 375, "height": 667},
    "tablet": {"width": 1280, "height": 800},
    "4K": {"width": 3840, "height": 2160},
}


def main() -> None:
    rows: list[list[str]] = []
    with (
        browser() as chromium,
        Daemon("--source", "sim") as daemon,
        Relay(daemon.address) as relay,
    ):
        for name, size in SIZES.items():
            page = chromium.new_page(viewport=size)
            page.goto(f"http://127.0.0.1:{relay.port}/")
            page.get_by_text("Live", exact=True).wait_for()
            page.wait_for_timeout(2000)
            rates: list[int] = []
            for _ in range(SECONDS):
                page.wait_for_timeout(1000)
                rates.append(int(page.inner_text("[data-field='page.draws_per_s']")))
            middle = statistics.median(rates)
            word = "met" if middle >= GOAL else "MISSED"
            rows.append([name, f"{size['width']}x{size['height']}", f"{middle:.0f} {word}", str(min(rates))])
            page.close()
        title = f"Drawings a second under a 60 Hz feed; goal: at least {GOAL}"
        print_table(title, ["Screen", "Size", "Median", "Least"], rows)


if __name__ == "__main__":
    main()
