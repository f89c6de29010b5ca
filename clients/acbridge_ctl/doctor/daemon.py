"""Checks of the daemon: does it answer, keep its rate and publish frames; if not, which program has its ports."""

import socket
from typing import Any

from acbridge import WIRE_VERSION, AcbridgeError, NoFrame, NoReply, SimState, Status, connect
from acbridge.cli import Connection
from acbridge_ctl.doctor.controls import check_controls
from acbridge_ctl.doctor.findings import Finding, Level

MIN_RATE_KEPT = 0.98
"""Share of the requested rate that must be kept."""
STATUS_TIMEOUT_S = 2.0
"""Shortest time to wait for a status, which is published every second."""
PROBE_S = 1.0
GREETING = b"\xff" + bytes(8) + b"\x7f\x03"
"""Signature and version of ZMTP 3; a ZeroMQ peer answers with its security mechanism before it needs to know ours."""
SIGNATURE_BYTES = (0, 9)
"""Offsets of the two fixed bytes in a greeting."""
MECHANISM = slice(12, 32)
"""Where the mechanism's name is in a greeting."""
NULL, CURVE = "NULL", "CURVE"


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
        return None, [probe_ports(connection)]
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


def _other_wire_version(hello: dict[str, Any]) -> Finding:
    text = f"the daemon has wire version {hello.get('wire')}, this program version {WIRE_VERSION}"
    return Finding(Level.FAIL, "daemon", text, "use the same version of acbridge on both sides")


def probe_ports(connection: Connection) -> Finding:
    """Explain why no daemon answers: port closed, another program, wrong keys, or unreachable."""
    host, port, keys = connection
    for each in (port + 1, port):
        try:
            with socket.create_connection((host, each), timeout=PROBE_S) as peer:
                return evaluate_silence(each, host, _read_mechanism(peer), keys=keys is not None)
        except ConnectionRefusedError:
            continue
        except (OSError, UnicodeError) as error:  # UnicodeError: the name is too long for a host
            why = getattr(error, "strerror", None) or error
            text = f"{host} port {each} cannot be reached: {why}"
            return Finding(Level.FAIL, "daemon", text, "check --connect, the network and the firewall")
    text = f"none runs at {host}:{port}, and ports {port} and {port + 1} are free"
    return Finding(Level.WARN, "daemon", text, "start acbridge-daemon")


def evaluate_silence(port: int, host: str, mechanism: str | None, *, keys: bool) -> Finding:
    """
    Evaluate why a program listens and does not answer.

    Args:
        port: Port that the program listens on.
        host: Machine of the program.
        mechanism: Its ZeroMQ security mechanism; ``None`` if it is not a ZeroMQ peer.
        keys: Whether we used keys.
    """
    text = f"port {port} of {host} is taken by a program that does not answer as an acbridge daemon does"
    fix = "find out what it is, or start the daemon on another --port"
    if mechanism == CURVE and keys:
        text = f"the program on port {port} of {host} does not accept these keys"
        fix = "check that --server-key is its server.key and that it has our public key; its log has peer_refused"
    elif mechanism == CURVE:
        text = f"the program on port {port} of {host} requires keys (CURVE)"
        fix = "give --key and --server-key: docs/guides/security.md"
    elif mechanism == NULL and not keys:
        fix = f"if it is the port of a daemon's requests, use --connect {host}:{port - 1}; else use another --port"
    elif mechanism == NULL:
        text = f"the program on port {port} of {host} has no keys, and does not answer a client that uses keys"
        fix = "leave out --key and --server-key (ACBRIDGE_KEY, ACBRIDGE_SERVER_KEY), or start the daemon with --keys"
    return Finding(Level.FAIL, "daemon", text, fix)


def _read_mechanism(peer: socket.socket) -> str | None:
    """Return the security mechanism in a ZeroMQ peer's greeting; ``None`` if the peer does not speak ZMTP."""
    received = b""
    try:
        peer.sendall(GREETING)
        while len(received) < MECHANISM.stop:
            more = peer.recv(64)
            if not more:
                return None
            received += more
    except OSError:
        return None
    if any(received[offset] != GREETING[offset] for offset in SIGNATURE_BYTES):
        return None
    return received[MECHANISM].rstrip(b"\0").decode(errors="replace")
