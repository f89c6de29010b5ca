"""Sessions: when one has ended and another has begun, by several signs that appear in different samples."""

import math

from acbridge.derived.tick import DerivationInput, Moment
from acbridge.pages import AC1, Graphics

RESTART_MS = 1500.0
"""A session clock that jumps back by more was set back."""
UNKNOWN = -1
"""What `session` says while the sim does not know it."""


class Signs:
    """Signs that a session may have begun again, as seen since the first of them."""

    __slots__ = ("clock_fell", "count_fell", "count_grew", "jumped", "left_back")

    def __init__(self) -> None:
        self.clock_fell = self.count_fell = self.count_grew = self.jumped = self.left_back = False

    @property
    def restart(self) -> bool:
        """Whether they make a restart: a session clock set back alone does not."""
        return self.count_fell or (self.left_back and (self.jumped or (self.clock_fell and not self.count_grew)))


class SessionWatch:
    """
    One session, and what ends it.

    =========  =========================================================  =============================
    State      Sign                                                       Then
    =========  =========================================================  =============================
    steady     `session` is another (and not -1)                          session_changed; new
    steady     `completedLaps` falls                                      in doubt
    steady     `sessionTimeLeft` jumps up, or becomes infinite            in doubt
    steady     the lap clock falls, or the car jumps                      in doubt
    in doubt   `session` is another                                       session_changed; new
    in doubt   nothing more for `rollover_s`: the count fell              restarted; new
    in doubt   nothing more: time left and clock or car went back         restarted; new
    in doubt   nothing more: anything else                                steady
    new        `session` is another                                       session_changed; new
    new        any other sign                                             it belongs to the same change
    new        nothing more for `rollover_s`                              steady
    =========  =========================================================  =============================

    Attributes:
        kind: The number of the session's kind.
    """

    def __init__(self, graphics: Graphics) -> None:
        self.kind = graphics.session
        self._count: int = graphics.completedLaps
        self._clock: int = graphics.iCurrentTime
        self._left: float = graphics.sessionTimeLeft
        self._signs = Signs()
        self._since: Moment | None = None
        self._is_new = False

    @property
    def name(self) -> str:
        """The kind in words."""
        return AC1.session_name(self.kind) or "unknown"

    def update(self, tick: DerivationInput, *, jumped: bool) -> str | None:
        """
        Return why another session begins with this tick, ``None`` if none does.

        Args:
            tick: The tick.
            jumped: Whether the car moved without driving since the tick before.
        """
        graphics = tick.graphics
        clock, count, left = graphics.iCurrentTime, graphics.completedLaps, graphics.sessionTimeLeft
        changed = jumped or clock < self._clock or count != self._count or self._went_back(left)
        if changed:
            signs = self._signs
            signs.jumped |= jumped
            signs.clock_fell |= clock < self._clock
            signs.count_fell |= count < self._count
            signs.count_grew |= count > self._count
            signs.left_back |= self._went_back(left)
            self._since = tick.moment
        self._clock, self._count, self._left = clock, count, left
        if graphics.session not in (self.kind, UNKNOWN):
            self.kind = graphics.session
            self.begin(tick)
            return "session_changed"
        if self._since is None or not tick.settled(self._since):
            return None
        restart = self._signs.restart and not self._is_new
        self._signs, self._since, self._is_new = Signs(), None, False
        return "restarted" if restart else None

    def begin(self, tick: DerivationInput) -> None:
        """A session begins with this tick; further signs belong to the same change."""
        self._signs, self._since, self._is_new = Signs(), tick.moment, True

    def _went_back(self, left: float) -> bool:
        before = self._left
        if not math.isfinite(before):
            return False
        return left - before > RESTART_MS if math.isfinite(left) else True  # infinite while a race waits for its lights
