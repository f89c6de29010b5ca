"""The daemon's own recording: every tick that was published, after any end, on any disk, without names of persons."""

import random
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from acbridge import Graphics, Physics, Static, Thresholds
from acbridge.pages import AC1, Pages
from acbridge.recording import open_recording, read_ticks
from acbridge.recording.page_log.reading import read_rows, tail_of
from acbridge.recording.page_log.rows import NoteKind, Row, RowKind, read_note
from acbridge.recording.reader import recordings_in
from acbridge.recording.writing.backlog import CAPACITY
from acbridge.recording.writing.rotation import Rotation
from acbridge.status import SimState
from acbridge_daemon.recorder import Daemon as DaemonFacts
from acbridge_daemon.recorder import Recorder, RecordOptions
from acbridge_sim import SessionType, World
from page_logs import RUN, drive, stamp
from programs import Daemon, Program, until

NOT_A_RECORDING = 65
IO_ERROR = 74
KILLS = 4


def rows_in(path: Path) -> list[Row]:
    return [row for _, row in read_rows(path)]


def recorder(target: Path, **options: object) -> Recorder:
    chosen = RecordOptions(target, target.is_dir(), min_free=0.0, **options)  # type: ignore[arg-type]
    return Recorder(chosen, AC1, DaemonFacts(RUN, "1.0", "sim"), 60.0, Thresholds)


def feed(recording: Recorder, rows: tuple[Row, ...], laps: int = 0) -> None:
    for row in rows:
        recording.tick(row.tick, row.stamp, row.state, row.pages, row.text, laps)


def with_static(pages: Pages, **changes: str) -> Pages:
    values: dict[str, Any] = vars(AC1.record(Static, pages)) | changes
    static = Static(**values)
    return tuple(static.to_page() if kind is Static else page for kind, page in zip(AC1.pages, pages, strict=True))


def test_a_killed_daemon_has_recorded_every_tick_that_it_had_published(tmp_path: Path) -> None:
    assert sys.platform != "win32"
    path = tmp_path / "drive.acrec"
    seen: dict[tuple[int, int], Physics] = {}
    recorded: dict[tuple[int, int], Physics | None] = {}
    for _ in range(KILLS):
        daemon = Daemon("--source", "sim", "--rate", "333", "--record", str(path))
        with daemon, daemon.connect() as bridge, bridge.frames(Physics, timeout=10) as frames:
            for _ in range(random.randrange(100, 900)):
                frame = next(frames)
                seen[frame.run, frame.tick] = frame.record
            daemon.process.send_signal(signal.SIGKILL)
            daemon.wait()
        assert tail_of(path).exists()
        recorded = {(tick.run, tick.tick): tick.physics for tick in read_ticks(open_recording(path))}
        assert set() == seen.keys() - recorded.keys()
    assert all(vars(recorded[place]) == vars(physics) for place, physics in seen.items())


def test_what_was_asked_between_ticks_is_recorded_and_a_clean_end_leaves_one_finished_file(tmp_path: Path) -> None:
    with Daemon("--source", "sim", "--record", f"{tmp_path}/drives/") as daemon, daemon.connect() as bridge:
        bridge.latest(Physics, timeout=10)
        bridge.request("mark", text="here")
        bridge.request("set_thresholds", thresholds={"stuck_s": 9.0})
        bridge.request("set_rate", rate=100.0)
        (part,) = until(lambda: list((tmp_path / "drives").glob("*.acrec.part")), "the file")
        before = bridge.latest(Physics).tick
        until(lambda: bridge.latest(Physics).tick > before + 10, "some more ticks")
        until(lambda: any(row.tick > before for row in rows_in(part)), "reading while it is written")
        assert 0 == daemon.end()
    (path,) = (tmp_path / "drives").iterdir()
    assert path.name.endswith("Z_acbridge_park-circuit_acbridge_stand_in_hotlap.acrec")
    notes = [read_note(row) for row in rows_in(path) if row.kind is RowKind.NOTE]
    assert [NoteKind.MARK, NoteKind.THRESHOLDS, NoteKind.RATE] == [each["note"] for each in notes]
    assert ["here", {"stuck_s": 9.0}, 100.0] == [notes[0]["text"], notes[1]["values"], notes[2]["rate"]]
    (ended,) = daemon.events("recording_ended")
    assert (len(rows_in(path)) - len(notes), 0) == (ended["ticks"], ended["dropped"])


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (
            ["--record", "diary.txt"],
            NOT_A_RECORDING,
            "exists and is not a recording of acbridge-daemon; choose another",
        ),
        (["--record", "nowhere/drive.acrec"], IO_ERROR, "cannot record in nowhere/drive.acrec: No such file or dir"),
        (["--record", "drive.acrec", "--rotate-laps", "1"], 2, "--rotate-... needs a directory"),
        (["--check", "--record", "diary.txt"], NOT_A_RECORDING, "exists and is not a recording of acbridge-daemon"),
        (["--check", "--record", "nowhere/drive.acrec"], IO_ERROR, "cannot record in nowhere/drive.acrec: No such"),
        (["--check", "--source", "recording", "no.acrec"], IO_ERROR, "cannot read no.acrec: No such file or dir"),
        (["--rotate-laps", "1"], 2, "add --record DIRECTORY/"),
    ],
)
def test_a_recording_that_cannot_begin_ends_the_daemon_with_one_line(
    tmp_path: Path, arguments: list[str], code: int, says: str
) -> None:
    (tmp_path / "diary.txt").write_bytes(b"dear diary")
    with Program("acbridge_daemon", "--source", "sim", "--port", "0", *arguments, cwd=tmp_path) as program:
        assert code == program.wait()
    assert says in program.err[-1]
    assert b"dear diary" == (tmp_path / "diary.txt").read_bytes()


@pytest.mark.parametrize("names", [True, False])
def test_names_of_persons_are_recorded_only_on_request(tmp_path: Path, names: bool) -> None:
    path = tmp_path / "drive.acrec"
    recording = recorder(path, names=names)
    pages = with_static(drive(0.1)[0].pages or (), playerName="Ayrton", playerNick="magic")
    feed(recording, tuple(row._replace(pages=pages) for row in drive(0.1)))
    recording.close()
    (_, row), *_ = read_rows(path)
    static = AC1.record(Static, row.pages or ())
    assert (("Ayrton", "magic") if names else ("", "")) == (static.playerName, static.playerNick)
    assert drive(0.1)[0].pages[:2] == (row.pages or ())[:2]  # type: ignore[index]


def test_a_sim_that_rests_costs_two_rows_however_long_it_rests(tmp_path: Path) -> None:
    path = tmp_path / "drive.acrec"
    recording = recorder(path)
    for number in range(1000):
        recording.tick(number, stamp(number), SimState.ABSENT, None, "no pages", 0)
    for number in range(1000, 2000):
        recording.tick(number, stamp(number), SimState.IDLE, drive(0.1)[0].pages, "", 0)
    recording.tick(2000, stamp(2000), SimState.LIVE, drive(0.1)[1].pages, "", 0)
    recording.close()
    assert [0, 999, 1000, 1999, 2000] == [row.tick for row in rows_in(path)]


def test_another_track_and_enough_laps_begin_another_file_and_nothing_is_lost(tmp_path: Path) -> None:
    recording = recorder(tmp_path, rotation=Rotation(laps=2))
    rows = drive(0.5)
    feed(recording, rows[:10])
    feed(recording, rows[10:12], laps=2)
    monza = tuple(row._replace(pages=with_static(row.pages or (), track="monza")) for row in rows[12:20])
    feed(recording, monza, laps=3)
    recording.close()
    here = "2027-01-15T08-00-00Z_acbridge_park-circuit_acbridge_stand_in_hotlap"
    expected = {here: 10, f"{here}-2": 2, here.replace("acbridge_park-circuit", "monza-circuit"): 8}
    assert expected == {path.stem: len(rows_in(path)) for path in tmp_path.iterdir()}


def test_another_session_begins_another_file(tmp_path: Path) -> None:
    recording = recorder(tmp_path)
    feed(recording, drive(0.5)[:10])
    race = tuple(World(session=SessionType.RACE).pages())
    feed(recording, tuple(row._replace(pages=race) for row in drive(0.5)[10:15]))
    recording.close()
    assert {"hotlap": 10, "race": 5} == {path.stem.split("_")[-1]: len(rows_in(path)) for path in tmp_path.iterdir()}


@pytest.mark.parametrize("name", ["drive.acrec", ""])
def test_the_first_row_is_on_the_disk_at_once(tmp_path: Path, name: str) -> None:
    recording = recorder(tmp_path / name)
    feed(recording, drive(0.1)[:1])
    (path,) = recordings_in(tmp_path)
    assert [0] == [row.tick for row in rows_in(path)]
    recording.close()
    (path,) = tmp_path.iterdir()
    assert [0] == [row.tick for row in rows_in(path)]


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """Mount a disk of 1 MB; that takes root, and Linux."""
    with tempfile.TemporaryDirectory() as directory:
        command = ["mount", "-t", "tmpfs", "-o", "size=1m", "none", directory]
        if shutil.which("mount") is None or subprocess.run(command, check=False, capture_output=True).returncode:
            pytest.skip("no disk can be mounted here")
        try:
            yield Path(directory)
        finally:
            subprocess.run(["umount", "-l", directory], check=True)


@pytest.mark.alone
def test_a_full_disk_costs_the_ticks_that_the_gap_counts_and_no_more(small_disk: Path) -> None:
    path = small_disk / "drive.acrec"
    (small_disk / "ballast").write_bytes(b"\0" * 1_040_000)
    recording = recorder(path)
    rows, fed = drive(1.0), CAPACITY + 2500
    for number in range(fed):
        recording.tick(number, stamp(number), SimState.LIVE, rows[number % 60].pages, "", 0)
    subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
    until(lambda: recording.written + recording.dropped == fed, "all that waited")
    recording.tick(fed, stamp(fed), SimState.LIVE, rows[0].pages, "", 0)
    recording.close()
    found = rows_in(path)
    (gap,) = [read_note(row) for row in found if row.kind is RowKind.NOTE]
    assert gap["last_tick"] - gap["first_tick"] + 1 == gap["ticks"] == recording.dropped
    assert [*range(gap["first_tick"]), *range(gap["last_tick"] + 1, fed + 1)] == [
        row.tick for row in found if row.kind is RowKind.PAGES
    ]


def test_a_disk_that_stays_full_leaves_whole_rows(small_disk: Path) -> None:
    path = small_disk / "drive.acrec"
    (small_disk / "ballast").write_bytes(b"\0" * 900_000)
    recording = recorder(path)
    for number in range(3000):
        recording.tick(number, stamp(number), SimState.LIVE, drive(1.0)[number % 60].pages, "", 0)
    recording.close()
    found = [row.tick for row in rows_in(path)]
    assert sorted(set(found)) == found
    assert 0 < len(found) < 3000


def test_graphics_of_a_paused_game_are_recorded_too(tmp_path: Path) -> None:
    path = tmp_path / "drive.acrec"
    recording = recorder(path)
    for row in drive(0.5):
        recording.tick(row.tick, row.stamp, SimState.PAUSED, row.pages, "", 0)
    recording.torn(30, stamp(30), 0)
    recording.close()
    assert [SimState.PAUSED] * 31 == [row.state for row in rows_in(path)]
    assert RowKind.TORN is rows_in(path)[-1].kind
    ticks = list(read_ticks(open_recording(path)))
    assert [AC1.record(Graphics, row.pages or ()) for row in drive(0.5)] == [tick.graphics for tick in ticks]
