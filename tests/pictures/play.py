"""Draws docs/guides/play.png: the window of ``acbridge-gym play``: ``uv run python tests/pictures/play.py``."""

import os
from pathlib import Path

os.environ["SDL_VIDEODRIVER"] = "dummy"
import pygame

from acbridge_gym.cockpit import HELP
from acbridge_gym.ghost import Ghost, driver_lap
from acbridge_gym.scene import Inputs, Laps, Place, Rival, Scene, Shown
from acbridge_gym.window import SIZE
from acbridge_sim import CarSpec, SessionType, World

PICTURE = Path(__file__).resolve().parents[2] / "docs" / "guides" / "play.png"
SLOWER = 2
"""Seed of a driver that is a little slower than the ghost, which has 0."""
WHEN_S = 36.0


def main() -> None:
    """Let a driver chase the ghost for a third of a lap, and draw that."""
    world = World(session=SessionType.HOTLAP, seed=SLOWER)
    ghost = Ghost("the driver", driver_lap(world.track, CarSpec()))
    ghost.work(lambda: False)
    trail: list[tuple[float, float, float]] = []
    car, clock = world.car, world.timing
    while clock.current_ms < WHEN_S * 1000:
        world.step(5)
        trail.append((car.x, car.z, car.gas - car.brake))
    now_s = clock.current_ms / 1000
    moment = ghost.at(now_s)
    place = None if moment is None else Place(moment.x, moment.z, moment.heading)
    inputs = Inputs(car.steer, car.gas, car.brake, 3.6 * car.speed, car.gear - 1, car.rpm / car.spec.limit_rpm)
    rival = Rival(ghost.name, place, ghost.lap_s, ghost.behind(now_s, car.distance))
    surface = pygame.Surface(SIZE)
    shown = Shown(Place(car.x, car.z, car.heading), inputs, Laps(1, now_s), rival, trail[-300:], HELP)
    Scene(world.track).draw(surface, shown)
    pygame.image.save(surface, PICTURE)


if __name__ == "__main__":
    main()
