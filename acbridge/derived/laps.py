"""
Laps: when one ends, how long it took, whether it counts, what it used.

A new lap does not appear at once. Position, running time, last time and lap count change in different samples, in
several orders, and on some tracks away from position 0. So the first sign of a new lap opens a *closing*: what happens
from then on belongs to the next lap, and the lap before is told when the count has grown and its time has appeared.

All times are the sim's own: milliseconds of its lap clock, and of its physics steps. Nothing here reads a clock.
"""

from dataclasses import dataclass, field
from statistics import median
from typing import NamedTuple

from acbridge.derived.events import EventKind
from acbridge.derived.pace import Pace, Trace, lap_ms
from acbridge.derived.tick import DerivationInput
from acbridge.pages import Graphics, Physics
from acbridge.schema import Wheels

CUT, TELEPORT, OUT_LAP, NOT_SEEN_WHOLE, BY_SIM = "cut", "teleport", "out_lap", "not_seen_whole", "sim"
"""Why a lap does not count."""
SPLIT_SLACK_MS = 250
"""How far a sector's time may lie under the clock at which it is noticed, besides the time between two ticks."""

LINE_MIN_SPEED = 5.0
"""The timing line is learned only from a crossing faster than this, m/s: a car in the pits has its clock set, too."""


@dataclass(slots=True)
class Lap:
    """
    One lap as it is driven.

    Attributes:
        reason: Why it does not count; ``None`` while it does.
        fuel: At its start, L.
        wear: `tyreWear` at its start.
        clean: Whether it tells consumption: seen whole, without pit, teleport and refuelling.
        sectors: Times of its sectors so far, ms; ``None`` when one was missed.
        trace: Its time at each place.
    """

    reason: str | None
    fuel: float
    wear: Wheels
    clean: bool
    sectors: list[int] | None
    trace: Trace = field(default_factory=Trace)


@dataclass(slots=True)
class _PendingLap:
    """
    A lap that seems to have ended.

    Attributes:
        lap: It.
        since_ms: When the first sign of its end appeared.
        fuel, wear: What was left then.
        best_ms: The sim's best valid time before.
        timed: Whether the clock has started over.
        told: Whether its time has appeared.
        counted_at_ms: When the count grew.
    """

    lap: Lap
    since_ms: int
    fuel: float
    wear: Wheels
    best_ms: int
    timed: bool = False
    told: bool = False
    counted_at_ms: int | None = None


class _Split(NamedTuple):
    """A sector that has ended, and whose time may not have appeared yet: since when, and the clock then."""

    since_ms: int
    clock_ms: int


class Laps:
    """
    The laps of one session.

    Attributes:
        lap: The running one.
        number: Its number, from 1.
        pace: How it goes.
        fuel_per_lap: Median of the clean laps, L; ``None`` before the first.
        wear_per_lap: Median of what clean laps took from each wheel's `tyreWear`, percent.
    """

    def __init__(self) -> None:
        self.fuel_per_lap: float | None = None
        self.wear_per_lap: Wheels | None = None
        self.lap = Lap(NOT_SEEN_WHOLE, 0.0, (100.0, 100.0, 100.0, 100.0), clean=False, sectors=None)
        self.number = 1
        self.pace = Pace()
        self._best_ms = 0
        self._fuel: list[float] = []
        self._wear: list[Wheels] = []
        self._met = False
        self._count = self._clock = self._last = self._sector = self._split_ms = self._sim_best = 0
        self._tank = 0.0
        self._closing: _PendingLap | None = None
        self._split: _Split | None = None

    @property
    def sectors(self) -> tuple[int, ...]:
        """Times of the sectors completed in the running lap, ms."""
        return tuple(self.lap.sectors or ())

    def update(self, tick: DerivationInput, *, in_pit: bool, teleported: bool) -> None:
        """
        Take one tick of a live session.

        Args:
            tick: It.
            in_pit: Whether the car is in the pit lane, or was a moment ago.
            teleported: Whether it moved without driving since the tick before.
        """
        graphics = tick.graphics
        if not self._met:
            self._meet(tick, in_pit=in_pit)
        if teleported:  # whatever the graphics page says by now, it happened to the lap that was running
            self._spoil(tick, TELEPORT)
        self._look_for_signs(tick, in_pit=in_pit)
        self._judge(tick, in_pit=in_pit)
        self._follow_sectors(tick)
        self._close(tick)
        self._follow_pace(tick)
        self._count, self._clock, self._last = graphics.completedLaps, graphics.iCurrentTime, graphics.iLastTime
        self._sim_best = lap_ms(graphics.bestTime)
        self.number = self._number(graphics)

    def _meet(self, tick: DerivationInput, *, in_pit: bool) -> None:
        """See the session for the first time, perhaps in the middle of a lap."""
        graphics = tick.graphics
        self._met = True
        self._count, self._clock, self._last = graphics.completedLaps, graphics.iCurrentTime, graphics.iLastTime
        self._sector, self._split_ms = graphics.currentSectorIndex, graphics.lastSectorTime
        self._best_ms = self._sim_best = lap_ms(graphics.bestTime)
        if graphics.iCurrentTime == 0 or in_pit:
            self.lap = self._begin(tick.physics, OUT_LAP)
        elif graphics.iCurrentTime <= tick.limits.lap_start_s * 1000:
            self.lap = self._begin(tick.physics, None)
        else:
            self.lap = self._begin(tick.physics, NOT_SEEN_WHOLE)

    def _begin(self, physics: Physics, reason: str | None) -> Lap:
        self._tank = physics.fuel
        whole = reason is None
        return Lap(reason, physics.fuel, physics.tyreWear, clean=whole, sectors=[] if whole else None)

    def _number(self, graphics: Graphics) -> int:
        uncounted = self._closing is not None and self._closing.counted_at_ms is None
        return graphics.completedLaps + (2 if uncounted else 1)

    def _look_for_signs(self, tick: DerivationInput, *, in_pit: bool) -> None:
        """Open a closing at the first sign of a new lap, and note the signs."""
        physics, graphics = tick.physics, tick.graphics
        timed = graphics.iCurrentTime < self._clock
        told = graphics.iLastTime != self._last and graphics.iLastTime > 0
        laps = graphics.completedLaps - self._count
        started = self._clock == 0 < graphics.iCurrentTime
        if timed or told or laps > 0:
            if self._closing is None:
                self._closing = _PendingLap(self.lap, tick.now_ms, physics.fuel, physics.tyreWear, self._sim_best)
                self.lap = self._begin(physics, OUT_LAP if in_pit else None)
            closing = self._closing
            closing.timed |= timed
            closing.told |= told
            if laps > 0:
                closing.counted_at_ms = tick.now_ms
            if laps > 1:
                closing.lap.reason, closing.lap.clean = NOT_SEEN_WHOLE, False
        elif started and self._closing is None:
            self.lap = self._begin(physics, OUT_LAP if in_pit else None)
        speed = physics.speedKmh / 3.6
        if (timed or started) and speed > LINE_MIN_SPEED and not in_pit:
            place, length = graphics.normalizedCarPosition, tick.static.trackSPlineLength
            elsewhere = self.pace.crossed(tick.now_ms, place, speed, graphics.iCurrentTime, length)
            if elsewhere and self._closing is not None:
                self._closing.lap.trace = Trace()

    def _spoil(self, tick: DerivationInput, reason: str) -> None:
        """Let the running lap not count, nor tell consumption unless it was merely cut."""
        lap = self.lap
        lap.clean &= reason == CUT
        if lap.reason is None and (tick.graphics.iCurrentTime > 0 or self._clock > 0):
            lap.reason = reason
            tick.emit(EventKind.LAP_INVALIDATED, lap=self._number(tick.graphics), reason=reason)

    def _judge(self, tick: DerivationInput, *, in_pit: bool) -> None:
        """Find out whether the running lap goes on to count."""
        physics, limits = tick.physics, tick.limits
        refuelled = physics.fuel > self._tank + limits.refuel_l
        self._tank = physics.fuel
        cut = (
            physics.numberOfTyresOut >= limits.cut_wheels
            and physics.speedKmh > limits.cut_min_speed * 3.6
            and not in_pit
            and bool(tick.static.penaltiesEnabled)
        )
        if in_pit or refuelled:
            self.lap.clean = False
        if tick.passed_ms > limits.unseen_s * 1000:
            self.lap.sectors = None
            self._spoil(tick, NOT_SEEN_WHOLE)
        if cut:
            self._spoil(tick, CUT)

    def _follow_sectors(self, tick: DerivationInput) -> None:
        """Tell a sector when its index has grown and its time has appeared."""
        graphics = tick.graphics
        grown = graphics.currentSectorIndex - self._sector
        self._sector = graphics.currentSectorIndex
        if grown > 0:
            if self._split is not None or grown > 1:
                self.lap.sectors = None
            self._split = _Split(tick.now_ms, graphics.iCurrentTime) if self.lap.sectors is not None else None
        if self._split is None:
            return
        sectors = self.lap.sectors
        if sectors is None or grown < 0:
            self._split = None
            return
        ours = self._split.clock_ms - sum(sectors)
        off = ours - graphics.lastSectorTime
        fits = -10 <= off <= SPLIT_SLACK_MS + tick.passed_ms  # noqa: PLR2004  ms; the clock may lag a frame behind
        waited = tick.now_ms - self._split.since_ms >= tick.limits.sector_s * 1000
        if waited or (fits and graphics.lastSectorTime != self._split_ms):
            sectors.append(graphics.lastSectorTime if fits else ours)
            self._split, self._split_ms = None, graphics.lastSectorTime
            tick.emit(
                EventKind.SECTOR_COMPLETED,
                lap=self._number(graphics),
                sector=len(sectors),
                sector_time_ms=sectors[-1],
            )

    def _close(self, tick: DerivationInput) -> None:
        """Tell the lap that has ended once the sim has said all of it."""
        closing, graphics, limits = self._closing, tick.graphics, tick.limits
        if closing is None:
            return
        if closing.counted_at_ms is None:
            if tick.now_ms - closing.since_ms >= limits.rollover_s * 1000:
                self._give_up(closing, tick)
            return
        verdict = self._verdict(closing, graphics)
        waited = tick.now_ms - closing.counted_at_ms >= limits.rollover_s * 1000
        if not waited and not (closing.timed and closing.told and verdict != "waiting"):
            return
        self._closing = None
        self._split_ms = graphics.lastSectorTime
        self._tell(tick, closing, verdict)

    def _give_up(self, closing: _PendingLap, tick: DerivationInput) -> None:
        """The count did not grow: the clock was set back, or a time was corrected."""
        self._closing = None
        if not closing.timed:
            closing.lap.reason = closing.lap.reason or self.lap.reason
            closing.lap.clean &= self.lap.clean
            self.lap = closing.lap
        elif tick.graphics.iCurrentTime == 0:
            self.lap.reason, self.lap.clean = OUT_LAP, False
        elif closing.lap.reason is None:
            self._spoil(tick, NOT_SEEN_WHOLE)
        else:  # that the lap of this number does not count was told before
            self.lap.reason = self.lap.reason or NOT_SEEN_WHOLE
            self.lap.clean = False

    @staticmethod
    def _verdict(closing: _PendingLap, graphics: Graphics) -> str:
        """Return what the sim makes of a lap: its best valid time follows, or does not yet, or says nothing."""
        best, last = lap_ms(graphics.bestTime), graphics.iLastTime
        if best != closing.best_ms:
            return "valid" if best == last else "silent"
        return "waiting" if last > 0 and (best == 0 or last < best) else "silent"

    def _tell(self, tick: DerivationInput, closing: _PendingLap, verdict: str) -> None:
        graphics, lap = tick.graphics, closing.lap
        time_ms = graphics.iLastTime if graphics.iLastTime > 0 else None
        if verdict == "waiting":  # in vain; a sim that has shown no best time yet may never show one
            verdict = "invalid" if closing.best_ms else "silent"
        if verdict == "valid":
            lap.reason = None
        elif verdict == "invalid":
            lap.reason = lap.reason or BY_SIM
        number = graphics.completedLaps
        fuel_used = lap.fuel - closing.fuel
        worn = _subtract(lap.wear, closing.wear)
        sectors = self._all_sectors(tick, lap, time_ms)
        if sectors is not None:
            tick.emit(EventKind.SECTOR_COMPLETED, lap=number, sector=len(sectors), sector_time_ms=sectors[-1])
        tick.emit(
            EventKind.LAP_COMPLETED,
            lap=number,
            lap_time_ms=time_ms,
            sector_times_ms=sectors,
            valid=lap.reason is None,
            verdict="estimated" if verdict == "silent" else "sim",
            reason=lap.reason,
            fuel_used=fuel_used if lap.clean else None,
            tyre_grip_lost=tuple(wheel / 100 for wheel in worn) if lap.clean else None,
        )
        if lap.clean:
            keep = int(tick.limits.consumption_laps)
            self._fuel, self._wear = [*self._fuel, fuel_used][-keep:], [*self._wear, worn][-keep:]
            self.fuel_per_lap = median(self._fuel)
            a, b, c, d = (median(wheel) for wheel in zip(*self._wear, strict=True))
            self.wear_per_lap = (a, b, c, d)
        if lap.reason is None and time_ms is not None:
            self.pace.keep(lap.trace, time_ms)
            if not self._best_ms or time_ms < self._best_ms:
                self._best_ms = time_ms
                tick.emit(EventKind.BEST_LAP, lap=number, lap_time_ms=time_ms)

    @staticmethod
    def _all_sectors(tick: DerivationInput, lap: Lap, time_ms: int | None) -> tuple[int, ...] | None:
        """Return the times of all sectors of a lap, the last being what the others leave; ``None`` if not all known."""
        count = tick.static.sectorCount
        if count < 2 or lap.sectors is None or time_ms is None or len(lap.sectors) != count - 1:  # noqa: PLR2004  one
            return None
        last = time_ms - sum(lap.sectors)
        return (*lap.sectors, last) if last > 0 else None

    def _follow_pace(self, tick: DerivationInput) -> None:
        graphics, pace = tick.graphics, self.pace
        progress = pace.locate(
            tick.now_ms, graphics.normalizedCarPosition, tick.static.trackSPlineLength, tick.limits.rollover_s * 1000
        )
        if progress is None or graphics.iCurrentTime <= 0 or self.lap.reason == OUT_LAP:
            pace.delta_ms = None
            return
        if self._closing is None or self._closing.timed:
            self.lap.trace.follow(progress, graphics.iCurrentTime)
        pace.compare(graphics.iCurrentTime)


def _subtract(before: Wheels, after: Wheels) -> Wheels:
    return (before[0] - after[0], before[1] - after[1], before[2] - after[2], before[3] - after[3])
