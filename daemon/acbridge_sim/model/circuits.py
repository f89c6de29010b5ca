"""The tracks that come with the stand-in: a table, all of our own invention."""

from functools import cache

from acbridge.errors import shown, suggest
from acbridge_sim.model.road import Bend, Straight, lay
from acbridge_sim.model.track import PitLane, Track, Wave

NAME = "acbridge_park"
LAYOUTS = ("circuit", "oval", "kart", "long")

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
_KART = (
    Straight(30),
    Bend(75, 14, 8),
    Straight(10),
    Bend(-90, 25, 8),
    Straight(60),
    Bend(60, 16, 8),
    Straight(10),
    Bend(90, 32, 8),
    Straight(20),
    Bend(-120, 32, 8),
    Straight(35),
    Bend(120, 16, 8),
    Straight(35),
    Bend(45, 25, 8),
    Straight(None),
    Bend(45, 25, 8),
    Straight(10),
    Bend(60, 25, 8),
    Straight(35),
    Bend(-75, 32, 8),
    Straight(None),
    Bend(150, 32, 8),
    Straight(30),
)
_LONG = (
    Straight(400),
    Bend(87, 130, 40),
    Straight(321),
    Bend(18, 300, 40),
    Straight(403),
    Bend(83, 35, 25),
    Straight(None),
    Bend(-44, 130, 40),
    Straight(182),
    Bend(-50, 35, 24),
    Straight(None),
    Bend(86, 130, 40),
    Straight(378),
    Bend(80, 50, 40),
    Straight(575),
    Bend(-95, 90, 40),
    Straight(573),
    Bend(73, 200, 40),
    Straight(308),
    Bend(89, 130, 40),
    Straight(711),
    Bend(-53, 90, 40),
    Straight(179),
    Bend(-25, 200, 40),
    Straight(155),
    Bend(58, 90, 40),
    Straight(75),
    Bend(-36, 300, 40),
    Straight(473),
    Bend(134, 90, 40),
    Straight(413),
    Bend(-108, 70, 40),
    Straight(510),
    Bend(119, 70, 40),
    Straight(584),
    Bend(16, 130, 29),
    Straight(277),
    Bend(16, 130, 29),
    Straight(274),
    Bend(-88, 35, 25),
    Straight(337),
)
_MOUNTAINS = (Wave(30.0, 0.0013, 0.0009, 0.4), Wave(9.0, -0.0022, 0.0031, 1.1))
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
    if name == "kart":
        return Track(NAME, "kart", lay(_KART), half_width=4.0, run_off=6.0)
    if name == "long":
        points = lay(_LONG)
        length = len(points)
        pit = PitLane(begins=length - 250.0, ends=350.0, offset=-16.0, half_width=4.0, box=50.0)
        waves = (*_HILLS, *_MOUNTAINS)
        return Track(NAME, "long", points, half_width=5.5, waves=waves, pit=pit, finish_at=0.8)
    raise ValueError(f"there is no layout {shown(name)}; {suggest([name], LAYOUTS)}")
