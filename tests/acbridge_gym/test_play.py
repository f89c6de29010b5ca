"""A person drives the stand-in in a window: keys, ghost, laps, and every way to end it."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pygame
import pytest
from click.testing import CliRunner
from gymnasium.utils.env_checker import check_env

from acbridge_gym.cli import main
from acbridge_gym.cockpit import Cockpit
from acbridge_gym.ghost import Ghost, Moment, driver_lap, policy_lap
from acbridge_gym.human import HumanView
from acbridge_gym.policy import Policy, manifest_of
from acbridge_gym.scene import Inputs, Laps, Place, Rival, Scene, Shown, lap_text
from acbridge_gym.seen import Seen
from acbridge_gym.settings import Settings
from acbridge_gym.window import Window
from acbridge_sim import CarSpec, SessionType, Track, layout
from programs import Program, until

OVAL = layout("oval")
FRAME_S = 1 / 60


class Driven(list[tuple[float, bool]]):
    """The laps of a drive: times, and whether they are valid."""

    def __call__(self, time_s: float, valid: bool) -> None:
        self.append((time_s, valid))


class Clock:
    """A clock that a test moves on."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def no_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")


@pytest.fixture
def window(monkeypatch: pytest.MonkeyPatch) -> Iterator[Window]:
    """Open a window without a screen, which waits for nothing."""
    window = Window(OVAL, "test")

    def at_once(rate_hz: float) -> None:
        del rate_hz

    monkeypatch.setattr(window, "wait", at_once)
    yield window
    window.close()


def press(key: int, *, up: bool = False) -> None:
    pygame.event.post(pygame.event.Event(pygame.KEYUP if up else pygame.KEYDOWN, key=key))


def driven(
    window: Window,
    at: dict[int, Callable[[], object]],
    frames: int = 600,
    *,
    ghost: Ghost | None = None,
    session: SessionType = SessionType.HOTLAP,
) -> tuple[Cockpit, int]:
    """Let a person do something at some pictures; return the cockpit, and how many pictures there were."""
    clock, laps, count = Clock(), Driven(), 0
    cockpit = Cockpit(OVAL, window, ghost, None, session, laps, clock=clock)

    def over() -> bool:
        nonlocal count
        clock.now += FRAME_S
        count += 1
        if count in at:
            at[count]()
        return count > frames

    cockpit.run(over)
    return cockpit, count


def test_a_person_sees_the_whole_start_and_drives_off(window: Window) -> None:
    speeds: list[float] = []
    pictures: list[Any] = []
    cockpit: Cockpit

    def look() -> None:
        pictures.append(pygame.surfarray.array3d(pygame.display.get_surface()))

    at: dict[int, Callable[[], object]] = {2: look, 10: lambda: press(pygame.K_UP), 230: look, 420: look}
    cockpit, _ = driven(window, at, 420, session=SessionType.RACE)
    speeds.append(3.6 * cockpit.world.car.speed)
    assert speeds[0] > 40  # 3 s of lights, 4 s of gas
    assert cockpit.world.timing.running
    first, still, last = pictures
    assert (1100, 720, 3) == first.shape
    assert (first != last).mean() > 0.2
    columns, rows = np.nonzero((last == (226, 62, 48)).all(2))
    assert 550 == pytest.approx(columns[rows > 560].mean(), abs=4)  # the car
    assert (still != first).any()


def test_the_arrows_steer_brake_and_let_go(window: Window) -> None:
    at: dict[int, Callable[[], object]] = {
        1: lambda: press(pygame.K_w),
        40: lambda: press(pygame.K_RIGHT),
        50: lambda: press(pygame.K_RIGHT, up=True),
        51: lambda: press(pygame.K_w, up=True),
        52: lambda: press(pygame.K_SPACE),
    }
    assert driven(window, {1: at[1]}, 39)[0].world.car.gas > 0.9
    right = driven(window, {key: at[key] for key in (1, 40)}, 50)[0].world.car
    assert right.steer > 0.05
    assert right.yaw_rate < 0
    braking = driven(window, at, 70)[0].world.car
    assert (0, True) == (braking.gas, braking.brake > 0.5)


@pytest.mark.parametrize("key", [pygame.K_ESCAPE, pygame.K_q])
def test_a_key_ends_it(window: Window, key: int) -> None:
    assert 20 == driven(window, {20: lambda: press(key)})[1]


def test_closing_the_window_ends_it(window: Window) -> None:
    assert 20 == driven(window, {20: lambda: pygame.event.post(pygame.event.Event(pygame.QUIT))})[1]


def test_r_starts_again(window: Window) -> None:
    cockpit, _ = driven(window, {1: lambda: press(pygame.K_UP), 100: lambda: press(pygame.K_r)}, 101)
    assert OVAL.length - 450 == pytest.approx(cockpit.world.car.distance, abs=3)


def test_a_window_that_loses_the_focus_lets_all_keys_go(window: Window) -> None:
    lost = pygame.event.Event(pygame.WINDOWFOCUSLOST)
    cockpit, _ = driven(window, {1: lambda: press(pygame.K_UP), 50: lambda: pygame.event.post(lost)}, 80)
    assert 0 == cockpit.world.car.gas


def whole(ghost: Ghost) -> Ghost:
    ghost.work(lambda: False)
    return ghost


def test_the_ghost_of_the_driver_is_its_lap() -> None:
    ghost = whole(Ghost("driver", driver_lap(OVAL, CarSpec())))
    assert ghost.lap_s is not None
    assert 40 < ghost.lap_s < 80
    assert ghost.at(-0.1) is None
    assert ghost.at(ghost.lap_s + 1) is None
    for time_s in (0.5, 7.7, ghost.lap_s - 0.5):
        moment = ghost.at(time_s)
        assert moment is not None
        assert OVAL.locate(moment.x, moment.z).distance == pytest.approx(moment.distance, abs=0.5)
        assert 0 == pytest.approx(ghost.behind(time_s, moment.distance), abs=0.01)
        assert 1.5 == pytest.approx(ghost.behind(time_s + 1.5, moment.distance), abs=0.01)


def test_a_ghost_is_driven_little_by_little_and_turns_the_short_way() -> None:
    moments = [Moment(float(k), 10.0 * k, 10.0 * k, 0.0, 3.1 if k < 2 else -3.1) for k in range(4)]
    ghost = Ghost("test", iter([(None, None), *((moment, None) for moment in moments), (None, 3.5)]))
    assert ghost.behind(1.0, 5.0) is None
    ghost.work(lambda: True)
    assert ghost.at(0.5) is None
    whole(ghost)
    assert 3.5 == ghost.lap_s
    turning = ghost.at(1.5)
    assert turning is not None
    assert np.pi == pytest.approx(abs(turning.heading), abs=0.05)
    assert -0.5 == pytest.approx(ghost.behind(0.0, 5.0))


def test_a_person_who_drives_a_lap_sees_its_time_and_the_ghost_drives_it_too(window: Window) -> None:
    """The lap is driven by the built-in driver, whose commands are the person's."""
    from acbridge_sim.model.driver import BuiltInDriver
    from acbridge_sim.world import racing_line

    clock, laps, shown = Clock(), Driven(), list[Shown]()
    ghost = whole(Ghost("the driver", driver_lap(OVAL, CarSpec())))
    cockpit = Cockpit(OVAL, window, ghost, None, SessionType.HOTLAP, laps, clock=clock)
    driver = BuiltInDriver(racing_line(OVAL, CarSpec()), cockpit.world.car)
    step = cockpit.world.step

    def drive(count: int, _: Any) -> None:
        for _ in range(count):
            step(1, driver.drive())

    cockpit.world.step = drive  # type: ignore[method-assign]
    window.show = shown.append  # type: ignore[method-assign]

    def over() -> bool:
        clock.now += 0.05
        return bool(laps)

    cockpit.run(over)
    (time_s, valid), rivals = laps[0], [each.rival for each in shown if each.rival]
    assert valid
    assert time_s == pytest.approx(ghost.lap_s, abs=0.3)
    deltas = [rival.delta_s for rival in rivals if rival.delta_s is not None]
    assert len(deltas) > 500
    assert max(map(abs, deltas)) < 0.5
    apart = [np.hypot(s.car.x - s.rival.place.x, s.car.z - s.rival.place.z) for s in shown if s.rival and s.rival.place]
    assert float(np.median(apart)) < 15


def policy_of(track: Track) -> Policy:
    """Return a policy of one layer that steers to the middle of the road."""
    settings = Settings(flat=True)
    sizes = {channel.name: channel.size for channel in settings.table}
    weights = np.zeros((2, sum(sizes.values())), np.float32)
    at = 0
    for name, size in sizes.items():
        if name == "course":
            weights[0, at + 4 * 5 + 1] = weights[0, at + 4 * 5 + 3] = 1 / 0.45  # to the right, of both edges
        if name == "speed":
            weights[1, at] = -2.0
        at += size
    layer = (weights, np.array([0.0, 0.9], np.float32))
    one = np.ones(weights.shape[1], np.float32)
    return Policy(0 * one, one, (layer,), manifest_of(settings, track=track.name))


def test_the_ghost_of_a_policy_is_its_lap() -> None:
    policy = policy_of(OVAL)
    ghost = whole(Ghost("mine", policy_lap(policy.act, OVAL, dict(policy.settings))))
    assert ghost.lap_s is not None
    assert ghost.at(ghost.lap_s / 2) is not None


@pytest.mark.parametrize("size", [(1100, 720), (500, 400)])
def test_a_scene_shows_everything_at_any_size_and_survives_a_car_that_is_nowhere(size: tuple[int, int]) -> None:
    scene, surface = Scene(layout("circuit")), pygame.Surface(size)
    track = layout("circuit")
    x, z, heading = track.point(track.spacing * track.kerb.index(True))
    trail = [(x, z - k, (-1.0) ** k) for k in range(20)]
    rival = Rival("a ghost", Place(x + 3, z + 9, heading), 97.8, -0.43)
    laps = Laps(2, 61.2, valid=False, last_s=99.0, last_valid=False, best_s=98.0)
    inputs = Inputs(-0.5, 0.3, 0.9, 212.0, 5, 1.02, 3)
    scene.draw(surface, Shown(Place(x, z, heading), inputs, laps, rival, trail, "note"))
    colours = {tuple(colour) for colour in pygame.surfarray.array3d(surface).reshape(-1, 3).tolist()}
    assert {(62, 64, 70), (58, 92, 58), (196, 52, 46), (232, 76, 66), (92, 200, 110), (240, 240, 236)} <= colours
    scene.draw(surface, Shown(Place(np.nan, np.inf, 0.0), Inputs(rpm=np.nan), Laps(), Rival("nowhere")))


def test_the_render_mode_human_shows_every_step_in_real_time() -> None:
    env = gym.make("acbridge_gym:acbridge/RaceSim-v0", track="oval", render_mode="human", start="hotlap")
    env.reset(seed=0)
    begun, pictures = time.perf_counter(), list[Any]()
    for _ in range(12):
        env.step(np.array([0.0, 0.5], np.float32))
        pictures.append(pygame.surfarray.array3d(pygame.display.get_surface()))
    assert time.perf_counter() - begun > 11 * 0.045
    assert all((one != other).any() for one, other in pairwise(pictures))
    assert env.render() is None
    env.close()
    assert pygame.display.get_surface() is None


def test_gymnasium_accepts_the_render_mode_human() -> None:
    check_env(gym.make("acbridge_gym:acbridge/RaceSim-v0", render_mode="human").unwrapped, skip_render_check=True)


def test_a_view_of_an_environment_counts_laps_from_the_line_on() -> None:
    view = HumanView(OVAL, 0.045)
    shown: list[Shown] = []
    view._window.show = shown.append  # type: ignore[method-assign]  # noqa: SLF001  what a person would see
    view.begin()
    for packet, distance, laps in ((0, OVAL.length - 9, 0), (15, 1.0, 0), (2015, 500.0, 0), (20000, 2.0, 1)):
        seen = Seen(packet=packet, distance=distance, laps=laps, last_lap_s=59.9 if laps else 0.0, last_lap_valid=True)
        seen.wheels_off = 3 if packet == 2015 else 0
        view.show(seen, "", None)
    assert [None, 0.0, 6.0, 0.0] == [each.laps.running_s for each in shown]
    assert [True, True, False, True] == [each.laps.valid for each in shown]
    assert (2, 59.9, 59.9) == (shown[-1].laps.number, shown[-1].laps.last_s, shown[-1].laps.best_s)
    view.close()


def test_a_time_is_written_as_people_write_it() -> None:
    assert ["1:37.802", "0:09.050", "-:--.---"] == [lap_text(each) for each in (97.8019, 9.05, None)]


def test_the_program_drives_until_it_is_interrupted() -> None:
    with Program("acbridge_gym", "play", "--track", "oval") as program:
        until(lambda: _has_drawn(program), "the window")
        assert 0 == program.end(signal.SIGINT)
    assert [] == program.err


def _has_drawn(program: Program) -> bool:
    """Return whether the program has used enough CPU time to have drawn."""
    fields = Path(f"/proc/{program.process.pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) / os.sysconf("SC_CLK_TCK") > 3


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["--track", "moon"], 2, "there is no track"),
        (["--axes", "1"], 2, "axes are three numbers"),
        (["--ghost", "/nowhere"], 74, "No such file"),
        (["--device", "--ghost", "none"], 69, "no gamepad and no wheel was found"),
    ],
)
def test_what_cannot_be_is_refused_with_one_line(arguments: list[str], code: int, text: str) -> None:
    done = CliRunner().invoke(main, ["play", *arguments])
    assert code == done.exit_code, done.output
    assert text in done.output


def test_without_a_display_one_line_says_so() -> None:
    env = {"SDL_VIDEODRIVER": "x11", "DISPLAY": ":77"}
    with Program("acbridge_gym", "play", env=env) as program:
        assert 69 == program.wait()
    assert 1 == len(program.err)
    assert "no window can be opened" in program.err[0]
