"""
A lap over distance from the line to the line.

Pure: samples in, numbers out.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from acbridge.errors import DecodeError
from acbridge_recording.laps import Lap
from acbridge_recording.report.samples import Samples

LONGEST_HOLE = 0.03
"""Share of the lap that may be missing in one place."""
LEAST_HOLE_M = 40.0
LEAST_M = 50.0
HALF_TURN = 0.5
"""A larger step of the position is a crossing of the line's end."""
HELD = {"gear"}
"""Channels that change in steps."""


class Trace(NamedTuple):
    """
    A whole lap.

    Attributes:
        lap: The lap.
        distance: Metres from the line, rising from 0 to the length of the lap.
        columns: The numbers at these places, by channel; ``time`` rises from 0 to the lap time, s.
        compound: The tyre compound with which it began.
    """

    lap: Lap
    distance: list[float]
    columns: dict[str, list[float]]
    compound: str

    def at(self, places: Sequence[float]) -> dict[str, list[float]]:
        """Return the numbers of all channels at rising places, m; numbers between samples are interpolated."""
        found: dict[str, list[float]] = {name: [] for name in self.columns}
        number, last = 0, len(self.distance) - 2
        for place in places:
            while number < last and self.distance[number + 1] <= place:
                number += 1
            begin, end = self.distance[number], self.distance[number + 1]
            share = min(max((place - begin) / (end - begin), 0.0), 1.0) if end > begin else 1.0
            for name, values in self.columns.items():
                here, there = values[number], values[number + 1]
                held = there if share >= 1 else here
                found[name].append(held if name in HELD else here + (there - here) * share)
        return found


def trace_of(lap: Lap, samples: Samples, name: str) -> Trace:
    """
    Return a lap over distance.

    The way is that along the AI line, counted from where the lap's clock was 0; it never falls, so a spin costs time
    in one place.

    Args:
        lap: The lap.
        samples: Its samples.
        name: What a message calls the lap.

    Raises:
        DecodeError: The lap was not completed, not recorded whole, or is on a track without an AI line.
    """
    if not lap.time_ms:
        raise DecodeError(f"{name} was not completed; a report compares whole laps")
    kept, way = _rising(samples, lap.time_ms / 1000)
    if not kept:
        raise DecodeError(f"{name} has no way along an AI line, which a report needs: the track has none, or the lap")
    columns = {channel: [values[number] for number in kept] for channel, values in samples.columns.items()}
    times, speeds = columns["time"], columns["speed"]
    total_s = lap.time_ms / 1000
    before, after = times[0] * abs(speeds[0]) / 3.6, (total_s - times[-1]) * abs(speeds[-1]) / 3.6
    begin = way[0] - before
    distance = [0.0, *[place - begin for place in way], way[-1] + after - begin]
    hole = max(end - start for start, end in pairwise(distance))
    if hole > max(LEAST_HOLE_M, LONGEST_HOLE * distance[-1]) or distance[-1] < LEAST_M:
        raise DecodeError(f"{name} was not recorded whole: {hole:.0f} of {distance[-1]:.0f} m are missing in one place")
    for channel, values in columns.items():
        columns[channel] = [values[0], *values, values[-1]]
    columns["time"] = [0.0, *times, total_s]
    return Trace(lap, distance, columns, samples.compounds[kept[0]])


def _rising(samples: Samples, total_s: float) -> tuple[list[int], list[float]]:
    """Return the samples at which time and way rise, and their way, m; the longest piece without a fall of time."""
    best: tuple[list[int], list[float]] = ([], [])
    kept: list[int] = []
    way: list[float] = []
    turns, share, time = 0, 0.0, 0.0
    columns = samples.columns
    for number, (now, place, line) in enumerate(zip(columns["time"], columns["share"], columns["line_m"], strict=True)):
        if now < time:
            best = max(best, (kept, way), key=lambda piece: len(piece[0]))
            kept, way, turns, share = [], [], 0, place
        if kept and abs(place - share) > HALF_TURN:
            turns += 1 if place < share else -1
        rises = time < now < total_s if kept else 0 < now < total_s
        time, share = now, place
        metres = (place + turns) * line
        if rises and line > 0 and (not way or metres > way[-1]):
            kept.append(number)
            way.append(metres)
    return max(best, (kept, way), key=lambda piece: len(piece[0]))
