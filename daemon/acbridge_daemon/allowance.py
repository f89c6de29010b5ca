"""
How many requests a peer may make: arithmetic on tokens, without a clock.

Each peer's bucket fills at a fixed rate and holds one second of it; all peers together share another bucket. So a
greedy client gets refusals instead of the time of others.
"""

from collections import OrderedDict

PER_PEER = 1000.0
"""Requests per second that one connection may make."""
IN_ALL = 2000.0
"""Requests per second that all connections may make together."""
MODEST = 50.0
"""Who has asked no more than this in the last second is answered even when the others have used up what all may ask."""
KNOWN_PEERS = 1024
"""Peers whose buckets are remembered; the one that was silent longest is forgotten first."""


class Allowance:
    """Tells whether a peer may make one more request."""

    def __init__(self) -> None:
        self._peers: OrderedDict[bytes, tuple[float, float]] = OrderedDict()
        self._shared = (IN_ALL, 0.0)

    def take(self, peer: bytes, now: float) -> bool:
        """
        Take a token of the peer and one of all, if both are there.

        Args:
            peer: Who asks.
            now: Seconds on a steady clock.
        """
        own = _filled(self._peers.pop(peer, (PER_PEER, now)), PER_PEER, now)
        shared = _filled(self._shared, IN_ALL, now)
        modest = own >= PER_PEER - MODEST
        granted = own >= 1 and (shared >= 1 or modest)
        self._peers[peer] = (own - granted, now)
        self._shared = (max(0.0, shared - granted), now)
        if len(self._peers) > KNOWN_PEERS:
            self._peers.popitem(last=False)
        return granted


def _filled(bucket: tuple[float, float], rate: float, now: float) -> float:
    tokens, then = bucket
    return min(rate, tokens + max(0.0, now - then) * rate)
