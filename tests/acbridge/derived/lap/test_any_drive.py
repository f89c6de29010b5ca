"""Laps whatever the driver does and in whatever order the sim writes: nothing is lost, doubled, negative or denied."""

import math
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from acbridge import Event, EventKind, SimState
from acbridge.pages import STATUS_LIVE, STATUS_PAUSE, STATUS_REPLAY
from acbridge_sim.telemetry import lap_text
from course import PARTS, Course
from deriving import on_wheels

GENERATE = (Phase.explicit, Phase.reuse, Phase.generate)
"""A drive that fails is shown as it is: to shrink it would take minutes."""
SIZES = (
    (1, 1500.0, 300.0),
    (5, 1500.0, 150.0),
    (17, 3000.0, 100.0),
    (33, 5000.0, 80.0),
    (67, 20_800.0, 90.0),
    (333, 20_800.0, 50.0),
)
"""Steps from tick to tick, the length of the AI line in m, and a speed in m/s: few ticks a lap at each rate."""
LATE_MS = 180
"""Parts of a new lap appear within this time."""


@st.composite
def courses(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a circuit or an open course, a rate, and how late each part of a new lap is shown."""
    every, length, speed = draw(st.sampled_from(SIZES))
    latest = min(6, LATE_MS // (3 * every))
    line = draw(st.sampled_from((0.0, 0.0016, 0.0045, 0.05, 0.5, 0.98, 0.9957)))
    finish = draw(st.sampled_from((None, None, line + 0.335, line + 0.75)))
    delays = {part: draw(st.integers(0, latest)) for part in PARTS}
    return {"length": length, "line": line, "finish": finish, "speed": speed, "every": every, "delays": delays}


@settings(
    phases=GENERATE,
    deadline=None,
    max_examples=20,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(courses(), st.integers(0, 2))
def test_laps_are_emitted_once_with_their_time_and_a_delta_near_0(options: dict[str, Any], given_up: int) -> None:
    course = Course(**options)
    for _ in range(3):
        course.lap()
        course.settle()
        if not course.closed:
            course.put(options["line"] - 30.0 / course.length)
            course.settle()
    deltas = [record.delta_to_best_s for record in course.records if record.delta_to_best_s is not None]
    for _ in range(given_up):
        course.settle()
        course.put(options["line"])
        course.begin()
        course.settle()
    laps = course.completed()
    assert [(n, True) for n in range(1, len(laps) + 1)] == [(number, valid) for number, _, valid in laps]
    assert len(laps) == course.laps
    expected = round((course.end - course.start) / course.speed * 1000)
    assert [expected] * len(laps) == pytest.approx([time for _, time, _ in laps], abs=1)
    late = max(options["delays"].values()) * options["every"] * 3 / 1000
    deltas += [record.delta_to_best_s for record in course.records[-2:] if record.delta_to_best_s is not None]
    assert deltas
    assert max(map(abs, deltas)) < 0.05 + 2 * late
    assert [] == course.of(EventKind.LAP_INVALIDATED)


@pytest.mark.parametrize("clock", [0, 1, 2])
@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_a_lap_whose_clock_is_first_seen_at_0_is_no_out_lap(clock: int, count: int) -> None:
    course = Course(1350.0, 0.1, at=0.1 - 45.0 / 1350.0, speed=300.0, delays={"clock": clock, "count": count})
    course.lap(3)
    course.settle()
    assert [(1, 4500, True), (2, 4500, True), (3, 4500, True)] == course.completed()


class AnyDrive(RuleBasedStateMachine):
    """A driver who does anything, in a sim that restarts, pauses, shows replays, and stutters."""

    course: Course

    @initialize(options=courses(), counts=st.booleans())
    def put_down(self, options: dict[str, Any], counts: bool) -> None:
        self.course = Course(**options, **on_wheels())
        self.course.counts = counts
        self.uncounted = 0

    @rule(speed=st.sampled_from((-5.0, 0.0, 3.0, 20.0, 50.0, 80.0)), seconds=st.floats(0.1, 10.0))
    def drive(self, speed: float, seconds: float) -> None:
        self.course.speed = speed or 0.001
        self.course.go(seconds)

    @rule()
    def finish_the_lap(self) -> None:
        course = self.course
        course.speed = (course.end - course.at) / 4.0 if course.end > course.at else 100.0
        course.go(5.0)
        if not course.closed and course.at >= course.end:
            course.at = course.start - 10.0
        course.speed = 50.0

    @rule()
    def start_over(self) -> None:
        self.course.at = self.course.start + 1.0
        self.course.begin(10.0)
        self.course.tick()

    @rule()
    def go_back_to_the_pits(self) -> None:
        self.course.at, self.course.clock = self.course.start - 300.0, None
        self.course.tick(isInPitLane=1, **on_wheels(at=(500.0, 500.0)))
        self.course.go(2.0)
        self.course.tick(isInPitLane=0)

    @rule(wheels=st.integers(0, 4))
    def cut(self, wheels: int) -> None:
        self.course.tick(numberOfTyresOut=wheels)
        self.course.tick(numberOfTyresOut=0)

    @rule(litres=st.floats(-5.0, 20.0))
    def fuel(self, litres: float) -> None:
        self.course.fuel = max(0.0, self.course.fuel + litres)

    @rule(counts=st.booleans())
    def let_laps_count(self, counts: bool) -> None:
        self.course.counts = counts

    @rule(status=st.sampled_from((STATUS_PAUSE, STATUS_REPLAY)))
    def look_away(self, status: int) -> None:
        packet = self.course.drive.pages[0].packetId
        for _ in range(3):
            self.course.drive.tick(0, status=status, packetId=packet - (status == STATUS_REPLAY))
        self.course.drive.tick(0, status=STATUS_LIVE)

    @rule(rise_ms=st.floats(-5000.0, 60_000.0))
    def correct_the_session_time(self, rise_ms: float) -> None:
        self.course.left_ms += rise_ms

    @precondition(lambda self: self.course.closed)
    @rule(session=st.integers(0, 6))
    def change_the_session(self, session: int) -> None:
        course = self.course
        course.settle()
        if course.drive.pages[1].session == session:
            return
        course.tick(session=session)
        course.laps = course.last_ms = course.best_ms = 0
        course.clock, course.at = None, course.start - 50.0
        course.settle()

    @rule()
    def go_to_the_menu_and_back(self) -> None:
        self.course.drive.set_state(SimState.IDLE)
        self.course.tick()

    @invariant()
    def nothing_is_negative(self) -> None:
        for event in self.course.of(EventKind.LAP_COMPLETED):
            assert event.fuel_used is None or event.fuel_used >= 0
            assert event.tyre_grip_lost is None or min(event.tyre_grip_lost) >= 0
            assert event.lap_time_ms is None or event.lap_time_ms > 0
            assert event.sector_times_ms is None or min(event.sector_times_ms) > 0
            assert event.sector_times_ms is None or sum(event.sector_times_ms) == event.lap_time_ms
        record = self.course.record
        for value in (record.fuel_per_lap, record.fuel_laps_left, *(record.tyre_wear_per_lap or ())):
            assert value is None or value >= 0
        assert record.lap_progress is None or 0 <= record.lap_progress <= 1
        assert record.delta_to_best_s is None or math.isfinite(record.delta_to_best_s)

    @invariant()
    def each_lap_is_emitted_once(self) -> None:
        session: list[int | None] = []
        for event in self.course.drive.events:
            if event.kind == EventKind.SESSION_STARTED:
                session = []
            elif event.kind == EventKind.LAP_COMPLETED:
                assert event.lap not in session
                session.append(event.lap)

    @invariant()
    def sessions_nest(self) -> None:
        kinds = [e.kind for e in self.course.of(EventKind.SESSION_STARTED, EventKind.SESSION_ENDED)]
        assert kinds == (["session_started", "session_ended"] * len(kinds))[: len(kinds)]

    @invariant()
    def the_best_is_the_sims_when_it_says(self) -> None:
        """The lap compared with is never faster than what the sim calls the best."""
        record, shown = self.course.record, self.course.drive.pages[1].bestTime
        if record.predicted_lap_ms is None or record.delta_to_best_s is None or shown == lap_text(0):
            return
        best = record.predicted_lap_ms - 1000 * record.delta_to_best_s
        waiting = not self.laps_of_this_session() or self.laps_of_this_session()[-1].lap != self.course.laps
        assert waiting or lap_text(round(best)) >= shown or len(shown) > len(lap_text(round(best)))

    def laps_of_this_session(self) -> list[Event]:
        events = self.course.drive.events
        begins = max((i for i, event in enumerate(events) if event.kind == EventKind.SESSION_STARTED), default=0)
        return [event for event in events[begins:] if event.kind == EventKind.LAP_COMPLETED]

    def teardown(self) -> None:
        """Let everything appear: an event was emitted for each counted lap, unless the session was joined after it."""
        if not hasattr(self, "course"):
            return
        self.course.speed = 0.001
        self.course.settle()
        laps = self.laps_of_this_session()
        numbers = [event.lap for event in laps]
        assert numbers == sorted(set(numbers), key=lambda n: n or 0)
        assert not numbers or numbers[-1] == self.course.drive.pages[1].completedLaps or self.course.laps == 0


TestAnyDrive: Any = AnyDrive.TestCase  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
TestAnyDrive.settings = settings(
    phases=GENERATE,
    deadline=None,
    max_examples=15,
    stateful_step_count=15,
    suppress_health_check=[HealthCheck.too_slow],
)
