"""
The situation of one session: the machines for pits, track, progress, damage and spins, at every tick.

Nothing here reads a clock: time is milliseconds of the sim.
"""

from acbridge.derived.situation.impacts import Impacts
from acbridge.derived.situation.pits import Pits
from acbridge.derived.situation.progress import Direction, Stuck
from acbridge.derived.situation.spin import Spin
from acbridge.derived.situation.surface import Surface
from acbridge.derived.tick import DerivationInput


class Situation:
    """
    The situation of one session.

    Attributes:
        pits, surface, stuck, direction: The machine for each question.
        teleported: Whether the car was teleported lately.
    """

    def __init__(self, tick: DerivationInput) -> None:
        """Start with the first tick of a session."""
        self.pits = Pits(tick)
        self.surface = Surface(tick)
        self.stuck = Stuck()
        self.direction = Direction()
        self.teleported = False
        self._impacts = Impacts(tick)
        self._spin = Spin()

    def update(self, tick: DerivationInput, *, teleported: bool) -> None:
        """Take one tick of a live session."""
        self.teleported = teleported
        self.pits.update(tick)
        self.surface.update(tick)
        self.stuck.update(tick, in_pit_lane=self.pits.inside, off=self.surface.off)
        self.direction.update(tick)
        self._impacts.update(tick)
        self._spin.update(tick, teleported=teleported)
