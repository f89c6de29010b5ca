"""A real browser that opens the dashboard of the relay."""

import shutil
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

import tools


@contextmanager
def browser() -> Generator[Browser]:
    """Run Chromium without a screen."""
    # Chromium's sandbox does not work in a container; the browser loads only our own page.
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        try:
            yield running
        finally:
            running.close()


def require_browser() -> None:
    """Skip without Chromium, or fail in CI."""
    tools.require("chromium")


class Watched:
    """
    A page in the browser, with its errors and its requests.

    Attributes:
        page: The page.
        complaints: Errors on the console, exceptions, failed requests, answers that are no success.
        asked: Addresses of all requests and WebSockets.
    """

    def __init__(self, browser: Browser, **options: Any) -> None:
        self.context = browser.new_context(**options)
        self.page: Page = self.context.new_page()
        self.complaints: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda said: self._complain(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self._complain(str(error)))
        self.page.on("requestfailed", lambda request: self._complain(f"{request.url}: {request.failure}"))
        self.page.on("response", lambda answer: None if answer.ok else self._complain(f"{answer.url}: {answer.status}"))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("websocket", lambda socket: self.asked.append(socket.url))

    def _complain(self, text: str) -> None:
        self.complaints.append(text)
