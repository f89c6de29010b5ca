"""Lines of a recording: headers, gaps, events, layouts, choices; and what derives from them again."""

import json
import math
from pathlib import Path

import pytest

from acbridge import DecodeError, Derived, Event, EventKind, Frame, Physics, Static, Thresholds
from acbridge.derived.deriver import Deriver
from acbridge.pages import Graphics
from acbridge.recording import open_recording, read_ticks, rederive
from acbridge.selection import Selection
from acbridge_sim import SessionType, World
from acbridge_sink.jsonl import Options
from acbridge_sink.jsonl.progress import Progress
from acbridge_sink.pump import TickFrames
from recordings import EVERYTHING, Answers, another_static, event, frame, numbers, read, recorder, records, tick


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "drive.jsonl"


def test_events_are_lines_among_the_ticks(path: Path) -> None:
    recording = recorder(path)
    recording.tick(tick(1))
    recording.other(event(1, EventKind.LAP_COMPLETED, lap=3, lap_time_ms=99))
    recording.tick(tick(2))
    recording.close()
    lines = read(path)
    assert ["header", None, "event", None] == [line.get("type") for line in lines]
    assert ("lap_completed", 3, 99, 1) == tuple(lines[2][key] for key in ("kind", "lap", "lap_time_ms", "tick"))
    assert (1, 2) == (recording.laps, recording.ticks)


def test_events_before_the_first_tick_belong_to_no_header_and_are_left_out(path: Path) -> None:
    recording = recorder(path)
    recording.other(event(0, EventKind.PIT_IN))
    recording.tick(tick(1))
    recording.close()
    assert ["header", None] == [line.get("type") for line in read(path)]


def test_without_topics_of_the_tick_the_header_comes_with_the_first_event(path: Path) -> None:
    recording = recorder(path, selection=Selection((Event,)))
    for number in (1, 2):
        recording.other(event(number, EventKind.PIT_IN))
    recording.close()
    assert ["header", "event", "event"] == [line.get("type") for line in read(path)]


def test_static_is_a_line_only_when_it_differs_from_the_header(path: Path) -> None:
    recording = recorder(path)
    recording.tick(tick(1))
    recording.other(frame(records()[2], 1))
    other = another_static(maxFuel=7.0)
    for number in (2, 3):
        recording.other(frame(other, number))
    recording.tick(tick(4))
    recording.close()
    (line,) = (line for line in read(path) if line.get("type") == "static")
    assert (2, 7.0) == (line["tick"], line["maxFuel"])
    assert [records()[2].maxFuel, 7.0] == [t.static.maxFuel for t in read_ticks(open_recording(path)) if t.static]


def test_a_daemon_that_does_not_answer_costs_only_the_header_its_details(path: Path) -> None:
    recording = recorder(path, answers=Answers(silent=True))
    recording.tick(tick(1))
    recording.other(frame(records()[2], 1))
    recording.tick(tick(2))
    recording.close()
    assert [None, records()[2]] == [t.static for t in read_ticks(open_recording(path))]


def test_lost_events_are_a_gap_like_lost_frames(path: Path) -> None:
    recording = recorder(path)
    recording.tick(tick(1, lost={"physics": 2}))
    recording.other(frame(Event.of(EventKind.PIT_IN), 1, lost=3))
    recording.close()
    gaps = [(line["reason"], line["lost"]) for line in read(path) if line.get("type") == "gap"]
    assert [("not_received", {"physics": 2}), ("not_received", {"event": 3})] == gaps
    assert 5 == recording.lost


def test_only_the_topics_and_fields_that_were_chosen_are_written(path: Path) -> None:
    selection = Selection((Physics, Derived), frozenset(["speedKmh", "gas"]))
    recording = recorder(path, selection=selection)
    recording.tick(tick(1, selection=selection))
    recording.close()
    header, line = read(path)
    physics = records()[0]
    assert {"speedKmh": physics.speedKmh, "gas": physics.gas} == line["physics"]
    assert line["derived"].keys() == {column.name for column in Derived.columns}
    assert {"tick", "timestamp", "mono_ns", "physics", "derived"} == line.keys()
    assert (["physics", "derived"], ["gas", "speedKmh"]) == (header["topics"], header["fields"])
    (back,) = read_ticks(open_recording(path))
    assert (None, None) == (back.physics, back.graphics)
    assert back.derived is not None


def test_the_layout_by_frame_is_a_flat_line_for_each(path: Path) -> None:
    recording = recorder(path, Options(layout="frame", quiet=True))
    recording.tick(tick(5))
    recording.other(event(5, EventKind.PIT_IN))
    recording.close()
    header, *lines = read(path)
    assert "frame" == header["layout"]
    assert ["physics", "graphics", "derived", "event"] == [line["topic"] for line in lines]
    assert [{"topic", "tick", "seq", "timestamp"}] * 4 == [set(list(line)[:4]) for line in lines]
    assert records()[0].speedKmh == lines[0]["speedKmh"]
    assert 1 == recording.ticks
    with pytest.raises(DecodeError, match="a line per frame"):
        list(read_ticks(open_recording(path)))


@pytest.mark.parametrize("others", [{}, {"stuck_s": 1.0 / 3.0}])
def test_thresholds_that_change_on_the_way_derive_to_the_very_numbers_again(
    path: Path, others: dict[str, float]
) -> None:
    world = World(session=SessionType.HOTLAP)
    static = Static.from_page(world.pages()[2])
    deriver, live = Deriver(), list[Derived]()
    recording = recorder(path, answers=Answers(static))
    changes = {60: {"wheel_slip_cap": 1.0, **others}, 120: {"min_speed": 30.0}, 180: {"wheel_slip_cap": 1 + 1 / 7}}
    for number in range(240):
        if number in changes:
            happened = deriver.set_thresholds(deriver.thresholds.changed(changes[number]))
            recording.other(Frame(happened, 7, number, number, 1.0, 1))
        world.step(11)
        pages = world.pages()
        physics, graphics = Physics.from_page(pages[0]), Graphics.from_page(pages[1])
        derived, _ = deriver.tick(physics, graphics, static)
        live.append(derived)
        frames = tuple(Frame(r, 7, number, number, 1.0, 1) for r in (physics, graphics, derived))
        recording.tick(TickFrames(7, number, 1.0, 1, {}, frames))
    recording.close()
    again = [derived for _, derived, _ in rederive(read_ticks(open_recording(path)))]
    assert live == again
    plain = [derived for _, derived, _ in rederive(read_ticks(open_recording(path)), Thresholds())]
    assert live[:60] == plain[:60]
    assert live != plain
    (*_, last) = read_ticks(open_recording(path))
    assert deriver.thresholds == last.thresholds
    assert 1 + 1 / 7 == deriver.thresholds.wheel_slip_cap


def test_a_later_header_has_the_changed_thresholds(path: Path) -> None:
    recording = recorder(path)
    recording.tick(tick(1))
    recording.other(event(1, EventKind.THRESHOLDS_CHANGED, text="stuck_s=9.25 pit_s=1"))
    recording.close()
    assert [3.0] == [t.thresholds.stuck_s for t in read_ticks(open_recording(path)) if t.thresholds]
    line = read(path)[-1]
    assert "stuck_s=9.25 pit_s=1" == line["text"]


def test_the_header_has_the_rate_to_which_ticks_are_thinned(path: Path) -> None:
    recording = recorder(path, selection=Selection(EVERYTHING.records, max_rate=10))
    recording.tick(tick(1))
    recording.close()
    assert 10 == read(path)[0]["max_rate"]
    assert [1] == numbers(path)


def test_progress_off_a_terminal_is_a_line_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress(quiet=False, every_s=1e-9)
    for done in (10, 20):
        progress.update(done, 2_500_000, 3, 1)
    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith("10 ticks, 2.5 MB, 3 laps, 1 gaps, ")
    assert second.startswith("20 ticks")


def test_quiet_reports_problems_only(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress(quiet=True, every_s=1e-9)
    progress.update(10, 1, 1, 1)
    progress.sum_up("all well")
    progress.report("the disk is full")
    assert "acbridge-sink: the disk is full\n" == capsys.readouterr().err


def test_progress_on_a_terminal_is_one_line_drawn_again(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    progress = Progress(quiet=False, every_s=1e-9)
    for done in (1, 2):
        progress.update(done, 0, 0, 0)
    progress.sum_up("done")
    drawn = capsys.readouterr().err
    assert 2 == drawn.count("\r")
    assert drawn.endswith("\x1b[K\ndone\n")


def test_what_is_not_finite_is_null(path: Path) -> None:
    recording = recorder(path)
    recording.other(frame(records()[2], 0))
    recording.tick(tick(1))
    recording.other(event(1, EventKind.PIT_OUT, duration_s=math.inf))
    recording.close()
    assert json.loads(path.read_bytes().splitlines()[-1])["duration_s"] is None
