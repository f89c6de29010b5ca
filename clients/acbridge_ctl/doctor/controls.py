"""Checks of the controls: may this program drive, who drives, and what keeps commands from the car."""

import time

from acbridge import AcbridgeError, Bridge, NoFrame, RequestRefused, Status
from acbridge.controls import Controls
from acbridge.requests import FORBIDDEN
from acbridge.wire import Frame
from acbridge_ctl.doctor.findings import Finding, Level

CHECK = "controls"
NO_TOKEN = 0
"""The token of no driver: a request with it is refused, and the refusal says whether the key may drive at all."""
HOW_TO_START = "--controls sim with --source sim, else page, uinput, vjoy or custom_ai (docs/guides/driving.md)"
SHOWN_OF_HASH = 23
"""Characters of a hash that are enough to distinguish it from others."""
SUSPENDED = {
    "paused": "continue the session in the game",
    "replay": "end the replay",
    "idle": "start a session",
    "frozen": "continue to drive, or start the game again",
    "absent": "start the game",
}
"""What to do about a car that takes no commands, by the reason."""
ENDED = {
    "ttl": "the driver sends commands too rarely, or has stopped; ttl_ms says how long each is applied",
    "session": "the session has changed: the driver must acquire again",
    "car": "the car has changed: the driver must acquire again",
    "back_end": "the back-end was lost and opened again: the driver must acquire again; the log has controls_lost",
}


def check_controls(bridge: Bridge, status: Status, timeout: float) -> list[Finding]:
    """Query the controls of a daemon that answers, and read their newest record; changes nothing."""
    if status.controls_state == "none":
        return [evaluate_without(status)]
    findings = [check_role(bridge, timeout)]
    try:
        frame = bridge.latest(Controls, timeout=max(timeout, 2.0))
    except NoFrame:
        text = f"the daemon drives through {status.controls_backend}, but does not publish the topic controls"
        return [*findings, Finding(Level.WARN, CHECK, text, "use the same version of acbridge on both sides")]
    except AcbridgeError as error:
        return [*findings, Finding(Level.WARN, CHECK, str(error), "use the same version of acbridge on both sides")]
    return [*findings, *evaluate_controls(frame), evaluate_calibration(status)]


def evaluate_without(status: Status) -> Finding:
    """Evaluate a daemon that cannot drive; that is no fault unless someone wants to."""
    if status.insecure:
        text = "this daemon cannot drive, and other machines reach it without keys, which excludes driving"
        return Finding(Level.OK, CHECK, text, f"to drive, start it with --keys DIR and {HOW_TO_START}")
    return Finding(Level.OK, CHECK, "this daemon cannot drive", f"to drive, start it with {HOW_TO_START}")


def evaluate_calibration(status: Status) -> Finding:
    """Report by which maps commands are corrected; to have none is no fault."""
    if status.controls_calibration is None:
        text = "commands are applied as they are; acbridge-ctl calibrate measures what the telemetry shows of them"
        return Finding(Level.OK, "calibration", text)
    return Finding(Level.OK, "calibration", f"commands are corrected by {status.controls_calibration[:SHOWN_OF_HASH]}")


def check_role(bridge: Bridge, timeout: float) -> Finding:
    """Check whether our key may drive, by a request that is refused either way."""
    try:
        bridge.request("hold", timeout=timeout, token=NO_TOKEN)
    except RequestRefused as refused:
        if refused.code == FORBIDDEN:
            fix = "driving needs a key with the role operator: docs/guides/security.md"
            return Finding(Level.WARN, "role", refused.message, fix)
    except AcbridgeError as error:
        return Finding(Level.WARN, "role", f"whether this program may drive is unknown ({error})")
    return Finding(Level.OK, "role", "this program may drive")


def evaluate_controls(frame: Frame[Controls]) -> list[Finding]:
    """Evaluate who drives, and whether commands reach the car."""
    record = frame.record
    findings = [_evaluate_driver(frame)]
    reason = record.reason or ""
    if record.backend_problem is not None:
        text = f"nothing reaches the car: {record.backend_problem}"
        fix = f"have {record.backend} ready: the daemon opens it again by itself, at most 8 s later"
        findings.append(Finding(Level.WARN, CHECK, text, fix))
    elif record.state == "suspended":
        text = f"the car takes no commands: {reason}"
        findings.append(Finding(Level.WARN, CHECK, text, SUSPENDED.get(reason, "acbridge-ctl status has the state")))
    elif record.state == "neutral" and reason in ENDED:
        findings.append(Finding(Level.WARN, CHECK, f"the car is neutral: {reason}", ENDED[reason]))
    elif reason == "ai":
        text = "the sim's own driver steers: commands have no effect"
        findings.append(Finding(Level.WARN, CHECK, text, "take the car back from the AI in the game"))
    if record.frozen_input:
        echo = {"gas": record.echo_gas, "brake": record.echo_brake, "steer": record.echo_steer}
        off = ", ".join(f"{name} by {value:+.2f}" for name, value in echo.items() if value is not None)
        text = f"the telemetry does not follow the commands: it differs in {off}"
        fix = f"bind the axes of {record.backend} in the game's control settings, and switch off aids and filters"
        findings.append(Finding(Level.WARN, CHECK, text, fix))
    if record.reset_state == "failed":
        text = f"the newest reset failed after {record.reset_attempts} attempts: {record.reset_detail}"
        findings.append(Finding(Level.WARN, CHECK, text))
    return findings


def _evaluate_driver(frame: Frame[Controls]) -> Finding:
    record = frame.record
    if record.driver is None:
        why = f" ({record.reason})" if record.reason else ""
        return Finding(Level.OK, CHECK, f"free, through {record.backend}{why}")
    age_s = max(0.0, (frame.mono_ns - record.applied_mono_ns) * 1e-9)
    since = time.strftime("%H:%M:%S", time.localtime(frame.timestamp - age_s))
    number = "none yet" if record.command is None else f"number {record.command}"
    text = (
        f"held by {record.driver} through {record.backend}, {record.state}; command {number}, the applied values are "
        f"unchanged since {since} ({age_s:.1f} s)"
    )
    return Finding(Level.OK, CHECK, text, "acquire takes them only with force")
