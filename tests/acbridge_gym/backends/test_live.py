"""The car of a daemon: real time, fresh observations, a named reason for all that can end, and recovery by reset."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

from acbridge import NoFrame, NotDriving, RequestRefused, ResetFailed
from acbridge.driving import Driver
from acbridge_gym import RaceEnv, Seen
from acbridge_gym.backends.live import LiveCar
from acbridge_gym.rules import PLACES
from acbridge_gym.seen import see
from acbridge_sim import World, layout
from ordered_sim import OrderedSim
from programs import Daemon, until
from racing import observation, rules

ID = "acbridge/Race-v0"
GAS = np.array([0.0, 0.3], np.float32)
START = {"s": 20.0, "speed": 15.0}
FAR = {"s": 700.0, "speed": 15.0}
"""Far from where a session begins."""
SIM = ("--source", "sim", "--controls", "sim", "--rate", "333.33")


def made(daemon: Daemon, **settings: Any) -> RaceEnv:
    keywords: dict[str, Any] = {"start": START, **settings}
    env = gym.make(ID, port=daemon.port, flat=True, **keywords).unwrapped
    assert isinstance(env, RaceEnv)
    return env


@pytest.fixture(scope="module")
def daemon() -> Iterator[Daemon]:
    with Daemon(*SIM) as daemon:
        yield daemon


@pytest.fixture
def own() -> Iterator[Daemon]:
    with Daemon(*SIM) as daemon:
        yield daemon


def end_of(env: RaceEnv, steps: int = 200) -> tuple[Any, Any, dict[str, Any]]:
    """Drive until the episode ends; return the observation before, the last one, and the info."""
    before = None
    for _ in range(steps):
        begun = time.perf_counter()
        observation, _, terminated, truncated, info = env.step(GAS)
        assert time.perf_counter() - begun < 1.0
        if terminated or truncated:
            assert truncated
            return before, observation, info
        before = observation
    raise AssertionError("the episode did not end")


def drives(env: RaceEnv, steps: int = 5) -> None:
    """Reset, and check that an episode drives."""
    env.reset()
    for _ in range(steps):
        _, _, terminated, truncated, info = env.step(GAS)
        assert (False, False) == (terminated, truncated), info["reason"]


def test_nothing_is_connected_before_the_first_reset_which_says_that_no_daemon_is_there() -> None:
    env = gym.make(ID, port=1)
    begun = time.perf_counter()
    with pytest.raises(NoFrame, match="start acbridge-daemon"):
        env.reset()
    assert time.perf_counter() - begun < 1.5
    env.close()


@pytest.mark.alone
@pytest.mark.parametrize("clock", ["elastic", "frame"])
def test_an_episode_drives(daemon: Daemon, clock: str) -> None:
    env = made(daemon, clock=clock)
    observation, info = env.reset(seed=1)
    assert env.observation_space.contains(observation)
    assert ("begin", 1) == (info["reset"]["means"], info["reset"]["attempts"])
    assert info["reset"]["start_error_m"] < 5
    ticks, ages, begun = [info["tick"]], list[float](), time.perf_counter()
    for _ in range(60):
        observation, _, terminated, truncated, info = env.step(GAS)
        assert (False, False) == (terminated, truncated), info["reason"]
        assert env.observation_space.contains(observation)
        assert info["step_ms"] >= 22.5
        ticks.append(info["tick"])
        ages.append(info["age_ms"])
    took = time.perf_counter() - begun
    env.close()
    assert sorted(set(ticks)) == ticks
    assert 60 * 0.045 == pytest.approx(took, rel=0.1)
    assert 900 == pytest.approx(ticks[-1] - ticks[0], rel=0.1)
    assert float(np.median(ages)) < 9


def test_it_observes_of_a_place_what_the_stand_in_in_this_process_does(daemon: Daemon) -> None:
    env = made(daemon, start={"s": 700.0, "offset": 1.0, "speed": 20.0})
    env.reset()
    for _ in range(10):
        env.step(GAS)
    there, car = env.step(GAS)[0], env.backend.instants[1]
    env.close()
    world, seen = World(track=layout("circuit"), driver="none"), Seen()
    world.put(car.distance, -car.offset)
    world.car.heading = car.heading
    see(world.car, world.car.spec, world.timing, seen)
    world.car.x += car.x - seen.x
    world.car.z += car.z - seen.z
    see(world.car, world.car.spec, world.timing, seen)
    seen.forward, seen.right = car.forward, car.right
    here = observation(seen, world.track.road, rules(flat=True))
    place = slice(6, 13 + 5 * PLACES)  # from speed_squared to bend: what the place and the speed decide
    assert here[place].tolist() == pytest.approx(there[place].tolist(), abs=2e-5)


@pytest.mark.alone
@pytest.mark.parametrize("clock", ["elastic", "frame"])
@pytest.mark.parametrize(("on_stall", "reason"), [("truncate", "stalled"), ("flag", "")])
def test_a_second_away_is_one_long_step(daemon: Daemon, clock: str, on_stall: str, reason: str) -> None:
    env = made(daemon, clock=clock, on_stall=on_stall)
    drives(env)
    time.sleep(1.0)
    _, _, terminated, truncated, info = env.step(GAS)
    assert (reason, False, bool(reason)) == (info["reason"], terminated, truncated)
    assert (True, True) == (info["overrun"], info["discard"])
    if not reason:
        assert 1000 == pytest.approx(info["step_ms"], rel=0.2)
        assert info["age_ms"] <= 3 + 5
        for _ in range(5):
            info = env.step(GAS)[4]
            assert (False, False, "") == (info["overrun"], info["discard"], info["reason"])
            assert 22.5 <= info["step_ms"] < 90
    drives(env)
    env.close()


@pytest.mark.alone
@pytest.mark.parametrize("clock", ["elastic", "frame"])
def test_a_learner_can_work_between_the_halves_of_a_step(daemon: Daemon, clock: str) -> None:
    env = made(daemon, clock=clock)
    drives(env)
    lengths: list[float] = []
    for _ in range(20):
        env.send_action(GAS)
        time.sleep(0.025)
        lengths.append(env.wait_step()[4]["step_ms"])
    env.close()
    assert 44 < float(np.median(lengths)) < 60  # not 70


@pytest.mark.alone
@pytest.mark.parametrize("least", [1, pytest.param(100, marks=pytest.mark.long)])
@pytest.mark.parametrize("clock", ["elastic", "frame"])
def test_the_clock_does_not_drift(daemon: Daemon, clock: str, least: int) -> None:
    """The earliest ends of steps stay on the grid; where the machine stalls, a new grid begins."""
    keywords: dict[str, Any] = {"on_stall": "flag", "ends": {"off_track_s": 1e6, "wrong_way_m": 1e6}}
    env = made(daemon, clock=clock, step_ms=21, max_episode_s=1e6, **keywords)
    env.reset()
    late, off_ms, drifts = list[float](), 0.0, list[float]()
    for _ in range(1000 * least):
        info = env.step(np.zeros(2, np.float32))[4]
        assert info["step_ms"] >= 10.5
        if info["reason"]:  # such as by a link that a busy machine holds up
            until(lambda: _resets(env), "the reset after it")
        if info["reason"] or info["step_ms"] > 31:
            late, off_ms = [], 0.0
        else:
            off_ms += info["step_ms"] - 21
            late.append(off_ms)
        if len(late) == 100:
            drifts.append(min(late[50:]) - min(late[:50]))
            late, off_ms = [], 0.0
            if len(drifts) == least:
                break
    env.close()
    assert least == len(drifts)
    assert max(map(abs, drifts)) < 1


@pytest.mark.alone
def test_a_short_absence_is_an_overrun(daemon: Daemon) -> None:
    env = made(daemon)
    drives(env)
    time.sleep(0.12)
    info = env.step(GAS)[4]
    assert (True, False, "") == (info["overrun"], info["discard"], info["reason"])
    assert not env.step(GAS)[4]["overrun"]
    env.close()


@pytest.mark.alone
def test_a_daemon_that_hangs_is_a_lost_link_and_the_last_observation_stands(own: Daemon) -> None:
    env = made(own)
    drives(env)
    before = env.step(GAS)[0]
    own.process.send_signal(signal.SIGSTOP)
    try:
        first, last, info = end_of(env)
        assert "link_lost" == info["reason"]
        assert (before if first is None else first).tolist() == last.tolist()
        begun = time.perf_counter()
        with pytest.raises(NoFrame):
            env.reset()
        assert time.perf_counter() - begun < 1.5
    finally:
        own.process.send_signal(signal.SIGCONT)
    until(lambda: _resets(env), "the reset after it")  # its sim is not live at once
    drives(env)
    env.close()


@pytest.mark.alone
def test_another_daemon_on_the_same_port_is_driven_after_a_reset(own: Daemon) -> None:
    env = made(own)
    drives(env)
    own.end(signal.SIGKILL)
    assert "link_lost" == end_of(env)[2]["reason"]
    with Daemon(*SIM, port=own.port):
        until(lambda: _resets(env), "the reset after it")
        drives(env)
        env.close()


@pytest.mark.alone
def test_controls_that_another_driver_takes_are_lost_until_it_gives_them_back(daemon: Daemon) -> None:
    env = made(daemon)
    drives(env)
    with daemon.connect() as bridge, Driver(bridge, "other", force=True):
        assert "control_lost" == end_of(env)[2]["reason"]
        with pytest.raises(RequestRefused, match="other has held the controls"):
            env.reset()
    drives(env)
    env.close()


@pytest.fixture(scope="module")
def ordered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[OrderedSim, Daemon]]:
    """Run a stand-in that obeys orders, and a daemon that drives its car."""
    shm = Path("/dev/shm")
    parent = shm if os.access(shm, os.W_OK) else tmp_path_factory.mktemp("pages")
    with (
        TemporaryDirectory(prefix="acbridge-test-", dir=parent) as pages,
        OrderedSim(Path(pages)) as sim,
        Daemon("--page-dir", pages, "--controls", "page", "--rate", "333.33") as daemon,
    ):
        yield sim, daemon


@pytest.mark.alone
@pytest.mark.parametrize(
    ("order", "after", "reason"),
    [
        ("pause", "live", "paused"),
        ("replay", "live", "paused"),
        ("esc", "live", "frozen"),
        ("off", "live", "sim_off"),
        ("restart", "live", "session_restarted"),
        ("qualify", "practice", "session_restarted"),
        ("deaf on", "deaf off", "input_frozen"),
        ("ai on", "ai off", "ai_control"),
    ],
)
def test_a_fault_of_the_sim_ends_the_episode_by_name_and_the_reset_after_it_drives(
    ordered: tuple[OrderedSim, Daemon], order: str, after: str, reason: str
) -> None:
    sim, daemon = ordered
    with closing(made(daemon, start=FAR)) as env:

        def provoked() -> bool:
            """Provoke the fault; return whether the episode ended for it, and not because the machine stalled."""
            until(lambda: _resets(env), "the reset")
            good = env.step(GAS)
            sim.order(order)
            before, last, info = end_of(env)
            if info["reason"] != reason and info["reason"] in ("link_lost", "frozen"):
                sim.order(after)
                return False
            assert reason == info["reason"]
            assert info["discard"]
            assert (good[0] if before is None else before).tolist() == last.tolist()
            assert last.any()
            return True

        try:
            until(provoked, reason)
            if reason in ("paused", "sim_off"):
                begun = time.perf_counter()
                with pytest.raises((NoFrame, NotDriving)):
                    env.reset()
                assert time.perf_counter() - begun < 1.5
        finally:
            sim.order(after)
        until(lambda: _resets(env) and env.step(GAS)[4]["reason"] == "", "a step after the next reset")


@pytest.mark.alone
def test_a_session_that_begins_again_when_it_has_just_begun_shows_by_the_place_of_the_car(
    ordered: tuple[OrderedSim, Daemon],
) -> None:
    sim, daemon = ordered
    with closing(made(daemon, start=FAR)) as env:

        def ended() -> bool:
            sim.order("restart")
            until(lambda: _resets(env), "the reset")
            sim.order("restart")  # the time that is left grows by less than clocks are set back now and then
            reason = end_of(env)[2]["reason"]
            assert reason in ("session_restarted", "link_lost"), reason  # the latter if the machine stalled
            return reason == "session_restarted"

        until(ended, "the end of the episode")


@pytest.mark.alone
def test_a_reset_that_the_sim_does_not_carry_out_fails_in_time_and_by_name(ordered: tuple[OrderedSim, Daemon]) -> None:
    sim, daemon = ordered
    with closing(made(daemon, reset_s=1.0)) as env:
        until(lambda: _resets(env), "the first reset")
        sim.order("stubborn on")
        begun = time.perf_counter()
        with pytest.raises(ResetFailed, match="the reset to 1500 m failed"):
            env.reset(options={"start": {"s": 1500.0, "speed": 15.0}})
        assert time.perf_counter() - begun < 2.5
        sim.order("stubborn off")
        until(lambda: _resets(env), "the reset after it")
        drives(env)


def _resets(env: RaceEnv) -> bool:
    try:
        env.reset()
    except (NoFrame, NotDriving, ResetFailed):
        return False
    return True


@pytest.mark.parametrize("wrong", [{"clock": "sun"}, {"on_stall": "wait"}, {"reset_s": 0}, {"driver": ""}])
def test_a_wrong_setting_is_refused_at_once(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"clock|on_stall|reset_s|driver"):
        LiveCar("127.0.0.1", 5555, **wrong)
