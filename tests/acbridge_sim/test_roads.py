"""Random tracks are closed, apart from themselves and drivable, and a seed always gives the same one."""

import math

import pytest

from acbridge_sim import SessionType, World
from acbridge_sim.roads import APART, LONGEST, SHORTEST, random_track

SEEDS = range(12)


def test_a_seed_always_gives_the_same_track_and_another_seed_another() -> None:
    first, again, other = random_track(5), random_track(5), random_track(6)
    assert (first.x, first.z, first.left, first.length) == (again.x, again.z, again.left, again.length)
    assert first.ground(100.0, 50.0) == again.ground(100.0, 50.0)
    assert first.length != other.length


@pytest.mark.parametrize("seed", SEEDS)
def test_a_random_track_closes_without_a_kink_and_keeps_its_length(seed: int) -> None:
    track = random_track(seed)
    count = len(track.x)
    gaps = [math.dist((track.x[i], track.z[i]), (track.x[i - 1], track.z[i - 1])) for i in range(count)]
    turns = [math.remainder(track.heading[i] - track.heading[i - 1], 2 * math.pi) for i in range(count)]
    assert max(gaps) < 1.01 * track.spacing
    assert max(map(abs, turns)) < track.spacing / 20
    assert abs(sum(turns)) == pytest.approx(2 * math.pi, abs=1e-6)
    assert 0.99 * SHORTEST < track.length < 1.01 * LONGEST


@pytest.mark.parametrize("seed", SEEDS)
def test_two_stretches_of_a_random_track_are_apart(seed: int) -> None:
    track = random_track(seed)
    points = list(zip(track.x[::4], track.z[::4], strict=True))
    count, step = len(points), 4 * track.spacing
    closest = min(
        math.dist(points[i], points[k])
        for i in range(count)
        for k in range(i)
        if min(i - k, count - i + k) * step > 3 * APART
    )
    assert closest > APART - 2 * step


def test_the_built_in_driver_laps_a_random_track() -> None:
    world = World(track=random_track(3), session=SessionType.HOTLAP)
    while world.timing.laps == 0:
        world.step(100)
        assert world.steps < 100_000
    assert world.timing.best_clean_ms > 0
