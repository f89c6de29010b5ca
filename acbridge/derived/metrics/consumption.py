"""What a lap uses, and how far that goes."""

from acbridge.derived import condition
from acbridge.derived.metrics.sample import Sample, explained
from acbridge.schema import Wheels


@explained(
    formula="median over the last `consumption_laps` clean laps, line to line",
    uses=("fuel",),
    values="from 0; nil before the first clean lap",
    confidence="estimated",
    source="ours",
    is_not="not the momentary consumption; `aidFuelRate` is in it already",
    witness="laps of known use: within what a tick uses",
)
def fuel_per_lap(now: Sample) -> float | None:
    return None if now.laps is None else now.laps.consumption.fuel_per_lap


@explained(
    formula="fuel / `fuel_per_lap`",
    uses=("fuel", "fuel_per_lap"),
    values="from 0; nil before the first clean lap",
    confidence="estimated",
    source="ours",
    is_not="not whole laps from the line: counted from here, with what is in the tank",
    witness="as `fuel_per_lap`",
)
def fuel_laps_left(now: Sample) -> float | None:
    per_lap = fuel_per_lap(now)
    return now.physics.fuel / per_lap if per_lap else None


@explained(
    formula="median of the tyreWear lost over the same laps / (100 - floor of the compound)",
    uses=("tyreWear", "tyreCompound"),
    values="from 0; nil before the first clean lap on the compound on which no tyre gained, or without a floor",
    confidence="estimated",
    source="ours; CrewChief's floors",
    is_not="not steady: the wear curve is no straight line",
    witness="laps of known wear, on two compounds: within what a tick uses",
)
def tyre_wear_per_lap(now: Sample) -> Wheels | None:
    compound = now.graphics.tyreCompound
    lost, floor = (
        None if now.laps is None else now.laps.consumption.wear_per_lap(compound),
        condition.floor_of(compound),
    )
    if lost is None or floor is None:
        return None
    a, b, c, d = (wheel / (condition.NEW - floor) for wheel in lost)
    return a, b, c, d
