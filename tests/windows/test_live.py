"""The daemon on Windows: it finds, follows and closes the named mappings of another process."""

import json
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from acbridge import Graphics, Physics, Static, Status
from game import Game
from programs import PATIENCE_S, Daemon, Program, until
from wine import HERE, Interpreter

pytestmark = pytest.mark.windows

PERIODS = 3
"""Seconds of frames to check."""

SUBSCRIBER = """
import json, sys
from acbridge import Physics, connect
wanted = int(sys.argv[2])
with connect(port=int(sys.argv[1])) as bridge:
    frames = []
    for frame in bridge.frames(Physics):
        frames.append(frame)
        if len(frames) == wanted:
            break
    print(json.dumps({
        "platform": sys.platform,
        "seqs": [frame.seq for frame in frames],
        "ticks": [frame.tick for frame in frames],
        "stamps": [frame.mono_ns for frame in frames],
        "walls": [frame.timestamp for frame in frames],
        "packets": [frame.record.packetId for frame in frames],
    }), flush=True)
"""

OPENS = """
import ctypes, sys
kernel32 = ctypes.WinDLL("kernel32", use_last_error=True)
handle = kernel32.OpenFileMappingW(4, False, "Local\\\\" + sys.argv[1])
print("there" if handle else f"error {ctypes.get_last_error()}", flush=True)
"""


@pytest.fixture
def windows_daemon(windows: Interpreter) -> Iterator[Daemon]:
    """Run a daemon on Windows that follows the game at 60 Hz."""
    with Daemon("--allow-shutdown", python=windows) as running:
        yield running


def mapping(windows: Interpreter, name: str) -> str:
    """Return the result of a third process that opens a name: ``there``, or the number of the error."""
    with Program("-c", OPENS, name, python=windows) as program:
        assert program.wait() == 0, program.err
        return program.out[0]


@pytest.mark.parametrize("rate", [30, 60, 333])
def test_subscribers_on_both_systems_get_every_tick_at_the_rate(
    windows: Interpreter, windows_game: Game, rate: int
) -> None:
    with Daemon("--rate", str(rate), python=windows) as daemon:
        arguments = ("-c", SUBSCRIBER, str(daemon.port), str(PERIODS * rate))
        with Program(*arguments) as here, Program(*arguments, python=windows) as there:
            assert here.wait() == 0, here.err
            assert there.wait() == 0, there.err
            printed = [json.loads(here.out[0]), json.loads(there.out[0])]
    assert [report["platform"] for report in printed] == [sys.platform, "win32"]
    for report in printed:
        seqs, ticks, stamps, packets = report["seqs"], report["ticks"], report["stamps"], report["packets"]
        assert seqs == list(range(seqs[0], seqs[0] + PERIODS * rate))
        assert ticks == sorted(set(ticks))
        # Ticks are points of the schedule, even those that a busy machine missed: their number gives the rate kept.
        elapsed = (stamps[-1] - stamps[0]) * 1e-9
        assert (ticks[-1] - ticks[0]) / elapsed == pytest.approx(rate, rel=0.05)
        assert packets == sorted(packets)
        assert packets[-1] - packets[0] == pytest.approx(elapsed * 333, rel=0.1)


def test_the_wall_clock_advances_with_the_monotonic_one_between_ticks(windows: Interpreter, windows_game: Game) -> None:
    # time.time() of Windows before Python 3.13 moves by 15.6 ms at a time: ticks of 100 Hz would share timestamps.
    with (
        Daemon("--rate", "100", python=windows) as daemon,
        Program("-c", SUBSCRIBER, str(daemon.port), "200", python=windows) as there,
    ):
        assert there.wait() == 0, there.err
        printed = json.loads(there.out[0])
    for (before, wall_before), (after, wall_after) in pairwise(zip(printed["stamps"], printed["walls"], strict=True)):
        assert wall_after - wall_before == pytest.approx((after - before) * 1e-9, abs=0.002)


def test_the_daemon_creates_no_page_and_finds_a_game_that_starts_later(
    windows: Interpreter, windows_daemon: Daemon, tmp_path: Path
) -> None:
    with windows_daemon.connect() as bridge:
        until(lambda: windows_daemon.events("waiting_for_sim"), "waiting")
        assert [mapping(windows, f"acpmf_{page}") for page in ("physics", "graphics", "static")] == ["error 2"] * 3
        assert bridge.status().sim_state == "absent"
        with Game(tmp_path, python=windows):
            until(lambda: bridge.status().sim_state == "live", "live")
            frame = next(bridge.frames(Physics))
            assert frame.record.packetId > 0
            assert bridge.latest(Static, timeout=5).record.smVersion == "1.7"


def test_the_mappings_of_a_game_that_exits_are_closed_and_found_when_it_returns(
    windows: Interpreter, windows_daemon: Daemon, tmp_path: Path
) -> None:
    with windows_daemon.connect() as bridge:
        for sessions in (1, 2, 3):
            with bridge.frames(Physics, Status, timeout=PATIENCE_S) as frames:
                with Game(tmp_path, python=windows):
                    moved = next(frame for frame in frames if frame.topic == "physics").timestamp
                # The daemon's view keeps the memory of the ended game, unchanged; the daemon must not call it live.
                packet = 0
                for frame in frames:
                    if isinstance(frame.record, Physics):
                        if frame.record.packetId != packet:
                            packet, moved = frame.record.packetId, frame.timestamp
                    elif frame.record.sim_state == "frozen":
                        assert frame.timestamp - moved < 3.0  # half a second, and what a busy machine adds
                        break
            assert bridge.status().sim_sessions == sessions
            until(lambda: bridge.status().sim_state == "absent", "the mappings closed")
            assert mapping(windows, "acpmf_physics") == "error 2"
    until(lambda: len(windows_daemon.events("sim_state_changed")) == 9, "the log")
    changes = [event["state"] for event in windows_daemon.events("sim_state_changed")]
    assert changes == ["live", "frozen", "absent"] * 3


def test_the_mappings_of_a_game_that_reports_off_before_it_exits_are_closed_too(
    windows: Interpreter, windows_daemon: Daemon, tmp_path: Path
) -> None:
    with windows_daemon.connect() as bridge:
        with Game(tmp_path, python=windows) as game:
            until(lambda: bridge.status().sim_state == "live", "live")
            game.order("status 2")
            game.order("status 3")
            until(lambda: bridge.status().sim_state == "paused", "paused")
            assert bridge.latest(Graphics, timeout=5).record.status == 3
            game.order("status 0")
            until(lambda: bridge.status().sim_state == "idle", "idle")
        until(lambda: bridge.status().sim_state == "absent", "the mappings closed")


def test_another_prefix_is_another_game(windows: Interpreter, tmp_path: Path) -> None:
    with (
        Daemon("--page-prefix", "left_", python=windows) as left,
        Daemon("--page-prefix", "right_", python=windows) as right,
        Game(tmp_path, "left_", python=windows),
        left.connect() as of_left,
        right.connect() as of_right,
    ):
        until(lambda: of_left.status().sim_state == "live", "live")
        assert of_right.status().sim_state == "absent"


def test_a_request_ends_it_cleanly(windows_daemon: Daemon) -> None:
    with windows_daemon.connect() as bridge:
        bridge.request("shutdown")
    assert windows_daemon.wait() == 0
    assert windows_daemon.events("daemon_ended")


def test_the_stand_in_takes_the_place_of_the_game(windows: Interpreter, windows_daemon: Daemon) -> None:
    with windows_daemon.connect() as bridge:
        with Program("acbridge_sim", "--session", "hotlap", python=windows):
            until(lambda: bridge.status().sim_state == "live", "live")
            assert bridge.latest(Physics, timeout=5).record.packetId > 0
        until(lambda: bridge.status().sim_state == "absent", "the mappings closed")


def test_the_first_command_of_the_readme_shows_a_car(windows: Interpreter) -> None:
    with Program("acbridge_demo", "--duration", "2", python=windows) as demo:
        assert demo.wait() == 0, demo.err
    assert any("km/h" in line for line in demo.out)


@pytest.mark.skipif(sys.platform == "win32", reason="this compares two systems")
def test_the_stand_in_computes_the_same_pages_on_both_systems(windows: Interpreter) -> None:
    program = (
        "from acbridge_sim import SessionType, World; import hashlib;"
        "w = World(session=SessionType.HOTLAP); w.step(2000);"
        "print([hashlib.sha256(page).hexdigest() for page in w.pages()])"
    )
    with Program("-c", program, python=HERE) as here, Program("-c", program, python=windows) as there:
        assert here.wait() == 0, here.err
        assert there.wait() == 0, there.err
        assert here.out == there.out
