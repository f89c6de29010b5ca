"""
From pages to the derived record and the events: the composition of the state machines and the metrics.

Values in, values out. Its clock is the sim's: `physics.packetId` counts steps of 3 ms, so the same pages give the same
numbers live and from a recording, however late a tick was.
"""

import math
from typing import Any, TypeVar, cast

from acbridge.derived import motion
from acbridge.derived.events import Event, EventKind
from acbridge.derived.lap.laps import Laps
from acbridge.derived.metrics import METRICS
from acbridge.derived.metrics.sample import Sample, along_line_m
from acbridge.derived.motion import ContactGeometry
from acbridge.derived.record import Derived
from acbridge.derived.session import SessionWatch
from acbridge.derived.situation import Situation
from acbridge.derived.situation.movement import Movement
from acbridge.derived.thresholds import Thresholds
from acbridge.derived.tick import STEP_MS, DerivationInput, is_another_car_or_track
from acbridge.derived.wheels import Chassis
from acbridge.layout import Page, counter_steps
from acbridge.pages import AC1, Graphics, Physics, Static
from acbridge.status import SimState

DERIVED_FROM: tuple[type[Page], ...] = (Physics, Graphics, Static)
"""The pages whose records :meth:`Deriver.tick` takes, in its order."""
_METRICS = tuple(METRICS.items())

P = TypeVar("P", Physics, Static)


class _Session:
    """The state machines of one session."""

    def __init__(self, tick: DerivationInput, watch: SessionWatch | None = None) -> None:
        self.watch = watch or SessionWatch(tick.graphics)
        self.situation = Situation(tick)
        self.laps = Laps(tick, in_pit=self.situation.pits.near)
        self.newest = tick


class Deriver:
    """
    Derives from the pages of one sim, tick by tick.

    Attributes:
        thresholds: The thresholds in force; change them with :meth:`set_thresholds`.
    """

    def __init__(self, thresholds: Thresholds | None = None) -> None:
        self.thresholds = thresholds or Thresholds()
        self._state: SimState | None = None
        self._events: list[Event] = []
        self._common: dict[str, Any] = {}
        self._forget()

    def tick(self, physics: Physics, graphics: Graphics, static: Static) -> tuple[Derived, list[Event]]:
        """
        Take the pages of one tick in which the sim is live, paused or in replay.

        Returns:
            The derived record of the tick, and its events in the order in which they happened.
        """
        self._events = []
        physics = _without_infinities(physics)
        said = AC1.state(graphics.status)
        state = said if said is not None and said.flows else SimState.LIVE
        # A replay has a packetId of its own.
        fell = state is not SimState.REPLAY and self._advance(physics.packetId)
        if fell or (self._static is not None and is_another_car_or_track(static, self._static)):
            self._end("sim_restarted")
            self._forget()
            self._packet = physics.packetId
        if static is not self._static:
            self._static = static
            self._rules = _finite_record(static)
            self._chassis.set_wheels(static)
        static, session = self._rules, self._session
        self._common = {
            "packetId": physics.packetId,
            "lap": max(graphics.completedLaps + 1, session.laps.number if session is not None else 0),
            "lap_distance_m": along_line_m(graphics.normalizedCarPosition, static.trackSPlineLength),
        }
        self._set_state(state)
        geometry = motion.contact_geometry(physics.heading, physics.tyreContactPoint, physics.tyreContactHeading)
        chassis = self._chassis
        slips = chassis.slips(physics, geometry, self.thresholds)
        if state is SimState.LIVE:
            passed, self._passed_ms = self._passed_ms, 0
            self._ticks += 1
            tick = DerivationInput(
                self._now_ms, passed, self._ticks, physics, graphics, static, self.thresholds, self._emit
            )
            self._update(tick, geometry)
            chassis.watch(self._now_ms, physics, slips.ratios, self.thresholds)
            session = self._session
        laps, situation = (session.laps, session.situation) if session is not None else (None, None)
        sample = Sample(physics, graphics, static, self.thresholds, state, geometry, slips, chassis, laps, situation)
        return Derived.wrap({name: metric(sample) for name, metric in _METRICS}), self._events

    def set_state(self, state: SimState) -> list[Event]:
        """Handle a sim state without telemetry; return the events it causes."""
        self._events = []
        self._common = {}
        self._set_state(state)
        if state in (SimState.ABSENT, SimState.UNSUPPORTED, SimState.IDLE):
            self._end("left")
        return self._events

    def set_thresholds(self, thresholds: Thresholds) -> Event:
        """Put other thresholds in force, and return the event that says which changed."""
        before, self.thresholds = self.thresholds.values(), thresholds
        new = {name: value for name, value in thresholds.values().items() if value != before[name]}
        # In full, not rounded: a recording is derived again with the values in this text.
        text = " ".join(f"{name}={repr(value).removesuffix('.0')}" for name, value in new.items())
        return Event.of(EventKind.THRESHOLDS_CHANGED, text=text)

    def mark(self, text: str) -> Event:
        """Return the event that marks the tick before, so that it can be found again."""
        return Event.of(EventKind.MARK, **self._common, text=text)

    def _forget(self) -> None:
        """Begin anew: another process of the sim, or another car or track."""
        self._session: _Session | None = None
        self._packet: int | None = None
        self._now_ms = self._passed_ms = self._ticks = 0
        self._movement = Movement()
        self._chassis = Chassis()
        self._static: Static | None = None
        self._rules: Static

    def _advance(self, packet: int) -> bool:
        """Let the sim's clock follow packetId; return whether it fell: another process of the sim."""
        before, self._packet = self._packet, packet
        if before is None:
            return False
        steps = counter_steps(before, packet)
        self._now_ms += steps * STEP_MS
        self._passed_ms += steps * STEP_MS
        return steps < 0

    def _emit(self, kind: EventKind, **details: Any) -> None:
        self._events.append(Event.of(kind, **{**self._common, **details}))

    def _set_state(self, state: SimState) -> None:
        if state is not self._state:
            before, self._state = self._state, state
            self._emit(EventKind.SIM_STATE_CHANGED, before=before and before.value, after=state.value)

    def _end(self, reason: str, name: str | None = None) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.laps.end(session.newest)
            self._emit(EventKind.SESSION_ENDED, session=name or session.watch.name, reason=reason)

    def _update(self, tick: DerivationInput, geometry: ContactGeometry | None) -> None:
        """Let the state machines take a tick of a live session."""
        movement, session = self._movement, self._session
        movement.update(tick, geometry)
        jumped_m = movement.jumped_m
        why = watch = None
        if session is not None:
            watch, name = session.watch, session.watch.name
            why = watch.update(tick, jumped=jumped_m is not None)
            if why is not None:
                self._end(why, name)
                watch.begin(tick)
                session = None
        if session is None:
            movement.forget()
            session = self._session = _Session(tick, watch)
            jumped_m = None
            self._common["lap"] = tick.graphics.completedLaps + 1
            self._emit(EventKind.SESSION_STARTED, session=session.watch.name, reason=why)
        elif jumped_m is not None:
            self._emit(EventKind.TELEPORT, distance_m=jumped_m)
        session.newest = tick
        session.situation.update(tick, teleported=movement.jumped_lately(tick))
        session.laps.update(tick, in_pit=session.situation.pits.near, teleported=jumped_m is not None)
        if geometry is not None and jumped_m is None:
            self._chassis.learn(tick.physics, tick.graphics, geometry)


def _without_infinities(physics: Physics) -> Physics:
    """Return the record with nan for inf, as a recording in JSON keeps it; the same record if it has none."""
    total = physics.speedKmh + physics.gas + physics.brake + physics.fuel + physics.heading + physics.tc + physics.abs
    total += physics.clutch + physics.pitch + physics.cgHeight
    a, b, c, d = physics.tyreContactPoint
    p, q, r, s = physics.tyreContactHeading
    values = (
        *physics.accG,
        *physics.localVelocity,
        *physics.localAngularVel,
        *physics.carDamage,
        *physics.wheelSlip,
        *physics.wheelAngularSpeed,
        *physics.tyreWear,
        *physics.wheelLoad,
        *a,
        *b,
        *c,
        *d,
        *p,
        *q,
        *r,
        *s,
    )
    if math.isfinite(sum(values, total)):
        return physics
    return _finite_record(physics)


def _finite_record(record: P) -> P:
    return type(record).adopt({name: _finite(value) for name, value in vars(record).items()})


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else math.nan
    return tuple(map(_finite, cast("tuple[Any, ...]", value))) if isinstance(value, tuple) else value
