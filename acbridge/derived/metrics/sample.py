"""What a metric is computed from, and what the documentation says of it."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

from acbridge.derived.lap.laps import Laps
from acbridge.derived.motion import ContactGeometry
from acbridge.derived.situation import Situation
from acbridge.derived.thresholds import Thresholds
from acbridge.derived.wheels import Chassis, Slips
from acbridge.pages import Graphics, Physics, Static
from acbridge.status import SimState


class Sample(NamedTuple):
    """
    All that a metric may be computed from: the pages of one tick, and what the state machines know after it.

    Attributes:
        physics, graphics, static: The pages.
        limits: The thresholds.
        state: The sim's state: live, paused or replay.
        geometry: How the car stands on its wheels; ``None`` if the sim does not say.
        slips: Slip of each wheel.
        chassis: What is known of the car.
        laps, situation: The state machines of the session; ``None`` before the first live tick.
    """

    physics: Physics
    graphics: Graphics
    static: Static
    limits: Thresholds
    state: SimState
    geometry: ContactGeometry | None
    slips: Slips
    chassis: Chassis
    laps: Laps | None
    situation: Situation | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """
    What the documentation says of a metric besides its column.

    Attributes:
        formula: How it is computed.
        uses: The fields of the pages and of the derived record that go into it.
        values: What it may be, and when it is nil.
        confidence: How sure it is: exact, estimated, or estimated with unconfirmed input.
        source: Where formula or rule come from.
        is_not: What it is easily taken for.
        witness: How it was checked, against which truth, with which error.
        reliable_hz: From which rate on; below it, it is nil where it cannot be known.
    """

    formula: str
    uses: tuple[str, ...]
    values: str
    confidence: str
    source: str
    is_not: str
    witness: str
    reliable_hz: float = 1


F = TypeVar("F", bound=Callable[[Sample], Any])

EXPLANATIONS: dict[str, Explanation] = {}
"""What the documentation says of each metric, by name."""


def explained(**explanation: Any) -> Callable[[F], F]:
    """Declare a metric; the arguments are those of :class:`Explanation`."""

    def declare(function: F) -> F:
        EXPLANATIONS[function.__name__] = Explanation(**explanation)
        return function

    return declare


def along_line_m(position: float, length_m: float) -> float | None:
    """Return metres along the AI line from the normalised position; ``None`` without a line, or a position."""
    return position * length_m if length_m > 0 and math.isfinite(position) else None
