"""Whether the car is stuck, and whether it drives the wrong way."""

import math

from acbridge.derived.debounce import Debounced
from acbridge.derived.tick import DerivationInput

REVERSE, NEUTRAL, FIRST = 0, 1, 2
"""The sim's indices of three gears."""
PEDAL_DOWN = 0.1
"""`clutch` at or under this: the pedal is down, and the engine does not push."""
BRAKING = 0.05
"""`brake` above this: the car is held on purpose."""
DRIVEN_KMH = 20.0
"""A car that drives in gear with gas faster than this has its clutch engaged, whatever the page says."""


class Stuck:
    """
    Whether the car is stuck: it wants to go on and cannot.

    =========  ====================================================================  ========
    State      Condition                                                             Then
    =========  ====================================================================  ========
    free       powerless for `stuck_s`: gas in gear, clutch engaged, no brake, slow   stuck
    free       beached for `stuck_off_s`: off the track, slow                         stuck
    stuck      neither                                                               free
    =========  ====================================================================  ========

    In the pit lane, and while a race waits for its lights (`sessionTimeLeft` is infinite, unconfirmed), no car is
    powerless. Builds before 1.10 do not write `clutch`; that is found out once the car drives with a clutch of 0.

    Attributes:
        value: Whether the car is stuck; ``None`` if the ticks are too far apart.
    """

    __slots__ = ("_beached", "_clutch_written", "_powerless", "value")

    def __init__(self) -> None:
        self.value: bool | None = False
        self._powerless, self._beached = Debounced(), Debounced()
        self._clutch_written = True

    def update(self, tick: DerivationInput, *, in_pit_lane: bool, off: bool) -> None:
        """Take one tick."""
        physics, limits = tick.physics, tick.limits
        speed, outside, pushing = physics.speedKmh, not in_pit_lane, physics.gas > limits.stuck_gas
        if pushing and speed > DRIVEN_KMH and physics.gear >= FIRST and physics.clutch == 0:
            self._clutch_written = False
        elif physics.clutch > 0:
            self._clutch_written = True
        powerless = (
            pushing
            and outside
            and speed < limits.stuck_kmh
            and physics.gear != NEUTRAL
            and not (self._clutch_written and physics.clutch <= PEDAL_DOWN)
            and not physics.brake > BRAKING
            and math.isfinite(tick.graphics.sessionTimeLeft)
        )
        beached = outside and off and speed < limits.stuck_off_kmh
        powerless = self._powerless.update(tick.now_ms, powerless, limits.stuck_s)
        beached = self._beached.update(tick.now_ms, beached, limits.stuck_off_s)
        self.value = True if powerless or beached else None if powerless is None or beached is None else False


class Direction:
    """
    Whether the car drives against the AI line.

    =========  ==============================================================  =============
    State      Condition                                                       Then
    =========  ==============================================================  =============
    right way  for `wrong_way_s`: the last change of the position was          wrong way
               backward, and the car drives forward, not in reverse
    wrong way  not so                                                          right way
    =========  ==============================================================  =============

    Attributes:
        wrong: Whether it does; ``None`` if the ticks are too far apart.
    """

    __slots__ = ("_against", "_debounced", "_position", "wrong")

    def __init__(self) -> None:
        self.wrong: bool | None = False
        self._debounced = Debounced()
        self._position: float | None = None
        self._against = False

    def update(self, tick: DerivationInput) -> None:
        """Take one tick."""
        physics, limits, position = tick.physics, tick.limits, tick.graphics.normalizedCarPosition
        if 0 <= position <= 1:
            if position != self._position and self._position is not None:
                self._against = (position - self._position) % 1.0 > 0.5  # noqa: PLR2004  the shorter way is backward
            self._position = position
        against = (
            self._against
            and physics.localVelocity[2] * 3.6 > limits.wrong_way_kmh
            and physics.gear != REVERSE
            and tick.static.trackSPlineLength > 0
        )
        self.wrong = self._debounced.update(tick.now_ms, against, limits.wrong_way_s)
