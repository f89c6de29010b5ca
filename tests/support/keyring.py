"""A daemon's directory of keys, and the keys of those it lets in."""

from pathlib import Path

import zmq

from acbridge.keys import Keys, generate_client, generate_server


class Keyring:
    """
    A new directory of keys.

    Attributes:
        directory: For ``--keys``.
        server: The daemon's public key file.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.server = generate_server(directory)

    def add(self, name: str, role: str = "driver") -> Keys:
        """Make a client's keys and return what it needs."""
        return Keys.load(generate_client(self.directory, name, role), self.server)

    def public_file(self, name: str) -> Path:
        return self.directory / "clients" / f"{name}.key"

    def secret_file(self, name: str) -> Path:
        return self.directory / f"{name}.key_secret"


def stranger(server: bytes) -> Keys:
    """Return good keys that no daemon knows."""
    return Keys(*zmq.curve_keypair(), server)
