"""Sessions begin, stand, restart and end the way the sim's do, and the same inputs give the same bytes."""

import math
import statistics
from collections import Counter
from itertools import pairwise
from typing import Any

import pytest

from acbridge import Graphics, Physics, Static
from acbridge_sim import ROLLOVERS, CarCommands, CarSpec, Faults, SessionType, World, layout

Pages = tuple[Physics, Graphics, Static]


def pages(world: World) -> Pages:
    physics, graphics, static = world.pages()
    return Physics.from_page(physics), Graphics.from_page(graphics), Static.from_page(static)


def oval(**settings: Any) -> World:
    return World(track=layout("oval"), session=SessionType.HOTLAP, **settings)


def test_the_same_seed_and_inputs_give_the_same_bytes() -> None:
    one, two, other = World(seed=3), World(seed=3), World(seed=4)
    for world in (one, two, other):
        world.step(1500)
        world.pause()
        world.step(20)
        world.live()
        world.step(800, CarCommands(steer=0.1, gas=0.7))
        world.step(3000)
    assert one.pages() == two.pages()
    assert one.pages() != other.pages()


def test_the_car_drives_out_of_the_pits_and_starts_the_clock_at_the_line() -> None:
    world = World()
    _, begun, static = pages(world)
    assert (1, 1, 2, "-:--:---") == (begun.isInPit, begun.isInPitLane, begun.status, begun.currentTime)
    assert ("1.7", "acbridge_park", "circuit") == (static.smVersion, static.track, static.trackConfiguration)
    graphics, off = begun, 0
    while not world.timing.current_ms:
        world.step(20)
        physics, graphics, _ = pages(world)
        off = max(off, physics.numberOfTyresOut)
        if graphics.isInPitLane:
            assert physics.speedKmh < 85
        assert world.steps < 60_000
    assert 0 == graphics.isInPitLane
    assert 0 == off


def test_every_lap_is_clean_and_alike() -> None:
    world = oval()
    times: list[int] = []
    while len(times) < 4:
        world.step()
        assert 0 == sum(wheel.off for wheel in world.car.wheels)
        if world.timing.crossed:
            times.append(world.timing.last_ms)
    world.step(6)  # until the next frame shows it
    assert max(times) - min(times) < 1000
    _, graphics, _ = pages(world)
    assert (4, min(times)) == (graphics.completedLaps, graphics.iBestTime)


def test_graphics_counts_two_per_frame_and_physics_one_per_step() -> None:
    world = oval(fps=50.0)
    first_physics, first_graphics, _ = pages(world)
    world.step(1000)
    last_physics, last_graphics, _ = pages(world)
    assert 1000 == last_physics.packetId - first_physics.packetId
    assert 2 * 150 == last_graphics.packetId - first_graphics.packetId
    assert 1 == last_graphics.packetId % 2


@pytest.mark.parametrize(("menu", "status", "esc"), [("pause", 3, 0), ("esc", 2, 1), ("replay", 1, 0)])
def test_menus_stop_physics_and_frames_go_on(menu: str, status: int, esc: int) -> None:
    world = oval()
    world.step(500)
    getattr(world, menu)()
    before, shown, _ = pages(world)
    world.step(500)
    after, later, _ = pages(world)
    assert before == after
    assert later.packetId > shown.packetId
    assert (status, esc) == (later.status, later.x_escMenuVisible)
    assert shown.iCurrentTime == later.iCurrentTime
    world.live()
    world.step(1)
    assert after.packetId + 1 == pages(world)[0].packetId


def test_back_to_the_pits_the_car_waits_in_its_box_while_time_passes() -> None:
    world = World(session=SessionType.HOTLAP)
    world.step(2000)
    world.pits()
    world.step(500)
    physics, graphics, _ = pages(world)
    assert (2500, 1, 2) == (physics.packetId, graphics.isInPit, graphics.status)
    assert physics.speedKmh < 0.5


def test_a_restart_resets_the_session_and_not_the_process() -> None:
    world = oval()
    while not world.timing.laps:
        world.step()
    before, shown, static = pages(world)
    world.restart()
    after, later, same = pages(world)
    assert (0, 0, 0, "-:--:---") == (later.completedLaps, later.iLastTime, later.iBestTime, later.bestTime)
    assert after.fuel > before.fuel
    assert after.packetId == before.packetId
    assert later.packetId > shown.packetId
    assert 0 < shown.distanceTraveled <= later.distanceTraveled < shown.distanceTraveled + 5
    assert static == same


def test_a_new_process_begins_at_zero() -> None:
    world = oval()
    world.step(700)
    world.relaunch()
    world.step(10)
    assert 10 == pages(world)[0].packetId


def test_exit_leaves_the_pages_behind_and_says_off() -> None:
    world = oval()
    world.step(700)
    physics, graphics, static = world.pages()
    world.exit()
    world.step(50)
    left = world.pages()
    assert (physics, static) == (left[0], left[2])
    assert 0 == Graphics.from_page(left[1]).status
    assert Graphics.from_page(graphics).packetId == Graphics.from_page(left[1]).packetId


def test_before_a_session_is_loaded_only_graphics_says_something() -> None:
    world = oval()
    world.off()
    world.step(100)
    physics, graphics, static = world.pages()
    assert bytes(592) == physics
    assert bytes(684) == static
    assert 0 == Graphics.from_page(graphics).status
    world.live()
    assert "1.7" == pages(world)[2].smVersion


def test_a_race_waits_for_its_lights() -> None:
    world = World(track=layout("oval"), session=SessionType.RACE)
    world.step(600)
    physics, graphics, _ = pages(world)
    assert math.inf == graphics.sessionTimeLeft
    assert physics.speedKmh < 0.1
    assert (2, 5, 0) == (graphics.session, graphics.numberOfLaps, graphics.iCurrentTime)
    world.step(1400)
    physics, graphics, _ = pages(world)
    assert physics.speedKmh > 20
    assert graphics.iCurrentTime > 0  # in a race the clock starts with the lights
    assert graphics.sessionTimeLeft < 0


def test_a_timed_session_counts_down() -> None:
    world = World(session=SessionType.QUALIFY)
    world.step(1000)
    assert pages(world)[1].sessionTimeLeft == pytest.approx(900_000 - 3000, abs=20)


def test_a_lap_off_the_track_is_invalid_but_counted() -> None:
    world = oval()
    while not world.timing.current_ms:
        world.step()
    world.drive_off_track = True
    world.step(800)
    world.drive_off_track = False
    assert world.timing.cut
    while not world.timing.laps:
        world.step()
    world.step(6)  # until the next frame shows it
    _, graphics, _ = pages(world)
    assert (1, "-:--:---") == (graphics.completedLaps, graphics.bestTime)
    assert graphics.lastTime != "-:--:---"
    assert graphics.iBestTime == graphics.iLastTime > 0


def test_hitting_the_barrier_damages_the_side_that_hit() -> None:
    world = oval(driver="none")
    world.step(3000, CarCommands(steer=-0.15, gas=1.0))  # to the left, off the track and into the barrier
    damage = pages(world)[0].carDamage
    assert damage[4] == max(damage[:4]) > 5
    assert damage[1] == 0.0  # not backwards
    world.pits()
    assert (0.0,) * 5 == pages(world)[0].carDamage


@pytest.mark.parametrize("order", [name for name in ROLLOVERS if name != "together"])
def test_a_new_lap_may_appear_in_pieces(order: str) -> None:
    world = oval(faults=Faults(rollover=order))
    while not world.timing.laps:
        world.step()
    seen: list[tuple[bool, bool, bool, bool]] = []
    for _ in range(40):
        _, g, _ = pages(world)
        now = (g.normalizedCarPosition < 0.5, g.iCurrentTime < 1000, g.iLastTime > 0, g.completedLaps == 1)
        if not seen or now != seen[-1]:
            seen.append(now)
        world.step()
    assert len(seen) > 2  # in more than one piece
    assert (True, True, True, True) == seen[-1]
    assert all(not before or after for a, b in pairwise(seen) for before, after in zip(a, b, strict=True))


def test_the_observed_orders_differ() -> None:
    assert 5 == len({tuple(parts.values()) for parts in ROLLOVERS.values()})


def test_the_finish_line_may_lie_at_098_of_the_spline() -> None:
    world = oval(faults=Faults(finish_at=0.98))
    while not world.timing.crossed:
        world.step()
    world.step(6)
    assert pages(world)[1].normalizedCarPosition == pytest.approx(0.98, abs=0.001)


@pytest.mark.parametrize(
    ("faults", "field", "value"),
    [
        (Faults(negative_rpm=True), "rpms", -786),
        (Faults(ninth_gear=True), "gear", 9),
        (Faults(wild_slip=True), "wheelSlip", (1e6, 3266.0, 1e6, 0.0)),
        (Faults(not_finite=True), "performanceMeter", math.inf),
    ],
)
def test_wild_values_appear_now_and_then(faults: Faults, field: str, value: object) -> None:
    world = oval(faults=faults)
    counts: Counter[bool] = Counter()
    for _ in range(1000):
        world.step()
        counts[getattr(pages(world)[0], field) == value] += 1
    assert 10 == counts[True]


def test_a_frozen_packet_id_stands_while_the_car_moves() -> None:
    world = oval(faults=Faults(frozen_packet_id=True))
    before = pages(world)[0]
    world.step(100)
    after = pages(world)[0]
    assert before.packetId == after.packetId
    assert before.velocity != after.velocity


def test_another_sims_version_and_pages_of_zeros() -> None:
    assert "1.9" == pages(oval(faults=Faults(sm_version="1.9")))[2].smVersion
    assert [bytes(592), bytes(304), bytes(684)] == list(oval(faults=Faults(zero_pages=True)).pages())


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="ai or none"):
        World(driver="me")
    with pytest.raises(ValueError, match="frame rate"):
        World(fps=0)
    with pytest.raises(ValueError, match="roll-over"):
        Faults(rollover="sideways")
    with pytest.raises(ValueError, match="finish line"):
        Faults(finish_at=1.5)


@pytest.mark.parametrize("driver", ["ai", "none"])
def test_a_snapshot_brings_the_world_back_exactly(driver: str) -> None:
    world = oval(driver=driver, faults=Faults(rollover="time-first"))
    commands = None if driver == "ai" else CarCommands(steer=0.1, gas=0.6)
    world.step(15_200, commands)
    kept = world.snapshot()
    world.step(1000, commands)
    after = world.pages()
    world.restore(kept)
    world.step(1000, commands)
    assert after == world.pages()


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"track": layout("circuit")}, "track"),
        ({"spec": CarSpec(mass=1200.0)}, "spec"),
        ({"lag": 3}, "lag"),
        ({"spec": CarSpec(mass=1200.0), "lag": 3}, "spec and another lag"),
    ],
)
def test_a_snapshot_of_another_world_is_refused_and_changes_nothing(settings: dict[str, Any], named: str) -> None:
    arguments: dict[str, Any] = {"track": layout("oval"), "session": SessionType.HOTLAP, **settings}
    other = World(**arguments)
    other.step(50)
    world = oval()
    before = world.pages()
    with pytest.raises(ValueError, match=f"the snapshot is of a world with another {named}$"):
        world.restore(other.snapshot())
    assert before == world.pages()


def test_a_snapshot_restores_in_another_world_of_the_same_arguments() -> None:
    one, two = oval(lag=3), oval(lag=3)
    one.step(500, CarCommands(gas=0.5))
    two.restore(one.snapshot())
    assert one.pages() == two.pages()


def test_a_run_starts_anywhere_with_everything_settled() -> None:
    world = World(driver="none")
    world.put(500.0, -1.0, 0.1, 40.0)
    physics, graphics, _ = pages(world)
    assert 144.0 == pytest.approx(physics.speedKmh, abs=0.1)
    assert 0.0 == graphics.iCurrentTime
    begun = sum(physics.wheelLoad)
    loads: list[float] = []
    for _ in range(60):  # over so many bumps they average out
        world.step(1, CarCommands(gas=0.3))
        loads.append(sum(pages(world)[0].wheelLoad))
    assert begun == pytest.approx(statistics.fmean(loads), rel=0.03)
    assert world.car.gear > 2
    world.step(1, CarCommands(shift=1))
    assert not world.car.auto_shift
    world.put(500.0)
    assert world.car.auto_shift


def test_a_lag_delays_the_commands_and_out_of_range_is_refused() -> None:
    world = World(driver="none", lag=5)
    world.put(100.0, speed=20.0)
    world.step(5, CarCommands(brake=1.0))
    assert 0.0 == world.car.brake
    world.step(1, CarCommands(brake=1.0))
    assert 1.0 == world.car.brake
    with pytest.raises(ValueError, match="from 0 to 20"):
        World(lag=21)


def test_a_run_may_begin_with_another_car_tank_temperature_and_lag() -> None:
    world = World(driver="none")
    world.put(500.0, speed=20.0, spec=CarSpec(mass=1300.0, power=1.5), fuel=7.0, temperature=90.0, lag=4)
    physics, _, static = pages(world)
    assert (7.0, 90.0) == (physics.fuel, pytest.approx(physics.tyreCoreTemperature[0], abs=0.1))
    assert 1.5 * 232.0 == pytest.approx(static.maxTorque)
    world.step(4, CarCommands(brake=1.0))
    assert (0.0, 1300.0) == (world.car.brake, world.car.spec.mass)
    world.step(1, CarCommands(brake=1.0))
    assert 1.0 == world.car.brake
    world.put(500.0)
    assert (30.0, 1300.0) == (pages(world)[0].fuel, world.car.spec.mass)
    with pytest.raises(ValueError, match="from 0 to 20"):
        world.put(500.0, lag=21)
