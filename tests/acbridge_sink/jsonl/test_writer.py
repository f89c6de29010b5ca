"""A disk that is full, nearly full, slow or broken: nothing is lost untold, and no line is broken."""

import errno
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from acbridge.recording.lines import HEADER_START
from acbridge.recording.writing.backlog import CAPACITY
from acbridge.recording.writing.files import File
from acbridge_sink.jsonl import Jsonl, NotARecording, Options
from acbridge_sink.jsonl.format import JsonLines
from programs import until
from recordings import numbers, read, recorder, tick

LINES = HEADER_START + b'"run":1}\n{"tick":1}\n'


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


def whole(path: Path) -> list[dict[str, Any]]:
    """Return all lines; the last one must be whole too."""
    assert path.read_bytes().endswith(b"\n")
    return read(path)


@pytest.mark.alone
def test_a_full_disk_costs_the_ticks_that_the_gap_counts_and_no_more(
    small_disk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, ballast = small_disk / "drive.jsonl", small_disk / "ballast"
    ballast.write_bytes(b"\0" * 500_000)
    recording = recorder(path)
    fed = CAPACITY + 1000
    for number in range(fed):
        recording.tick(tick(number))
    until(lambda: "cannot write" in capsys.readouterr().err, "the complaint")
    assert 0 < recording.dropped < 1000
    subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
    freed, before = time.perf_counter(), recording.ticks
    until(lambda: recording.ticks > before, "writing again")
    assert time.perf_counter() - freed < 1
    until(lambda: recording.ticks == fed - recording.dropped, "all that waited")
    recording.tick(tick(fed))
    recording.close()
    lines = whole(path)
    (gap,) = (line for line in lines if line.get("type") == "gap")
    assert gap["last_tick"] - gap["tick"] + 1 == gap["ticks"] == recording.dropped
    assert [*range(gap["tick"]), *range(gap["last_tick"] + 1, fed + 1)] == numbers(path)
    assert "No space left on device" in recording.problem


@pytest.mark.alone
def test_a_disk_that_stays_full_costs_what_still_waited(small_disk: Path) -> None:
    path = small_disk / "drive.jsonl"
    recording = recorder(path)
    for number in range(1000):
        recording.tick(tick(number))
    begun = time.perf_counter()
    recording.close()
    assert time.perf_counter() - begun < 2
    assert list(range(1000 - recording.unwritten)) == numbers(path)
    assert 750 < recording.unwritten < 900  # 237 lines fill the disk; the last piece did not fit
    whole(path)


def test_what_a_full_disk_keeps_out_of_a_compressed_file_leaves_whole_members(small_disk: Path) -> None:
    path = small_disk / "drive.jsonl.gz"
    (small_disk / "ballast").write_bytes(b"\0" * 1_000_000)
    recording = recorder(path)
    for number in range(1500):
        recording.tick(tick(number))
        time.sleep(0.0005)
    recording.close()
    assert list(range(1500 - recording.unwritten)) == numbers(path)
    assert recording.unwritten


class Step(NamedTuple):
    """What the next write to a file does."""

    most: int = 1 << 30
    error: int = 0


@pytest.mark.parametrize(
    "steps",
    [
        [Step(most=10)],
        [Step(most=10), Step(error=errno.ENOSPC)],
        [Step(error=errno.EIO), Step(), Step(error=errno.EIO)],
        [Step(most=3), Step(most=0), Step(error=errno.EDQUOT)],
    ],
    ids=str,
)
def test_short_and_failing_writes_break_no_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: list[Step]
) -> None:
    path, real, left = tmp_path / "drive.jsonl", os.write, [*steps]

    def write(file: int, data: Any) -> int:
        step = left.pop(0) if left else Step()
        if step.error:
            raise OSError(step.error, os.strerror(step.error))
        return real(file, data[: step.most])

    file = File.continued(path, JsonLines(None))
    monkeypatch.setattr(os, "write", write)
    written = b""
    for line in (b'{"first":1}\n', b'{"second":2}\n'):
        while True:
            try:
                file.write(line)
            except OSError:
                assert written == path.read_bytes()
                continue
            written += line
            break
    monkeypatch.undo()
    file.close()
    assert written == path.read_bytes()


def drain(path: Path, into: list[bytes], stop: threading.Event) -> None:
    with path.open("rb") as pipe:
        while not stop.is_set():
            into.append(pipe.read1(1 << 20))


def test_a_reader_that_pauses_costs_the_ticks_that_the_gap_counts(tmp_path: Path) -> None:
    assert sys.platform != "win32"
    path = tmp_path / "pipe"
    os.mkfifo(path)
    recording = recorder(path)
    fed = CAPACITY + 500
    for number in range(fed):  # 64 KB fit into the pipe; then a write blocks
        recording.tick(tick(number))
    assert 0 < recording.dropped <= 500
    read_so_far, stop = list[bytes](), threading.Event()
    reader = threading.Thread(target=drain, args=(path, read_so_far, stop), daemon=True)
    reader.start()
    until(lambda: recording.ticks == fed - recording.dropped, "all that waited")
    recording.tick(tick(fed))
    until(lambda: recording.ticks == fed + 1 - recording.dropped, "the last one")
    stop.set()
    recording.close()
    reader.join(10)
    copy = tmp_path / "copy.jsonl"
    copy.write_bytes(b"".join(read_so_far))
    (gap,) = (line for line in whole(copy) if line.get("type") == "gap")
    assert recording.dropped == gap["ticks"]
    assert [*range(gap["tick"]), *range(gap["last_tick"] + 1, fed + 1)] == numbers(copy)


@pytest.mark.alone
def test_a_reader_that_never_wakes_does_not_hold_up_the_end(tmp_path: Path) -> None:
    assert sys.platform != "win32"
    path = tmp_path / "pipe"
    os.mkfifo(path)
    recording = recorder(path)
    for number in range(100):
        recording.tick(tick(number))
    begun = time.perf_counter()
    recording.close()
    assert time.perf_counter() - begun < 2.5
    assert 100 == recording.ticks + recording.unwritten
    assert recording.unwritten > 50


class Disk:
    """A disk whose free space a test decides."""

    def __init__(self, free: int) -> None:
        self.free = free

    def usage(self, _: Any) -> Any:
        return shutil._ntuple_diskusage(10**12, 0, self.free)  # type: ignore[attr-defined]  # noqa: SLF001


def feeding(recording: Jsonl) -> Callable[[], bool]:
    """Return a function that enqueues one more tick and returns whether any was written."""
    counter = iter(range(10**6))
    return lambda: recording.tick(tick(next(counter))) or recording.ticks > 0


def test_little_room_holds_the_recording_until_there_is_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    disk = Disk(free=511_000_000)
    monkeypatch.setattr(shutil, "disk_usage", disk.usage)
    path = tmp_path / "drive.jsonl"
    recording = recorder(path, Options(min_free=512, quiet=True))
    recording.tick(tick(0))
    said = until(lambda: capsys.readouterr().err, "the warning")
    assert f"acbridge-sink: cannot write {path}: less than 512 MB are free (--min-free); receives on" in said
    assert b"" == path.read_bytes()
    disk.free = 513_000_000
    until(feeding(recording), "writing")
    assert "again" in until(lambda: capsys.readouterr().err, "the good news")
    disk.free = 0
    time.sleep(1.1)
    before = recording.ticks
    for number in range(10**6, 10**6 + 3):
        recording.tick(tick(number))
    recording.close()
    assert (before, 3) == (recording.ticks, recording.unwritten)


@pytest.mark.parametrize("kind", ["gzip", "zstd"])
def test_a_compressed_recording_is_continued_behind_its_last_whole_member(tmp_path: Path, kind: str) -> None:
    if kind == "zstd":
        pytest.importorskip("backports.zstd")
    path = tmp_path / "drive.jsonl"
    for number in (1, 2):
        file = File.continued(path, JsonLines(kind))
        file.write(LINES if number == 1 else b'{"tick":2}\n')
        file.close()
    good = path.read_bytes()
    for cut in range(1, 15):
        path.write_bytes(good[:-cut])
        file = File.continued(path, JsonLines(kind))
        file.write(b'{"tick":3}\n')
        file.close()
        path.rename(tmp_path / f"drive.jsonl.{kind[0]}")
        named = (tmp_path / f"drive.jsonl.{kind[0]}").rename(tmp_path / f"d.jsonl{'.gz' if kind == 'gzip' else '.zst'}")
        assert ["header", None, "repair", None] == [line.get("type") for line in read(named)]
        assert [1, 3] == numbers(named)
        named.rename(path)


@pytest.mark.parametrize("content", [b"not compressed at all", b"\0" * 50])
def test_a_compressed_file_that_is_no_recording_is_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "drive.jsonl.gz"
    path.write_bytes(content)
    with pytest.raises(NotARecording):
        File.continued(path, JsonLines("gzip"))
    assert content == path.read_bytes()


def test_the_complaint_names_the_file_and_the_reason(small_disk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (small_disk / "ballast").write_bytes(b"\0" * 1_040_000)
    path = small_disk / "drive.jsonl"
    recording = recorder(path)
    for number in range(100):
        recording.tick(tick(number))
    said = until(lambda: capsys.readouterr().err, "the complaint")
    recording.close()
    assert re.fullmatch(
        rf"acbridge-sink: cannot write {path}: No space left on device; receives on and tries again\n", said
    )
