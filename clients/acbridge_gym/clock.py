"""
When a step ends, as arithmetic: on a clock of its own, or on the frames of a daemon.

Both are given the time and never ask for it, so a test runs them with any clock. In lock-step neither is needed.
"""

from typing import NamedTuple


class StepEnd(NamedTuple):
    """
    The end of a step.

    Attributes:
        length: How long the step was, in the clock's unit: ns, or frames.
        overrun: Whether it ended late by a whole step or more.
    """

    length: int
    overrun: bool


class ElasticClock:
    """
    Steps of a length T on a grid that a late end may stretch, but that never yields a short step.

    An end that is late by less than T leaves the grid where it is if at least T/2 remains until the next end;
    otherwise the next step lasts T from now. An end that is late by T or more is an overrun, and the grid begins at it.
    So no step is shorter than T/2, a stall is one long step, and small lateness does not add up.
    """

    def __init__(self, step_ns: int) -> None:
        """
        Wait for :meth:`begin`.

        Args:
            step_ns: T, ns.

        Raises:
            ValueError: It is not above 0.
        """
        if step_ns <= 0:
            raise ValueError(f"a step lasts more than 0 ns, not {step_ns}")
        self._step = step_ns
        self._begun = self.due = 0

    def begin(self, now: int) -> None:
        """Begin the first step of an episode, which lasts a whole T, at a time in ns."""
        self._begun = now
        self.due = now + self._step

    def wait(self, now: int) -> int:
        """Return how long to wait for the end of the running step, ns; 0 if it is due."""
        return max(0, self.due - now)

    def end(self, now: int) -> StepEnd:
        """
        End the running step and begin the next.

        Args:
            now: The time, ns.

        Raises:
            ValueError: The step is not due yet.
        """
        late = now - self.due
        if late < 0:
            raise ValueError(f"the step is due in {-late} ns: wait first")
        length, self._begun = now - self._begun, now
        left = self.due + self._step - now
        self.due = self.due + self._step if 2 * left >= self._step else now + self._step
        return StepEnd(length, late >= self._step)


class FrameClock:
    """
    Steps of k frames: each ends when the k-th frame after its begin has arrived.

    After a stall the next step begins at the newest frame, so it has k frames too.
    """

    def __init__(self, frames: int) -> None:
        """
        Wait for :meth:`begin`.

        Args:
            frames: k, frames in a step.

        Raises:
            ValueError: It is less than 1.
        """
        if frames < 1:
            raise ValueError(f"a step has at least 1 frame, not {frames}")
        self._frames = frames
        self._begun = self.due = 0

    def begin(self, tick: int) -> None:
        """Begin the first step of an episode at the frame with this number."""
        self._begun = tick
        self.due = tick + self._frames

    def end(self, tick: int) -> StepEnd:
        """
        End the running step and begin the next.

        Args:
            tick: Number of the newest frame.

        Raises:
            ValueError: The frame that ends the step has not arrived yet.
        """
        late = tick - self.due
        if late < 0:
            raise ValueError(f"the step ends with frame {self.due}, and the newest is {tick}: wait first")
        length, self._begun = tick - self._begun, tick
        self.due = tick + self._frames
        return StepEnd(length, late >= self._frames)


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
