"""A sink that is killed at a random moment, while it writes, compresses or begins another file."""

import os
import random
import signal
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

import recordings
from programs import Program, until
from recordings import numbers, read

KILLS = 5
RATE = 1000
PROMISE_S = 0.2
LEAST_FILES = 3
BUSY_S = 0.3
"""What a busy machine may add: the programs share two cores."""


def endless(target: Path, *, compression: str = "", rotate_mb: float = 0.0) -> Program:
    path = os.pathsep.join(sys.path)
    return Program("recordings", str(target), compression, str(rotate_mb), env={"PYTHONPATH": path})


def killed(programs: list[Program], ready: Callable[[], bool] = lambda: True) -> list[int]:
    """Let them run, kill each at a random moment, and return the last tick that each is known to have handed over."""
    with ExitStack() as running:
        for program in programs:
            running.enter_context(program)
        for program in programs:
            until(lambda program=program: program.out, "the first tick")
        until(ready, "all that is recorded before the kill")
        end = {time.monotonic() + random.uniform(0.3, 1.3): program for program in programs}
        for moment, program in sorted(end.items(), key=lambda pair: pair[0]):
            time.sleep(max(0.0, moment - time.monotonic()))
            program.end(signal.SIGKILL)
    return [int(program.out[-1]) for program in programs]


@pytest.mark.parametrize(("compression", "suffix"), [("", ""), ("gzip", ".gz"), ("zstd", ".zst")])
def test_a_killed_recording_lacks_at_most_the_last_fifth_of_a_second(
    tmp_path: Path, compression: str, suffix: str
) -> None:
    if compression == "zstd":
        pytest.importorskip("backports.zstd")
    paths = [tmp_path / f"{i}.jsonl{suffix}" for i in range(KILLS)]
    handed_over = killed([endless(path, compression=compression) for path in paths])
    for path, last in zip(paths, handed_over, strict=True):
        found = numbers(path)
        assert list(range(len(found))) == found
        assert len(found) >= last + 1 - (PROMISE_S + BUSY_S) * RATE
        recording = recordings.recorder(path)
        recording.tick(recordings.tick(10**6))
        recording.close()
        kinds = [kind for line in read(path) if (kind := line.get("type"))]
        assert kinds in (["header", "repair", "header"], ["header", "header"])
        assert [*found, 10**6] == numbers(path)


def test_every_tick_is_in_exactly_one_file_though_killed_while_files_begin(tmp_path: Path) -> None:
    directories = [tmp_path / str(i) for i in range(KILLS)]
    for directory in directories:
        directory.mkdir()
    handed_over = killed(
        [endless(directory, rotate_mb=0.05) for directory in directories],
        lambda: all(len(list(directory.iterdir())) > LEAST_FILES for directory in directories),
    )
    for directory, last in zip(directories, handed_over, strict=True):
        paths = list(directory.iterdir())
        found = sorted(number for path in paths for number in numbers(path))
        assert list(range(len(found))) == found
        assert len(found) >= last + 1 - (PROMISE_S + BUSY_S) * RATE
        assert len(paths) > LEAST_FILES
        assert sum(path.suffix == ".part" for path in paths) <= 1
        assert all(read(path)[0]["type"] == "header" for path in paths if path.stat().st_size)
