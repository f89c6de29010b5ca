"""The layout of assetto_corsa_gym, compared with a reference made of pages and of the track's edges by numpy."""

import math
from typing import Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt
import pytest
from gymnasium.utils.env_checker import check_env

from acbridge.pages import Physics
from acbridge_gym.backends.plain import PlainSim
from acbridge_gym.wrappers import Acgym125
from acbridge_sim import Track, World
from racing import border_distances, random_actions

SIM = "acbridge_gym:acbridge/RaceSim-v0"
Array = npt.NDArray[Any]


def made(**settings: Any) -> Acgym125:
    return Acgym125(gym.make(SIM, start="anywhere", **settings))


def world_of(env: Acgym125) -> World:
    race: Any = env.unwrapped
    assert isinstance(race.backend, PlainSim)
    return race.backend.world


def basic(world: World) -> Array:
    """Return the 14 channels of the car in their units over their scales, and the rays over 200 m."""
    page = Physics.from_page(world.pages()[0])
    lateral, _, longitudinal = page.accG
    left, up, forward = page.localVelocity
    car = world.car
    angles: list[float] = []
    for wheel in car.wheels:
        along = forward - car.yaw_rate * wheel.aside
        across = left + car.yaw_rate * wheel.ahead
        angle = math.degrees(math.atan2(across, along) - wheel.steer)
        angles.append(angle if forward > 3 else 0.0)  # as documented: a car that hardly moves has no slip angles
    x = np.mean([point[0] for point in page.tyreContactPoint])
    z = np.mean([point[2] for point in page.tyreContactPoint])
    place = world.track.locate(float(x), float(z))
    values = [math.hypot(left, up, forward), -place.offset, page.finalFF, page.rpms, lateral, longitudinal, page.gear]
    values += [page.localAngularVel[1], forward, left, *angles]
    scales = [80, 10, 1, 10_000, 5, 5, 8, math.pi, 80, 20, 25, 25, 25, 25]
    fan = [math.pi / 2 - k * math.pi / 10 for k in range(11)]  # from the right to the left
    rays = border_distances(world.track, float(x), float(z), [page.heading + angle for angle in fan])
    return np.concatenate([np.array(values) / scales, np.minimum(rays, 200) / 200])


def curvatures(track: Track, distance: float) -> Array:
    at = (distance + 25 * np.arange(12)) / track.spacing
    bend = np.interp(at, np.arange(3 * len(track.x)), np.tile(np.array(track.bend), 3))
    return -bend / 0.1


def reference(states: list[dict[str, Any]], lock: float) -> Array:
    """Return the observation for the states of an episode, the newest last."""
    now, past = states[-1], states[-4:-1]
    steer = [state["steer"] * lock / 450 for state in past]
    if len(past) < 3:
        history, before = np.zeros(9), np.zeros(75)
    else:
        history = np.array([*steer, *(s["gas"] for s in past), *(s["brake"] for s in past)])
        before = np.concatenate([s["basic"] for s in past])
    current = [now["steer"] * lock / 450, now["gas"], now["brake"]]
    return np.concatenate([now["basic"], [now["out"]], now["bends"], history, current, before])


def state_of(world: World) -> dict[str, Any]:
    page = Physics.from_page(world.pages()[0])
    contacts = np.mean(np.array(page.tyreContactPoint), axis=0)
    place = world.track.locate(float(contacts[0]), float(contacts[2]))
    return {
        "basic": basic(world),
        "out": float(page.numberOfTyresOut > 2),
        "bends": curvatures(world.track, place.distance),
        "steer": page.steerAngle,
        "gas": page.gas,
        "brake": page.brake,
    }


@pytest.mark.parametrize("track", ["circuit", "random:4"])
def test_it_is_the_reference_made_of_pages(track: str) -> None:
    env = made(track=track)
    world = world_of(env)
    worst = 0.0
    for seed in range(4):
        observation, _ = env.reset(seed=seed)
        states = [state_of(world)]
        for action in random_actions(25, 2, seed):
            expected = reference(states, 360.0)
            assert (125,) == expected.shape
            assert observation == pytest.approx(expected, abs=1e-4)
            worst = max(worst, float(np.abs(observation[50:]).max()))
            observation, _, terminated, truncated, _ = env.step(action)
            if terminated or truncated:
                break
            states.append(state_of(world))
    assert worst > 0.5  # the steps before were in it


@pytest.mark.filterwarnings("ignore:.*different from the unwrapped version")  # it is: that is what is checked
def test_both_checkers_accept_it() -> None:
    check_env(made())
    sb3: Any = pytest.importorskip("stable_baselines3.common.env_checker")
    sb3.check_env(made())


def test_the_lock_of_another_car_scales_its_steering() -> None:
    found: list[float] = []
    for lock in (360.0, 720.0):
        env = Acgym125(gym.make(SIM), lock_deg=lock)
        observation, _ = env.reset(seed=0)
        for _ in range(5):
            observation = env.step(np.array([0.5, 0.0], np.float32))[0]
        found.append(float(observation[47]))
    assert found[0] > 0
    assert 2 * found[0] == pytest.approx(found[1])


def test_another_environment_is_refused() -> None:
    with pytest.raises(TypeError, match="Acgym125 wraps an environment of acbridge, not CartPoleEnv"):
        Acgym125(gym.make("CartPole-v1"))
