"""A database of laps as its user sees it: what is kept, the personal bests, and files that are refused."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from acbridge_recording.laps import Lap
from acbridge_recording.laps_db import bests, keep
from page_logs import drive, write
from programs import Program

DATA, IO_ERROR = 65, 74
RATE = 20.0


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a recording of three whole laps and a part of the fourth."""
    return write(tmp_path_factory.mktemp("long") / "long.acrec", drive(330.0, RATE), block=400)


def run(*arguments: object, code: int = 0) -> Program:
    with Program("acbridge_recording", *map(str, arguments)) as program:
        assert code == program.wait(), program.err
        return program


def kept(path: Path) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as database:
        return database.execute("SELECT * FROM laps ORDER BY tick").fetchall()


def lap(tick: int, time_ms: int, *, car: str = "kart", valid: bool = True, sectors: tuple[int, ...] = ()) -> Lap:
    begun = Lap(1, 1, tick - 10, tick - 1, 1.8e9, car, "monza-junior", time_ms, sectors, valid)
    return begun._replace(layout="junior", completed_tick=tick, completed_at=1.8e9 + tick)


def test_laps_are_kept_once_with_what_the_recording_says(long: Path, tmp_path: Path) -> None:
    path = tmp_path / "laps.db"
    run("cut", long, tmp_path / "lap.acrec", "--lap", "2")
    assert f"acbridge-recording: {path}: new laps: 2" == run("laps", tmp_path / "lap.acrec", "--db", path).err[-1]
    assert f"acbridge-recording: {path}: new laps: 1" == run("laps", long, "--db", path).err[-1]
    whole = kept(path)
    assert f"acbridge-recording: {path}: new laps: 0" == run("laps", long, "--db", path).err[-1]
    assert whole == kept(path)
    listed = [json.loads(line) for line in run("laps", long, "--json").out]
    with closing(sqlite3.connect(path)) as database:
        rows = database.execute(
            "SELECT number, car, track, compound, time_ms, sectors_ms, valid, fuel_used FROM laps ORDER BY tick"
        ).fetchall()
    names = ("number", "car", "track", "compound", "time_ms")
    completed = [each for each in listed if each["time_ms"]]
    assert [[each[name] for name in names] for each in completed] == [[*row[:5]] for row in rows]
    assert [each["sectors_ms"] for each in completed] == [json.loads(row[5]) for row in rows]
    assert [(each["valid"], each["fuel_used"]) for each in completed] == [(bool(row[6]), row[7]) for row in rows]
    assert all(row[3] for row in rows)


def test_bests_are_printed_with_and_without_a_recording(long: Path, tmp_path: Path) -> None:
    path = tmp_path / "laps.db"
    added = run("laps", long, "--db", path).out
    assert added == run("laps", "--db", path).out
    assert 1 == len(added)
    assert added[0].startswith("acbridge_stand_in  acbridge_park-circuit  1:3")
    assert "3 laps  best sectors together: 1:3" in added[0]
    best = json.loads(run("laps", "--db", path, "--json").out[0])
    listed = [json.loads(line) for line in run("laps", long, "--json").out]
    assert min(each["time_ms"] for each in listed if each["valid"]) == best["time_ms"]


def test_a_best_is_the_fastest_valid_lap_of_its_car_and_track(tmp_path: Path) -> None:
    path = tmp_path / "laps.db"
    slow, cut = lap(100, 92_000, sectors=(30_000, 62_000)), lap(200, 89_000, valid=False, sectors=(28_000, 61_000))
    fast, other = lap(300, 91_000, sectors=(31_000, 60_000)), lap(400, 50_000, car="formula")
    assert 2 == keep(path, [slow, cut])
    assert 2 == keep(path, [slow, fast, other, lap(500, 0)])
    found = {best.lap.car: (best.lap.time_ms, best.laps, best.possible_ms) for best in bests(path)}
    assert {"kart": (91_000, 3, 90_000), "formula": (50_000, 1, None)} == found


def test_a_lap_that_was_not_seen_whole_is_corrected_by_a_recording_that_has_it_whole(tmp_path: Path) -> None:
    path = tmp_path / "laps.db"
    part, whole = lap(100, 92_000, valid=False), lap(100, 92_000, sectors=(30_000, 62_000))
    assert [1, 0, 0] == [keep(path, [each]) for each in (part, whole, part)]
    assert (True, (30_000, 62_000)) == (bests(path)[0].lap.valid, bests(path)[0].lap.sectors_ms)


@pytest.mark.parametrize("name", ["diary.txt", "other.db", "drive.acrec"])
def test_a_file_that_is_no_database_of_laps_is_refused_by_name_and_stays(tmp_path: Path, name: str) -> None:
    recording = write(tmp_path / "drive.acrec", drive(1.0))
    (tmp_path / "diary.txt").write_text("dear diary\n" * 100)
    with closing(sqlite3.connect(tmp_path / "other.db")) as database:
        database.execute("CREATE TABLE laps (a)")
    before = (tmp_path / name).read_bytes()
    program = run("laps", recording, "--db", tmp_path / name, code=DATA)
    refused = f"{tmp_path / name}: this is not a database of laps, and stays as it is; name another file for --db"
    assert [f"acbridge-recording: {refused}"] == program.err
    assert before == (tmp_path / name).read_bytes()


def test_a_database_of_another_version_is_refused(tmp_path: Path) -> None:
    keep(tmp_path / "laps.db", [lap(100, 92_000)])
    with closing(sqlite3.connect(tmp_path / "laps.db")) as database:
        database.execute("PRAGMA user_version = 9")
    assert "another version of acbridge" in run("laps", "--db", tmp_path / "laps.db", code=DATA).err[0]


def test_a_locked_database_is_one_line(tmp_path: Path) -> None:
    recording = write(tmp_path / "drive.acrec", drive(1.0))
    keep(tmp_path / "laps.db", [])
    with closing(sqlite3.connect(tmp_path / "laps.db", isolation_level=None)) as database:
        database.execute("BEGIN EXCLUSIVE")
        for arguments in ([recording], []):
            program = run("laps", *arguments, "--db", tmp_path / "laps.db", code=IO_ERROR)
            assert 1 == len(program.err)
            assert "laps.db: the database is locked by another program" in program.err[0]


def test_a_database_that_may_only_be_read_is_one_line_and_its_bests_are_printed(tmp_path: Path) -> None:
    path = tmp_path / "laps.db"
    keep(path, [lap(100, 92_000)])
    data = bytearray(path.read_bytes())
    data[18] = 3  # to be read only, also by root: https://sqlite.org/fileformat2.html#file_format_version_numbers
    path.write_bytes(data)
    program = run("laps", write(tmp_path / "drive.acrec", drive(1.0)), "--db", path, code=IO_ERROR)
    assert [f"acbridge-recording: {path}: the database may not be written; name another file for --db"] == program.err
    assert 1 == len(run("laps", "--db", path).out)


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["laps", "--db", "none.db"], IO_ERROR, "none.db: the database cannot be opened; is the path right?"),
        (["laps", "drive.acrec", "--db", "no/where.db"], IO_ERROR, "where.db: the database cannot be opened"),
        (["laps"], 2, "name a recording, or a database of laps with --db"),
        (["laps", "none.acrec", "--db", "laps.db"], IO_ERROR, "none.acrec: No such file or directory"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_leaves_no_file(
    tmp_path: Path, arguments: list[str], code: int, says: str
) -> None:
    write(tmp_path / "drive.acrec", drive(1.0))
    with Program("acbridge_recording", *arguments, cwd=tmp_path) as program:
        assert code == program.wait(), program.err
    assert says in program.err[-1]
    assert [tmp_path / "drive.acrec"] == list(tmp_path.iterdir())
