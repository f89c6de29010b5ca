"""Recordings in a directory: names, rotation by each rule, and files that each read alone."""

from pathlib import Path
from typing import Any

import pytest

from acbridge import EventKind, Graphics, Physics
from acbridge.pages import STATUS_LIVE, STATUS_REPLAY
from acbridge.recording import open_recording, read_ticks
from acbridge.recording.writing.files import File, name_of
from acbridge_sink.jsonl import Jsonl, Options, Rotation
from acbridge_sink.jsonl.format import JsonLines
from acbridge_sink.pump import TickFrames
from programs import until
from recordings import RUN, Answers, another_static, event, frame, numbers, read, recorder, records, tick


def finished(directory: Path) -> list[Path]:
    """Return the files in the order in which they began; none may be unfinished."""
    paths = sorted(directory.iterdir(), key=lambda path: read(path)[1]["tick"])
    assert [] == [path for path in paths if path.suffix == ".part"]
    return paths


def feed(recording: Jsonl, *ticks: int) -> None:
    """Hand over ticks one by one, each once the one before it is on the disk, so that sizes are known."""
    for number in ticks:
        before = recording.ticks
        recording.tick(tick(number))
        until(lambda before=before: recording.ticks > before, "the line on the disk")


def changed(record: Physics | Graphics, **changes: Any) -> Physics | Graphics:
    return type(record)(**(vars(record) | changes))


def options(compression: str | None = None, **rotation: float) -> Options:
    return Options(compression=compression, rotation=Rotation(**rotation), quiet=True)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("static", "session", "name"),
    [
        (
            {"track": "monza", "trackConfiguration": "", "carModel": "bmw_z4_gt3"},
            "practice",
            "2026-11-22T13-15-00Z_monza_bmw_z4_gt3_practice",
        ),
        (
            {"track": "ks_nürburgring", "trackConfiguration": "GP/a b", "carModel": "../x"},
            "race",
            "2026-11-22T13-15-00Z_ks_n-rburgring-GP-a-b_..-x_race",
        ),
        (None, "unknown", "2026-11-22T13-15-00Z_unknown_unknown_unknown"),
    ],
)
def test_a_name_has_start_track_car_and_session(static: dict[str, str] | None, session: str, name: str) -> None:
    assert name == name_of(1795353300.9, static, session)


def test_a_file_in_a_directory_is_a_part_until_it_is_finished(tmp_path: Path) -> None:
    recording = recorder(tmp_path)
    feed(recording, 1, 2)
    (part,) = tmp_path.iterdir()
    assert part.name.endswith("Z_acbridge_park-circuit_acbridge_stand_in_practice.jsonl.part")
    assert [1, 2] == numbers(part)
    recording.close()
    (path,) = tmp_path.iterdir()
    assert part.name == path.name + ".part"
    assert [1, 2] == numbers(path)


@pytest.mark.parametrize(("status", "files"), [(STATUS_REPLAY, 1), (STATUS_LIVE, 2)])
def test_a_packet_id_that_falls_begins_no_file_in_a_replay(status: int, files: int, tmp_path: Path) -> None:
    answers = Answers()
    recording = recorder(tmp_path, answers=answers)
    physics, graphics = records()[:2]
    for number, packet in ((1, 900), (2, 20)):
        page = frame(changed(physics, packetId=packet), number)
        recording.tick(TickFrames.of(page, frame(changed(graphics, status=status), number)))
        answers.static = another_static(maxFuel=7.0)
    recording.close()
    assert files == len(finished(tmp_path))


def test_without_a_tick_there_is_no_file(tmp_path: Path) -> None:
    recorder(tmp_path).close()
    assert [] == list(tmp_path.iterdir())


def test_a_name_that_is_taken_gets_a_number(tmp_path: Path) -> None:
    files = [File.begun(tmp_path, "drive", JsonLines(None)) for _ in range(2)]
    files[0].close()
    files.append(File.begun(tmp_path, "drive", JsonLines(None)))
    for file in files[1:]:
        file.close()
    assert ["drive-2.jsonl", "drive-3.jsonl", "drive.jsonl"] == sorted(path.name for path in tmp_path.iterdir())


def test_files_are_rotated_by_size(tmp_path: Path) -> None:
    recording = recorder(tmp_path, options(size=0.02))
    feed(recording, *range(1, 13))
    recording.close()
    paths = finished(tmp_path)
    assert list(range(1, 13)) == [number for path in paths for number in numbers(path)]
    assert len(paths) > 2
    assert all(20_000 <= path.stat().st_size < 30_000 for path in paths[:-1])


def test_files_are_rotated_by_time(tmp_path: Path) -> None:
    recording = recorder(tmp_path, options(minutes=1e-12))
    feed(recording, 1, 2, 3)
    recording.close()
    assert [[1], [2], [3]] == [numbers(path) for path in finished(tmp_path)]


def test_files_are_rotated_by_laps_and_the_lap_stands_in_the_file_that_it_ends(tmp_path: Path) -> None:
    recording = recorder(tmp_path, options(laps=2))
    for number in range(1, 8):
        feed(recording, number)
        recording.other(event(number, EventKind.LAP_COMPLETED, lap=number))
    recording.close()
    paths = finished(tmp_path)
    assert [[1, 2], [3, 4], [5, 6], [7]] == [numbers(path) for path in paths]
    laps = [[line["lap"] for line in read(path) if line.get("type") == "event"] for path in paths]
    assert [[1, 2], [3, 4], [5, 6], [7]] == laps


@pytest.mark.parametrize("shown_by", ["a rest", "static"])
def test_another_car_begins_another_file(tmp_path: Path, shown_by: str) -> None:
    answers = Answers()
    recording = recorder(tmp_path, options(), answers=answers)
    feed(recording, 1)
    answers.static = another_static(carModel="other")
    if shown_by == "a rest":
        recording.idle()
    else:  # the daemon sends a new static page before the tick
        recording.other(frame(answers.static, 2))
    feed(recording, 2, 3)
    recording.close()
    first, second = finished(tmp_path)
    assert "_other_" in second.name
    assert ([1], [2, 3]) == (numbers(first), numbers(second))


@pytest.mark.parametrize("compression", [None, "gzip", "zstd"])
def test_each_file_reads_alone(tmp_path: Path, compression: str | None) -> None:
    if compression == "zstd":
        pytest.importorskip("backports.zstd")
    recording = recorder(tmp_path, options(compression, laps=1))
    for number in (1, 2, 3):
        recording.tick(tick(number))
        recording.other(event(number, EventKind.THRESHOLDS_CHANGED, text=f"stuck_s={number + 3}"))
        recording.other(event(number, EventKind.LAP_COMPLETED, lap=number))
    recording.close()
    paths = finished(tmp_path)
    assert 3 == len(paths)
    for number, path in enumerate(paths, 1):
        (back,) = read_ticks(open_recording(path))
        assert (RUN, number, records()[0]) == (back.run, back.tick, back.physics)
        # What was in force before the file began stands in its header.
        assert back.thresholds is not None
        assert (3.0 if number == 1 else number + 2) == back.thresholds.stuck_s
