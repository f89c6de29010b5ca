"""
The way of a command to the car: through a back-end, which is opened again whenever it was lost.

Knows no driver and no sim: the lease says what is applied, and when.
"""

import structlog

from acbridge.calibration import Calibration
from acbridge.controls import Command, Start
from acbridge_daemon.controls.backend import BackEnd, Capabilities

FIRST_WAIT_NS = 1_000_000_000
LONGEST_WAIT_NS = 8_000_000_000
"""A lost back-end is opened again at once, then after the first wait, twice that, and so on up to the longest."""
WORKED_NS = 30_000_000_000
"""After so long without a loss the waits begin anew."""


class Actuator:
    """
    Applies commands through a back-end.

    Attributes:
        capabilities: What the back-end can do; its name is none without one.
        applied: What is applied, before it is corrected.
        applied_ns: Since when.
        problem: Why nothing reaches the car; ``None`` while the back-end works, and without one.
    """

    def __init__(self, backend: BackEnd | None, neutral: Command, now_ns: int) -> None:
        """
        Begin with a neutral car.

        Args:
            backend: What moves the car, opened; ``None`` for a daemon that cannot drive.
            neutral: What it applies when it is opened.
            now_ns: Now.
        """
        self._backend = backend
        self.capabilities = Capabilities("none") if backend is None else backend.capabilities
        self.applied = neutral
        self.applied_ns = now_ns
        self.problem: str | None = None
        self._calibration: Calibration | None = None
        self._repeat_ns: int | None = None if self.capabilities.repeat_s is None else 0
        self._opening: str | None = None
        self._is_neutral = False
        """Whether the back-end was opened since a command was applied, which makes it neutral."""
        self._works_since_ns = now_ns
        self._wait_ns = 0
        self._due_ns = now_ns
        self._log = structlog.get_logger()

    @property
    def deadline_ns(self) -> int | None:
        """When the command must be repeated; ``None`` if it need not be."""
        return self._repeat_ns

    def apply(self, now_ns: int, command: Command, calibration: Calibration | None = None) -> bool:
        """
        Apply a command if it is another, or if it is time to repeat it.

        Args:
            now_ns: Now.
            command: What is asked of the car.
            calibration: Corrects it, so that the telemetry shows what is asked; ``None`` to apply it as it is.

        Returns:
            Whether it is another.
        """
        due = self._repeat_ns is not None and now_ns >= self._repeat_ns
        same = command == self.applied and calibration is self._calibration
        if self._backend is None or (same and not due and not self._is_neutral):
            return False
        self._calibration, self._is_neutral = calibration, False
        corrected = {} if calibration is None else calibration.commands(command._asdict())
        self._backend.apply(command._replace(**corrected))
        repeat_s = self.capabilities.repeat_s
        self._repeat_ns = None if repeat_s is None else now_ns + round(repeat_s * 1e9)
        if command == self.applied:
            return False
        self.applied, self.applied_ns = command, now_ns
        return True

    def reset(self, start: Start, means: str) -> None:
        """
        Begin a run elsewhere by one of the back-end's means.

        Raises:
            BackEndError: It cannot.
        """
        if self._backend is not None:
            self._backend.reset(start, means)

    def reopen(self, why: str) -> None:
        """Open the back-end again, without waiting for it; `follow` reports how that went."""
        if self._backend is not None:
            self._opening = why
            self._backend.reopen()

    def follow(self, now_ns: int) -> None:
        """Find out whether the back-end works, and open it again, with growing waits, if it does not."""
        backend = self._backend
        if backend is None or backend.opening():
            return
        problem = backend.problem()
        if problem is None:
            self._works(now_ns)
            return
        if self.problem is None or self._opening is not None:
            self._lose(now_ns, problem)
        if now_ns >= self._due_ns:
            self.reopen(problem)

    def close(self) -> None:
        """Apply neutral and give the device back."""
        if self._backend is not None:
            self._backend.close()

    def _works(self, now_ns: int) -> None:
        if self._opening is not None:
            self._log.warning("controls_reopened", detail=self._opening)
            self._opening = None
            self._is_neutral = True
        if self.problem is not None:
            self.problem = None
            self._works_since_ns = now_ns

    def _lose(self, now_ns: int, problem: str) -> None:
        if self.problem is None and now_ns - self._works_since_ns >= WORKED_NS:
            self._wait_ns = 0
        if problem != self.problem:
            self._log.error("controls_lost", detail=problem)
        self.problem, self._opening = problem, None
        self._due_ns = now_ns + self._wait_ns
        self._wait_ns = min(LONGEST_WAIT_NS, max(FIRST_WAIT_NS, 2 * self._wait_ns))
