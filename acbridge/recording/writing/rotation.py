"""When a file of a recording is long enough. Pure."""

from dataclasses import dataclass

MEGABYTE = 1_000_000
MINUTE_NS = 60_000_000_000


@dataclass(frozen=True, slots=True)
class Rotation:
    """
    When a file is long enough; ``None`` for never.

    Attributes:
        size: After so many MB on the disk.
        minutes: After so many minutes.
        laps: After so many completed laps.
    """

    size: float | None = None
    minutes: float | None = None
    laps: int | None = None

    @property
    def wanted(self) -> bool:
        """Whether files are ever long enough."""
        return (self.size, self.minutes, self.laps) != (None, None, None)

    def due(self, size: int, minutes: float, laps: int) -> bool:
        """Return whether a file of this size (bytes), age and number of laps is long enough."""
        return (
            (self.size is not None and size >= self.size * MEGABYTE)
            or (self.minutes is not None and minutes >= self.minutes)
            or (self.laps is not None and laps >= self.laps)
        )
