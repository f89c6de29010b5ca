"""What every part of the derivation is given at a tick: the pages, the thresholds, and time by the sim's own clock."""

from collections.abc import Callable
from typing import NamedTuple

from acbridge.derived.thresholds import Thresholds
from acbridge.pages import Graphics, Physics, Static

STEP_MS = 3
"""Milliseconds of one physics step of the sim."""
CAR_AND_TRACK = ("carModel", "track", "trackConfiguration")
"""Fields of the static page that stay the same as long as car and track do."""

Emit = Callable[..., None]
"""Emits an event: its kind, and the fields that differ from nil as keywords."""


class DerivationInput(NamedTuple):
    """
    The input of one tick of a live session.

    Attributes:
        now_ms: Milliseconds of the sim.
        passed_ms: Milliseconds of the sim since the tick before.
        physics, graphics, static: The pages.
        limits: The thresholds.
        emit: Called for each event.
    """

    now_ms: int
    passed_ms: int
    physics: Physics
    graphics: Graphics
    static: Static
    limits: Thresholds
    emit: Emit


def packet_steps(before: int, after: int) -> int:
    """Return the physics steps from one packetId to the next; negative if the counter fell. It wraps after 74 days."""
    return (after - before + 2**31) % 2**32 - 2**31


def is_another_car_or_track(static: Static, before: Static) -> bool:
    """Return whether car, track or track layout of two static pages differ."""
    return any(getattr(static, name) != getattr(before, name) for name in CAR_AND_TRACK)
