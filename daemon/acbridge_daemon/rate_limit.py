"""
The rate limit of requests: token buckets, one for each peer and one shared by all. Pure: reads no clock.

A bucket fills at a fixed rate and holds what one second brings, so a peer that asks too often is refused and takes no
time from the others.
"""

from collections import OrderedDict
from typing import NamedTuple

PEER_RATE = 1000.0
"""Requests per second that one connection may make."""
SHARED_RATE = 2000.0
"""Requests per second that all connections may make together."""
SPARING_RATE = 50.0
"""A peer with at most so many requests in the last second is served even when the shared bucket is empty."""
MAX_PEERS = 1024
"""Peers whose buckets are kept; the one that has been silent longest is dropped first."""


class TokenBucket(NamedTuple):
    """
    The tokens of one rate.

    Attributes:
        tokens: How many there are, at most what one second brings.
        updated_s: When they were counted, in seconds.
    """

    tokens: float
    updated_s: float

    def refilled(self, rate: float, now_s: float) -> "TokenBucket":
        """Return the bucket as it is now, filled at so many tokens per second since it was counted."""
        return TokenBucket(min(rate, self.tokens + max(0.0, now_s - self.updated_s) * rate), now_s)

    def less(self, tokens: int) -> "TokenBucket":
        """Return the bucket without so many tokens."""
        return self._replace(tokens=max(0.0, self.tokens - tokens))


class RateLimit:
    """The buckets of all peers."""

    def __init__(self) -> None:
        self._peers: OrderedDict[bytes, TokenBucket] = OrderedDict()
        self._shared = TokenBucket(SHARED_RATE, 0.0)

    def try_acquire(self, peer: bytes, now_s: float) -> bool:
        """
        Take one token of the peer's and one of the shared bucket; return whether the request may be served.

        Args:
            peer: Identity of the connection.
            now_s: The present time on a monotonic clock, in seconds.
        """
        own = self._peers.pop(peer, TokenBucket(PEER_RATE, now_s)).refilled(PEER_RATE, now_s)
        shared = self._shared.refilled(SHARED_RATE, now_s)
        sparing = own.tokens >= PEER_RATE - SPARING_RATE
        granted = own.tokens >= 1 and (shared.tokens >= 1 or sparing)
        self._peers[peer] = own.less(granted)
        self._shared = shared.less(granted)
        if len(self._peers) > MAX_PEERS:
            self._peers.popitem(last=False)
        return granted
