"""Spins: the car has turned round, or slid across until it stood."""

import math

from acbridge.derived.debounce import Debounced
from acbridge.derived.events import EventKind
from acbridge.derived.situation.progress import REVERSE
from acbridge.derived.tick import DerivationInput

ACROSS = 1.2
"""rad; a car that slides at a larger angle until it has hardly any speed has lost its direction, too."""
STRAIGHT = 0.3
"""The usual case, decided without an arctangent: a tangent under this is an angle under it."""


class Spin:
    """
    Whether the car has spun.

    The angle is that between the car's axis and its velocity; fast is faster than `spin_min_speed`, not in reverse.

    ========  =========================================================  ===================
    State     Condition                                                  Then
    ========  =========================================================  ===================
    waiting   fast, and the angle under `spin_over_angle`                straight
    straight  fast, and the angle above `spin_angle` for `spin_s`        waiting; `spin`
    straight  fast, and the angle above 1.2 rad for `spin_s`             sliding
    straight  not fast any more                                          waiting
    sliding   fast, and the angle above `spin_angle` for `spin_s`        waiting; `spin`
    sliding   fast, and the angle under `spin_over_angle`: caught        straight
    sliding   not fast any more, the angle still above 1.2 rad           waiting; `spin`
    sliding   not fast any more, with a smaller angle                    waiting
    any       teleported lately, or in reverse                           waiting
    ========  =========================================================  ===================
    """

    __slots__ = ("_across", "_round", "_straight")

    def __init__(self) -> None:
        self._round, self._across = Debounced(), Debounced()
        self._straight = False

    def update(self, tick: DerivationInput, *, teleported: bool) -> None:
        """Take one tick."""
        left, _, forward = tick.physics.localVelocity
        limits = tick.limits
        if abs(left) < forward * STRAIGHT and forward > limits.spin_min_speed and limits.spin_over_angle >= STRAIGHT:
            self._straight = True
            self._round.update(tick.now_ms, raw=False, rise_s=0.0)
            self._across.update(tick.now_ms, raw=False, rise_s=0.0)
            return
        angle = abs(math.atan2(left, forward)) if math.isfinite(left + forward) else 0.0
        fast = math.hypot(left, forward) > limits.spin_min_speed
        free = tick.physics.gear != REVERSE and not teleported
        slid = self._across.value
        turned = self._round.update(tick.now_ms, fast and free and angle > limits.spin_angle, limits.spin_s)
        self._across.update(tick.now_ms, fast and free and angle > ACROSS, limits.spin_s)
        lost = slid and not fast and free and angle > ACROSS
        if self._straight and (turned or lost):
            self._straight = False
            tick.emit(EventKind.SPIN)
        elif not fast:
            self._straight = False  # it may roll backward from here
        elif angle < limits.spin_over_angle:
            self._straight = True
