"""
Laps: when one ends, how long it took, whether it counts, what it used.

A new lap does not appear at once: position, clock, last time and lap count change in different samples, in several
orders. The first sign of a new lap creates a pending lap. From then on data belongs to the next lap; `lap_completed` is
emitted once clock, count and last time have all been updated.

All times are the sim's own: milliseconds of its lap clock, and of its physics steps. Nothing here reads a clock.
"""

from acbridge.derived.events import EventKind
from acbridge.derived.lap.best import BestLap, FinishedLap, Trace
from acbridge.derived.lap.clock import BEGAN, FELL, ClockStep, LapClock
from acbridge.derived.lap.consumption import Consumption, Tank, lost
from acbridge.derived.lap.line import LapPlace, TimingLine, nearest
from acbridge.derived.lap.parts import (
    BY_SIM,
    CUT,
    NOT_SEEN_WHOLE,
    OUT_LAP,
    TELEPORT,
    Changing,
    Lap,
    PendingLap,
    lap_ms,
)
from acbridge.derived.lap.sectors import SLACK_MS, Sectors, all_sectors
from acbridge.derived.tick import DerivationInput


class Laps:
    """
    The laps of one session.

    =========  ==================================================  ================================================
    Pending    Sign                                                Then
    =========  ==================================================  ================================================
    none       the clock falls, or the count grows                 the lap is pending; the next one begins
    none       the clock starts from 0                             a lap begins
    pending    the other of the two                                noted
    pending    the same sign again                                 it is resolved at once, and the next is pending
    counted    clock and last time changed, verdict clear          `lap_completed`
    counted    nothing more for `rollover_s`                       `lap_completed`
    counted    the session ends                                    `lap_completed`
    uncounted  the session ends, clock and last time changed       `lap_completed`
    uncounted  nothing more for `rollover_s`, the session ends     the run was given up; no event
    =========  ==================================================  ================================================

    Attributes:
        lap: The running lap.
        line: Where timing starts and ends.
        consumption: What laps use.
        best: The best lap.
        progress: Share of the lap driven; ``None`` on a track without an AI line.
        delta_ms: Behind the best lap at the same place; ``None`` without one, or where it has no time.
    """

    def __init__(self, tick: DerivationInput, *, in_pit: bool) -> None:
        """Start with the first tick of a session, perhaps in the middle of a lap."""
        graphics = tick.graphics
        self.line = TimingLine()
        self.consumption = Consumption()
        self.best = BestLap()
        self.progress: float | None = None
        self.delta_ms: float | None = None
        met_late = graphics.iCurrentTime > tick.limits.lap_start_s * 1000
        # A lap that has just begun is taken to begin now.
        self._clock = LapClock(tick.now_ms, graphics.iCurrentTime if met_late else 0)
        self._place = LapPlace()
        self._sectors = Sectors(graphics.currentSectorIndex, graphics.lastSectorTime)
        self._count = graphics.completedLaps
        self._last = Changing(graphics.iLastTime)
        self._sim_best = Changing(lap_ms(graphics.bestTime))
        self._pending: PendingLap | None = None
        self.best.sim_says(self._sim_best.value)
        self.lap = self._begin(tick, in_pit=in_pit, reason=NOT_SEEN_WHOLE if met_late else None)

    @property
    def number(self) -> int:
        """The number of the running lap, from 1; it grows with the first sign of a lap that is timed on."""
        pending = self._pending
        uncounted = pending is not None and pending.counted is None and self._clock.ms > 0
        return self._count + (2 if uncounted else 1)

    @property
    def sectors(self) -> tuple[int, ...]:
        """Times of the sectors completed in the running lap, ms."""
        return tuple(self._sectors.times or ())

    @property
    def predicted_ms(self) -> int | None:
        """The best lap's time plus the delta; ``None`` without them."""
        best = self.best.lap
        return None if best is None or self.delta_ms is None else round(best.lap_ms + self.delta_ms)

    def update(self, tick: DerivationInput, *, in_pit: bool, teleported: bool) -> None:
        """
        Update the laps with one tick of a live session.

        Args:
            tick: The tick.
            in_pit: Whether the car is in the pit lane, or was a moment ago.
            teleported: Whether it moved without driving since the tick before.
        """
        graphics, physics = tick.graphics, tick.physics
        if teleported:
            self._teleport(tick)
        step = self._clock.update(tick.now_ms, graphics.iCurrentTime)
        begun = self._place.update(
            tick.now_ms,
            graphics.normalizedCarPosition,
            physics.speedKmh / 3.6,
            tick.static.trackSPlineLength,
            (step, self._clock.ms),
            self.line.start,
        )
        if graphics.iLastTime != self._last.value:
            self._last.update(tick, graphics.iLastTime)
        best_ms = lap_ms(graphics.bestTime)
        if best_ms != self._sim_best.value:
            self._sim_best.update(tick, best_ms)
        grown, self._count = graphics.completedLaps - self._count, graphics.completedLaps
        if step in FELL or grown > 0:
            self._end_lap(tick, step, max(0, grown), in_pit=in_pit)
        if step is ClockStep.STARTS:
            self.lap = self._begin(tick, in_pit=in_pit, reason=self._seen_late(tick))
        if begun or step in BEGAN:
            self._begin_timing(step, in_pit=in_pit)
        self._check_validity(tick, step, in_pit=in_pit)
        self._update_sectors(tick, step)
        if self._pending is not None:
            self._resolve(tick, self._pending)
        elif self._sim_best.value != self.best.sim_ms:
            self.best.sim_says(self._sim_best.value)
        self._update_pace(tick)

    def end(self, tick: DerivationInput) -> None:
        """End with the session, whose last tick is given: a lap that was counted is completed all the same."""
        pending, self._pending = self._pending, None
        if pending is None:
            return
        last_changed = self._last.value > 0 and self._last.changed_around(tick, pending.since)
        if pending.counted is None and last_changed and pending.clock_reset:
            pending.number, pending.counted = self._count + 1, tick.moment
        if pending.counted is not None:
            fits = 0 <= self._last.value - pending.clock_ms <= pending.unseen_ms + SLACK_MS
            self._complete(tick, pending, self._verdict(tick, pending), timed=last_changed or fits)

    def _begin(self, tick: DerivationInput, *, in_pit: bool, reason: str | None) -> Lap:
        if in_pit or self._clock.ms == 0:
            reason = OUT_LAP
        physics, whole = tick.physics, reason is None
        self._sectors.begin_lap(whole=whole)
        return Lap(reason, Tank(physics.fuel), physics.tyreWear, tick.graphics.tyreCompound, clean=whole)

    def _begin_timing(self, step: ClockStep, *, in_pit: bool) -> None:
        """Begin the trace of a run: the place at which its clock began is known."""
        place = self._place
        self.lap.trace = Trace(place.origin, whole=self.lap.reason in (None, CUT))
        if place.way is not None and not in_pit and self.lap.reason is None:
            self.line.clock_began(step, place.origin)

    def _seen_late(self, tick: DerivationInput) -> str | None:
        """Return whether the beginning of a run was missed, by the clock at which it is first seen."""
        return NOT_SEEN_WHOLE if self._clock.ms > tick.limits.lap_start_s * 1000 else None

    def _end_lap(self, tick: DerivationInput, step: ClockStep, grown: int, *, in_pit: bool) -> None:
        """Note the signs on the pending lap, or make the running lap pending: the clock fell or the count grew."""
        clock = self._clock
        unseen_ms = tick.limits.unseen_s * 1000
        fell = step in FELL or (grown > 0 and clock.ms <= clock.stood_ms and clock.stood_ms > unseen_ms)
        pending = self._pending
        if pending is not None:
            if fell and not pending.clock_reset:
                fell, pending.clock_reset = False, True
                if clock.ms == 0:
                    self.lap.reason, self.lap.clean = OUT_LAP, False
            if grown and pending.counted is None:
                self._count_lap(tick, pending, grown)
                grown = 0
            if not fell and not grown:
                return
            self._resolve(tick, pending, at_once=True)
        physics, way = tick.physics, self._place.way
        length = tick.static.trackSPlineLength
        pending = PendingLap(
            self.lap,
            tick.moment,
            physics.fuel,
            physics.tyreWear,
            physics.speedKmh / 3600 / length if way is not None and physics.speedKmh > 0 else 0.0,
            self._sectors.times,
            clock.before_ms if step in FELL else clock.ms,
            clock.stood_ms,
            clock_reset=fell,
        )
        if fell and clock.stood_ms > unseen_ms:
            self._miss(pending.lap)
            pending.sectors = None
        if grown:
            self._count_lap(tick, pending, grown)
        self._pending = pending
        self.lap = self._begin(tick, in_pit=in_pit, reason=self._seen_late(tick) if fell else None)

    def _count_lap(self, tick: DerivationInput, pending: PendingLap, grown: int) -> None:
        pending.counted, pending.number = tick.moment, self._count
        if grown > 1:
            self._miss(pending.lap)
        if pending.teleported:
            self._invalidate(tick, TELEPORT)

    @staticmethod
    def _miss(lap: Lap) -> None:
        """Mark a lap as invalid of which a part was not seen."""
        lap.reason, lap.clean = lap.reason or NOT_SEEN_WHOLE, False

    def _teleport(self, tick: DerivationInput) -> None:
        """Invalidate the running lap; if a reset lap is not counted yet, note the teleport there instead."""
        pending = self._pending
        if pending is not None and pending.clock_reset and pending.counted is None:
            pending.teleported = True
        else:
            self._invalidate(tick, TELEPORT)

    def _invalidate(self, tick: DerivationInput, reason: str) -> None:
        """Invalidate the running lap, and leave its consumption out of the medians unless the reason is a cut."""
        lap = self.lap
        lap.clean &= reason == CUT
        if lap.reason is None and self._clock.ms > 0:
            lap.reason = reason
            tick.emit(EventKind.LAP_INVALIDATED, lap=self.number, reason=reason)

    def _check_validity(self, tick: DerivationInput, step: ClockStep, *, in_pit: bool) -> None:
        """Invalidate the running lap if it cut the track or a part of it was not seen; note driver and fuel."""
        physics, limits, clock, lap = tick.physics, tick.limits, self._clock, self.lap
        lap.tank.update(physics.fuel, limits.refuel_l)
        if physics.isAIControlled:
            lap.ai = True
        else:
            lap.human = True
        if in_pit:
            lap.clean = False
        if step is ClockStep.IS_SET or (step is ClockStep.RUNS and clock.ms - clock.before_ms > limits.unseen_s * 1000):
            self._sectors.lose()
            self._invalidate(tick, NOT_SEEN_WHOLE)
        if (
            physics.numberOfTyresOut >= limits.cut_wheels
            and physics.speedKmh > limits.cut_min_speed * 3.6
            and not in_pit
            and tick.static.penaltiesEnabled
        ):
            self._invalidate(tick, CUT)

    def _update_sectors(self, tick: DerivationInput, step: ClockStep) -> None:
        graphics, clock = tick.graphics, self._clock
        advanced = clock.ms - clock.before_ms if step is ClockStep.RUNS else clock.stood_ms if step in BEGAN else 0
        sector_ms = self._sectors.update(
            tick.now_ms,
            graphics.currentSectorIndex,
            graphics.lastSectorTime,
            clock.ms,
            max(advanced, tick.passed_ms),
            tick.limits.sector_s,
        )
        if sector_ms is not None:
            number = len(self._sectors.times or ())
            tick.emit(EventKind.SECTOR_COMPLETED, lap=self.number, sector=number, sector_time_ms=sector_ms)

    def _resolve(self, tick: DerivationInput, pending: PendingLap, *, at_once: bool = False) -> None:
        """Complete a counted lap once its parts have changed or had the time to; drop one not counted in time."""
        if pending.counted is None:
            if at_once or tick.settled(pending.since):
                self._pending = None
            return
        verdict = self._verdict(tick, pending)
        last_changed = self._last.value > 0 and self._last.changed_around(tick, pending.since)
        waited = at_once or tick.settled(pending.counted)
        if waited or (pending.clock_reset and last_changed and verdict != "waiting"):
            self._pending = None
            self._complete(tick, pending, verdict)

    def _verdict(self, tick: DerivationInput, pending: PendingLap) -> str:
        """Return whether the sim counts a lap as valid, judged by its best time: valid, waiting or silent."""
        best, last = self._sim_best.value, self._last.value
        if self._sim_best.changed_around(tick, pending.since):
            return "valid" if best == last else "silent"
        return "waiting" if last > 0 and (best == 0 or last < best) else "silent"

    def _complete(self, tick: DerivationInput, pending: PendingLap, verdict: str, *, timed: bool = True) -> None:
        """Emit a counted lap, and keep its times and consumption; `timed`: the sim's last time is this lap's."""
        lap, number = pending.lap, pending.number
        time_ms = self._last.value if timed and self._last.value > 0 else None
        if verdict == "waiting":  # in vain; a sim that has shown no best time yet may never show one
            verdict = "invalid" if self._sim_best.value else "silent"
        if verdict == "valid":
            lap.reason = None
        elif verdict == "invalid":
            lap.reason = lap.reason or BY_SIM
        self._last.consume()
        self._sim_best.consume()
        self._sectors.lap_completed(tick.graphics.lastSectorTime)
        sectors = all_sectors(pending.sectors, tick.static.sectorCount, time_ms)
        if sectors is not None:
            tick.emit(EventKind.SECTOR_COMPLETED, lap=number, sector=len(sectors), sector_time_ms=sectors[-1])
        lap.tank.update(pending.fuel, tick.limits.refuel_l)
        used = lap.tank.start - pending.fuel
        fuel = used if lap.clean and used >= 0 and not lap.tank.filled else None
        worn = lost(lap.wear, pending.wear) if lap.clean and fuel is not None else None
        tick.emit(
            EventKind.LAP_COMPLETED,
            lap=number,
            lap_time_ms=time_ms,
            sector_times_ms=sectors,
            valid=lap.reason is None,
            verdict="estimated" if verdict == "silent" else "sim",
            reason=lap.reason,
            fuel_used=fuel,
            tyre_grip_lost=None if worn is None else tuple(wheel / 100 for wheel in worn),
            driver=lap.driver,
        )
        same = worn if tick.graphics.tyreCompound == lap.compound else None
        self.consumption.add(int(tick.limits.consumption_laps), fuel, same, lap.compound)
        if time_ms is not None:
            self._finish_trace(pending, time_ms)
            self._compare_best(tick, pending, time_ms)
        if not pending.clock_reset and self.lap.trace.whole is False:
            self.lap.reason, self.lap.clean = OUT_LAP, False  # the clock did not begin another lap

    def _finish_trace(self, pending: PendingLap, time_ms: int) -> None:
        """End the trace of the lap, and learn where the finish line is."""
        trace = pending.lap.trace
        end = trace.finish(time_ms, pending.pace)
        if self._place.way is None:
            return
        runs_on = pending.clock_reset and self._clock.ms > 0
        start = trace.origin if trace.whole else None
        self.line.lap_counted(start, None if runs_on else (trace.origin + end) % 1.0)

    def _compare_best(self, tick: DerivationInput, pending: PendingLap, time_ms: int) -> None:
        lap, best = pending.lap, self.best
        if lap.ai:
            best.driven_by_ai(time_ms)
            best.sim_says(self._sim_best.value)
            return
        best.sim_says(self._sim_best.value)
        found = FinishedLap(pending.number, time_ms, lap.reason is None, lap.trace)
        best.add(found)
        if best.lap is found and (best.sim_ms == 0 or time_ms <= best.sim_ms):
            tick.emit(EventKind.BEST_LAP, lap=pending.number, lap_time_ms=time_ms)

    def _update_pace(self, tick: DerivationInput) -> None:
        place, lap, clock_ms = self._place, self.lap, self._clock.ms
        way = place.way
        self.delta_ms = None
        if way is None:
            self.progress = None
        elif clock_ms == 0:
            self.progress = self.line.progress_at(place.position)
        else:
            self.progress = self.line.progress(way + nearest(place.origin - self.line.start))
            if lap.reason == OUT_LAP:
                return
            if self._pending is None or self._pending.clock_reset:
                lap.trace.follow(way + nearest(place.origin - lap.trace.origin), clock_ms, tick.limits.unseen_s * 1000)
            best = self.best.lap
            if best is not None:
                there = best.trace.time_at(way, place.origin)
                self.delta_ms = None if there is None else clock_ms - there
