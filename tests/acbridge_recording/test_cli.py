"""The program for recordings as its user sees it: what it prints, what it writes, and what it refuses."""

import csv
import importlib
import itertools
import json
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from acbridge import Event, Physics
from acbridge.derived import EventKind
from acbridge.recording import Recording, open_recording, read_ticks
from acbridge.recording.page_log.reading import read_rows
from page_logs import drive, stamp, write
from programs import Program

pd: Any = importlib.import_module("pandas")
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


def completed(path: Path) -> list[Event]:
    frames = Recording(path).frames(Event)
    return [frame.record for frame in frames if frame.record.kind == EventKind.LAP_COMPLETED]


def test_laps_have_the_times_of_the_game_and_the_unfinished_one_is_listed_too(long: Path) -> None:
    laps = [json.loads(line) for line in run("laps", long, "--json").out]
    expected = [(event.lap, event.lap_time_ms, event.valid) for event in completed(long)]
    assert expected == [(lap["number"], lap["time_ms"], lap["valid"]) for lap in laps if lap["time_ms"]]
    assert len(expected) + 1 == len(laps)
    lines = run("laps", long).out
    assert 1 == sum(line.startswith("*") for line in lines)
    assert "unfinished" in lines[-2]
    assert lines[-1].startswith("best sectors together: 1:3")


def test_info_says_what_it_is(long: Path) -> None:
    facts = json.loads(run("info", long, "--json").out[0])
    assert ("acbridge_stand_in", "acbridge_park-circuit", 6600, 60.0, "page log") == tuple(
        facts[name] for name in ("car", "track", "ticks", "rate", "kind")
    )


def test_a_lap_that_was_cut_is_whole_in_its_own_file(long: Path, tmp_path: Path) -> None:
    run("cut", long, tmp_path / "lap.acrec", "--lap", "2")
    assert completed(long)[1].lap_time_ms == completed(tmp_path / "lap.acrec")[-1].lap_time_ms
    rows = [row for _, row in read_rows(tmp_path / "lap.acrec")]
    assert {row for _, row in read_rows(long)} >= set(rows)
    assert f"{tmp_path}/lap.acrec: whole" == run("verify", tmp_path / "lap.acrec").out[-1]


def test_json_lines_become_pages_and_json_lines_again(tmp_path: Path) -> None:
    path = write(tmp_path / "drive.acrec", drive(3.0))
    sink = ["acbridge_sink", "jsonl"]
    for source, target in ((path, tmp_path / "first.jsonl"), (tmp_path / "again.acrec", tmp_path / "second.jsonl")):
        with Program(*sink, str(target), "--from", str(source)) as program:
            assert 0 == program.wait(), program.err
        run("import", tmp_path / "first.jsonl", tmp_path / "again.acrec")
    assert (tmp_path / "first.jsonl").read_bytes() == (tmp_path / "second.jsonl").read_bytes()
    assert [row.pages for row in drive(3.0)] == [row.pages for _, row in read_rows(tmp_path / "again.acrec")]


def test_verify_names_what_is_damaged(tmp_path: Path) -> None:
    path = write(tmp_path / "drive.acrec", drive(3.0))
    data = bytearray(path.read_bytes())
    data[-20_000] ^= 1
    path.write_bytes(data)
    assert "bytes are damaged or cut off" in run("verify", path, code=DATA).err[0]


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["info", "nowhere.acrec"], IO_ERROR, "nowhere.acrec: No such file or directory"),
        (["laps", "diary.acrec"], DATA, "diary.acrec, line 1 is not one of a recording"),
        (["cut", "drive.acrec", "lap.acrec", "--lap", "7"], DATA, "there is no lap 7; the recording has laps 1"),
        (["cut", "drive.acrec", "lap.acrec"], 2, "say what to keep"),
        (["export", "csv", "drive.acrec", "x.csv", "--step", "5"], 2, "--step needs --plain or --excel"),
        (["export", "csv", "drive.acrec", "drive.acrec"], IO_ERROR, "drive.acrec: it is read by this command"),
        (["import", "fields.jsonl", "x.acrec"], DATA, "it was recorded with --field"),
        (["export", "csv", "drive.acrec", "no/where.csv"], IO_ERROR, "No such file or directory"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_leaves_no_file(
    tmp_path: Path, arguments: list[str], code: int, says: str
) -> None:
    write(tmp_path / "drive.acrec", drive(1.0))
    (tmp_path / "diary.acrec").write_bytes(b"dear diary\n")
    with Program(
        "acbridge_sink", "jsonl", "fields.jsonl", "--from", "drive.acrec", "--field", "gas", cwd=tmp_path
    ) as sink:
        sink.wait()
    before = set(tmp_path.iterdir())
    with Program("acbridge_recording", *arguments, cwd=tmp_path) as program:
        assert code == program.wait(), program.err
    assert says in program.err[-1]
    assert before == set(tmp_path.iterdir())


def test_csv_in_the_layout_of_i2_is_read_as_its_readers_do(long: Path, tmp_path: Path) -> None:
    run("export", "csv", long, tmp_path / "lap.csv", "--lap", "2", "--rate", "50")
    text = (tmp_path / "lap.csv").read_text(encoding="utf-8").splitlines()
    assert '"Format","MoTeC CSV File","","","Workbook",""' == text[0]
    names = next(number for number, line in enumerate(text) if line.startswith('"Time"'))
    assert (14, 18) == (names, next(number for number, line in enumerate(text) if line.startswith('"0.000"')))
    table: Any = pd.read_csv(tmp_path / "lap.csv", skiprows=[*range(names), names + 1], skip_blank_lines=True)
    lap = next(event for event in completed(long) if event.lap == 2)
    assert abs(float(table["Time"].iloc[-1]) * 1000 - (lap.lap_time_ms or 0)) < 200
    assert {2} == set(table["Lap Number"])
    assert 0.02 == pytest.approx(table["Time"].diff().iloc[1:].unique().mean())


def test_laps_of_a_second_session_end_where_its_rows_are(long: Path, tmp_path: Path) -> None:
    begun = [row for _, row in read_rows(long)][:2400]
    count = len(begun)
    again = [row._replace(tick=row.tick + count, stamp=stamp(count + number, RATE)) for number, row in enumerate(begun)]
    path = write(tmp_path / "two.acrec", begun + again, block=400)
    run("export", "csv", path, tmp_path / "two.csv", "--rate", "10")
    lines = list(csv.reader((tmp_path / "two.csv").read_text(encoding="utf-8").splitlines()))
    head = {line[0]: line[1] for line in lines[:14] if line}
    ends = [float(each) for each in head["Beacon Markers"].split()]
    names, rows = lines[14], lines[18:]
    laps = [(float(row[0]), int(row[names.index("Lap Number")])) for row in rows]
    seen = [after[0] for before, after in itertools.pairwise(laps) if after[1] > before[1]]
    assert 2 == len(ends)
    assert seen == [pytest.approx(end, abs=0.25) for end in ends]
    assert float(head["Duration"]) == laps[-1][0] == float(rows[-1][0])


def test_plain_csv_has_every_field_with_its_unit(long: Path, tmp_path: Path) -> None:
    run("export", "csv", long, tmp_path / "plain.csv", "--plain", "--lap", "2", "--step", "10")
    table: Any = pd.read_csv(tmp_path / "plain.csv")
    assert {"speedKmh [km/h]", "wheelLoad_fl [N]", "accG_left [g]", "tyreContactPoint_rr_z [m]", "lap"} <= {*table}
    assert (table["lap_distance_m [m]"].diff().iloc[1:] < 21).all()
    run("export", "csv", long, tmp_path / "excel.csv", "--excel", "--lap", "2", "--rate", "1")
    excel: Any = pd.read_csv(tmp_path / "excel.csv", sep=";", decimal=",", encoding="utf-8-sig")
    assert 90 < len(excel) < 110
    assert 100 < excel["speedKmh [km/h]"].max() < 300


def test_parquet_is_read_by_pandas_and_polars_with_units_and_laps(long: Path, tmp_path: Path) -> None:
    path = tmp_path / "long.parquet"
    run("export", "parquet", long, path)
    ticks = list(read_ticks(open_recording(long)))
    read: Any = pd.read_parquet(path)
    again: Any = pl.read_parquet(path)
    for table in (read, again):
        assert [tick.tick for tick in ticks] == list(table["tick"])
        assert [tick.physics.wheelLoad[3] for tick in ticks if tick.physics] == list(table["wheelLoad_rr"])
        assert [tick.derived.lap_number for tick in ticks if tick.derived] == list(table["lap"])
    assert "UTC" == str(read["timestamp"].dt.tz)
    facts = json.loads(pl.read_parquet_metadata(path)["acbridge"])
    assert ("acbridge_stand_in", Physics.fingerprint()) == (facts["car"], facts["fingerprints"]["physics"])
    assert path.stat().st_size < 2 * long.stat().st_size


def test_parquet_and_csv_give_the_same_answers_in_duckdb(
    long: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("export", "parquet", long, tmp_path / "long.parquet", "--rate", "10")
    run("export", "csv", long, tmp_path / "long.csv", "--plain", "--rate", "10")
    monkeypatch.chdir(tmp_path)
    with duckdb.connect(config={"threads": 1}) as database:

        def laps(file: str, speed: str, load: str) -> list[tuple[float, ...]]:
            query = f"SELECT lap, count(*), max({speed}), min({load}) FROM '{file}' GROUP BY lap ORDER BY lap"
            return database.execute(query).fetchall()

        by_lap = laps("long.parquet", "speedKmh", "wheelLoad_rr")
        assert [1, 2, 3, 4] == [row[0] for row in by_lap]
        assert [pytest.approx(row, rel=1e-6) for row in by_lap] == laps(
            "long.csv", '"speedKmh [km/h]"', '"wheelLoad_rr [N]"'
        )
        described = database.execute("DESCRIBE FROM 'long.parquet'").fetchall()
        kinds = {name: kind for name, kind, *_ in described}
        assert ("TIMESTAMPTZ_NS", "FLOAT", "INTEGER") == (kinds["timestamp"], kinds["wheelLoad_rr"], kinds["lap"])
        facts = dict(
            database.execute("SELECT decode(key), decode(value) FROM parquet_kv_metadata('long.parquet')").fetchall()
        )
        assert "acbridge_stand_in" == json.loads(facts["acbridge"])["car"]
