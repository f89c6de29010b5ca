"""Whether a reset has succeeded, by samples of known pose, speed and clock."""

from typing import Any

import pytest

from acbridge import Graphics, Physics, Static
from acbridge.controls import Place, Start
from acbridge_daemon.controls.verify import NEEDED, ResetCheck
from deriving import changed

MS = 1_000_000
STATIC = changed(Static, trackSPlineLength=1000.0)


def samples(check: ResetCheck, count: int, **values: Any) -> list[bool]:
    """Give a check so many fresh samples, 3 ms apart, and return what it said to each."""
    physics = {name: value for name, value in values.items() if name in {"gas", "speedKmh"}}
    graphics = {name: value for name, value in values.items() if name not in physics}
    return [
        check.update(
            (3 * number) * MS,
            changed(Physics, packetId=100 + number, **physics),
            changed(Graphics, **graphics),
            STATIC,
        )
        for number in range(1, count + 1)
    ]


def begun(start: Start, *, restarts: bool = False) -> ResetCheck:
    return ResetCheck(start, 0, 100, restarts=restarts)


def test_five_samples_in_a_row_must_agree() -> None:
    assert [False] * (NEEDED - 1) + [True] == samples(begun("grid"), NEEDED)


def test_a_sample_that_does_not_agree_begins_the_count_anew() -> None:
    check = begun("grid")
    assert not any(samples(check, NEEDED - 1))
    assert [False] == samples(check, 1, gas=0.5)
    assert "gas is 0.50, not 0" == check.detail


def test_old_samples_do_not_count() -> None:
    check = begun("grid")
    physics, graphics = changed(Physics, packetId=101), changed(Graphics)
    assert [False] * 9 == [check.update(at, physics, graphics, STATIC) for at in (*range(-3, 1), *range(1, 6))]


@pytest.mark.parametrize(
    ("start", "restarts", "values", "detail"),
    [
        ("hotlap", True, {"iCurrentTime": 5000}, "the lap clock is at 5000 ms"),
        ("hotlap", True, {"completedLaps": 2}, "2 laps are counted"),
        ("pits", False, {}, "the car is not in the pits"),
        ("pits", False, {"isInPit": 1, "speedKmh": 36.0}, "the car drives at 10.0 m/s"),
        ("grid", False, {"speedKmh": 36.0}, "the car drives at 10.0 m/s"),
        (Place(500.0), False, {"normalizedCarPosition": 0.52}, "the car is 20 m from its place"),
        (Place(500.0, 0.0, 20.0), False, {"normalizedCarPosition": 0.5, "speedKmh": 36.0}, "10.0 m/s, not 20.0"),
        (Place(0.0), False, {"normalizedCarPosition": 0.99}, "the car is 10 m from its place"),
    ],
)
def test_what_does_not_hold_is_named(start: Start, restarts: bool, values: dict[str, Any], detail: str) -> None:
    check = begun(start, restarts=restarts)
    assert not any(samples(check, 2 * NEEDED, **values))
    assert detail in str(check.detail)


@pytest.mark.parametrize(
    ("start", "restarts", "values"),
    [
        ("hotlap", True, {"iCurrentTime": 900, "speedKmh": 108.0}),
        ("pits", True, {"isInPitLane": 1}),
        ("grid", True, {}),
        (Place(500.0, 1.0, 20.0), False, {"normalizedCarPosition": 0.5002, "speedKmh": 72.0, "iCurrentTime": 80_000}),
        (Place(0.0), False, {"normalizedCarPosition": 0.999}),
    ],
)
def test_a_run_that_begins_as_asked_is_verified(start: Start, restarts: bool, values: dict[str, Any]) -> None:
    assert True is samples(begun(start, restarts=restarts), NEEDED, **values)[-1]
