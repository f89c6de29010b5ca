"""On the track or off it, by the wheels that are off."""

from acbridge.derived.debounce import Debounced
from acbridge.derived.events import EventKind
from acbridge.derived.tick import DerivationInput

OFF_TRACK = ("none", "partial", "off", "fully")
OFF_WHEELS = (1, 3, 4)
"""Wheels off the track from which each word after the first counts; the sim's usual rule allows two."""
GAP_S = 0.25
"""Ticks farther apart than this do not say whether wheels were off in between."""


class Surface:
    """
    How far the car is off the track.

    Each of the words *partial*, *off* and *fully* is a debounced condition (at least 1, 3, 4 wheels off), and the
    largest that holds counts. *off* has two transitions with events:

    ========  ====================================  =====================
    State     At least 3 wheels off                 Then
    ========  ====================================  =====================
    on track  true for `off_track_s`                off; `off_track`
    off       false for `off_track_s`               on track; `rejoined`
    ========  ====================================  =====================

    Attributes:
        word: One of :data:`OFF_TRACK`; ``None`` if the ticks are too far apart.
        off: Whether three wheels or more are off.
    """

    __slots__ = ("_conditions", "_since", "off", "word")

    def __init__(self, tick: DerivationInput) -> None:
        """Start with the first tick of a session, whose wheels count at once."""
        self._conditions = (Debounced(GAP_S), Debounced(GAP_S), Debounced(GAP_S))
        for condition, wheels in zip(self._conditions, OFF_WHEELS, strict=True):
            condition.value = tick.physics.numberOfTyresOut >= wheels
        self.off = bool(self._conditions[1].value)
        self.word: str | None = OFF_TRACK[0]
        self._since = tick.now_ms

    def update(self, tick: DerivationInput) -> None:
        """Take one tick."""
        wheels, hold_s, now_ms = tick.physics.numberOfTyresOut, tick.limits.off_track_s, tick.now_ms
        partial, off, fully = self._conditions
        partial.update(now_ms, wheels >= OFF_WHEELS[0], hold_s, hold_s)
        off.update(now_ms, wheels >= OFF_WHEELS[1], hold_s, hold_s)
        fully.update(now_ms, wheels >= OFF_WHEELS[2], hold_s, hold_s)
        if partial.value is None or off.value is None or fully.value is None:
            self.word = None
        else:
            self.word = OFF_TRACK[3 if fully.value else 2 if off.value else 1 if partial.value else 0]
        was_off, self.off = self.off, bool(off.value)
        if self.off and not was_off:
            self._since = now_ms
            tick.emit(EventKind.OFF_TRACK)
        elif was_off and not self.off:
            tick.emit(EventKind.REJOINED, duration_s=(now_ms - self._since) / 1000)
