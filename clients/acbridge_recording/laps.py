"""The laps of a recording, whole and unfinished, from its ticks and events. Values in, values out."""

from collections.abc import Iterable
from typing import NamedTuple, TypeVar

from acbridge import Derived, Event, EventKind, Physics
from acbridge.errors import DecodeError
from acbridge.pages import Graphics, Static
from acbridge.recording.parsing import FrameLine, Header, Line, TickLine
from acbridge.schema import Record

R = TypeVar("R", bound=Record)


class Lap(NamedTuple):
    """
    One lap.

    Attributes:
        run: Run of the daemon that recorded it.
        number: Its number in the session, from 1.
        first_tick: Its first tick.
        last_tick: Its last tick.
        timestamp: When it began, Unix seconds.
        car: Name of the car.
        track: Name of the track, with its layout.
        time_ms: Its time as the sim counts it; ``None`` if it was not completed.
        sectors_ms: Times of its sectors; empty unless all were seen.
        valid: Whether it counts; ``None`` if it was not completed.
        fuel_used: Fuel used, L; ``None`` unless it was clean.
        grip_lost: Largest share of grip that a tyre lost; ``None`` unless it was clean.
        layout: Name of the track's layout; empty for a track that has one only.
        compound: Name of the tyres at its end; empty if they were not recorded.
        completed_tick: Tick in which it was completed; ``None`` if it was not.
        completed_at: When it was completed, Unix seconds; ``None`` if it was not.
    """

    run: int
    number: int
    first_tick: int
    last_tick: int
    timestamp: float
    car: str
    track: str
    time_ms: int | None = None
    sectors_ms: tuple[int, ...] = ()
    valid: bool | None = None
    fuel_used: float | None = None
    grip_lost: float | None = None
    layout: str = ""
    compound: str = ""
    completed_tick: int | None = None
    completed_at: float | None = None


def track_of(static: Static) -> str:
    """Return the track with its layout, such as ``monza-junior``."""
    return "-".join(part for part in (static.track, static.trackConfiguration) if part)


def laps_of(lines: Iterable[tuple[Header, Line]]) -> list[Lap]:
    """Return the laps of a recording in their order."""
    found: list[Lap] = []
    packet: int | None = None
    for header, line in lines:
        if isinstance(line, TickLine):
            derived, physics = _record(line, Derived), _record(line, Physics)
            if derived is None or physics is None or header.static is None:
                continue
            newest = found[-1] if found else None
            graphics = _record(line, Graphics)
            compound = "" if graphics is None else graphics.tyreCompound
            went_back = packet is not None and physics.packetId < packet
            packet = physics.packetId
            place = (header.run, derived.lap_number)
            if newest is None or went_back or place != (newest.run, newest.number):
                static = header.static
                first = Lap(*place, line.tick, line.tick, line.timestamp, static.carModel, track_of(static))
                found.append(first._replace(layout=static.trackConfiguration, compound=compound))
            else:
                found[-1] = newest._replace(last_tick=line.tick, compound=compound)
        elif isinstance(line, FrameLine) and isinstance(line.record, Event):
            _complete(found, line, line.record)
    return found


def best_of(laps: Iterable[Lap]) -> Lap | None:
    """Return the fastest valid lap, or else the fastest; ``None`` if none was completed."""
    complete = [lap for lap in laps if lap.time_ms]
    counted = [lap for lap in complete if lap.valid] or complete
    return min(counted, key=lambda lap: lap.time_ms or 0, default=None)


def theoretical_best_ms(laps: Iterable[Lap]) -> int | None:
    """Return the sum of the fastest sectors of all laps, ms; ``None`` without whole laps."""
    sectors = [lap.sectors_ms for lap in laps if lap.sectors_ms and lap.valid]
    if not sectors or len({len(each) for each in sectors}) > 1:
        return None
    return sum(min(column) for column in zip(*sectors, strict=True))


def time_text(milliseconds: int | None) -> str:
    """Return a lap time as the game shows it, such as ``1:37.929``."""
    if milliseconds is None:
        return "-:--.---"
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes}:{rest // 1000:02}.{rest % 1000:03}"


def choose(laps: list[Lap], wanted: str) -> Lap:
    """
    Return the lap that a user named.

    Raises:
        DecodeError: There is no such lap.
    """
    found = best_of(laps) if wanted == "best" else next((lap for lap in laps if str(lap.number) == wanted), None)
    if found is None:
        numbers = ", ".join(str(lap.number) for lap in laps) or "none"
        raise DecodeError(f"there is no lap {wanted}; the recording has laps {numbers}")
    return found


def _complete(laps: list[Lap], line: FrameLine, event: Event) -> None:
    """Note what the event of a completed lap says; it comes with or after the first tick of the next."""
    if event.kind != EventKind.LAP_COMPLETED:
        return
    for place in range(len(laps) - 1, -1, -1):
        if laps[place].number == event.lap and laps[place].time_ms is None:
            lost = event.tyre_grip_lost
            laps[place] = laps[place]._replace(
                time_ms=event.lap_time_ms,
                sectors_ms=event.sector_times_ms or (),
                valid=event.valid,
                fuel_used=event.fuel_used,
                grip_lost=None if lost is None else max(lost),
                completed_tick=line.tick,
                completed_at=line.timestamp,
            )
            return


def _record(line: TickLine, kind: type[R]) -> R | None:
    return next((record for record in line.records if isinstance(record, kind)), None)
