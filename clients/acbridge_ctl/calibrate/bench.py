"""
The measurement: holds a command, waits until the telemetry has settled, and keeps what it showed and how late.

Moves the car's axes, and never the car: the brake or the clutch is pressed, and a car that rolls ends the measurement.
"""

import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from acbridge import Bridge, Frame, NoFrame
from acbridge.calibration import LOWEST_COMMANDS, AxisMap, Reading, edges, staircase
from acbridge.controls import Command, Controls
from acbridge.driving import Driver
from acbridge.pages import Physics

TTL_MS = 1000
"""A command is held by repeating it; a busy machine may come late."""
REPEAT_S = 0.1
FRAME_S = 0.1
"""How long to wait for a frame before the command is repeated."""
STANDING_KMH = 1.0
ROLLING_KMH = 5.0
STANDS_S = 15.0
"""A car must stand within so long."""
SETTLED = 0.002
"""The telemetry has settled when it differs by no more."""
SETTLED_NS = 80_000_000
"""For so long."""
SETTLED_SAMPLES = 4
"""And in so many samples."""
LONGEST_LAG_NS = 300_000_000
"""Telemetry that has not moved for so long after a command does not move."""
UNSETTLED_S = 3.0
"""After so long it never settles."""
GOLDEN = 0.618034
"""Multiples of it, without their whole parts, lie evenly between 0 and 1."""
LONGEST_WAIT_S = 0.02
HALVINGS = 3
"""How often the doubt about the end of a dead zone is halved."""
CHECKED = (0.1, 0.35, 0.8)
"""Where a map is checked, as parts of the height of what it shows."""
LAG_STEP = 0.05
"""A movement of so much has a lag that can be measured."""


class Unfit(Exception):  # noqa: N818  the name says what happened
    """The car or its telemetry is in no state to be measured; the text says why."""


class Axis(NamedTuple):
    """
    One axis to measure.

    Attributes:
        name: Its name in a command and in the record of the controls.
        field: Its name in physics.
        beside: The other axes meanwhile, so that the car stands.
        suspects: What in the game makes its telemetry depend on more than the command.
    """

    name: str
    field: str
    beside: Command
    suspects: str

    @property
    def low(self) -> float:
        """The least command; the largest is 1."""
        return LOWEST_COMMANDS[self.name]


AXES = (
    Axis(
        "steer",
        "steerAngle",
        Command(brake=0.5),
        "set the steering filter and the speed sensitivity to 0 in the game's control settings",
    ),
    Axis(
        "gas",
        "gas",
        Command(brake=1.0, clutch=0.0),
        "switch off traction control, automatic shifting and automatic blip, and set the gas filter to 0",
    ),
    Axis(
        "brake",
        "brake",
        Command(clutch=0.0),
        "switch off ABS and stability control, and set the brake filter to 0",
    ),
)


class Measured(NamedTuple):
    """
    What was measured of an axis.

    Attributes:
        readings: What the telemetry showed of each command.
        lags_s: From a command applied until half of the movement was seen, s.
    """

    readings: list[Reading]
    lags_s: list[float]


class Bench:
    """Measures axes of a car that stands."""

    def __init__(self, bridge: Bridge, driver: Driver, over: Callable[[], bool]) -> None:
        """
        Begin to listen.

        Args:
            bridge: The connection.
            driver: Holds the controls.
            over: Whether the measurement must end, which raises `Unfit`.
        """
        self._driver = driver
        self._over = over
        self._frames = bridge.frames(Physics, Controls, timeout=FRAME_S)
        self._value: float | None = None
        self._phase = 0.0

    def close(self) -> None:
        """Stop to listen."""
        self._frames.close()

    def stand(self) -> None:
        """
        Brake until the car stands.

        Raises:
            Unfit: It does not.
        """
        deadline = time.perf_counter() + STANDS_S
        for frame in self._held(Command(brake=1.0, clutch=0.0)):
            if isinstance(frame.record, Physics) and frame.record.speedKmh < STANDING_KMH:
                return
            if time.perf_counter() > deadline:
                break
        raise Unfit(f"the car must stand, and does not within {STANDS_S:g} s of braking")

    def measure(self, axis: Axis, progress: Callable[[int, int], None]) -> Measured:
        """
        Measure an axis: a staircase, then where its dead zones end.

        Args:
            axis: The axis.
            progress: Called with the number of readings taken, and of those known to come.

        Raises:
            Unfit: The telemetry does not settle, the car rolls, or commands do not reach it.
            NotDriving: Commands are refused.
        """
        measured = Measured([], [])
        wanted = list(staircase(axis.low, 1.0))
        self._value = None
        for halving in range(HALVINGS + 1):
            for command in wanted:
                self._read(axis, command, measured)
                progress(len(measured.readings), len(measured.readings) + len(wanted))
            wanted = list(edges(measured.readings)) if halving < HALVINGS else []
        return measured

    def check(self, axis: Axis, found: AxisMap) -> float:
        """
        Command values between those measured, by the map; return the largest difference of what the telemetry shows.

        Raises:
            Unfit: The telemetry does not settle, the car rolls, or commands do not reach it.
            NotDriving: Commands are refused.
        """
        measured = Measured([], [])
        low, high = found.shown[0], found.shown[-1]
        asked = [low + (high - low) * part for part in CHECKED]
        for value in asked:
            self._read(axis, found.command(value), measured)
        return max(abs(reading.shown - value) for value, reading in zip(asked, measured.readings, strict=True))

    def _read(self, axis: Axis, command: float, measured: Measured) -> None:
        before = self._value
        applied_ns: int | None = None
        newest: deque[tuple[int, float]] = deque()
        seen: list[tuple[int, float]] = []
        deadline = time.perf_counter() + UNSETTLED_S
        self._wait_a_little()
        axes: dict[str, Any] = {**axis.beside._asdict(), axis.name: command}
        for frame in self._held(Command(**axes)):
            record = frame.record
            if isinstance(record, Controls):
                # A tick publishes the record of the controls after its physics, which may show the command already.
                known_ns, applied_ns = applied_ns, _in_force_since(record, axis, command, applied_ns)
                if known_ns is not None and applied_ns is None:  # repeated too late by a busy machine: it was neutral
                    before = None
                    newest.clear()
            elif record.speedKmh > ROLLING_KMH:
                raise Unfit("the car rolls; put it on even ground")
            else:
                sample = (frame.mono_ns, float(getattr(record, axis.field)))
                seen.append(sample)
                newest.append(sample)
                while newest[-1][0] - newest[0][0] > SETTLED_NS and len(newest) > SETTLED_SAMPLES:
                    newest.popleft()
                if applied_ns is not None and _settled(newest, applied_ns) and _moved(before, sample, applied_ns):
                    break
            if time.perf_counter() > deadline:
                raise Unfit(_never(axis, command, applied_ns))
        shown = self._value = _at_an_end(axis, sum(value for _, value in newest) / len(newest))
        measured.readings.append(Reading(command, shown))
        lag_s = None if before is None or applied_ns is None else _lag(before, shown, seen, applied_ns)
        if lag_s is not None:
            measured.lags_s.append(lag_s)

    def _wait_a_little(self) -> None:
        """Wait for another part of a tick each time: commands that answer frames would all have the same lag."""
        self._phase = (self._phase + GOLDEN) % 1.0
        time.sleep(self._phase * LONGEST_WAIT_S)

    def _held(self, command: Command) -> Iterator[Frame[Physics | Controls]]:
        """Apply a command while frames are taken, and yield them."""
        due = 0.0
        while not self._over():
            now = time.perf_counter()
            if now >= due:
                due = now + REPEAT_S
                self._driver.drive(command.steer, command.gas, command.brake, clutch=command.clutch, ttl_ms=TTL_MS)
            try:
                frame = next(self._frames)
            except NoFrame:
                continue
            yield frame
        raise Unfit("ended before the measurement was complete; nothing was written")


def _at_an_end(axis: Axis, shown: float) -> float:
    """Return the end of the axis for what is just beyond it: numbers of 32 bits may be."""
    nearest = min(1.0, max(axis.low, shown))
    return nearest if abs(shown - nearest) <= SETTLED else shown


def _in_force_since(record: Controls, axis: Axis, command: float, known_ns: int | None) -> int | None:
    """Return when a command was applied; ``None`` while another is."""
    if getattr(record, axis.name) != command:
        return None
    return record.applied_mono_ns if known_ns is None else known_ns


def _settled(newest: deque[tuple[int, float]], applied_ns: int) -> bool:
    values = [value for _, value in newest]
    long = newest[0][0] >= applied_ns and newest[-1][0] - newest[0][0] >= SETTLED_NS / 2
    return len(newest) >= SETTLED_SAMPLES and long and max(values) - min(values) <= SETTLED


def _moved(before: float | None, sample: tuple[int, float], applied_ns: int) -> bool:
    """Whether the telemetry has moved since the command, or had the time for it."""
    moved = before is not None and abs(sample[1] - before) > SETTLED
    return moved or sample[0] - applied_ns > LONGEST_LAG_NS


def _lag(before: float, after: float, seen: list[tuple[int, float]], applied_ns: int) -> float | None:
    """Return from when a command was applied until half of the movement was seen; ``None`` if it was too small."""
    if abs(after - before) < LAG_STEP:
        return None
    half = (before + after) / 2
    return next(
        (
            (at - applied_ns) * 1e-9
            for at, value in seen
            if at >= applied_ns and (value >= half if after > before else value <= half)
        ),
        None,
    )


def _never(axis: Axis, command: float, applied_ns: int | None) -> str:
    if applied_ns is None:
        return f"the daemon does not apply {axis.name} {command:.2f}; acbridge-ctl doctor finds the cause"
    return f"the telemetry of {axis.name} does not settle within {UNSETTLED_S:g} s at {command:.2f}; {axis.suspects}"
