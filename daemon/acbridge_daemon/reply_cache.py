"""
The memory that keeps a changing request from being carried out twice. Pure: the caller passes in the time.

A client that received no reply cannot know whether its request was carried out. It asks again with the same id, and
gets the reply that was lost.
"""

from collections import OrderedDict

from acbridge.errors import RequestRefused
from acbridge.requests import BAD_ARGUMENT

MAX_REPLIES = 1024
"""Replies that one cache remembers; the oldest is forgotten first."""
KEEP_S = 60.0
"""How long a reply is remembered."""


class ReplyCache:
    """Replies to the changing requests of one key, by id."""

    def __init__(self) -> None:
        self._replies: OrderedDict[str | int, tuple[float, bytes, bytes]] = OrderedDict()

    def find(self, request_id: str | int, body: bytes, now: float) -> bytes | None:
        """
        Return the reply that a request got before; ``None`` if the id is new or forgotten.

        Args:
            request_id: The id of the request.
            body: The bytes of the request.
            now: Seconds on a steady clock.

        Raises:
            RequestRefused: The id was used for a request with other bytes.
        """
        while self._replies and next(iter(self._replies.values()))[0] < now - KEEP_S:
            self._replies.popitem(last=False)
        known = self._replies.get(request_id)
        if known is None:
            return None
        _, known_body, reply = known
        if known_body != body:
            raise RequestRefused("", BAD_ARGUMENT, "this id was used for another request; take a new one")
        return reply

    def keep(self, request_id: str | int, body: bytes, reply: bytes, now: float) -> None:
        """Remember a reply."""
        self._replies[request_id] = (now, body, reply)
        if len(self._replies) > MAX_REPLIES:
            self._replies.popitem(last=False)
