"""
The world: a track, a car with its driver, a session, and the three pages that show them.

It steps in lock-step and keeps no clock, no socket and no file: the same seed and the same inputs give the same bytes.
"""

import hashlib
import math
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

from acbridge.controls import Place, Start
from acbridge.errors import DecodeError
from acbridge.packing import Bounds, pack, unpack
from acbridge_sim import telemetry
from acbridge_sim.control_page import ControlReceiver
from acbridge_sim.faults import ROLLOVERS, Faults
from acbridge_sim.model.car import STEP_S, WARM, Car, refit
from acbridge_sim.model.circuits import layout
from acbridge_sim.model.driver import BuiltInDriver, RacingLine
from acbridge_sim.model.lanes import MOST_LAG, MOST_SHIFT
from acbridge_sim.model.spec import CarCommands, CarSpec
from acbridge_sim.model.start import check_start
from acbridge_sim.model.table import assign, values
from acbridge_sim.model.timing import Timing
from acbridge_sim.model.track import Track
from acbridge_sim.session import GRID_M, RUN_UP_M, RUN_UP_SPEED, Mode, SessionType, waits_for_lights

STEPS_PER_SECOND = 1 / STEP_S
_STATE = (
    "steps",
    "ticks",
    "control_page",
    "drive_off_track",
    "_frames",
    "_next_frame",
    "_travelled",
    "_loaded",
    "_exited",
    "_elapsed_s",
    "_shown",
    "_trace",
    "_best_trace",
    "_rendered",
    "_graphics",
)
"""Attributes of the world that a snapshot keeps as they are."""
SNAPSHOT_BOUNDS = Bounds(text=4096, binary=4096, array=100_000, map=200, strict=True)


@dataclass(slots=True)
class _Late:
    """A part of a new lap that appears later than the rest: its values before, and how many frames they still stay."""

    shown: dict[str, Any]
    frames: int


class World:
    """
    One session of one car.

    Attributes:
        track: The track.
        car: The car on it.
        timing: The lap clock.
        session: The session's type; a new value holds from the next :meth:`restart`.
        mode: What the player does.
        steps: Physics steps so far, which stand still in menus: `physics.packetId`.
        ticks: Steps of 3 ms of real time so far.
        control_page: The control page's bytes; they drive the car when the driver is ``none`` and a step has no
            commands.
        drive_off_track: Whether the built-in driver keeps off the track, which makes the lap invalid.
    """

    def __init__(
        self,
        *,
        track: Track | None = None,
        session: SessionType = SessionType.PRACTICE,
        driver: str = "ai",
        seed: int = 0,
        fps: float = 60.0,
        faults: Faults | None = None,
        spec: CarSpec | None = None,
        fuel: float | None = None,
        cut_invalidates_lap: bool = True,
        rates: tuple[float, float, float] = (1.0, 1.0, 1.0),
        lag: int = 0,
        pace: float = 1.0,
    ) -> None:
        """
        Begin a session in live mode.

        Args:
            track: The track; the circuit if not given.
            session: Practice and qualify begin in the pits, a race on the grid, a hotlap at speed before the line.
            driver: ``ai`` for the built-in driver, ``none`` for the control page or the commands of :meth:`step`.
            seed: Each seed gives a slightly different built-in driver.
            fps: Rendered frames per second.
            faults: Which faults are on; none if not given.
            spec: The car; the stand-in's own if not given.
            fuel: Litres at the start; two thirds of the tank if not given.
            cut_invalidates_lap: Whether a cut makes a lap invalid.
            rates: Multipliers of fuel, tyre wear and damage.
            lag: Steps of 3 ms between the commands of :meth:`step` and the car, 0 to 20.
            pace: Share of the highest speeds that the built-in driver drives at, 0.2 to 1.

        Raises:
            ValueError: The driver is neither of the two, or the frame rate, the lag or the pace is out of range.
        """
        if driver not in ("ai", "none"):
            raise ValueError(f"the driver is ai or none, not {driver!r}")
        if not 1.0 <= fps <= STEPS_PER_SECOND:
            raise ValueError(f"a frame rate lies from 1 to {STEPS_PER_SECOND:.0f}, not {fps:g}")
        self.track = track or layout("circuit")
        self.session = session
        self.faults = faults or Faults()
        self.mode = Mode.LIVE
        self.steps = self.ticks = 0
        self.control_page: bytes | None = None
        self._receiver = ControlReceiver()
        self._spec = spec or CarSpec()
        self._fuel = self._spec.tank * 2 / 3 if fuel is None else fuel
        self._fps = fps
        self._seed, self._pace = seed, pace
        self._ai = driver == "ai"
        self._lag = _checked_lag(lag)
        self._rates = rates
        self._cut_invalidates_lap = cut_invalidates_lap
        self._frames = 0
        self._next_frame = 1
        self._graphics: bytes | None = None
        self._travelled = 0.0
        self.drive_off_track = False
        self._loaded = True
        self._exited = False
        self._static = self._static_page()
        self._begin()

    def step(self, count: int = 1, commands: CarCommands | None = None) -> None:
        """
        Advance the world by steps of 3 ms.

        Args:
            count: How many steps.
            commands: What to do with the car in each of them, a shift in the first only; the driver decides if not
                given.

        Raises:
            ValueError: A command is not finite, or shifts more than ten gears.
        """
        if commands is not None:
            if not math.isfinite(commands.steer + commands.gas + commands.brake + commands.clutch):
                raise ValueError("a command is not finite")
            if not abs(commands.shift) <= MOST_SHIFT:
                raise ValueError(f"a shift lies from -{MOST_SHIFT} to {MOST_SHIFT} gears, not {commands.shift}")
        for i in range(count):
            if i == 1 and commands is not None and commands.shift:
                commands = CarCommands(commands.steer, commands.gas, commands.brake, commands.clutch)
            self.ticks += 1
            if self._loaded and not self._exited and self.mode in (Mode.LIVE, Mode.PITS):
                self._physics_step(commands)
            if self.ticks * STEP_S * self._fps >= self._next_frame and not self._exited:
                self._next_frame += 1
                self._render()

    def pages(self) -> tuple[bytes, bytes, bytes]:
        """Return physics, graphics and static as the sim would have written them by now."""
        if self.faults.zero_pages:
            return telemetry.empty_pages()
        if not self._loaded:
            physics, _, static = telemetry.empty_pages()
            return physics, self._graphics_page(), static
        physics = telemetry.physics_page(self.car, self.steps, self._delta(), self.faults)
        return physics, self._graphics_page(), self._static

    def off(self) -> None:
        """Return to the state before a session is loaded: graphics reports off, the other pages are empty."""
        self._loaded = False
        self.mode = Mode.OFF
        self._render()

    def live(self) -> None:
        """Load the session if none is loaded, and drive."""
        self._loaded = True
        self.mode = Mode.LIVE
        self._render()

    def esc(self) -> None:
        """Open the ESC menu: the car stands still, and the sim still reports live."""
        self.mode = Mode.ESC
        self._render()

    def pause(self) -> None:
        """Pause: the car stands still, and the sim reports pause."""
        self.mode = Mode.PAUSE
        self._render()

    def replay(self) -> None:
        """Show a replay: the car stands still, and the sim reports replay."""
        self.mode = Mode.REPLAY
        self._render()

    def pits(self) -> None:
        """Go back to the pits: the car stands in its box, and time passes."""
        self.mode = Mode.PITS
        self._to_box()
        self.timing.abandon()
        self._render()

    def restart(self) -> None:
        """Restart the session: car, clock and laps begin again; packetIds, distance travelled and static go on."""
        self._begin()
        self.live()

    def relaunch(self) -> None:
        """Start a new process of the sim: packetIds begin at 0."""
        self.steps = self._frames = self.ticks = 0
        self._next_frame = 1
        self._travelled = 0.0
        self._exited = False
        self.restart()

    def exit(self) -> None:
        """Exit as the sim does: graphics returns to its defaults, the other pages stay as they were."""
        self._exited = True
        self._graphics = telemetry.graphics_page_after_exit(self._frames)

    def put(
        self,
        distance: float,
        offset: float = 0.0,
        heading: float = 0.0,
        speed: float = 0.0,
        *,
        spec: CarSpec | None = None,
        fuel: float | None = None,
        temperature: float = WARM,
        lag: int | None = None,
    ) -> None:
        """
        Begin a run anywhere, settled: new tyres, the fuel of the start, automatic gears, a lap clock that waits.

        Args:
            distance: Along the centre line, m.
            offset: From it, positive to the left, m.
            heading: From its direction, positive to the right, rad.
            speed: In the direction of the car, m/s.
            spec: Parameters of the car from now on; unchanged if not given. The built-in driver keeps the line of the
                car before.
            fuel: Litres in the tank in this run; those of the start if not given.
            temperature: Of the tyres, degC.
            lag: Steps of 3 ms between commands and the car from now on; unchanged if not given.

        Raises:
            ValueError: A number is not finite, the speed or the lag is out of range, or the place lies behind a
                barrier.
        """
        check_start(self.track.road, distance, offset, heading, speed)
        if lag is not None:
            self._lag = _checked_lag(lag)
        if spec is not None and spec != self._spec:
            self._spec = self.car.spec = spec
            self._static = self._static_page()
        refit(self.car, self._spec, self._fuel if fuel is None else fuel, temperature)
        self.car.put(distance, offset, speed, heading)
        self.timing.abandon()
        self._line = deque(CarCommands() for _ in range(self._lag))
        self._loaded = True
        self.mode = Mode.LIVE
        self._trace = []
        self._render()

    def begin(self, start: Start) -> None:
        """
        Begin a run at a start: grid, pits and hotlap restart the session, a place puts the car there.

        Raises:
            ValueError: The place lies behind a barrier, or its speed is out of range.
        """
        if isinstance(start, Place):
            if self.session is SessionType.RACE:  # whose lights hold the car
                self.session = SessionType.PRACTICE
                self.restart()
            self.put(start.s % self.track.length, start.offset, 0.0, start.speed)
        else:
            self.session = _SESSIONS[start]
            self.restart()

    def snapshot(self) -> bytes:
        """Return the whole state of the world as msgpack, for :meth:`restore`."""
        driver, receiver = self._driver.state(), self._receiver.state()
        late = {name: [part.shown, part.frames] for name, part in self._late.items()}
        line = [[c.steer, c.gas, c.brake, c.clutch, c.shift] for c in self._line]
        own = [getattr(self, name) for name in _STATE]
        state = [values(self.car), values(self.timing), driver, receiver, late, line, own]
        return pack([*state, int(self.session), int(self.mode), self._fixed()])

    def restore(self, snapshot: bytes) -> None:
        """
        Return to a snapshot of this world, or of one with the same arguments, exactly.

        Raises:
            ValueError: The bytes are no snapshot of a world, or that world has another track, spec or lag.
        """
        try:
            state = cast("tuple[Any, ...]", unpack(snapshot, SNAPSHOT_BOUNDS))
            car, timing, driver, receiver, late, line, own, session, mode, fixed = state
            kinds = SessionType(session), Mode(mode)
            other = [name for name, value in self._fixed().items() if fixed[name] != value]
        except (DecodeError, KeyError, TypeError, ValueError) as error:
            raise ValueError(f"not a snapshot of a world: {error}") from error
        if other:
            raise ValueError(f"the snapshot is of a world with another {' and another '.join(other)}")
        assign(self.car, car)
        assign(self.timing, timing)
        self._driver.restore(driver)
        self._receiver.restore(receiver)
        self._late = {name: _Late(*part) for name, part in late.items()}
        self._line = deque(CarCommands(*command) for command in line)
        for name, value in zip(_STATE, own, strict=True):
            setattr(self, name, list(value) if isinstance(getattr(self, name), list) else value)
        self.session, self.mode = kinds

    def _fixed(self) -> dict[str, str | int]:
        """Return what a world and its snapshots have in common."""
        track, spec = _digests(self.track, self._spec)
        return {"track": track, "spec": spec, "lag": self._lag}

    def _static_page(self) -> bytes:
        return telemetry.static_page(
            self._spec,
            self.track,
            cut_invalidates_lap=self._cut_invalidates_lap,
            rates=self._rates,
            sm_version=self.faults.sm_version,
        )

    def _begin(self) -> None:
        """Put the car where the session begins, with a fresh clock."""
        self.car = Car(self._spec, self.track, fuel=self._fuel)
        self.car.fuel_rate, self.car.wear_rate, self.car.damage_rate = self._rates
        self.car.ai = self._ai
        self.timing = Timing(self.track, cut_invalidates_lap=self._cut_invalidates_lap)
        self._driver = BuiltInDriver(racing_line(self.track, self._spec), self.car, self._seed, self._pace)
        self._line = deque(CarCommands() for _ in range(self._lag))
        self._elapsed_s = 0.0
        self._late: dict[str, _Late] = {}
        self._shown = telemetry.timing_values(self.timing, 0.0)
        self._trace: list[int] = []
        self._best_trace: list[int] = []
        if self.session is SessionType.RACE:
            self.car.put(GRID_M, 0.0)
        elif self.session is SessionType.HOTLAP:
            self.car.put(RUN_UP_M, *self._driver.run_up(RUN_UP_M, RUN_UP_SPEED))
        else:
            self._to_box()
        self._render()

    def _to_box(self) -> None:
        pit = self.track.pit
        if pit is None:
            self.car.put(10.0, 0.0)
        else:
            self.car.put(pit.box, pit.offset)
        self.car.repair()

    def _physics_step(self, commands: CarCommands | None) -> None:
        if not self._ai and commands is None:
            self._obey_reset()
        car = self.car
        held = self.mode is Mode.PITS or waits_for_lights(self.session, self._elapsed_s)
        before = car.distance
        x, y, z = car.x, car.y, car.z
        if held:
            car.step(CarCommands(brake=1.0))
        elif commands is not None:
            car.step(self._delayed(commands))
        elif self._ai:
            self._driver.drive_off_track = self.drive_off_track
            car.step(self._driver.drive())
        else:
            car.step(self._receiver.commands(self.control_page))
        self.steps += 1
        self._elapsed_s += STEP_S
        self._travelled += math.sqrt((car.x - x) ** 2 + (car.y - y) ** 2 + (car.z - z) ** 2)
        if self.session is SessionType.RACE and not held:
            self.timing.start()
        best = self.timing.best_clean_ms
        off = sum(wheel.off for wheel in car.wheels)
        self.timing.step(before, car.distance, off)
        if self.timing.crossed:
            if self.timing.best_clean_ms != best:
                self._best_trace = self._trace
            self._trace = []
            self._delay_roll_over()
        if self.timing.current_ms and car.distance * 1000 >= len(self._trace) * self.track.length:
            self._trace.append(self.timing.current_ms)

    def _obey_reset(self) -> None:
        """Begin a run elsewhere if the control page asks for it; a place that cannot be is ignored."""
        start = self._receiver.start(self.control_page)
        if start is not None:
            with suppress(ValueError):
                self.begin(start)

    def _delayed(self, commands: CarCommands) -> CarCommands:
        """Put commands into the delay line, and return those that leave it."""
        if not self._lag:
            return commands
        self._line.append(commands)
        return self._line.popleft()

    def _delta(self) -> float:
        """Return the delta to the best clean lap at this place, s; 0 when there is none."""
        i = len(self._trace) - 1
        if i < 0 or i >= len(self._best_trace):
            return 0.0
        return (self._trace[i] - self._best_trace[i]) / 1000

    def _delay_roll_over(self) -> None:
        for part, frames in ROLLOVERS[self.faults.rollover].items():
            if frames:
                self._late[part] = _Late(self._shown[part], frames)

    def _position(self) -> float:
        return (self.car.distance / self.track.length + self.track.finish_at + self.faults.finish_at) % 1.0

    def _graphics_page(self) -> bytes:
        """Return the last rendered frame as a page, packed when it is first read."""
        if self._graphics is None:
            self._graphics = telemetry.graphics_page(*self._rendered)
        return self._graphics

    def _render(self) -> None:
        """Render a frame: the values of the graphics page as they are now."""
        self._frames += 1
        laps = telemetry.timing_values(self.timing, self._position())
        for part, late in list(self._late.items()):
            if late.frames > 0:
                laps[part] = late.shown
                late.frames -= 1
            else:
                del self._late[part]
        self._shown = laps
        values = telemetry.graphics_values(
            self.car,
            session=self.session,
            mode=self.mode,
            frame=self._frames,
            elapsed_s=self._elapsed_s,
            travelled_m=self._travelled,
            laps=self.timing.laps,
        )
        self._rendered = (values, laps)
        self._graphics = None


_SESSIONS = {"grid": SessionType.RACE, "pits": SessionType.PRACTICE, "hotlap": SessionType.HOTLAP}
"""The session that begins at each start."""


def _checked_lag(lag: int) -> int:
    if not 0 <= lag <= MOST_LAG:
        raise ValueError(f"a lag lies from 0 to {MOST_LAG} steps, not {lag}")
    return lag


@cache
def racing_line(track: Track, spec: CarSpec) -> RacingLine:
    """Return the built-in driver's line; computing one takes a tenth of a second, so it is kept."""
    return RacingLine(track, spec)


@cache
def _digests(track: Track, spec: CarSpec) -> tuple[str, str]:
    """Return digests of a track and of a spec, equal in every process."""
    texts = (repr((track.name, track.configuration, track.road)), repr(spec))
    track_digest, spec_digest = (hashlib.sha256(text.encode()).hexdigest() for text in texts)
    return track_digest, spec_digest
