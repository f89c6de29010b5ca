"""
A stand-in for the game: a track, a car, a driver and a session that fill the same three pages.

>>> from acbridge.sim import World
>>> world = World(seed=7)
>>> world.step(1000)  # three seconds, in lock-step: no clock, no sockets
>>> physics, graphics, static = world.pages()
"""

from acbridge.sim.car import STEP_S, Car
from acbridge.sim.circuits import LAYOUTS, layout
from acbridge.sim.controls import ControlPage, Listener
from acbridge.sim.driver import Driver, Line
from acbridge.sim.faults import ROLLOVERS, Faults
from acbridge.sim.road import Bend, Straight, lay
from acbridge.sim.spec import Commands, Spec
from acbridge.sim.timing import Timing, lap_text
from acbridge.sim.track import Track, load_borders
from acbridge.sim.tyre import Compound, Tyre, grip_share
from acbridge.sim.world import Mode, Session, World

__all__ = [
    "LAYOUTS",
    "ROLLOVERS",
    "STEP_S",
    "Bend",
    "Car",
    "Commands",
    "Compound",
    "ControlPage",
    "Driver",
    "Faults",
    "Line",
    "Listener",
    "Mode",
    "Session",
    "Spec",
    "Straight",
    "Timing",
    "Track",
    "Tyre",
    "World",
    "grip_share",
    "lap_text",
    "lay",
    "layout",
    "load_borders",
]
