"""
Every threshold of what is derived, in one place: its default, its range, what it decides and where it comes from.

They can be changed with the daemon's ``--threshold NAME=VALUE`` and with the request ``set_thresholds``.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, NamedTuple

from acbridge.errors import shown, suggest


class ThresholdSpec(NamedTuple):
    """
    What is known of one threshold.

    Attributes:
        low, high: What it may be.
        unit: SI unless said otherwise; empty for ratios and counts.
        meaning: What it decides.
        source: Where the default comes from.
    """

    low: float
    high: float
    unit: str
    meaning: str
    source: str


OURS = "our choice"
CREW_CHIEF = "as CrewChief decides it"
RECORDED = "recordings of the sim"
LIVE_TELEMETRY = "as the in-game app live-telemetry warns"


def _limit(default: float, low: float, high: float, unit: str, meaning: str, source: str = OURS) -> Any:
    return field(default=default, metadata={"rule": ThresholdSpec(low, high, unit, meaning, source)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """The thresholds in force."""

    min_speed: float = _limit(
        3.0, 0.5, 30.0, "m/s", "Slip ratios, slip angles and the body's slip angle are nil at or under it.", RECORDED
    )
    effective_radius: float = _limit(
        1.0025, 0.9, 1.1, "", "Rolling radius over static.tyreRadius.", "recordings with the sim's own slip ratio"
    )
    wheel_slip_cap: float = _limit(
        10.0, 1.0, 1e6, "", "Where wheelSlip is cut before it is averaged.", "recordings: 99.9 % lie under 21"
    )
    wheel_hold_s: float = _limit(
        0.03, 0.0, 1.0, "s", "How long a wheel must slip before it counts as locked or spinning."
    )
    lock_slip_ratio: float = _limit(-0.3, -1.0, -0.01, "", "A wheel under it is locked.")
    lock_release: float = _limit(-0.1, -1.0, 0.0, "", "A locked wheel above it turns again.")
    lock_min_speed: float = _limit(7.0, 0.5, 50.0, "m/s", "No wheel counts as locked at or under it.")
    lock_min_brake: float = _limit(0.05, 0.0, 1.0, "", "No wheel counts as locked without more brake than this.")
    wheelspin_slip_ratio: float = _limit(0.3, 0.01, 10.0, "", "A wheel above it spins.")
    wheelspin_release: float = _limit(0.1, 0.0, 10.0, "", "A spinning wheel under it grips again.")
    wheelspin_min_gas: float = _limit(0.1, 0.0, 1.0, "", "No wheel counts as spinning without more gas than this.")
    understeer_min_speed: float = _limit(8.0, 1.0, 50.0, "m/s", "The understeer angle is nil at or under it.")
    understeer_min_yaw_rate: float = _limit(
        0.05, 0.001, 1.0, "rad/s", "The understeer angle is nil at or under it: straight on it means nothing."
    )
    bodywork_damaged: float = _limit(
        40.0, 0.0, 1e4, "km/h", "bodywork_damaged: the zones of carDamage add up to more.", CREW_CHIEF
    )
    bodywork_critical: float = _limit(
        200.0, 0.0, 1e4, "km/h", "bodywork_critical: the zones of carDamage add up to more.", CREW_CHIEF
    )
    tyre_damaged_wear: float = _limit(
        0.8, 0.0, 1.0, "", "tyre_damaged: tyre_wear of a wheel is at least this.", "an earlier project's limits"
    )
    tyre_critical_wear: float = _limit(
        0.95, 0.0, 1.0, "", "tyre_critical: tyre_wear of a wheel is at least this.", "an earlier project's limits"
    )
    tyre_damaged_grip: float = _limit(
        98.0,
        0.0,
        100.0,
        "%",
        "tyre_damaged for an unknown compound: tyreWear of a wheel is under it.",
        LIVE_TELEMETRY,
    )
    tyre_critical_grip: float = _limit(
        96.0,
        0.0,
        100.0,
        "%",
        "tyre_critical for an unknown compound: tyreWear of a wheel is under it.",
        LIVE_TELEMETRY,
    )
    stationary_kmh: float = _limit(1.0, 0.0, 20.0, "km/h", "stationary: slower than this.")
    off_track_s: float = _limit(0.1, 0.0, 5.0, "s", "How long wheels must be off, or back, before off_track changes.")
    stuck_gas: float = _limit(0.2, 0.0, 1.0, "", "stuck: more gas than this, in gear, and yet no speed.")
    stuck_kmh: float = _limit(3.0, 0.0, 50.0, "km/h", "stuck: slower than this with gas.")
    stuck_s: float = _limit(3.0, 0.0, 60.0, "s", "stuck: for longer than this with gas.")
    stuck_off_kmh: float = _limit(5.0, 0.0, 50.0, "km/h", "stuck: slower than this off the track.")
    stuck_off_s: float = _limit(5.0, 0.0, 60.0, "s", "stuck: for longer than this off the track.")
    wrong_way_kmh: float = _limit(10.0, 0.0, 100.0, "km/h", "wrong_way: faster than this, forward.")
    wrong_way_s: float = _limit(1.5, 0.0, 30.0, "s", "wrong_way: for longer than this.")
    pit_s: float = _limit(0.3, 0.0, 5.0, "s", "How long isInPitLane or isInPit must say so before in_pit_lane changes.")
    teleport_m: float = _limit(20.0, 1.0, 1000.0, "m", "A jump this much farther than the speed allows is a teleport.")
    teleport_shown_s: float = _limit(1.0, 0.0, 60.0, "s", "How long teleported stays true after one.")
    impact_rise: float = _limit(1.0, 0.1, 100.0, "km/h", "A zone of carDamage that rises by more was hit.")
    impact_s: float = _limit(0.1, 0.0, 5.0, "s", "Rises within this are one impact.")
    spin_angle: float = _limit(1.57, 0.3, 3.1, "rad", "A spin: the angle between the car and its way is larger.")
    spin_over_angle: float = _limit(
        0.3, 0.01, 3.1, "rad", "A spin is over, and another can begin, once the angle was smaller at speed."
    )
    spin_min_speed: float = _limit(5.0, 0.5, 50.0, "m/s", "No spin is detected at or under it.")
    spin_s: float = _limit(0.2, 0.0, 5.0, "s", "A spin: for at least this long.")
    cut_wheels: float = _limit(
        3.0, 1.0, 5.0, "", "A cut: at least so many wheels off the track; servers may allow more.", CREW_CHIEF
    )
    cut_min_speed: float = _limit(5.0, 0.0, 50.0, "m/s", "A cut: faster than this.")
    lap_start_s: float = _limit(
        2.0, 0.0, 30.0, "s", "A lap first seen later than this after its start was not seen whole."
    )
    unseen_s: float = _limit(2.0, 0.1, 60.0, "s", "A lap with a hole longer than this was not seen whole.")
    rollover_s: float = _limit(
        1.0, 0.1, 10.0, "s", "How long the parts of a new lap may take to appear.", "recordings: within 0.2 s"
    )
    sector_s: float = _limit(0.15, 0.0, 5.0, "s", "How long a sector's time may take to appear.", RECORDED)
    refuel_l: float = _limit(0.05, 0.001, 10.0, "L", "Fuel that rises by more was filled in.")
    consumption_laps: float = _limit(5.0, 1.0, 50.0, "", "Clean laps of which the median is taken.")

    def changed(self, values: Mapping[str, object]) -> "Thresholds":
        """
        Return these thresholds with some of them changed.

        Args:
            values: Name to number.

        Raises:
            ValueError: There is no such threshold, a value is out of its range, or two contradict each other; the text
                says what would do.
        """
        changed = replace(self, **checked(values))
        for smaller, larger in PAIRS:
            if not getattr(changed, smaller) < getattr(changed, larger):
                raise ValueError(
                    f"{smaller} must stay under {larger}: {getattr(changed, smaller):g} is not under "
                    f"{getattr(changed, larger):g}"
                )
        return changed

    def values(self) -> dict[str, float]:
        """Return name to value."""
        return asdict(self)


def parse_thresholds(words: Iterable[str]) -> dict[str, float]:
    """
    Return name to number of words such as ``stuck_s=5``; whether the names and ranges are right is not looked at.

    Raises:
        ValueError: A word is not ``NAME=VALUE``.
    """
    values: dict[str, float] = {}
    for word in words:
        name, _, value = word.partition("=")
        try:
            values[name] = float(value)
        except ValueError:
            raise ValueError(f"a threshold is set with NAME=VALUE, such as stuck_s=5, not {word!r}") from None
    return values


THRESHOLDS: Mapping[str, ThresholdSpec] = {each.name: each.metadata["rule"] for each in fields(Thresholds)}
"""What is known of each threshold, by name."""
PAIRS = (
    ("lock_slip_ratio", "lock_release"),
    ("wheelspin_release", "wheelspin_slip_ratio"),
    ("spin_over_angle", "spin_angle"),
)
"""What begins something and what ends it: were the two the wrong way round, it would begin and end without end."""


def checked(values: Mapping[str, object]) -> dict[str, float]:
    """
    Return thresholds by name, each in its range.

    Raises:
        ValueError: There is no such threshold, or a value is out of its range; the text says what would do.
    """
    found: dict[str, float] = {}
    for name, value in values.items():
        rule = THRESHOLDS.get(name)
        if rule is None:
            raise ValueError(f"there is no threshold {shown(name)}; {suggest([name], THRESHOLDS)}")
        number = value if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
        if not rule.low <= number <= rule.high:  # nan is in no range
            unit = f" {rule.unit}" if rule.unit else ""
            raise ValueError(f"{name} must be a number from {rule.low:g} to {rule.high:g}{unit}")
        found[name] = float(number)
    return found
