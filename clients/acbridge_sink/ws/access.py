"""
Access checks of a request: `Host`, `Origin` and token.

A browser lets any page that it shows connect to our port, so a loopback address proves nothing. Opens no socket.
"""

import hmac
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import parse_qs

from acbridge.address import host_of, is_loopback

MIN_TOKEN = 16
"""Characters; shorter ones can be guessed."""


class Refused(Exception):  # noqa: N818  the name says what happened
    """A request is refused."""

    def __init__(self, status: HTTPStatus, reason: str) -> None:
        self.status = status
        self.reason = reason
        super().__init__(status, reason)


@dataclass(frozen=True, slots=True)
class Access:
    """
    The rules of one relay.

    Attributes:
        host: The address that the relay listens on.
        token: The token that every client must give; ``None`` on loopback only.
    """

    host: str
    token: str | None = None

    def check_host(self, headers: Mapping[str, str]) -> None:
        """
        Refuse a request that was meant for another name.

        A page of a stranger may have its own name resolved to our address, and is then "same origin" with us; but its
        requests carry that name.

        Raises:
            Refused: The ``Host`` is neither a loopback name nor ours.
        """
        host = host_of(headers.get("Host", ""))
        if not (host == self.host.lower() or is_loopback(host) or (self._any_address and _is_address(host))):
            raise Refused(HTTPStatus.FORBIDDEN, "this relay does not answer to that Host; use the address it printed")

    def check_client(self, headers: Mapping[str, str], query: str) -> None:
        """
        Refuse a client that is another site's page, or lacks the token.

        Raises:
            Refused: ``Origin`` is there and not our own page, or the token is not the right one.
        """
        origin = headers.get("Origin")
        if origin is not None and origin.lower() not in _origins(headers.get("Host", "").lower()):
            raise Refused(HTTPStatus.FORBIDDEN, "this relay serves its own page only, not that Origin")
        if self.token is not None and not hmac.compare_digest(_given(headers, query), self.token.encode()):
            raise Refused(HTTPStatus.UNAUTHORIZED, "give the token as ?token=... or Authorization: Bearer ...")

    @property
    def _any_address(self) -> bool:
        return _is_address(self.host) and ipaddress.ip_address(self.host).is_unspecified


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _origins(host: str) -> tuple[str, str]:
    return f"http://{host}", f"https://{host}"


def _given(headers: Mapping[str, str], query: str) -> bytes:
    scheme, _, credentials = headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return credentials.strip().encode(errors="surrogateescape")  # as websockets before 17 decodes what is not ASCII
    return parse_qs(query).get("token", [""])[-1].encode()
