"""Checks of the daemon: does it answer, keep its rate and publish frames; if not, which program has its ports."""

from typing import Any

from acbridge import WIRE_VERSION, AcbridgeError, NoFrame, NoReply, SimState, Status, connect
from acbridge.cli import Connection
from acbridge.client.silence import explain_silence
from acbridge_ctl.doctor.controls import check_controls
from acbridge_ctl.doctor.findings import Finding, Level

MIN_RATE_KEPT = 0.98
"""Share of the requested rate that must be kept."""
STATUS_TIMEOUT_S = 2.0
"""Shortest time to wait for a status, which is published every second."""


def check_daemon(connection: Connection, timeout: float) -> tuple[str | None, list[Finding]]:
    """
    Query the daemon and subscribe to it; probe its ports if it does not answer.

    Returns:
        The daemon's source, or ``None`` if no daemon answers; and the findings.
    """
    bridge = connect(connection.host, connection.port, keys=connection.keys)
    try:
        hello = bridge.request("hello", timeout=timeout)
        if hello.get("wire") != WIRE_VERSION:
            return None, [_other_wire_version(hello)]
        status = bridge.status(timeout=timeout)
    except NoReply:
        return None, [_explain(connection)]
    except AcbridgeError as error:
        text = f"something answers at {bridge.requests_endpoint}, but not as an acbridge daemon does ({error})"
        fix = "find out what it is, or start the daemon on another --port"
        return None, [Finding(Level.FAIL, "daemon", text, fix)]
    except ValueError as error:  # ZeroMQ does not accept the address
        return None, [Finding(Level.FAIL, "daemon", str(error), "check --connect")]
    finally:
        bridge.close()
    text = f"version {status.version} at {bridge.endpoint}, source {status.source}"
    return status.source, [
        Finding(Level.OK, "daemon", text),
        evaluate_rate(status),
        evaluate_sim_state(status),
        *_check_frames(connection, str(hello.get("topic_prefix", "")), status, timeout),
    ]


def evaluate_rate(status: Status) -> Finding:
    """Evaluate whether the daemon keeps its rate."""
    kept = "not known yet" if status.rate_kept is None else f"{status.rate_kept:.2f} kept"
    text = f"{status.rate:g} Hz requested, {kept}; {status.missed_ticks} of {status.ticks} ticks missed"
    text = f"{text}, {status.torn_ticks} torn"
    if status.rate_kept is not None and status.rate_kept < MIN_RATE_KEPT * status.rate:
        return Finding(Level.WARN, "rate", text, "the machine is too busy: lower the rate with acbridge-ctl set-rate")
    return Finding(Level.OK, "rate", text)


def evaluate_sim_state(status: Status) -> Finding:
    """Evaluate the state of the sim that the daemon reports."""
    text = f"the daemon reports that the sim is {status.sim_state}"
    if any(status.sim_state == known and known.flows for known in SimState):
        return Finding(Level.OK, "state", text)
    level = Level.FAIL if status.sim_state == SimState.UNSUPPORTED else Level.WARN
    return Finding(level, "state", text, status.sim_detail or "start a session")


def _check_frames(connection: Connection, prefix: str, status: Status, timeout: float) -> list[Finding]:
    """Check that the status, which is published every second, arrives; and then the controls."""
    with connect(connection.host, connection.port, topic_prefix=prefix, keys=connection.keys) as bridge:
        try:
            bridge.latest(Status, timeout=max(timeout, STATUS_TIMEOUT_S))
        except NoFrame:
            text = f"the daemon answers requests, but no frame arrived from {bridge.endpoint}"
            return [Finding(Level.FAIL, "frames", text, "check whether a firewall or a forwarder blocks that port")]
        except AcbridgeError as error:
            return [Finding(Level.FAIL, "frames", f"what arrived from {bridge.endpoint} is not a frame ({error})")]
        prefixed = f", with --topic-prefix {prefix}" if prefix else ""
        arrives = Finding(Level.OK, "frames", f"the status arrives from {bridge.endpoint}{prefixed}")
        return [arrives, *check_controls(bridge, status, timeout)]


def _explain(connection: Connection) -> Finding:
    silence = explain_silence(connection.host, connection.port, keys=connection.keys is not None)
    return Finding(Level.WARN if silence.absent else Level.FAIL, "daemon", silence.text, silence.fix)


def _other_wire_version(hello: dict[str, Any]) -> Finding:
    text = f"the daemon has wire version {hello.get('wire')}, this program version {WIRE_VERSION}"
    return Finding(Level.FAIL, "daemon", text, "use the same version of acbridge on both sides")
