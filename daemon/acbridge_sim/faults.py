"""
Faults to inject: wrong values and orders that the real sim, a page bridge or a broken mod has been seen to write.

Each fault has its own switch. Faults act on the values that go into the pages, never on the world behind them.
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
"""Graphics frames by which each part of a new lap is late. The last four are orders seen in recordings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """
    Which faults are on.

    Attributes:
        rollover: One of :data:`ROLLOVERS`: in which order the parts of a new lap appear.
        finish_at: Normalised position of the finish line; real tracks have it at 0.98 too.
        frozen_packet_id: physics.packetId stands still while everything else moves.
        negative_rpm: rpms reads -786 in one step of a hundred.
        ninth_gear: gear reads 9 in one step of a hundred.
        not_finite: Some floats are nan and inf in one step of a hundred.
        wild_slip: wheelSlip reads 1e6 in one step of a hundred.
        sm_version: Value of static.smVersion; "1.9" is another sim's.
        zero_pages: Every byte of every page is zero.
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
            raise ValueError(f"unknown roll-over {self.rollover!r}; choose one of {', '.join(ROLLOVERS)}")
        if not 0.0 <= self.finish_at < 1.0:
            raise ValueError(f"the finish line has a normalised position from 0 to below 1, not {self.finish_at:g}")

    def spoil_physics(self, values: dict[str, Any], step: int) -> None:
        """
        Replace values of a physics page in place.

        Args:
            values: The page's values.
            step: Number of the physics step; all faults but the frozen packetId act when it is divisible by a hundred.
        """
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
