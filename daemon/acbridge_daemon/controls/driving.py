"""
Drives the car: carries out the requests of drivers, applies what the lease says, and reports it.

One object of the daemon's loop. It publishes through the ingest, moves the car through a back-end, and asks the lease,
the echo and the reset check, which are pure.
"""

import secrets
from collections.abc import Mapping
from typing import Any

import structlog

from acbridge import requests
from acbridge.controls import Command, Controls
from acbridge.derived import Event, EventKind
from acbridge.errors import RequestRefused
from acbridge.requests import Request
from acbridge.status import SimState
from acbridge.wire import Stamp
from acbridge_daemon.clock import Clock
from acbridge_daemon.controls.backend import BackEnd, BackEndError, Capabilities
from acbridge_daemon.controls.echo import Echo
from acbridge_daemon.controls.lease import Lease
from acbridge_daemon.controls.verify import ResetCheck
from acbridge_daemon.ingest import Ingest

BRAKE = Command(brake=0.3)
"""What is applied without a driver: the car stops, and stands."""
COAST = Command()
"""The same with ``--neutral coast``, and right after a reset, so that the car keeps the speed of its start."""
NEUTRALS = {"brake": BRAKE, "coast": COAST}
TOKEN_BITS = 53
"""Every language can count so far exactly."""
OLDEST_ANSWERED_S = 0.25
"""A command that answers an older frame is refused."""
REMEMBERED_TICKS = 512
"""Ticks whose instants are kept, to know how old the frame is that a command answers."""
ATTEMPTS = 3
"""Attempts of each means of a reset."""
ATTEMPT_NS = 2_000_000_000
"""How long one attempt may take."""
REPORT_NS = 1_000_000_000

_WITHOUT = (
    "this daemon cannot drive; start it with --controls, such as --source sim --controls sim (docs/guides/driving.md)"
)
_LOST = "the back-end was lost; the daemon's log says why: restart the daemon once it is there again"


class Reset:
    """
    One reset as it is carried out.

    Attributes:
        number: Its number.
        state: running, done or failed.
        means: The means in use.
        attempts: Attempts so far, of all means.
        took_ms: How long it took; ``None`` until it ended.
        detail: Why it failed.
    """

    def __init__(self, number: int, start: Any, means: tuple[str, ...], begun_ns: int) -> None:
        self.number = number
        self.start = start
        self.begun_ns = begun_ns
        self.state = "running"
        self.means: str | None = None
        self.attempts = 0
        self.took_ms: float | None = None
        self.detail: str | None = None
        self.check: ResetCheck | None = None
        self.attempt_ns = 0
        self.left = [name for name in means for _ in range(ATTEMPTS)]

    def end(self, now_ns: int, detail: str | None) -> None:
        """End it: done without a detail, else failed."""
        self.state = "done" if detail is None else "failed"
        self.detail = detail
        self.took_ms = (now_ns - self.begun_ns) * 1e-6


class Driving:
    """The controls of one car."""

    def __init__(self, backend: BackEnd | None, neutral: Command, clock: Clock, ingest: Ingest) -> None:
        """
        Start with free controls and a neutral car.

        Args:
            backend: What moves the car, opened; ``None`` for a daemon that cannot drive.
            neutral: What is applied without a driver.
            clock: The daemon's clock.
            ingest: Publishes, and knows the newest sample.
        """
        self._backend = backend
        self._capabilities = Capabilities("none") if backend is None else backend.capabilities
        self._neutral = neutral
        self._clock = clock
        self._ingest = ingest
        self._lease = Lease(neutral)
        self._echo = Echo()
        self._reset: Reset | None = None
        self._resets = 0
        self._applied: Command = neutral
        self._applied_ns = clock.mono_ns()
        self._echo.applied(self._applied_ns, neutral)
        self._lag_s: float | None = None
        self._repeat_ns: int | None = None if self._capabilities.repeat_s is None else 0
        self._sampled: dict[int, int] = {}
        self._signature: tuple[Any, ...] | None = None
        self._reopened = False
        self._published: tuple[Any, ...] = ()
        self._report_due_ns = 0
        self._log = structlog.get_logger()

    @property
    def backend_name(self) -> str:
        """The name of the back-end; none without one."""
        return self._capabilities.name

    @property
    def state(self) -> str:
        """none, free, driving, neutral, suspended or resetting."""
        return "none" if self._backend is None else self._lease.state

    @property
    def held(self) -> bool:
        """Whether a driver holds the controls."""
        return self._lease.driver is not None

    @property
    def deadline_ns(self) -> int | None:
        """When `wake` must be called at the latest; ``None`` if nothing is due."""
        lease_ns = self._lease.deadline_ns
        if self._repeat_ns is None:
            return lease_ns
        return self._repeat_ns if lease_ns is None else min(lease_ns, self._repeat_ns)

    def answers(self) -> Mapping[str, Any]:
        """Return the method that carries out each request of a driver."""
        return {
            "acquire": self._acquire,
            "drive": self._drive,
            "hold": self._hold,
            "release": self._release,
            "reset": self._begin_reset,
        }

    def wake(self, now_ns: int) -> None:
        """End commands and leases whose time is over, and repeat the command in force where that is needed."""
        if self._backend is None:
            return
        lost = self._lease.expire(now_ns)
        if lost is not None:
            self._stop_reset(now_ns, "the driver was lost")
            self._emit(EventKind.DRIVER_LOST, before=lost, reason="lost")
        self._apply(now_ns)

    def step(self, tick: int, stamp: Stamp) -> None:
        """Follow the sim at one tick, and publish the record of the controls if it is due."""
        if self._backend is not None:
            self._sampled[tick] = stamp.mono_ns
            while len(self._sampled) > REMEMBERED_TICKS:
                del self._sampled[next(iter(self._sampled))]
            self._follow(stamp)
            self.wake(stamp.mono_ns)
        lease = self._lease
        shown = (self.state, lease.reason, lease.driver, lease.epoch, self._reset_state)
        if self.held or shown != self._published or stamp.mono_ns >= self._report_due_ns:
            self._published = shown
            self._report_due_ns = stamp.mono_ns + REPORT_NS
            self._ingest.publish(self._record(), stamp)

    def close(self) -> None:
        """Apply neutral and give the device back."""
        if self._backend is not None:
            self._backend.close()

    # ---- requests

    def _acquire(self, request: Request) -> Mapping[str, Any]:
        self._check_can_drive("acquire")
        arguments, now_ns = request.arguments, self._clock.mono_ns()
        known = self._lease.driver
        before = self._lease.acquire(
            now_ns,
            arguments["driver"],
            arguments["lease_ms"],
            secrets.randbits(TOKEN_BITS),
            held=arguments["token"],
            force=arguments["force"],
        )
        self._reopened = False
        if before is not None or known is None:
            self._stop_reset(now_ns, "another driver took the controls")
            self._emit(
                EventKind.DRIVER_CHANGED,
                before=before,
                after=self._lease.driver,
                reason="acquired" if before is None else "forced",
            )
        self._apply(now_ns)
        return {
            "epoch": self._lease.epoch,
            "token": self._lease.token,
            "lease_ms": arguments["lease_ms"],
            "backend": self._capabilities.name,
            "resets": self._capabilities.resets,
            "starts": self._capabilities.starts,
            "neutral": self._neutral._asdict(),
        }

    def _drive(self, request: Request) -> Mapping[str, Any]:
        arguments, now_ns = request.arguments, self._clock.mono_ns()
        answered = arguments["tick"]
        late_s = None
        if answered is not None and answered in self._sampled:
            late_s = (now_ns - self._sampled[answered]) * 1e-9
        old = answered is not None and (late_s is None or late_s > OLDEST_ANSWERED_S)
        if old and self.held:
            age = "unknown" if late_s is None else f"{late_s:.2f} s old"
            raise self._lease.refuse("drive", requests.STALE, f"the frame of tick {answered} is {age}; answer a newer")
        command = Command(*(arguments[axis] for axis in Command._fields))
        self._lease.drive(
            now_ns,
            arguments["token"],
            arguments["epoch"],
            arguments["seq"],
            command,
            arguments["ttl_ms"],
            answered,
        )
        self._apply(now_ns)
        self._lag_s = late_s
        return {"seq": arguments["seq"], "tick": self._ingest.tick, "late_s": late_s}

    def _hold(self, request: Request) -> Mapping[str, Any]:
        self._lease.hold(self._clock.mono_ns(), request.arguments["token"])
        return {"state": self._lease.state, "reason": self._lease.reason, "epoch": self._lease.epoch}

    def _release(self, request: Request) -> Mapping[str, Any]:
        now_ns, before = self._clock.mono_ns(), self._lease.driver
        self._lease.release(now_ns, request.arguments["token"])
        self._stop_reset(now_ns, "the driver released the controls")
        self._emit(EventKind.DRIVER_CHANGED, before=before, reason="released")
        self._apply(now_ns)
        return {}

    def _begin_reset(self, request: Request) -> Mapping[str, Any]:
        self._check_can_drive("reset")
        arguments, now_ns = request.arguments, self._clock.mono_ns()
        start, wanted = arguments["start"], arguments["means"]
        kind = start if isinstance(start, str) else "place"
        can = self._capabilities
        if wanted is not None and wanted not in can.resets:
            known = ", ".join(can.resets) or "none"
            raise RequestRefused("reset", requests.BAD_ARGUMENT, f"the means of {can.name} are: {known}")
        if kind not in can.starts:
            known = ", ".join(can.starts) or "none"
            raise RequestRefused("reset", requests.UNAVAILABLE, f"the starts of {can.name} are: {known}; not {kind}")
        self._lease.begin_reset(now_ns, arguments["token"])
        self._resets += 1
        self._reset = Reset(self._resets, start, can.resets if wanted is None else (wanted,), now_ns)
        self._apply(now_ns)
        self._attempt(self._reset, now_ns)
        return {"reset": self._resets, "epoch": self._lease.epoch}

    def _check_can_drive(self, name: str) -> None:
        if self._backend is None:
            lost = self._capabilities.name != "none"
            raise RequestRefused(name, requests.UNAVAILABLE, _LOST if lost else _WITHOUT)

    # ---- the sim

    def _follow(self, stamp: Stamp) -> None:
        """Suspend the lease while the sim takes no commands, and end the epoch when it is another session or car."""
        state, records = self._ingest.liveness.state, self._ingest.sampler.newest
        if state is not SimState.LIVE:
            if self._lease.suspend(state.value):
                self._log.info("driving_suspended", reason=state.value, driver=self._lease.driver)
        else:
            self._lease.resume()
        if state.flows and records is not None:
            physics, graphics, static = records
            self._echo.update(stamp.mono_ns, physics)
            signature = (self._ingest.liveness.sessions, graphics.session, static.track, static.trackConfiguration)
            before = self._signature
            self._signature = (*signature, static.carModel)
            if before is not None and before != self._signature:
                self._lease.end_epoch("car" if before[:-1] == signature else "session")
            if state is SimState.LIVE and self._reset is not None:
                self._judge_reset(self._reset, stamp.mono_ns, records)
        if self._reset is not None and self._reset.state == "running":
            self._retry_reset(self._reset, stamp.mono_ns)
        self._revive()

    def _judge_reset(self, reset: Reset, now_ns: int, records: tuple[Any, ...]) -> None:
        if reset.state == "running" and reset.check is not None and reset.check.update(now_ns, *records):
            reset.end(now_ns, None)
            self._reset_ended(reset)

    def _retry_reset(self, reset: Reset, now_ns: int) -> None:
        if now_ns - reset.attempt_ns > ATTEMPT_NS:
            detail = reset.check.detail if reset.check is not None else reset.detail
            reset.detail = f"{reset.means}: {detail}"
            self._attempt(reset, now_ns)

    def _attempt(self, reset: Reset, now_ns: int) -> None:
        """Try the next means, or the same one again; fail when none is left."""
        records = self._ingest.sampler.newest
        packet = 0 if records is None else records[0].packetId
        while reset.left and self._backend is not None:
            reset.means = reset.left.pop(0)
            reset.attempts += 1
            reset.attempt_ns = now_ns
            restarts = isinstance(reset.start, str) and reset.means in self._capabilities.moves_clock
            reset.check = ResetCheck(reset.start, now_ns, packet, restarts=restarts)
            try:
                self._backend.reset(reset.start, reset.means)
            except BackEndError as error:
                reset.check, reset.detail = None, f"{reset.means}: {error}"
                reset.left = [means for means in reset.left if means != reset.means]
            else:
                return
        reset.end(now_ns, reset.detail or "no means is left")
        self._reset_ended(reset)

    def _stop_reset(self, now_ns: int, reason: str) -> None:
        if self._reset is not None and self._reset.state == "running":
            self._reset.end(now_ns, reason)
            self._reset_ended(self._reset)

    def _reset_ended(self, reset: Reset) -> None:
        self._lease.end_reset()
        took_s = None if reset.took_ms is None else reset.took_ms / 1000
        self._emit(EventKind.CAR_RESET, after=reset.state, reason=reset.detail, text=reset.means, duration_s=took_s)

    @property
    def _reset_state(self) -> str:
        return "idle" if self._reset is None else self._reset.state

    def _revive(self) -> None:
        """Open the device again, once in an epoch, if nothing reaches the car."""
        backend = self._backend
        if backend is None or self._reopened:
            return
        problem = backend.problem()
        if problem is None and not (self._echo.frozen and self.held and self._lease.state == "driving"):
            return
        self._reopened = True
        self._log.warning("controls_reopened", detail=problem or "the telemetry does not follow the commands")
        if problem is not None:
            self._lease.end_epoch("back_end")
        try:
            backend.close()
            backend.open()
            backend.apply(self._applied)
        except BackEndError as error:
            self._log.error("controls_lost", detail=str(error))
            self._backend = None

    # ---- the car

    def _apply(self, now_ns: int) -> None:
        """Apply what the lease says, if it has changed or must be repeated."""
        backend = self._backend
        if backend is None:
            return
        command = self._lease.command()
        reset = self._reset
        if reset is not None and self._lease.state == "resetting" and reset.start not in ("grid", "pits"):
            command = command._replace(brake=0.0)  # the car keeps the speed of its start
        due = self._repeat_ns is not None and now_ns >= self._repeat_ns
        if command == self._applied and not due:
            return
        backend.apply(command)
        repeat_s = self._capabilities.repeat_s
        self._repeat_ns = None if repeat_s is None else now_ns + round(repeat_s * 1e9)
        if command != self._applied:
            self._applied, self._applied_ns = command, now_ns
            self._echo.applied(now_ns, command)

    def _emit(self, kind: EventKind, **details: Any) -> None:
        event = Event.of(kind, **details)
        self._log.info(kind.value, **{key: value for key, value in details.items() if value is not None})
        self._ingest.publish(event, self._clock.now())

    def _record(self) -> Controls:
        lease, applied, echo, reset = self._lease, self._applied, self._echo, self._reset
        records = self._ingest.sampler.newest
        ai = records is not None and bool(records[0].isAIControlled)
        return Controls(
            state=self.state,
            reason="ai" if ai and lease.reason is None and self.held else lease.reason,
            driver=lease.driver,
            epoch=lease.epoch,
            command=lease.seq,
            answered_tick=lease.answered_tick,
            steer=applied.steer,
            gas=applied.gas,
            brake=applied.brake,
            clutch=applied.clutch,
            shifts_up=applied.shifts_up,
            shifts_down=applied.shifts_down,
            applied_mono_ns=self._applied_ns,
            lag_s=self._lag_s,
            echo_steer=echo.steer,
            echo_gas=echo.gas,
            echo_brake=echo.brake,
            echo_lag_s=echo.lag_s,
            frozen_input=echo.frozen and self.held,
            refused=lease.refused,
            backend=self._capabilities.name,
            reset=self._resets,
            reset_state=self._reset_state,
            reset_means=None if reset is None else reset.means,
            reset_attempts=0 if reset is None else reset.attempts,
            reset_ms=None if reset is None else reset.took_ms,
            reset_detail=None if reset is None else reset.detail,
        )
