"""A recording in place of the game: what was published live is published again, byte by byte, at any speed."""

import struct
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest
import zmq

from acbridge import DecodeError, Event, Physics, SimState
from acbridge.derived import EventKind
from acbridge.pages import STATUS_PAUSE
from acbridge.recording.page_log.rows import NoteKind, note
from acbridge.wire import Frame, decode_map
from acbridge_daemon.replay import Replay, ReplayOptions
from game import Game
from page_logs import drive, row, stamp, write
from programs import Daemon, Program, until

DATA = 65
NO_RUN = b"\xce\0\0\0\0"
TOPICS = ("physics", "graphics", "derived", "static", "event")
Messages = dict[tuple[str, int], bytes]


class Listener:
    """Collects the messages of a daemon, by topic and seq, without the run."""

    def __init__(self, port: int) -> None:
        self.messages: Messages = {}
        self.states: list[str] = []
        self._stopping = threading.Event()
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.SUB)
        self._socket.setsockopt(zmq.RECONNECT_IVL, 5)
        self._socket.setsockopt(zmq.RCVHWM, 0)
        self._socket.subscribe(b"")
        self._socket.connect(f"tcp://127.0.0.1:{port}")
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        while not self._stopping.is_set():
            if not self._socket.poll(50):
                continue
            topic, payload = self._socket.recv_multipart()
            header = decode_map(payload)
            run = b"\xce" + struct.pack(">I", header["run"])
            if topic.decode() in TOPICS:
                self.messages[topic.decode(), header["seq"]] = payload.replace(run, NO_RUN, 1)
            elif topic == b"status" and self.states[-1:] != [header["sim_state"]]:
                self.states.append(header["sim_state"])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._thread.join()
        self._context.destroy(linger=0)


def replay(path: Path, *arguments: str) -> Listener:
    """Replay a recording to its end, and return what was heard of it."""
    with Daemon("--source", "recording", str(path), *arguments) as daemon, Listener(daemon.port) as heard:
        assert 0 == daemon.wait()
        return heard


@pytest.fixture
def live(tmp_path: Path, page_dir: Path) -> tuple[Path, Listener]:
    """Record a game with a pause, a freeze, an end and another session, and hear what is published meanwhile."""
    path = tmp_path / "drive.acrec"
    daemon = Daemon("--page-dir", str(page_dir), "--rate", "100", "--record", str(path))
    with daemon, daemon.connect() as bridge, Listener(daemon.port) as heard:

        def reached(state: SimState) -> None:
            until(lambda: bridge.status(timeout=5).sim_state == state, f"the state {state}")

        def some_ticks(count: int = 40) -> None:
            begun = bridge.status(timeout=5).ticks
            until(lambda: bridge.status(timeout=5).ticks > begun + count, "some ticks")

        reached(SimState.ABSENT)
        some_ticks()
        with Game(page_dir) as game:
            reached(SimState.LIVE)
            some_ticks()
            bridge.request("mark", text="here")
            bridge.request("set_thresholds", thresholds={"stuck_s": 9.0})
            game.order(f"status {STATUS_PAUSE}")
            reached(SimState.PAUSED)
            some_ticks()
            game.order("status 2")
            reached(SimState.LIVE)
            some_ticks()
            game.order("stands on")
            reached(SimState.FROZEN)
            some_ticks()
            game.exit()
        reached(SimState.IDLE)
        with Game(page_dir):
            reached(SimState.LIVE)
            some_ticks()
        assert 0 == daemon.end()
        return path, heard


def test_every_message_is_published_again_byte_by_byte(live: tuple[Path, Listener]) -> None:
    path, heard = live
    assert {"absent", "live", "paused", "frozen", "idle"} <= set(heard.states)
    again = replay(path, "--stamps", "recorded", "--speed", "2")
    common = heard.messages.keys() & again.messages.keys()
    assert {topic for topic, _ in common} == set(TOPICS)
    assert len(common) > 0.9 * len(heard.messages)
    different = sorted(key for key in common if heard.messages[key] != again.messages[key])
    assert [] == [(key, heard.messages[key], again.messages[key]) for key in different[:1]]
    states = [state for state in heard.states if state != "absent"]
    replayed = [state for state in again.states if state != "absent"]
    assert states[-len(replayed) :] == replayed  # this subscriber may have come a moment after the beginning


@pytest.mark.parametrize("speed", ["1.5", "5"])
def test_a_freeze_is_a_freeze_at_any_speed(tmp_path: Path, speed: str) -> None:
    rows = list(drive(5.0))
    frozen = [row(number, rows[299].pages) for number in range(300, 360)]
    later = [each._replace(tick=each.tick + 60, stamp=stamp(each.tick + 60)) for each in drive(6.0)[300:]]
    path = write(tmp_path / "freeze.acrec", [*rows, *frozen, *later])
    heard = replay(path, "--stamps", "recorded", "--speed", speed)
    kinds = [payload for (topic, _), payload in sorted(heard.messages.items()) if topic == "event"]
    changes = [values for each in kinds if (values := decode_map(each))["kind"] == EventKind.SIM_STATE_CHANGED]
    assert ["frozen", "live", "absent"] == [values["after"] for values in changes][-3:]
    ticks = {decode_map(each)["tick"] for (topic, _), each in heard.messages.items() if topic == "derived"}
    assert not ticks & set(range(332, 360))


def test_fresh_stamps_are_of_now_and_a_loop_is_two_sessions_of_one_run(tmp_path: Path) -> None:
    path = write(tmp_path / "drive.acrec", drive(1.0))
    with Daemon("--source", "recording", str(path), "--speed", "4", "--loop") as daemon, daemon.connect() as bridge:
        frames: list[Frame[Physics | Event]] = []
        with bridge.frames(Physics, Event, timeout=20) as stream:
            while sum(isinstance(f.record, Event) and f.record.kind == EventKind.SESSION_STARTED for f in frames) < 2:
                frames.append(next(stream))
            status = bridge.status()
            assert status is not None
            assert {"recording"} == {status.source}
    assert {daemon.run} == {frame.run for frame in frames}
    ticks = [frame.tick for frame in frames if isinstance(frame.record, Physics)]
    assert sorted(ticks) == ticks
    assert len(set(ticks)) == len(ticks)


def test_a_replay_from_a_lap_begins_with_it(tmp_path: Path) -> None:
    rows = drive(230.0, 20.0)
    early = note(
        NoteKind.MARK, 99, rows[99].stamp._replace(mono_ns=rows[99].stamp.mono_ns + 1), SimState.LIVE, text="x"
    )
    path = write(tmp_path / "long.acrec", [*rows[:100], early, *rows[100:]], block=200)
    heard = replay(path, "--from-lap", "2", "--speed", "0", "--stamps", "recorded")
    derived = [decode_map(each) for (topic, _), each in sorted(heard.messages.items()) if topic == "derived"]
    laps = [values["lap_number"] for values in derived]
    assert 2 == laps[0]
    assert sorted(laps) == laps
    events = [decode_map(each) for (topic, _), each in sorted(heard.messages.items()) if topic == "event"]
    assert (EventKind.LAP_COMPLETED, derived[0]["tick"]) in [(each["kind"], each["tick"]) for each in events]
    assert EventKind.MARK not in [each["kind"] for each in events]
    assert derived[0]["tick"] == min(
        decode_map(each)["tick"] for (topic, _), each in heard.messages.items() if topic == "static"
    )


@pytest.mark.parametrize("loop", [True, False])
def test_a_lap_that_is_not_there_ends_the_replay(tmp_path: Path, loop: bool) -> None:
    path = write(tmp_path / "drive.acrec", drive(1.0))
    replay = Replay(ReplayOptions(path, from_lap=99, loop=loop), 0)
    with pytest.raises(DecodeError, match="there is no lap 99"):
        turns(replay, 100)


def test_each_pass_of_a_loop_begins_at_the_lap(tmp_path: Path) -> None:
    path = write(tmp_path / "drive.acrec", drive(1.0))
    replay = Replay(ReplayOptions(path, from_lap=2, loop=True), 0)
    replay.reached(2)
    assert not replay.seeking
    turns(replay, 61)
    assert (True, True) == (replay.restarted, replay.seeking)


def turns(replay: Replay, count: int) -> None:
    for _ in range(count):
        replay.take(0)


def test_an_option_replaces_one_recorded_threshold_and_leaves_the_others(tmp_path: Path) -> None:
    path = write(tmp_path / "drive.acrec", drive(0.1), stuck_s=9.0)
    thresholds = Replay(ReplayOptions(path, thresholds={"rollover_s": 0.7}), 0).thresholds()
    assert (9.0, 0.7) == (thresholds.stuck_s, thresholds.rollover_s)


def test_each_run_of_a_recording_has_its_own_rate_and_thresholds(tmp_path: Path) -> None:
    path = write(tmp_path / "drive.acrec", drive(1.0), stuck_s=9.0)
    write(path, drive(1.0), run=8, stuck_s=2.0, rate=30.0)
    with Daemon("--source", "recording", str(path), "--loop") as daemon, daemon.connect() as bridge:

        def is_said(stuck_s: float, rate: float) -> bool:
            hello = bridge.request("hello")
            return (stuck_s, rate) == (hello["thresholds"]["stuck_s"], hello["rate"])

        for _ in range(2):
            until(lambda: is_said(9.0, 60.0), "the first run")
            until(lambda: is_said(2.0, 30.0), "the second run")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (
            b'{"type":"header","schema":"acbridge/1",',
            "is not a recording of the sim's pages; acbridge-recording",
        ),
        (b"", "is not a recording of the sim's pages"),
    ],
)
def test_a_file_that_is_no_page_log_ends_the_daemon_with_one_line(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "drive.jsonl"
    path.write_bytes(content)
    with Program("acbridge_daemon", "--source", "recording", str(path), "--port", "0") as program:
        assert DATA == program.wait()
    assert says in program.err[-1]
    assert 1 == len(program.err)


def test_a_recording_sets_the_rate_and_cannot_be_driven(tmp_path: Path) -> None:
    path = write(tmp_path / "drive.acrec", drive(1.0))
    with Daemon("--source", "recording", str(path), "--loop") as daemon, daemon.connect() as bridge:
        assert 60.0 == bridge.request("hello")["rate"]
        with pytest.raises(Exception, match="a recording sets the rate"):
            bridge.request("set_rate", rate=10.0)
    for arguments in (["--controls", "sim"], ["--record", "again.acrec"]):
        with Program("acbridge_daemon", "--source", "recording", str(path), *arguments) as program:
            assert 2 == program.wait()
        assert "a recording cannot be driven or recorded again" in program.err[-1]
