"""
Commands for the car: their ranges and checks, and the record that reports what was applied.

Who holds the car's controls is decided by the daemon; this module opens nothing and drives nothing.
"""

from typing import Any, NamedTuple, cast

from acbridge.errors import shown
from acbridge.schema import Record, f64, flag, integer, string

DEFAULT_LEASE_MS = 1000
MIN_LEASE_MS, MAX_LEASE_MS = 300, 5000
"""How long a driver keeps the controls without being heard."""
DEFAULT_TTL_MS = 200
MIN_TTL_MS, MAX_TTL_MS = 50, 1000
"""How long a command is applied before the car is neutral."""
MAX_NAME = 32
"""Characters of the name of a driver."""
MAX_COUNT = 2**53 - 1
"""No counter of the wire grows beyond this, which every language can count."""
STARTS = ("grid", "pits", "hotlap")
"""Names of the places where a run may begin."""
MAX_SPEED = 120.0
"""m/s: the fastest start."""
MAX_PLACE = 100_000.0
"""m: the farthest start along a track."""
MAX_OFFSET = 100.0
"""m: the farthest start beside its centre line."""


class Command(NamedTuple):
    """
    What a driver does with the car.

    Attributes:
        steer: -1 full left to 1 full right.
        gas, brake: 0 to 1.
        clutch: 1 engaged to 0.
        shifts_up, shifts_down: Running counts of the gear changes asked for, so that a lost command loses none and a
            repeated one repeats none.
    """

    steer: float = 0.0
    gas: float = 0.0
    brake: float = 0.0
    clutch: float = 1.0
    shifts_up: int = 0
    shifts_down: int = 0


class Place(NamedTuple):
    """
    A place on a track where a run begins.

    Attributes:
        s: Distance along the centre line, m.
        offset: From the centre line, positive to the left, m.
        speed: In the direction of the line, m/s.
    """

    s: float
    offset: float = 0.0
    speed: float = 0.0


Start = str | Place
"""Where a run begins: a name of `STARTS`, or a place."""


class Controls(Record, topic="controls"):
    """Who drives, what is applied to the car, and what the telemetry shows of it."""

    state: str = string("none (no back-end), free, driving, neutral, suspended or resetting.")
    reason: str | None = string(
        "Why the car is not driven: ttl, released, lost, session, car, reset, back_end, or the state of the sim; ai "
        "while the sim's own driver steers.",
        nullable=True,
    )
    driver: str | None = string("Name of the driver; nil while the controls are free.", nullable=True)
    epoch: int = integer("Number of the lease; grows with each acquire, reset and suspension.")
    command: int | None = integer("Number (seq) of the newest command of this epoch.", nullable=True)
    answered_tick: int | None = integer("Tick of the frame that this command answers.", nullable=True)
    steer: float = f64("Applied, before a calibration corrects it: -1 full left to 1 full right.")
    gas: float = f64("Applied: 0 to 1.")
    brake: float = f64("Applied: 0 to 1.")
    clutch: float = f64("Applied: 1 engaged to 0.")
    shifts_up: int = integer("Applied: running count of shifts up.")
    shifts_down: int = integer("Applied: running count of shifts down.")
    applied_mono_ns: int = integer("When the applied values last changed, on the daemon's monotonic clock.", unit="ns")
    lag_s: float | None = f64("From the sampling of the frame answered until then.", unit="s", nullable=True)
    echo_steer: float | None = f64("Steering that the telemetry shows, less the applied.", nullable=True)
    echo_gas: float | None = f64("Gas that the telemetry shows, less the applied.", nullable=True)
    echo_brake: float | None = f64("Brake that the telemetry shows, less the applied.", nullable=True)
    echo_lag_s: float | None = f64(
        "From a command applied to its sight in the telemetry, the median of the last nine.", unit="s", nullable=True
    )
    frozen_input: bool = flag("The telemetry has not followed the applied values for 0.3 s.")
    refused: int = integer("Commands refused in this life of the daemon.")
    backend: str = string("What moves the car: none, sim, page, uinput, vjoy or custom_ai.")
    backend_problem: str | None = string(
        "Why nothing reaches the car; nil while the back-end works. The daemon opens it again by itself.", nullable=True
    )
    reset: int = integer("Number of the newest reset; 0 before the first.")
    reset_state: str = string("idle, running, done or failed.")
    reset_means: str | None = string("What the newest reset used, such as put or restart.", nullable=True)
    reset_attempts: int = integer("Attempts of the newest reset so far.")
    reset_ms: float | None = f64("How long the newest reset took; nil until it ended.", unit="ms", nullable=True)
    reset_detail: str | None = string("Why the newest reset failed.", nullable=True)


def summary(record: Controls) -> str | None:
    """Return the state of the controls in a few words, such as "driving by ann, through sim"; ``None`` if none."""
    if record.state == "none":
        return None
    reason = f" ({record.reason})" if record.reason else ""
    driver = f" by {record.driver}" if record.driver else ""
    trouble = "; the telemetry does not follow" if record.frozen_input else ""
    if record.backend_problem is not None:
        trouble = f": {record.backend_problem}"
    return f"{record.state}{reason}{driver}, through {record.backend}{trouble}"


def check_steer(value: object) -> float:
    """Return a valid steering command; raise ValueError unless it is a number from -1 to 1."""
    return _number("steer", value, -1.0, 1.0)


def check_gas(value: object) -> float:
    """Return a valid gas command; raise ValueError unless it is a number from 0 to 1."""
    return _number("gas", value, 0.0, 1.0)


def check_brake(value: object) -> float:
    """Return a valid brake command; raise ValueError unless it is a number from 0 to 1."""
    return _number("brake", value, 0.0, 1.0)


def check_clutch(value: object) -> float:
    """Return a valid clutch command; raise ValueError unless it is a number from 0 to 1."""
    return _number("clutch", value, 0.0, 1.0)


def check_shifts(value: object) -> int:
    """Return a valid running count of shifts; raise ValueError unless it is an integer from 0."""
    return _integer("a count of shifts", value, 0, MAX_COUNT)


def check_ttl(value: object) -> int:
    """Return a valid time to live in ms; raise ValueError unless it is an integer from 50 to 1000."""
    return _integer("ttl_ms", value, MIN_TTL_MS, MAX_TTL_MS)


def check_lease(value: object) -> int:
    """Return a valid length of a lease in ms; raise ValueError unless it is an integer from 300 to 5000."""
    return _integer("lease_ms", value, MIN_LEASE_MS, MAX_LEASE_MS)


def check_count(value: object) -> int:
    """Return a valid sequence number, epoch or token; raise ValueError unless it is an integer from 0."""
    return _integer("a sequence number, an epoch or a token", value, 0, MAX_COUNT)


def check_tick(value: object) -> int | None:
    """Return a valid tick, or ``None`` for a command that answers no frame; raise ValueError for anything else."""
    return None if value is None else _integer("tick", value, 0, MAX_COUNT)


def check_token(value: object) -> int | None:
    """Return a valid token, or ``None``; raise ValueError for anything else."""
    return None if value is None else check_count(value)


def check_force(value: object) -> bool:
    """Return whether the controls may be taken from another driver; raise ValueError unless it is a boolean."""
    if isinstance(value, bool):
        return value
    raise ValueError(f"force must be true or false, not {shown(value)}")


def check_driver(value: object) -> str:
    """Return a valid name of a driver; raise ValueError unless it is 1 to 32 printable characters."""
    if isinstance(value, str) and 1 <= len(value) <= MAX_NAME and value.isprintable():
        return value
    raise ValueError(f"driver must be a name of 1 to {MAX_NAME} printable characters, not {shown(value)}")


def check_start(value: object) -> Start:
    """Return where a run begins; raise ValueError unless it is grid, pits, hotlap or a map of s, offset and speed."""
    if isinstance(value, str) and value in STARTS:
        return value
    place = cast("dict[object, object]", value if isinstance(value, dict) else {"": None})
    if not place.keys() <= set(Place._fields):
        wanted = f'{", ".join(STARTS)} or {{"s": m, "offset": m, "speed": m/s}}'
        raise ValueError(f"start must be {wanted}, not {shown(cast('object', value))}")
    return Place(
        _number("s", place.get("s"), 0.0, MAX_PLACE),
        _number("offset", place.get("offset", 0.0), -MAX_OFFSET, MAX_OFFSET),
        _number("speed", place.get("speed", 0.0), 0.0, MAX_SPEED),
    )


def check_means(value: object) -> str | None:
    """Return the means of a reset, or ``None`` for any; raise ValueError unless it is text of 1 to 32 characters."""
    if value is None or (isinstance(value, str) and 1 <= len(value) <= MAX_NAME and value.isprintable()):
        return value
    raise ValueError(f"means must be a name or nil, not {shown(value)}")


def _number(name: str, value: object, low: float, high: float) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high:
        return float(value) + 0.0  # -0.0 becomes 0.0; nan is in no range
    raise ValueError(f"{name} must be a number from {low:g} to {high:g}, not {shown(value)}")


def _integer(name: str, value: object, low: int, high: int) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
        return value
    raise ValueError(f"{name} must be an integer from {low} to {high}, not {shown(value)}")


def start_fields(start: Start) -> Any:
    """Return a start as it stands in a request."""
    return start if isinstance(start, str) else start._asdict()
