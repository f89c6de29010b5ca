"""
Bad manners on demand: what the real sim, a bridge or a broken mod has been seen to put into the pages.

Each fault is its own switch. Faults act on the values that go into the pages, never on the world behind them.
"""

import math
from dataclasses import dataclass
from typing import Any

ROLLOVERS = {
    "together": {"position": 0, "time": 0, "last": 0, "count": 0},
    "position-first": {"position": 0, "time": 1, "last": 1, "count": 2},
    "time-first": {"position": 1, "time": 0, "last": 1, "count": 2},
    "last-first": {"position": 1, "time": 2, "last": 0, "count": 1},
    "count-first": {"position": 2, "time": 1, "last": 1, "count": 0},
}
"""Graphics frames by which each part of a new lap comes late. The last four are orders seen in recordings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """
    Which faults are on.

    Attributes:
        rollover: One of :data:`ROLLOVERS`: in which order the parts of a new lap appear.
        finish_at: Normalised position of the finish line; real tracks have it at 0.98 too.
        frozen_packet_id: physics.packetId stands still while everything else moves.
        negative_rpm: rpms reads -786 now and then.
        ninth_gear: gear reads 9 now and then.
        not_finite: Some floats are nan and inf now and then.
        wild_slip: wheelSlip reads 1e6 now and then.
        sm_version: What static.smVersion says; "1.9" is another sim's.
        zero_pages: Every page is zeros.
    """

    rollover: str = "together"
    finish_at: float = 0.0
    frozen_packet_id: bool = False
    negative_rpm: bool = False
    ninth_gear: bool = False
    not_finite: bool = False
    wild_slip: bool = False
    sm_version: str = "1.7"
    zero_pages: bool = False

    def __post_init__(self) -> None:
        if self.rollover not in ROLLOVERS:
            raise ValueError(f"there is no roll-over {self.rollover!r}; there are {', '.join(ROLLOVERS)}")
        if not 0.0 <= self.finish_at < 1.0:
            raise ValueError(f"the finish line lies at a normalised position from 0 to 1, not {self.finish_at:g}")

    def spoil_physics(self, values: dict[str, Any], step: int) -> None:
        """Spoil the values of a physics page in place; ``now and then`` is one step in a hundred."""
        if self.frozen_packet_id:
            values["packetId"] = 1000
        if step % 100:
            return
        if self.negative_rpm:
            values["rpms"] = -786
        if self.ninth_gear:
            values["gear"] = 9
        if self.wild_slip:
            values["wheelSlip"] = (1e6, 3266.0, 1e6, 0.0)
        if self.not_finite:
            values["performanceMeter"] = math.inf
            values["finalFF"] = math.nan
            values["tyreTempI"] = (math.nan, math.inf, -math.inf, 20.0)
