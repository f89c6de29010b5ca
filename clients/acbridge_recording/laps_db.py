"""
A database of laps: those of all sessions in one SQLite file, and the personal bests among them.

Keeps whole laps only, and no name of a person. Never writes into a file that is not a database of laps.
"""

import errno
import json
import sqlite3
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from acbridge.errors import DecodeError
from acbridge.plain_text import plain
from acbridge_recording.laps import Lap, best_of, theoretical_best_ms, time_text

APPLICATION_ID = 0x61634C70
"""``acLp``, in the head of the file: this is how a database of laps is recognised."""
VERSION = 1
WAIT_S = 2.0
"""How long to wait for another program that is writing."""

_TABLE = """
CREATE TABLE laps (
    run INTEGER NOT NULL,
    tick INTEGER NOT NULL,
    number INTEGER NOT NULL,
    completed TEXT NOT NULL,
    timestamp REAL NOT NULL,
    car TEXT NOT NULL,
    track TEXT NOT NULL,
    layout TEXT NOT NULL,
    compound TEXT NOT NULL,
    time_ms INTEGER NOT NULL,
    sectors_ms TEXT NOT NULL,
    valid INTEGER,
    fuel_used REAL,
    grip_lost REAL,
    PRIMARY KEY (run, tick)
)
"""
_ADD = """
INSERT INTO laps VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET
    sectors_ms = excluded.sectors_ms, valid = excluded.valid,
    fuel_used = excluded.fuel_used, grip_lost = excluded.grip_lost
WHERE laps.sectors_ms = '[]' AND excluded.sectors_ms <> '[]'
"""
"""The tick in which a lap was completed names it; a recording that has the lap whole corrects one that has not."""


class Best(NamedTuple):
    """
    The laps of one car on one track.

    Attributes:
        lap: The fastest valid lap, or else the fastest.
        laps: How many laps are kept.
        possible_ms: Sum of the fastest sectors of all valid laps, ms; ``None`` without whole ones.
    """

    lap: Lap
    laps: int
    possible_ms: int | None


def keep(path: Path, laps: Iterable[Lap]) -> int:
    """
    Add the completed laps to a database, which is made if there is none; a lap that is there already stays once.

    Returns:
        How many laps are new.

    Raises:
        DecodeError: The file is something else than a database of laps, or of a newer version.
        OSError: It is locked, may not be written, or is damaged.
    """
    rows = [_row(lap) for lap in laps if lap.time_ms and lap.completed_tick is not None]
    with _opened(path, writing=True) as database:
        before = _count(database)
        database.executemany(_ADD, rows)
        return _count(database) - before


def bests(path: Path) -> list[Best]:
    """
    Return the personal bests by car and track.

    Raises:
        DecodeError: The file is something else than a database of laps, or of a newer version.
        OSError: There is none, or it is locked or damaged.
    """
    with _opened(path, writing=False) as database:
        rows = database.execute(
            "SELECT run, number, tick, timestamp, car, track, layout, compound, time_ms, sectors_ms, valid, fuel_used, "
            "grip_lost FROM laps ORDER BY car, track, timestamp"
        ).fetchall()
    found: list[Best] = []
    for _, group in groupby([_lap(row) for row in rows], lambda lap: (lap.car, lap.track)):
        laps = list(group)
        best = best_of(laps)
        if best is not None:
            found.append(Best(best, len(laps), theoretical_best_ms(laps)))
    return found


def best_line(best: Best) -> str:
    """Return a personal best as a line for people."""
    lap = best.lap
    day = f"{datetime.fromtimestamp(lap.timestamp).astimezone():%Y-%m-%d %H:%M}"
    words = [lap.car, lap.track, time_text(lap.time_ms), "valid" if lap.valid else "invalid", lap.compound, day]
    words.append("1 lap" if best.laps == 1 else f"{best.laps} laps")
    if best.possible_ms is not None:
        words.append(f"best sectors together: {time_text(best.possible_ms)}")
    return plain("  ".join(word for word in words if word))


def best_values(best: Best) -> dict[str, Any]:
    """Return a personal best as an object for JSON."""
    return {**best.lap._asdict(), "laps": best.laps, "possible_ms": best.possible_ms}


@contextmanager
def _opened(path: Path, *, writing: bool) -> Generator[sqlite3.Connection]:
    """Yield a database of laps in one transaction, which is kept if all goes well."""
    mode = "rwc" if writing else "ro"
    database: sqlite3.Connection | None = None
    try:
        database = sqlite3.connect(f"{path.absolute().as_uri()}?mode={mode}", uri=True, timeout=WAIT_S)
        if writing:
            database.execute("BEGIN IMMEDIATE")
        _recognise(path, database, writing=writing)
        with database:
            yield database
    except sqlite3.Error as error:
        raise _explained(path, error) from error
    finally:
        if database is not None:
            database.close()


def _recognise(path: Path, database: sqlite3.Connection, *, writing: bool) -> None:
    application, version = (
        database.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")
    )
    empty = not database.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    if writing and empty and application == version == 0:
        database.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        database.execute(f"PRAGMA user_version = {VERSION}")
        database.execute(_TABLE)
    elif application != APPLICATION_ID:
        raise _another(path)
    elif version != VERSION:
        raise DecodeError(f"{path}: it was made by another version of acbridge; upgrade, or name another file")


def _explained(path: Path, error: sqlite3.Error) -> Exception:
    # Extended codes hold the plain code in their low byte: https://sqlite.org/rescode.html
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_NOTADB:
        return _another(path)
    if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return OSError(errno.EBUSY, "the database is locked by another program; close that, or try again", str(path))
    if code == sqlite3.SQLITE_READONLY:
        return OSError(errno.EACCES, "the database may not be written; name another file for --db", str(path))
    if code == sqlite3.SQLITE_CANTOPEN:
        return OSError(errno.ENOENT, "the database cannot be opened; is the path right?", str(path))
    return OSError(errno.EIO, f"the database cannot be used: {error}", str(path))


def _another(path: Path) -> DecodeError:
    return DecodeError(f"{path}: this is not a database of laps, and stays as it is; name another file for --db")


def _count(database: sqlite3.Connection) -> int:
    return database.execute("SELECT count(*) FROM laps").fetchone()[0]


def _row(lap: Lap) -> tuple[Any, ...]:
    completed = datetime.fromtimestamp(lap.completed_at or 0.0).astimezone().isoformat(timespec="seconds")
    place = (lap.run, lap.completed_tick, lap.number, completed, lap.completed_at)
    names = (lap.car, lap.track, lap.layout, lap.compound)
    return (*place, *names, lap.time_ms, json.dumps(lap.sectors_ms), lap.valid, lap.fuel_used, lap.grip_lost)


def _lap(row: tuple[Any, ...]) -> Lap:
    (run, number, tick, timestamp, car, track, layout, compound, time_ms, sectors, valid, fuel_used, grip_lost) = row
    return Lap(
        run=run,
        number=number,
        first_tick=tick,
        last_tick=tick,
        timestamp=timestamp,
        car=car,
        track=track,
        time_ms=time_ms,
        sectors_ms=tuple(json.loads(sectors)),
        valid=None if valid is None else bool(valid),
        fuel_used=fuel_used,
        grip_lost=grip_lost,
        layout=layout,
        compound=compound,
        completed_tick=tick,
        completed_at=timestamp,
    )
