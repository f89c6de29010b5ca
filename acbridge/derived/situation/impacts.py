"""Impacts: rises of the damage of one side of the car."""

from acbridge.derived.events import EventKind
from acbridge.derived.record import ZONES
from acbridge.derived.tick import DerivationInput


class Zone:
    """
    One side of the car: the hardest hit so far, and the hit that is going on.

    ========  =================================================  ==============================
    State     `carDamage` of the side                            Then
    ========  =================================================  ==============================
    at rest   rises by more than `impact_rise` over what is      hit
              known
    hit       rises further                                      hit, with the larger size
    hit       `impact_s` after the first rise                    at rest; `impact`
    any       falls under what is known: it was repaired         at rest
    ========  =================================================  ==============================
    """

    __slots__ = ("_known", "_peak", "_since")

    def __init__(self, damage: float) -> None:
        """Start with the damage that is there when a session is met."""
        self._known = max(0.0, damage)  # what is not a number counts as none
        self._peak = 0.0
        self._since: int | None = None

    @property
    def is_resting(self) -> bool:
        """Whether no hit is going on."""
        return self._since is None

    def update(self, now_ms: int, damage: float, rise: float, hold_s: float) -> float | None:
        """Return the size of an impact once it is over, else ``None``."""
        if damage < self._known:
            self._known, self._peak, self._since = damage, 0.0, None
            return None
        if self._since is None:
            if not damage > self._known + rise:
                return None
            self._since = now_ms
        self._peak = max(self._peak, damage) if damage > 0 else self._peak
        if now_ms - self._since < hold_s * 1000:
            return None
        self._known, self._since = self._peak, None
        self._peak = 0.0
        return self._known


class Impacts:
    """The impacts on the four sides of the car."""

    __slots__ = ("_damage", "_resting", "_zones")

    def __init__(self, tick: DerivationInput) -> None:
        """Start with the first tick of a session."""
        self._damage = tick.physics.carDamage
        self._zones = [Zone(damage) for damage in self._damage[: len(ZONES)]]
        self._resting = False

    def update(self, tick: DerivationInput) -> None:
        """Take one tick."""
        damage = tick.physics.carDamage
        if self._resting and damage == self._damage:
            return
        self._damage = damage
        limits = tick.limits
        for name, zone, size in zip(ZONES, self._zones, damage, strict=False):
            impact = zone.update(tick.now_ms, size, limits.impact_rise, limits.impact_s)
            if impact is not None:
                tick.emit(EventKind.IMPACT, zone=name, impact_kmh=impact)
        self._resting = all(zone.is_resting for zone in self._zones)
