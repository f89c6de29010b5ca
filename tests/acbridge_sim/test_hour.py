"""The built-in driver for an hour: in lock-step that is about a minute."""

import pytest

from acbridge_sim import SessionType, World


@pytest.mark.minute
def test_the_driver_laps_alike_for_an_hour_without_leaving_the_track() -> None:
    world = World(session=SessionType.HOTLAP, fuel=45.0, seed=11)
    times: list[int] = []
    for _ in range(3600 * 1000 // 3):
        world.step()
        if world.timing.crossed:
            times.append(world.timing.last_ms)
            assert not world.timing.cut
        assert not any(wheel.off for wheel in world.car.wheels)
    assert len(times) >= 35
    assert max(times) - min(times) < 1000
    assert world.timing.best_clean_ms == min(times)
    assert world.car.damage == [0.0, 0.0, 0.0, 0.0]
