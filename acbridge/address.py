"""Addresses of daemons and machines as people write them. Pure: opens nothing and resolves no name."""

import re
from ipaddress import ip_address

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 5555
"""Port of the frames; requests go to the next one."""
LAST_PORT = 65534
"""The highest port that has a next one."""

_ADDRESS = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<host>[\w.-]+))(?::(?P<port>\d{1,5}))?")
_AUTHORITY = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[\w.-]+)(?::\d{1,5})?", re.ASCII)


def parse_address(text: str) -> tuple[str, int]:
    """
    Return host and port of ``HOST`` or ``HOST:PORT``; an IPv6 address is written in brackets.

    Raises:
        ValueError: The text is neither; the error shows what to write.
    """
    found = _ADDRESS.fullmatch(text)
    port = int(found["port"] or DEFAULT_PORT) if found else 0
    if found is None or not 1 <= port <= LAST_PORT:
        raise ValueError(f"{text!r} is not HOST or HOST:PORT, such as 192.168.1.20:5555 or [::1]:5555")
    return found["host"] or found["v6"], port


def host_of(authority: str) -> str:
    """Return the host in a ``Host`` header of HTTP, without port and brackets, lower case; empty if it names none."""
    found = _AUTHORITY.fullmatch(authority)
    return found["host"].strip("[]").lower() if found else ""


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine itself: ``localhost``, or an address in 127.0.0.0/8 or ::1."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:  # the name of a machine
        return False
