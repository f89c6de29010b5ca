"""
Access control: the daemon's keys and roles, and the ZAP handler that admits or refuses each connection.

libzmq sends its ZAP requests (RFC 27) from its I/O thread and serves other connections until the reply comes. The
service's loop polls the handler's socket beside the other two, so no second thread shares the list of peers. This
module never shows or logs a secret key, and refuses a connection when in doubt.
"""

import time
from dataclasses import dataclass
from pathlib import Path

import structlog
import zmq
from zmq.utils import z85

from acbridge.address import is_loopback
from acbridge.errors import KeyFileError
from acbridge.keys import CLIENTS, PUBLIC, SECRET, SERVER, Role, check_writers, load_public, load_role, load_secret

ZAP_ENDPOINT = "inproc://zeromq.zap.01"
"""Where libzmq sends ZAP requests; RFC 27 fixes the name."""
ZAP_DOMAIN = b"acbridge"
CURVE_BYTES = 33
"""Bytes that encryption adds to each part of a message; libzmq counts them in its limit on message sizes."""
MIN_MESSAGE_BYTES = 1024
"""The smallest limit on message sizes that works: the CURVE handshake needs 257 bytes."""
BAN_S = 60.0
"""How long a peer that was cut is refused."""
MAX_CONNECTIONS = 1000
"""Connections to both ports together; a further one is refused for now and tries again."""

_REQUEST_PARTS = 8
"""Fewest parts of a ZAP request: identity, delimiter, version, id, domain, address, routing id, mechanism."""


@dataclass(frozen=True, slots=True)
class Peer:
    """
    A client that may connect.

    Attributes:
        name: Name of its key file, without the suffix.
        role: What its key allows.
    """

    name: str
    role: Role


ANYONE = Peer("anyone", Role.OPERATOR)
"""Stands for every client of a daemon without keys."""


class Keyring:
    """
    The daemon's own keys and the public keys of the clients that may connect.

    Attributes:
        secret: The daemon's secret key.
        problems: Why some client keys could not be used when they were last read; their holders cannot connect.
    """

    def __init__(self, directory: Path) -> None:
        """
        Read the keys.

        Raises:
            KeyFileError: A file is missing or cannot be used, or there is no client key.
            CurveMissing: This libzmq cannot encrypt.
        """
        self._directory = directory
        self._log = structlog.get_logger()
        self.secret = _load_server_secret(directory)
        self._peers, problems = self._load_peers()
        if problems:
            raise problems[0]
        if not self._peers:
            raise KeyFileError(directory / CLIENTS, "there is no client key, so no client could connect; " + _KEYGEN)
        self.problems: list[str] = []

    def find(self, public: bytes) -> Peer | None:
        """Return the client with a public key (z85); ``None`` if it may not connect."""
        return self._peers.get(public)

    @property
    def roles(self) -> dict[str, str]:
        """Role of every client that may connect, by name."""
        return {peer.name: peer.role.value for peer in self._peers.values()}

    def log_peers(self) -> None:
        """Log which clients may connect."""
        self._log.info("keys_loaded", directory=str(self._directory), clients=self.roles)

    def reload(self) -> bool:
        """
        Read the client keys again; return whether a client was removed.

        A file that cannot be used shuts out its holder and affects no other client. The daemon's own key stays.
        """
        before = self._peers
        self._peers, problems = self._load_peers()
        self.problems = [str(problem) for problem in problems]
        if not self._peers:  # as at start: a daemon that no client can reach is of no use
            self._peers = before
            self.problems.append(f"{self._directory / CLIENTS}: there is no client key, so the list stays as it was")
        for problem in self.problems:
            self._log.error("key_not_loaded", problem=problem)
        self.log_peers()
        return bool(before.keys() - self._peers.keys())

    def _load_peers(self) -> tuple[dict[bytes, Peer], list[KeyFileError]]:
        """Return the clients that may connect, by public key, and what is wrong with files that cannot be used."""
        peers: dict[bytes, Peer] = {}
        problems: list[KeyFileError] = []
        try:
            check_writers(self._directory / CLIENTS)
        except FileNotFoundError:
            return peers, problems
        except KeyFileError as problem:
            return peers, [problem]
        for path in sorted((self._directory / CLIENTS).glob(f"*{PUBLIC}")):
            try:
                public, (role, written) = load_public(path), load_role(path)
            except KeyFileError as problem:
                problems.append(problem)
                continue
            if public in peers:
                problems.append(KeyFileError(path, f"this is {peers[public].name}'s key; remove one of the two files"))
                continue
            peers[public] = Peer(path.stem, role)
            if written != role:
                self._log.warning("role_renamed", file=str(path), role=written, fix=f'write role = "{role}"')
        return peers, problems


class ZapHandler:
    """
    ZAP handler: admits clients whose key is in the keyring, or everyone without one, up to MAX_CONNECTIONS.

    Attributes:
        keyring: The keys; ``None`` if everyone may connect.
        connections: How many clients have connected and greeted; set by the service, which counts them.
        socket: Readable when libzmq has sent a request.
    """

    def __init__(self, context: "zmq.Context[zmq.Socket[bytes]]", keyring: Keyring | None) -> None:
        """Bind the ZAP endpoint; do this before the sockets that the handler protects are bound."""
        self.keyring = keyring
        self.connections = 0
        self._banned: dict[str, float] = {}
        self._log = structlog.get_logger()
        self.socket = context.socket(zmq.ROUTER)
        self.socket.linger = 0
        self.socket.bind(ZAP_ENDPOINT)

    def protect(self, socket: "zmq.Socket[bytes]") -> None:
        """Make libzmq ask this handler about every connection to a socket that is not bound yet."""
        if self.keyring is not None:
            socket.curve_server = True
            socket.curve_secretkey = self.keyring.secret
        socket.zap_domain = ZAP_DOMAIN
        socket.set(zmq.ZAP_ENFORCE_DOMAIN, 1)  # without it, libzmq admits everyone when no handler answers

    def sender(self, part: zmq.Frame) -> Peer | None:
        """Return the client that sent a message part; ``None`` if its key was removed since it connected."""
        return ANYONE if self.keyring is None else self.keyring.find(str(part.get("User-Id")).encode())

    def ban(self, part: zmq.Frame) -> None:
        """
        Refuse the sender of a message part for a minute: its key, or without keys its address.

        This machine's own address is not refused: all programs on it have the same.
        """
        now, address = time.monotonic(), str(part.get("Peer-Address"))
        peer = self.sender(part)
        self._banned = {banned: until for banned, until in self._banned.items() if until > now}
        if self.keyring is not None:
            self._banned[str(part.get("User-Id"))] = now + BAN_S
        elif not is_loopback(address):
            self._banned[address] = now + BAN_S
        self._log.warning("peer_cut", reason="too_many_subscriptions", address=address, key=peer and peer.name)

    def _why_not(self, peer: Peer | None, banned: str) -> str | None:
        """Return why a peer cannot connect now; ``None`` if it can."""
        if peer is None:
            return "key_unknown"
        if self.connections >= MAX_CONNECTIONS:
            return "too_many_connections"
        return "cut_a_moment_ago" if time.monotonic() < self._banned.get(banned, 0.0) else None

    def answer(self) -> bool:
        """Answer one ZAP request if there is one; return whether there was."""
        try:
            request = self.socket.recv_multipart(zmq.NOBLOCK)
        except zmq.Again:
            return False
        if len(request) < _REQUEST_PARTS:
            return True  # malformed; without a reply the connection is not admitted
        identity, delimiter, version, number, _, address, _, mechanism, *credentials = request
        if mechanism != (b"NULL" if self.keyring is None else b"CURVE"):
            return True  # not a mechanism of our sockets
        public = z85.encode(credentials[0]) if self.keyring is not None else b""
        peer = ANYONE if self.keyring is None else self.keyring.find(public)
        where = address.decode("ascii", "replace")
        reason = self._why_not(peer, where if self.keyring is None else public.decode())
        # Status 300 means a temporary failure: the client tries again every two seconds, and is admitted once its key
        # is known. After a 400 it would have to be restarted.
        status = (b"200", b"OK", public) if reason is None else (b"300", reason.encode(), b"")
        self.socket.send_multipart((identity, delimiter, version, number, *status, b""))
        if reason is not None:
            self._log.warning("peer_refused", reason=reason, address=where, public_key=public.decode())
        elif peer is not None and self.keyring is not None:
            self._log.info("peer_admitted", key=peer.name, role=peer.role, address=where)
        return True


def _load_server_secret(directory: Path) -> bytes:
    path = directory / f"{SERVER}{SECRET}"
    if directory.is_dir() and not path.exists():
        raise KeyFileError(path, "the daemon's own key is missing; " + _KEYGEN)
    _, secret = load_secret(path)
    return secret


_KEYGEN = "make one with acbridge-ctl keygen, see docs/guides/security.md"
