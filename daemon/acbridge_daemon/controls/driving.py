"""
Drives the car: carries out the requests of drivers, applies what the lease says, and reports it.

One object of the daemon's loop. It publishes through the ingest, moves the car through the actuator, and asks the
lease, the echo and the reset, which are pure.
"""

import secrets
from collections.abc import Mapping
from typing import Any

import structlog

from acbridge import requests
from acbridge.calibration import Calibration
from acbridge.controls import Command, Controls
from acbridge.derived import Event, EventKind
from acbridge.errors import RequestRefused
from acbridge.requests import Request
from acbridge.status import SimState
from acbridge.wire import Stamp
from acbridge_daemon.clock import Clock
from acbridge_daemon.controls.actuator import Actuator
from acbridge_daemon.controls.backend import BackEnd
from acbridge_daemon.controls.calibration_file import CalibrationFile
from acbridge_daemon.controls.echo import Echo
from acbridge_daemon.controls.lease import Lease
from acbridge_daemon.controls.reset import Reset
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
REPORT_NS = 1_000_000_000

_WITHOUT = (
    "this daemon cannot drive; start it with --controls, such as --source sim --controls sim (docs/guides/driving.md)"
)
BACK_END = "back_end"
"""The reason of a car that takes no commands because nothing reaches it."""


class Driving:
    """The controls of one car."""

    def __init__(
        self,
        backend: BackEnd | None,
        neutral: Command,
        clock: Clock,
        ingest: Ingest,
        calibration_file: CalibrationFile | None = None,
    ) -> None:
        """
        Start with free controls and a neutral car.

        Args:
            backend: What moves the car, opened; ``None`` for a daemon that cannot drive.
            neutral: What is applied without a driver.
            clock: The daemon's clock.
            ingest: Publishes, and knows the newest sample.
            calibration_file: Keeps the maps by which commands are corrected; ``None`` to forget them at the end.
        """
        self._can_drive = backend is not None
        self._actuator = Actuator(backend, neutral, clock.mono_ns())
        self._calibration_file = calibration_file
        self._calibration: Calibration | None = None if calibration_file is None else calibration_file.calibration
        self._measuring: int | None = None
        self._neutral = neutral
        self._clock = clock
        self._ingest = ingest
        self._lease = Lease(neutral)
        self._echo = Echo()
        self._reset: Reset | None = None
        self._resets = 0
        self._echo.applied(self._actuator.applied_ns, neutral)
        self._lag_s: float | None = None
        self._sampled: dict[int, int] = {}
        self._signature: tuple[Any, ...] | None = None
        self._reopened = False
        self._published: tuple[Any, ...] = ()
        self._report_due_ns = 0
        self._log = structlog.get_logger()

    @property
    def backend_name(self) -> str:
        """The name of the back-end; none without one."""
        return self._actuator.capabilities.name

    @property
    def calibration(self) -> Calibration | None:
        """What corrects the commands; ``None`` without, and while a driver measures."""
        measures = self._measuring is not None and self._measuring == self._lease.token
        return None if measures else self._calibration

    @property
    def state(self) -> str:
        """none, free, driving, neutral, suspended or resetting."""
        return self._lease.state if self._can_drive else "none"

    @property
    def held(self) -> bool:
        """Whether a driver holds the controls."""
        return self._lease.driver is not None

    @property
    def deadline_ns(self) -> int | None:
        """When `wake` must be called at the latest; ``None`` if nothing is due."""
        lease_ns, repeat_ns = self._lease.deadline_ns, self._actuator.deadline_ns
        if repeat_ns is None:
            return lease_ns
        return repeat_ns if lease_ns is None else min(lease_ns, repeat_ns)

    def answers(self) -> Mapping[str, Any]:
        """Return the method that carries out each request of a driver."""
        return {
            "acquire": self._acquire,
            "drive": self._drive,
            "hold": self._hold,
            "release": self._release,
            "reset": self._begin_reset,
            "calibrate": self._calibrate,
        }

    def wake(self, now_ns: int) -> None:
        """End commands and leases whose time is over, and repeat the command in force where that is needed."""
        if not self._can_drive:
            return
        lost = self._lease.expire(now_ns)
        if lost is not None:
            self._stop_reset(now_ns, "the driver was lost")
            self._emit(EventKind.DRIVER_LOST, before=lost, reason="lost")
        self._apply(now_ns)

    def step(self, tick: int, stamp: Stamp) -> None:
        """Follow the sim at one tick, and publish the record of the controls if it is due."""
        if self._can_drive:
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
        self._actuator.close()

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
            "backend": self.backend_name,
            "resets": self._actuator.capabilities.resets,
            "starts": self._actuator.capabilities.starts,
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
        can = self._actuator.capabilities
        if wanted is not None and wanted not in can.resets:
            known = ", ".join(can.resets) or "none"
            raise RequestRefused("reset", requests.BAD_ARGUMENT, f"the means of {can.name} are: {known}")
        if kind not in can.starts:
            known = ", ".join(can.starts) or "none"
            raise RequestRefused("reset", requests.UNAVAILABLE, f"the starts of {can.name} are: {known}; not {kind}")
        if self._actuator.problem is not None:
            raise RequestRefused("reset", requests.UNAVAILABLE, f"nothing reaches the car: {self._actuator.problem}")
        self._lease.begin_reset(now_ns, arguments["token"])
        self._resets += 1
        means = can.resets if wanted is None else (wanted,)
        self._reset = Reset(self._resets, start, means, can, self._actuator.reset, now_ns)
        self._apply(now_ns)
        self._reset.attempt(now_ns, self._newest_packet)
        self._report_end(self._reset)
        return {"reset": self._resets, "epoch": self._lease.epoch}

    def _calibrate(self, request: Request) -> Mapping[str, Any]:
        now_ns, calibration = self._clock.mono_ns(), request.arguments["axes"]
        self._lease.hear(now_ns, "calibrate", request.arguments["token"])
        if calibration is None:
            self._measuring = self._lease.token
        else:
            self._store(calibration)
            self._calibration, self._measuring = calibration, None
            self._log.info("calibrated", hash=calibration.hash, driver=self._lease.driver)
        self._apply(now_ns)
        return {
            "hash": None if calibration is None else calibration.hash,
            "stored": calibration is not None and self._calibration_file is not None,
        }

    def _store(self, calibration: Calibration) -> None:
        if self._calibration_file is None:
            return
        records = self._ingest.sampler.newest
        car, game = (None, None) if records is None else (records[2].carModel, records[2].acVersion)
        try:
            self._calibration_file.write(calibration, car, game)
        except OSError as error:
            text = f"cannot write {self._calibration_file.path}: {error.strerror}; nothing was changed"
            raise RequestRefused("calibrate", requests.UNAVAILABLE, text) from error

    def _check_can_drive(self, name: str) -> None:
        if not self._can_drive:
            raise RequestRefused(name, requests.UNAVAILABLE, _WITHOUT)

    # ---- the sim

    def _follow(self, stamp: Stamp) -> None:
        """Suspend the lease while the car takes no commands, and end the epoch if it is another session or car."""
        now_ns, state, records = stamp.mono_ns, self._ingest.liveness.state, self._ingest.sampler.newest
        self._actuator.follow(now_ns)
        lost = self._actuator.problem
        reason = state.value if state is not SimState.LIVE else None if lost is None else BACK_END
        if reason is None:
            self._lease.resume()
        elif self._lease.suspend(reason):
            self._log.info("driving_suspended", reason=reason, driver=self._lease.driver)
        if lost is not None:
            self._stop_reset(now_ns, f"nothing reaches the car: {lost}")
        if state.flows and records is not None:
            physics, graphics, static = records
            self._echo.update(now_ns, physics)
            signature = (self._ingest.liveness.sessions, graphics.session, static.track, static.trackConfiguration)
            before = self._signature
            self._signature = (*signature, static.carModel)
            if before is not None and before != self._signature:
                self._lease.end_epoch("car" if before[:-1] == signature else "session")
            if self._echo.frozen and self._lease.state == "driving" and not self._reopened:
                self._reopened = True
                self._actuator.reopen("the telemetry does not follow the commands")
            if state is SimState.LIVE and (reset := self._resetting) is not None:
                reset.judge(now_ns, *records)
                self._report_end(reset)
        if (reset := self._resetting) is not None:
            reset.retry(now_ns, self._newest_packet)
            self._report_end(reset)

    @property
    def _newest_packet(self) -> int:
        records = self._ingest.sampler.newest
        return 0 if records is None else records[0].packetId

    # ---- resets

    @property
    def _resetting(self) -> Reset | None:
        """The reset that is carried out."""
        return self._reset if self._reset is not None and self._reset.running else None

    @property
    def _reset_state(self) -> str:
        return "idle" if self._reset is None else self._reset.state

    def _stop_reset(self, now_ns: int, reason: str) -> None:
        if (reset := self._resetting) is not None:
            reset.end(now_ns, reason)
            self._report_end(reset)

    def _report_end(self, reset: Reset) -> None:
        """Take commands again, and report the end, if a reset that was carried out has ended now."""
        if reset.took_ms is None:
            return
        self._lease.end_reset()
        self._emit(
            EventKind.CAR_RESET,
            after=reset.state,
            reason=reset.detail,
            text=reset.means,
            duration_s=reset.took_ms / 1000,
        )

    # ---- the car

    def _apply(self, now_ns: int) -> None:
        """Apply what the lease says."""
        command = self._lease.command()
        reset = self._resetting
        if reset is not None and self._lease.state == "resetting" and reset.start not in ("grid", "pits"):
            command = command._replace(brake=0.0)  # the car keeps the speed of its start
        if self._actuator.apply(now_ns, command, self.calibration):
            self._echo.applied(now_ns, command)

    def _emit(self, kind: EventKind, **details: Any) -> None:
        event = Event.of(kind, **details)
        self._log.info(kind.value, **{key: value for key, value in details.items() if value is not None})
        self._ingest.publish(event, self._clock.now())

    def _record(self) -> Controls:
        lease, applied, echo, reset = self._lease, self._actuator.applied, self._echo, self._reset
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
            applied_mono_ns=self._actuator.applied_ns,
            lag_s=self._lag_s,
            echo_steer=echo.steer,
            echo_gas=echo.gas,
            echo_brake=echo.brake,
            echo_lag_s=echo.lag_s,
            frozen_input=echo.frozen and self.held,
            refused=lease.refused,
            backend=self.backend_name,
            backend_problem=self._actuator.problem,
            reset=self._resets,
            reset_state=self._reset_state,
            reset_means=None if reset is None else reset.means,
            reset_attempts=0 if reset is None else reset.attempts,
            reset_ms=None if reset is None else reset.took_ms,
            reset_detail=None if reset is None else reset.detail,
        )
