"""
The car of a daemon as the backend of an environment: real time, over sockets.

An observation is fresh, or the episode is truncated with the reason: the frame is of a later tick than the one before,
of the same run, session and lease, and younger than a period of the daemon and 5 ms. A truncated step repeats the last
good observation. No step waits for longer than a second; a reset recovers from everything that can end, a daemon that
came back included.
"""

import math
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Literal, get_args

from acbridge import (
    Bridge,
    Derived,
    Event,
    EventKind,
    Frame,
    FrameStream,
    Graphics,
    Keys,
    NoFrame,
    NotDriving,
    Physics,
    RequestRefused,
    Sample,
    Static,
    Status,
    Thresholds,
    connect,
    requests,
)
from acbridge.controls import DEFAULT_TTL_MS, Controls, check_driver
from acbridge.controls import Place as Put
from acbridge.derived.session import RESTART_MS
from acbridge.driving import Driver, Reset
from acbridge.pages import STATUS_LIVE, STATUS_OFF
from acbridge_gym.clock import StepClock, StepEnd, frames_in
from acbridge_gym.ends import (
    AI_CONTROL,
    CONTROL_LOST,
    FROZEN,
    INPUT_FROZEN,
    LINK_LOST,
    PAUSED,
    RUNNING,
    SESSION_RESTARTED,
    SIM_OFF,
    STALLED,
)
from acbridge_gym.memory import Memory
from acbridge_gym.referee import Outcome, Referee
from acbridge_gym.rules import Rules
from acbridge_gym.seen import Seen
from acbridge_gym.start import Place
from acbridge_gym.tracks import track_under
from acbridge_sim import STEP_S, CarSpec, RacingLine, Track
from acbridge_sim.model.surface import Road
from acbridge_sim.world import racing_line

Clock = Literal["elastic", "frame"]
OnStall = Literal["truncate", "flag"]

PATIENCE_S = 1.0
"""How long to wait for the daemon, in a reset."""
FRESH_S = 0.005
"""A frame may be older than a period of the daemon by so much."""
SILENT_PERIODS = 10
"""How long to wait for a frame that is due: so many periods, or the time to live of a command if that is longer."""
ANSWERS_S = 0.2
"""A command names the frame that it answers unless that is older: the daemon refuses answers to old frames."""
STATES = {
    "paused": PAUSED,
    "replay": PAUSED,
    "frozen": FROZEN,
    "idle": SIM_OFF,
    "absent": SIM_OFF,
    "unsupported": SIM_OFF,
}
"""The reason for each state of the sim in which it takes no commands."""
TELEPORT_M = Thresholds().teleport_m
"""A car that moves so far beyond what its speed allows was not driven there."""
NO_RESET = "reset the environment before its first step"
LOST = "link_lost"
"""The reason of a driver whose daemon does not answer."""
NEW_SESSION = ("session", "car")
"""Reasons of `controls` for an epoch that the daemon began."""


class LiveCar:
    """
    The car of a daemon, driven under one lease.

    Attributes:
        track: The track under the car, known after :meth:`ready`.
        sample: What the newest observation was made of.
    """

    track: Track
    sample: Sample

    def __init__(
        self,
        host: str,
        port: int,
        *,
        keys: Keys | None = None,
        clock: Clock = "elastic",
        on_stall: OnStall = "truncate",
        driver: str = "acbridge-gym",
        force: bool = False,
        reset_s: float = 10.0,
        track: Track | None = None,
    ) -> None:
        """
        Connect to nothing yet.

        Args:
            host: Name or address of the daemon's machine.
            port: Its frame port.
            keys: Keys for a daemon that has some.
            clock: What ends a step: ``elastic``, the clock here; ``frame``, the daemon's frames.
            on_stall: ``truncate`` or ``flag``.
            driver: Name of the driver.
            force: Whether to take the controls from another driver.
            reset_s: How long a reset may take.
            track: The track under the car; found by its name if not given.

        Raises:
            ValueError: A value is unknown or out of range.
        """
        if clock not in get_args(Clock):
            raise ValueError(f"the clock is elastic or frame, not {clock!r}")
        if on_stall not in get_args(OnStall):
            raise ValueError(f"on_stall is truncate or flag, not {on_stall!r}")
        if not 0 < reset_s < math.inf:
            raise ValueError(f"reset_s is above 0, not {reset_s:g}")
        self._address, self._keys = (host, port), keys
        self._by_frames, self._on_stall = clock == "frame", on_stall
        self._name, self._force, self._reset_s = check_driver(driver), force, reset_s
        self._given = track
        self._named: tuple[str, str] | None = None
        self._bridge: Bridge | None = None
        self._events: FrameStream[Event] | None = None
        self._driver: Driver | None = None
        self._run: int | None = None
        self._period_s = 0.0
        self._details: dict[str, Any] = {}
        self._fault = RUNNING
        self._driven = False
        self._stalled = False
        self._sent_ns = 0

    def open(self, rules: Rules) -> None:
        """Keep the rules; a command lives for three steps at least."""
        self._rules = rules
        self._ttl_ms = min(1000, max(DEFAULT_TTL_MS, round(3000 * rules.step_s)))

    @property
    def line(self) -> RacingLine:
        """The racing line of the stand-in's car, which starts follow."""
        return racing_line(self.track, CarSpec())

    @property
    def road(self) -> Road:
        """The tables of the track, of lists."""
        return self.track.road

    @property
    def observation(self) -> list[float]:
        """The numbers of the newest observation."""
        return self._referee.observation

    @property
    def instants(self) -> tuple[Seen, Seen, Memory]:
        """The car before and after the last step, and the memory of the episode."""
        return self._referee.before, self._referee.after, self._referee.memory

    @property
    def real_time(self) -> bool:
        """True: the sim of a daemon waits for nothing."""
        return True

    @property
    def details(self) -> Mapping[str, Any]:
        """The last reset: its means, attempts and time, and how far from its place the car was first seen."""
        return {"reset": dict(self._details)}

    def ready(self) -> None:
        """
        Connect and take the controls, unless that holds still, and find out which track it is.

        Raises:
            NoFrame: No frame arrives: there is no daemon, or its sim has no session.
            NotDriving: The sim is paused, in a replay, or stands still.
            RequestRefused: Another driver holds the controls, or the daemon cannot drive.
            NoReply: The daemon sends frames, and does not answer.
            TrackUnknown: There is no map of its track; the text names the command that makes one.
            ValueError: A map holds no track, or a step is no whole number of the daemon's frames.
        """
        self._driven, bridge = False, self._bridge
        if bridge is None:
            bridge = self._bridge = connect(*self._address, keys=self._keys)
            self._events = bridge.frames(Event, timeout=0)
        known = bridge.trust(Derived).received
        now = bridge.wait_for(Derived, lambda _: bridge.trust(Derived).received > known, timeout=PATIENCE_S)
        status = bridge.status(timeout=PATIENCE_S)
        if status.sim_state != "live":
            raise NotDriving(status.sim_state, f"the sim is {status.sim_state}; drive on, then reset again")
        static = bridge.request("latest", timeout=PATIENCE_S)["frames"].get(Static.topic)
        if static is None:
            raise NoFrame(Static.topic, bridge.endpoint, PATIENCE_S, status.sim_state)
        self._static = Static.adopt(static)
        named = (self._static.track, self._static.trackConfiguration)
        if named != self._named:
            self.track = self._given or track_under(self._static)
            self._named = named
        self._period_s = 1 / status.rate
        step_s = self._rules.step_s
        self._clock = StepClock(frames_in(1000 * step_s, status.rate) if self._by_frames else round(step_s * 1e9))
        if self._driver is not None and now.run != self._run:
            self._leave()
        self._run = now.run
        if self._driver is None:
            self._acquire(bridge)
        self._referee = Referee(self.track.road, self._rules)

    def begin(self, place: Place, drawn: Mapping[str, float]) -> Outcome:
        """
        Reset the car to a place, and begin an episode there; the start's angle to the track is not kept.

        Args:
            place: Where the car starts.
            drawn: Nothing: the car of a daemon is as it is.

        Raises:
            ResetFailed: The telemetry does not show it.
            RequestRefused: The daemon's back-end has no such start, or another driver holds the controls.
            NoReply: The daemon does not answer.
        """
        del drawn
        bridge = self._connected()
        put = Put(place.distance % self.track.length, -place.offset, max(0.0, place.speed))
        start = place.name or put
        try:
            reset = self._held().reset(start, timeout=self._reset_s)
        except RequestRefused as refused:
            if refused.code != requests.NOT_DRIVER:
                raise
            self._leave()
            self._acquire(bridge)
            reset = self._held().reset(start, timeout=self._reset_s)
        newest = bridge.wait_for(Derived, lambda frame: frame.tick >= reset.frame.tick, timeout=PATIENCE_S)
        self.sample = bridge.sample(timeout=PATIENCE_S)
        self._base, self._from_tick = self.sample.physics.packetId, max(newest.tick, self.sample.tick)
        self._laps, self._last_lap_s, self._last_valid = 0, 0.0, False
        self._fault = RUNNING
        self._count_laps()
        trust = bridge.trust(Physics)
        self._lost = trust.lost
        outcome = self._referee.begin(self._seen(self.sample), age_s=trust.age or 0.0, lag_s=self._lag_s(bridge))
        self._details = self._described(reset, place, outcome)
        self._driven, self._stalled, self._sent_ns = True, False, time.perf_counter_ns()
        self._clock.begin(self.sample.tick if self._by_frames else self._sent_ns)
        return outcome

    def send(self, action: Sequence[float]) -> None:
        """Send the command of an action; a driver that lost the controls ends the episode in :meth:`wait`."""
        driver = self._held()
        if not self._driven:
            raise RuntimeError(NO_RESET)
        steer, gas, brake, clutch, shift = self._referee.command(action)
        now_ns = time.perf_counter_ns()
        self._stalled = now_ns - self._sent_ns > self._ttl_ms * 1e6
        self._sent_ns = now_ns
        if self._stalled and self._on_stall == "truncate":
            self._fault = self._fault or STALLED  # the car stays neutral
            return
        old = self._stalled or self._referee.memory.age_s > ANSWERS_S
        try:
            driver.drive(
                steer,
                gas,
                brake,
                clutch=clutch,
                shift=int(shift),
                ttl_ms=self._ttl_ms,
                answering=None if old else self.sample.tick,
            )
        except NotDriving as error:
            self._fault = self._fault or self._fault_of(error.reason)

    def wait(self) -> Outcome:
        """Wait for the end of the step, and return what it came to; at most a second."""
        bridge = self._connected()
        end = None if self._fault else self._await_end(bridge)
        if end is None or self._fault:
            return self._cut(bridge)
        sample = bridge.sample(timeout=PATIENCE_S)
        trust = bridge.trust(Physics)
        missed, self._lost = trust.lost - self._lost, trust.lost
        self._fault = self._judge(sample)
        if self._fault:
            return self._cut(bridge)
        self.sample = sample
        self._count_laps()
        outcome = self._referee.end(
            self._seen(sample),
            step_s=self._seconds(end.length),
            age_s=trust.age or 0.0,
            lag_s=self._lag_s(bridge),
        )
        return outcome._replace(overrun=end.overrun, missed=missed, discard=self._stalled)

    def close(self) -> None:
        """Give the controls back and disconnect; can be called again."""
        self._leave()
        if self._bridge is not None:
            self._bridge.close()
        self._bridge = self._events = None

    # ---- the lease

    def _acquire(self, bridge: Bridge) -> None:
        self._driver = Driver(bridge, self._name, force=self._force, timeout=PATIENCE_S)

    def _leave(self) -> None:
        driver, self._driver = self._driver, None
        if driver is not None:
            driver.release()

    def _held(self) -> Driver:
        if self._driver is None:
            raise RuntimeError(NO_RESET)
        return self._driver

    def _connected(self) -> Bridge:
        if self._bridge is None:
            raise RuntimeError(NO_RESET)
        return self._bridge

    # ---- the step

    def _await_end(self, bridge: Bridge) -> StepEnd | None:
        """Wait until the step is due and a fresh frame is there; ``None`` when none comes."""
        silence_s = max(self._ttl_ms / 1000, SILENT_PERIODS * self._period_s)
        fresh_s = self._period_s + FRESH_S
        least, left_s = self.sample.tick + 1, 0.0
        if self._by_frames:
            least, left_s = self._clock.due, self._clock.left(self.sample.tick) * self._period_s
        else:
            while left_ns := self._clock.left(time.perf_counter_ns()):
                time.sleep(left_ns * 1e-9)

        def ended(frame: Frame[Derived]) -> bool:
            if frame.run != self._run:
                return True
            age_s = bridge.trust(Derived).age
            return frame.tick >= least and age_s is not None and age_s <= fresh_s

        try:
            frame = bridge.wait_for(Derived, ended, timeout=min(PATIENCE_S, left_s + silence_s))
        except NoFrame:
            return None
        if frame.run != self._run:
            return None
        return self._clock.end(frame.tick if self._by_frames else time.perf_counter_ns())

    def _seconds(self, length: int) -> float:
        return length * self._period_s if self._by_frames else length * 1e-9

    def _cut(self, bridge: Bridge) -> Outcome:
        """Truncate the episode for the fault that was found, or for the one that is found now."""
        fault = self._fault or self._fault_of(LOST)
        self._fault = fault
        now_ns = time.perf_counter_ns()
        age_s = bridge.trust(Physics).age or 0.0
        step_s = (now_ns - self._sent_ns) * 1e-9
        if self._stalled:
            step_s = age_s = max(step_s, self._ttl_ms / 1000)
        outcome = self._referee.cut(fault, step_s=step_s, age_s=age_s)
        return outcome._replace(overrun=self._stalled, discard=True)

    def _judge(self, sample: Sample) -> int:
        """Return why a sample cannot be the end of a step; 0 if it can."""
        before = self.sample
        if sample.run != self._run:
            return LINK_LOST
        if sample.graphics.status != STATUS_LIVE:
            return SIM_OFF if sample.graphics.status == STATUS_OFF else PAUSED
        fault = self._fault_of(None)
        if fault:
            return fault
        if sample.physics.isAIControlled:
            return AI_CONTROL
        if sample.physics.packetId == before.physics.packetId:
            return FROZEN
        again = began_again(before.graphics, sample.graphics) or was_put(before.physics, sample.physics)
        return SESSION_RESTARTED if again else RUNNING

    def _fault_of(self, reason: str | None) -> int:
        """
        Return why the car cannot be driven, by the newest records; 0 if it can.

        Args:
            reason: What is wrong, as far as known: a reason of :class:`NotDriving`.
        """
        bridge, driver = self._connected(), self._held()
        with suppress(NoFrame):
            status = bridge.latest(Status, timeout=0).record
            if status.sim_state in STATES:
                return STATES[status.sim_state]
        if reason is not None and (reason == LOST or reason in STATES):
            return STATES.get(reason, LINK_LOST)
        with suppress(NoFrame):
            frame = bridge.latest(Controls, timeout=0)
            record = frame.record
            if frame.run == self._run and record.epoch > driver.epoch:
                return (
                    SESSION_RESTARTED if record.reason in NEW_SESSION else STATES.get(record.reason or "", CONTROL_LOST)
                )
            if record.frozen_input:
                return INPUT_FROZEN
        return RUNNING if reason is None else CONTROL_LOST

    def _count_laps(self) -> None:
        """Count the laps of the events that came; one comes a moment after its lap."""
        with suppress(NoFrame):
            while self._events is not None:
                frame = next(self._events)
                event = frame.record
                if frame.run == self._run and frame.tick > self._from_tick and event.kind == EventKind.LAP_COMPLETED:
                    self._laps += 1
                    self._last_lap_s = (event.lap_time_ms or 0) / 1000
                    self._last_valid = bool(event.valid)

    def _seen(self, sample: Sample) -> Seen:
        seen = Seen.of(sample.physics, self._static, sample.derived)
        seen.packet -= self._base
        seen.laps, seen.last_lap_s, seen.last_lap_valid = self._laps, self._last_lap_s, self._last_valid
        return seen

    def _lag_s(self, bridge: Bridge) -> float:
        with suppress(NoFrame):
            return bridge.latest(Controls, timeout=0).record.echo_lag_s or 0.0
        return 0.0

    def _described(self, reset: Reset, place: Place, outcome: Outcome) -> dict[str, Any]:
        ahead = (outcome.distance_m - place.distance) % self.track.length
        return {
            "means": reset.means or "",
            "attempts": reset.attempts,
            "ms": reset.ms,
            "start_error_m": min(ahead, self.track.length - ahead),
        }


def began_again(before: Graphics, after: Graphics) -> bool:
    """Return whether the session is another one or began again between two pages of it."""
    left = after.sessionTimeLeft - before.sessionTimeLeft
    return (
        after.session != before.session
        or after.completedLaps < before.completedLaps
        or (math.isfinite(left) and left > RESTART_MS)
    )


def was_put(before: Physics, after: Physics) -> bool:
    """Return whether the car is farther from where it was than it can have driven: it was put there."""
    passed_s = max(0, after.packetId - before.packetId) * STEP_S
    moved = math.dist(middle(before), middle(after))
    return moved > max(before.speedKmh, after.speedKmh) / 3.6 * passed_s + TELEPORT_M


def middle(physics: Physics) -> tuple[float, float]:
    """Return the middle of the contact points of the tyres, m."""
    points = physics.tyreContactPoint
    return sum(point[0] for point in points) / 4, sum(point[2] for point in points) / 4
