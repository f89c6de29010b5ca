"""The sim's state, from pages made by the test and times given as numbers."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acbridge.pages import AC1, STATUS_LIVE, STATUS_OFF, STATUS_PAUSE, STATUS_REPLAY, Graphics, Pages, Physics, Static
from acbridge.status import SimState
from acbridge_daemon.liveness import Liveness
from acbridge_sim import World

PHYSICS, GRAPHICS, STATIC = World().pages()
ZEROS: Pages = tuple(bytes(page.page_size) for page in AC1.pages)
NOW = 1000.0
"""A steady clock that has run for a while."""


def with_fields(page: Any, original: bytes, **changes: Any) -> bytes:
    return page(**(vars(page.from_page(original)) | changes)).to_page()


def pages(packet: int = 100, status: int = STATUS_LIVE, version: str = "1.7") -> Pages:
    return (
        with_fields(Physics, PHYSICS, packetId=packet),
        with_fields(Graphics, GRAPHICS, status=status),
        with_fields(Static, STATIC, smVersion=version),
    )


def driven() -> Liveness:
    """Return a liveness that has seen the sim run until `NOW`, packet 100."""
    liveness = Liveness(AC1)
    liveness.update(None, NOW - 0.4)
    liveness.update(pages(99), NOW - 0.2)
    assert liveness.update(pages(100), NOW) is SimState.LIVE
    return liveness


def test_a_sim_is_absent_before_anything_was_seen() -> None:
    assert Liveness(AC1).state is SimState.ABSENT


@pytest.mark.parametrize("found", [None, ZEROS, pages(version="")], ids=["no pages", "zero pages", "no version"])
def test_a_sim_without_written_pages_is_absent(found: Pages | None) -> None:
    assert Liveness(AC1).update(found, NOW) is SimState.ABSENT


@pytest.mark.parametrize("found", [ZEROS, pages(version="")], ids=["zero pages", "no version"])
def test_pages_that_no_sim_has_filled_are_named_as_such(found: Pages) -> None:
    liveness = Liveness(AC1)
    liveness.update(found, NOW)
    assert "no sim has filled them yet" in str(liveness.detail)


@pytest.mark.parametrize("version", ["1.9", "1.8", "1.70", "ACC"])
def test_another_sims_pages_are_unsupported(version: str) -> None:
    liveness = Liveness(AC1)
    assert liveness.update(pages(version=version), NOW) is SimState.UNSUPPORTED
    assert f'"{version}"' in str(liveness.detail)


def test_another_sims_pages_stay_unsupported_while_they_move() -> None:
    liveness = Liveness(AC1)
    states = {liveness.update(pages(packet, version="1.9"), NOW + packet) for packet in range(5)}
    assert {SimState.UNSUPPORTED} == states


@pytest.mark.parametrize(
    ("status", "state"),
    [(STATUS_OFF, SimState.IDLE), (STATUS_REPLAY, SimState.REPLAY), (STATUS_PAUSE, SimState.PAUSED)],
)
def test_the_status_of_the_sim_is_accepted_unless_it_is_live(status: int, state: SimState) -> None:
    liveness = Liveness(AC1)
    assert liveness.update(pages(status=status), NOW) is state
    assert liveness.update(pages(status=status), NOW + 60) is state
    assert liveness.detail is None


def test_a_sim_is_live_only_after_its_packet_has_moved() -> None:
    liveness = Liveness(AC1)
    liveness.update(None, NOW)
    assert liveness.update(pages(7), NOW + 0.1) is not SimState.LIVE
    assert liveness.update(pages(7), NOW + 0.2) is not SimState.LIVE
    assert liveness.update(pages(8), NOW + 0.3) is SimState.LIVE


def test_a_sim_found_running_is_not_called_frozen_before_half_a_second_has_passed() -> None:
    liveness = Liveness(AC1)
    states = [liveness.update(pages(packet), NOW + 0.003 * packet) for packet in range(4)]
    assert [SimState.ABSENT, SimState.LIVE, SimState.LIVE, SimState.LIVE] == states


def test_old_pages_with_the_status_live_become_frozen_and_never_live() -> None:
    liveness = Liveness(AC1)
    liveness.update(None, NOW)
    states = [liveness.update(pages(4711), NOW + 0.1 * turn) for turn in range(1, 100)]
    assert SimState.LIVE not in states
    assert states[3] is SimState.ABSENT
    assert states[6] is SimState.FROZEN
    assert states[-1] is SimState.FROZEN
    assert "stands still" in str(liveness.detail)


def test_a_live_sim_is_frozen_after_half_a_second_of_standstill() -> None:
    liveness = driven()
    assert liveness.update(pages(100), NOW + 0.49) is SimState.LIVE
    assert liveness.update(pages(100), NOW + 0.51) is SimState.FROZEN


def test_a_frozen_sim_is_live_again_once_it_moves() -> None:
    liveness = driven()
    assert liveness.update(pages(100), NOW + 5) is SimState.FROZEN
    assert liveness.update(pages(101), NOW + 6) is SimState.LIVE
    assert liveness.detail is None


def test_a_pause_that_ends_does_not_pass_through_frozen() -> None:
    liveness = driven()
    assert liveness.update(pages(100, STATUS_PAUSE), NOW + 0.1) is SimState.PAUSED
    assert liveness.update(pages(100, STATUS_PAUSE), NOW + 60) is SimState.PAUSED
    assert liveness.update(pages(100), NOW + 60.01) is SimState.LIVE
    assert liveness.update(pages(101), NOW + 60.02) is SimState.LIVE


def test_a_pause_that_ends_in_a_standstill_becomes_frozen() -> None:
    liveness = driven()
    liveness.update(pages(100, STATUS_PAUSE), NOW + 60)
    liveness.update(pages(100), NOW + 60.01)
    assert liveness.update(pages(100), NOW + 60.6) is SimState.FROZEN


def test_a_sim_that_ends_is_absent_and_live_again_when_it_returns() -> None:
    liveness = driven()
    assert liveness.update(None, NOW + 1) is SimState.ABSENT
    assert liveness.update(pages(3), NOW + 100) is not SimState.LIVE
    assert liveness.update(pages(4), NOW + 100.01) is SimState.LIVE
    assert 2 == liveness.sessions


def test_a_packet_that_falls_counts_a_session() -> None:
    liveness = driven()
    assert 1 == liveness.sessions
    assert liveness.update(pages(3), NOW + 0.1) is SimState.LIVE
    assert 2 == liveness.sessions


def test_a_packet_that_falls_in_a_replay_counts_no_session() -> None:
    liveness = driven()
    for packet in (500, 400, 90_000, 17):
        assert liveness.update(pages(packet, STATUS_REPLAY), NOW + 0.1) is SimState.REPLAY
    assert liveness.update(pages(110), NOW + 0.2) is SimState.LIVE
    assert 1 == liveness.sessions


def test_a_packet_that_wraps_counts_no_session() -> None:
    liveness = Liveness(AC1)
    liveness.update(pages(2**31 - 2), NOW)
    liveness.update(pages(2**31 - 1), NOW + 0.003)
    assert liveness.update(pages(-(2**31)), NOW + 0.006) is SimState.LIVE
    assert liveness.update(pages(-(2**31) + 1), NOW + 0.009) is SimState.LIVE
    assert 1 == liveness.sessions


@pytest.mark.parametrize("status", [4, -1, 2**31 - 1])
def test_an_unknown_status_is_frozen_and_named(status: int) -> None:
    liveness = driven()
    assert liveness.update(pages(101, status), NOW + 0.1) is SimState.FROZEN
    assert str(status) in str(liveness.detail)


def test_every_state_can_be_reached() -> None:
    liveness = Liveness(AC1)
    seen = [
        liveness.update(found, NOW + when)
        for when, found in enumerate(
            (
                None,
                pages(version="1.9"),
                pages(1, STATUS_OFF),
                pages(1, STATUS_REPLAY),
                pages(2),
                pages(2, STATUS_PAUSE),
                pages(2),
                pages(2),
            )
        )
    ]
    assert set(SimState) == set(seen)


@given(
    st.lists(
        st.tuples(
            *(
                st.one_of(st.just(page), st.binary(min_size=len(page), max_size=len(page)))
                for page in (PHYSICS, GRAPHICS, STATIC)
            ),
        ),
        max_size=6,
    )
)
def test_pages_of_random_bytes_always_have_a_state(found: list[Pages]) -> None:
    liveness = Liveness(AC1)
    for turn, page in enumerate(found):
        assert liveness.update(page, NOW + turn) in SimState
