"""Parts of recordings: which files are never replaced, what is left after an interrupt, and what their heads say."""

import gzip
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from acbridge.cli import ExitCode
from acbridge.recording import open_recording, read_ticks
from acbridge.recording.page_log.file import PageLogFile
from acbridge.recording.page_log.reading import read_rows
from acbridge.recording.page_log.rows import NoteKind, Row, note
from acbridge.recording.page_log.side_file import SideFile
from acbridge.recording.reader import read_lines
from acbridge_recording.cut import finished, rows_between, rows_of, write_page_log
from acbridge_recording.info import verified
from page_logs import RUN, drive, head_row, stamp, write
from programs import Program, until


@contextmanager
def nothing_changes(folder: Path) -> Generator[None]:
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    yield
    assert before == {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def write_over(target: Path, source: Path, *, page_log: bool = True) -> None:
    with finished(target, source, page_log=page_log) as part:
        part.write_bytes(b"something else")


@pytest.mark.parametrize(
    ("source", "target", "page_log", "says"),
    [
        ("a.acrec", "a.acrec", True, "is read by this command"),
        ("a.acrec", "link.acrec", True, "is read by this command"),
        ("", "a.acrec", True, "is read by this command"),
        ("b.acrec.part", "b.acrec", True, "is being recorded"),
        ("a.acrec", "b.acrec.part", True, "ends in .part"),
        ("a.acrec", "c.acrec", True, "there is c.acrec.tail"),
        ("a.acrec", "d.acrec", False, "is a recording"),
        ("a.acrec", "e.jsonl", True, "is a recording"),
        ("a.acrec", "folder", True, "is not a file"),
    ],
)
def test_what_is_in_use_or_a_recording_is_not_replaced(
    tmp_path: Path, source: str, target: str, page_log: bool, says: str
) -> None:
    for name in ("a.acrec", "b.acrec.part", "c.acrec.tail", "d.acrec"):
        write(tmp_path / name, drive(1.0))
    (tmp_path / "e.jsonl").write_text("{}\n")
    (tmp_path / "folder").mkdir()
    os.link(tmp_path / "a.acrec", tmp_path / "link.acrec")
    with nothing_changes(tmp_path), pytest.raises(OSError, match=says):
        write_over(tmp_path / target, tmp_path / source, page_log=page_log)


def test_a_file_that_is_being_recorded_is_not_replaced(tmp_path: Path) -> None:
    source = write(tmp_path / "a.acrec", drive(1.0))
    recorded = PageLogFile.continued(tmp_path / "b.acrec", SideFile(print))
    with nothing_changes(tmp_path), pytest.raises(OSError, match="is being recorded"):
        write_over(tmp_path / "b.acrec", source)
    recorded.append([head_row()])
    recorded.close()
    write_over(tmp_path / "b.acrec", source)
    assert b"something else" == (tmp_path / "b.acrec").read_bytes()


def test_a_cut_of_a_directory_into_itself_reads_what_was_there_before(tmp_path: Path) -> None:
    write(tmp_path / "a.acrec", drive(1.0))
    rows = rows_of(tmp_path)
    write(tmp_path / "b.acrec", drive(1.0))  # as a file that the cut itself begins
    assert len(drive(1.0)) == sum(1 for _ in rows)
    assert len(drive(1.0)) == write_page_log(tmp_path / "c.acrec", read_rows(tmp_path / "a.acrec"), tmp_path)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one process")
def test_an_interrupt_is_silent_and_leaves_no_file(tmp_path: Path) -> None:
    rows = [row._replace(tick=number, stamp=stamp(number)) for number, row in enumerate(drive(10.0) * 10)]
    path = write(tmp_path / "long.acrec", rows, block=400)
    with Program("acbridge_recording", "export", "csv", "--plain", str(path), str(tmp_path / "long.csv")) as program:
        until(lambda: len(list(tmp_path.iterdir())) > 1 or program.process.poll() is not None, "the file's beginning")
        program.interrupt()
        assert ExitCode.INTERRUPTED == program.wait()
    assert ([], []) == (program.out, program.err)
    assert [path] == list(tmp_path.iterdir())


def noted(row: Row, kind: str, **details: object) -> Row:
    return note(kind, row.tick, row.stamp, row.state, **details)


def test_a_cut_derives_with_the_thresholds_and_says_the_rate_that_held_there(tmp_path: Path) -> None:
    rows = [*drive(10.0)]
    rows.insert(500, noted(rows[499], NoteKind.THRESHOLDS, values={"stuck_s": 3.0}))
    rows.insert(10, noted(rows[9], NoteKind.RATE, rate=61.0))
    rows.insert(10, noted(rows[9], NoteKind.THRESHOLDS, values={"stuck_s": 9.0, "min_speed": 30.0}))
    source = write(tmp_path / "whole.acrec", rows)
    target = tmp_path / "cut.acrec"
    write_page_log(target, rows_between(rows_of(source), RUN, 400, 550), source)
    headers = {tick.tick: tick.thresholds for tick in read_ticks(open_recording(source))}
    ticks = list(read_ticks(open_recording(target)))
    assert [headers[tick.tick] for tick in ticks] == [tick.thresholds for tick in ticks]
    assert {9.0, 3.0} == {tick.thresholds.stuck_s for tick in ticks if tick.thresholds}
    unknown = {
        tick.tick: tick.derived.slip_ratio is None for tick in read_ticks(open_recording(source)) if tick.derived
    }
    found = {tick.tick: tick.derived.slip_ratio is None for tick in ticks if tick.derived}
    assert found.items() <= unknown.items()
    assert {True, False} == {*found.values()}
    assert 61.0 == next(read_lines(open_recording(target)))[0].daemon["rate"]


def test_verify_says_what_json_lines_and_directories_lack(tmp_path: Path) -> None:
    path, whole = write(tmp_path / "drive.acrec", drive(2.0)), tmp_path / "drive.jsonl"
    with Program("acbridge_sink", "jsonl", str(whole), "--from", str(path)) as sink:
        assert 0 == sink.wait(), sink.err
    data = whole.read_bytes()
    for name, content, says in (
        ("whole.jsonl", data, None),
        ("whole.jsonl.gz", gzip.compress(data), None),
        ("half.jsonl", data[: len(data) // 2], "the last line has no end"),
        ("half.jsonl.gz", gzip.compress(data)[:-5], "the compressed data has no end"),
        ("line.jsonl.gz", gzip.compress(data[:-5]), "the last line has no end"),
        ("empty.jsonl", b"", "there is no recording in it"),
    ):
        (tmp_path / name).write_bytes(content)
        problems = verified(tmp_path / name)
        assert (says is not None) == len(problems), problems
        assert says is None or says in problems[0]
    (tmp_path / "folder").mkdir()
    assert [f"{tmp_path / 'folder'}: there is no recording in it"] == verified(tmp_path / "folder")
