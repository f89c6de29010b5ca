"""Observations: inside their space whatever the sim says, equal from pages and model, mirrored on a mirrored road."""

import math
import random
from typing import Any

import numpy as np
import pytest

from acbridge_gym import Seen
from acbridge_gym.memory import Memory
from acbridge_gym.referee import Referee
from acbridge_gym.seen import see
from acbridge_gym.settings import settings_of
from acbridge_gym.spaces import Shaper, observation_space
from acbridge_sim import SessionType, World, layout
from acbridge_sim.roads import random_road
from racing import border_distances, from_pages, mirrored, observation, pair_of_tracks, rules

FURTHER = ("rays", "wheels", "fuel", "damage")
WILD = (math.nan, math.inf, -math.inf, 0.0, -0.0, 1e300, -1e300, 1e-300)
FINE, ROUNDED = 2e-5, 1e-4
"""
Pages hold float32: positions of some 1000 m are rounded to 0.03 mm, of which 6 m are the finest scale. They hold the
engine speed as a whole number, of which the limiter's is some 7600.
"""


def wild(rng: random.Random) -> Seen:
    """Return a car in a state that a sim can report, or that no car can have."""

    def number(low: float, high: float) -> float:
        return rng.choice(WILD) if rng.random() < 0.1 else rng.uniform(low, high)

    return Seen(
        packet=rng.randrange(2**31),
        x=number(-3000, 3000),
        z=number(-3000, 3000),
        heading=number(-4, 4),
        forward=rng.choice((321 / 3.6, number(-40, 130))),
        right=number(-50, 50),
        up=number(-30, 30),
        yaw_rate=number(-9, 9),
        acceleration_forward=number(-9, 9),
        acceleration_right=number(-9, 9),
        rpm=rng.choice((-786.0, 12889.0, number(0, 9000))),
        max_rpm=rng.choice((0.0, 7600.0, number(0, 20000))),
        gear=rng.choice((-1, 0, 1, 8, 9, 2**31 - 1)),
        wheels_off=rng.choice((0, 3, 4, -1)),
        steer=number(-2, 2),
        gas=number(-1, 2),
        brake=number(-1, 2),
        damage=number(0, 300),
        slip=[number(0, 99) for _ in range(4)],
        fuel=number(-1, 2),
        load=[number(0, 1e4) for _ in range(4)],
        temperature=[number(0, 200) for _ in range(4)],
    )


@pytest.mark.parametrize("flat", [False, True])
def test_ten_thousand_random_states_stay_in_the_space(flat: bool) -> None:
    settings = settings_of({"flat": flat, "channels": FURTHER})
    space, shaper, table = observation_space(settings), Shaper(settings), rules(channels=FURTHER)
    road, rng, memory = layout("oval").road, random.Random(3), Memory()
    before, total = Seen(), 0
    for _ in range(10_000):
        seen = wild(rng)
        numbers = observation(seen, road, table, memory)
        assert np.isfinite(numbers).all(), seen
        assert space.contains(shaper.one(numbers)), seen
        before, total = seen, total + 1
    assert (10_000, True) == (total, math.isfinite(before.distance))


def test_steps_between_random_states_have_finite_rewards() -> None:
    rng, referee = random.Random(4), Referee(layout("oval").road, rules(reward={"speed_gap": 1.0, "speed_along": 1.0}))
    referee.begin(wild(rng))
    for _ in range(2000):
        referee.command([rng.uniform(-1, 1), rng.uniform(-1, 1)])
        outcome = referee.end(wild(rng), step_s=0.045)
        assert math.isfinite(outcome.reward), referee.after
        assert abs(outcome.progress_m) < 1e4


def test_what_is_not_finite_becomes_0_and_is_counted() -> None:
    referee = Referee(layout("oval").road, rules())
    assert 0 == referee.begin(Seen()).nonfinite
    assert 6 == referee.begin(Seen(rpm=math.nan, max_rpm=7600.0, yaw_rate=math.inf, slip=[math.nan] * 4)).nonfinite
    assert [0.0] * 4 == referee.observation[91:95]


def test_the_pages_give_the_observation_of_the_model() -> None:
    world = World(session=SessionType.HOTLAP)
    table = rules(channels=FURTHER[1:])
    for _ in range(300):
        world.step(45)
        seen = Seen()
        see(world.car, world.car.spec, world.timing, seen)
        model = observation(seen, world.track.road, table)
        pages = observation(from_pages(world), world.track.road, table)
        where = slice(97, 98)  # rpm is a whole number on the page
        assert pages[where] == pytest.approx(model[where], abs=ROUNDED)
        model[where] = pages[where]
        assert pages == pytest.approx(model, abs=FINE)


@pytest.mark.parametrize("track", [layout("circuit"), layout("oval"), random_road(5)], ids=lambda track: track.name)
def test_a_mirrored_car_on_a_mirrored_road_observes_the_mirror_image(track: Any) -> None:
    plain, mirror = pair_of_tracks(track)
    table, rng = rules(), random.Random(6)
    shaper = Shaper(settings_of({}))
    for _ in range(200):
        x, z, heading = plain.point(rng.uniform(0, plain.length), rng.uniform(-9, 9))
        seen = Seen(
            x=x,
            z=z,
            heading=heading + rng.uniform(-2, 2),
            forward=rng.uniform(-5, 80),
            right=rng.uniform(-9, 9),
            yaw_rate=rng.uniform(-2, 2),
            acceleration_right=rng.uniform(-2, 2),
            steer=rng.uniform(-1, 1),
            slip=[rng.uniform(0, 3) for _ in range(4)],
        )
        here: Any = shaper.one(observation(seen, plain.road, table))
        there: Any = shaper.one(observation(mirrored(seen), mirror.road, table))
        for name in ("yaw_rate", "slip_angle", "offset", "bend"):
            here[name] = -here[name]
        here["speed"][1] *= -1
        here["acceleration"][1] *= -1
        here["heading_error"][0] *= -1
        here["applied"][0] *= -1
        here["edges"] = here["edges"][::-1]
        here["course"] = (here["course"].reshape(-1, 2, 2)[:, ::-1] * np.array([1, -1])).ravel()
        here["slip"] = here["slip"][[1, 0, 3, 2]]
        for name, values in here.items():
            assert there[name] == pytest.approx(values, abs=1e-5), name


def test_a_car_on_the_centre_line_sees_both_edges_at_the_same_distance() -> None:
    track = layout("oval")
    x, z, heading = track.point(50.0)
    seen = Seen(x=x, z=z, heading=heading, forward=10.0, max_rpm=7600.0)
    found: Any = Shaper(settings_of({})).one(observation(seen, track.road, rules()))
    assert found["edges"] == pytest.approx([0.7, 0.7], abs=1e-4)
    assert found["heading_error"] == pytest.approx([0.0, 1.0], abs=1e-4)
    left, right = found["course"].reshape(-1, 2, 2)[0]
    near = 6 + 0.35 * 2
    assert left == pytest.approx([2 / near, -7 / near], abs=1e-3)
    assert right == pytest.approx([2 / near, 7 / near], abs=1e-3)


def test_rays_end_at_the_nearest_edge_of_the_whole_track() -> None:
    rng, table = random.Random(7), rules(channels=["rays"])
    for track in (layout("circuit"), layout("oval"), random_road(5), random_road(9)):
        for _ in range(60):
            x, z, heading = track.point(rng.uniform(0, track.length), rng.uniform(-4, 4))
            heading += rng.uniform(-3, 3)
            found = 50 * observation(Seen(x=x, z=z, heading=heading), track.road, table)[-11:]
            fan = [heading + (k - 5) * math.pi / 10 for k in range(11)]
            assert found == pytest.approx(np.minimum(200, border_distances(track, x, z, fan)), rel=1e-5)


def test_further_channels_follow_in_the_order_of_their_table() -> None:
    table = settings_of({"channels": ["damage", "wheels", "fuel"]}).table
    assert ["timing", "wheels", "fuel", "damage"] == [channel.name for channel in table[-4:]]
    seen = Seen(load=[3000.0, 1500.0, 0.0, 6000.0], temperature=[80.0] * 4, fuel=0.5, damage=50.0)
    found = observation(seen, layout("oval").road, rules(channels=["wheels", "fuel", "damage"]))
    assert [1.0, 0.5, 0.0, 2.0, *[1.0] * 4, 0.5, 0.5] == found[-10:].tolist()
    for wrong in ("rays", ["speed"], ["rays", "radar"]):
        with pytest.raises(ValueError, match="channels is a list of some of rays, wheels, fuel, damage, not"):
            settings_of({"channels": wrong})


def test_every_channel_means_the_same_in_the_stand_in_and_holds_0() -> None:
    """Which others an observation may have, the table says, and by asking for them a user agrees."""
    for flat in (False, True):
        space = observation_space(settings_of({"flat": flat}))
        assert space.contains(Shaper(settings_of({"flat": flat})).one([0.0] * 112))
    assert {"yes"} == {channel.transfers for channel in settings_of({}).table}
    assert 112 == sum(channel.size for channel in settings_of({}).table)
