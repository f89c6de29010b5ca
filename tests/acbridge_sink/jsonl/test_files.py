"""Recordings: complete without faults, whole lines with any fault, and never a foreign file changed."""

import json
import math
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from acbridge import Derived, Graphics, Physics
from acbridge.json_lines import fast_json, plain_json
from acbridge.pages import AC1, STATUS_REPLAY
from acbridge.recording.compression import compressor
from acbridge.recording.lines import HEADER_START
from acbridge.recording.writing.files import File
from acbridge_sim import World
from acbridge_sink.jsonl.format import JsonLines
from programs import Daemon, Sink, until

NOT_A_RECORDING = 65
IO_ERROR = 74


def read(path: Path) -> list[dict[str, Any]]:
    """Parse every line; the file must end with a whole one."""
    text = path.read_text(encoding="utf-8")
    assert not text or text.endswith("\n")
    return [json.loads(line) for line in text.splitlines()]


def ticks(lines: list[dict[str, Any]]) -> list[int]:
    return [line["tick"] for line in lines if "type" not in line]


def kinds(lines: list[dict[str, Any]]) -> list[str]:
    """Return the kinds of lines except events, in order; a run of one kind counts once."""
    found = [kind for line in lines if (kind := line.get("type", "tick")) != "event"]
    return [kind for before, kind in zip([None, *found], found, strict=False) if kind != before]


def grown(path: Path, size: int) -> None:
    until(lambda: path.exists() and path.stat().st_size > size, f"{size} bytes of recording")


@pytest.fixture(scope="module")
def fast() -> Iterator[Daemon]:
    with Daemon("--source", "sim", "--rate", "333") as running:
        with running.connect() as bridge:
            until(lambda: bridge.status(timeout=5).sim_state == "live", "the sim's start")
        yield running


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "drive.jsonl"


def record(daemon: Daemon, path: Path, *arguments: str) -> Sink:
    """Record until the sink ends by itself."""
    with Sink(daemon, "jsonl", str(path), *arguments) as sink:
        sink.wait()
        return sink


def test_a_recording_of_a_thousand_ticks_has_a_header_and_every_tick(fast: Daemon, path: Path) -> None:
    with fast.connect() as bridge:
        missed = bridge.status(timeout=5).missed_ticks
        sink = record(fast, path, "--count", "1000")
        missed = bridge.status(timeout=5).missed_ticks - missed
    assert (0, f"{path}: 1000 ticks written, 0 frames lost") == (sink.process.returncode, sink.err[-1])
    header, *lines = read(path)
    assert ["tick"] == kinds(lines)
    numbers = ticks(lines)
    # Consecutive, unless the daemon itself was held up and counted a turn as missed.
    assert 1000 == len(numbers) == len(set(numbers))
    assert numbers[0] + 999 <= numbers[-1] <= numbers[0] + 999 + missed
    for line in lines:
        if "type" in line:
            continue
        assert [{c.name for c in record.columns} for record in (Physics, Graphics, Derived)] == [
            line[topic].keys() for topic in ("physics", "graphics", "derived")
        ]
    assert ("header", "acbridge/1", 1, fast.run, 333) == tuple(
        header[key] for key in ("type", "schema", "wire", "run", "rate")
    )
    assert "acbridge_park" == header["static"]["track"]
    assert ("km/h", "m/s", "g") == tuple(header["units"]["physics"][key] for key in ("speedKmh", "velocity", "accG"))


def test_a_recording_has_the_values_of_the_frames(fast: Daemon, path: Path) -> None:
    with fast.connect() as bridge, bridge.frames(Physics, timeout=5) as frames:
        seen = {frame.tick: frame for frame in (next(frames),)}
        record(fast, path, "--count", "5")
        for frame in frames:
            seen[frame.tick] = frame
            if frame.tick >= max(ticks(read(path))):
                break
    for line in read(path)[1:]:
        if "type" in line:
            continue
        frame = seen[line["tick"]]
        assert frame.timestamp == line["timestamp"]
        assert json.loads(json.dumps(vars(frame.record))) == line["physics"]


def test_a_killed_sink_leaves_whole_lines_and_the_next_one_goes_on(fast: Daemon, path: Path) -> None:
    assert sys.platform != "win32"
    kept: list[bytes] = []
    for _ in range(3):
        already = path.stat().st_size if path.exists() else 0
        with Sink(fast, "jsonl", str(path)) as sink:
            grown(path, already + random.randrange(10_000, 200_000))
            sink.end(signal.SIGKILL)
        *lines, _cut = path.read_bytes().split(b"\n")
        assert all(json.loads(line) for line in lines)
        assert kept == lines[: len(kept)]
        kept = lines
    record(fast, path, "--count", "3")
    assert ["header", "tick"] * 4 == [kind for kind in kinds(read(path)) if kind != "repair"]


def test_a_broken_last_line_is_cut_off_and_reported_by_the_next_recording(fast: Daemon, path: Path) -> None:
    record(fast, path, "--count", "4")
    before = read(path)
    with path.open("ab") as file:
        file.write(b'{"tick":5,"timestamp":17')
    assert 0 == record(fast, path, "--count", "2").process.returncode
    lines = read(path)
    assert before == lines[: len(before)]
    assert {"type": "repair", "cut_bytes": 24} == lines[len(before)]
    assert ["header", "tick", "repair", "header", "tick"] == kinds(lines)


def test_a_file_cut_anywhere_keeps_every_whole_line(fast: Daemon, path: Path) -> None:
    record(fast, path, "--count", "2")
    whole = path.read_bytes()
    first = whole.index(b"\n") + 1
    for cut in sorted({*range(first, len(whole), 7), *range(len(whole) - 50, len(whole) + 1), first + 1}):
        path.write_bytes(whole[:cut])
        File.continued(path, JsonLines(None)).close()
        kept = whole.rindex(b"\n", 0, cut) + 1
        repair = b'{"type":"repair","cut_bytes":%d}\n' % (cut - kept) if cut > kept else b""
        assert whole[:kept] + repair == path.read_bytes()


def test_a_file_cut_in_its_first_line_begins_anew(fast: Daemon, path: Path) -> None:
    record(fast, path, "--count", "1")
    header = path.read_bytes().partition(b"\n")[0]
    for cut in (*range(60), *range(60, len(header), 11), len(header)):
        path.write_bytes(header[:cut])
        File.continued(path, JsonLines(None)).close()
        assert b"" == path.read_bytes()


@pytest.mark.parametrize(
    "content", [b"diary\n", b'{"type":"header","schema":"other/1"}\n', b"\0" * 100, b'[{"tick":1}]', b"\n"]
)
def test_a_file_that_is_no_recording_is_left_alone(fast: Daemon, path: Path, content: bytes) -> None:
    path.write_bytes(content)
    before = path.stat()
    sink = record(fast, path, "--count", "1")
    assert NOT_A_RECORDING == sink.process.returncode
    said = "exists and is not a recording of acbridge-sink; choose another name or move it away"
    assert [f"acbridge-sink: {path} {said}"] == sink.err
    assert content == path.read_bytes()
    assert (before.st_mtime_ns, before.st_ino) == (path.stat().st_mtime_ns, path.stat().st_ino)


def test_a_missing_directory_ends_with_one_line(fast: Daemon, page_dir: Path) -> None:
    path = page_dir / "nowhere" / "drive.jsonl"
    sink = record(fast, path)
    assert IO_ERROR == sink.process.returncode
    assert [f"acbridge-sink: cannot open {path}: No such file or directory"] == sink.err


def test_a_device_that_is_full_ends_with_the_reason(fast: Daemon) -> None:
    sink = record(fast, Path("/dev/full"), "--count", "5")
    assert IO_ERROR == sink.process.returncode
    assert (
        "acbridge-sink: 5 ticks were not written to /dev/full (No space left on device); what was written is whole"
        == (sink.err[-1])
    )


@pytest.mark.parametrize("encode", [fast_json, plain_json])
def test_values_that_are_no_numbers_become_null(encode: Callable[[dict[str, Any]], bytes]) -> None:
    values = {"a": math.nan, "b": [math.inf, 1.5], "c": ((-math.inf, 2.0), 3), "d": "nan", "e": None, "f": True}
    expected = {"a": None, "b": [None, 1.5], "c": [[None, 2.0], 3], "d": "nan", "e": None, "f": True}
    assert expected == json.loads(encode(values))


def test_values_that_are_no_numbers_become_null_on_the_way_from_the_sim(page_dir: Path, path: Path) -> None:
    changes: dict[str, dict[str, Any]] = {
        "physics": {"wheelSlip": (math.nan, math.inf, 1.0, 2.0)},
        "graphics": {"status": STATUS_REPLAY, "sessionTimeLeft": math.inf},
        "static": {"maxFuel": math.nan},
    }
    for page, written in zip(AC1.pages, World().pages(), strict=True):
        values: dict[str, Any] = vars(page.from_page(written)) | changes[page.topic]
        (page_dir / f"acpmf_{page.topic}").write_bytes(page(**values).to_page())
    with Daemon("--page-dir", str(page_dir)) as daemon:
        record(daemon, path, "--count", "2")
    header, first, _ = (line for line in read(path) if line.get("type") != "event")
    assert header["static"]["maxFuel"] is None
    assert [None, None, 1.0, 2.0] == first["physics"]["wheelSlip"]
    assert first["graphics"]["sessionTimeLeft"] is None


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_recording_is_whole_and_summed_up(fast: Daemon, path: Path, how: signal.Signals) -> None:
    with Sink(fast, "jsonl", str(path)) as sink:
        grown(path, 50_000)
        assert 0 == sink.end(how)
    assert [f"{path}: {len(ticks(read(path)))} ticks written, 0 frames lost"] == sink.err
    assert [] == sink.out


def test_a_restart_of_the_daemon_is_a_header_and_a_gap(path: Path) -> None:
    with Daemon("--source", "sim") as first, Sink(first, "jsonl", str(path)) as sink:
        grown(path, 30_000)
        first.end()
        with Daemon("--source", "sim", port=first.port) as second:
            until(lambda: f'"run":{second.run}'.encode() in path.read_bytes(), "the new run")
            grown(path, path.stat().st_size + 20_000)
            assert 0 == sink.end(signal.SIGINT)
    lines = read(path)
    assert ["header", "tick", "header", "gap", "tick"] == kinds(lines)
    assert [first.run, second.run] == [line["run"] for line in lines if line.get("type") == "header"]
    assert ["acbridge_park"] * 2 == [line["static"]["track"] for line in lines if line.get("type") == "header"]
    (gap,) = (line for line in lines if line.get("type") == "gap")
    assert gap["restarted"] is True
    assert gap["tick"] == ticks(lines[lines.index(gap) :])[0]


CONTINUE = """
import sys
from pathlib import Path
from acbridge.recording.writing.files import File, NotARecording
from acbridge_sink.jsonl.format import JsonLines
try:
    File.continued(Path(sys.argv[1]), JsonLines("gzip")).close()
except NotARecording as error:
    print(error)
# getrusage counts the memory of the process that started this one, too.
print(next(int(line.split()[1]) for line in open('/proc/self/status') if line.startswith('VmHWM')) // 1024)
"""


@pytest.mark.parametrize("begins", [HEADER_START + b'"layout":"tick"}\n', b"words\n"])
def test_a_small_file_that_decompresses_to_much_is_continued_or_refused_with_little_memory(
    path: Path, begins: bytes
) -> None:
    pack = compressor("gzip")
    bomb = path.with_suffix(".jsonl.gz")
    bomb.write_bytes(pack(begins) + 20 * pack(b" " * 16_000_000))
    command = [sys.executable, "-c", CONTINUE, str(bomb)]
    *said, size = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert (begins == b"words\n") == ("is not a recording" in "".join(said))
    assert int(size) < 200
