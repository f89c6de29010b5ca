"""The tracks that come with the stand-in: both of our own invention."""

from functools import cache

from acbridge_sim.model.road import Bend, Straight, lay
from acbridge_sim.model.track import PitLane, Track, Wave

NAME = "acbridge_park"
LAYOUTS = ("circuit", "oval")

_CIRCUIT = (
    Straight(None),
    Bend(90, 35, 30),
    Straight(40),
    Bend(-45, 120, 45),
    Straight(320),
    Bend(100, 60, 45),
    Straight(200),
    Bend(85, 24, 20),
    Straight(None),
    Bend(-95, 45, 30),
    Straight(15),
    Bend(60, 50, 30),
    Straight(200),
    Bend(-50, 90, 45),
    Straight(200),
    Bend(120, 60, 45),
    Straight(320),
    Bend(30, 55, 15),
    Straight(10),
    Bend(-30, 55, 15),
    Straight(80),
    Bend(95, 45, 30),
    Straight(260),
)
_OVAL = (
    Straight(150),
    Bend(90, 95, 60),
    Straight(60),
    Bend(90, 95, 60),
    Straight(None),
    Bend(90, 95, 60),
    Straight(None),
    Bend(90, 95, 60),
    Straight(250),
)
_HILLS = (
    Wave(6.0, 0.0052, 0.0021, 0.4),
    Wave(3.5, -0.0031, 0.0068, 1.9),
    Wave(1.2, 0.0110, 0.0074, 0.0),
)


@cache
def layout(name: str) -> Track:
    """
    Return one of the layouts.

    Raises:
        ValueError: There is none of that name.
    """
    if name == "circuit":
        points = lay(_CIRCUIT)
        length = len(points)  # one point a metre, nearly
        pit = PitLane(begins=length - 230.0, ends=330.0, offset=-15.0, half_width=4.0, box=40.0)
        return Track(NAME, "circuit", points, half_width=5.5, sectors=(0.0, 0.33, 0.68), waves=_HILLS, pit=pit)
    if name == "oval":
        return Track(NAME, "oval", lay(_OVAL), half_width=7.0, run_off=10.0)
    raise ValueError(f"there is no layout {name!r}; there are {', '.join(LAYOUTS)}")
