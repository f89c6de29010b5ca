"""How many requests a peer may make."""

from acbridge_daemon.allowance import IN_ALL, KNOWN_PEERS, MODEST, PER_PEER, Allowance


def granted(allowance: Allowance, peer: bytes, wanted: int, now: float) -> int:
    return sum(allowance.take(peer, now) for _ in range(wanted))


def test_a_peer_gets_a_second_of_its_rate_at_once_and_then_its_rate() -> None:
    allowance = Allowance()
    assert PER_PEER == granted(allowance, b"a", 3000, 100.0)
    assert 0 == granted(allowance, b"a", 10, 100.0)
    assert PER_PEER / 2 == granted(allowance, b"a", 3000, 100.5)
    assert PER_PEER == granted(allowance, b"a", 3000, 1000.0)


def test_a_greedy_peer_takes_nothing_from_another() -> None:
    allowance = Allowance()
    granted(allowance, b"greedy", 10_000, 100.0)
    assert 20 == granted(allowance, b"modest", 20, 100.0)


def test_all_peers_together_have_a_limit_that_spares_the_modest() -> None:
    allowance = Allowance()
    assert IN_ALL == sum(granted(allowance, b"%d" % peer, 200, 100.0) for peer in range(10))
    assert MODEST + 1 == granted(allowance, b"late", 200, 100.0)


def test_a_clock_that_stands_still_gives_no_more() -> None:
    allowance = Allowance()
    granted(allowance, b"a", 3000, 100.0)
    assert 0 == granted(allowance, b"a", 50, 99.0)


def test_peers_that_come_and_go_cost_no_memory() -> None:
    allowance = Allowance()
    for peer in range(10 * KNOWN_PEERS):
        allowance.take(b"%d" % peer, float(peer))
    assert len(allowance._peers) == KNOWN_PEERS  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  what it costs
