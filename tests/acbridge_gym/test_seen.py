"""What is seen of a car: the same from the pages and from the model, with right and forward positive."""

from dataclasses import fields

import pytest

from acbridge import Graphics, Physics, Static
from acbridge.derived.deriver import Deriver
from acbridge_gym import Seen
from acbridge_gym.seen import find, nearest, see
from acbridge_sim import CarCommands, SessionType, World, layout
from racing import from_pages

ROUNDED = {"rpm": 0.5, "x": 1e-4, "z": 1e-4, "damage": 1e-4}
"""Pages hold the engine speed as a whole number, and positions as float32."""
OF_THE_MODEL = {"packet", "laps", "last_lap_s", "last_lap_valid", "slip_angle"}


def seen_of(world: World) -> Seen:
    seen = Seen()
    see(world.car, world.car.spec, world.timing, seen)
    return seen


def test_pages_and_model_show_the_same_car() -> None:
    world = World(driver="none")
    for steer in (0.1, -0.3, 0.6, -1.0):
        world.put(700.0, 1.0, 0.1, 22.0)
        for _ in range(20):
            world.step(30, CarCommands(steer, 0.7))
            model, pages = seen_of(world), from_pages(world)
            for each in fields(Seen):
                if each.name not in OF_THE_MODEL:
                    expected = pytest.approx(getattr(model, each.name), rel=1e-6, abs=ROUNDED.get(each.name, 1e-5))
                    assert expected == getattr(pages, each.name), each.name


def test_the_slip_angles_of_the_model_are_those_that_are_derived_from_pages() -> None:
    world, deriver = World(session=SessionType.HOTLAP), Deriver()
    apart, most = list[float](), 0.0
    for _ in range(400):
        world.step(15)
        physics, graphics, static = world.pages()
        pages = Physics.from_page(physics), Graphics.from_page(graphics), Static.from_page(static)
        seen, model = Seen.of(pages[0], pages[2], deriver.tick(*pages)[0]), seen_of(world)
        apart += [abs(a - b) for a, b in zip(seen.slip_angle, model.slip_angle, strict=True)]
        most = max(most, *map(abs, seen.slip_angle))
    assert most > 0.03
    assert sorted(apart)[-len(apart) // 20] < 0.002
    assert max(apart) < 0.02


def test_a_car_that_turns_right_and_slides_has_positive_signs() -> None:
    world = World(track=layout("oval"), driver="none")
    world.put(80.0, 0.0, 0.0, 20.0)
    world.step(100, CarCommands(steer=0.4))
    seen = from_pages(world)
    assert seen.yaw_rate > 0.1
    assert seen.acceleration_right > 0.3
    assert seen.forward > 10


def test_the_offset_is_positive_to_the_right() -> None:
    world = World(track=layout("oval"), driver="none")
    world.put(80.0, 3.0)  # the stand-in has left as positive
    seen = seen_of(world)
    find(seen, world.track.road, nearest(world.track.road, seen.x, seen.z))
    assert -3.0 == pytest.approx(seen.offset, abs=0.01)
