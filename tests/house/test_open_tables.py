"""A new topic is one line of the table: a copy of the checkout with one more topic serves it everywhere."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from programs import Daemon, Program
from relays import Relay, of_topic, some
from wine import HERE, Interpreter

pytestmark = pytest.mark.house

RECORD = '''
class Weather(Record, topic="weather"):
    """A topic that only this test has."""

    rain: float = f64("Rain that falls.", unit="mm/h")


'''
LINE = "    Topic(Weather),\n"
"""The one line of the table."""
MAKER = """
from acbridge.topics import Weather
from acbridge_daemon.cli import main
from acbridge_daemon.sampler import Sampler

usual = Sampler.tick

def with_weather(self, pages, tick, stamp):
    for message in usual(self, pages, tick, stamp):
        yield message
        if message.topic == "derived":
            yield self.record(Weather(rain=tick / 4), tick, stamp)

Sampler.tick = with_weather
main()
"""
"""A daemon that makes the record; every new topic needs a maker."""
LIBRARY = """
import sys, acbridge
from acbridge.topics import Weather

with acbridge.connect(port=int(sys.argv[1])) as bridge:
    newest = bridge.latest(Weather, timeout=20)
    assert newest.record.rain == newest.tick / 4, newest
    sample = bridge.sample(timeout=20)
    assert sample.physics.packetId > 0
    seen = {}
    for frame in bridge.frames(timeout=20):
        seen.setdefault(frame.tick, []).append(frame.topic)
        if len(seen) == 5:
            break
    whole = list(seen.values())[1:-1]
    assert whole == [["physics", "graphics", "derived", "weather"]] * 3, seen
    stream = bridge.frames(Weather, timeout=20)
    first, second = next(stream), next(stream)
    assert second.seq == first.seq + 1 and stream.lost == 0
    assert bridge.trust(Weather).alive
    counts = bridge.request("status")["frames"]
    assert abs(counts["weather"] - counts["physics"]) <= 1, counts
    assert "rain" in bridge.request("schema")["topics"]["weather"]["properties"]
"""
SAMPLE_OF_AN_OLDER_DAEMON = """
import sys, acbridge
from acbridge.topics import Weather

with acbridge.connect(port=int(sys.argv[1])) as bridge:
    assert bridge.sample(timeout=20).graphics.status == 2
    frames = bridge.frames(timeout=20)
    assert {next(frames).topic for _ in range(12)} == {"physics", "graphics", "derived"}
"""


@pytest.fixture(scope="module")
def newer(tmp_path_factory: pytest.TempPathFactory, checkout: Path) -> Interpreter:
    """Copy the packages, add a topic to the table, and return a Python that imports the copy."""
    copy = tmp_path_factory.mktemp("newer")
    packages = [checkout / "acbridge", *(checkout / "daemon").iterdir(), *(checkout / "clients").iterdir()]
    for package in packages:
        if (package / "__init__.py").exists():
            shutil.copytree(package, copy / package.name, ignore=shutil.ignore_patterns("__pycache__"))
    path = copy / "acbridge" / "topics.py"
    table = path.read_text(encoding="utf-8")
    assert "    Topic(Static" in table
    table = table.replace("    Topic(Static", LINE + "    Topic(Static", 1)
    table = table.replace("import Record\n", "import Record, f64\n", 1)
    path.write_text(table.replace("TOPICS: tuple", RECORD + "TOPICS: tuple", 1), encoding="utf-8")
    (copy / "acbridge_daemon" / "__main__.py").write_text(MAKER, encoding="utf-8")
    env = {"PYTHONPATH": str(copy), "PYTHONSAFEPATH": "1"}  # the copy comes before the checkout
    where = subprocess.run(
        [sys.executable, "-c", "import acbridge; print(acbridge.__file__)"],
        env=os.environ | env,
        capture_output=True,
        text=True,
        check=True,
    )
    assert where.stdout.startswith(str(copy))
    return Interpreter(HERE.command, env)


@pytest.fixture(scope="module")
def daemon(newer: Interpreter) -> Iterator[Daemon]:
    """Run a daemon that publishes the topic."""
    with Daemon("--source", "sim", python=newer) as running:
        yield running


def run(python: Interpreter, script: str, daemon: Daemon) -> None:
    with Program("-c", script, str(daemon.port), python=python) as program:
        code = program.wait()
    assert 0 == code, "\n".join(program.err)


def test_the_client_receives_it(newer: Interpreter, daemon: Daemon) -> None:
    run(newer, LIBRARY, daemon)


def test_samples_and_frames_of_a_daemon_that_lacks_it_arrive(newer: Interpreter) -> None:
    with Daemon("--source", "sim") as older:
        run(newer, SAMPLE_OF_AN_OLDER_DAEMON, older)


def test_a_recording_keeps_it(newer: Interpreter, daemon: Daemon, tmp_path: Path) -> None:
    path = tmp_path / "rain.jsonl"
    with Program(
        "acbridge_sink", "jsonl", "--connect", daemon.address, "--count", "20", str(path), python=newer
    ) as sink:
        assert 0 == sink.wait()
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    ticks = [line for line in lines if "weather" in line]
    assert [line["tick"] / 4 for line in ticks] == [line["weather"]["rain"] for line in ticks]
    assert 20 == len(ticks)


def test_the_relay_carries_it(newer: Interpreter, daemon: Daemon) -> None:
    with Relay(daemon.address, python=newer) as relay, relay.client("?topics=weather") as client:
        frames = [message for message in some(client, 10) if of_topic("weather")(message)]
    assert len(frames) >= 3
    assert [frame["tick"] / 4 for frame in frames] == [frame["rain"] for frame in frames]


def test_the_console_shows_the_car_beside_it(newer: Interpreter, daemon: Daemon) -> None:
    with Program("acbridge_sink", "console", "--connect", daemon.address, "--count", "20", python=newer) as console:
        assert 0 == console.wait()
    assert any("km/h" in line for line in console.out)
