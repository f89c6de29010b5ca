"""A reset as it is carried out: attempts by one means after the other, until the telemetry shows the new run."""

from collections.abc import Callable

from acbridge.controls import Start
from acbridge.pages import Graphics, Physics, Static
from acbridge_daemon.controls.backend import BackEndError, Capabilities
from acbridge_daemon.controls.verify import ResetCheck

ATTEMPTS = 3
"""Attempts of each means."""
ATTEMPT_NS = 2_000_000_000
"""How long one attempt may take."""


class Reset:
    """
    One reset.

    Attributes:
        number: Its number.
        start: Where the run is to begin.
        state: running, done or failed.
        means: The means in use.
        attempts: Attempts so far, of all means.
        took_ms: How long it took; ``None`` until it ended.
        detail: Why it failed.
    """

    def __init__(
        self,
        number: int,
        start: Start,
        means: tuple[str, ...],
        can: Capabilities,
        begin: Callable[[Start, str], None],
        now_ns: int,
    ) -> None:
        """
        Prepare the attempts; the first is up to the caller.

        Args:
            number: Its number.
            start: Where the run is to begin.
            means: The means to try, the best first.
            can: What the back-end can do.
            begin: Begins a run elsewhere by a means, or raises BackEndError.
            now_ns: Now.
        """
        self.number = number
        self.start = start
        self.state = "running"
        self.means: str | None = None
        self.attempts = 0
        self.took_ms: float | None = None
        self.detail: str | None = None
        self._can = can
        self._begin = begin
        self._begun_ns = self._attempt_ns = now_ns
        self._check: ResetCheck | None = None
        self._left: list[str] = [name for name in means for _ in range(ATTEMPTS)]

    @property
    def running(self) -> bool:
        """Whether it has not ended yet."""
        return self.state == "running"

    def attempt(self, now_ns: int, packet: int) -> None:
        """Try the next means, or the same one again; fail when none is left. `packet` is of the newest sample."""
        while self._left:
            self.means = self._left.pop(0)
            self.attempts += 1
            self._attempt_ns = now_ns
            restarts = isinstance(self.start, str) and self.means in self._can.moves_clock
            self._check = ResetCheck(self.start, now_ns, packet, restarts=restarts)
            try:
                self._begin(self.start, self.means)
            except BackEndError as error:
                self._check, self.detail = None, f"{self.means}: {error}"
                self._left = [means for means in self._left if means != self.means]
            else:
                return
        self.end(now_ns, self.detail or "no means is left")

    def judge(self, now_ns: int, physics: Physics, graphics: Graphics, static: Static) -> None:
        """End it if a sample of a live sim shows the new run, as some before did."""
        if self._check is not None and self._check.update(now_ns, physics, graphics, static):
            self.end(now_ns, None)

    def retry(self, now_ns: int, packet: int) -> None:
        """Try again if the attempt has taken too long."""
        if now_ns - self._attempt_ns > ATTEMPT_NS:
            detail = self._check.detail if self._check is not None else self.detail
            self.detail = f"{self.means}: {detail}"
            self.attempt(now_ns, packet)

    def end(self, now_ns: int, detail: str | None) -> None:
        """End it: done without a detail, else failed."""
        self.state = "done" if detail is None else "failed"
        self.detail = detail
        self.took_ms = (now_ns - self._begun_ns) * 1e-6
