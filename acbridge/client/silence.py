"""
Why nothing arrives from a daemon: unknown host, closed ports, another program, or keys that do not match.

Connects to the ports as any client may, reads the greeting of ZeroMQ, and hangs up. Sends no request.
"""

import socket
import sys
from typing import NamedTuple

PROBE_S = 1.0
"""How long a port has for its greeting, s."""
CONNECT_S = 3.0 if sys.platform == "win32" else PROBE_S
"""How long a port has to accept or refuse, s: Windows tries a closed port three times, which takes 2 s."""
GREETING = b"\xff" + bytes(8) + b"\x7f\x03"
"""Signature and version of ZMTP 3; a ZeroMQ peer answers with its security mechanism before it needs to know ours."""
SIGNATURE_BYTES = (0, 9)
"""Offsets of the two fixed bytes in a greeting."""
MECHANISM = slice(12, 32)
"""Where the mechanism's name is in a greeting."""
NULL, CURVE = "NULL", "CURVE"


class Silence(NamedTuple):
    """
    Why a daemon is silent.

    Attributes:
        text: The reason, a sentence without its full stop.
        fix: What mends it.
        absent: Whether no program has the ports: a daemon may start there at any time.
    """

    text: str
    fix: str
    absent: bool = False

    def __str__(self) -> str:
        return f"{self.text}; {self.fix}"


def explain_silence(host: str, port: int, *, keys: bool) -> Silence:
    """
    Explain why no daemon answers.

    Takes at most about `CONNECT_S` and `PROBE_S` for each port, and as long as the name needs.

    Args:
        host: Name or address of the daemon's machine.
        port: Its frame port; requests go to the next one.
        keys: Whether the client uses keys.
    """
    try:
        socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):  # UnicodeError: the name is too long for a host
        return Silence(f"the host name {host} is not known", "check --connect, or give the machine's address")
    for each in (port + 1, port):
        try:
            with socket.create_connection((host, each), timeout=CONNECT_S) as peer:
                peer.settimeout(PROBE_S)
                return explain_greeting(each, host, _read_mechanism(peer), keys=keys)
        except ConnectionRefusedError:
            continue
        except OSError as error:
            text = f"{host} port {each} cannot be reached: {error.strerror or error}"
            return Silence(text, "check --connect, the network and the firewall")
    text = f"none runs at {host}:{port}, and ports {port} and {port + 1} are free"
    return Silence(text, "start acbridge-daemon", absent=True)


def explain_greeting(port: int, host: str, mechanism: str | None, *, keys: bool) -> Silence:
    """
    Explain why a program listens and does not answer.

    Args:
        port: Port that the program listens on.
        host: Machine of the program.
        mechanism: Its ZeroMQ security mechanism; ``None`` if it is not a ZeroMQ peer.
        keys: Whether the client uses keys.
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
    return Silence(text, fix)


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
