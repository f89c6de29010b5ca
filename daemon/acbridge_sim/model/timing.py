"""
The lap clock: laps and sectors, as the sim counts them.

The running clock advances by a physics step of 3 ms. The time of a crossing between two steps is interpolated, as in
the sim, so lap and sector times are any milliseconds. The clock starts when the line is crossed for the first time. It
keeps two best laps, as the sim does: of all laps, and of those without a cut.

The functions of this module are in the subset that numba compiles.
"""

from dataclasses import dataclass
from typing import Annotated

from acbridge_sim.model.drivetrain import STEP_S
from acbridge_sim.model.surface import Road
from acbridge_sim.model.table import Column
from acbridge_sim.model.track import Track

STEP_MS = round(STEP_S * 1000)
CUT_WHEELS = 3
"""Wheels off the track that make a lap invalid: the sim allows two."""


@dataclass(slots=True, eq=False)
class Timing:
    """The lap clock of one session, with its track beside it."""

    track: Track
    cut_invalidates_lap: Annotated[bool, Column("", "Whether a lap with a cut is invalid.")]
    running: Annotated[bool, Column("", "Whether the clock runs: the line was crossed, or a race has started.")] = False
    lap_ms: Annotated[float, Column("ms", "Length of the running lap; 0 before the first crossing.")] = 0.0
    sector_ms: Annotated[float, Column("ms", "Length of the running sector.")] = 0.0
    laps: Annotated[int, Column("", "Laps completed, cut ones included.")] = 0
    last_ms: Annotated[int, Column("ms", "The last lap; 0 when none.")] = 0
    best_ms: Annotated[int, Column("ms", "The best of all laps; 0 when none.")] = 0
    best_clean_ms: Annotated[int, Column("ms", "The best lap without a cut; 0 when none.")] = 0
    sector: Annotated[int, Column("", "Splits passed in this lap.")] = 0
    split_ms: Annotated[
        int, Column("ms", "The last split of this lap, else the last sector of the lap before; 0 when none.")
    ] = 0
    cut: Annotated[bool, Column("", "Whether the running lap is invalid.")] = False
    crossed: Annotated[bool, Column("", "Whether a lap was completed in the last step.")] = False
    last_cut: Annotated[bool, Column("", "Whether the last lap was invalid.")] = False

    @property
    def current_ms(self) -> int:
        """The running lap in ms; 0 before the first crossing of the line."""
        return int(self.lap_ms)

    def start(self) -> None:
        """Start the clock at once, as in a race."""
        self.running = True

    def abandon(self) -> None:
        """Give the running lap up, as when going back to the pits: the clock waits for the line again."""
        abandon(self)

    def step(self, before: float, after: float, wheels_off: int) -> None:
        """Advance the clock; see :func:`tick`."""
        tick(self, self.track.road, before, after, wheels_off)


def abandon(clock: Timing) -> None:
    """Give the running lap up: the clock waits for the line again."""
    clock.running = clock.cut = False
    clock.lap_ms = clock.sector_ms = 0.0
    clock.sector = 0


def tick(clock: Timing, road: Road, before: float, after: float, wheels_off: int) -> None:
    """
    Advance the clock by one physics step.

    Args:
        clock: The lap clock.
        road: The track's tables.
        before: Distance along the centre line before the step.
        after: Distance after it.
        wheels_off: Wheels off the track.
    """
    clock.crossed = False
    moved = after - before
    if clock.running:
        clock.lap_ms += STEP_MS
        clock.sector_ms += STEP_MS
        if clock.cut_invalidates_lap and wheels_off >= CUT_WHEELS:
            clock.cut = True
    if moved < -road.length / 2:
        cross_line(clock, road, after / (moved + road.length) * STEP_MS)
    elif clock.running and clock.sector < len(road.splits) and before < road.splits[clock.sector] <= after:
        late_ms = (after - road.splits[clock.sector]) / moved * STEP_MS
        clock.sector += 1
        clock.split_ms = round(clock.sector_ms - late_ms)
        clock.sector_ms = late_ms


def cross_line(clock: Timing, road: Road, late_ms: float) -> None:
    """Complete the running lap, if it is a whole one, and begin the next, so many ms before the end of the step."""
    whole = clock.running and clock.sector == len(road.splits)
    if clock.running and not whole:
        return  # driven backwards over the line, or round half the track: not a lap
    if whole:
        clock.crossed = True
        clock.laps += 1
        clock.last_ms = round(clock.lap_ms - late_ms)
        clock.last_cut = clock.cut
        clock.split_ms = round(clock.sector_ms - late_ms)
        if clock.best_ms == 0 or clock.last_ms < clock.best_ms:
            clock.best_ms = clock.last_ms
        if not clock.cut and (clock.best_clean_ms == 0 or clock.last_ms < clock.best_clean_ms):
            clock.best_clean_ms = clock.last_ms
    clock.running = True
    clock.lap_ms = clock.sector_ms = late_ms
    clock.sector = 0
    clock.cut = False
