"""Who holds the controls, by arithmetic: every row of the table of docs/guides/driving.md."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acbridge.controls import Command
from acbridge.errors import RequestRefused
from acbridge_daemon.controls.lease import MS, Lease

NEUTRAL = Command(brake=0.3)
GAS = Command(steer=0.1, gas=1.0)
TOKEN = 7


def held(lease_ms: int = 1000) -> Lease:
    """Return a lease that a driver has acquired at 0."""
    lease = Lease(NEUTRAL)
    lease.acquire(0, "me", lease_ms, TOKEN)
    return lease


def drive(lease: Lease, at_ms: int, seq: int = 1, command: Command = GAS, ttl_ms: int = 200) -> None:
    lease.drive(at_ms * MS, TOKEN, lease.epoch, seq, command, ttl_ms, None)


def code(call: Callable[[], object]) -> str:
    with pytest.raises(RequestRefused) as caught:
        call()
    return caught.value.code


def test_free_controls_are_neutral() -> None:
    lease = Lease(NEUTRAL)
    assert ("free", None, NEUTRAL, None) == (lease.state, lease.reason, lease.command(), lease.deadline_ns)


def test_a_driver_is_neutral_until_the_first_command() -> None:
    lease = held()
    assert ("neutral", None, NEUTRAL, 1000 * MS) == (lease.state, lease.reason, lease.command(), lease.deadline_ns)
    drive(lease, 10)
    assert ("driving", None, GAS, 210 * MS) == (lease.state, lease.reason, lease.command(), lease.deadline_ns)


@pytest.mark.parametrize("ttl_ms", [50, 200, 1000])
def test_a_command_ends_with_its_time_to_live_and_not_before(ttl_ms: int) -> None:
    lease = held(5000)
    drive(lease, 0, ttl_ms=ttl_ms)
    assert None is lease.expire(ttl_ms * MS - 1)
    assert GAS == lease.command()
    assert None is lease.expire(ttl_ms * MS)
    assert ("neutral", "ttl", NEUTRAL) == (lease.state, lease.reason, lease.command())


def test_hold_keeps_the_lease_but_not_the_command() -> None:
    lease = held()
    drive(lease, 0)
    for at_ms in range(300, 5000, 300):
        assert None is lease.expire(at_ms * MS)
        lease.hold(at_ms * MS, TOKEN)
    assert ("neutral", "ttl", "me") == (lease.state, lease.reason, lease.driver)


def test_a_driver_who_is_not_heard_is_lost_after_the_lease() -> None:
    lease = held()
    drive(lease, 100)
    assert None is lease.expire(1100 * MS - 1)
    assert "me" == lease.expire(1100 * MS)
    assert ("free", "lost", None, None) == (lease.state, lease.reason, lease.driver, lease.deadline_ns)
    assert "not_driver" == code(lambda: drive(lease, 1101, 2))


def test_a_second_driver_is_refused_with_the_name_of_the_first() -> None:
    lease = held()
    with pytest.raises(RequestRefused, match="me has held the controls for 3 s") as caught:
        lease.acquire(3000 * MS, "you", 1000, 8)
    assert "held" == caught.value.code
    drive(lease, 10)


def test_force_takes_the_controls_and_the_first_driver_is_none_any_more() -> None:
    lease = held()
    drive(lease, 0)
    epoch = lease.epoch
    assert "me" == lease.acquire(10 * MS, "you", 1000, 8, force=True)
    assert ("you", epoch + 1, NEUTRAL) == (lease.driver, lease.epoch, lease.command())
    assert "not_driver" == code(lambda: lease.drive(20 * MS, TOKEN, epoch, 2, GAS, 200, None))
    assert "not_driver" == code(lambda: lease.drive(20 * MS, TOKEN, lease.epoch, 2, GAS, 200, None))
    assert 2 == lease.refused


def test_the_driver_may_acquire_again_and_gets_a_new_epoch_with_the_same_token() -> None:
    lease = held()
    drive(lease, 0)
    assert None is lease.acquire(10 * MS, "me", 1000, 8, held=TOKEN)
    assert (TOKEN, 2, "neutral") == (lease.token, lease.epoch, lease.state)
    assert "stale" == code(lambda: lease.drive(20 * MS, TOKEN, 1, 9, GAS, 200, None))


def test_release_is_neutral_at_once() -> None:
    lease = held()
    drive(lease, 0)
    lease.release(1, TOKEN)
    assert ("free", "released", NEUTRAL) == (lease.state, lease.reason, lease.command())
    assert "not_driver" == code(lambda: lease.release(2, TOKEN))


@pytest.mark.parametrize("reason", ["paused", "replay", "idle", "frozen", "absent"])
def test_a_sim_that_takes_no_commands_suspends_the_lease(reason: str) -> None:
    lease = held()
    drive(lease, 0)
    epoch = lease.epoch
    assert lease.suspend(reason)
    assert not lease.suspend(reason)
    assert ("suspended", reason, NEUTRAL, epoch + 1) == (lease.state, lease.reason, lease.command(), lease.epoch)
    with pytest.raises(RequestRefused, match=f"^'drive' was refused \\(suspended\\): {reason}: "):
        drive(lease, 10, 2)
    lease.hold(20 * MS, TOKEN)
    lease.resume()
    assert ("neutral", reason) == (lease.state, lease.reason)
    with pytest.raises(RequestRefused, match=f"epoch {epoch} has ended \\({reason}\\)") as caught:
        lease.drive(30 * MS, TOKEN, epoch, 3, GAS, 200, None)
    assert "stale" == caught.value.code
    drive(lease, 40, 1)
    assert GAS == lease.command()


def test_another_session_or_car_ends_the_epoch() -> None:
    lease = held()
    drive(lease, 0)
    assert lease.end_epoch("session")
    assert ("neutral", "session", NEUTRAL) == (lease.state, lease.reason, lease.command())
    assert "stale" == code(lambda: lease.drive(10 * MS, TOKEN, 1, 2, GAS, 200, None))


def test_a_reset_is_neutral_until_it_ends_and_then_takes_commands_of_a_new_epoch() -> None:
    lease = held()
    drive(lease, 0)
    lease.begin_reset(10 * MS, TOKEN)
    assert ("resetting", "reset", NEUTRAL, 2) == (lease.state, lease.reason, lease.command(), lease.epoch)
    assert "suspended" == code(lambda: drive(lease, 20))
    assert not lease.end_epoch("session")  # which the reset itself causes
    assert 2 == lease.epoch
    lease.end_reset()
    drive(lease, 30)
    assert ("driving", GAS) == (lease.state, lease.command())


def test_a_command_must_be_newer_than_the_last() -> None:
    lease = held()
    drive(lease, 0, 5)
    for seq in (5, 4, 0):
        assert "stale" == code(lambda seq=seq: drive(lease, 1, seq, Command(gas=0.1)))
    assert (5, GAS) == (lease.seq, lease.command())


def test_lost_and_repeated_commands_neither_lose_nor_repeat_shifts() -> None:
    lease = held()
    drive(lease, 0, 1, Command(shifts_up=40, shifts_down=9))  # the first of an epoch sets the base
    assert (0, 0) == lease.command()[4:]
    drive(lease, 1, 5, Command(shifts_up=42, shifts_down=9))
    assert (2, 0) == lease.command()[4:]
    drive(lease, 2, 6, Command(shifts_up=42, shifts_down=10))
    assert (2, 1) == lease.command()[4:]
    lease.expire(400 * MS)
    assert (2, 1) == lease.command()[4:]
    lease.begin_reset(500 * MS, TOKEN)
    lease.end_reset()
    drive(lease, 501, 1, Command(shifts_up=0))
    assert (2, 1) == lease.command()[4:]


ACTIONS = st.one_of(
    st.tuples(st.just("drive"), st.integers(0, 3), st.integers(0, 5), st.integers(50, 1000)),
    st.tuples(st.just("hold"), st.integers(0, 3)),
    st.tuples(st.just("release"), st.integers(0, 3)),
    st.tuples(st.just("acquire"), st.integers(0, 3), st.booleans(), st.integers(300, 5000)),
    st.tuples(st.just("suspend")),
    st.tuples(st.just("resume")),
    st.tuples(st.just("begin_reset"), st.integers(0, 3)),
    st.tuples(st.just("end_reset")),
    st.tuples(st.just("end_epoch")),
)


@given(st.lists(st.tuples(st.integers(0, 600), ACTIONS), max_size=40))
@settings(max_examples=300, deadline=None)
def test_whatever_happens_gas_is_given_only_by_a_living_command_of_the_driver(
    happenings: list[tuple[int, tuple[str, ...]]],
) -> None:
    lease, now, alive_until, epochs = Lease(NEUTRAL), 0, -1, [0]
    for passed_ms, (action, *given_values) in happenings:
        now += passed_ms * MS
        lease.expire(now)
        arguments = [int(value) for value in given_values]
        before = lease.epoch
        try:
            match action:
                case "drive":
                    lease.drive(now, arguments[0], lease.epoch, arguments[1], GAS, arguments[2], None)
                    alive_until = now + arguments[2] * MS
                case "hold" | "release" | "begin_reset":
                    getattr(lease, action)(now, arguments[0])
                case "acquire":
                    lease.acquire(now, "x", arguments[2], arguments[0], force=bool(arguments[1]))
                case "suspend" | "end_epoch":
                    getattr(lease, action)("why")
                case _:
                    getattr(lease, action)()
        except RequestRefused:
            assert before == lease.epoch
        epochs.append(lease.epoch)
        driving = lease.state == "driving"
        assert (lease.command().gas == 1.0) == driving
        assert not driving or (now < alive_until and lease.driver is not None)
        assert lease.deadline_ns is None or lease.deadline_ns > now
        assert (lease.driver is None) == (lease.state == "free")
    assert epochs == sorted(epochs)
