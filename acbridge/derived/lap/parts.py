"""What laps are made of: the running lap, a lap that seems to have ended, and values of the sim that change late."""

from dataclasses import dataclass, field
from functools import lru_cache

from acbridge.derived.lap.best import Trace
from acbridge.derived.lap.consumption import Tank
from acbridge.derived.tick import DerivationInput, Moment
from acbridge.schema import Wheels

CUT, TELEPORT, OUT_LAP, NOT_SEEN_WHOLE, BY_SIM = "cut", "teleport", "out_lap", "not_seen_whole", "sim"
"""Why a lap does not count."""


@dataclass(slots=True)
class Lap:
    """
    One lap as it is driven.

    Attributes:
        reason: Why it does not count; ``None`` while it does.
        tank: Its fuel.
        wear, compound: `tyreWear` and `tyreCompound` at its start.
        clean: Whether it says what a lap consumes: seen whole, without pit and teleport.
        trace: Its time at each place.
        ai, human: Who drove in at least one tick.
    """

    reason: str | None
    tank: Tank
    wear: Wheels
    compound: str
    clean: bool
    trace: Trace = field(default_factory=Trace)
    ai: bool = False
    human: bool = False

    @property
    def driver(self) -> str:
        """Who drives: ai, human or mixed."""
        return ("mixed" if self.human else "ai") if self.ai else "human"


@dataclass(slots=True)
class PendingLap:
    """
    A lap that seems to have ended.

    Attributes:
        lap: The lap.
        since: When the first sign of its end appeared.
        fuel, wear: What was left then.
        pace: Share of the AI line driven per millisecond then.
        sectors: Its sector times so far.
        clock_ms: The lap clock before the first sign, and
        unseen_ms: how long it had stood then: its time lies in between.
        clock_reset: Whether the clock has started over, or stopped.
        number: Its number, once the count has grown.
        counted: When the count grew.
        teleported: Whether the car was moved after the clock was reset and before the count grew.
    """

    lap: Lap
    since: Moment
    fuel: float
    wear: Wheels
    pace: float
    sectors: list[int] | None
    clock_ms: int
    unseen_ms: int
    clock_reset: bool = False
    number: int = 0
    counted: Moment | None = None
    teleported: bool = False


class Changing:
    """
    A value of the sim, and when it last changed.

    Attributes:
        value: The value.
    """

    __slots__ = ("_since", "value")

    def __init__(self, value: int) -> None:
        self.value = value
        self._since: Moment | None = None

    def update(self, tick: DerivationInput, value: int) -> None:
        """Take another value, at a tick."""
        self.value, self._since = value, tick.moment

    def changed_around(self, tick: DerivationInput, since: Moment) -> bool:
        """Return whether it changed since a moment, or shortly before."""
        changed = self._since
        if changed is None:
            return False
        near_ms = tick.limits.rollover_s * 1000
        return since.ms - changed.ms < near_ms or since.tick - changed.tick <= 1

    def consume(self) -> None:
        """Let the last change belong to nothing that is still to come."""
        self._since = None


@lru_cache(maxsize=4)
def lap_ms(text: str) -> int:
    """Return the milliseconds of a time as the sim writes it, ``m:ss:mmm``; 0 for ``-:--:---`` and for nonsense."""
    minutes, _, rest = text.partition(":")
    seconds, _, thousandths = rest.partition(":")
    if not (minutes.isdecimal() and seconds.isdecimal() and thousandths.isdecimal()):
        return 0
    return min(int(minutes) * 60_000 + int(seconds) * 1000 + int(thousandths), 2**31 - 1)
