"""What use has done to the car: wear of the tyres, damage, fuel."""

from acbridge.derived import condition
from acbridge.derived.metrics.sample import Sample, explained
from acbridge.schema import Wheels


@explained(
    formula="(100 - tyreWear) / 100",
    uses=("tyreWear",),
    values=(
        "0 new, 0.02 to 0.30 at the end by compound; a tyre that scrubs in begins a little above 0 and falls first"
    ),
    confidence="exact",
    source="recordings: tyreWear is percent of grip left",
    is_not="not tread depth, not a share of the tyre's life",
    witness="values whose loss is known: equal",
)
def tyre_grip_loss(now: Sample) -> Wheels:
    a, b, c, d = now.physics.tyreWear
    return condition.grip_loss(a), condition.grip_loss(b), condition.grip_loss(c), condition.grip_loss(d)


@explained(
    formula="(100 - tyreWear) / (100 - floor), cut to 0 to 1",
    uses=("tyreWear", "tyreCompound"),
    values="0 to 1; nil for a compound that is not in the table of floors",
    confidence="estimated",
    source="CrewChief's table of what tyreWear falls to, by compound",
    is_not="not laps left; not to be compared between compounds as grip",
    witness="values whose share is known: equal; the floors themselves are unchecked",
)
def tyre_wear(now: Sample) -> Wheels | None:
    return condition.worn(now.physics.tyreWear, condition.floor_of(now.graphics.tyreCompound))


@explained(
    formula="any `tyre_wear` >= `tyre_damaged_wear`; without it any tyreWear < `tyre_damaged_grip`",
    uses=("tyre_wear", "tyreWear"),
    values="true or false",
    confidence="estimated",
    source="see the thresholds",
    is_not="not a puncture, not a flat spot, not a hit",
    witness="values on both sides of the limits: equal",
)
def tyre_damaged(now: Sample) -> bool:
    return _any_worn(now, now.limits.tyre_damaged_wear, now.limits.tyre_damaged_grip)


@explained(
    formula="any `tyre_wear` >= `tyre_critical_wear`; without it any tyreWear < `tyre_critical_grip`",
    uses=("tyre_wear", "tyreWear"),
    values="true or false",
    confidence="estimated",
    source="see the thresholds",
    is_not="as above",
    witness="values on both sides of the limits: equal",
)
def tyre_critical(now: Sample) -> bool:
    return _any_worn(now, now.limits.tyre_critical_wear, now.limits.tyre_critical_grip)


@explained(
    formula="max of `damage_levels`",
    uses=("carDamage",),
    values="0 to 100",
    confidence="exact",
    source="recordings: carDamage keeps the hardest impact",
    is_not="not a percentage; not a sum of hits; 0 if the session has damage off",
    witness="values whose maximum is known: equal",
)
def damage_level(now: Sample) -> float:
    return max(damage_levels(now))


@explained(
    formula="min(carDamage[zone], 100), front, rear, left, right",
    uses=("carDamage",),
    values="0 to 100",
    confidence="exact",
    source="recordings: carDamage keeps the hardest impact",
    is_not="as above; the fifth value of carDamage is the largest of the four and not used",
    witness="a page of a real session: equal",
)
def damage_levels(now: Sample) -> tuple[float, float, float, float]:
    front, rear, left, right, _ = now.physics.carDamage
    level = condition.damage_level
    return level(front), level(rear), level(left), level(right)


@explained(
    formula="sum of the four zones, uncut > `bodywork_damaged`",
    uses=("carDamage",),
    values="true or false",
    confidence="estimated",
    source="CrewChief",
    is_not="not what it costs in speed, which the pages do not hold",
    witness="values on both sides of the limit: equal",
)
def bodywork_damaged(now: Sample) -> bool:
    return condition.total_damage(now.physics.carDamage) > now.limits.bodywork_damaged


@explained(
    formula="sum of the four zones, uncut > `bodywork_critical`",
    uses=("carDamage",),
    values="true or false",
    confidence="estimated",
    source="CrewChief",
    is_not="not the end of the car",
    witness="values on both sides of the limit: equal",
)
def bodywork_critical(now: Sample) -> bool:
    return condition.total_damage(now.physics.carDamage) > now.limits.bodywork_critical


@explained(
    formula="fuel / maxFuel",
    uses=("fuel", "maxFuel"),
    values="0 to 1; nil if maxFuel is 0",
    confidence="exact",
    source="the sim",
    is_not="not laps left",
    witness="a page of a real session: equal",
)
def fuel_fraction(now: Sample) -> float | None:
    return now.physics.fuel / now.static.maxFuel if now.static.maxFuel > 0 else None


def _any_worn(now: Sample, most: float, least_grip: float) -> bool:
    """Return whether a tyre is worn by a share of what its compound can lose, or has less grip if that is unknown."""
    wear, floor = now.physics.tyreWear, condition.floor_of(now.graphics.tyreCompound)
    a, b, c, d = wear
    if floor is None:
        return a < least_grip or b < least_grip or c < least_grip or d < least_grip
    limit = condition.NEW - most * (condition.NEW - floor)
    return a <= limit or b <= limit or c <= limit or d <= limit
