"""A recording as a frame source: the frames of a daemon, at the recorded pace or at any other."""

import time
from pathlib import Path

import pytest

import recordings
from acbridge import Closed, DecodeError, Derived, Event, EventKind, Graphics, NoFrame, Physics, RequestRefused, Status
from acbridge.recording import Recording
from acbridge.selection import Selection
from recordings import RUN, event, recorder, records, tick

TICKS = 5


def record(path: Path, *numbers: int, run: int = RUN) -> Path:
    recording = recorder(path)
    for number in numbers:
        recording.tick(tick(number, run=run))
    recording.close()
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return record(tmp_path / "drive.jsonl", *range(TICKS))


def test_frames_come_back_as_they_were_published(path: Path) -> None:
    frames = list(Recording(path).frames())
    assert ["physics", "graphics", "derived"] * TICKS == [frame.topic for frame in frames]
    assert [records()[0]] * TICKS == [frame.record for frame in frames if isinstance(frame.record, Physics)]
    physics = [frame for frame in frames if frame.topic == "physics"]
    assert [(RUN, n, n, 1.8e9 + n / 100, n) for n in range(TICKS)] == [
        (frame.run, frame.tick, frame.seq, frame.timestamp, frame.mono_ns) for frame in physics
    ]


def test_only_the_topics_that_were_asked_for_come(path: Path) -> None:
    assert {"derived"} == {frame.topic for frame in Recording(path).frames(Derived)}


def test_events_come_in_their_place_and_lost_frames_are_counted(tmp_path: Path) -> None:
    recording = recorder(tmp_path / "drive.jsonl")
    recording.tick(tick(1))
    recording.other(event(1, EventKind.PIT_IN))
    recording.tick(tick(4, lost={"physics": 2}))
    recording.close()
    frames = list(Recording(tmp_path / "drive.jsonl").frames(Physics, Event))
    assert [("physics", 0, 0), ("event", 0, 0), ("physics", 3, 2)] == [(f.topic, f.seq, f.lost) for f in frames]


def test_a_status_is_made_from_the_header_and_the_sims_state(path: Path) -> None:
    (frame,) = Recording(path).frames(Status)
    assert ("live", 100) == (frame.record.sim_state, frame.record.rate)


def test_requests_are_answered_from_the_header(path: Path) -> None:
    recording = Recording(path)
    assert vars(records()[2]) == recording.request("static")
    assert 100 == recording.request("hello")["rate"]
    with pytest.raises(RequestRefused):
        recording.request("shutdown")


def test_a_status_is_alive_while_the_recording_plays(path: Path) -> None:
    recording = Recording(path, speed=1.0)
    assert not recording.trust(Status).alive
    frames = recording.frames(Status, Graphics)
    next(frames)
    next(frames)
    assert (True, 1) == (recording.trust(Status).alive, recording.trust(Status).received)
    list(frames)
    assert not recording.trust(Status).alive


def test_a_recording_plays_at_its_recorded_pace(tmp_path: Path) -> None:
    path = record(tmp_path / "drive.jsonl", *(number * 50_000_000 for number in range(1, 9)))
    begun = time.perf_counter()
    stamps = [frame.mono_ns / 1e9 for frame in Recording(path, speed=2.0).frames(Physics)]
    assert 7 * 0.05 / 2 <= stamps[-1] - stamps[0] + 1e-6
    assert 7 * 0.05 / 2 <= time.perf_counter() - begun
    assert stamps == sorted(stamps)


def test_a_loop_begins_again_as_another_run(path: Path) -> None:
    frames = Recording(path, loop=True).frames(Physics)
    found = [next(frames) for _ in range(2 * TICKS + 1)]
    assert [*range(TICKS), *range(TICKS), 0] == [frame.tick for frame in found]
    assert 3 == len({frame.run for frame in found})


def test_a_wait_ends_after_the_timeout_and_goes_on(tmp_path: Path) -> None:
    path = record(tmp_path / "drive.jsonl", 1, 500_000_001)
    frames = Recording(path, speed=1.0).frames(Physics, timeout=0.05)
    assert 1 == next(frames).tick
    with pytest.raises(NoFrame):
        next(frames)
    time.sleep(0.5)
    assert 500_000_001 == next(frames).tick


def test_a_closed_playback_gives_nothing_more(path: Path) -> None:
    with Recording(path).frames(Physics) as frames:
        next(frames)
    with pytest.raises(Closed):
        next(frames)


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
def test_a_directory_plays_its_recordings_in_the_order_of_their_names(tmp_path: Path, suffix: str) -> None:
    record(tmp_path / "2026-b.jsonl", 1, 2, run=2)
    record(tmp_path / f"2026-a.jsonl{suffix}", 7, 8, run=1)
    (tmp_path / "notes.txt").write_text("no recording")
    found = [(frame.run, frame.tick) for frame in Recording(tmp_path).frames(Physics)]
    assert [(1, 7), (1, 8), (2, 1), (2, 2)] == found


@pytest.mark.parametrize("content", ["", "diary\n"])
def test_a_file_that_is_no_recording_is_refused_at_once(tmp_path: Path, content: str) -> None:
    (tmp_path / "x.jsonl").write_text(content)
    with pytest.raises(DecodeError):
        Recording(tmp_path / "x.jsonl")


def test_a_recording_of_single_fields_cannot_be_played(tmp_path: Path) -> None:
    selection = Selection.of(["physics"], ["speedKmh"])
    recording = recorder(tmp_path / "drive.jsonl", selection=selection)
    recording.tick(tick(1, selection=selection))
    recording.close()
    with pytest.raises(DecodeError, match=r"no whole frame of physics; was it recorded with --field\?"):
        next(Recording(tmp_path / "drive.jsonl").frames(Physics))


def test_a_recording_is_written_again_as_it_was(path: Path, tmp_path: Path) -> None:
    from acbridge_sink.jsonl import Jsonl, Options
    from acbridge_sink.pump import Limits, pump

    source = Recording(path)
    again = Jsonl(source, tmp_path / "again.jsonl", recordings.EVERYTHING, Options(quiet=True, waits=True))
    pump(source, again, Limits(), lambda: False, recordings.EVERYTHING)
    again.close()
    before, after = recordings.read(path), recordings.read(tmp_path / "again.jsonl")
    assert before == after
