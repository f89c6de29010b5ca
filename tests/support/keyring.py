"""A daemon's directory of keys, and the keys of the clients that it admits."""

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

    def add(self, name: str, role: str = "operator") -> Keys:
        """Make a client's keys, admit the client, and return its `Keys`."""
        return Keys.load(generate_client(self.directory, name, role), self.server)

    def public_file(self, name: str) -> Path:
        return self.directory / "clients" / f"{name}.key"

    def secret_file(self, name: str) -> Path:
        return self.directory / f"{name}.key_secret"


def stranger(server: bytes) -> Keys:
    """Return valid keys that no daemon has."""
    return Keys(*zmq.curve_keypair(), server)
