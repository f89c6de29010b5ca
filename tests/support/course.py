"""A car on a course of which every time is known, as the sim would show it."""

import math
from collections import deque
from typing import Any

from acbridge import Derived, Event, EventKind, Thresholds
from acbridge_sim.telemetry import lap_text
from deriving import STEP_MS, Drive, moving

PARTS: dict[str, tuple[str, ...]] = {
    "position": ("normalizedCarPosition",),
    "clock": ("iCurrentTime", "currentSectorIndex"),
    "last": ("iLastTime", "bestTime", "lastSectorTime"),
    "count": ("completedLaps",),
}
"""Fields of the graphics page that the sim may write at different times when a lap ends."""


class Course:
    """
    A car that drives on a course, and the timing of the sim.

    A course is a circuit, or goes from a start to a finish. On the latter the clock waits at 0 between two runs.

    Attributes:
        drive: The pages, and what is derived from them.
        at: Way of the car since it was put there, m; it grows over the AI line's zero.
        speed: m/s; it may be changed, and is negative when the car rolls back.
        left_ms: `sessionTimeLeft`.
        stops: Whether the clock stops at the finish of an open course.
    """

    def __init__(
        self,
        length: float = 5000.0,
        line: float = 0.0,
        finish: float | None = None,
        *,
        at: float | None = None,
        speed: float = 50.0,
        every: int = 5,
        clock_ms: float | None = None,
        delays: dict[str, int] | None = None,
        sectors: int = 3,
        thresholds: Thresholds | None = None,
        **values: Any,
    ) -> None:
        """
        Put the car down.

        Args:
            length: Of the AI line, m.
            line: Where timing starts on it, 0 to 1; on a circuit it ends there, too.
            finish: Where timing ends, on an open course.
            at: Where the car is, 0 to 1; 50 m before the start if not given.
            speed: m/s.
            every: Physics steps of 3 ms from tick to tick.
            clock_ms: The lap clock; it waits for the start if not given.
            delays: For each of the parts, how many ticks late it is shown.
            sectors: How many of the same length.
            thresholds: Other thresholds.
            **values: Other fields of the pages.
        """
        self.length, self.every, self.speed = length, every, speed
        self.start = line * length
        self.end = self.start + length if finish is None else finish * length
        self.sectors = sectors
        self.closed, self.stops = finish is None, True
        self.at = self.start - 50.0 if at is None else at * length
        self.clock = clock_ms
        self.laps = self.last_ms = self.best_ms = self.sector = self.split_ms = 0
        self.sector_clock = 0.0
        self.counts = True
        self.fuel, self.fuel_per_m, self.wear, self.wear_per_m = 30.0, 3.0 / length, 100.0, 0.1 / length
        self.records: list[Derived] = []
        self._late = {part: deque[dict[str, Any]](maxlen=late + 1) for part, late in (delays or {}).items()}
        self.left_ms = -1000.0
        usual = {"trackSPlineLength": length, "sectorCount": sectors, "penaltiesEnabled": 1, "gear": 5, "clutch": 1.0}
        self.drive = Drive(thresholds, **usual | self._shown() | values)

    @property
    def position(self) -> float:
        """`normalizedCarPosition`."""
        return (self.at / self.length) % 1.0

    @property
    def record(self) -> Derived:
        """What was derived last."""
        return self.drive.record

    def put(self, at: float) -> None:
        """Put the car somewhere on the AI line, 0 to 1, in the round in which it is nearest to the start."""
        self.at = at * self.length
        if self.at > self.start + self.length / 2:
            self.at -= self.length

    def go(self, seconds: float, **values: Any) -> list[Derived]:
        """Drive for so long; fields of the pages change at the first tick. Return what was derived at each tick."""
        first = len(self.records)
        for _ in range(max(1, round(seconds * 1000 / (self.every * STEP_MS)))):
            self.tick(**values)
            values = {}
        return self.records[first:]

    def tick(self, **values: Any) -> Derived:
        """Drive for one tick."""
        dt = self.every * STEP_MS
        self._advance(dt)
        self.left_ms -= dt
        self.records.append(self.drive.tick(self.every, **self._shown() | values))
        return self.records[-1]

    def lap(self, laps: int = 1) -> list[Derived]:
        """Drive until so many more laps are counted, or runs on an open course; return what was derived meanwhile."""
        first, until = len(self.records), self.laps + laps
        while self.laps < until:
            self.tick()
        return self.records[first:]

    def settle(self) -> "Course":
        """Drive on until nothing is left to appear."""
        self.go(max(1.5, 5 * self.every * STEP_MS / 1000))
        return self

    def completed(self) -> list[tuple[int | None, int | None, bool | None]]:
        """Return number, time and validity of the laps so far."""
        return [(event.lap, event.lap_time_ms, event.valid) for event in self.of(EventKind.LAP_COMPLETED)]

    def of(self, *kinds: EventKind) -> list[Event]:
        return self.drive.of(*kinds)

    def _advance(self, dt: float) -> None:
        """Move the car by so many milliseconds, and the clock with it."""
        moved = self.speed * dt / 1000
        before, self.at = self.at, self.at + moved
        self.fuel = max(0.0, self.fuel - abs(moved) * self.fuel_per_m)
        self.wear -= abs(moved) * self.wear_per_m
        if self.clock is not None:
            self.clock += dt
            self.sector_clock += dt
            share = (self.at - self.start) / (self.end - self.start)
            split = (self.sector + 1) / self.sectors
            if self.sector < self.sectors - 1 and share >= split:
                late = (share - split) * (self.end - self.start) / self.speed * 1000
                self.sector += 1
                self.split_ms, self.sector_clock = round(self.sector_clock - late), late
        if self.clock is not None and before < self.end <= self.at:
            self._finish((self.at - self.end) / self.speed * 1000)
        elif self.clock is None and before < self.start <= self.at:
            self.begin((self.at - self.start) / self.speed * 1000)

    def begin(self, late: float = 0.0) -> None:
        """Let the clock start, so many milliseconds ago."""
        self.clock = self.sector_clock = late
        self.sector = 0

    def _finish(self, late: float) -> None:
        assert self.clock is not None
        self.last_ms = round(self.clock - late)
        self.split_ms = round(self.sector_clock - late)
        self.laps += 1
        if self.counts and (not self.best_ms or self.last_ms < self.best_ms):
            self.best_ms = self.last_ms
        self.sector = 0
        if self.closed:
            self.at -= self.length
            self.begin(late)
        elif self.stops:
            self.clock = None

    def _shown(self) -> dict[str, Any]:
        shown: dict[str, Any] = {
            **moving(self.speed),
            "fuel": self.fuel,
            "tyreWear": (self.wear,) * 4,
            "normalizedCarPosition": self.position,
            "iCurrentTime": 0 if self.clock is None else math.floor(self.clock),
            "currentSectorIndex": self.sector,
            "iLastTime": self.last_ms,
            "bestTime": lap_text(self.best_ms),
            "lastSectorTime": self.split_ms,
            "completedLaps": self.laps,
            "sessionTimeLeft": self.left_ms,
        }
        for part, queue in self._late.items():
            queue.append({name: shown[name] for name in PARTS[part]})
            shown |= queue[0]
        return shown
