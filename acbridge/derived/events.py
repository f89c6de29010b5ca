"""The Event record: something happened."""

from enum import StrEnum
from typing import Any, Self

from acbridge.schema import ANY_LENGTH, WHEELS, Record, Wheels, f64, flag, integer, string


class EventKind(StrEnum):
    """What happened; in brackets, which fields tell more."""

    SESSION_STARTED = "session_started"
    """A session begins, or is met [session, reason]."""
    SESSION_ENDED = "session_ended"
    """It is over [session, reason]."""
    SIM_STATE_CHANGED = "sim_state_changed"
    """The sim does something else [before, after]."""
    SECTOR_COMPLETED = "sector_completed"
    """A sector was driven [lap, sector, sector_time_ms]."""
    LAP_COMPLETED = "lap_completed"
    """A lap was driven [lap, lap_time_ms, sector_times_ms, valid, verdict, reason, fuel_used, tyre_grip_lost]."""
    BEST_LAP = "best_lap"
    """It was valid and the fastest of the session so far [lap, lap_time_ms]."""
    LAP_INVALIDATED = "lap_invalidated"
    """The running lap will not count [lap, reason]."""
    PIT_IN = "pit_in"
    """The car enters the pit lane."""
    PIT_OUT = "pit_out"
    """It leaves the pit lane [duration_s, fuel_added]."""
    OFF_TRACK = "off_track"
    """Three wheels or more are off the track."""
    REJOINED = "rejoined"
    """They are back [duration_s]."""
    IMPACT = "impact"
    """The car hit something harder than ever with that side [zone, impact_kmh]."""
    SPIN = "spin"
    """The car turns round."""
    TELEPORT = "teleport"
    """The car is somewhere else all of a sudden [distance_m]."""
    THRESHOLDS_CHANGED = "thresholds_changed"
    """Somebody changed what is counted as what [text: the new values]."""
    MARK = "mark"
    """Somebody wants to find this moment again [text]."""


class Event(Record, topic="event"):
    """Something happened. The fields that a kind does not need are nil; the header says when."""

    kind: str = string("What happened; docs/reference/derived.md lists the kinds.")
    packetId: int | None = integer(  # noqa: N815  the sim's own name
        "physics.packetId when it was noticed; nil without pages.", nullable=True
    )
    lap: int | None = integer("Number of the lap, from 1; of a completed lap, its own.", nullable=True)
    lap_distance_m: float | None = f64("Where the car is along the AI line.", unit="m", nullable=True)
    session: str | None = string("practice, qualify, race, hotlap, time_attack, drift, drag or unknown.", nullable=True)
    before: str | None = string("What it was before.", nullable=True)
    after: str | None = string("What it is now.", nullable=True)
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
    impact_kmh: float | None = f64("How hard, as carDamage counts it.", unit="km/h", nullable=True)
    distance_m: float | None = f64("How far.", unit="m", nullable=True)
    text: str | None = string("What else there is to say.", nullable=True)

    @classmethod
    def of(cls, kind: EventKind, **details: Any) -> Self:
        """Make an event of a kind; fields that are not given are nil."""
        return cls(**_NOTHING | details, kind=kind.value)


_NOTHING: dict[str, Any] = {column.name: None for column in Event.columns if column.nullable}
