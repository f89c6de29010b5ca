"""The second table: which record travels on which topic, how often, and when silence means trouble."""

import math
from dataclasses import dataclass

from acbridge.derived import Derived, Event
from acbridge.pages import Graphics, Physics, Static
from acbridge.schema import Record
from acbridge.status import Status

STALE_PERIODS = 10
"""A topic that comes at every tick is stale after this many periods without a frame."""


@dataclass(frozen=True, slots=True)
class Topic:
    """
    One topic of the wire.

    Attributes:
        record: What its frames carry; its ``topic`` is the name.
        every_tick: Whether a frame leaves at every tick while the sim flows.
        cadence: The same as a sentence.
        stale_after: Seconds of silence after which it is stale, for topics that do not come at every tick; inf for
            one that may be silent.
    """

    record: type[Record]
    every_tick: bool
    cadence: str
    stale_after: float = 3.0

    @property
    def name(self) -> str:
        """The topic's name on the wire, without a rig's prefix."""
        return self.record.topic


TOPICS: tuple[Topic, ...] = (
    Topic(Physics, every_tick=True, cadence="at every tick while the sim is live, paused or in replay"),
    Topic(Graphics, every_tick=True, cadence="at every tick, after physics of the same tick"),
    Topic(Derived, every_tick=True, cadence="at every tick, after graphics of the same tick"),
    Topic(Static, every_tick=False, cadence="when it changes and every second, while the sim flows"),
    Topic(Status, every_tick=False, cadence="when the sim's state changes and every second, sim or no sim"),
    Topic(
        Event, every_tick=False, cadence="when something happens, after derived of the same tick", stale_after=math.inf
    ),
)
"""Every topic, in the order in which one tick publishes them. No name is a prefix of another."""

BY_NAME = {topic.name: topic for topic in TOPICS}
EVERY_TICK = tuple(topic.record for topic in TOPICS if topic.every_tick)
