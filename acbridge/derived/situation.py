"""
The situation: on the track or off it, in the pits, stuck, the wrong way round, hit, spun, or suddenly elsewhere.

Each is a small state machine over values of the pages and the milliseconds of the sim. Nothing here reads a clock.
"""

import math

from acbridge.derived.events import EventKind
from acbridge.derived.motion import ContactGeometry
from acbridge.derived.record import ZONES
from acbridge.derived.tick import DerivationInput

OFF_TRACK = ("none", "partial", "off", "fully")
OFF_WHEELS = (1, 3, 4)
"""Wheels off the track from which each word after the first counts; the sim's usual rule allows two."""
REVERSE, NEUTRAL = 0, 1
"""The sim's indices of two gears."""


class Debounced:
    """
    A truth that changes only when its opposite has held for a while.

    Attributes:
        value: It.
    """

    __slots__ = ("_since", "value")

    def __init__(self) -> None:
        self.value = False
        self._since: int | None = None

    def update(self, now_ms: int, raw: bool, rise_s: float, fall_s: float = 0.0) -> bool:
        """
        Take what seems true now, and return what counts.

        Args:
            now_ms: Milliseconds of the sim.
            raw: What seems true.
            rise_s: How long it must seem true before it counts.
            fall_s: How long it must seem false before it counts no more.
        """
        if raw == self.value:
            self._since = None
            return raw
        if self._since is None:
            self._since = now_ms
        if now_ms - self._since >= (rise_s if raw else fall_s) * 1000:
            self.value, self._since = raw, None
        return self.value


class Situation:
    """
    The situation of one session.

    Attributes:
        in_pit_lane: Whether the car is in the pit lane.
        near_pits: Whether it is, or says so at this very tick.
        off_track: One of :data:`OFF_TRACK`.
        stuck, wrong_way, teleported: As the derived record says.
        jumped: Whether the car was teleported in this very tick.
    """

    def __init__(self) -> None:
        self.in_pit_lane = self.near_pits = False
        self.off_track = OFF_TRACK[0]
        self.stuck = self.wrong_way = self.teleported = self.jumped = False
        self._met = False
        self._off = (Debounced(), Debounced(), Debounced())
        self._pit = Debounced()
        self._pit_since: int | None = None
        self._off_since = 0
        self._pit_fuel = 0.0
        self._powerless, self._beached, self._backward = Debounced(), Debounced(), Debounced()
        self._spin, self._straight = Debounced(), False
        self._position: float | None = None
        self._against = False
        self._place: tuple[float, float] | None = None
        self._speed = 0.0
        self._jumped_at: int | None = None
        self._hits = [_Zone(), _Zone(), _Zone(), _Zone()]

    def update(self, tick: DerivationInput, geometry: ContactGeometry | None) -> None:
        """
        Take one tick of a live session.

        Args:
            tick: It.
            geometry: How the car stands; ``None`` if the sim does not say.
        """
        if not self._met:
            self._meet(tick)
        self._follow_place(tick, geometry)
        self._follow_pit(tick)
        self._follow_surface(tick)
        self._follow_progress(tick)
        self._follow_damage(tick)
        self._follow_spin(tick)

    def _meet(self, tick: DerivationInput) -> None:
        self._met = True
        self._pit.value = bool(tick.graphics.isInPitLane or tick.graphics.isInPit)
        if self._pit.value:
            self._pit_since, self._pit_fuel = tick.now_ms, tick.physics.fuel
        for held, wheels in zip(self._off, OFF_WHEELS, strict=True):
            held.value = tick.physics.numberOfTyresOut >= wheels
        self._off_since = tick.now_ms
        for zone, damage in zip(self._hits, tick.physics.carDamage, strict=False):
            zone.known = max(0.0, damage)  # what is not a number counts as none

    def _follow_place(self, tick: DerivationInput, geometry: ContactGeometry | None) -> None:
        """Find jumps: farther than the speed allows, by the contact points, which are of the same instant."""
        before, self._place = self._place, (geometry.x, geometry.z) if geometry is not None else None
        speed, self._speed = self._speed, tick.physics.speedKmh / 3.6
        self.jumped = False
        if before is not None and geometry is not None:
            moved = math.hypot(geometry.x - before[0], geometry.z - before[1])
            if moved > max(speed, self._speed) * tick.passed_ms / 1000 + tick.limits.teleport_m:
                self.jumped = True
                self._jumped_at = tick.now_ms
                tick.emit(EventKind.TELEPORT, distance_m=moved)
        shown_ms = tick.limits.teleport_shown_s * 1000
        self.teleported = self._jumped_at is not None and tick.now_ms - self._jumped_at < shown_ms

    def _follow_pit(self, tick: DerivationInput) -> None:
        inside = bool(tick.graphics.isInPitLane or tick.graphics.isInPit)
        hold, fuel = tick.limits.pit_s, tick.physics.fuel
        self.in_pit_lane = self._pit.update(tick.now_ms, inside, hold, hold)
        self.near_pits = inside or self.in_pit_lane
        if self.in_pit_lane and self._pit_since is None:
            self._pit_since, self._pit_fuel = tick.now_ms, fuel
            tick.emit(EventKind.PIT_IN)
        elif self._pit_since is not None and not self.in_pit_lane:
            added = fuel - self._pit_fuel
            tick.emit(
                EventKind.PIT_OUT,
                duration_s=(tick.now_ms - self._pit_since) / 1000,
                fuel_added=added if added > tick.limits.refuel_l else None,
            )
            self._pit_since = None

    def _follow_surface(self, tick: DerivationInput) -> None:
        wheels, hold = tick.physics.numberOfTyresOut, tick.limits.off_track_s
        was_off = self._off[1].value
        self.off_track = OFF_TRACK[0]
        for held, least, word in zip(self._off, OFF_WHEELS, OFF_TRACK[1:], strict=True):
            if held.update(tick.now_ms, wheels >= least, hold, hold):
                self.off_track = word
        is_off = self._off[1].value
        if is_off and not was_off:
            self._off_since = tick.now_ms
            tick.emit(EventKind.OFF_TRACK)
        elif was_off and not is_off:
            tick.emit(EventKind.REJOINED, duration_s=(tick.now_ms - self._off_since) / 1000)

    def _follow_progress(self, tick: DerivationInput) -> None:
        """Find out whether the car is stuck, or drives against the AI line."""
        physics, limits = tick.physics, tick.limits
        speed, outside = physics.speedKmh, not self.in_pit_lane
        powerless = outside and speed < limits.stuck_kmh and physics.gas > limits.stuck_gas and physics.gear != NEUTRAL
        powerless &= math.isfinite(tick.graphics.sessionTimeLeft)  # it is inf while a race waits for its lights
        beached = outside and speed < limits.stuck_off_kmh and self._off[1].value
        powerless = self._powerless.update(tick.now_ms, powerless, limits.stuck_s)
        beached = self._beached.update(tick.now_ms, beached, limits.stuck_off_s)
        self.stuck = powerless or beached
        position = tick.graphics.normalizedCarPosition
        if 0 <= position <= 1:
            if position != self._position and self._position is not None:
                self._against = (position - self._position) % 1.0 > 0.5  # noqa: PLR2004  the shorter way is backward
            self._position = position
        fast = physics.localVelocity[2] * 3.6 > limits.wrong_way_kmh
        against = self._against and fast and physics.gear != REVERSE and tick.static.trackSPlineLength > 0
        self.wrong_way = self._backward.update(tick.now_ms, against, limits.wrong_way_s)

    def _follow_damage(self, tick: DerivationInput) -> None:
        limits = tick.limits
        for name, zone, damage in zip(ZONES, self._hits, tick.physics.carDamage, strict=False):
            size = zone.update(tick.now_ms, damage, limits.impact_rise, limits.impact_s)
            if size is not None:
                tick.emit(EventKind.IMPACT, zone=name, impact_kmh=size)

    def _follow_spin(self, tick: DerivationInput) -> None:
        left, _, forward = tick.physics.localVelocity
        limits = tick.limits
        angle = abs(math.atan2(left, forward)) if math.isfinite(left + forward) else 0.0
        fast = math.hypot(left, forward) > limits.spin_min_speed
        turned = fast and angle > limits.spin_angle and tick.physics.gear != REVERSE and not self.teleported
        if self._spin.update(tick.now_ms, turned, limits.spin_s) and self._straight:
            self._straight = False
            tick.emit(EventKind.SPIN)
        elif not fast:
            self._straight = False  # it may roll backward from here
        elif angle < limits.spin_over_angle:
            self._straight = True  # only a car that goes straight can begin to spin


class _Zone:
    """One side of the car: how hard it was hit so far, and the hit that is going on."""

    __slots__ = ("_peak", "_since", "known")

    def __init__(self) -> None:
        self.known = 0.0
        self._peak = 0.0
        self._since: int | None = None

    def update(self, now_ms: int, damage: float, rise: float, hold_s: float) -> float | None:
        """Return the size of an impact once it is over, else ``None``; damage that falls was repaired."""
        if damage < self.known:
            self.known, self._peak, self._since = damage, 0.0, None
            return None
        if self._since is None:
            if not damage > self.known + rise:
                return None
            self._since = now_ms
        self._peak = max(self._peak, damage) if damage > 0 else self._peak
        if now_ms - self._since < hold_s * 1000:
            return None
        self.known, self._since = self._peak, None
        self._peak = 0.0
        return self.known
