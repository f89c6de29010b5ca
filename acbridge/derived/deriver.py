"""
From pages to the derived record and the events: the composition of all that is derived.

It takes values and nothing else. Its clock is the sim's: `physics.packetId` counts steps of 3 ms, so the same pages
give the same numbers live and from a recording, however late a tick was.
"""

import math
from typing import Any, TypeVar, cast

from acbridge.derived import condition, motion
from acbridge.derived.events import Event, EventKind
from acbridge.derived.laps import Laps
from acbridge.derived.motion import ContactGeometry
from acbridge.derived.pace import lap_distance_m
from acbridge.derived.record import Derived
from acbridge.derived.situation import Situation
from acbridge.derived.thresholds import Thresholds
from acbridge.derived.tick import STEP_MS, DerivationInput, is_another_car_or_track, packet_steps
from acbridge.derived.wheels import Chassis, Slips
from acbridge.pages import STATUS_PAUSE, STATUS_REPLAY, Graphics, Physics, Static
from acbridge.schema import Wheels
from acbridge.status import SimState

RESTART_MS = 1500.0
"""A session clock that jumps back by more began again."""
SESSIONS = ("practice", "qualify", "race", "hotlap", "time_attack", "drift", "drag")
_STATES = {STATUS_REPLAY: SimState.REPLAY, STATUS_PAUSE: SimState.PAUSED}


P = TypeVar("P", Physics, Static)


class _Session:
    """What is remembered of one session, or, without a graphics page, of none."""

    def __init__(self, graphics: Graphics | None) -> None:
        self.laps = Laps()
        self.situation = Situation()
        self.kind = graphics.session if graphics is not None else -1
        self._count = graphics.completedLaps if graphics is not None else 0
        self._left = math.inf  # a session clock that was never seen cannot go back

    def began_again(self, graphics: Graphics) -> str | None:
        """Return why this graphics page belongs to another session, ``None`` if it does not."""
        count, self._count = self._count, graphics.completedLaps
        left = graphics.sessionTimeLeft
        back = False
        if math.isfinite(left):  # it is inf while a race waits for its lights
            back = left - self._left > RESTART_MS
            self._left = left
        if graphics.session != self.kind:
            return "session_changed"
        return "restarted" if graphics.completedLaps < count or back else None

    @property
    def name(self) -> str:
        """Its kind in words."""
        return SESSIONS[self.kind] if 0 <= self.kind < len(SESSIONS) else "unknown"


class Deriver:
    """
    Follows one sim, tick by tick.

    Attributes:
        thresholds: Those in force; change them with :meth:`set_thresholds`.
    """

    def __init__(self, thresholds: Thresholds | None = None) -> None:
        self.thresholds = thresholds or Thresholds()
        self._state: SimState | None = None
        self._events: list[Event] = []
        self._forget()
        self._common: dict[str, Any] = {}

    def tick(self, physics: Physics, graphics: Graphics, static: Static) -> tuple[Derived, list[Event]]:
        """
        Take the pages of one tick in which the sim is live, paused or in replay.

        Returns:
            The derived record of the tick, and what happened, in the order in which it did.
        """
        self._events = []
        physics = _without_infinities(physics)
        state = _STATES.get(graphics.status, SimState.LIVE)
        steps = self._pass(physics.packetId)
        if steps < 0 or (self._static is not None and is_another_car_or_track(static, self._static)):
            self._end("sim_restarted")
            self._forget()
            self._packet = physics.packetId
        if static is not self._static:
            self._static = static
            self._rules = _finite_record(static)
            self._chassis.meet(static)
        static = self._rules
        self._common = {
            "packetId": physics.packetId,
            "lap": max(graphics.completedLaps + 1, self._session.laps.number if self._met else 0),
            "lap_distance_m": lap_distance_m(graphics.normalizedCarPosition, static.trackSPlineLength),
        }
        self._turn(state)
        geometry = motion.contact_geometry(physics.heading, physics.tyreContactPoint, physics.tyreContactHeading)
        slips = self._chassis.slips(physics, geometry, self.thresholds)
        if state is SimState.LIVE:
            passed, self._passed_ms = self._passed_ms, 0
            self._follow(
                DerivationInput(self._now_ms, passed, physics, graphics, static, self.thresholds, self._emit), geometry
            )
            self._chassis.watch(self._now_ms, physics, slips.ratios, self.thresholds)
        return self._derive(physics, graphics, static, state, geometry, slips), self._events

    def set_state(self, state: SimState) -> list[Event]:
        """Take a state in which no frames flow, and return what that means."""
        self._events = []
        self._common = {}
        self._turn(state)
        if state in (SimState.ABSENT, SimState.UNSUPPORTED, SimState.IDLE):
            self._end("left")
        return self._events

    def set_thresholds(self, thresholds: Thresholds) -> Event:
        """Put other thresholds in force, and return the event that tells so."""
        before, self.thresholds = self.thresholds.values(), thresholds
        new = {name: value for name, value in thresholds.values().items() if value != before[name]}
        # In full, not rounded: whoever derives from a recording takes the values from here.
        text = " ".join(f"{name}={repr(value).removesuffix('.0')}" for name, value in new.items())
        return Event.of(EventKind.THRESHOLDS_CHANGED, text=text)

    def mark(self, text: str) -> Event:
        """Return the event that marks the tick before, so that it is found again."""
        return Event.of(EventKind.MARK, **self._common, text=text)

    def _forget(self) -> None:
        """Begin anew: another process of the sim, or another car or track."""
        self._session = _Session(None)
        self._met = False
        self._packet: int | None = None
        self._now_ms = self._passed_ms = 0
        self._chassis = Chassis()
        self._static: Static | None = None
        self._rules: Static

    def _pass(self, packet: int) -> int:
        """Return the sim's steps since the tick before; negative if its clock went back."""
        before, self._packet = self._packet, packet
        if before is None:
            return 0
        steps = packet_steps(before, packet)
        self._now_ms += steps * STEP_MS
        self._passed_ms += steps * STEP_MS
        return steps

    def _emit(self, kind: EventKind, **details: Any) -> None:
        self._events.append(Event.of(kind, **{**self._common, **details}))

    def _turn(self, state: SimState) -> None:
        if state is not self._state:
            before, self._state = self._state, state
            self._emit(EventKind.SIM_STATE_CHANGED, before=before and before.value, after=state.value)

    def _end(self, reason: str) -> None:
        if self._met:
            self._emit(EventKind.SESSION_ENDED, session=self._session.name, reason=reason)
            self._met, self._session = False, _Session(None)

    def _follow(self, tick: DerivationInput, geometry: ContactGeometry | None) -> None:
        """Let the state machines take a tick of a live session."""
        graphics = tick.graphics
        why = self._session.began_again(graphics) if self._met else None
        if why is not None:
            self._end(why)
        if not self._met:
            self._met, self._session = True, _Session(graphics)
            self._common["lap"] = graphics.completedLaps + 1
            self._emit(EventKind.SESSION_STARTED, session=self._session.name, reason=why)
        session = self._session
        session.situation.update(tick, geometry)
        session.laps.update(tick, in_pit=session.situation.near_pits, teleported=session.situation.jumped)
        if geometry is not None and not session.situation.jumped:
            self._chassis.find_centre(tick.physics, graphics, geometry)

    def _understeer(self, physics: Physics, geometry: ContactGeometry | None) -> float | None:
        limits, yaw_rate, forward = self.thresholds, physics.localAngularVel[1], physics.localVelocity[2]
        if geometry is None or not (forward > limits.understeer_min_speed):
            return None
        if not abs(yaw_rate) > limits.understeer_min_yaw_rate:
            return None
        steer = (geometry.wheels[0].steer + geometry.wheels[1].steer) / 2
        return motion.understeer_angle(steer, geometry.wheelbase, yaw_rate, forward)

    def _derive(
        self,
        physics: Physics,
        graphics: Graphics,
        static: Static,
        state: SimState,
        geometry: ContactGeometry | None,
        slips: Slips,
    ) -> Derived:
        limits, session = self.thresholds, self._session
        laps, situation, pace = session.laps, session.situation, session.laps.pace
        locked, spinning = self._chassis.locked.wheels, self._chassis.spinning.wheels
        left, _, forward = physics.localVelocity
        moving = abs(forward) > limits.min_speed
        ratios, angles = slips if moving else (None, None)
        wear = physics.tyreWear
        floor = condition.floor_of(graphics.tyreCompound)
        worn = condition.worn(wear, floor)
        zones = physics.carDamage[:4]
        damage = condition.total_damage(zones)
        levels = tuple(condition.damage_level(zone) for zone in zones)
        per_lap = laps.fuel_per_lap
        slip = physics.wheelSlip
        delta = pace.delta_ms
        # In the order of the table, which is the order on the wire.
        return Derived.adopt(
            {
                "acc_right_g": -physics.accG[0],
                "acc_forward_g": physics.accG[2],
                "slip_ratio": ratios,
                "slip_angle": angles,
                "body_slip_angle": motion.body_slip_angle(forward, left, limits.min_speed),
                "understeer_angle": self._understeer(physics, geometry),
                "avg_wheel_slip": motion.avg_wheel_slip(slip, limits.wheel_slip_cap),
                "grip_used": tuple(map(motion.grip_used, slip)),
                "wheels_past_peak": tuple(map(motion.past_peak, slip)),
                "wheel_lock_detected": any(locked),
                "locked_wheels": tuple(locked),
                "wheel_spin_detected": any(spinning),
                "spinning_wheels": tuple(spinning),
                "brake_throttle_overlap": min(physics.gas, physics.brake),
                "tc_setting": physics.tc,
                "abs_setting": physics.abs,
                "gear_number": physics.gear - 1,
                "tyre_grip_loss": tuple(map(condition.grip_loss, wear)),
                "tyre_wear": worn,
                "tyre_damaged": _any_worn(wear, floor, limits.tyre_damaged_wear, limits.tyre_damaged_grip),
                "tyre_critical": _any_worn(wear, floor, limits.tyre_critical_wear, limits.tyre_critical_grip),
                "damage_level": max(levels),
                "damage_levels": levels,
                "bodywork_damaged": damage > limits.bodywork_damaged,
                "bodywork_critical": damage > limits.bodywork_critical,
                "fuel_fraction": physics.fuel / static.maxFuel if static.maxFuel > 0 else None,
                "lap_number": laps.number if self._met else graphics.completedLaps + 1,
                "lap_state": _lap_state(laps.lap.reason, in_pit=situation.in_pit_lane),
                "is_lap_valid": laps.lap.reason is None,
                "lap_invalid_reason": laps.lap.reason,
                "lap_distance_m": self._common["lap_distance_m"],
                "lap_progress": pace.progress,
                "sector": graphics.currentSectorIndex + 1,
                "sector_times_ms": laps.sectors,
                "delta_to_best_s": None if delta is None else delta / 1000,
                "predicted_lap_ms": None if delta is None else round(pace.best_ms + delta),
                "sim_state": state.value,
                "in_pit_lane": situation.in_pit_lane,
                "off_track": situation.off_track,
                "stationary": physics.speedKmh < limits.stationary_kmh,
                "stuck": situation.stuck,
                "wrong_way": situation.wrong_way,
                "teleported": situation.teleported,
                "fuel_per_lap": per_lap,
                "fuel_laps_left": physics.fuel / per_lap if per_lap else None,
                "tyre_wear_per_lap": _share_of(laps.wear_per_lap, floor),
            }
        )


def _share_of(lost: Wheels | None, floor: float | None) -> Wheels | None:
    """Return percent of grip lost as shares of what a compound can lose."""
    if lost is None or floor is None:
        return None
    a, b, c, d = (wheel / (condition.NEW - floor) for wheel in lost)
    return a, b, c, d


def _any_worn(wear: Wheels, floor: float | None, most: float, least_grip: float) -> bool:
    """Return whether a tyre is worn by so much of what its compound can lose, or has less grip if nobody knows that."""
    limit = least_grip if floor is None else condition.NEW - most * (condition.NEW - floor)
    return any(wheel < limit if floor is None else wheel <= limit for wheel in wear)


def _lap_state(reason: str | None, *, in_pit: bool) -> str:
    if in_pit:
        return "in_pit"
    return "valid" if reason is None else "out_lap" if reason == "out_lap" else "invalid"


def _without_infinities(physics: Physics) -> Physics:
    """Return the record with nan for inf, as a recording in JSON keeps it; the same record if it has none."""
    total = physics.speedKmh + physics.gas + physics.brake + physics.fuel + physics.heading + physics.tc + physics.abs
    total += sum(physics.accG) + sum(physics.localVelocity) + sum(physics.localAngularVel) + sum(physics.carDamage)
    total += sum(physics.wheelSlip) + sum(physics.wheelAngularSpeed) + sum(physics.tyreWear)
    for point, back in zip(physics.tyreContactPoint, physics.tyreContactHeading, strict=True):
        total += point[0] + point[2] + back[0] + back[2]
    if math.isfinite(total):
        return physics
    return _finite_record(physics)


def _finite_record(record: P) -> P:
    return type(record).adopt({name: _finite(value) for name, value in vars(record).items()})


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else math.nan
    return tuple(map(_finite, cast("tuple[Any, ...]", value))) if isinstance(value, tuple) else value
