"""The Event record: something happened."""

from enum import StrEnum
from typing import Any, Self

from acbridge.schema import ANY_LENGTH, WHEELS, Record, Wheels, f64, flag, integer, string


class EventKind(StrEnum):
    """The kinds of events; in brackets, the fields of each."""

    SESSION_STARTED = "session_started"
    """A session begins, or is met while it runs [session, reason]."""
    SESSION_ENDED = "session_ended"
    """The session is over [session, reason]."""
    SIM_STATE_CHANGED = "sim_state_changed"
    """The state of the sim has changed [before, after]."""
    SECTOR_COMPLETED = "sector_completed"
    """A sector was completed [lap, sector, sector_time_ms]."""
    LAP_COMPLETED = "lap_completed"
    """
    A lap was completed.

    [lap, lap_time_ms, sector_times_ms, valid, verdict, reason, fuel_used, tyre_grip_lost, driver]
    """
    BEST_LAP = "best_lap"
    """The completed lap is the fastest valid one of the session so far [lap, lap_time_ms]."""
    LAP_INVALIDATED = "lap_invalidated"
    """The running lap will not count [lap, reason]."""
    PIT_IN = "pit_in"
    """The car enters the pit lane."""
    PIT_OUT = "pit_out"
    """The car leaves the pit lane [duration_s, fuel_added]."""
    OFF_TRACK = "off_track"
    """Three wheels or more are off the track."""
    REJOINED = "rejoined"
    """The car is back on the track [duration_s]."""
    IMPACT = "impact"
    """One side of the car was hit harder than ever before [zone, impact_kmh]."""
    SPIN = "spin"
    """The car has turned round, or slid across until it stood."""
    TELEPORT = "teleport"
    """The car moved without driving [distance_m]."""
    THRESHOLDS_CHANGED = "thresholds_changed"
    """Thresholds were changed by a request [text: the new values]."""
    DRIVER_CHANGED = "driver_changed"
    """A driver acquired the controls, gave them back, or took them by force [before, after, reason]."""
    DRIVER_LOST = "driver_lost"
    """The driver was not heard for the length of the lease [before, reason]."""
    CAR_RESET = "car_reset"
    """A reset was verified, or has failed [after: done or failed, reason, text: the means, duration_s]."""
    MARK = "mark"
    """This moment was marked by a request [text]."""


class Event(Record, topic="event"):
    """An event. The fields that its kind does not use are nil; the header says when it was noticed."""

    kind: str = string("What happened; derived.md lists the kinds.")
    packetId: int | None = integer(  # noqa: N815  the sim's own name
        "physics.packetId when it was noticed; nil without pages.", nullable=True
    )
    lap: int | None = integer("Number of the lap, from 1; of a completed lap, its own.", nullable=True)
    lap_distance_m: float | None = f64("Where the car is along the AI line.", unit="m", nullable=True)
    session: str | None = string("practice, qualify, race, hotlap, time_attack, drift, drag or unknown.", nullable=True)
    before: str | None = string("The state before.", nullable=True)
    after: str | None = string("The state now.", nullable=True)
    reason: str | None = string(
        "Why; of a lap cut, teleport, out_lap, not_seen_whole, or sim when the sim did not count it.", nullable=True
    )
    lap_time_ms: int | None = integer("Time of the lap as the sim counts it.", unit="ms", nullable=True)
    sector: int | None = integer("Number of the sector, from 1.", nullable=True)
    sector_time_ms: int | None = integer("Time of the sector.", unit="ms", nullable=True)
    sector_times_ms: tuple[int, ...] | None = integer(
        "Times of the lap's sectors; nil unless all were seen.", unit="ms", shape=(ANY_LENGTH,), nullable=True
    )
    valid: bool | None = flag("Whether the lap counts.", nullable=True)
    verdict: str | None = string("Who says so: sim (its best time followed, or did not) or estimated.", nullable=True)
    fuel_used: float | None = f64("Fuel used in the lap; nil unless the lap was clean.", unit="L", nullable=True)
    tyre_grip_lost: Wheels | None = f64(
        "Share of grip lost to wear in the lap; nil unless the lap was clean.", shape=(4,), axes=WHEELS, nullable=True
    )
    fuel_added: float | None = f64("Fuel filled in during the stop.", unit="L", nullable=True)
    duration_s: float | None = f64("How long it took, by the sim's clock.", unit="s", nullable=True)
    zone: str | None = string("front, rear, left or right.", nullable=True)
    impact_kmh: float | None = f64("Size of the impact, as carDamage counts it.", unit="km/h", nullable=True)
    distance_m: float | None = f64("How far the car moved.", unit="m", nullable=True)
    text: str | None = string("Further text.", nullable=True)
    driver: str | None = string("Who drove the lap: human, ai, or mixed.", nullable=True)

    @classmethod
    def of(cls, kind: EventKind, **details: Any) -> Self:
        """Return an event of a kind; fields that are not given are nil."""
        return cls(**_NOTHING | details, kind=kind.value)


_NOTHING: dict[str, Any] = {column.name: None for column in Event.columns if column.nullable}
