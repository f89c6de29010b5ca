"""A game on Windows, a page bridge beside it, and the daemon on Linux: the chain under Proton, with wine for Proton."""

import json
import math
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from acbridge import Bridge, Graphics, Physics, Static
from acbridge_sim import SessionType, World
from game import Game
from programs import Daemon, Program, until
from wine import Interpreter

pytestmark = [
    pytest.mark.windows,
    pytest.mark.skipif(sys.platform == "win32", reason="the daemon is on Linux here, the game on Windows"),
]

SHM = Path("/dev/shm")
PAGES = ("physics", "graphics", "static")
FAR = 1000
"""Steps of 3 ms; the daemon looks for pages that it closed once a second."""


@pytest.fixture
def prefix() -> Iterator[str]:
    """Make page files in real shared memory, under names that no game uses, and remove them at the end."""
    name = f"acbridge-test-{os.getpid()}_"
    with Program("acbridge_ctl", "proton-stubs", "--page-prefix", name) as program:
        assert program.wait() == 0, program.err
    yield name
    for page in PAGES:
        (SHM / f"{name}{page}").unlink(missing_ok=True)


def page_bridge(windows: Interpreter, prefix: str) -> Program:
    """Start a page bridge, and wait until it shares the files, if it can."""
    script = windows.path(Path(__file__).parents[1] / "support" / "page_bridge.py")
    program = Program("-u", script, windows.path(SHM), prefix, python=windows)
    program.said("ready")
    return program


def state(bridge: Bridge) -> str:
    return bridge.status().sim_state


def doctor(prefix: str) -> dict[str, str]:
    """Return the doctor's findings by their subject."""
    with Program("acbridge_ctl", "doctor", "--json", "--page-prefix", prefix, "--connect", "127.0.0.1:1") as program:
        program.wait()
    return {found["check"]: found["text"] for found in json.loads(program.out[0])["findings"]}


def near(expected: Any, got: Any) -> bool:
    """Return whether two values of a record are equal, with floats up to the rounding of another system."""
    if isinstance(expected, tuple):
        return all(near(a, b) for a, b in zip(cast("tuple[Any, ...]", expected), got, strict=True))
    if isinstance(expected, float):
        return math.isclose(expected, got, rel_tol=1e-5, abs_tol=1e-6)
    return expected == got


def test_what_the_game_writes_on_windows_is_published_on_linux(
    windows: Interpreter, prefix: str, tmp_path: Path
) -> None:
    before = {page: (SHM / f"{prefix}{page}").stat() for page in PAGES}
    with (
        page_bridge(windows, prefix) as shares,
        Daemon("--page-prefix", prefix, "--rate", "100") as daemon,
        daemon.connect() as bridge,
    ):
        assert [f"{prefix}{page} shared" for page in PAGES] == shares.out[:3]
        assert state(bridge) == "absent"
        assert "they are all zeros" in doctor(prefix)["sim"]
        with Game(tmp_path, prefix, python=windows):
            until(lambda: state(bridge) == "live", "live")
            frames = [frame for frame, _ in zip(bridge.frames(Physics), range(50), strict=False)]
            packets = [frame.record.packetId for frame in frames]
            assert packets == sorted(packets)
            assert len(set(packets)) > 10  # a busy machine writes pages more rarely than they are read
            # The game's world is known: the frame must equal its page at that step. The sines of the two systems
            # differ in the last bit, and an acceleration is the difference of two speeds.
            world = World(session=SessionType.HOTLAP)
            world.step(packets[-1] - Physics.from_page(world.pages()[0]).packetId)
            physics, _, static = world.pages()
            expected, got = vars(Physics.from_page(physics)), vars(frames[-1].record)
            assert {} == {name: (value, got[name]) for name, value in expected.items() if not near(value, got[name])}
            assert Static.from_page(static).track == bridge.latest(Static, timeout=5).record.track
            assert bridge.latest(Graphics, timeout=5).record.status == 2
            assert "the sim's status is live; packetId moved by" in doctor(prefix)["movement"]
    for page, was in before.items():
        now = (SHM / f"{prefix}{page}").stat()
        assert (was.st_ino, was.st_size, was.st_mode) == (now.st_ino, now.st_size, now.st_mode)


def test_a_game_that_ends_and_returns_beside_its_page_bridge_is_found_again(
    windows: Interpreter, prefix: str, tmp_path: Path
) -> None:
    with (
        page_bridge(windows, prefix),
        Daemon("--page-prefix", prefix) as daemon,
        daemon.connect() as bridge,
    ):
        for sessions in (1, 2, 3):
            with Game(tmp_path, prefix, python=windows) as game:
                until(lambda: state(bridge) == "live", "live")
                # A falling packetId marks a new session: this one must get farther than the start of the next.
                until(lambda: bridge.latest(Physics, timeout=5).record.packetId > FAR, "driving for a while")
                if sessions == 2:
                    game.exit()  # the other games are killed, and leave pages with the status live
            left = until(lambda: status if (status := bridge.status()).sim_state != "live" else None, "leaving live")
            assert left.sim_sessions == sessions
    assert [event["state"] for event in daemon.events("sim_state_changed")].count("live") == 3


def test_a_page_bridge_that_starts_after_the_game_shares_nothing_until_both_are_restarted(
    windows: Interpreter, prefix: str, tmp_path: Path
) -> None:
    with Daemon("--page-prefix", prefix) as daemon, daemon.connect() as bridge:
        with Game(tmp_path, prefix, python=windows), page_bridge(windows, prefix) as late:
            assert [f"{prefix}{page} late" for page in PAGES] == late.out[:3]
            assert "they are all zeros" in doctor(prefix)["sim"]
            assert state(bridge) == "absent"
        with page_bridge(windows, prefix), Game(tmp_path, prefix, python=windows):
            until(lambda: state(bridge) == "live", "live")


def test_a_page_bridge_that_was_too_late_does_not_share_the_next_game_either(
    windows: Interpreter, prefix: str, tmp_path: Path
) -> None:
    with Game(tmp_path, prefix, python=windows) as first, page_bridge(windows, prefix):
        first.kill()
        with Game(tmp_path, prefix, python=windows):
            assert "they are all zeros" in doctor(prefix)["sim"]


def test_windows_needs_no_stubs_and_no_page_bridge(windows: Interpreter) -> None:
    with Program("acbridge_ctl", "proton-stubs", python=windows) as program:
        assert program.wait() == 1
    assert ["acbridge-ctl: proton-stubs is for Linux; on Windows the game makes its pages itself"] == [
        line.partition(", and")[0] for line in program.err
    ]
    options = ("--json", "--connect", "127.0.0.1:1", "--timeout", "0.2", "--page-prefix", "nobodys_")
    with Program("acbridge_ctl", "doctor", *options, python=windows) as program:
        assert program.wait() == 0, program.err
    assert "bridge" not in [found["check"] for found in json.loads(program.out[0])["findings"]]
