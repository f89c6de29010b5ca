"""The daemon against a game that comes, goes and misbehaves, over real shared memory."""

from pathlib import Path

import pytest
from game import Game
from programs import Daemon, until

from acbridge import Bridge, NoFrame, Physics, Status


def state(bridge: Bridge, wanted: str) -> Status:
    """Wait until the daemon says that the sim is in a state."""

    def look() -> Status | None:
        status = bridge.status(timeout=5)
        return status if status.sim_state == wanted else None

    return until(look, f"the state {wanted}")


def test_a_daemon_started_before_the_game_picks_it_up(page_dir: Path) -> None:
    with Daemon("--page-dir", str(page_dir)) as daemon, daemon.connect() as bridge:
        waiting = state(bridge, "absent")
        assert "acpmf_physics" in str(waiting.sim_detail)
        with Game(page_dir):
            state(bridge, "live")
            assert bridge.latest(Physics, timeout=5).record.speedKmh > 100


def test_a_daemon_started_after_the_game_picks_it_up(game: Game) -> None:
    with Daemon("--page-dir", str(game.directory)) as daemon, daemon.connect() as bridge:
        first = bridge.latest(Physics, timeout=5).record.packetId
        until(lambda: bridge.latest(Physics).record.packetId > first, "a newer packetId")


def test_one_daemon_survives_the_game_going_and_coming(page_dir: Path) -> None:
    with Daemon("--page-dir", str(page_dir)) as daemon, daemon.connect() as bridge:
        for session in (1, 2, 3):
            with Game(page_dir) as game:
                status = state(bridge, "live")
                assert status.sim_sessions == session
                until(lambda: bridge.latest(Physics).record.packetId > 150, "a session of some length")
                game.exit() if session == 2 else game.kill()
            state(bridge, "idle" if session == 2 else "frozen")
        assert bridge.status().version
        assert daemon.process.poll() is None
