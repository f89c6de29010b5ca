"""The rate limit of requests, as arithmetic on the times of requests."""

from acbridge_daemon.rate_limit import MAX_PEERS, PEER_RATE, SHARED_RATE, SPARING_RATE, RateLimit


def granted(limit: RateLimit, peer: bytes, wanted: int, now: float) -> int:
    return sum(limit.try_acquire(peer, now) for _ in range(wanted))


def test_a_peer_may_use_one_second_of_its_rate_at_once_and_then_its_rate() -> None:
    limit = RateLimit()
    assert PEER_RATE == granted(limit, b"a", 3000, 100.0)
    assert 0 == granted(limit, b"a", 10, 100.0)
    assert PEER_RATE / 2 == granted(limit, b"a", 3000, 100.5)
    assert PEER_RATE == granted(limit, b"a", 3000, 1000.0)


def test_a_peer_over_its_limit_does_not_limit_another() -> None:
    limit = RateLimit()
    granted(limit, b"many", 10_000, 100.0)
    assert 20 == granted(limit, b"few", 20, 100.0)


def test_the_shared_limit_does_not_apply_to_peers_with_few_requests() -> None:
    limit = RateLimit()
    assert SHARED_RATE == sum(granted(limit, b"%d" % peer, 200, 100.0) for peer in range(10))
    assert SPARING_RATE + 1 == granted(limit, b"late", 200, 100.0)


def test_a_clock_that_goes_back_adds_no_tokens() -> None:
    limit = RateLimit()
    granted(limit, b"a", 3000, 100.0)
    assert 0 == granted(limit, b"a", 50, 99.0)


def test_only_the_newest_peers_are_kept_in_memory() -> None:
    limit = RateLimit()
    for peer in range(10 * MAX_PEERS):
        limit.try_acquire(b"%d" % peer, float(peer))
    assert len(limit._peers) == MAX_PEERS  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  what it costs
