"""What every part of the derivation is given at a tick: the pages, the thresholds, and time by the sim's own clock."""

from collections.abc import Callable
from typing import NamedTuple

from acbridge.derived.thresholds import Thresholds
from acbridge.pages import AC1, Graphics, Physics, Static

STEP_MS = AC1.step_ms
"""Milliseconds of one physics step of the sim."""
SETTLING_TICKS = 3
"""Parts of one change in the pages may also be ticks apart: so many ticks without another part end the wait."""
CAR_AND_TRACK = ("carModel", "track", "trackConfiguration")
"""Fields of the static page that stay the same as long as car and track do."""

Emit = Callable[..., None]
"""Emits an event: its kind, and the fields that differ from nil as keywords."""


class Moment(NamedTuple):
    """When something was seen: milliseconds of the sim, and the number of the tick."""

    ms: int
    tick: int


class DerivationInput(NamedTuple):
    """
    The input of one tick of a live session.

    Attributes:
        now_ms: Milliseconds of the sim.
        passed_ms: Milliseconds of the sim since the tick before.
        number: Counts the live ticks.
        physics, graphics, static: The pages.
        limits: The thresholds.
        emit: Called for each event.
    """

    now_ms: int
    passed_ms: int
    number: int
    physics: Physics
    graphics: Graphics
    static: Static
    limits: Thresholds
    emit: Emit

    @property
    def moment(self) -> Moment:
        """The moment of this tick."""
        return Moment(self.now_ms, self.number)

    def settled(self, since: Moment) -> bool:
        """Return whether all parts of a change that was first seen at a moment have had the time to appear."""
        waited_ms = self.now_ms - since.ms
        return waited_ms >= self.limits.rollover_s * 1000 and self.number - since.tick >= SETTLING_TICKS


def is_another_car_or_track(static: Static, before: Static) -> bool:
    """Return whether car, track or track layout of two static pages differ."""
    return any(getattr(static, name) != getattr(before, name) for name in CAR_AND_TRACK)
