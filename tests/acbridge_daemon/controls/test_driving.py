"""Driving over real sockets: the stand-in in the daemon, and a game whose controls a test can read."""

import os
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import zmq

from acbridge import Bridge, Controls, Event, EventKind, NotDriving, Physics, RequestRefused, ResetFailed, requests
from acbridge.controls import STARTS, Command, Place
from acbridge.driving import Driver
from acbridge_daemon.controls.lease import Lease
from acbridge_sim import ControlPage
from acbridge_sim.control_page import SIZE
from bench import packb, unpackb
from game import Game
from keyring import Keyring
from ordered_sim import OrderedSim
from programs import PATIENCE_S, Daemon, Program, until

GAS = """
import sys, time, acbridge
from acbridge.driving import Driver
with acbridge.connect(port=int(sys.argv[1])) as bridge, Driver(bridge, "child") as driver:
    driver.reset("hotlap")
    print("driving", flush=True)
    while True:
        driver.drive(gas=1.0, ttl_ms=200)
        time.sleep(0.02)
"""


@pytest.fixture(scope="module")
def daemon() -> Iterator[Daemon]:
    with Daemon("--source", "sim", "--controls", "sim", "--rate", "200") as daemon:
        yield daemon


@pytest.fixture
def bridge(daemon: Daemon) -> Iterator[Bridge]:
    with daemon.connect() as bridge:
        until(lambda: free(bridge), "free controls")
        yield bridge


def free(bridge: Bridge) -> bool:
    return bridge.latest(Controls, timeout=10).record.state == "free"


def controls(bridge: Bridge, **wanted: Any) -> Controls:
    """Wait until the record of the controls has some values."""

    def holds(record: Controls) -> bool:
        return all(getattr(record, name) == value for name, value in wanted.items())

    return bridge.wait_for(Controls, lambda frame: holds(frame.record), timeout=20).record


def test_a_daemon_without_a_back_end_says_which_option_it_needs() -> None:
    with Daemon("--source", "sim") as daemon, daemon.connect() as bridge:
        with pytest.raises(RequestRefused, match="--source sim --controls sim") as caught:
            Driver(bridge, "me")
        assert "unavailable" == caught.value.code
        status = bridge.status()
        assert ("none", "none") == (status.controls_state, status.controls_backend)
        assert "none" == bridge.latest(Controls, timeout=5).record.state


def test_a_driver_who_comes_before_the_first_frame_drives_without_a_new_epoch() -> None:
    with (
        Daemon("--source", "sim", "--controls", "sim", "--rate", "2") as daemon,
        daemon.connect() as bridge,
        Driver(bridge, "me", lease_ms=5000, timeout=20) as driver,
    ):
        for _ in range(2):
            driver.drive(gas=1.0, ttl_ms=1000)
            assert 1 == controls(bridge, state="driving", gas=1.0).epoch == driver.epoch


def test_a_driver_who_comes_before_the_first_frame_waits_no_longer_than_for_it() -> None:
    with (
        Daemon("--source", "sim", "--controls", "sim", "--rate", "2") as daemon,
        daemon.connect() as bridge,
        Driver(bridge, "me", lease_ms=5000, timeout=PATIENCE_S),
    ):
        assert bridge.status().ticks < PATIENCE_S  # half of those in the timeout


def test_the_next_driver_is_not_refused_after_a_release(bridge: Bridge) -> None:
    for i in range(30):
        with Driver(bridge, f"driver {i}"):
            pass


def test_a_driver_without_a_sim_waits_no_longer_than_the_timeout(page_dir: Path) -> None:
    (page_dir / "acpmf_controls").write_bytes(bytes(2048))
    with Daemon("--page-dir", str(page_dir), "--controls", "page") as daemon, daemon.connect() as bridge:
        begun = time.perf_counter()
        with Driver(bridge, "me", lease_ms=5000, timeout=1.0) as driver:
            assert 1.0 <= time.perf_counter() - begun < 20.0
            with pytest.raises(NotDriving, match="absent"):
                until(lambda: driver.drive(gas=1.0), "the refusal")


def test_commands_reach_the_car_and_the_record(bridge: Bridge) -> None:
    with Driver(bridge, "me") as driver:
        assert ("sim", ("begin",), (*STARTS, "place")) == (driver.backend, driver.resets, driver.starts)
        driver.reset(Place(100.0))
        tick = bridge.sample().tick
        driver.drive(0.25, 0.5, 0.0, ttl_ms=1000, answering=tick)
        record = controls(bridge, state="driving")
        assert (0.25, 0.5, 0.0, 1.0) == (record.steer, record.gas, record.brake, record.clutch)
        assert ("me", 1, tick, "sim") == (record.driver, record.command, record.answered_tick, record.backend)
        assert record.lag_s is not None
        assert 0.0 < record.lag_s < 0.25
        seen = bridge.wait_for(Physics, lambda frame: frame.record.gas == 0.5, timeout=5).record
        assert 0.25 == pytest.approx(seen.steerAngle)
        assert "driving" == bridge.status().controls_state
    assert "released" == controls(bridge, state="free").reason


def test_a_driver_that_sends_nothing_more_leaves_the_car_neutral_but_keeps_the_lease(bridge: Bridge) -> None:
    with Driver(bridge, "me", lease_ms=300) as driver:
        driver.drive(gas=1.0, ttl_ms=100)
        controls(bridge, state="driving")
        record = controls(bridge, state="neutral")
        assert ("ttl", 0.0, 0.3, "me") == (record.reason, record.gas, record.brake, record.driver)
        time.sleep(1.0)  # more than three leases
        assert "me" == bridge.latest(Controls).record.driver
        driver.drive(gas=1.0)
        controls(bridge, state="driving")


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "stopped"])
@pytest.mark.alone
def test_a_driver_that_dies_at_full_gas_leaves_the_car_neutral_and_the_controls_free(
    daemon: Daemon, bridge: Bridge, how: signal.Signals
) -> None:
    with Program("-c", GAS, str(daemon.port)) as child, bridge.frames(Controls, Event, timeout=10) as frames:
        child.said("driving")
        controls(bridge, state="driving", gas=1.0)
        child.process.send_signal(how)
        died = time.perf_counter_ns()
        after = ((frame.record, frame.mono_ns - died) for frame in frames if frame.mono_ns > died)
        neutral, took_ns = next((r, ns) for r, ns in after if isinstance(r, Controls) and r.state == "neutral")
        assert (0.0, 0.3, "ttl") == (neutral.gas, neutral.brake, neutral.reason)
        assert took_ns <= 250e6
        lost, took_ns = next((r, ns) for r, ns in after if isinstance(r, Event) and r.kind == EventKind.DRIVER_LOST)
        assert ("child", "lost") == (lost.before, lost.reason)
        assert took_ns <= 1200e6
    assert "lost" == controls(bridge, state="free").reason


def test_of_two_drivers_the_first_drives_unless_the_second_takes_the_controls(daemon: Daemon, bridge: Bridge) -> None:
    with daemon.connect() as other, Driver(bridge, "first") as first:
        with pytest.raises(RequestRefused, match="first has held the controls") as caught:
            Driver(other, "second")
        assert "held" == caught.value.code
        first.drive(gas=0.5)
        with bridge.frames(Controls, Event, timeout=10) as frames:
            next(frames)  # the subscription is there
            second = Driver(other, "second", force=True)
            changed = next(frame.record for frame in frames if isinstance(frame.record, Event))
            assert ("first", "second", "forced") == (changed.before, changed.after, changed.reason)
            with pytest.raises(NotDriving, match="second does"):
                until(lambda: first.drive(gas=0.5), "the refusal")
            second.drive(brake=0.5)
            controls(bridge, driver="second", brake=0.5)
            second.release()


def test_a_stranger_stops_no_driver(daemon: Daemon, bridge: Bridge) -> None:
    with daemon.connect() as stranger, Driver(bridge, "me") as driver:
        for epoch, seq in ((2**52, 2**52), (driver.epoch, 2**52)):
            with pytest.raises(RequestRefused, match="you do not hold the controls") as caught:
                stranger.request("drive", token=5, epoch=epoch, seq=seq, steer=0, gas=0, brake=0)
            assert "not_driver" == caught.value.code
        for name in ("hold", "release"):
            with pytest.raises(RequestRefused, match="you do not hold the controls"):
                stranger.request(name, token=5)
        driver.drive(gas=0.7)
        controls(bridge, state="driving", gas=0.7)


@pytest.mark.parametrize("start", [*STARTS, Place(500.0, 1.0, 20.0), Place(3000.0)], ids=str)
def test_a_reset_is_verified_and_the_car_is_there(bridge: Bridge, start: Any) -> None:
    with Driver(bridge, "me") as driver:
        driver.reset(Place(1500.0, 0.0, 30.0))
        epoch = driver.epoch
        reset = driver.reset(start)
        assert ("begin", 1, epoch + 1) == (reset.means, reset.attempts, driver.epoch)
        sample = bridge.sample()
        assert sample.tick >= reset.frame.tick
        if isinstance(start, Place):
            where = sample.graphics.normalizedCarPosition * 3465
            assert start.s == pytest.approx(where, abs=3 + start.speed * 0.2)
            assert start.speed == pytest.approx(sample.physics.speedKmh / 3.6, abs=2.0)
        else:
            assert (sample.physics.speedKmh > 80) == (start == "hotlap")
            assert bool(sample.graphics.isInPit) == (start == "pits")
        driver.drive(gas=1.0)
        controls(bridge, state="driving")


def test_a_shift_with_the_first_command_of_an_epoch_is_a_shift(bridge: Bridge) -> None:
    with Driver(bridge, "me") as driver:
        driver.reset(Place(500.0, 0.0, 30.0))
        before = bridge.latest(Controls).record.shifts_down
        driver.drive(gas=0.5, shift=-1)
        controls(bridge, shifts_down=before + 1, state="driving")


def test_commands_that_were_on_their_way_when_a_reset_began_mean_nothing(bridge: Bridge) -> None:
    with Driver(bridge, "me") as driver:
        for _ in range(5):
            for _ in range(10):
                driver.drive(gas=0.5)
            driver.reset(Place(500.0, 0.0, 20.0))
            driver.drive(gas=0.5)
            controls(bridge, state="driving", epoch=driver.epoch)


def test_a_place_behind_the_barrier_fails_by_name(bridge: Bridge) -> None:
    with Driver(bridge, "me") as driver:
        with pytest.raises(ResetFailed, match="barrier"):
            driver.reset(Place(500.0, 80.0))
        driver.drive(gas=0.5)
        controls(bridge, state="driving")


def test_a_command_that_answers_an_old_frame_is_refused_and_the_last_good_one_stands(bridge: Bridge) -> None:
    with Driver(bridge, "me") as driver:
        driver.drive(gas=0.6, ttl_ms=1000)
        controls(bridge, gas=0.6)
        before = bridge.latest(Controls).record.refused
        driver.drive(gas=0.9, answering=1)
        assert 0.6 == controls(bridge, refused=before + 1).gas
        driver.drive(gas=0.8)
        controls(bridge, gas=0.8)


BAD: dict[str, Any] = {
    "NaN": float("nan"),
    "inf": float("inf"),
    "true": True,
    "text": "1",
    "more": 1.0001,
    "less": -1.5,
    "huge": 2**64 - 1,
    "nil": None,
    "list": [0.5],
}


@pytest.mark.parametrize("value", BAD.values(), ids=BAD)
@pytest.mark.parametrize("axis", ["steer", "gas", "brake", "clutch"])
def test_a_value_that_cannot_be_moves_no_axis(bridge: Bridge, axis: str, value: object) -> None:
    with Driver(bridge, "me") as driver:
        driver.drive(gas=0.6, ttl_ms=1000)
        given: dict[str, Any] = {"steer": 0.0, "gas": 0.0, "brake": 0.0} | {axis: value}
        with pytest.raises(RequestRefused) as caught:
            bridge.request("drive", token=driver.token, epoch=driver.epoch, seq=10**6, **given)
        assert "bad_argument" == caught.value.code
        record = controls(bridge, state="driving")
        assert (0.0, 0.6, 0.0, 1.0) == (record.steer, record.gas, record.brake, record.clutch)


def test_a_hundred_thousand_bodies_move_no_axis_out_of_its_range() -> None:
    dice = random.Random(1)
    good: dict[str, Any] = {
        "request": "drive",
        "token": 1,
        "epoch": 1,
        "seq": 1,
        "steer": 0.5,
        "gas": 0.5,
        "brake": 0.0,
    }
    odd: list[Any] = [*BAD.values(), -1, 0, 1, 0.0, -0.0, 0.5, -1.0, 1e-300, -1e308, {}, b"", 2**53, "ttl_ms"]
    lease, accepted = Lease(Command()), 0
    for number in range(100_000):
        if number % 10 == 0:
            lease.acquire(0, "me", 5000, 1, held=1)
        values = good | {
            "epoch": lease.epoch,
            "seq": number,
            dice.choice([*good, "clutch", "ttl_ms", "tick", "x"]): dice.choice(odd),
        }
        values.pop(dice.choice([*good, *[""] * 20]), None)
        body = bytearray(packb(values))
        if number % 3 == 0:
            body[dice.randrange(len(body))] = dice.randrange(256)
        before = lease.command()
        try:
            request = requests.check_request(requests.unpack_request(bytes(body)))
            if request.name != "drive":
                continue
            a = request.arguments
            command = Command(*(a[axis] for axis in Command._fields))
            lease.drive(0, a["token"], a["epoch"], a["seq"], command, a["ttl_ms"], a["tick"])
        except RequestRefused:
            assert before == lease.command()
            continue
        accepted += 1
        now = lease.command()
        assert -1.0 <= now.steer <= 1.0
        assert all(0.0 <= axis <= 1.0 for axis in (now.gas, now.brake, now.clutch))
    assert 5_000 < accepted < 95_000


def test_five_minutes_of_driving_leave_remembered_replies_untouched(daemon: Daemon, bridge: Bridge) -> None:
    body = packb({"request": "mark", "id": "once", "text": "here"})
    with zmq.Context() as context, context.socket(zmq.DEALER) as dealer, Driver(bridge, "me") as driver:
        dealer.linger = 0
        dealer.connect(f"tcp://127.0.0.1:{daemon.port + 1}")

        def ask(sent: bytes) -> Any:
            dealer.send_multipart([b"", sent])
            assert dealer.poll(10_000)
            return unpackb(dealer.recv_multipart()[-1])

        first, applied, seq = ask(body), 0, 10
        while applied < 15_000:  # as many as five minutes have; one that comes too fast is refused as busy
            reply = ask(
                packb({
                    "request": "drive", "token": driver.token, "epoch": driver.epoch, "seq": seq,
                    "steer": 0.0, "gas": 0.1, "brake": 0.0,
                })
            )  # fmt: skip
            seq += 1
            applied += reply["ok"]
            assert reply["ok"] or reply["error"]["code"] == "busy"
        until(lambda: first == ask(body), "the reply that was remembered")  # busy comes first


# ---- A game whose controls a test can read


class Rig:
    """A game in shared memory, a control page that the daemon writes, and a driver at full gas."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / "acpmf_controls"
        self._path.write_bytes(bytes(2048))
        self.game = Game(directory)
        self.daemon = Daemon("--page-dir", str(directory), "--controls", "page", "--rate", "100")
        self.bridge = self.daemon.connect()
        self.bridge.latest(Physics, timeout=20)
        self.driver = Driver(self.bridge, "me")

    @property
    def applied(self) -> ControlPage:
        page = ControlPage.unpack(self._path.read_bytes()[:SIZE])
        assert page is not None
        return page

    def gas(self) -> None:
        """Keep full gas, and wait until it is applied."""

        def given() -> bool:
            self.driver.drive(gas=1.0, ttl_ms=1000)
            return self.applied.gas == 1.0

        until(given, "full gas")

    def close(self) -> None:
        self.driver.release()
        self.bridge.close()
        self.daemon.end()
        self.game.kill()


@pytest.fixture
def rig(page_dir: Path) -> Iterator[Rig]:
    rig = Rig(page_dir)
    yield rig
    rig.close()


@pytest.mark.parametrize(
    ("order", "reason", "back"),
    [("status 3", "paused", "status 2"), ("status 1", "replay", "status 2"), ("status 0", "idle", "status 2")],
)
def test_a_sim_that_takes_no_commands_makes_the_car_neutral_until_the_driver_begins_anew(
    rig: Rig, order: str, reason: str, back: str
) -> None:
    rig.gas()
    rig.game.order(order)
    record = controls(rig.bridge, state="suspended")
    assert (reason, 0.0, 0.3, "me") == (record.reason, record.gas, record.brake, record.driver)
    assert (0.0, pytest.approx(0.3)) == (rig.applied.gas, rig.applied.brake)
    with pytest.raises(NotDriving, match=reason) as caught:
        until(lambda: rig.driver.drive(gas=1.0), "the refusal")
    assert reason == caught.value.reason
    rig.game.order(back)
    controls(rig.bridge, state="neutral", reason=reason)
    rig.driver.resume()
    rig.gas()


def test_a_sim_that_hangs_suspends_the_driver(rig: Rig) -> None:
    rig.gas()
    rig.game.order("stands on")
    assert "frozen" == controls(rig.bridge, state="suspended").reason
    until(lambda: rig.applied.gas == 0.0, "neutral")


def test_a_new_process_of_the_sim_ends_the_epoch(rig: Rig) -> None:
    until(lambda: rig.bridge.latest(Physics).record.packetId > 300, "a session of some length")
    rig.gas()
    epoch = rig.driver.epoch
    rig.game.order("restart")
    record = rig.bridge.wait_for(Controls, lambda frame: frame.record.epoch > epoch, timeout=20).record
    assert ("neutral", "session", 0.0) == (record.state, record.reason, record.gas)
    with pytest.raises(NotDriving, match=f"epoch {epoch} has ended") as caught:
        until(lambda: rig.driver.drive(gas=1.0), "the refusal")
    assert "session" == caught.value.reason
    rig.driver.resume()
    rig.gas()


@pytest.mark.parametrize(("what", "reason"), [("carModel", "car"), ("track", "session")])
def test_another_car_or_track_ends_the_epoch(rig: Rig, what: str, reason: str) -> None:
    rig.gas()
    epoch = rig.driver.epoch
    rig.game.order(f'text {what} "another"')
    record = rig.bridge.wait_for(Controls, lambda frame: frame.record.epoch > epoch, timeout=20).record
    assert ("neutral", reason, 0.0, "me") == (record.state, record.reason, record.gas, record.driver)
    until(lambda: rig.applied.gas == 0.0, "neutral")
    with pytest.raises(NotDriving, match=f"epoch {epoch} has ended") as caught:
        until(lambda: rig.driver.drive(gas=1.0), "the refusal")
    assert reason == caught.value.reason
    rig.driver.resume()
    rig.gas()


def test_a_sim_that_drives_by_itself_is_named_while_the_driver_keeps_the_controls(page_dir: Path) -> None:
    with (
        OrderedSim(page_dir) as sim,
        Daemon("--page-dir", str(page_dir), "--controls", "page") as daemon,
        daemon.connect() as bridge,
        Driver(bridge, "me", lease_ms=5000, timeout=20) as driver,
    ):
        for order, reason in (("ai on", "ai"), ("ai off", None)):
            sim.order(order)

            def named(reason: str | None = reason) -> bool:
                driver.drive(gas=0.5, ttl_ms=1000)
                record = bridge.latest(Controls).record
                return ("driving", reason, "me", 0.5) == (record.state, record.reason, record.driver, record.gas)

            until(named, f"the reason {reason}")


def test_a_driver_whose_key_loses_its_role_leaves_the_car_neutral_and_the_controls_free(tmp_path: Path) -> None:
    ring = Keyring(tmp_path / "keys")
    rig, robot = ring.add("rig"), ring.add("robot")
    with (
        Daemon("--source", "sim", "--controls", "sim", "--keys", str(ring.directory)) as daemon,
        daemon.connect(rig) as bridge,
        daemon.connect(robot) as other,
        Driver(other, "robot", timeout=20) as driver,
    ):

        def gas() -> None:
            driver.drive(gas=1.0)

        until(lambda: gas() or bridge.latest(Controls).record.gas == 1.0, "full gas")
        path = ring.public_file("robot")
        path.write_text(path.read_text().replace("operator", "observer"))
        with bridge.frames(Event, timeout=20) as events:
            bridge.request("reload_keys", timeout=20)
            with pytest.raises(NotDriving, match="the role observer") as caught:
                until(gas, "the refusal")
            assert "forbidden" == caught.value.reason
            lost = next(frame.record for frame in events if frame.record.kind == EventKind.DRIVER_LOST)
        assert ("robot", "lost") == (lost.before, lost.reason)
        record = controls(bridge, state="free")
        assert (0.0, 0.3) == (record.gas, record.brake)


def test_input_that_never_reaches_the_car_is_noticed(rig: Rig) -> None:
    def noticed() -> bool:  # this game drives by itself
        rig.driver.drive(gas=0.0, brake=1.0)
        return rig.bridge.latest(Controls).record.frozen_input

    until(noticed, "frozen input")


def test_a_reset_that_the_sim_ignores_fails_by_name_and_the_next_command_drives(rig: Rig) -> None:
    with pytest.raises(ResetFailed, match="after 3 attempts, the last by begin: begin: ") as caught:
        rig.driver.reset("grid", timeout=30)
    assert 3 == caught.value.attempts
    rig.gas()


def test_a_driver_whose_daemon_is_killed_learns_that_the_link_is_lost(rig: Rig) -> None:
    rig.gas()
    os.kill(rig.daemon.process.pid, signal.SIGKILL)
    with pytest.raises(NotDriving) as caught:
        until(lambda: rig.driver.drive(gas=1.0), "the loss")
    assert "link_lost" == caught.value.reason
