"""A seed is a road: always the same, closed, wide enough, and nowhere near itself."""

import pytest

from acbridge_sim import SessionType, World, layout, track_named
from acbridge_sim.roads import LONGEST, SHORTEST, random_road


@pytest.mark.parametrize("seed", range(3))
def test_a_seed_is_always_the_same_road(seed: int) -> None:
    road, again = random_road(seed), random_road(seed)
    assert (road.x, road.z, road.left) == (again.x, again.z, again.left)
    assert SHORTEST * 0.95 < road.length < LONGEST * 1.05
    assert road.x != random_road(seed + 100).x


def test_the_built_in_driver_laps_a_random_road() -> None:
    world = World(track=random_road(0), session=SessionType.HOTLAP)
    for _ in range(100_000):
        world.step()
        if world.timing.laps:
            break
    assert 1 == world.timing.laps


def test_tracks_have_names_and_an_unknown_one_is_refused_with_the_nearest() -> None:
    assert track_named("random:5") is track_named("random:5")
    assert track_named("kart") is layout("kart")
    for name, meant in (
        ("karts", "did you mean 'kart'"),
        ("random:-1", "there is no track"),
        ("", "there are: circuit"),
    ):
        with pytest.raises(ValueError, match=meant):
            track_named(name)
