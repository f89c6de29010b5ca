"""
CURVE keys: the files that hold them, and a client's use of its own.

The file format is that of pyzmq and CZMQ (``zmq.auth``): NAME.key holds a public key, NAME.key_secret a public and a
secret key. A secret key is readable by its owner alone, is never overwritten and never shown. Imports zmq for its
cryptography; opens no socket.
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
"""Name of the daemon's own key."""
CLIENTS = "clients"
"""Folder inside the daemon's key directory with the public keys of the clients that may connect."""
PUBLIC, SECRET = ".key", ".key_secret"
MAX_FILE_BYTES = 4096
"""Size of the largest file that may be one of ours, which have 300 bytes."""
KEY_BYTES = 32
"""Size of a Curve25519 key."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")
_ROLE = re.compile(r'^[ \t]*role[ \t]*=[ \t]*"?(\w*)"?[ \t]*$', re.MULTILINE)


class Role(StrEnum):
    """What a client's key allows."""

    OBSERVER = "observer"
    """Subscribe, and send requests that change nothing."""
    OPERATOR = "operator"
    """Subscribe, and send every request."""


_FORMER_NAMES = {"driver": Role.OPERATOR}
"""Roles by the names that older key files have."""


@dataclass(frozen=True, slots=True)
class Keys:
    """
    The keys that a client needs to connect to a daemon with keys, as z85 text.

    Attributes:
        public: The client's public key, by which the daemon identifies it.
        secret: The client's secret key; ``repr`` does not show it.
        server: The daemon's public key, which proves that the daemon is the right one.
    """

    public: bytes
    secret: bytes = field(repr=False)
    server: bytes

    @classmethod
    def load(cls, secret_file: str | Path, server_public_file: str | Path) -> Self:
        """
        Read the two files that a client needs.

        Args:
            secret_file: The client's NAME.key_secret.
            server_public_file: The daemon's server.key.

        Raises:
            KeyFileError: A file is missing or is not the one that is needed, or others may read the secret key.
            CurveMissing: This libzmq cannot encrypt.
        """
        public, secret = load_secret(Path(secret_file))
        return cls(public, secret, load_public(Path(server_public_file)))

    @classmethod
    def load_pair(cls, secret_file: Path | None, server_public_file: Path | None) -> Self | None:
        """
        Read the two files if the user gave both; return ``None`` if the user gave neither.

        Raises:
            ValueError: The user gave one of the two.
            KeyFileError: As :meth:`load`.
            CurveMissing: As :meth:`load`.
        """
        if secret_file is None and server_public_file is None:
            return None
        if secret_file is None or server_public_file is None:
            raise ValueError("--key and --server-key go together: our own secret key and the daemon's public key")
        return cls.load(secret_file, server_public_file)

    def apply(self, socket: "zmq.Socket[bytes]") -> None:
        """Set the keys on a socket that is not connected yet."""
        socket.curve_publickey = self.public
        socket.curve_secretkey = self.secret
        socket.curve_serverkey = self.server


def check_curve() -> None:
    """
    Make sure that this libzmq can encrypt.

    Raises:
        CurveMissing: libzmq was built without CURVE.
    """
    if not zmq.has("curve"):
        raise CurveMissing


def load_public(path: Path) -> bytes:
    """
    Return the public key of a NAME.key file.

    Raises:
        KeyFileError: The file is missing or damaged, or holds a secret key, which does not belong there, or users other
            than its owner may write it.
    """
    public, secret = _load(path)
    if secret is not None:
        raise KeyFileError(
            path, f"this file holds a secret key, which must stay where it is used; give {path.stem}.key"
        )
    check_writers(path)
    return public


def load_secret(path: Path) -> tuple[bytes, bytes]:
    """
    Return the public and the secret key of a NAME.key_secret file.

    Raises:
        KeyFileError: The file is missing or damaged, holds no secret key, or others may read it.
        CurveMissing: This libzmq cannot encrypt.
    """
    check_curve()
    public, secret = _load(path)
    if secret is None:
        raise KeyFileError(path, f"this file holds no secret key; give {path.stem}{SECRET}")
    if sys.platform != "win32" and stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise KeyFileError(path, f"users other than its owner may read this secret key; run: chmod 600 {path}")
    if zmq.curve_public(secret) != public:
        raise KeyFileError(path, "its two keys do not belong together; make a new pair")
    return public, secret


def load_role(path: Path) -> tuple[Role, str]:
    """
    Return the role in the metadata of a client's NAME.key file, and the word that the file has for it.

    The two differ where a file has the former name of a role.

    Raises:
        KeyFileError: The metadata names no role, or an unknown one.
    """
    found = _ROLE.search(_read(path))
    written = found[1] if found else ""
    try:
        return _FORMER_NAMES.get(written) or Role(written), written
    except ValueError:
        roles = " or ".join(f'role = "{role}"' for role in Role)
        raise KeyFileError(path, f"its metadata names no role; write {roles} under metadata") from None


def generate_server(directory: str | Path) -> Path:
    """
    Make the daemon's own pair of keys in its key directory.

    ``server.key_secret`` stays there; every client needs a copy of ``server.key``.

    Returns:
        The path of ``server.key``.

    Raises:
        KeyExists: There is a key already: a new one would shut out every client.
        CurveMissing: This libzmq cannot encrypt.
    """
    directory = Path(directory)
    _write_pair(directory / f"{SERVER}{PUBLIC}", directory / f"{SERVER}{SECRET}", "")
    return directory / f"{SERVER}{PUBLIC}"


def generate_client(directory: str | Path, name: str, role: str) -> Path:
    """
    Make a pair of keys for a client, and add the public one to the daemon's clients.

    ``clients/NAME.key`` stays in the directory and admits the client, after a reload. ``NAME.key_secret`` is to be
    moved to the client's machine; the daemon never reads it.

    Args:
        directory: The daemon's key directory.
        name: Name of the client in the daemon's log: letters, digits, - and _, at most 32.
        role: ``observer`` or ``operator``.

    Returns:
        The path of ``NAME.key_secret``.

    Raises:
        KeyExists: There is a key of that name already.
        KeyFileError: The name or the role is not allowed, or a file cannot be written.
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
    _read(path)  # its errors say better than those of zmq.auth what is wrong
    try:
        public, secret = load_certificate(path)
    except ValueError:
        raise KeyFileError(path, "this is not a key file; it has no public-key") from None
    if not all(_is_key(key) for key in (public, secret) if key is not None):
        raise KeyFileError(path, "a key in it is damaged; copy the file again")
    return public, secret


def check_writers(path: Path) -> None:
    """
    Make sure that only its owner may write a file or folder of keys.

    Raises:
        KeyFileError: Its group or all users may.
    """
    if sys.platform != "win32" and stat.S_IMODE(path.stat().st_mode) & 0o022:
        raise KeyFileError(path, f"users other than its owner may write here, and admit themselves; chmod go-w {path}")


def _read(path: Path) -> str:
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))  # a named pipe would keep us waiting
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise KeyFileError(path, "this is not a key file; it is no ordinary file")
            content = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise KeyFileError(path, f"cannot be read: {error.strerror}") from error
    if len(content) > MAX_FILE_BYTES:
        raise KeyFileError(path, "this is not a key file; it is too long")
    try:
        return content.decode().replace("\r\n", "\n")  # as written on Windows
    except UnicodeDecodeError:
        raise KeyFileError(path, "this is not a key file; it is not text") from None


def _is_key(key: bytes) -> bool:
    try:
        return len(z85.decode(key)) == KEY_BYTES
    except (KeyError, ValueError):
        return False


def _write_pair(public_file: Path, secret_file: Path, metadata: str) -> None:
    """
    Write a new pair of keys in the format of zmq.auth.

    The writer of zmq.auth restricts a secret file only after writing it, so anyone can read it for a moment.
    """
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
            for half in made:  # one key of a pair is of no use, and would block the next try
                half.unlink(missing_ok=True)
            raise KeyFileError(path, f"cannot be written: {error.strerror}") from error
