"""The built-in driver for ten minutes, and for an hour: in lock-step that is more than a minute of computing."""

import pytest

from acbridge_sim import SessionType, World


@pytest.mark.parametrize("minutes", [10, pytest.param(60, marks=pytest.mark.long)])
def test_the_driver_laps_alike_without_leaving_the_track(minutes: int) -> None:
    world = World(session=SessionType.HOTLAP, fuel=45.0, seed=11)
    times: list[int] = []
    for _ in range(minutes * 60 * 1000 // 3):
        world.step()
        if world.timing.crossed:
            times.append(world.timing.last_ms)
            assert not world.timing.cut
        assert not any(wheel.off for wheel in world.car.wheels)
    assert len(times) >= minutes * 60 // 102
    assert max(times) - min(times) < 1000
    assert world.timing.best_clean_ms == min(times)
    assert world.car.damage == [0.0, 0.0, 0.0, 0.0]
