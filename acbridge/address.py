"""The address of a daemon as people write it. Opens nothing and resolves no name."""

import re

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 5555
"""Frames are published here; requests are answered on the next port."""
LAST_PORT = 65534
"""The highest port that has a next one."""

_ADDRESS = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<host>[\w.-]+))(?::(?P<port>\d{1,5}))?")


def parse_address(text: str) -> tuple[str, int]:
    """
    Return host and port of ``HOST`` or ``HOST:PORT``; an IPv6 address goes in brackets.

    Raises:
        ValueError: The text is neither; the message shows a valid address.
    """
    found = _ADDRESS.fullmatch(text)
    port = int(found["port"] or DEFAULT_PORT) if found else 0
    if found is None or not 1 <= port <= LAST_PORT:
        raise ValueError(f"{text!r} is not HOST or HOST:PORT, such as 192.168.1.20:5555 or [::1]:5555")
    return found["host"] or found["v6"], port
