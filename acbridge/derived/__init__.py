"""
What acbridge works out from the pages: the derived record, the events, and how.

Pure: values go in, values come out. It opens nothing, and its clock is the sim's own, so a recording gives the same
numbers as the live sim.
"""

from acbridge.derived.deriver import Deriver
from acbridge.derived.events import Event, EventKind
from acbridge.derived.record import Derived
from acbridge.derived.thresholds import RULES, Rule, Thresholds, parse_thresholds

__all__ = ["RULES", "Derived", "Deriver", "Event", "EventKind", "Rule", "Thresholds", "parse_thresholds"]
