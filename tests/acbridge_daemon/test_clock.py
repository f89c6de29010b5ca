"""The daemon's clock on a machine whose clocks the test sets."""

import pytest

from acbridge_daemon.clock import Clock

HOUR_S = 3600.0
READ_NS = 700
"""The time that one reading of a clock takes."""


class Machine:
    """A machine's two clocks: `timer` only runs forward, `wall` can be set, and may move in coarse steps."""

    def __init__(self, step_s: float = 0.0, phase_ns: int = 0) -> None:
        self.ns = 5_000_000_000_000 + phase_ns
        self.set_by = 1_700_000_000.0
        self.step_s = step_s

    @property
    def true_wall(self) -> float:
        return self.set_by + self.ns * 1e-9

    def timer(self) -> int:
        self.ns += READ_NS
        return self.ns

    def wall(self) -> float:
        self.ns += READ_NS
        return self.true_wall // self.step_s * self.step_s if self.step_s else self.true_wall

    def pass_s(self, seconds: float) -> None:
        self.ns += round(seconds * 1e9)

    def clock(self) -> Clock:
        return Clock(self.timer, self.wall)


def test_timestamps_advance_with_the_monotonic_clock() -> None:
    machine = Machine()
    clock = machine.clock()
    before = clock.now()
    machine.pass_s(10.0)
    after = clock.now()
    assert pytest.approx(10.0, abs=1e-5) == after.timestamp - before.timestamp
    assert pytest.approx(10_000_000_000, abs=10_000) == after.mono_ns - before.mono_ns


def test_a_timestamp_is_the_wall_time() -> None:
    machine = Machine()
    clock = machine.clock()
    machine.pass_s(1.0)
    assert pytest.approx(machine.true_wall, abs=1e-5) == clock.now().timestamp


def test_a_wall_clock_that_is_set_moves_no_timestamp_by_itself() -> None:
    machine = Machine()
    clock = machine.clock()
    before = clock.now().timestamp
    machine.set_by += HOUR_S
    machine.pass_s(1.0)
    assert pytest.approx(1.0, abs=1e-5) == clock.now().timestamp - before


@pytest.mark.parametrize("step", [HOUR_S, -HOUR_S, -24 * HOUR_S, 0.06, -0.06])
def test_a_wall_clock_that_was_set_is_followed_once(step: float) -> None:
    machine = Machine()
    clock = machine.clock()
    machine.set_by += step
    assert pytest.approx(step, abs=1e-4) == clock.follow_wall()
    assert 0.0 == clock.follow_wall()
    assert pytest.approx(machine.true_wall, abs=1e-5) == clock.now().timestamp


@pytest.mark.parametrize("step", [HOUR_S, -HOUR_S, -24 * HOUR_S])
def test_monotonic_time_is_untouched_by_a_wall_clock_that_was_set(step: float) -> None:
    machine = Machine()
    clock = machine.clock()
    before = clock.now().mono_ns
    machine.set_by += step
    clock.follow_wall()
    machine.pass_s(2.0)
    after = clock.now().mono_ns
    assert machine.ns == after
    assert pytest.approx(2_000_000_000, abs=100_000) == after - before


@pytest.mark.parametrize("drift", [0.0, 0.049, -0.049])
def test_drift_under_50_ms_is_ignored(drift: float) -> None:
    machine = Machine()
    clock = machine.clock()
    before = clock.now().timestamp
    machine.set_by += drift
    assert 0.0 == clock.follow_wall()
    assert pytest.approx(0.0, abs=1e-4) == clock.now().timestamp - before


@pytest.mark.parametrize("phase_ns", [0, 1_000_000, 7_800_000, 15_000_000, 15_624_000])
def test_the_anchor_is_exact_on_a_wall_clock_that_steps_by_15_ms(phase_ns: int) -> None:
    machine = Machine(step_s=0.015625, phase_ns=phase_ns)
    clock = machine.clock()
    assert pytest.approx(machine.true_wall, abs=1e-5) == clock.now().timestamp


def test_the_anchor_is_exact_again_after_a_coarse_wall_clock_was_set() -> None:
    machine = Machine(step_s=0.015625, phase_ns=3_000_000)
    clock = machine.clock()
    machine.set_by += HOUR_S
    clock.follow_wall()
    assert pytest.approx(machine.true_wall, abs=1e-5) == clock.now().timestamp


def test_a_wall_clock_that_steps_by_15_ms_never_counts_as_set() -> None:
    machine = Machine(step_s=0.015625)
    clock = machine.clock()
    for _ in range(1000):
        machine.pass_s(1.0371)
        assert 0.0 == clock.follow_wall()


def test_a_wall_clock_that_stands_still_does_not_hang_the_daemon() -> None:
    machine = Machine()
    clock = Clock(machine.timer, lambda: 1_700_000_000.0)
    assert pytest.approx(1_700_000_000.0, abs=1e-3) == clock.now().timestamp
