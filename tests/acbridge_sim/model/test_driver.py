"""The built-in driver drives at the pace that it is given, and gets out of where it is stuck."""

import math

import pytest

from acbridge_sim import CARS, SessionType, World, layout


def test_a_lap_takes_longer_at_a_lower_pace() -> None:
    times: list[int] = []
    for pace in (1.0, 0.8):
        world = World(track=layout("kart"), session=SessionType.HOTLAP, pace=pace)
        while not world.timing.laps:
            world.step()
        assert not world.timing.last_cut
        times.append(world.timing.last_ms)
    assert 1.1 * times[0] < times[1] < 1.3 * times[0]


@pytest.mark.parametrize("pace", [0.0, 1.2, math.nan])
def test_a_pace_out_of_range_is_refused(pace: float) -> None:
    with pytest.raises(ValueError, match=r"a pace lies from 0\.2 to 1"):
        World(pace=pace)


@pytest.mark.parametrize("name", CARS)
def test_a_car_with_its_nose_against_a_barrier_backs_out_and_drives_on(name: str) -> None:
    track = layout("circuit")
    world = World(track=track, session=SessionType.HOTLAP, spec=CARS[name])
    world.put(300.0, track.left[150] + track.run_off - 0.3, -math.pi / 2)  # a turn to the left: to the barrier
    reversed_m = 0.0
    while not (world.car.speed > 8 and abs(world.car.offset) < track.left[0]):
        world.step(10)
        reversed_m += 0.03 * world.car.speed if world.car.gear == 0 else 0.0
        assert world.steps < 25_000
    assert reversed_m > 1
    assert world.car.auto_shift
