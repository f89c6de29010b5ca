"""The example that follows the centre line, over sockets and over a network with keys; and a cable that is cut."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from acbridge import Bridge, Controls, Derived, Event, EventKind, Keys
from keyring import Keyring
from programs import Daemon, Program, until
from wine import Interpreter

FAR = f"acbridge-{os.getpid()}"
LINK, HERE, THERE = f"acb{os.getpid()}", "10.213.7.1", "10.213.7.2"
GAS = """
import sys, time, acbridge
from pathlib import Path
from acbridge.driving import Driver
keys = acbridge.Keys.load(Path(sys.argv[2]), Path(sys.argv[3]))
with acbridge.connect(sys.argv[1].split(":")[0], int(sys.argv[1].split(":")[1]), keys=keys) as bridge:
    with Driver(bridge, "far", timeout=10) as driver:
        driver.reset("hotlap")
        while True:
            driver.drive(gas=1.0)
            time.sleep(0.02)
"""


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


@pytest.fixture
def far() -> Iterator[Interpreter]:
    """Make a second network stack with a cable to this one, and return the Python that runs there."""
    try:
        ip("netns", "add", FAR)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no network namespace can be made here: {error}")
    try:
        ip("link", "add", LINK, "type", "veth", "peer", "name", "far", "netns", FAR)
        ip("addr", "add", f"{HERE}/24", "dev", LINK)
        ip("link", "set", LINK, "up")
        ip("-n", FAR, "addr", "add", f"{THERE}/24", "dev", "far")
        ip("-n", FAR, "link", "set", "far", "up")
        yield Interpreter(("ip", "netns", "exec", FAR, sys.executable), {})
    finally:
        ip("netns", "del", FAR)


@pytest.fixture
def ring(tmp_path: Path) -> tuple[Keyring, Keys]:
    ring = Keyring(tmp_path / "keys")
    ring.add("far")
    return ring, ring.add("near", "observer")


def drives_well(bridge: Bridge, seconds: float) -> None:
    """Check that a driver keeps the car on the track, at speed, for so long; a busy machine may hold it up a little."""
    until(lambda: bridge.latest(Controls, timeout=10).record.state == "driving", "a driver")
    with bridge.frames(Derived, Controls, timeout=10) as frames:
        first, states = next(frames).timestamp, list[str]()
        for frame in frames:
            record = frame.record
            if isinstance(record, Controls):
                assert "follow_line" == record.driver
                states.append(record.state)
            else:
                assert record.off_track in ("none", "partial")
                assert not record.stuck
            if frame.timestamp - first > seconds:
                break
    assert states.count("driving") > 0.9 * len(states)
    assert bridge.sample().physics.speedKmh > 20


def test_the_example_keeps_the_car_on_the_track(checkout: Path) -> None:
    example = checkout / "clients" / "examples" / "follow_line.py"
    with (
        Daemon("--source", "sim", "--controls", "sim", "--rate", "100") as daemon,
        daemon.connect() as bridge,
        Program("-c", example.read_text(), daemon.address),
    ):
        drives_well(bridge, 20.0)


@pytest.mark.long
def test_the_example_drives_three_valid_laps(checkout: Path) -> None:
    example = checkout / "clients" / "examples" / "follow_line.py"
    with (
        Daemon("--source", "sim", "--controls", "sim", "--rate", "100") as daemon,
        Program("-c", example.read_text(), daemon.address, "3") as driver,
    ):
        assert 0 == driver.wait(600), driver.err
    assert [True] * 3 == [line.endswith("valid True") for line in driver.out]


def test_a_driver_with_keys_drives_from_another_machine(
    checkout: Path, far: Interpreter, ring: tuple[Keyring, Keys]
) -> None:
    keyring, near = ring
    example = (checkout / "clients" / "examples" / "follow_line.py").read_text()
    env = {"ACBRIDGE_KEY": str(keyring.secret_file("far")), "ACBRIDGE_SERVER_KEY": str(keyring.server)}
    options = ("--source", "sim", "--controls", "sim", "--bind", "0.0.0.0", "--keys", str(keyring.directory))
    with (
        Daemon(*options, "--rate", "100") as daemon,
        daemon.connect(near) as bridge,
        Program("-c", example, f"{HERE}:{daemon.port}", python=far, env=env),
    ):
        drives_well(bridge, 8.0)


@pytest.mark.alone
def test_a_cable_that_is_cut_at_full_gas_leaves_the_car_neutral(far: Interpreter, ring: tuple[Keyring, Keys]) -> None:
    keyring, near = ring
    options = ("--source", "sim", "--controls", "sim", "--bind", "0.0.0.0", "--keys", str(keyring.directory))
    with (
        Daemon(*options, "--rate", "100") as daemon,
        daemon.connect(near) as bridge,
        bridge.frames(Controls, Event, timeout=10) as frames,
        Program("-c", GAS, f"{HERE}:{daemon.port}", str(keyring.secret_file("far")), str(keyring.server), python=far),
    ):
        until(lambda: bridge.latest(Controls, timeout=10).record.gas == 1.0, "full gas")
        ip("link", "set", LINK, "down")
        cut = time.perf_counter_ns()
        after = ((frame.record, frame.mono_ns - cut) for frame in frames if frame.mono_ns > cut)
        neutral, took_ns = next((r, ns) for r, ns in after if isinstance(r, Controls) and r.state == "neutral")
        assert (0.0, "ttl") == (neutral.gas, neutral.reason)
        assert took_ns <= 250e6
        _, took_ns = next((r, ns) for r, ns in after if isinstance(r, Event) and r.kind == EventKind.DRIVER_LOST)
        assert took_ns <= 1200e6


def test_a_daemon_that_other_machines_reach_drives_only_with_keys() -> None:
    program = Program("acbridge_daemon", "--source", "sim", "--controls", "sim", "--bind", "0.0.0.0", "--insecure")
    assert 2 == program.wait()
    assert "driving needs --keys DIR; --insecure never allows it" in " ".join(program.err)
