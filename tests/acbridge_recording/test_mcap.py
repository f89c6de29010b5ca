"""MCAP as its readers see it: read back with mcap's own reader, by the rules of PlotJuggler and Foxglove."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from mcap.reader import make_reader
from mcap.records import Channel, Message, Schema
from mcap.summary import Summary

from acbridge import Derived, Event, Graphics, Physics
from acbridge.pages import Static
from acbridge.recording import open_recording, read_ticks
from acbridge.recording.parsing import Header, Line, TickLine
from acbridge.recording.reader import read_lines
from acbridge.topics import BY_NAME
from acbridge_recording.export.mcap_file import at_most, schema_of, write_mcap
from page_logs import drive, write
from programs import Program

DATA = 65
RATE = 20.0
MAGIC = b"\x89MCAP0\r\n"


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a recording of three whole laps and a part of the fourth."""
    return write(tmp_path_factory.mktemp("long") / "long.acrec", drive(330.0, RATE), block=400)


@pytest.fixture(scope="module")
def lap(long: Path) -> Path:
    """Return the second lap as MCAP."""
    path = long.with_name("lap.mcap")
    with Program("acbridge_recording", "export", "mcap", str(long), str(path), "--lap", "2") as program:
        assert 0 == program.wait(), program.err
    return path


def messages(path: Path) -> list[tuple[Schema, Channel, Message]]:
    with path.open("rb") as file:
        found = make_reader(file, validate_crcs=True).iter_messages()
        return [(schema, channel, message) for schema, channel, message in found if schema is not None]


def summary(path: Path) -> Summary:
    with path.open("rb") as file:
        found = make_reader(file).get_summary()
    assert found is not None
    return found


def series(topic: str, value: Any, name: str = "") -> Iterator[str]:
    """Yield the names under which PlotJuggler plots a message: of numbers and truth values only."""
    if isinstance(value, dict):
        for key, item in cast("dict[str, Any]", value).items():
            yield from series(topic, item, f"{name}/{key}")
    elif isinstance(value, list):
        for number, item in enumerate(cast("list[Any]", value)):
            yield from series(topic, item, f"{name}[{number}]")
    elif isinstance(value, int | float):
        yield topic + name


def test_the_file_ends_with_its_index_and_summary(lap: Path) -> None:
    data = lap.read_bytes()
    assert (MAGIC, MAGIC) == (data[: len(MAGIC)], data[-len(MAGIC) :])
    found = summary(lap)
    assert found.statistics is not None
    assert len(messages(lap)) == found.statistics.message_count == sum(found.statistics.channel_message_counts.values())
    assert len(found.chunk_indexes) > 1
    assert all(index.compression == "zstd" for index in found.chunk_indexes)
    assert {"physics", "graphics", "derived", "static", "event"} == {each.topic for each in found.channels.values()}


def test_messages_hold_the_records_at_the_wall_clock_of_their_sample(long: Path, lap: Path) -> None:
    ticks = {
        tick.tick: tick for tick in read_ticks(open_recording(long)) if tick.derived and tick.derived.lap_number == 2
    }
    found = messages(lap)
    for record in (Physics, Graphics, Derived):
        of_topic = [message for _, channel, message in found if channel.topic == record.topic]
        assert list(ticks) == [message.sequence for message in of_topic]
        for message in of_topic[::100]:
            tick = ticks[message.sequence]
            expected = json.loads(json.dumps(vars(tick.records[record])))
            assert {name: value for name, value in expected.items() if value is not None} == json.loads(message.data)
            assert abs(tick.timestamp * 1e9 - message.log_time) < 1000
    assert all(message.log_time == message.publish_time for _, _, message in found)


def test_events_and_car_and_track_are_there_without_names_of_persons(long: Path, lap: Path) -> None:
    found = messages(lap)
    events = [json.loads(message.data) for _, channel, message in found if channel.topic == Event.topic]
    assert [1, 2] == [event["lap"] for event in events if event["kind"] == "lap_completed"]
    statics = [json.loads(message.data) for _, channel, message in found if channel.topic == Static.topic]
    assert ["acbridge_stand_in"] == [static["carModel"] for static in statics]
    with lap.open("rb") as file:
        facts = next(iter(make_reader(file).iter_metadata()))
    assert ("acbridge", "acbridge_stand_in", "acbridge_park", "circuit") == (
        facts.name,
        *(facts.metadata[name] for name in ("car", "track", "configuration")),
    )
    recorded = next(read_ticks(open_recording(long))).static
    assert recorded is not None
    assert recorded.playerName
    personal = {column.name for column in Static.columns if column.personal}
    assert personal
    assert not personal & statics[0].keys()


def test_every_channel_has_a_schema_and_an_encoding_that_plotjuggler_reads(lap: Path) -> None:
    for schema, channel, _ in messages(lap):
        assert ("json", "jsonschema") == (channel.message_encoding, schema.encoding)
        assert f"acbridge.{BY_NAME[channel.topic].record.__name__}" == schema.name
    assert 0 not in {channel.schema_id for channel in summary(lap).channels.values()}


def test_every_number_of_the_pages_becomes_a_series_of_plotjuggler(lap: Path) -> None:
    first = {channel.topic: json.loads(message.data) for _, channel, message in reversed(messages(lap))}
    names = set(series("physics", first["physics"]))
    assert {"physics/speedKmh", "physics/wheelLoad[3]", "physics/tyreContactPoint[2][1]"} <= names
    for column in Physics.columns:
        if not column.is_text:
            last = "".join(f"[{size - 1}]" for size in column.shape)
            assert f"physics/{column.name}{last}" in names
    assert "derived/wheels_past_peak[3]" in set(series("derived", first["derived"]))
    assert "static/track" not in set(series("static", first["static"]))


@pytest.mark.parametrize("topic", sorted(BY_NAME))
def test_schemas_have_only_what_foxglove_and_lichtblick_take(topic: str) -> None:
    record = BY_NAME[topic].record
    schema = schema_of(record)
    assert "object" == schema["type"]
    properties = cast("dict[str, dict[str, Any]]", schema["properties"])
    plain = {"number", "integer", "boolean", "string"}
    for name, each in properties.items():
        assert each["type"] in plain or (each["type"] == "array" and each["items"]["type"] in plain), name
    shown = {column.name for column in record.columns if len(column.shape) < 2 and not column.personal}
    assert shown == properties.keys()


def test_ticks_are_thinned_to_a_rate_and_nothing_else_is(tmp_path: Path) -> None:
    lines = list(read_lines(open_recording(write(tmp_path / "drive.acrec", drive(3.0)))))

    def ticks(found: list[tuple[Header, Line]]) -> int:
        return sum(isinstance(line, TickLine) for _, line in found)

    assert [180, 180, 60, 30] == [ticks(list(at_most(lines, rate))) for rate in (100.0, 60.0, 20.0, 10.0)]
    assert 60 == pytest.approx(ticks(list(at_most(lines, 19.7))), abs=1)
    assert len(lines) - 180 == len(list(at_most(lines, 10.0))) - 30
    assert 60 == ticks(list(at_most([*lines, *lines], 10.0)))


def test_a_recording_that_breaks_off_in_an_error_leaves_no_file(tmp_path: Path) -> None:
    def breaking() -> Iterator[tuple[Header, Line]]:
        yield from read_lines(open_recording(tmp_path / "drive.acrec"))
        raise OSError(28, "No space left on device")

    write(tmp_path / "drive.acrec", drive(1.0))
    with pytest.raises(OSError, match="No space left"):
        write_mcap(tmp_path / "broken.mcap", breaking())
    with pytest.raises(Exception, match=r"."):
        messages(tmp_path / "broken.mcap")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["drive.acrec", "x.mcap", "--lap", "7"], "there is no lap 7; the recording has laps 1"),
        (["frames.jsonl", "x.mcap"], "this recording has a line per frame"),
        (["torn.jsonl", "x.mcap"], "torn.jsonl, line 40"),
    ],
)
def test_what_cannot_be_exported_is_one_line_and_leaves_no_file(
    tmp_path: Path, arguments: list[str], says: str
) -> None:
    write(tmp_path / "drive.acrec", drive(1.0))
    for name, options in (("frames.jsonl", ["--layout", "frame"]), ("torn.jsonl", [])):
        with Program("acbridge_sink", "jsonl", name, "--from", "drive.acrec", *options, cwd=tmp_path) as sink:
            assert 0 == sink.wait(), sink.err
    lines = (tmp_path / "torn.jsonl").read_bytes().splitlines(keepends=True)
    (tmp_path / "torn.jsonl").write_bytes(b"".join([*lines[:39], b"{,}\n", *lines[39:]]))
    before = set(tmp_path.iterdir())
    with Program("acbridge_recording", "export", "mcap", *arguments, cwd=tmp_path) as program:
        assert DATA == program.wait(), program.err
    assert says in program.err[-1]
    assert before == set(tmp_path.iterdir())
