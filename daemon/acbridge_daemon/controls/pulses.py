"""Gear changes as presses of buttons, long enough for a game to see. Pure: time is passed in."""

PRESSED_S = 0.04
"""A game that renders 60 frames a second sees a press of two frames."""
APART_S = 0.15
"""Time from one press to the next: a gearbox needs it."""
MOST = 8
"""Gear changes that may wait; a car has no more gears."""


class Pulses:
    """
    Turns running counts of shifts into presses; the first counts are where it begins.

    Attributes:
        up, down: Whether the buttons are pressed.
    """

    def __init__(self) -> None:
        self.up = self.down = False
        self._counts: tuple[int, int] | None = None
        self._waiting: list[bool] = []
        self._pressed_s: float | None = None

    def update(self, now_s: float, shifts_up: int, shifts_down: int) -> float | None:
        """Follow the counts, and return when the buttons change next; ``None`` if they do not."""
        if self._counts is not None:
            up, down = shifts_up - self._counts[0], shifts_down - self._counts[1]
            self._waiting += [True] * min(MOST, max(0, up)) + [False] * min(MOST, max(0, down))
            del self._waiting[MOST:]
        self._counts = (shifts_up, shifts_down)
        if (self.up or self.down) and now_s >= self._after(PRESSED_S):
            self.up = self.down = False
        if self._waiting and not (self.up or self.down) and now_s >= self._after(APART_S):
            self.up = self._waiting.pop(0)
            self.down = not self.up
            self._pressed_s = now_s
        if self.up or self.down:
            return self._after(PRESSED_S)
        return self._after(APART_S) if self._waiting else None

    def release(self) -> None:
        """Release the buttons, and forget the changes that wait."""
        self.up = self.down = False
        self._waiting.clear()

    def _after(self, seconds: float) -> float:
        """Return the time so long after the newest press; before the first there is nothing to wait for."""
        return float("-inf") if self._pressed_s is None else self._pressed_s + seconds
