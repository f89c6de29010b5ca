"""
Maps of laps: what a recording shows of the track, from the points where the tyres touched it. Pure.

The line of a map is the mean of the laps. Its edges are those of border laps, which were driven with the left or the
right wheels on the edge; the line then runs in the middle between them. Without border laps the edges are assumed.

Positions are those of the physics page, and time is counted in its steps, so a pause takes none. The timing line is
where the lap clock was 0. The clock is of the graphics page, whose values are up to a rendered frame old and never too
new, so the earliest beginning that a tick of the lap shows is the true one.
"""

import math
from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Sequence
from itertools import pairwise
from statistics import fmean, median
from typing import NamedTuple

from acbridge.derived import Event, EventKind
from acbridge.pages import AC1, Graphics, Physics, Static
from acbridge.recording import RecordedTick, rederive
from acbridge.track_map import edges, shape
from acbridge.track_map.edges import Line
from acbridge.track_map.track_map import Borders, TrackMap

ASSUMED_M = 5.0
"""From the line to each edge, when nothing else is known."""
WIDEST_GAP_M = 25.0
"""Ticks farther apart than this do not show a lap whole."""
OPEN_M = 25.0
"""Most distance between the two places where a lap crosses the timing line."""
BLEND_M = 150.0
"""Length before and after the timing line on which a lap is bent so that it closes."""
LATE_MS = 1000
"""A lap clock that differs from the others of its lap by more is of the lap before."""
MOST_MOMENTS = 400_000
"""Ticks that are remembered: twenty minutes at 333 Hz."""
KEPT_MS = 10_000
"""What is kept when a lap is over: the next one has begun already."""
SMOOTHING = 2
"""Rounds in which the mean line is smoothed."""
LEFT_WHEELS, RIGHT_WHEELS = (0, 2), (1, 3)


class DrivenLap(NamedTuple):
    """
    A whole lap that counts.

    Attributes:
        track: Folder name of the track.
        configuration: Of the layout.
        time_ms: The lap time.
        path: Mean of the four contact points, with the columns x, y, z and speed (m/s); closed.
        wheels: Each wheel's contact points: FL, FR, RL, RR, with the columns x and z; closed.
    """

    track: str
    configuration: str
    time_ms: int
    path: Line
    wheels: tuple[Line, Line, Line, Line]


class LapsFound(NamedTuple):
    """
    The laps of a recording.

    Attributes:
        laps: The whole laps that count.
        left_out: Why others were left out, a reason for each.
        ticks: Ticks with physics, graphics and static.
    """

    laps: list[DrivenLap]
    left_out: list[str]
    ticks: int


class _Moment(NamedTuple):
    """A tick: time in ms of the sim, lap clock, and the columns of path and wheels in one row."""

    at_ms: float
    clock_ms: int
    row: tuple[float, ...]


def laps_of(ticks: Iterable[RecordedTick]) -> LapsFound:
    """
    Return the laps of a recording.

    Args:
        ticks: Of a recording that has physics and graphics, with all their fields.
    """
    found = LapsFound([], [], 0)
    moments: deque[_Moment] = deque(maxlen=MOST_MOMENTS)
    seen = 0
    for tick, _, events in rederive(ticks):
        physics, graphics, static = tick.physics, tick.graphics, tick.static
        if physics is None or graphics is None or static is None:
            continue  # such ticks are not derived from
        seen += 1
        moment = _moment(physics, graphics)
        if moment is not None:
            moments.append(moment)
        for event in events:
            if event.kind == EventKind.SESSION_STARTED:
                moments.clear()
            elif event.kind == EventKind.LAP_COMPLETED:
                try:
                    found.laps.append(_completed(event, static, list(moments)))
                except ValueError as error:
                    found.left_out.append(f"lap {event.lap}: {error}")
                moments = deque((one for one in moments if one.at_ms > moments[-1].at_ms - KEPT_MS), MOST_MOMENTS)
    return found._replace(ticks=seen)


def learned(laps: Sequence[DrivenLap], left: Sequence[DrivenLap] = (), right: Sequence[DrivenLap] = ()) -> TrackMap:
    """
    Return the map of the track on which laps were driven.

    Args:
        laps: At least one.
        left: Laps with the left wheels on the left edge.
        right: Laps with the right wheels on the right edge; both are given, or neither.

    Raises:
        ValueError: There are no laps, they are of different tracks or directions, or they show no track.
    """
    if not laps or bool(left) != bool(right):
        raise ValueError("a map needs a lap, and either no border laps or some on both borders")
    names = {(lap.track, lap.configuration) for lap in (*laps, *left, *right)}
    if len(names) > 1:
        listed = " and ".join(f"{name} {layout}".rstrip() for name, layout in sorted(names))
        raise ValueError(f"the laps are of different tracks: {listed}")
    ((name, configuration),) = names
    line = _mean([lap.path for lap in laps])
    line = edges.respaced({key: shape.smoothed(column, SMOOTHING) for key, column in line.items()})
    made_of = _counted(len(laps), "lap")
    if not left:
        sides = {"left": [ASSUMED_M] * len(line["x"]), "right": [ASSUMED_M] * len(line["x"])}
        return edges.drawn({**line, **sides}, name, configuration, Borders.ASSUMED, made_of)
    found = edges.between(_border(line, left, LEFT_WHEELS, 1), _border(line, right, RIGHT_WHEELS, -1), line)
    origin = f"{made_of}, {_counted(len(left), 'left border lap')}, {_counted(len(right), 'right border lap')}"
    return edges.drawn(found, name, configuration, Borders.MEASURED, origin)


def _moment(physics: Physics, graphics: Graphics) -> _Moment | None:
    """Return what a tick shows; ``None`` if a number is not finite."""
    points = physics.tyreContactPoint
    mean = [fmean(point[k] for point in points) for k in range(3)]
    row = (*mean, physics.speedKmh / 3.6, *(point[k] for point in points for k in (0, 2)))
    if not all(map(math.isfinite, row)):
        return None
    return _Moment(float(physics.packetId * AC1.step_ms), graphics.iCurrentTime, row)


def _completed(event: Event, static: Static, moments: list[_Moment]) -> DrivenLap:
    """
    Return the lap of an event.

    Raises:
        ValueError: It does not count, or the moments do not show it whole.
    """
    if not event.valid or not event.lap_time_ms:
        raise ValueError(event.reason or "it has no time")
    columns = _closed(_cut(moments, event.lap_time_ms))
    path: Line = {"x": columns[0], "y": columns[1], "z": columns[2], "speed": columns[3]}
    fl, fr, rl, rr = ({"x": x, "z": z} for x, z in zip(columns[4::2], columns[5::2], strict=True))
    return DrivenLap(static.track, static.trackConfiguration, event.lap_time_ms, path, (fl, fr, rl, rr))


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'s' if count > 1 else ''}"


def _cut(moments: list[_Moment], time_ms: int) -> list[list[float]]:
    """Return the columns of the last lap of so many milliseconds, from line to line."""
    begins = [moment.at_ms - moment.clock_ms for moment in moments if moment.clock_ms > 0]
    # The clocks of the lap that was completed, and not of the one that has begun since.
    begins = [begin for begin in begins if begin < moments[-1].at_ms - time_ms + LATE_MS]
    if not begins:
        raise ValueError("no tick shows its clock")
    latest = max(begins)
    begin = min(value for value in begins if value > latest - LATE_MS)
    times = [moment.at_ms for moment in moments]
    # The lap has ended by the last tick; its beginning is known no better than to a rendered frame.
    end = min(begin + time_ms, times[-1])
    first, last = bisect_right(times, begin), min(bisect_right(times, end), len(times) - 1)
    if first == 0:
        raise ValueError("the recording begins in it")
    rows = [_between(moments[first - 1], moments[first], begin)]
    rows += (moment.row for moment in moments[first:last])
    rows.append(_between(moments[last - 1], moments[last], end))
    for a, b in pairwise(rows):
        apart = math.hypot(b[0] - a[0], b[2] - a[2])
        if apart > WIDEST_GAP_M:
            raise ValueError(f"two of its ticks are {apart:.0f} m apart")
    return [list(column) for column in zip(*rows, strict=True)]


def _between(before: _Moment, after: _Moment, at_ms: float) -> tuple[float, ...]:
    part = (at_ms - before.at_ms) / max(1e-9, after.at_ms - before.at_ms)
    return tuple(a + (b - a) * part for a, b in zip(before.row, after.row, strict=True))


def _closed(columns: list[list[float]]) -> list[list[float]]:
    """Return a lap whose end meets its beginning: each is moved by half of what is between them, less with distance."""
    x, z = columns[0], columns[2]
    gap = math.hypot(x[-1] - x[0], z[-1] - z[0])
    if gap > OPEN_M:
        raise ValueError(f"it ends {gap:.0f} m from where it begins")
    at, way = [0.0], 0.0
    for i in range(1, len(x)):
        way += math.hypot(x[i] - x[i - 1], z[i] - z[i - 1])
        at.append(way)
    reach = min(BLEND_M, way / 4)
    shares = [max(0.0, 1 - here / reach) - max(0.0, 1 - (way - here) / reach) for here in at]
    found: list[list[float]] = []
    for column in columns:
        half = (column[-1] - column[0]) / 2
        found.append([value + half * share for value, share in zip(column, shares, strict=True)][:-1])
    return found


def _mean(paths: Sequence[Line]) -> dict[str, list[float]]:
    """Return the mean of closed paths, as a line with even spacing."""
    line = edges.respaced(paths[0])
    if len(paths) == 1:
        return line
    beside = [_beside(line, path) for path in paths]
    offsets = [fmean(each["offset"][i] for each in beside) for i in range(len(line["x"]))]
    x, z = shape.beside(line["x"], line["z"], offsets)
    others = {key: [fmean(each[key][i] for each in beside) for i in range(len(x))] for key in ("y", "speed")}
    return edges.respaced({"x": x, "z": z, **others})


def _beside(line: Line, path: Line) -> dict[str, list[float]]:
    """Return the offset of a path from each point of a line, and the path's other columns there."""
    passed = shape.sections(line["x"], line["z"], path["x"], path["z"])
    count = len(path["x"])
    found = {
        key: [column[i] + (column[(i + 1) % count] - column[i]) * part for i, part, _ in passed]
        for key, column in path.items()
    }
    return {**found, "offset": [offset for *_, offset in passed]}


def _border(line: Line, laps: Sequence[DrivenLap], wheels: Sequence[int], side: int) -> dict[str, list[float]]:
    """Return a border: where the outermost of these wheels was, across the line; the mean of the laps."""
    each = [[_beside(line, lap.wheels[k])["offset"] for k in wheels] for lap in laps]
    means = [fmean(side * max(side * offsets[i] for offsets in lap) for lap in each) for i in range(len(line["x"]))]
    if side * median(means) <= 0:
        raise ValueError(f"the laps on the {'left' if side > 0 else 'right'} border lie on the other side of the line")
    x, z = shape.beside(line["x"], line["z"], means)
    return {"x": x, "z": z}
