"""
A stand-in for the game: a track, a car, a driver and a session that fill the same three pages.

>>> from acbridge_sim import World
>>> world = World(seed=7)
>>> world.step(1000)  # three seconds, in lock-step: no clock, no sockets
>>> physics, graphics, static = world.pages()

`acbridge_sim.model` is the physics; `acbridge-sim` is the same world as a program that writes shared memory.
"""

import signal
import sys
from pathlib import PurePath

if PurePath(*sys.argv[:1]).stem == "acbridge-sim":  # not the library but its program, whose interrupt is silent at once
    signal.signal(signal.SIGINT, signal.SIG_DFL)

from acbridge_sim.control_page import ControlPage, ControlReceiver
from acbridge_sim.faults import ROLLOVERS, Faults
from acbridge_sim.maps import load_track, map_of, track_of
from acbridge_sim.model.car import STEP_S, Car
from acbridge_sim.model.circuits import LAYOUTS, layout
from acbridge_sim.model.driver import BuiltInDriver, RacingLine
from acbridge_sim.model.garage import CARS, car_named
from acbridge_sim.model.road import Bend, Straight, lay
from acbridge_sim.model.spec import CarCommands, CarSpec
from acbridge_sim.model.timing import Timing
from acbridge_sim.model.track import Track
from acbridge_sim.model.tyre import Compound, Tyre, grip_share
from acbridge_sim.roads import track_named
from acbridge_sim.session import Mode, SessionType
from acbridge_sim.telemetry import lap_text
from acbridge_sim.world import World

__all__ = [
    "CARS",
    "LAYOUTS",
    "ROLLOVERS",
    "STEP_S",
    "Bend",
    "BuiltInDriver",
    "Car",
    "CarCommands",
    "CarSpec",
    "Compound",
    "ControlPage",
    "ControlReceiver",
    "Faults",
    "Mode",
    "RacingLine",
    "SessionType",
    "Straight",
    "Timing",
    "Track",
    "Tyre",
    "World",
    "car_named",
    "grip_share",
    "lap_text",
    "lay",
    "layout",
    "load_track",
    "map_of",
    "track_named",
    "track_of",
]
