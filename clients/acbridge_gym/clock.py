"""
When a step ends, as arithmetic: in nanoseconds of a clock, or in frames of a daemon.

The clock is given the time and never asks for it, so a test runs it with any time. In lock-step it is not needed.
"""

from typing import NamedTuple


class StepEnd(NamedTuple):
    """
    The end of a step.

    Attributes:
        length: How long the step was, in the clock's unit.
        overrun: Whether it ended late by a whole step or more.
    """

    length: int
    overrun: bool


class StepClock:
    """
    Steps of a length T on a grid that a late end may stretch, but that never yields a short step.

    An end that is late by less than T leaves the grid where it is if at least T/2 remains until the next end;
    otherwise the next step lasts T from now. An end that is late by T or more is an overrun, and the grid begins at it.
    So no step is shorter than T/2, a stall is one long step, and small lateness does not add up.

    The same arithmetic serves both ways to keep time. Elastic: T and times in ns. By frames: T is a number of frames,
    and a time is the number of the newest frame, so that a step ends when its last frame arrives.

    Attributes:
        due: When the running step ends.
    """

    def __init__(self, step: int) -> None:
        """
        Wait for :meth:`begin`.

        Args:
            step: T, in ns or in frames.

        Raises:
            ValueError: It is not above 0.
        """
        if step <= 0:
            raise ValueError(f"a step is longer than 0, not {step}")
        self._step = step
        self._begun = self.due = 0

    def begin(self, now: int) -> None:
        """Begin the first step of an episode, which lasts a whole T."""
        self._begun = now
        self.due = now + self._step

    def left(self, now: int) -> int:
        """Return what is left of the running step; 0 if its end is due."""
        return max(0, self.due - now)

    def end(self, now: int) -> StepEnd:
        """
        End the running step and begin the next.

        Raises:
            ValueError: The end is not due yet.
        """
        late = now - self.due
        if late < 0:
            raise ValueError(f"the step ends at {self.due}, and it is {now}: wait first")
        length, self._begun = now - self._begun, now
        left = self.due + self._step - now
        self.due = self.due + self._step if 2 * left >= self._step else now + self._step
        return StepEnd(length, late >= self._step)


def frames_in(step_ms: float, rate_hz: float) -> int:
    """
    Return how many frames of a daemon a step has.

    Args:
        step_ms: Length of a step, ms.
        rate_hz: Frames per second.

    Raises:
        ValueError: It is no whole number of frames; the text names a rate that suits.
    """
    exact = step_ms * rate_hz / 1000
    whole = round(exact)
    if whole < 1 or abs(exact - whole) > 0.01:  # noqa: PLR2004  a hundredth of a frame: rates such as 333.33 are rounded
        suits = max(1, whole) * 1000 / step_ms
        raise ValueError(
            f"a step of {step_ms:g} ms has {exact:.2f} frames at {rate_hz:g} Hz; {suits:.2f} Hz would suit"
        )
    return whole
