"""The situation of the car: one small state machine for each question."""

from acbridge.derived.situation.situation import Situation

__all__ = ["Situation"]
