"""Laps on odd ground through the daemon: what subscribers receive is what the same pages give when derived here."""

import os
import time
from pathlib import Path

import pytest

from acbridge import Event, SimState
from acbridge.layout import Page
from acbridge.pages import STATUS_OFF
from course import Course
from programs import Daemon, until

LASTING = {"session_started", "session_ended", "lap_completed", "best_lap", "sector_completed", "lap_invalidated"}


class Pages:
    """Page files in shared memory, which a test writes at the pace of the sim."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._files: dict[str, int] = {}

    def write(self, *pages: Page) -> None:
        for page in pages:
            if page.topic not in self._files:
                path = self._directory / f"acpmf_{page.topic}"
                self._files[page.topic] = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
                os.ftruncate(self._files[page.topic], 2048)
            os.pwrite(self._files[page.topic], type(page).pack(vars(page)), 0)

    def show(self, course: Course, ticks: int) -> None:
        """Drive for some ticks, each shown for as long as it lasts."""
        due = time.perf_counter()
        for _ in range(ticks):
            course.tick()
            self.write(*course.drive.pages)
            due += course.every * 0.003
            time.sleep(max(0.0, due - time.perf_counter()))

    def close(self) -> None:
        for file in self._files.values():
            os.close(file)


def facts(event: Event) -> tuple[object, ...]:
    """Return what an event says of laps, whenever it was emitted."""
    return event.kind, event.lap, event.lap_time_ms, event.sector, event.sector_time_ms, event.valid, event.reason


@pytest.mark.parametrize("rate", ["30", "333"])
def test_subscribers_get_the_laps_of_an_open_course_with_runs_given_up(page_dir: Path, rate: str) -> None:
    course, pages = Course(1500.0, 0.05, 0.8, speed=300.0, smVersion="1.7"), Pages(page_dir)
    pages.write(*course.drive.pages)
    received: list[Event] = []
    with (
        Daemon("--page-dir", str(page_dir), "--rate", rate) as daemon,
        daemon.connect() as bridge,
        bridge.frames(Event, timeout=20) as frames,
    ):
        course.speed = 1.0
        while bridge.status(timeout=5).sim_state != "live":
            pages.show(course, 10)
        course.speed = 300.0
        pages.show(course, 350)  # a whole run, 5.25 s
        for at in (0.3, 0.02):  # two runs given up, one in the middle and one soon after the start
            course.put(0.05)
            course.begin()
            pages.show(course, round(at * 1500 / 4.5))
        course.put(0.05)
        course.begin()
        pages.show(course, 110)
        course.left_ms += 3000.0  # the server corrects its clock
        while course.laps < 2:
            pages.show(course, 1)
        pages.show(course, 5)  # at 30 Hz, two samples
        course.drive.tick(0, status=STATUS_OFF)  # the menu, before the lap has settled
        pages.write(*course.drive.pages)
        until(lambda: bridge.status(timeout=5).sim_state == "idle", "the menu")
        while not received or received[-1].kind != "session_ended":
            received.append(next(frames).record)
    pages.close()
    course.drive.set_state(SimState.IDLE)
    expected = [event for event in course.drive.events if event.kind in LASTING]
    assert 2 == [event.kind for event in expected].count("lap_completed")
    assert [facts(event) for event in expected] == [facts(event) for event in received if event.kind in LASTING]
