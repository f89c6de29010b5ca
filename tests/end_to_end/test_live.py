"""The daemon against a game that starts, ends and misbehaves, over real shared memory."""

import os
from pathlib import Path

import pytest

from acbridge import Bridge, Graphics, NoFrame, Physics, Status
from game import Game
from programs import Daemon, until


def state(bridge: Bridge, wanted: str) -> Status:
    """Wait until the daemon reports a state of the sim."""

    def look() -> Status | None:
        status = bridge.status(timeout=5)
        return status if status.sim_state == wanted else None

    return until(look, f"the state {wanted}")


def lasted(bridge: Bridge, since: float) -> bool:
    """Return whether a session has lasted long enough for the next one's packetId to be smaller."""
    frame = bridge.latest(Physics, timeout=5)
    return frame.timestamp > since and frame.record.packetId > 150


def test_a_daemon_started_before_the_game_finds_it(page_dir: Path) -> None:
    with Daemon("--page-dir", str(page_dir)) as daemon, daemon.connect() as bridge:
        waiting = state(bridge, "absent")
        assert "acpmf_physics" in str(waiting.sim_detail)
        with Game(page_dir):
            state(bridge, "live")
            assert bridge.latest(Physics, timeout=5).record.speedKmh > 100


def test_a_daemon_started_after_the_game_finds_it(game: Game) -> None:
    with Daemon("--page-dir", str(game.directory)) as daemon, daemon.connect() as bridge:
        first = bridge.latest(Physics, timeout=5).record.packetId
        until(lambda: bridge.latest(Physics).record.packetId > first, "a newer packetId")


def test_one_daemon_continues_when_the_game_ends_and_starts_again(page_dir: Path) -> None:
    with Daemon("--page-dir", str(page_dir)) as daemon, daemon.connect() as bridge:
        for session in (1, 2, 3):
            with Game(page_dir) as game:
                status = state(bridge, "live")
                assert status.sim_sessions == session
                until(lambda since=status.sim_state_since: lasted(bridge, since), "a session of some length")
                game.exit() if session == 2 else game.kill()
            state(bridge, "idle" if session == 2 else "frozen")
        assert bridge.status().version
        assert daemon.process.poll() is None


def test_frames_are_published_in_pause_and_replay_but_not_in_the_menu(game: Game) -> None:
    with Daemon("--page-dir", str(game.directory)) as daemon, daemon.connect() as bridge:
        state(bridge, "live")
        for number, name in ((3, "paused"), (1, "replay")):
            game.order(f"status {number}")
            since = state(bridge, name).published_ticks
            until(lambda since=since: bridge.status().published_ticks > since + 10, f"frames in {name}")
            assert number == bridge.latest(Graphics).record.status
        game.order("status 0")
        rested = state(bridge, "idle").published_ticks
        with pytest.raises(NoFrame, match="idle"), bridge.frames(Physics, timeout=1.5) as frames:
            list(frames)
        assert rested == bridge.status().published_ticks
        game.order("status 2")
        state(bridge, "live")


def test_a_game_that_stands_still_is_frozen_within_a_second(game: Game) -> None:
    with Daemon("--page-dir", str(game.directory)) as daemon, daemon.connect() as bridge:
        live = state(bridge, "live")
        game.order("stands on")
        frozen = state(bridge, "frozen")
        assert 0.5 <= frozen.sim_state_since - live.sim_state_since
        assert "stands still" in str(frozen.sim_detail)
        game.order("stands off")
        state(bridge, "live")


def test_page_files_that_are_replaced_are_found_again(game: Game) -> None:
    with Daemon("--page-dir", str(game.directory)) as daemon, daemon.connect() as bridge:
        before = state(bridge, "live")
        until(lambda: lasted(bridge, before.sim_state_since), "a session of some length")
        game.order("replace")
        until(lambda: bridge.status().sim_sessions == 2, "the second session")
        state(bridge, "live")
        first = bridge.latest(Physics).record.packetId
        until(lambda: bridge.latest(Physics).record.packetId > first, "a newer packetId")


def test_another_sim_on_the_same_names_is_refused(game: Game) -> None:
    with Daemon("--page-dir", str(game.directory)) as daemon, daemon.connect() as bridge:
        state(bridge, "live")
        game.order("version 1.9")
        status = state(bridge, "unsupported")
        assert "1.9" in str(status.sim_detail)
        with pytest.raises(NoFrame, match="unsupported"), bridge.frames(Physics, timeout=1.5) as frames:
            list(frames)
        game.order("version 1.7")
        state(bridge, "live")


def test_pages_of_zeros_count_as_no_sim(game: Game) -> None:
    game.order("zero on")
    with Daemon("--page-dir", str(game.directory)) as daemon, daemon.connect() as bridge:
        assert "no sim has filled them" in str(state(bridge, "absent").sim_detail)
        with pytest.raises(NoFrame, match="absent"):
            bridge.latest(Physics, timeout=1.5)


def test_pages_left_behind_by_a_crash_do_not_count_as_live(page_dir: Path) -> None:
    with Game(page_dir) as game:
        game.kill()
    with Daemon("--page-dir", str(page_dir)) as daemon, daemon.connect() as bridge:
        assert 0 == state(bridge, "frozen").published_ticks


def test_a_page_that_is_too_small_is_named(game: Game) -> None:
    with Daemon("--page-dir", str(game.directory)) as daemon, daemon.connect() as bridge:
        state(bridge, "live")
        short = game.directory / "short"
        short.write_bytes(bytes(100))
        short.rename(game.path("graphics"))
        detail = str(state(bridge, "absent").sim_detail)
        assert "acpmf_graphics has 100 bytes, the page needs 304" in detail


def test_a_page_file_that_shrinks_under_the_daemon_costs_nothing(game: Game) -> None:
    with Daemon("--page-dir", str(game.directory), "--rate", "333") as daemon, daemon.connect() as bridge:
        state(bridge, "live")
        game.kill()
        os.truncate(game.path("physics"), 0)
        assert "0 bytes" in str(state(bridge, "absent").sim_detail)
        assert daemon.process.poll() is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another user")
def test_pages_of_another_user_are_refused(game: Game) -> None:
    os.chown(game.path("static"), 12345, 12345)
    with Daemon("--page-dir", str(game.directory)) as daemon, daemon.connect() as bridge:
        assert "another user (uid 12345)" in str(state(bridge, "absent").sim_detail)
        with pytest.raises(NoFrame):
            bridge.latest(Physics, timeout=0.3)


def test_ticks_whose_pages_never_hold_still_are_counted_and_not_published(game: Game) -> None:
    with Daemon("--page-dir", str(game.directory)) as daemon, daemon.connect() as bridge:
        state(bridge, "live")
        game.order("storms on")
        until(lambda: bridge.status().torn_ticks > 20, "torn ticks")
        before = bridge.status()
        until(lambda: bridge.status().torn_ticks > before.torn_ticks + 20, "more torn ticks")
        after = bridge.status()
        ticks, torn = after.ticks - before.ticks, after.torn_ticks - before.torn_ticks
        assert ticks - torn == after.published_ticks - before.published_ticks
        assert after.reread_pages - before.reread_pages >= 4 * torn
        game.order("storms off")
        until(lambda: bridge.status().published_ticks > after.published_ticks + 20, "frames after the storm")


def test_two_games_run_side_by_side(page_dir: Path) -> None:
    with Game(page_dir, "left_") as left, Game(page_dir, "right_") as right:
        until(lambda: Physics.from_page(left.path("physics").read_bytes()).packetId > 100, "some steps")
        right.order("restart")
        arguments = ("--page-dir", str(page_dir), "--page-prefix")
        with (
            Daemon(*arguments, "left_") as first,
            Daemon(*arguments, "right_") as second,
            first.connect() as a,
            second.connect() as b,
        ):
            older = a.latest(Physics, timeout=5).record.packetId
            younger = b.latest(Physics, timeout=5).record.packetId
            assert younger < older
