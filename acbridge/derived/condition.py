"""What use has done to the car: damage and tyre wear. Pure functions, and the table of tyre compounds."""

import math
from collections.abc import Mapping, Sequence

from acbridge.schema import Wheels

DAMAGE_CAP = 100.0
"""Where a damage level ends; the sim's own numbers may pass it."""
NEW = 100.0
"""`tyreWear` of a tyre that has all its grip."""

FLOORS: Mapping[str, float] = {
    **dict.fromkeys(
        (
            "BFGoodrich (g) Slicks (S)",
            "Hypercar Trofeo (I)",
            "Medium Slicks 90s (M)",
            "Pirelli Cinturato (V)",
            "Slick Hard (H)",
            "Slick Medium (M)",
            "Slick Soft (S)",
            "Slick SuperHard (SH)",
            "Slick SuperSoft (SS)",
            "Slicks (H)",
            "Slicks Hard (H)",
            "Slicks Medium (M)",
            "Slicks Soft (S)",
            "Street 90s (SV)",
            "Street vintage (SV)",
            "Street90S (SV)",
            "Trofeo H Slicks (H)",
        ),
        88.0,
    ),
    **dict.fromkeys(("GP54 (V)", "GP57 (V)", "GP63 (V)", "GP67 (V)"), 98.0),
    **dict.fromkeys(("Cinturato (V)", "Hypercar Cup (HC)", "Slicks 70s (S)"), 96.0),
    **dict.fromkeys(("Hard GP70 (H)", "Vintage (V)"), 95.0),
    **dict.fromkeys(("Hard GP86 (H)", "Medium GP86 (M)", "Soft GP86 (S)"), 94.0),
    **dict.fromkeys(
        (
            "Hard Slicks 90s (H)",
            "Slicks Hard DTM90s (H)",
            "Soft GP70 (S)",
            "Trofeo M Slicks (M)",
            "Vintage 60s (V)",
        ),
        90.0,
    ),
    **dict.fromkeys(("ECO (E)", "Slicks Soft DTM90s (S)", "Soft Slicks 90s (S)", "Street (ST)"), 80.0),
    **dict.fromkeys(("Hypercar road (HR)", "Qualifying GP86 (Q)", "Semislick (SM)", "Semislicks (SM)"), 70.0),
}
"""What `tyreWear` falls to, by `tyreCompound`: the game's own compounds, with the values that CrewChief goes by."""


def floor_of(compound: str) -> float | None:
    """Return what `tyreWear` falls to for a compound; ``None`` for one that is not the game's own."""
    return FLOORS.get(compound)


def grip_loss(tyre_wear: float) -> float:
    """Return the share of grip lost to wear: 0 new; a tyre that is scrubbing in starts a little above."""
    return (NEW - tyre_wear) / NEW


def worn(tyre_wear: Wheels, floor: float | None) -> Wheels | None:
    """
    Return how worn the tyres are, 0 new to 1 worn to the compound's floor.

    Args:
        tyre_wear: `tyreWear`, percent of grip left.
        floor: Percent of grip left on a tyre that is worn out; ``None`` if it is not known.
    """
    a, b, c, d = tyre_wear
    if floor is None or not math.isfinite(a + b + c + d):
        return None
    span = NEW - floor
    return (_share(a, span), _share(b, span), _share(c, span), _share(d, span))


def _share(tyre_wear: float, span: float) -> float:
    return min(1.0, max(0.0, (NEW - tyre_wear) / span))


def damage_level(zone: float) -> float:
    """Return the hardest impact of a zone so far, cut at 100; what is not a number counts as none."""
    return min(DAMAGE_CAP, zone) if zone > 0 else 0.0


def total_damage(zones: Sequence[float]) -> float:
    """Return the sum over the first four zones: how serious the damage is; nan and less than 0 count as 0."""
    a, b, c, d = zones[:4]
    return (a if a > 0 else 0.0) + (b if b > 0 else 0.0) + (c if c > 0 else 0.0) + (d if d > 0 else 0.0)
