"""Teleports: the car moved without driving."""

import math

from acbridge.derived.motion import ContactGeometry
from acbridge.derived.tick import DerivationInput


class Movement:
    """
    Where the car is, and whether it could have driven there.

    ========  =============================================================  ========
    Before    Now                                                            Jumped
    ========  =============================================================  ========
    nothing   a place                                                        no
    a place   at most as far as the larger speed allows, plus `teleport_m`   no
    a place   farther                                                        yes
    a place   nothing                                                        no
    ========  =============================================================  ========

    Attributes:
        jumped_m: How far the car jumped in this very tick; ``None`` if it did not.
    """

    __slots__ = ("_jumped_at", "_place", "_speed", "jumped_m")

    def __init__(self) -> None:
        self.jumped_m: float | None = None
        self._place: tuple[float, float] | None = None
        self._speed = 0.0
        self._jumped_at: int | None = None

    def update(self, tick: DerivationInput, geometry: ContactGeometry | None) -> None:
        """Take one tick; without a geometry the sim does not say where the car is."""
        before, self._place = self._place, (geometry.x, geometry.z) if geometry is not None else None
        speed, self._speed = self._speed, tick.physics.speedKmh / 3.6
        self.jumped_m = None
        if before is None or geometry is None:
            return
        moved = math.hypot(geometry.x - before[0], geometry.z - before[1])
        if moved > max(speed, self._speed) * tick.passed_ms / 1000 + tick.limits.teleport_m:
            self.jumped_m = moved
            self._jumped_at = tick.now_ms

    def jumped_lately(self, tick: DerivationInput) -> bool:
        """Return whether the car was teleported within `teleport_shown_s`."""
        return self._jumped_at is not None and tick.now_ms - self._jumped_at < tick.limits.teleport_shown_s * 1000

    def forget(self) -> None:
        """A new session begins where it does."""
        self.jumped_m = self._jumped_at = None
