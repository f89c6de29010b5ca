"""The devices of Windows: the joystick of vJoy and the maps of Custom AI, held by the child process of a daemon."""

import json
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from acbridge import Bridge, Physics
from acbridge.cli import ExitCode
from acbridge.driving import Driver
from game import Game
from programs import Daemon, Program, until
from wine import Interpreter

pytestmark = pytest.mark.windows

SOURCE = Path(__file__).parents[1] / "support" / "vjoy_for_tests.c"
COMPILERS = ("x86_64-w64-mingw32-gcc", "gcc") if sys.platform == "win32" else ("x86_64-w64-mingw32-gcc",)
NEUTRAL = "position 1 1 16384 1 1 9831 0 ffffffff"
"""device, bDevice, X, Y, Z, RZ, buttons, hats: brake 0.3."""

WATCH = """
import json, mmap, time
prefix = "AcTools.CSP.NewBehaviour.CustomAI."
maps = [mmap.mmap(-1, size, tagname=prefix + name) for name, size in (("CarControls0.v0", 72), ("SimState.v0", 4))]
before = None
while True:
    now = [memory[:].hex() for memory in maps]
    if now != before:
        print(json.dumps(now), flush=True)
    before = now
    time.sleep(0.002)
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compile a library with the functions of vJoy's."""
    compiler = next((found for name in COMPILERS if (found := shutil.which(name))), None)
    if compiler is None:
        pytest.skip("no compiler for Windows: .ci/windows installs gcc-mingw-w64-x86-64-win32")
    path = tmp_path_factory.mktemp("vjoy") / "vJoyInterface.dll"
    subprocess.run([compiler, "-Wall", "-Werror", "-shared", "-o", str(path), str(SOURCE)], check=True)
    return path


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Return the file to which that library writes."""
    return tmp_path / "vjoy.log"


def with_vjoy(windows: Interpreter, library: Path, log: Path, **manners: str) -> Interpreter:
    """Return a Windows Python that finds this library."""
    places = {"ACBRIDGE_VJOY": windows.path(library), "ACBRIDGE_VJOY_LOG": windows.path(log)}
    return windows._replace(env={**windows.env, **places, **manners})


def lines(log: Path) -> list[str]:
    return log.read_text().splitlines() if log.exists() else []


def live(bridge: Bridge) -> None:
    until(lambda: bridge.status().sim_state == "live", "live")


def test_a_daemon_killed_at_full_gas_leaves_the_joystick_neutral(
    windows: Interpreter, windows_game: Game, library: Path, log: Path
) -> None:
    full_gas = "position 1 1 24575 1 32767 1 0 ffffffff"
    with Daemon("--controls", "vjoy", python=with_vjoy(windows, library, log)) as daemon, daemon.connect() as bridge:
        live(bridge)
        assert ["acquired 1", NEUTRAL] == lines(log)[:2]
        with Driver(bridge, "me", lease_ms=5000) as driver:

            def asked() -> bool:
                driver.drive(0.5, 1.0, ttl_ms=1000)
                return full_gas in lines(log)

            until(asked, "full gas")
            daemon.process.kill()
            until(lambda: lines(log)[-1] == "relinquished 1", "the joystick given back")
    said = lines(log)
    last_gas = max(at for at, line in enumerate(said) if line == full_gas)
    assert {NEUTRAL} == set(said[last_gas + 1 : -1])


def test_a_joystick_that_is_lost_costs_no_telemetry(
    windows: Interpreter, windows_game: Game, library: Path, log: Path
) -> None:
    python = with_vjoy(windows, library, log, VJOY_LOST="10")
    with Daemon("--controls", "vjoy", python=python) as daemon, daemon.connect() as bridge:
        live(bridge)
        reopened = until(lambda: daemon.events("controls_reopened"), "the joystick opened again")
        assert "vJoy's joystick 1 was lost: it takes no position any more" == reopened[0]["detail"]
        assert bridge.latest(Physics, timeout=10).record.packetId > 0
        until(lambda: lines(log).count("acquired 1") == 2, "another joystick")


@pytest.mark.parametrize(
    ("manners", "words"),
    [
        (
            {"ACBRIDGE_VJOY": "C:\\nowhere\\vJoyInterface.dll"},
            "cannot load C:\\nowhere\\vJoyInterface.dll; install vJoy, ",
        ),
        ({"VJOY_DRIVER": "221"}, "vJoyInterface.dll is of version 219 and vJoy's driver of 221; "),
        ({"VJOY_STATUS": "2"}, "vJoy's joystick 1 cannot be acquired: another program has it"),
    ],
    ids=["missing", "mismatch", "busy"],
)
def test_a_joystick_that_cannot_be_had_ends_the_daemon_with_one_line(
    windows: Interpreter, library: Path, log: Path, manners: dict[str, str], words: str
) -> None:
    python = with_vjoy(windows, library, log, **manners)
    with Program("acbridge_daemon", "--port", "0", "--controls", "vjoy", python=python) as daemon:
        assert ExitCode.UNAVAILABLE == daemon.wait()
    assert 1 == len(daemon.err)
    assert words in daemon.err[0]


def test_another_process_reads_the_commands_to_custom_ai(windows: Interpreter, windows_game: Game) -> None:
    with Daemon("--controls", "custom_ai", python=windows) as daemon, daemon.connect() as bridge:
        live(bridge)
        with (
            Program("-c", WATCH, python=windows) as game_side,
            Driver(bridge, "me", lease_ms=5000) as driver,
        ):

            def seen() -> list[tuple[bytes, bytes]]:
                pairs = [json.loads(line) for line in game_side.out]
                return [(bytes.fromhex(car), bytes.fromhex(state)) for car, state in pairs]

            def axes(car: bytes) -> tuple[float, ...]:
                return struct.unpack_from("<4f", car)

            until(lambda: seen() and axes(seen()[-1][0]) == pytest.approx((0.0, 0.3, 0.0, 0.0)), "neutral")

            def shows(what: Callable[[bytes], object], shift: int = 0) -> None:
                """Repeat a command until it was seen: this game does not follow, so the maps are opened again once."""

                def asked() -> bool:
                    driver.drive(-0.25, 0.5, clutch=0.75, shift=shift, ttl_ms=1000)
                    return any(what(car) for car, _ in seen())

                until(asked, "the command")

            shows(lambda car: axes(car) == (0.5, 0.0, 0.25, -0.25))
            shows(lambda car: car[20], shift=1)
            shows(lambda car: car[21], shift=-1)
            assert {b"\1\1"} == {car[41:43] for car, _ in seen()[-3:]}
            for start in ("pits", "grid"):
                bridge.request("reset", token=driver.token, start=start, timeout=10)
                until(lambda: any(car[40] == 1 for car, _ in seen()), "a teleport")
            until(lambda: any(state == b"\0\1\0\0" for _, state in seen()), "a restart")
            daemon.process.kill()
            until(lambda: axes(seen()[-1][0])[0] == 0.0 and seen()[-1][1] == bytes(4), "neutral")
            car = seen()[-1][0]
            assert {41: 1, 42: 1} == {at: value for at, value in enumerate(car[16:], 16) if value}
