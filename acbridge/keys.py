"""
Keys: the files that hold them, and what a client does with its own.

The files are those of pyzmq and CZMQ (``zmq.auth``): NAME.key holds a public key, NAME.key_secret both halves. A
secret is written so that nobody but its owner can read it, is never overwritten, and is shown nowhere. Beside
`client` and `subscription` the only file of the library that imports zmq; it opens no socket.
"""

import os
import re
import stat
import sys
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Self

import zmq
from zmq.auth import load_certificate  # pyright: ignore[reportUnknownVariableType]  its PathLike is bare
from zmq.utils import z85

from acbridge.errors import CurveMissing, KeyExists, KeyFileError

SERVER = "server"
"""The name of the daemon's own key."""
CLIENTS = "clients"
"""The folder, inside the daemon's directory of keys, with the public keys of those who may connect."""
PUBLIC, SECRET = ".key", ".key_secret"

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")
_ROLE = re.compile(r'^[ \t]*role[ \t]*=[ \t]*"?(\w*)"?[ \t]*$', re.MULTILINE)


class Role(StrEnum):
    """What the holder of a key may do."""

    OBSERVER = "observer"
    """Subscribe, and ask what changes nothing."""
    DRIVER = "driver"
    """Everything."""


@dataclass(frozen=True, slots=True)
class Keys:
    """
    What a client needs to reach a daemon that has keys; z85 text.

    Attributes:
        public: Its own public key, by which the daemon knows it.
        secret: Its own secret key; not shown by ``repr``.
        server: The daemon's public key: nobody else can pose as that daemon.
    """

    public: bytes
    secret: bytes = field(repr=False)
    server: bytes

    @classmethod
    def load(cls, secret_file: str | Path, server_public_file: str | Path) -> Self:
        """
        Read the two files that a client needs.

        Args:
            secret_file: Its own NAME.key_secret.
            server_public_file: The daemon's server.key.

        Raises:
            KeyFileError: A file is missing, is not the one that is needed, or others may read the secret.
            CurveMissing: This libzmq cannot encrypt.
        """
        public, secret = load_secret(Path(secret_file))
        return cls(public, secret, load_public(Path(server_public_file)))

    @classmethod
    def load_pair(cls, secret_file: Path | None, server_public_file: Path | None) -> Self | None:
        """
        Read the keys of a user who may have given none.

        Raises:
            ValueError: One of the two is missing.
            KeyFileError: As :meth:`load`.
            CurveMissing: As :meth:`load`.
        """
        if secret_file is None and server_public_file is None:
            return None
        if secret_file is None or server_public_file is None:
            raise ValueError("--key and --server-key go together: our own secret key and the daemon's public one")
        return cls.load(secret_file, server_public_file)

    def apply(self, socket: "zmq.Socket[bytes]") -> None:
        """Let a socket that is not connected yet use them."""
        socket.curve_publickey = self.public
        socket.curve_secretkey = self.secret
        socket.curve_serverkey = self.server


def check_curve() -> None:
    """
    Make sure that this libzmq can encrypt.

    Raises:
        CurveMissing: It was built without.
    """
    if not zmq.has("curve"):
        raise CurveMissing


def load_public(path: Path) -> bytes:
    """
    Return the public key of a NAME.key file.

    Raises:
        KeyFileError: It is missing, damaged, or holds a secret that has no business there.
    """
    public, secret = _load(path)
    if secret is not None:
        raise KeyFileError(
            path, f"this file holds a secret key, which must stay where it is used; give {path.stem}.key"
        )
    return public


def load_secret(path: Path) -> tuple[bytes, bytes]:
    """
    Return the public and the secret key of a NAME.key_secret file.

    Raises:
        KeyFileError: It is missing or damaged, holds no secret, or others may read it.
        CurveMissing: This libzmq cannot encrypt.
    """
    check_curve()
    public, secret = _load(path)
    if secret is None:
        raise KeyFileError(path, f"this file holds no secret key; give {path.stem}{SECRET}")
    if sys.platform != "win32" and stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise KeyFileError(path, f"others than its owner may use this secret key; run: chmod 600 {path}")
    if zmq.curve_public(secret) != public:
        raise KeyFileError(path, "its two keys do not belong together; make a new pair")
    return public, secret


def load_role(path: Path) -> Role:
    """
    Return the role in the metadata of a client's NAME.key file.

    Raises:
        KeyFileError: It says none, or one that there is not.
    """
    said = _ROLE.search(_read(path))
    try:
        return Role(said[1] if said else "")
    except ValueError:
        roles = " or ".join(f'role = "{role}"' for role in Role)
        raise KeyFileError(path, f"its metadata names no role; write {roles} under metadata") from None


def generate_server(directory: str | Path) -> Path:
    """
    Make the daemon's own pair of keys in its directory of keys.

    ``server.key_secret`` stays there; ``server.key`` is what every client needs a copy of.

    Returns:
        The path of ``server.key``.

    Raises:
        KeyExists: There is one already: a new one would shut out every client.
        CurveMissing: This libzmq cannot encrypt.
    """
    directory = Path(directory)
    _write_pair(directory / f"{SERVER}{PUBLIC}", directory / f"{SERVER}{SECRET}", "")
    return directory / f"{SERVER}{PUBLIC}"


def generate_client(directory: str | Path, name: str, role: str) -> Path:
    """
    Make a pair of keys for a client, and let the daemon know the public one.

    ``clients/NAME.key`` stays in the directory: it is what lets the client in, after a reload. ``NAME.key_secret``
    is to be moved to the client's machine; the daemon never reads it.

    Args:
        directory: The daemon's directory of keys.
        name: By what the daemon's log calls the client: letters, digits, - and _, at most 32.
        role: ``observer`` or ``driver``.

    Returns:
        The path of ``NAME.key_secret``.

    Raises:
        KeyExists: There is one of that name already.
        KeyFileError: The name or the role cannot be.
        CurveMissing: This libzmq cannot encrypt.
    """
    directory = Path(directory)
    public, secret = directory / CLIENTS / f"{name}{PUBLIC}", directory / f"{name}{SECRET}"
    if not _NAME.fullmatch(name) or name == SERVER:
        raise KeyFileError(public, f"a client's name has letters, digits, - and _, at most 32, and is not {SERVER}")
    if role not in list(Role):
        raise KeyFileError(public, f"a role is {' or '.join(Role)}, not {role!r}")
    _write_pair(public, secret, f'    role = "{role}"\n')
    return secret


def _load(path: Path) -> tuple[bytes, bytes | None]:
    _read(path)  # tells better than zmq.auth what is wrong
    try:
        public, secret = load_certificate(path)
    except ValueError:
        raise KeyFileError(path, "this is no key file; it has no public-key") from None
    if not all(_is_key(key) for key in (public, secret) if key is not None):
        raise KeyFileError(path, "a key in it is damaged; copy the file again")
    return public, secret


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise KeyFileError(path, f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError:
        raise KeyFileError(path, "this is no key file; it is not text") from None


def _is_key(key: bytes) -> bool:
    try:
        return len(z85.decode(key)) == 32  # noqa: PLR2004  bytes of a Curve25519 key
    except (KeyError, ValueError):
        return False


def _write_pair(public_file: Path, secret_file: Path, metadata: str) -> None:
    """Write a new pair in the format of zmq.auth, whose own writer shows a secret to all until it is told not to."""
    check_curve()
    for path in (public_file, secret_file):
        if path.exists():
            raise KeyExists(path)
    made: list[Path] = []
    public, secret = (key.decode() for key in zmq.curve_keypair())
    text = f'metadata\n{metadata}curve\n    public-key = "{public}"\n'
    for path, banner, key, mode in (
        (secret_file, "SECRET: leave it to its owner alone", f'    secret-key = "{secret}"\n', 0o600),
        (public_file, "public: anyone may read it", "", 0o644),
    ):
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
            made.append(path)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(f"# A ZeroMQ CURVE key of acbridge, {banner}.\n\n{text}{key}")
        except OSError as error:
            if path not in made and path.exists():
                raise KeyExists(path) from None
            for half in made:  # one key of a pair is of no use, and would be in the way
                half.unlink(missing_ok=True)
            raise KeyFileError(path, f"cannot be written: {error.strerror}") from error
