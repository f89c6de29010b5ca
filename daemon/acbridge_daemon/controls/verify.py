"""Whether a reset has succeeded, judged by the telemetry alone. Pure: time is passed in."""

from acbridge.controls import Place, Start
from acbridge.pages import Graphics, Physics, Static

NEEDED = 5
"""Samples in a row that must agree."""
NEAR_M = 3.0
"""The car must be so near to the place of its start."""
NEAR_SPEED = 1.0
"""m/s: its speed must be so near to the wanted one, besides what it may have lost since."""
BRAKING = 12.0
"""m/s2: the most that a car loses."""
NEUTRAL = 0.05
"""Gas that the telemetry may show of a neutral car."""
EARLY_MS = 1000
"""The lap clock after a session began again, besides the time since then."""


class ResetCheck:
    """
    Judges the samples that follow a reset.

    Attributes:
        detail: What did not hold in the newest sample; ``None`` if all did.
    """

    def __init__(self, start: Start, begun_ns: int, packet: int, *, restarts: bool) -> None:
        """
        Begin with the command.

        Args:
            start: Where the run begins.
            begun_ns: When the command was given.
            packet: packetId of the newest sample then.
            restarts: Whether the session begins again, so that clock and laps must.
        """
        self.detail: str | None = "no sample is newer than the command"
        self._start = start
        self._begun_ns = begun_ns
        self._packet = packet
        self._restarts = restarts
        self._agreed = 0

    def update(self, sampled_ns: int, physics: Physics, graphics: Graphics, static: Static) -> bool:
        """Take a sample of a live sim, and return whether the reset has succeeded."""
        if sampled_ns <= self._begun_ns or physics.packetId == self._packet:
            return False
        self._packet = physics.packetId
        self.detail = self._problem((sampled_ns - self._begun_ns) * 1e-9, physics, graphics, static)
        self._agreed = self._agreed + 1 if self.detail is None else 0
        return self._agreed >= NEEDED

    def _problem(self, elapsed_s: float, physics: Physics, graphics: Graphics, static: Static) -> str | None:
        start = self._start
        if physics.gas > NEUTRAL:
            return f"gas is {physics.gas:.2f}, not 0"
        if self._restarts and graphics.iCurrentTime > EARLY_MS + elapsed_s * 1000:
            return f"the lap clock is at {graphics.iCurrentTime} ms"
        if self._restarts and graphics.completedLaps:
            return f"{graphics.completedLaps} laps are counted"
        speed = physics.speedKmh / 3.6
        if isinstance(start, Place):
            return _off_place(start, elapsed_s, speed, graphics.normalizedCarPosition, static.trackSPlineLength)
        if start == "pits" and not (graphics.isInPit or graphics.isInPitLane):
            return "the car is not in the pits"
        return f"the car drives at {speed:.1f} m/s" if start != "hotlap" and speed > NEAR_SPEED else None


def _off_place(start: Place, elapsed_s: float, speed: float, position: float, length: float) -> str | None:
    """Return how a car is off the place of its start; ``None`` if it is there."""
    if not start.speed - NEAR_SPEED - BRAKING * elapsed_s <= speed <= start.speed + NEAR_SPEED:
        return f"the speed is {speed:.1f} m/s, not {start.speed:.1f}"
    if length <= 0:
        return None  # a track without an AI line does not say where the car is
    ahead = (position * length - start.s) % length
    off = min(ahead, length - ahead)
    return f"the car is {off:.0f} m from its place" if off > NEAR_M + start.speed * elapsed_s else None
