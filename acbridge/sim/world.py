"""
The world: a track, a car, somebody who drives it, a session, and the three pages that tell of them.

It steps in lock-step and keeps no clock, no socket and no file: the same seed and the same inputs give the same bytes.
"""

import math
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from typing import Any

from acbridge.pages import STATUS_LIVE, STATUS_OFF, STATUS_PAUSE, STATUS_REPLAY, Graphics, Physics, Static
from acbridge.sim import telemetry
from acbridge.sim.car import STEP_S, Car
from acbridge.sim.circuits import layout
from acbridge.sim.controls import Listener
from acbridge.sim.driver import Driver, Line
from acbridge.sim.faults import ROLLOVERS, Faults
from acbridge.sim.spec import Commands, Spec
from acbridge.sim.timing import Timing
from acbridge.sim.track import Track

STEPS_PER_SECOND = 1 / STEP_S
GRID = -12.0
"""Where a race starts, metres before the line."""
RUN_UP = -450.0
"""Where a hotlap starts, at speed."""
RUN_UP_SPEED = 30.0
QUALIFY_MS = 900_000.0
LIGHTS_S = 3.0
"""How long a race waits for its lights."""
RACE_LAPS = 5


class Session(IntEnum):
    """What `graphics.session` says."""

    PRACTICE = 0
    QUALIFY = 1
    RACE = 2
    HOTLAP = 3


class Mode(IntEnum):
    """What the player does; the sim's `status` tells only some of it."""

    OFF = 0
    LIVE = 1
    ESC = 2
    PAUSE = 3
    PITS = 4
    REPLAY = 5


STATUS_OF = {
    Mode.OFF: STATUS_OFF,
    Mode.LIVE: STATUS_LIVE,
    Mode.ESC: STATUS_LIVE,  # the menu over a standing world: the sim goes on saying live
    Mode.PAUSE: STATUS_PAUSE,
    Mode.PITS: STATUS_LIVE,
    Mode.REPLAY: STATUS_REPLAY,
}


@dataclass(slots=True)
class _Late:
    """Part of a new lap that appears later than the rest: what was shown before, and for how many frames more."""

    shown: dict[str, Any]
    frames: int


class World:
    """
    One session of one car.

    Attributes:
        track: Where it is.
        car: What drives there.
        timing: The lap clock.
        mode: What the player does.
        steps: Physics steps so far, which stand still in menus: `physics.packetId`.
        ticks: Steps of 3 ms of real time so far.
        control_page: The control page's bytes, obeyed when nobody else drives.
        stray: Whether the built-in driver keeps off the track, which makes the lap invalid.
    """

    def __init__(
        self,
        *,
        track: Track | None = None,
        session: Session = Session.PRACTICE,
        driver: str = "ai",
        seed: int = 0,
        fps: float = 60.0,
        faults: Faults | None = None,
        spec: Spec | None = None,
        fuel: float | None = None,
        cuts_count: bool = True,
        rates: tuple[float, float, float] = (1.0, 1.0, 1.0),
    ) -> None:
        """
        Begin a session, live.

        Args:
            track: The track; the circuit if not given.
            session: Practice and qualify begin in the pits, a race on the grid, a hotlap at speed before the line.
            driver: ``ai`` for the built-in driver, ``none`` for the control page or the commands of :meth:`step`.
            seed: Every seed is a slightly different driver.
            fps: Rendered frames per second.
            faults: Which faults are on; none if not given.
            spec: The car; the stand-in's own if not given.
            fuel: Litres at the start; two thirds of the tank if not given.
            cuts_count: Whether a cut makes a lap invalid.
            rates: Multipliers of fuel, tyre wear and damage.

        Raises:
            ValueError: There is no such driver, or the frame rate is none.
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
        self._listener = Listener()
        self._spec = spec or Spec()
        self._fuel = self._spec.tank * 2 / 3 if fuel is None else fuel
        self._fps = fps
        self._seed = seed
        self._ai = driver == "ai"
        self._rates = rates
        self._cuts_count = cuts_count
        self._frames = 0
        self._next_frame = 1
        self._travelled = 0.0
        self.stray = False
        self._loaded = True
        self._exited = False
        statics = telemetry.static_values(self._spec, self.track, cuts_count=cuts_count, rates=rates)
        self._static = Static.pack(statics | {"smVersion": self.faults.sm_version})
        self._begin()

    def step(self, count: int = 1, commands: Commands | None = None) -> None:
        """
        Let steps of 3 ms pass.

        Args:
            count: How many.
            commands: What to do with the car in each of them; the driver decides if not given.
        """
        for _ in range(count):
            self.ticks += 1
            if self._loaded and not self._exited and self.mode in (Mode.LIVE, Mode.PITS):
                self._physics_step(commands)
            if self.ticks * STEP_S * self._fps >= self._next_frame and not self._exited:
                self._next_frame += 1
                self._frame()

    def pages(self) -> tuple[bytes, bytes, bytes]:
        """Return physics, graphics and static as the sim would have written them by now."""
        if self.faults.zero_pages:
            return bytes(Physics.page_size), bytes(Graphics.page_size), bytes(Static.page_size)
        if not self._loaded:
            return bytes(Physics.page_size), self._graphics, bytes(Static.page_size)
        values = telemetry.physics_values(self.car, self.steps, self._delta())
        self.faults.spoil_physics(values, self.steps)
        return Physics.pack(values), self._graphics, self._static

    def off(self) -> None:
        """Be a sim that has started and not loaded a session: graphics says off, the other pages are empty."""
        self._loaded = False
        self.mode = Mode.OFF
        self._frame()

    def live(self) -> None:
        """Drive."""
        self._loaded = True
        self.mode = Mode.LIVE
        self._frame()

    def esc(self) -> None:
        """Open the ESC menu: everything stands, and the sim goes on saying live."""
        self.mode = Mode.ESC
        self._frame()

    def pause(self) -> None:
        """Pause: everything stands, and the sim says so."""
        self.mode = Mode.PAUSE
        self._frame()

    def replay(self) -> None:
        """Show a replay: the car stands, the sim says replay."""
        self.mode = Mode.REPLAY
        self._frame()

    def pits(self) -> None:
        """Go back to the pits: the car stands in its box, and time passes."""
        self.mode = Mode.PITS
        self._to_box()
        self.timing.abandon()
        self._frame()

    def restart(self) -> None:
        """Restart the session: car, clock and laps begin again; packetIds, distance travelled and static go on."""
        self._begin()
        self.live()

    def relaunch(self) -> None:
        """Be a new process of the sim: packetIds begin at 0."""
        self.steps = self._frames = self.ticks = 0
        self._next_frame = 1
        self._travelled = 0.0
        self._exited = False
        self.restart()

    def exit(self) -> None:
        """Exit as the sim does: graphics goes back to its defaults, the other pages stay as they were."""
        self._exited = True
        defaults: dict[str, Any] = {c.name: "" if c.is_text else 0 for c in Graphics.columns}
        defaults["carCoordinates"] = (0.0, 0.0, 0.0)
        self._graphics = Graphics.pack(defaults | {"packetId": 2 * self._frames + 1, "status": STATUS_OFF})

    def _begin(self) -> None:
        """Put the car where the session begins, with a fresh clock."""
        self.car = Car(self._spec, self.track, fuel=self._fuel)
        self.car.fuel_rate, self.car.wear_rate, self.car.damage_rate = self._rates
        self.car.ai = self._ai
        self.timing = Timing(self.track, cuts_count=self._cuts_count)
        self._driver = Driver(line_round(self.track, self._spec), self.car, self._seed)
        self._elapsed_s = 0.0
        self._late: dict[str, _Late] = {}
        self._shown = telemetry.timing_values(self.timing, 0.0)
        self._trace: list[int] = []
        self._best_trace: list[int] = []
        if self.session is Session.RACE:
            self.car.put(GRID, 0.0)
        elif self.session is Session.HOTLAP:
            self.car.put(RUN_UP, self._driver.offset_at(RUN_UP), RUN_UP_SPEED)
        else:
            self._to_box()
        self._frame()

    def _to_box(self) -> None:
        pit = self.track.pit
        if pit is None:
            self.car.put(10.0, 0.0)
        else:
            self.car.put(pit.box, pit.offset)
        self.car.repair()

    def _physics_step(self, commands: Commands | None) -> None:
        car = self.car
        held = self.mode is Mode.PITS or (self.session is Session.RACE and self._elapsed_s < LIGHTS_S)
        before = car.place.distance
        x, y, z = car.x, car.y, car.z
        if held:
            car.step(Commands(brake=1.0))
        elif commands is not None:
            car.step(commands)
        elif self._ai:
            self._driver.stray = self.stray
            car.step(self._driver.drive())
        else:
            car.step(self._listener.hear(self.control_page))
        self.steps += 1
        self._elapsed_s += STEP_S
        self._travelled += math.sqrt((car.x - x) ** 2 + (car.y - y) ** 2 + (car.z - z) ** 2)
        if self.session is Session.RACE and not held:
            self.timing.start()
        best = self.timing.best_clean_ms
        off = sum(wheel.off for wheel in car.wheels)
        self.timing.step(before, car.place.distance, off)
        if self.timing.crossed:
            if self.timing.best_clean_ms != best:
                self._best_trace = self._trace
            self._trace = []
            self._delay_roll_over()
        if self.timing.current_ms and car.place.distance * 1000 >= len(self._trace) * self.track.length:
            self._trace.append(self.timing.current_ms)

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
        return (self.car.place.distance / self.track.length + self.faults.finish_at) % 1.0

    def _frame(self) -> None:
        """Render a frame: the graphics page as it is now."""
        self._frames += 1
        values = self._graphics_values()
        parts = telemetry.timing_values(self.timing, self._position())
        for part, late in list(self._late.items()):
            if late.frames > 0:
                parts[part] = late.shown
                late.frames -= 1
            else:
                del self._late[part]
        self._shown = parts
        for part in parts.values():
            values.update(part)
        self._graphics = Graphics.pack(values)

    def _graphics_values(self) -> dict[str, Any]:
        car, pit = self.car, self.track.pit
        in_lane = self.track.in_pit_lane(car.place)
        in_box = in_lane and pit is not None and abs(car.place.distance - pit.box) < 1.5  # noqa: PLR2004  metres
        laps = RACE_LAPS if self.session is Session.RACE else 0
        return {
            "packetId": 2 * self._frames + 1,
            "status": STATUS_OF[self.mode],
            "session": int(self.session),
            "position": 1,
            "sessionTimeLeft": self._time_left(),
            "distanceTraveled": self._travelled,
            "isInPit": int(in_box),
            "numberOfLaps": laps,
            "tyreCompound": self._spec.compound.name,
            "replayTimeMultiplier": 1.0,
            "carCoordinates": (car.x, car.y, car.z),
            "penaltyTime": 0.0,
            "flag": 5 if laps and self.timing.laps >= laps else 0,
            "idealLineOn": 0,
            "isInPitLane": int(in_lane),
            "surfaceGrip": car.surface_grip,
            "mandatoryPitDone": 0,
            "windSpeed": 0.0,
            "windDirection": 0.0,
            "x_timeLimitedRemaining": -1,
            "x_escMenuVisible": int(self.mode is Mode.ESC),
        }

    def _time_left(self) -> float:
        """Return `sessionTimeLeft`: what remains of a timed session, else the negative time gone by."""
        if self.mode is Mode.REPLAY:
            return -1.0
        gone = 1000 * self._elapsed_s
        if self.session is Session.RACE:
            return math.inf if self._elapsed_s < LIGHTS_S else 1000 * LIGHTS_S - gone
        return QUALIFY_MS - gone if self.session is Session.QUALIFY else -gone


@cache
def line_round(track: Track, spec: Spec) -> Line:
    """Return the driver's line, which takes a tenth of a second to draw."""
    return Line(track, spec)
