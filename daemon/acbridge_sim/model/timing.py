"""
The lap clock: laps, sectors and their texts, as the sim shows them.

The running clock advances by a physics step of 3 ms. The time of a crossing between two steps is interpolated, as in
the sim, so lap and sector times are any milliseconds. The clock starts when the line is crossed for the first time. It
keeps two best laps, as the sim does: of all laps, and of those without a cut.
"""

from acbridge_sim.model.car import STEP_S
from acbridge_sim.model.track import Track

STEP_MS = round(STEP_S * 1000)
CUT_WHEELS = 3
"""Wheels off the track that make a lap invalid: the sim allows two."""
NO_TIME = "-:--:---"


class Timing:
    """
    The clock of one session.

    Attributes:
        laps: Laps completed, cut ones included.
        current_ms: The running lap; 0 before the first crossing of the line.
        last_ms: The last lap; 0 when none.
        best_ms: The best of all laps; 0 when none.
        best_clean_ms: The best lap without a cut; 0 when none.
        sector: Splits passed in this lap.
        split_ms: The last split of this lap, else the last sector of the lap before; 0 when none.
        cut: Whether the running lap is invalid.
        crossed: Whether the line was crossed in the last step.
    """

    def __init__(self, track: Track, *, cut_invalidates_lap: bool) -> None:
        self._length = track.length
        self._splits = [share * track.length for share in track.sectors[1:]]
        self._cut_invalidates_lap = cut_invalidates_lap
        self._running = False
        self._lap_ms = self._sector_ms = 0.0
        self.laps = 0
        self.last_ms = self.best_ms = self.best_clean_ms = 0
        self.sector = 0
        self.split_ms = 0
        self.cut = False
        self.crossed = False

    @property
    def current_ms(self) -> int:
        """The running lap in ms; 0 before the first crossing of the line."""
        return int(self._lap_ms)

    def start(self) -> None:
        """Start the clock at once, as in a race."""
        self._running = True

    def abandon(self) -> None:
        """Give the running lap up, as when going back to the pits: the clock waits for the line again."""
        self._running = self.cut = False
        self._lap_ms = self._sector_ms = 0.0
        self.sector = 0

    def step(self, before: float, after: float, wheels_off: int) -> None:
        """
        Take one physics step.

        Args:
            before: Distance along the centre line before it.
            after: Distance after it.
            wheels_off: Wheels off the track.
        """
        self.crossed = False
        moved = after - before
        if self._running:
            self._lap_ms += STEP_MS
            self._sector_ms += STEP_MS
            self.cut = self.cut or (self._cut_invalidates_lap and wheels_off >= CUT_WHEELS)
        if moved < -self._length / 2:
            self._cross(after / (moved + self._length) * STEP_MS)
        elif self._running and self.sector < len(self._splits) and before < self._splits[self.sector] <= after:
            late_ms = (after - self._splits[self.sector]) / moved * STEP_MS
            self.sector += 1
            self.split_ms, self._sector_ms = round(self._sector_ms - late_ms), late_ms

    def _cross(self, late_ms: float) -> None:
        """Pass the line, so many milliseconds before the end of the step."""
        whole = self._running and self.sector == len(self._splits)
        if self._running and not whole:
            return  # driven backwards over the line, or round half the track: not a lap
        if whole:
            self.crossed = True
            self.laps += 1
            self.last_ms = round(self._lap_ms - late_ms)
            self.split_ms = round(self._sector_ms - late_ms)
            self.best_ms = min(self.best_ms or self.last_ms, self.last_ms)
            if not self.cut:
                self.best_clean_ms = min(self.best_clean_ms or self.last_ms, self.last_ms)
        self._running = True
        self._lap_ms = self._sector_ms = late_ms
        self.sector = 0
        self.cut = False


def lap_text(milliseconds: int) -> str:
    """Return a time as the sim writes it, ``m:ss:mmm``, or ``-:--:---`` for none."""
    if milliseconds <= 0:
        return NO_TIME
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes}:{rest // 1000:02}:{rest % 1000:03}"
