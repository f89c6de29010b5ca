"""A recording in place of a daemon: every sink plays it, and ends with it."""

import json
import re
from itertools import islice
from pathlib import Path

import pytest

from programs import Program
from recordings import numbers, read, recorder, tick
from relays import Message, messages, of_topic
from relays import Relay as _Relay

DATA, IO = 65, 74
TICKS = 30
STEP_NS = 20_000_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Record 0.6 s at 50 Hz."""
    recording = recorder(tmp_path / "evening.jsonl")
    for number in range(TICKS):
        plain = tick(number)
        frames = tuple(frame._replace(mono_ns=number * STEP_NS) for frame in plain.frames)
        recording.tick(plain._replace(mono_ns=number * STEP_NS, frames=frames))
    recording.close()
    return tmp_path / "evening.jsonl"


def run(*arguments: str) -> Program:
    with Program("acbridge_sink", *arguments) as program:
        program.wait()
        return program


def test_the_console_shows_a_recording_and_ends_with_it(path: Path) -> None:
    program = run("console", "--from", str(path), "--speed", "2")
    assert (0, []) == (program.process.returncode, program.err)
    assert 2 <= len(program.out) <= 6
    assert all("km/h" in line for line in program.out)


def test_a_loop_goes_on_until_a_limit(path: Path) -> None:
    program = run("console", "--from", str(path), "--speed", "8", "--loop", "--count", str(3 * TICKS))
    assert (0, []) == (program.process.returncode, program.err)


def test_a_recording_is_written_again_with_other_topics_fields_and_compression(path: Path, tmp_path: Path) -> None:
    target = tmp_path / "speed.jsonl.gz"
    program = run("jsonl", str(target), "--from", str(path), "--topic", "physics", "--field", "speedKmh")
    assert (0, f"{target}: {TICKS} ticks written, 0 frames lost") == (program.process.returncode, program.err[-1])
    assert list(range(TICKS)) == numbers(target)
    assert {"speedKmh"} == read(target)[1]["physics"].keys()


class Relay(_Relay):
    """A relay that plays a recording."""

    def __init__(self, path: Path, *arguments: str) -> None:
        Program.__init__(self, "acbridge_sink", "ws", "--from", str(path), "--port", "0", *arguments)
        self.port = int(self.said("relay at http://").rpartition(":")[2])


def test_the_relay_plays_a_recording_to_its_clients(path: Path) -> None:
    with Relay(path, "--loop") as relay, relay.client("?topics=physics,status") as client:
        found: list[Message] = list(islice(filter(of_topic("physics"), messages(client)), TICKS + 1))
        assert 2 == len({message["run"] for message in found})
        status = next(filter(of_topic("status"), messages(client)))
        assert "live" == status["sim_state"]
        assert json.loads(relay.get("/healthz")[1])["connected"]
        assert 0 == relay.end()


def test_the_relay_ends_with_the_recording(path: Path) -> None:
    with Relay(path) as relay:
        assert 0 == relay.wait()


@pytest.mark.parametrize("kind", ["console", "ws", "jsonl"])
@pytest.mark.parametrize(
    ("name", "content", "code", "said"),
    [
        ("nowhere.jsonl", None, IO, "cannot read {path}: No such file or directory"),
        ("diary.jsonl", "dear diary\n", DATA, "{path}, line 1 is not one of a recording of acbridge-sink: .*"),
        ("empty.jsonl", "", DATA, "{path}: there is no recording"),
        ("cut.jsonl.gz", "not gzip", DATA, "{path}, line 1: its compressed data is damaged .*"),
    ],
)
def test_a_file_that_cannot_be_played_ends_with_one_line(
    tmp_path: Path, kind: str, name: str, content: str | None, code: int, said: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_text(content)
    program = run(kind, *(["-"] if kind == "jsonl" else ["--port", "0"] if kind == "ws" else []), "--from", str(path))
    assert code == program.process.returncode
    (line,) = program.err
    assert re.fullmatch(f"acbridge-sink: {said.format(path=re.escape(str(path)))}", line), line
