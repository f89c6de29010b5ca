"""
Two laps on one grid of distance: where the second gains and loses.

Pure: laps in, numbers out. A delta is second minus first: positive where the second is behind.
"""

from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import NamedTuple

from acbridge.errors import DecodeError
from acbridge_recording.laps import time_text
from acbridge_recording.report.trace import Trace

POINTS = 2000
"""Most steps of the grid."""
LEAST_STEP_M = 1.0
MINI_SECTORS = 25
EVEN_S = 0.001
"""Less is no gain and no loss; lap times have whole milliseconds."""
MINUTE_MS = 60_000
OTHER_LENGTH = 0.02
"""Share by which two laps of one track may differ in length."""


class Comparison(NamedTuple):
    """
    Two laps on one grid.

    Attributes:
        first: The lap that is compared with.
        second: The other.
        distance: The places, m.
        a: The first lap's numbers at these places, by channel.
        b: The second's.
        delta: Second minus first, s; the last is the difference of the lap times.
        sectors: Where the first lap's sectors end, as numbers of places, without the line.
        minis: Where mini-sectors begin and end, as numbers of places.
    """

    first: Trace
    second: Trace
    distance: list[float]
    a: dict[str, list[float]]
    b: dict[str, list[float]]
    delta: list[float]
    sectors: list[int]
    minis: list[tuple[int, int]]

    def gained(self, begin: int, end: int) -> float:
        """Return what the second lap lost (positive) or gained between two places, s."""
        return self.delta[end] - self.delta[begin]


def compare(first: Trace, second: Trace) -> Comparison:
    """
    Return two laps of one track on one grid.

    Both pass the same line, so the second is stretched to the first's length, by what sampling costs.

    Raises:
        DecodeError: The laps are on different tracks, or differ in length.
    """
    if first.lap.track != second.lap.track:
        raise DecodeError(
            f"the laps are on different tracks, {first.lap.track} and {second.lap.track}; choose two of one track and "
            "layout"
        )
    length, other = first.distance[-1], second.distance[-1]
    if abs(other - length) > OTHER_LENGTH * length:
        raise DecodeError(f"the laps differ in length, {length:.0f} m and {other:.0f} m: they are not of one layout")
    count = max(2, min(POINTS, int(length / LEAST_STEP_M)))
    distance = [length * number / count for number in range(count + 1)]
    a = first.at(distance)
    b = second.at([place * other / length for place in distance])
    delta = [there - here for here, there in zip(a["time"], b["time"], strict=True)]
    ends = [end / 1000 for end in accumulate(first.lap.sectors_ms)][:-1]
    sectors = [next((number for number, time in enumerate(a["time"]) if time >= end), count) for end in ends]
    edges = [round(count * number / MINI_SECTORS) for number in range(MINI_SECTORS + 1)]
    minis = [(begin, end) for begin, end in pairwise(edges) if end > begin]
    return Comparison(first, second, distance, a, b, delta, sectors, minis)


def levels(amounts: Sequence[float]) -> list[int]:
    """Return how much each amount is, -3 for the largest gains to 3 for the largest losses; under 1 ms it is 0."""
    sizes = sorted(map(abs, amounts))
    large = max(sizes[int(0.9 * (len(sizes) - 1))], EVEN_S) if sizes else 1.0
    return [0 if abs(each) < EVEN_S else round(min(max(3 * each / large, -3.0), 3.0)) for each in amounts]


def summary(compared: Comparison) -> str:
    """Return in words by how much the second lap is behind or ahead, and where most is lost and gained."""
    total = round(1000 * compared.delta[-1])
    said = "The laps are equally fast." if not total else ""
    if total:
        said = f"B is {abs(total) / 1000:.3f} s {'slower' if total > 0 else 'faster'} than A."
    parts = [(compared.gained(begin, end), begin, end) for begin, end in compared.minis]
    for word, (amount, begin, end) in (("loses", max(parts)), ("gains", min(parts))):
        if (amount if word == "loses" else -amount) >= EVEN_S:
            place = f"{compared.distance[begin]:.0f} to {compared.distance[end]:.0f} m"
            said += f" It {word} most from {place}: {abs(amount):.3f} s."
    return said


def difference_text(milliseconds: int) -> str:
    """Return a difference of times with its sign, such as ``+0.085``."""
    sign = "+" if milliseconds > 0 else "−" if milliseconds < 0 else "±"  # noqa: RUF001  the sign of print
    size = abs(milliseconds)
    return sign + (time_text(size) if size >= MINUTE_MS else f"{size / 1000:.3f}")
