"""
What acbridge derives from the pages of the sim: the derived record, the events, and how both are computed.

What computes them, `acbridge.derived.deriver`, is imported by name: who only reads frames does not pay for it.

Pure: values in, values out. Nothing is opened, and time is the sim's own, so a recording gives the same numbers as the
live sim.
"""

from acbridge.derived.events import Event, EventKind
from acbridge.derived.record import Derived
from acbridge.derived.thresholds import THRESHOLDS, Thresholds, ThresholdSpec, parse_thresholds
from acbridge.derived.tick import CAR_AND_TRACK, is_another_car_or_track

__all__ = [
    "CAR_AND_TRACK",
    "THRESHOLDS",
    "Derived",
    "Event",
    "EventKind",
    "ThresholdSpec",
    "Thresholds",
    "is_another_car_or_track",
    "parse_thresholds",
]
