"""The render mode ``human``: an environment's car in a window, step by step. Needs pygame."""

from collections import deque

from acbridge_gym.ends import MOST_WHEELS_OFF
from acbridge_gym.scene import Inputs, Laps, Place, Shown
from acbridge_gym.seen import Seen
from acbridge_gym.window import Window
from acbridge_sim import Track
from acbridge_sim.model.drivetrain import STEP_S

TRAIL_S = 5.0


class HumanView:
    """A window that shows the episodes of one environment."""

    def __init__(self, track: Track, step_s: float) -> None:
        """
        Open the window.

        Args:
            track: The track.
            step_s: Length of a step.

        Raises:
            NoDisplay: There is no display.
        """
        self._window = Window(track, f"acbridge: {track.name} {track.configuration}".rstrip())
        self._length = track.length
        self._trail: deque[tuple[float, float, float]] = deque(maxlen=max(2, round(TRAIL_S / step_s)))
        self._laps = Laps()
        self._before: Seen | None = None
        self._first_laps = 0
        self._line: int | None = None

    def begin(self) -> None:
        """Begin an episode: the trail and the laps begin again, the best lap stays."""
        self._trail.clear()
        self._before = self._line = None
        self._laps = Laps(best_s=self._laps.best_s)

    def show(self, seen: Seen, note: str, wait_hz: float | None) -> None:
        """
        Show the car after a step.

        Args:
            seen: The car.
            note: What stands in the corner.
            wait_hz: Pictures a second at most, if the environment is not slow by itself.
        """
        self._window.read()
        self._count(seen)
        self._trail.append((seen.x, seen.z, seen.gas - seen.brake))
        rpm = seen.rpm / seen.max_rpm if seen.max_rpm > 0 else 0.0
        inputs = Inputs(seen.steer, seen.gas, seen.brake, 3.6 * seen.forward, seen.gear, rpm, seen.wheels_off)
        place = Place(seen.x, seen.z, seen.heading)
        self._window.show(Shown(place, inputs, self._laps, None, tuple(self._trail), note))
        if wait_hz is not None:
            self._window.wait(wait_hz)

    def close(self) -> None:
        """Close the window."""
        self._window.close()

    def _count(self, seen: Seen) -> None:
        """Follow the laps: the clock of an environment has whole ones only."""
        before, laps = self._before, self._laps
        if before is None:
            self._first_laps = seen.laps
        elif seen.laps > before.laps:
            best = laps.best_s
            if seen.last_lap_valid and (best is None or seen.last_lap_s < best):
                best = seen.last_lap_s
            number = seen.laps - self._first_laps + 1
            laps = Laps(number, None, True, seen.last_lap_s, bool(seen.last_lap_valid), best)
            self._line = seen.packet
        elif self._line is None and before.distance - seen.distance > self._length / 2:
            self._line = seen.packet
        running = None if self._line is None else (seen.packet - self._line) * STEP_S
        valid = laps.valid and (self._line is None or seen.wheels_off <= MOST_WHEELS_OFF)
        self._laps = laps._replace(running_s=running, valid=valid)
        self._before = Seen(packet=seen.packet, distance=seen.distance, laps=seen.laps)
