"""Recordings: what was written is read back, and derived from again to the same numbers."""

import json
import math
from pathlib import Path
from typing import Any, cast

import pytest

from acbridge import DecodeError, Derived, Event, Graphics, Physics, Static, Thresholds
from acbridge.derived.deriver import Deriver
from acbridge.recording import read_ticks, rederive
from acbridge_sim import SessionType, World
from acbridge_sim.faults import Faults


def plain(value: Any) -> Any:
    """Return a value as JSON keeps it: null for what is not finite."""
    if isinstance(value, tuple | list):
        return [plain(inner) for inner in cast("tuple[Any, ...] | list[Any]", value)]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def as_json(record: object) -> dict[str, Any]:
    return {name: plain(value) for name, value in vars(record).items()}


def header(static: Static, **more: Any) -> str:
    return json.dumps({"type": "header", "schema": "acbridge/1", "run": 7, "static": as_json(static), **more}) + "\n"


def recorded(world: World, ticks: int, steps: int) -> tuple[list[str], list[Derived], list[list[Event]]]:
    """Return the lines of a recording, and what was derived live."""
    deriver = Deriver()
    static = Static.from_page(world.pages()[2])
    lines, derived, events = [header(static)], list[Derived](), list[list[Event]]()
    for tick in range(ticks):
        world.step(steps)
        pages = world.pages()
        physics, graphics = Physics.from_page(pages[0]), Graphics.from_page(pages[1])
        record, happened = deriver.tick(physics, graphics, static)
        derived.append(record)
        events.append(happened)
        line = {"physics": as_json(physics), "graphics": as_json(graphics), "derived": as_json(record)}
        lines.append(json.dumps({"tick": tick, "timestamp": 1.5, **line}, allow_nan=False) + "\n")
    return lines, derived, events


@pytest.mark.parametrize(
    "faults",
    [Faults(), Faults(not_finite=True, wild_slip=True, negative_rpm=True, rollover="last-first")],
    ids=["calm", "wild"],
)
def test_a_recording_derived_again_gives_the_very_numbers_and_events_of_the_live_sim(faults: Faults) -> None:
    world = World(session=SessionType.HOTLAP, faults=faults)
    lines, derived, events = recorded(world, ticks=2600, steps=17)
    assert world.timing.laps >= 1
    again = list(rederive(read_ticks(lines)))
    assert len(derived) == len(again)
    for (tick, record, happened), live, then in zip(again, derived, events, strict=True):
        assert as_json(live) == as_json(record) == as_json(tick.derived)
        assert then == happened
    assert sum(map(len, events)) > 5


def test_other_thresholds_can_be_tried_on_a_recording() -> None:
    lines, derived, _ = recorded(World(session=SessionType.HOTLAP), ticks=50, steps=11)
    assert not any(record.stationary for record in derived)
    strict = Thresholds().changed({"wheel_slip_cap": 1.0})
    assert all(record.avg_wheel_slip <= 1.0 for _, record, _ in rederive(read_ticks(lines), strict))


def test_a_tick_has_the_thresholds_of_its_header() -> None:
    lines, _, _ = recorded(World(), ticks=3, steps=11)
    static = Static.from_page(World().pages()[2])
    lines[0] = header(static, thresholds=Thresholds().changed({"stuck_s": 9}).values())
    assert [9.0] * 3 == [tick.thresholds.stuck_s for tick in read_ticks(lines) if tick.thresholds]


def test_records_come_back_as_they_were() -> None:
    world = World(session=SessionType.HOTLAP, faults=Faults(not_finite=True))
    world.step(100)
    lines, _, _ = recorded(world, ticks=1, steps=100)
    tick = next(read_ticks(lines))
    physics = Physics.from_page(world.pages()[0])
    assert (7, 0, 1.5) == (tick.run, tick.tick, tick.timestamp)
    assert as_json(physics) == as_json(tick.physics)
    assert tick.physics is not None
    assert physics.tyreContactPoint == tick.physics.tyreContactPoint
    assert math.inf == physics.performanceMeter
    assert math.isnan(tick.physics.performanceMeter)
    assert Static.from_page(world.pages()[2]) == tick.static


def test_a_line_that_a_killed_sink_left_unfinished_is_skipped() -> None:
    lines, _, _ = recorded(World(), ticks=3, steps=11)
    assert 2 == len(list(read_ticks([*lines[:-1], lines[-1][:50]])))


def test_lines_of_other_kinds_are_skipped() -> None:
    lines, _, _ = recorded(World(), ticks=2, steps=11)
    lines.insert(2, '{"type": "gap", "tick": 9, "lost": {}}\n')
    lines.append('{"type": "repair", "cut_bytes": 3}\n')
    assert 2 == len(list(read_ticks(lines)))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("nonsense\n", "line 2 is not one of a recording"),
        ("[1]\n", "it is no JSON object"),
        ('{"tick": 1}\n', "line 2 .*timestamp"),
        ('{"type": "header", "schema": "other/1"}\n', "its schema is 'other/1'"),
        ('{"tick": 1, "timestamp": 1, "mono_ns": 1, "physics": 7}\n', "line 2 .*physics is no JSON object: 7"),
    ],
)
def test_a_bad_line_is_reported_with_its_number(line: str, said: str) -> None:
    lines, _, _ = recorded(World(), ticks=2, steps=11)
    with pytest.raises(DecodeError, match=said):
        list(read_ticks([lines[0], line, lines[1]]))


def test_a_tick_before_the_header_is_refused() -> None:
    lines, _, _ = recorded(World(), ticks=1, steps=11)
    with pytest.raises(DecodeError, match=r"line 1 .*before the header"):
        list(read_ticks(lines[1:]))


def test_a_record_that_lacks_a_column_is_not_there() -> None:
    lines, _, _ = recorded(World(), ticks=1, steps=11)
    (tick,) = read_ticks([lines[0], '{"tick": 1, "timestamp": 1, "mono_ns": 1, "physics": {"packetId": 1}}\n'])
    assert (1, None) == (tick.tick, tick.physics)


def test_derived_records_of_an_older_version_do_not_keep_a_recording_from_being_read() -> None:
    lines, derived, _ = recorded(World(), ticks=2, steps=11)
    older = [json.loads(line) for line in lines]
    for values in older[1:]:
        del values["derived"]["slip_ratio"]
    again = list(rederive(read_ticks(json.dumps(values) + "\n" for values in older)))
    assert [None, None] == [tick.derived for tick, _, _ in again]
    assert derived == [record for _, record, _ in again]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "recording.jsonl"
    path.write_text("".join(recorded(World(), ticks=3, steps=11)[0]), encoding="utf-8")
    return path


def test_an_open_file_is_lines(file: Path) -> None:
    with file.open(encoding="utf-8") as lines:
        assert [0, 1, 2] == [tick.tick for tick in read_ticks(lines)]
