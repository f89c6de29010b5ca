"""Text of the sim that would steer a terminal or reverse a name reaches no output of ours."""

import json
import re
import signal
from pathlib import Path

from game import Game
from programs import Daemon, Program, until
from screens import Screen

CAR = "\x1b]0;owned\x07\u202ercm"
TIME = "\x1b[5m\x9b2J\n1"
SHOWN = "\ufffd]0;owned\ufffd\ufffdrcm"
STEERING = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]")
"""What no output but the live view's may hold; a line ends with the one that is left out."""


def test_no_program_passes_on_what_would_steer_a_terminal(game: Game, tmp_path: Path) -> None:
    game.order(f"text carModel {json.dumps(CAR)}")
    game.order(f"text currentTime {json.dumps(TIME)}")
    with Daemon("--page-dir", str(game.directory)) as daemon:
        with daemon.connect() as bridge:
            until(lambda: bridge.status(timeout=5).sim_state == "live", "a session")
        path = tmp_path / "evening.jsonl"
        commands = (
            ("acbridge_sink", "console", "--count", "3", "--connect", daemon.address),
            ("acbridge_sink", "jsonl", str(path), "--count", "3", "--connect", daemon.address),
            ("acbridge_ctl", "latest", "--connect", daemon.address),
            ("acbridge_ctl", "watch", "--count", "2", "--connect", daemon.address),
            ("acbridge_ctl", "doctor", "--page-dir", str(game.directory), "--connect", daemon.address),
        )
        for command in commands:
            with Program(*command) as program:
                program.wait()
                assert program.out or command[1] == "jsonl"
                assert [] == [line for line in program.out + program.err if STEERING.search(line)]
        assert SHOWN == json.loads(path.read_text().splitlines()[0])["static"]["carModel"]
        with Program("acbridge_sink", "console", "--from", str(path)) as played:
            assert 0 == played.wait()
            assert [] == [line for line in played.out + played.err if STEERING.search(line)]
        with Screen("acbridge_sink", "console", "--connect", daemon.address) as screen:
            screen.shows("rcm")
            assert 0 == screen.end(signal.SIGINT)
            assert b"\x1b]0;" not in screen.raw
            assert b"\x1b[5m" not in screen.raw
            assert b"\xc2\x9b" not in screen.raw
        assert [] == [line for line in daemon.err if STEERING.search(line)]
