"""What a lap uses: fuel, and the grip of the tyres."""

from statistics import median

from acbridge.schema import Wheels


class Tank:
    """
    Whether fuel was filled in, or regained, during a lap: it rose above its lowest level by more than a limit.

    Attributes:
        filled: Whether it was.
    """

    __slots__ = ("_lowest", "filled", "start")

    def __init__(self, fuel: float) -> None:
        self.start = self._lowest = fuel
        self.filled = False

    def update(self, fuel: float, limit: float) -> None:
        """Take the fuel of one tick, L."""
        if fuel < self._lowest:
            self._lowest = fuel
        elif fuel > self._lowest + limit:
            self.filled = True


class Consumption:
    """
    The medians over the last clean laps: of fuel, and of tyre wear by compound.

    Attributes:
        fuel_per_lap: Median of fuel used, L; ``None`` before the first clean lap.
    """

    def __init__(self) -> None:
        self.fuel_per_lap: float | None = None
        self._fuel: list[float] = []
        self._laps: dict[str, list[Wheels]] = {}
        self._wear: dict[str, Wheels] = {}

    def wear_per_lap(self, compound: str) -> Wheels | None:
        """Return the median of what `tyreWear` lost per lap on a compound, percent; ``None`` before the first lap."""
        return self._wear.get(compound)

    def add(self, laps: int, fuel: float | None, wear: Wheels | None, compound: str) -> None:
        """
        Take a clean lap.

        Args:
            laps: Over how many laps the median is taken.
            fuel: Fuel used, L; ``None`` if it was not consumed only.
            wear: What each wheel's `tyreWear` lost, percent; ``None`` if a tyre gained.
            compound: `tyreCompound`.
        """
        if fuel is not None:
            self._fuel = [*self._fuel, fuel][-laps:]
            self.fuel_per_lap = median(self._fuel)
        if wear is not None:
            kept = self._laps[compound] = [*self._laps.get(compound, []), wear][-laps:]
            a, b, c, d = (median(wheel) for wheel in zip(*kept, strict=True))
            self._wear[compound] = (a, b, c, d)


def lost(before: Wheels, after: Wheels) -> Wheels | None:
    """Return what each wheel's `tyreWear` lost, percent; ``None`` if one gained, as new or scrubbed-in tyres do."""
    a, b, c, d = (start - end for start, end in zip(before, after, strict=True))
    return (a, b, c, d) if min(a, b, c, d) >= 0 else None
