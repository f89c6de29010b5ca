"""
Calibration of the controls: the map from a command to what the telemetry shows of it, and its inverse.

Pure: computes with readings that others took; sends no command and reads no file. A map can only be fitted where the
telemetry is a function of the command: filters, speed sensitivity and driving aids make it depend on more.
"""

import hashlib
import json
import math
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple, cast

from acbridge.errors import shown as shown_in_error

FORMAT = "acbridge calibration 1"
"""The value of ``format`` in a file."""
LOWEST_COMMANDS = {"steer": -1.0, "gas": 0.0, "brake": 0.0}
"""The axes that have maps, and where the commands of each begin; all end at 1."""
MOST_POINTS = 64
"""Points of a map; those of three axes fit into a request."""
LARGEST_RESIDUAL = 0.02
"""A reading may differ so much from the map."""
LEAST_SPAN = 0.1
"""An axis whose telemetry moves less does not follow its command."""
AT_REST = 0.002
"""The telemetry is at rest, or at its end, when it differs no more from it."""
LOWEST = 0.01
"""Parts of the height below this, and as near to the top, say little about an exponent."""
CANDIDATES = 50
"""Dead zones that are tried for the best fit."""
MOST_GAMMA = 100.0
"""No curve has a larger exponent."""
LEVELS = 9
"""Levels of a staircase."""


class BadCalibration(ValueError):  # noqa: N818  the name says what happened
    """Values are no calibration; the text says why."""


class NoMap(ValueError):  # noqa: N818  the name says what happened
    """Readings of an axis allow no map; the text says why."""


class Reading(NamedTuple):
    """
    A command, and what the telemetry shows once it has settled.

    Attributes:
        command: The command.
        shown: The value in the telemetry.
    """

    command: float
    shown: float


class AxisMap(NamedTuple):
    """
    The map of one axis: straight lines between points.

    Attributes:
        commands: Commands, rising.
        shown: What the telemetry shows at each; never falling.
        residual: The largest difference of a reading from the map.
        dead: Part of the way of a command, from its rest, in which nothing moves.
        end: Part of the way, before its end, in which nothing moves any more.
        gamma: Exponent of the curve between them; 1 is straight, more is finer near rest. ``None`` if too few readings
            lie there.
    """

    commands: tuple[float, ...]
    shown: tuple[float, ...]
    residual: float
    dead: float
    end: float
    gamma: float | None

    def show(self, command: float) -> float:
        """Return what the telemetry shows of a command."""
        return _between(self.commands, self.shown, command)

    def command(self, shown: float) -> float:
        """
        Return the command that makes the telemetry show a value; the nearest that can, if none does.

        Of the commands that all show the same, it is the one nearest to rest.
        """
        first, behind = bisect_left(self.shown, shown), bisect_right(self.shown, shown)
        if first < behind:
            low, high = self.commands[first], self.commands[behind - 1]
            return min(max(0.0, low), high)
        if not first:
            return self.command(self.shown[0])
        if first == len(self.shown):
            return self.command(self.shown[-1])
        return _between(self.shown[first - 1 : first + 1], self.commands[first - 1 : first + 1], shown)

    def values(self) -> dict[str, Any]:
        """Return the map as it stands in a file."""
        return {**self._asdict(), "commands": list(self.commands), "shown": list(self.shown)}


class Calibration:
    """
    The maps of the axes of a car.

    Attributes:
        axes: The map of each axis; the others are straight.
        hash: The hash of the maps.
    """

    def __init__(self, axes: Mapping[str, AxisMap]) -> None:
        self.axes = axes
        self.hash = digest(self.values())

    def values(self) -> dict[str, Any]:
        """Return the maps as they stand in a file and in a request."""
        return {name: one.values() for name, one in self.axes.items()}

    def commands(self, asked: Mapping[str, float]) -> dict[str, float]:
        """Return the commands that make the telemetry show what is asked of the axes that have maps."""
        return {name: one.command(asked[name]) for name, one in self.axes.items()}


def check_axes(values: object) -> Calibration:
    """
    Return the calibration of maps as they stand in a file or a request.

    A map begins and ends with the commands of its axis, and what it shows stays in their range: so released gas is
    always released, and no command leaves its range.

    Raises:
        BadCalibration: They are no maps of axes.
    """
    axes = cast("dict[str, object]", values if isinstance(values, dict) else {})
    if not axes or not axes.keys() <= LOWEST_COMMANDS.keys():
        wrong = shown_in_error(cast("object", values))
        raise BadCalibration(f"axes must be maps of {', '.join(LOWEST_COMMANDS)}, not {wrong}")
    return Calibration({name: _check_axis(name, one, LOWEST_COMMANDS[name]) for name, one in axes.items()})


def read_calibration(data: bytes, backend: str) -> Calibration:
    """
    Return the calibration that a file holds.

    Args:
        data: The bytes of the file.
        backend: The back-end whose commands are to be corrected.

    Raises:
        BadCalibration: It holds none, or one of another back-end.
    """
    try:
        found = json.loads(data)
    except ValueError as error:
        raise BadCalibration(f"it is no JSON ({error})") from error
    values = cast("dict[str, Any]", found) if isinstance(found, dict) else {}
    if values.get("format") != FORMAT:
        raise BadCalibration(f'its format is not "{FORMAT}"')
    if values.get("backend") != backend:
        raise BadCalibration(f"it was measured through {shown_in_error(values.get('backend'))}, not {backend}")
    calibration = check_axes(values.get("axes"))
    if values.get("hash") != calibration.hash:
        raise BadCalibration("its hash is not that of its maps; the file was changed")
    return calibration


def _check_axis(name: str, value: object, low: float) -> AxisMap:
    values = cast("dict[str, Any]", value) if isinstance(value, dict) else {}
    if values.keys() != set(AxisMap._fields):
        raise BadCalibration(f"the map of {name} must have {', '.join(AxisMap._fields)}")
    commands, shown = _numbers(values["commands"], low), _numbers(values["shown"], low)
    if len(commands) != len(shown) or not 1 < len(commands) <= MOST_POINTS:
        raise BadCalibration(f"the map of {name} must have 2 to {MOST_POINTS} numbers in range, as many shown")
    if (commands[0], commands[-1]) != (low, 1.0) or any(before >= after for before, after in pairwise(commands)):
        raise BadCalibration(f"the commands of {name} must rise from {low:g} to 1")
    if shown[-1] - shown[0] < LEAST_SPAN or any(before > after for before, after in pairwise(shown)):
        raise BadCalibration(f"what {name} shows must rise by {LEAST_SPAN} or more, and never fall")
    residual, dead, end = _numbers([values["residual"], values["dead"], values["end"]], 0.0) or (1.0, 0.0, 0.0)
    gamma = values["gamma"]
    if residual > LARGEST_RESIDUAL or not (gamma is None or _is_number(gamma, 0.0, MOST_GAMMA)):
        raise BadCalibration(
            f"{name} must have a residual to {LARGEST_RESIDUAL}, a dead zone and an end to 1, and a gamma"
        )
    return AxisMap(commands, shown, residual, dead, end, gamma)


def _numbers(values: object, low: float) -> tuple[float, ...]:
    """Return numbers from `low` to 1; none if one is not."""
    found = cast("Sequence[object]", values) if isinstance(values, list | tuple) else ()
    return tuple(float(cast("float", one)) for one in found) if all(_is_number(one, low, 1.0) for one in found) else ()


def _is_number(value: object, low: float, high: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high


def staircase(low: float, high: float) -> tuple[float, ...]:
    """Return the commands of a staircase: up and down again, so that a filter shows itself."""
    up = [low + (high - low) * level / (LEVELS - 1) for level in range(LEVELS)]
    return (*up, *up[-2::-1])


def edges(readings: Sequence[Reading]) -> tuple[float, ...]:
    """Return the commands that halve the doubt about where a dead zone ends: between a level at rest and one beside."""
    points = _means(readings)
    wanted: set[float] = set()
    special = (points[0][1], _between(*_columns(points), 0.0), points[-1][1])
    for (before, shown_before), (after, shown_after) in pairwise(points):
        rests = [abs(shown - value) <= AT_REST for value in special for shown in (shown_before, shown_after)]
        if any(one != other for one, other in zip(rests[::2], rests[1::2], strict=True)):
            wanted.add((before + after) / 2)
    return tuple(sorted(wanted))


def fit(readings: Sequence[Reading]) -> AxisMap:
    """
    Fit a map that never falls to the readings of one axis.

    Raises:
        NoMap: The telemetry does not follow the command, falls where it rises, or is no function of it.
    """
    points = _means(readings)
    commands, means = _columns(points)
    if max(means) - min(means) < LEAST_SPAN:
        raise NoMap(f"the telemetry moves by {max(means) - min(means):.2f} only: the command does not arrive")
    if means[-1] < means[0]:
        raise NoMap("the telemetry falls while the command rises: invert this axis in the game's settings")
    counts = [sum(reading.command == command for reading in readings) for command in commands]
    shown = _never_falling(means, counts)
    by_command = dict(zip(commands, shown, strict=True))
    worst = max(readings, key=lambda reading: abs(reading.shown - by_command[reading.command]))
    residual = abs(worst.shown - by_command[worst.command])
    if residual > LARGEST_RESIDUAL:
        raise NoMap(
            f"at the command {worst.command:.2f} the telemetry shows {worst.shown:.2f} once, and {residual:.2f} from "
            "it at other times: it is no function of the command"
        )
    return AxisMap(commands, shown, residual, *_curve(commands, shown))


def quantile(values: Sequence[float], share: float) -> float | None:
    """Return the value that this share of the values do not exceed; ``None`` without values."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else None


def digest(values: Mapping[str, Any]) -> str:
    """Return the hash by which two calibrations are compared: the same values have the same."""
    text = json.dumps(values, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def _means(readings: Sequence[Reading]) -> list[tuple[float, float]]:
    found: dict[float, list[float]] = {}
    for reading in readings:
        found.setdefault(reading.command, []).append(reading.shown)
    return [(command, sum(found[command]) / len(found[command])) for command in sorted(found)]


def _columns(points: Sequence[tuple[float, float]]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    return tuple(point[0] for point in points), tuple(point[1] for point in points)


def _never_falling(values: Sequence[float], counts: Sequence[int]) -> tuple[float, ...]:
    """Return the nearest values that never fall (pool adjacent violators), weighted by the number of readings."""
    pools: list[tuple[float, int, int]] = []
    for value, count in zip(values, counts, strict=True):
        pool = (value, count, 1)
        while pools and pools[-1][0] > pool[0]:
            before, weight, places = pools.pop()
            weights = weight + pool[1]
            pool = ((before * weight + pool[0] * pool[1]) / weights, weights, places + pool[2])
        pools.append(pool)
    return tuple(value for value, _, places in pools for _ in range(places))


def _between(xs: Sequence[float], ys: Sequence[float], x: float) -> float:
    """Return the value at a place on straight lines between points; beyond the last it is the last."""
    if x <= xs[0]:
        return ys[0]
    if x >= xs[-1]:
        return ys[-1]
    place = bisect_right(xs, x)
    x0, x1, y0, y1 = xs[place - 1], xs[place], ys[place - 1], ys[place]
    return min(max(y0 + (y1 - y0) * (x - x0) / (x1 - x0), min(y0, y1)), max(y0, y1))


def _curve(commands: Sequence[float], shown: Sequence[float]) -> tuple[float, float, float | None]:
    """
    Return the dead zone, the part before the end without movement, and the exponent of the curve between them.

    A curve that begins flat looks like a dead zone; of both together, those that fit best are returned.
    """
    rest = _between(commands, shown, 0.0)
    points: list[tuple[float, float]] = []
    for side in (-1, 1):
        full = max(0.0, side * (commands[-1] if side > 0 else commands[0]))
        most = side * ((shown[-1] if side > 0 else shown[0]) - rest)
        if full > 0 and most > AT_REST:
            points += [
                (side * command / full, side * (value - rest) / most)
                for command, value in zip(commands, shown, strict=True)
                if side * command >= 0
            ]
    points.sort()
    still = _middle([part for part, height in points if height <= AT_REST], [p for p, h in points if h > AT_REST])
    end = 1 - _middle([p for p, h in points if h < 1 - AT_REST], [p for p, h in points if h >= 1 - AT_REST])
    fits = [_exponent(points, still * place / CANDIDATES, end) for place in range(CANDIDATES + 1)]
    error, dead, gamma = min(fits, key=lambda found: found[0])
    return (still, end, None) if error == math.inf else (dead, end, gamma)


def _middle(low: Sequence[float], high: Sequence[float]) -> float:
    """Return where the first group ends and the second begins: at rest or at the end if the other is only a point."""
    last, first = max(low, default=0.0), min(high, default=1.0)
    return 0.0 if last <= 0 else 1.0 if first >= 1 else (last + first) / 2


def _exponent(points: Sequence[tuple[float, float]], dead: float, end: float) -> tuple[float, float, float]:
    """Return the error of the best exponent for a dead zone, that zone, and the exponent; an inf error if none is."""
    way = 1 - dead - end
    over = under = 0.0
    for part, height in points:
        if way > 0 and 0 < part - dead < way and LOWEST < height < 1 - LOWEST:
            log = math.log((part - dead) / way)
            over += log * math.log(height)
            under += log * log
    if under <= 0:
        return math.inf, dead, 0.0
    gamma = over / under
    modelled = [min(1.0, max(0.0, (part - dead) / way)) ** gamma for part, _ in points]
    return sum((model - height) ** 2 for model, (_, height) in zip(modelled, points, strict=True)), dead, gamma
