"""
Who may connect and what they may do: the daemon's keys, and the answers to libzmq when it asks.

libzmq asks over ZAP (RFC 27) from its I/O thread and serves its other connections until the answer comes. So the
service's loop answers, which polls this socket beside the other two: no second thread, and the list of peers belongs
to one. It never shows or logs a secret, and lets nobody in when in doubt.
"""

from dataclasses import dataclass
from pathlib import Path

import structlog
import zmq
from zmq.utils import z85

from acbridge.errors import KeyFileError
from acbridge.keys import CLIENTS, PUBLIC, SECRET, SERVER, Role, load_public, load_role, load_secret

ZAP_ENDPOINT = "inproc://zeromq.zap.01"
"""Where libzmq asks, in every program that binds this."""
DOMAIN = b"acbridge"
CURVE_BYTES = 33
"""What encryption adds to each part of a message, which the limits on messages count."""
MIN_MESSAGE_BYTES = 1024
"""The handshake needs 257; a lower limit would shut out everybody."""
MOST = 1000
"""Connections to both ports together; one more is told to come back later."""

_QUESTION = 8
"""Parts of a question at least: identity, delimiter, version, id, domain, address, routing id, mechanism."""


@dataclass(frozen=True, slots=True)
class Peer:
    """
    Somebody who may connect.

    Attributes:
        name: What the file of the key is called.
        role: What the holder may do.
    """

    name: str
    role: Role


EVERYBODY = Peer("everybody", Role.DRIVER)
"""Who connects where there are no keys."""


class Keyring:
    """
    The daemon's keys, and the list of those whom it lets in.

    Attributes:
        secret: The daemon's own.
        problems: Why some files in the list could not be used when it was last read; their holders stay outside.
    """

    def __init__(self, directory: Path) -> None:
        """
        Read the keys.

        Raises:
            KeyFileError: A file is missing or cannot be used, or nobody could connect.
            CurveMissing: This libzmq cannot encrypt.
        """
        self._directory = directory
        self._log = structlog.get_logger()
        self.secret = _load_server_secret(directory)
        self._peers, problems = _load_peers(directory)
        if problems:
            raise problems[0]
        if not self._peers:
            raise KeyFileError(directory / CLIENTS, "no client's key is here, so nobody could connect; " + _MAKE)
        self.problems: list[str] = []

    def find(self, public: bytes) -> Peer | None:
        """Return who has a public key (z85); ``None`` if nobody whom we let in."""
        return self._peers.get(public)

    @property
    def roles(self) -> dict[str, str]:
        """Everybody who may connect, by name."""
        return {peer.name: peer.role.value for peer in self._peers.values()}

    def log_peers(self) -> None:
        """Log who may connect."""
        self._log.info("keys_loaded", directory=str(self._directory), clients=self.roles)

    def reload(self) -> bool:
        """
        Read again who may connect, and return whether somebody no longer may.

        A file that cannot be used shuts its holder out; the others are not affected. The daemon's own key stays.
        """
        before = self._peers
        self._peers, problems = _load_peers(self._directory)
        self.problems = [str(problem) for problem in problems]
        if not self._peers:  # as at start: a daemon that nobody can reach helps nobody
            self._peers = before
            self.problems.append(f"{self._directory / CLIENTS}: no client's key is here, so the list stays as it was")
        for problem in self.problems:
            self._log.error("key_not_loaded", problem=problem)
        self.log_peers()
        return bool(before.keys() - self._peers.keys())


class Gate:
    """
    Answers libzmq when it asks who may connect: with keys those on the ring, without everybody, up to a number.

    Attributes:
        keyring: The keys; ``None`` if everybody may connect.
        connections: How many are connected now; set by whoever counts them.
        socket: For the loop to poll.
    """

    def __init__(self, context: "zmq.Context[zmq.Socket[bytes]]", keyring: Keyring | None) -> None:
        """Begin to answer; the sockets to be guarded are bound afterwards."""
        self.keyring = keyring
        self.connections = 0
        self._log = structlog.get_logger()
        self.socket = context.socket(zmq.ROUTER)
        self.socket.linger = 0
        self.socket.bind(ZAP_ENDPOINT)

    def guard(self, socket: "zmq.Socket[bytes]") -> None:
        """Let nobody reach a socket that is not bound yet but through this gate."""
        if self.keyring is not None:
            socket.curve_server = True
            socket.curve_secretkey = self.keyring.secret
        socket.zap_domain = DOMAIN
        socket.set(zmq.ZAP_ENFORCE_DOMAIN, 1)  # were nobody to answer, libzmq would let everybody in

    def peer(self, part: zmq.Frame) -> Peer | None:
        """Return who sent a part of a message; ``None`` if that key was removed since it connected."""
        return EVERYBODY if self.keyring is None else self.keyring.find(str(part.get("User-Id")).encode())

    def answer(self) -> bool:
        """Answer libzmq once if it asks about somebody; return whether it did."""
        try:
            question = self.socket.recv_multipart(zmq.NOBLOCK)
        except zmq.Again:
            return False
        if len(question) < _QUESTION:
            return True  # no question of ZAP: no answer lets nobody in
        identity, delimiter, version, number, _, address, _, mechanism, *credentials = question
        if mechanism != (b"NULL" if self.keyring is None else b"CURVE"):
            return True  # which our sockets do not speak
        public = z85.encode(credentials[0]) if self.keyring is not None else b""
        peer = EVERYBODY if self.keyring is None else self.keyring.find(public)
        reason = "key_unknown" if peer is None else "too_many_connections" if self.connections > MOST else None
        # 300 means "not now": the client tries again every two seconds, and is let in once its key is known. After a
        # 400 it would have to be restarted.
        status = (b"200", b"OK", public) if reason is None else (b"300", reason.encode(), b"")
        self.socket.send_multipart((identity, delimiter, version, number, *status, b""))
        where = address.decode("ascii", "replace")
        if reason is not None:
            self._log.warning("peer_refused", reason=reason, address=where, public_key=public.decode())
        elif peer is not None and self.keyring is not None:
            self._log.info("peer_admitted", key=peer.name, role=peer.role, address=where)
        return True


def _load_server_secret(directory: Path) -> bytes:
    path = directory / f"{SERVER}{SECRET}"
    if directory.is_dir() and not path.exists():
        raise KeyFileError(path, "the daemon's own key is not here; " + _MAKE)
    _, secret = load_secret(path)
    return secret


def _load_peers(directory: Path) -> tuple[dict[bytes, Peer], list[KeyFileError]]:
    """Return who may connect, by public key, and what is wrong with the files that cannot be used."""
    peers: dict[bytes, Peer] = {}
    problems: list[KeyFileError] = []
    for path in sorted((directory / CLIENTS).glob(f"*{PUBLIC}")):
        try:
            public, peer = load_public(path), Peer(path.stem, load_role(path))
        except KeyFileError as problem:
            problems.append(problem)
            continue
        if public in peers:
            problems.append(KeyFileError(path, f"this is {peers[public].name}'s key; remove one of the two files"))
        else:
            peers[public] = peer
    return peers, problems


_MAKE = "acbridge-ctl keygen makes one, see docs/guides/security.md"
