"""A person at the wheel of the stand-in: reads the hands, steps the world in real time, shows it beside a ghost."""

import time
from collections import deque
from collections.abc import Callable, Sequence

from acbridge.hands import Axes, Device, Key, follow
from acbridge_gym.ghost import Ghost
from acbridge_gym.scene import Inputs, Laps, Place, Rival, Shown
from acbridge_gym.window import Read, Window
from acbridge_sim import STEP_S, CarCommands, SessionType, Track, World

PICTURES_HZ = 60
LONGEST_S = 0.1
"""A stall of the machine that is longer than this stops the car for the rest of it."""
GHOST_S = 0.004
"""Time in each picture for the ghost's lap, until it is whole: several times as fast as the person drives."""
TRAIL_S = 4.0
HELP = "arrows or W A S D drive     r starts again     Esc ends"
WITH_DEVICE = "{name}     r or its third button starts again     Esc ends"


class Cockpit:
    """
    A drive of one person.

    Attributes:
        world: Where it happens.
    """

    def __init__(
        self,
        track: Track,
        window: Window,
        ghost: Ghost | None,
        device: Device | None,
        session: SessionType,
        each: Callable[[float, bool], None],
        *,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """
        Wait for :meth:`run`.

        Args:
            track: Where to drive.
            window: Shows the car, and has the keys.
            ghost: Whom to drive against, if at all.
            device: Drives instead of the keys, if given.
            session: How the drive starts.
            each: Called with the time of each lap, s, and whether it is valid.
            clock: Returns the time, s.
        """
        self.world = World(track=track, session=session, driver="none")
        self._window, self._ghost, self._device, self._each, self._clock = window, ghost, device, each, clock
        self._axes = Axes()
        self._shift = 0
        self._trail: deque[tuple[float, float, float]] = deque(maxlen=round(TRAIL_S * PICTURES_HZ))
        self._laps = 0
        self._best_s: float | None = None
        self._quit = False
        self._note = HELP if device is None else WITH_DEVICE.format(name=device.name)

    def run(self, over: Callable[[], bool]) -> None:
        """Drive in real time until the person ends it, or a function returns true."""
        before, owed = self._clock(), 0.0
        while not over():
            now = self._clock()
            owed += min(LONGEST_S, now - before)
            self._take(self._window.read(), now - before)
            before = now
            if self._quit:
                return
            steps = int(owed / STEP_S)
            owed -= steps * STEP_S
            self._drive(steps)
            if self._ghost is not None:
                end = self._clock() + GHOST_S
                self._ghost.work(lambda end=end: self._clock() >= end)
            self._window.show(self._shown())
            self._window.wait(PICTURES_HZ)

    def _take(self, read: Read, elapsed_s: float) -> None:
        pressed: Sequence[Key] = read.pressed
        if self._device is None:
            self._axes = follow(self._axes, read.held, 3.6 * self.world.car.speed, elapsed_s)
        else:
            self._axes, more = self._device.read()
            pressed = [*pressed, *more]
        self._quit = read.closed or Key.QUIT in pressed
        self._shift += pressed.count(Key.SHIFT_UP) - pressed.count(Key.SHIFT_DOWN)
        if Key.RESET in pressed:
            self.world.restart()
            self._trail.clear()
            self._laps = 0

    def _drive(self, steps: int) -> None:
        if steps:
            self.world.step(steps, CarCommands(*self._axes, 1.0, max(-1, min(1, self._shift))))
            self._shift = 0
        car, clock = self.world.car, self.world.timing
        self._trail.append((car.x, car.z, car.gas - car.brake))
        if clock.laps > self._laps:
            self._laps, lap_s = clock.laps, clock.last_ms / 1000
            if not clock.last_cut and (self._best_s is None or lap_s < self._best_s):
                self._best_s = lap_s
            self._each(lap_s, not clock.last_cut)

    def _shown(self) -> Shown:
        car, laps = self.world.car, self._lap_clock()
        off = sum(wheel.off for wheel in car.wheels)
        rpm = car.rpm / car.spec.limit_rpm
        inputs = Inputs(car.steer, car.gas, car.brake, 3.6 * car.speed, car.gear - 1, rpm, off)
        place = Place(car.x, car.z, car.heading)
        return Shown(place, inputs, laps, self._rival(laps), tuple(self._trail), self._note)

    def _rival(self, laps: Laps) -> Rival | None:
        if self._ghost is None:
            return None
        place = delta_s = None
        if laps.running_s is not None:
            moment = self._ghost.at(laps.running_s)
            place = None if moment is None else Place(moment.x, moment.z, moment.heading)
            delta_s = self._ghost.behind(laps.running_s, self.world.car.distance)
        return Rival(self._ghost.name, place, self._ghost.lap_s, delta_s)

    def _lap_clock(self) -> Laps:
        clock = self.world.timing
        return Laps(
            clock.laps + 1,
            clock.current_ms / 1000 if clock.running else None,
            not clock.cut,
            clock.last_ms / 1000 if clock.laps else None,
            not clock.last_cut,
            self._best_s,
        )
