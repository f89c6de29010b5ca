"""The daemon: does one answer, does it keep its rate, do its frames arrive; if none does, who has its ports."""

import socket
from typing import Any

from acbridge import WIRE_VERSION, AcbridgeError, NoFrame, NoReply, SimState, Status, connect
from acbridge_ctl.asking import Where
from acbridge_ctl.doctor.findings import Finding, Level

KEPT = 0.98
"""A rate kept worse than this is not kept."""
PROBE_S = 1.0
GREETING = b"\xff" + bytes(8) + b"\x7f\x03"
"""How a peer of ZeroMQ begins (ZMTP 3); its answer names the mechanism before it asks for ours."""
MECHANISM = slice(12, 32)
NULL, CURVE = "NULL", "CURVE"


def look_at_bridge(where: Where, timeout: float) -> tuple[str | None, list[Finding]]:
    """
    Ask the daemon, subscribe to it, and look at its ports if it does not answer.

    Returns:
        The daemon's source, ``None`` if none answers; and what was found.
    """
    bridge = connect(where.host, where.port, keys=where.keys)
    try:
        hello = bridge.request("hello", timeout=timeout)
        if hello.get("wire") != WIRE_VERSION:
            return None, [_other_wire(hello)]
        status = bridge.status(timeout=timeout)
    except NoReply:
        return None, [nobody(where)]
    except AcbridgeError as error:
        text = f"something answers at {bridge.requests_endpoint}, but not as an acbridge daemon does ({error})"
        return None, [Finding(Level.FAIL, "daemon", text, "look what it is, or start the daemon on another --port")]
    except ValueError as error:  # ZeroMQ does not take the address
        return None, [Finding(Level.FAIL, "daemon", str(error), "check --connect")]
    finally:
        bridge.close()
    text = f"version {status.version} at {bridge.endpoint}, source {status.source}"
    return status.source, [
        Finding(Level.OK, "daemon", text),
        judge_rate(status),
        judge_sim(status),
        _frames(where, str(hello.get("topic_prefix", "")), timeout),
    ]


def judge_rate(status: Status) -> Finding:
    """Judge whether the daemon keeps its rate."""
    kept = "not known yet" if status.rate_kept is None else f"{status.rate_kept:.2f} kept"
    text = f"{status.rate:g} Hz asked, {kept}; {status.missed_ticks} of {status.ticks} ticks missed"
    text = f"{text}, {status.torn_ticks} torn"
    if status.rate_kept is not None and status.rate_kept < KEPT * status.rate:
        return Finding(Level.WARN, "rate", text, "the machine is too busy: lower it with acbridge-ctl set-rate")
    return Finding(Level.OK, "rate", text)


def judge_sim(status: Status) -> Finding:
    """Judge what the daemon says of the sim."""
    state = status.sim_state
    if any(state == known and known.flows for known in SimState):
        return Finding(Level.OK, "state", f"the daemon says that the sim is {state}")
    level = Level.FAIL if state == SimState.UNSUPPORTED else Level.WARN
    return Finding(level, "state", f"the daemon says that the sim is {state}", status.sim_detail or "start a session")


def _frames(where: Where, prefix: str, timeout: float) -> Finding:
    """Subscribe to what comes every second."""
    with connect(where.host, where.port, topic_prefix=prefix, keys=where.keys) as bridge:
        try:
            bridge.latest(Status, timeout=max(timeout, 2.0))
        except NoFrame:
            text = f"requests are answered but no frame came from {bridge.endpoint}"
            return Finding(Level.FAIL, "frames", text, "see whether a firewall or a forwarder stops that port")
        except AcbridgeError as error:
            return Finding(Level.FAIL, "frames", f"what came from {bridge.endpoint} is no frame ({error})")
    prefixed = f", with --topic-prefix {prefix}" if prefix else ""
    return Finding(Level.OK, "frames", f"the daemon's own arrive from {bridge.endpoint}{prefixed}, every second")


def _other_wire(hello: dict[str, Any]) -> Finding:
    text = f"it speaks wire version {hello.get('wire')}, this program version {WIRE_VERSION}"
    return Finding(Level.FAIL, "daemon", text, "use the same version of acbridge on both sides")


def nobody(where: Where) -> Finding:
    """Say why no daemon answers: nobody is there, somebody else is, it wants other keys, or the way is barred."""
    host, port, keys = where
    for each in (port + 1, port):
        try:
            with socket.create_connection((host, each), timeout=PROBE_S) as peer:
                return judge_silence(each, host, _mechanism(peer), keys=keys is not None)
        except ConnectionRefusedError:
            continue
        except (OSError, UnicodeError) as error:  # a name too long to be one is a UnicodeError
            why = getattr(error, "strerror", None) or error
            text = f"{host} port {each} cannot be reached: {why}"
            return Finding(Level.FAIL, "daemon", text, "check --connect, the network and the firewall")
    text = f"none runs at {host}:{port}, and ports {port} and {port + 1} are free"
    return Finding(Level.WARN, "daemon", text, "start acbridge-daemon")


def judge_silence(port: int, host: str, mechanism: str | None, *, keys: bool) -> Finding:
    """
    Judge why something listens and does not answer.

    Args:
        port: Where it listens.
        host: On which machine.
        mechanism: What it asks of whoever connects; ``None`` if it does not speak as ZeroMQ does.
        keys: Whether it was shown keys.
    """
    text = f"port {port} of {host} is taken by something that does not answer as an acbridge daemon does"
    fix = "look what it is, or start the daemon on another --port"
    if mechanism == CURVE and keys:
        text = f"what listens on port {port} of {host} does not answer to these keys"
        fix = "see that --server-key is its server.key, and our public key among its clients; its log has peer_refused"
    elif mechanism == CURVE:
        text = f"what listens on port {port} of {host} has keys (CURVE), and does not answer without"
        fix = "give --key and --server-key: docs/guides/security.md"
    elif mechanism == NULL and not keys:
        fix = f"if it is a daemon's port of requests, say --connect {host}:{port - 1}; else start it on another --port"
    elif mechanism == NULL:
        text = f"what listens on port {port} of {host} has no keys, and does not answer to any"
        fix = "leave out --key and --server-key (ACBRIDGE_KEY, ACBRIDGE_SERVER_KEY), or start the daemon with --keys"
    return Finding(Level.FAIL, "daemon", text, fix)


def _mechanism(peer: socket.socket) -> str | None:
    """Return what a peer of ZeroMQ says it asks for, ``None`` if it is none."""
    heard = b""
    try:
        peer.sendall(GREETING)
        while len(heard) < MECHANISM.stop:
            more = peer.recv(64)
            if not more:
                return None
            heard += more
    except OSError:
        return None
    ours = heard[0] == GREETING[0] and heard[9] == GREETING[9]
    return heard[MECHANISM].rstrip(b"\0").decode(errors="replace") if ours else None
