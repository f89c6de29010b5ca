"""The pit lane: in it or not, and what a stop took."""

from acbridge.derived.debounce import Debounced
from acbridge.derived.events import EventKind
from acbridge.derived.tick import DerivationInput

GAP_S = 2.0
"""No car passes the pit lane, or leaves and enters it again, between two ticks this close."""


class Pits:
    """
    Whether the car is in the pit lane.

    =======  =======================================  =================
    State    `isInPitLane` or `isInPit`               Then
    =======  =======================================  =================
    out      true for `pit_s`                         in; `pit_in`
    in       false for `pit_s`                        out; `pit_out`
    =======  =======================================  =================

    Attributes:
        inside: Whether the car is in the pit lane, debounced.
        near: Whether it is, or the sim says so at this very tick.
    """

    __slots__ = ("_debounced", "_fuel", "_since", "inside", "near")

    def __init__(self, tick: DerivationInput) -> None:
        """Start with the first tick of a session: a car that is in the pit lane then did not enter it."""
        self._debounced = Debounced(GAP_S)
        self._debounced.value = self.inside = self.near = bool(tick.graphics.isInPitLane or tick.graphics.isInPit)
        self._since = tick.now_ms if self.inside else None
        self._fuel = tick.physics.fuel

    def update(self, tick: DerivationInput) -> None:
        """Take one tick."""
        said = bool(tick.graphics.isInPitLane or tick.graphics.isInPit)
        hold_s, fuel = tick.limits.pit_s, tick.physics.fuel
        self.inside = bool(self._debounced.update(tick.now_ms, said, hold_s, hold_s))
        self.near = said or self.inside
        if self.inside and self._since is None:
            self._since, self._fuel = tick.now_ms, fuel
            tick.emit(EventKind.PIT_IN)
        elif self._since is not None and not self.inside:
            added = fuel - self._fuel
            tick.emit(
                EventKind.PIT_OUT,
                duration_s=(tick.now_ms - self._since) / 1000,
                fuel_added=added if added > tick.limits.refuel_l else None,
            )
            self._since = None
