"""The command `acbridge-sink jsonl`: where to, what, how much; and what it refuses."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from acbridge.topics import TOPICS
from acbridge_sink.daemon_watch import FIX
from programs import Daemon, Program, Sink, until
from recordings import numbers, read

USAGE, DATA, IO_ERROR, CONFIG = 2, 65, 74, 78


@pytest.fixture(scope="module")
def fast() -> Iterator[Daemon]:
    with Daemon("--source", "sim", "--rate", "333") as running:
        with running.connect() as bridge:
            until(lambda: bridge.status(timeout=5).sim_state == "live", "the sim's start")
        yield running


def jsonl(*arguments: str, **env: str) -> Program:
    """Run the sink until it ends by itself."""
    with Program("acbridge_sink", "jsonl", *arguments, env=env) as program:
        program.wait()
        return program


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("a", "--topic", "phisics"), ", ".join(repr(topic.name) for topic in TOPICS)),
        (
            ("a", "--field", "sped"),
            "there is no field 'sped'; did you mean 'speedKmh'?",
        ),
        (("a", "--topic", "physics", "--field", "currentTime"), "there is no field 'currentTime'; "),
        (("a", "--rotate-laps", "1"), "--rotate-... needs a directory, such as a/"),
        (("-", "--rotate-size", "1"), "--rotate-... needs a directory, such as drives/"),
        (("b/", "--rotate-laps", "1", "--topic", "physics"), "--rotate-laps counts laps by events: add --topic event"),
        (("a", "--max-rate", "0"), "--max-rate"),
        (("a", "--compress", "rar"), "'gzip', 'zstd'"),
    ],
    ids=str,
)
def test_what_cannot_work_is_a_usage_error_that_says_what_would(
    tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    path, *others = arguments
    target = path if path == "-" else f"{tmp_path}{os.sep}{path}"
    program = jsonl(target, *others, "--duration", "0.1")
    assert USAGE == program.process.returncode
    assert program.err[-1].startswith("Error: ")
    assert said.replace("such as a/", f"such as {target}/") in program.err[-1]


def test_without_zstd_it_ends_with_one_line(tmp_path: Path) -> None:
    (tmp_path / "backports").mkdir()
    (tmp_path / "backports" / "__init__.py").touch()
    if sys.version_info >= (3, 14):
        pytest.skip("this Python has zstd")
    program = jsonl(str(tmp_path / "a.jsonl"), "--compress", "zstd", PYTHONPATH=str(tmp_path))
    assert CONFIG == program.process.returncode
    assert ["acbridge-sink: zstd needs backports.zstd: pip install 'acbridge[zstd]'"] == program.err
    assert not (tmp_path / "a.jsonl.zst").exists()


def test_a_reader_of_stdout_that_ends_ends_the_recording_silently(fast: Daemon) -> None:
    sink = f"{sys.executable} -m acbridge_sink jsonl - --quiet --connect {fast.address}"
    command = f"{sink} | head -n 1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True, timeout=20)
    header, code = done.stdout.splitlines()
    assert "header" == json.loads(header)["type"]
    assert ("0", "") == (code, done.stderr)


def test_stdout_is_for_lines_and_nothing_else(fast: Daemon) -> None:
    with Sink(fast, "jsonl", "-", "--topic", "physics", "--field", "speedKmh", "--count", "3") as sink:
        assert 0 == sink.wait()
    header, *ticks = map(json.loads, sink.out)
    assert ["physics"] == header["topics"]
    assert [{"tick", "timestamp", "mono_ns", "physics"}] * 3 == [tick.keys() for tick in ticks]
    assert [["speedKmh"]] * 3 == [list(tick["physics"]) for tick in ticks]
    assert ["-: 3 ticks written, 0 frames lost"] == sink.err


def test_a_rate_that_is_too_high_is_thinned_without_gaps(fast: Daemon, tmp_path: Path) -> None:
    path = tmp_path / "slow.jsonl"
    with Sink(fast, "jsonl", str(path), "--max-rate", "20", "--count", "21") as sink:
        assert 0 == sink.wait()
    stamps = [line["timestamp"] for line in read(path) if "type" not in line]
    assert pytest.approx(1.0, abs=0.2) == stamps[-1] - stamps[0]
    assert [] == [line for line in read(path) if line.get("type") == "gap"]


def test_a_directory_is_made_and_its_files_are_finished(fast: Daemon, tmp_path: Path) -> None:
    target = tmp_path / "new" / "drives"
    arguments = ("--rotate-size", "0.1", "--compress", "gzip", "--count", "300")
    with Sink(fast, "jsonl", f"{target}/", *arguments) as sink:
        assert 0 == sink.wait()
    paths = sorted(target.iterdir(), key=lambda path: read(path)[1]["tick"])
    assert all(path.name.endswith(".jsonl.gz") for path in paths)
    assert len(paths) > 1
    found = [number for path in paths for number in numbers(path)]
    assert (300, sorted(set(found))) == (len(found), found)


def test_a_suffix_says_how_to_compress(fast: Daemon, tmp_path: Path) -> None:
    for arguments in (("a.jsonl.gz",), ("b.jsonl", "--compress", "gzip")):
        with Sink(fast, "jsonl", str(tmp_path / arguments[0]), *arguments[1:], "--count", "3") as sink:
            assert 0 == sink.wait()
        assert [f"{tmp_path / arguments[0].removesuffix('.gz')}.gz: 3 ticks written, 0 frames lost"] == sink.err
    assert ["a.jsonl.gz", "b.jsonl.gz"] == sorted(path.name for path in tmp_path.iterdir())
    assert [3, 3] == [len(numbers(path)) for path in sorted(tmp_path.iterdir())]


def test_a_file_that_is_not_ours_is_left_alone_and_named(tmp_path: Path) -> None:
    path = tmp_path / "diary.txt.gz"
    path.write_text("Dear diary\n")
    program = jsonl(str(path).removesuffix(".gz"), "--compress", "gzip")
    assert DATA == program.process.returncode
    said = "exists and is not a recording of acbridge-sink; choose another name or move it away"
    assert [f"acbridge-sink: {path} {said}"] == program.err
    assert "Dear diary\n" == path.read_text()


def test_a_file_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    program = jsonl(str(tmp_path / "nowhere" / "a.jsonl"), "--compress", "gzip")
    assert IO_ERROR == program.process.returncode
    place = tmp_path / "nowhere" / "a.jsonl.gz"
    assert [f"acbridge-sink: cannot open {place}: No such file or directory"] == program.err


def test_a_silent_daemon_is_reported_once_each_time(tmp_path: Path) -> None:
    with Daemon("--source", "sim") as daemon:
        pass
    complaint = f"acbridge-sink: no daemon answers at tcp://{daemon.address}; {FIX}"
    path = tmp_path / "drive.jsonl"
    with Sink(daemon, "jsonl", str(path), "--quiet") as sink:
        sink.said(complaint)
        with Daemon("--source", "sim", port=daemon.port):
            until(path.stat, "the file")
            until(lambda: path.stat().st_size, "a recording")
            assert [complaint] == sink.err
        until(lambda: [complaint] * 2 == sink.err, "the second complaint")
        assert 0 == sink.end()
    assert [complaint] * 2 == sink.err


def test_a_script_sees_that_no_daemon_was_heard(tmp_path: Path) -> None:
    program = jsonl(str(tmp_path / "drive.jsonl"), "--connect", "127.0.0.1:1", "--duration", "1")
    assert 69 == program.process.returncode
    assert "acbridge-sink: no daemon was heard at tcp://127.0.0.1:1" == program.err[-1]


@pytest.mark.parametrize("compress", [(), ("--compress", "gzip")])
def test_a_recording_of_another_layout_is_not_continued(tmp_path: Path, compress: tuple[str, ...]) -> None:
    with Daemon("--source", "sim") as daemon:
        given = (str(tmp_path / "a.jsonl"), "--connect", daemon.address, "--count", "9", *compress)
        assert 0 == jsonl(*given).process.returncode
        (path,) = tmp_path.iterdir()
        before = path.read_bytes()
        program = jsonl(*given, "--layout", "frame")
        assert 0 == jsonl(*given).process.returncode
    assert DATA == program.process.returncode
    said = f"acbridge-sink: {path} is a recording with --layout tick; choose another name or move it away"
    assert said == program.err[-1]
    assert path.read_bytes().startswith(before)


def test_a_daemon_that_waits_for_the_sim_answers(page_dir: Path, tmp_path: Path) -> None:
    with (
        Daemon("--page-dir", str(page_dir)) as daemon,
        Sink(daemon, "jsonl", str(tmp_path / "drive.jsonl"), "--duration", "4") as sink,
    ):
        assert 0 == sink.wait()
    assert [f"{tmp_path / 'drive.jsonl'}: 0 ticks written, 0 frames lost"] == sink.err


def test_a_disk_that_stays_full_ends_with_74_and_whole_lines(fast: Daemon, tmp_path: Path) -> None:
    assert sys.platform != "win32"
    import resource

    path = tmp_path / "drive.jsonl"
    with Sink(fast, "jsonl", str(path)) as sink:
        resource.prlimit(sink.process.pid, resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
        sink.said("cannot write")
        assert sink.process.poll() is None
        assert IO_ERROR == sink.end(signal.SIGINT)
    complaint, summary, loss = sink.err
    assert f"acbridge-sink: cannot write {path}: File too large; receives on and tries again" == complaint
    assert summary.startswith(f"{path}: {len(numbers(path))} ticks written, ")
    assert f"ticks were not written to {path} (File too large); what was written is whole" in loss
    assert path.read_bytes().endswith(b"\n")
    assert path.stat().st_size > 500_000
