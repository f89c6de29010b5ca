"""
Many independent cars at once, in compiled code: for training. Needs numpy and numba, the extra ``batch``.

The physics and the lap clock are those of `acbridge_sim.model`, compiled; :class:`acbridge_sim.World` is the oracle,
equal to the last bit on the same machine. No pages, no sessions, no faults: those are the World's.
"""

from collections.abc import Mapping
from dataclasses import is_dataclass, replace
from typing import Any, cast

from acbridge_sim import compiled
from acbridge_sim.model.car import WARM, Car
from acbridge_sim.model.lanes import COMMAND, MOST_SHIFT, RANGES, SLOTS, Lane
from acbridge_sim.model.spec import CarSpec
from acbridge_sim.model.start import check_start
from acbridge_sim.model.surface import Road
from acbridge_sim.model.table import columns
from acbridge_sim.model.timing import Timing
from acbridge_sim.model.track import Track

try:
    import numba  # noqa: F401  # pyright: ignore[reportUnusedImport, reportMissingTypeStubs]
    import numpy as np
except ImportError as error:
    raise ImportError('acbridge_sim.batch needs numpy and numba: pip install "acbridge[batch]"') from error

__all__ = ["RANGES", "Worlds", "dtype_of", "record_of", "spec_of"]


class Worlds:
    """
    Independent cars on one track: ghosts to each other.

    Attributes:
        track: The track.
        road: Its tables, as arrays.
        lanes: A record for each car: `car`, `clock`, `lag` and the delay line. `lanes.copy()` is an exact snapshot.
        cars, clocks: Views of the same: the fields of `model.car.Car` and `model.timing.Timing`.
        specs: The parameters of each car: the fields of `model.spec.CarSpec`.
    """

    def __init__(
        self,
        n: int,
        track: Track,
        spec: CarSpec | None = None,
        *,
        randomize: Mapping[str, tuple[float, float]] | None = None,
        seed: int = 0,
        cut_invalidates_lap: bool = True,
    ) -> None:
        """
        Put every car on the finish line.

        Args:
            n: Number of cars.
            track: The track.
            spec: Their parameters; the stand-in's own car if not given.
            randomize: Ranges to draw from, for each car at each :meth:`put`; keys and limits as in :data:`RANGES`.
            seed: Of the draws; each car has a generator of its own, so its draws do not depend on the other cars.
            cut_invalidates_lap: Whether a lap with a cut is invalid.

        Raises:
            ValueError: A number is out of range.
        """
        if n < 1:
            raise ValueError(f"a batch has at least one car, not {n}")
        self.track = track
        self._spec = spec or CarSpec()
        self._randomize = dict(randomize or {})
        for name, (low, high) in self._randomize.items():
            if name not in RANGES:
                raise ValueError(f"cannot randomize {name!r}; choose from {', '.join(RANGES)}")
            least, most = RANGES[name]
            if not least <= low <= high <= most:
                raise ValueError(f"the range of {name} lies within {least:g} to {most:g}, not {low:g} to {high:g}")
        self.road = _arrays(track.road)
        self._model = compiled.model()
        car = Car(self._spec, track, fuel=self._spec.tank * 2 / 3)
        example = Lane(car, Timing(track, cut_invalidates_lap), 0, 0, [[0.0] * COMMAND] * SLOTS)
        self.specs: Any = np.empty(n, dtype_of(self._spec))
        self.specs[:] = record_of(self._spec)
        self.lanes: Any = np.empty(n, dtype_of(example))
        self.lanes[:] = record_of(example)
        self._random: list[Any] = [np.random.default_rng([seed, lane]) for lane in range(n)]
        self.put(range(n), 0.0)

    @property
    def cars(self) -> Any:
        """The cars' state, a view of `lanes`."""
        return self.lanes["car"]

    @property
    def clocks(self) -> Any:
        """The lap clocks' state, a view of `lanes`."""
        return self.lanes["clock"]

    def put(
        self,
        lanes: Any,
        distance: Any,
        offset: Any = 0.0,
        heading: Any = 0.0,
        speed: Any = 0.0,
        *,
        given: Mapping[str, float] | None = None,
    ) -> None:
        """
        Begin a run of some lanes: a car of new parameters, new tyres, everything settled, a clock that waits.

        Args:
            lanes: Which lanes: any index of numpy, such as a list or an array of truths.
            distance: Along the centre line, m; one number for all of them, or one for each, as the following.
            offset: From the centre line, positive to the left, m.
            heading: From the line's direction, positive to the right, rad.
            speed: In the direction of the car, m/s.
            given: Parameters of the cars in place of draws; keys as in :data:`RANGES`.

        Raises:
            ValueError: A number is not finite, the speed is out of range, or a place lies behind a barrier.
        """
        chosen = np.atleast_1d(np.arange(len(self.lanes))[list(lanes) if isinstance(lanes, range) else lanes])
        starts = np.column_stack(
            [np.broadcast_to(np.asarray(a, float), chosen.shape) for a in (distance, offset, heading, speed)]
        )
        for start in starts:
            check_start(self.track.road, *start)
        for lane, start in zip(chosen, starts, strict=True):
            drawn: Mapping[str, float]
            if given is None:
                draw = self._random[lane].uniform
                drawn = {name: float(draw(*ends)) for name, ends in self._randomize.items()}
            else:
                drawn = given
            spec = self.specs[lane]
            spec["mass"] = self._spec.mass * drawn.get("mass", 1.0)
            spec["power"] = self._spec.power * drawn.get("power", 1.0)
            spec["brake_bias"] = drawn.get("brake_bias", self._spec.brake_bias)
            spec["compound"]["peak"] = self._spec.compound.peak * drawn.get("grip", 1.0)
            if "lag" in drawn:
                self.lanes[lane]["lag"] = round(drawn["lag"])
            fuel = self._spec.tank * drawn["fuel"] if "fuel" in drawn else self._spec.tank * 2 / 3
            temperature = drawn.get("temperature", WARM)
            self._model.begin(self.lanes[lane], spec, self.road, *(float(v) for v in start), fuel, temperature)

    def step(self, commands: Any, count: int = 1) -> None:
        """
        Advance every car by steps of 3 ms.

        Args:
            commands: An array (n, 5) of steer, gas, brake, clutch and shift; what is out of range is cut off, and a
                shift counts in the first step only.
            count: Number of steps.

        Raises:
            ValueError: The array has another shape, holds a number that is not finite, or shifts more than ten gears.
        """
        given = np.ascontiguousarray(commands, float)
        if given.shape != (len(self.lanes), COMMAND):
            raise ValueError(f"commands have the shape ({len(self.lanes)}, {COMMAND}), not {given.shape}")
        if not np.isfinite(given).all():
            raise ValueError("a command is not finite")
        if np.abs(given[:, 4]).max() > MOST_SHIFT:
            worst = given[np.abs(given[:, 4]).argmax(), 4]
            raise ValueError(f"a shift lies from -{MOST_SHIFT} to {MOST_SHIFT} gears, not {worst:g}")
        self._model.advance(self.lanes, self.specs, self.road, given, count)

    def snapshot(self) -> tuple[Any, Any]:
        """Return a copy of all state, for :meth:`restore`."""
        return self.lanes.copy(), self.specs.copy()

    def restore(self, snapshot: tuple[Any, Any], lanes: Any = slice(None)) -> None:
        """
        Return some lanes, or all, to a snapshot, exactly.

        Args:
            snapshot: As :meth:`snapshot` returned it.
            lanes: Which lanes: any index of numpy.

        Raises:
            ValueError: The snapshot is of a batch with another number of cars, or of specs with other tables.
        """
        if [(a.shape, a.dtype) for a in (self.lanes, self.specs)] != [(a.shape, a.dtype) for a in snapshot]:
            raise ValueError("the snapshot is of a batch with another number of cars or another kind of spec")
        for held, kept in zip((self.lanes, self.specs), snapshot, strict=True):
            held.view(np.uint8).reshape(len(held), -1)[lanes] = kept.view(np.uint8).reshape(len(kept), -1)[lanes]


def dtype_of(record: object) -> Any:
    """Return the dtype of a table, as a record of one of its objects."""
    return np.dtype([(name, *_kind(getattr(record, name))) for name in columns(type(record))])


def spec_of(worlds: Worlds, lane: int) -> CarSpec:
    """Return the parameters of one lane as a spec for the World."""
    row = worlds.specs[lane]
    base = worlds._spec  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # the same module
    compound = replace(base.compound, peak=float(row["compound"]["peak"]))
    drawn = {name: float(row[name]) for name in ("mass", "power", "brake_bias")}
    return replace(base, compound=compound, **drawn)


def _kind(value: Any) -> tuple[Any, ...]:
    if is_dataclass(value):
        return (dtype_of(value),)
    if isinstance(value, list | tuple):
        items = cast("list[Any]", value)
        kind, *shape = _kind(items[0])
        return kind, (len(items), *(shape[0] if shape else ()))
    return ("?" if isinstance(value, bool) else "i8" if isinstance(value, int) else "f8",)


def record_of(value: Any) -> Any:
    """Return a record as the nested tuples that numpy assigns from."""
    if is_dataclass(value):
        return tuple(record_of(getattr(value, name)) for name in columns(type(value)))
    if isinstance(value, list | tuple):
        return [record_of(item) for item in value]  # pyright: ignore[reportUnknownVariableType]
    return value


def _arrays(road: Road) -> Road:
    """Return the tables of a road with arrays instead of lists."""
    return Road(*(np.asarray(field, float) if isinstance(field, list) else field for field in road))  # pyright: ignore[reportArgumentType, reportUnknownArgumentType]
